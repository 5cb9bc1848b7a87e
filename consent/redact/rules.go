package redact

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync"
)

// rulesFile is the rule set of gitleaks in the version that its first line states, as gitleaks/main.go writes it. Its
// license is in rules.LICENSE.
//
//go:embed rules.jsonl
var rulesFile string

// ownFile holds rules of ours in the same form, for credentials that gitleaks has no rule for.
//
//go:embed own.jsonl
var ownFile string

// ruleSet finds credentials. A rule runs only on text that has one of its keywords, and is compiled when that first
// happens: most processes need only a few of the 219, and compiling all takes 40 ms and 2 MiB.
type ruleSet struct {
	rules []*rule
	index [1024][]keyword // by the first two bytes
}

// keyword is a word, in lower case, without which its rule cannot match.
type keyword struct {
	text string
	rule *rule
}

// rule is one line of the file.
type rule struct {
	ID       string   `json:"id"`
	Regex    string   `json:"regex"`
	Group    int      `json:"group"`
	Entropy  float64  `json:"entropy"`
	Keywords []string `json:"keywords"`
	Allow    []string `json:"allow"`
	Kind     Kind     `json:"kind"` // empty: credential

	re    func() *regexp.Regexp
	allow []func() *regexp.Regexp
}

// rules is the parsed rule set. It panics if the files, which are part of the program, have an error.
var rules = sync.OnceValue(func() *ruleSet {
	_, lines, _ := strings.Cut(rulesFile, "\n")
	set := &ruleSet{}
	for line := range strings.Lines(lines + ownFile) {
		ru := &rule{Kind: KindCredential}
		if err := json.Unmarshal([]byte(line), ru); err != nil {
			panic(fmt.Errorf("reading rule %d: %w", len(set.rules)+1, err))
		}
		ru.re = lazy(ru.Regex)
		for _, expr := range ru.Allow {
			ru.allow = append(ru.allow, lazy(expr))
		}
		for _, w := range ru.Keywords {
			slot := indexSlot(w[0], w[1])
			set.index[slot] = append(set.index[slot], keyword{w, ru})
		}
		set.rules = append(set.rules, ru)
	}
	return set
})

// find emits the credentials in s. Looking for the keywords first keeps nearly all expressions from running: one takes
// longer than the search for all keywords.
func (set *ruleSet) find(s string, emit emitter) {
	var due map[*rule]bool
	for i := 1; i < len(s); i++ {
		slot := set.index[indexSlot(foldTable[s[i-1]], foldTable[s[i]])]
		for j := range slot {
			if k := &slot[j]; hasPrefixFold(s[i-1:], k.text) {
				if due == nil {
					due = map[*rule]bool{}
				}
				due[k.rule] = true
			}
		}
	}
	if due == nil {
		return
	}
	for _, ru := range set.rules { // in their order, so that the result does not depend on the map's
		if due[ru] {
			ru.find(s, emit)
		}
	}
}

// minGroup is the length below which a group of an expression is taken for a part of the secret: many rules of gitleaks
// group alternatives inside it.
const minGroup = 8

func (ru *rule) find(s string, emit emitter) {
	for _, m := range ru.re().FindAllStringSubmatchIndex(s, -1) {
		lo, hi := m[0], m[1]
		for g := 2; g < len(m); g += 2 {
			if (ru.Group == 0 || ru.Group == g/2) && m[g+1]-m[g] >= minGroup {
				lo, hi = m[g], m[g+1]
				break
			}
		}
		if !ru.allowed(s[lo:hi]) {
			emit(lo, hi, ru.Kind)
		}
	}
}

// allowed reports whether a match only looks like a secret: too regular, or known to be harmless. gitleaks allows the
// example keys in vendors' documentation; they are removed here, because hiding them loses nothing.
func (ru *rule) allowed(secret string) bool {
	if ru.Entropy > 0 && (isPlaceholder(secret) || entropy(secret) <= ru.Entropy) {
		return true
	}
	if m := mixOf(secret); m.digits == 0 && m.lowers > 0 && len(secret) >= minRandom && m.changes*5 <= 2*len(secret) &&
		run(secret, 0, len(secret), isToken) == len(secret) {
		return true // an identifier in camelCase
	}
	for _, re := range ru.allow {
		if re().MatchString(secret) && !strings.HasSuffix(secret, "EXAMPLE") {
			return true
		}
	}
	return false
}

// entropy is Shannon's, in bits per byte.
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
