package redact

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync"
)

// rulesFile is the rule set of gitleaks, in the version that its first line names, as gitleaks/main.go writes it. Its
// licence is in rules.LICENSE.
//
//go:embed rules.jsonl
var rulesFile string

// ruleSet finds credentials. A rule runs only on a text in which one of its keywords stands, and is compiled when that
// happens first: most processes never need more than a few of the 220.
type ruleSet struct {
	rules []*rule
	words *matcher // keyword i belongs to the rules owners[i]
	owner [][]int
}

// rule is one line of the file.
type rule struct {
	ID       string   `json:"id"`
	Regex    string   `json:"regex"`
	Group    int      `json:"group"`
	Entropy  float64  `json:"entropy"`
	Keywords []string `json:"keywords"`
	Allow    []string `json:"allow"`
	Stop     []string `json:"stop"`

	once  sync.Once
	re    *regexp.Regexp
	allow []*regexp.Regexp
}

// loadRules reads the rules and compiles none.
func loadRules() (*ruleSet, error) {
	_, lines, ok := strings.Cut(rulesFile, "\n")
	if !ok {
		return nil, errors.New("rule file is empty")
	}
	set := &ruleSet{}
	var words []string
	index := map[string]int{}
	for line := range strings.Lines(lines) {
		ru := new(rule)
		if err := json.Unmarshal([]byte(line), ru); err != nil {
			return nil, fmt.Errorf("reading rule %d: %w", len(set.rules)+1, err)
		}
		for _, w := range ru.Keywords {
			i, known := index[w]
			if !known {
				i = len(words)
				index[w] = i
				words = append(words, w)
				set.owner = append(set.owner, nil)
			}
			set.owner[i] = append(set.owner[i], len(set.rules))
		}
		set.rules = append(set.rules, ru)
	}
	set.words = newMatcher(words)
	return set, nil
}

// compile panics if an expression is wrong: the rules are part of the program, and a test compiles them all.
func (ru *rule) compile() {
	ru.once.Do(func() {
		ru.re = regexp.MustCompile(ru.Regex)
		for _, a := range ru.Allow {
			ru.allow = append(ru.allow, regexp.MustCompile(a))
		}
	})
}

// find emits the credentials in s. A secret access key of Amazon Web Services has no mark of its own and is looked for
// where an access key id was found.
func (set *ruleSet) find(s string, emit func(lo, hi int, kind Kind)) {
	var due [4]uint64 // rules whose keyword occurs
	set.words.find(s, func(word int) {
		for _, i := range set.owner[word] {
			due[i/64] |= 1 << (i % 64)
		}
	})
	for i, ru := range set.rules {
		if due[i/64]&(1<<(i%64)) == 0 {
			continue
		}
		found := ru.find(s, emit)
		if found && ru.ID == "aws-access-token" {
			each(s, nextAWSSecret, KindKey, emit)
		}
	}
}

// minGroup is the length below which a group of an expression is taken for a part of the secret, not for the secret.
const minGroup = 8

func (ru *rule) find(s string, emit func(lo, hi int, kind Kind)) bool {
	ru.compile()
	found := false
	for _, m := range ru.re.FindAllStringSubmatchIndex(s, -1) {
		lo, hi := m[0], m[1]
		for g := 2; g < len(m); g += 2 {
			if (ru.Group == 0 || ru.Group == g/2) && m[g+1]-m[g] >= minGroup {
				lo, hi = m[g], m[g+1]
				break
			}
		}
		if secret := s[lo:hi]; !ru.allowed(secret) {
			emit(lo, hi, ru.kind())
			found = true
		}
	}
	return found
}

// allowed tells what only looks like a secret: too regular, or known to be none. The example keys in a vendor's own
// documentation are allowed by gitleaks; here they are not, since nothing is lost by hiding them.
func (ru *rule) allowed(secret string) bool {
	if ru.Entropy > 0 && (isPlaceholder(secret) || entropy(secret) <= ru.Entropy) {
		return true
	}
	for _, re := range ru.allow {
		if re.MatchString(secret) && !strings.HasSuffix(secret, "EXAMPLE") {
			return true
		}
	}
	lower := strings.ToLower(secret)
	for _, w := range ru.Stop {
		if strings.Contains(lower, w) {
			return true
		}
	}
	return false
}

func (ru *rule) kind() Kind {
	switch ru.ID {
	case "private-key", "age-secret-key":
		return KindPrivateKey
	case "jwt-base64":
		return KindJWT
	}
	return KindCredential
}

// entropy is Shannon's, in bits a byte.
func entropy(s string) float64 {
	var count [256]int
	for i := range len(s) {
		count[s[i]]++
	}
	h, n := 0.0, float64(len(s))
	for _, c := range count {
		if c > 0 {
			p := float64(c) / n
			h -= p * math.Log2(p)
		}
	}
	return h
}
