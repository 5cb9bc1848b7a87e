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
	"unicode/utf8"
)

// rulesFile is the rule set of gitleaks, in the version that its first line names, as gitleaks/main.go writes it. Its
// licence is in rules.LICENSE.
//
//go:embed rules.jsonl
var rulesFile string

// ruleSet finds credentials. A rule runs only on a text in which one of its keywords stands, and is compiled when that
// happens first: most processes never need more than a few of the 219.
type ruleSet struct {
	rules []*rule
	words *matcher // keyword i belongs to the rules owners[i]
	owner [][]int
}

// maxRules is room for the rules to come: there are 219.
const maxRules = 512

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
	if len(set.rules) > maxRules {
		return nil, errors.New("more rules than there is room for")
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
	var due [maxRules]reach
	set.words.find(s, func(word, end int) {
		for _, i := range set.owner[word] {
			if due[i].last == 0 {
				due[i].first = end
			}
			due[i].last = end
		}
	})
	for i, ru := range set.rules {
		at := due[i]
		if at.last == 0 {
			continue // none of its keywords occurs
		}
		lo, hi := 0, len(s)
		if !ru.far() {
			lo, hi = at.around(s)
		}
		found := ru.find(s[lo:hi], func(l, h int, kind Kind) { emit(l+lo, h+lo, kind) })
		if found && ru.ID == "aws-access-token" {
			each(s, nextAWSSecret, KindKey, emit)
		}
	}
}

// reach is where a rule's keywords occur in a text: after which byte first and last.
type reach struct{ first, last int }

// A secret stands near its keyword. What an expression can match before and after one is less than this.
const (
	reachBefore = 512
	reachAfter  = 2048
)

// around returns the part of s that a rule has to look at. It does not end within a token.
func (at reach) around(s string) (lo, hi int) {
	lo, hi = max(0, at.first-reachBefore), min(len(s), at.last+reachAfter)
	for lo > 0 && !utf8.RuneStart(s[lo]) {
		lo--
	}
	if n := strings.IndexAny(s[hi:], " \t\r\n\"'"); n >= 0 {
		return lo, hi + n
	}
	return lo, len(s)
}

// far tells rules whose expression reaches over any text.
func (ru *rule) far() bool {
	return strings.Contains(ru.Regex, ".*") || strings.Contains(ru.Regex, "(?s:") || strings.Contains(ru.Regex, `[\s\S`)
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
