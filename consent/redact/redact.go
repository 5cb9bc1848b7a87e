package redact

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Config says what a Redactor looks for besides its built-in detectors. The zero value is useful.
type Config struct {
	Patterns []Pattern // the user's own
	Home     string    // home directory of the current user; its last element is removed wherever the path occurs
	User     string    // name of the current user, removed wherever it occurs as a word; shorter than 3 bytes is ignored
	Keys     []string  // paths of the only members that Members keeps, such as query and filter.name; empty: all
}

// Pattern is a user's own rule. What the expression matches is replaced by [redacted:Name]; if it has a capturing group
// that matched, only the first such group is.
type Pattern struct {
	Name   string // lower-case letters, digits and dashes, at most 32 bytes
	Regexp string // syntax of Go's regexp package
}

// Redactor removes secrets and personal data. It is immutable apart from rules that are compiled on first use, and safe
// for concurrent use.
type Redactor struct {
	own   []ownPattern
	kinds map[Kind]bool
	homes []string // spellings of the current user's home directory
	users []string // spellings of the current user's name
	rules *ruleSet
	keys  *Keys
}

type ownPattern struct {
	kind Kind
	re   *regexp.Regexp
}

func patternName(s string) bool {
	return s != "" && len(s) <= maxKindLen && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// New makes a Redactor. It fails if a pattern has no usable name or expression; the error names the pattern and the
// reason, never its text, which may itself be the secret.
func New(cfg Config) (*Redactor, error) {
	rules, err := loadRules()
	if err != nil {
		return nil, fmt.Errorf("loading credential rules: %w", err)
	}
	r := &Redactor{kinds: map[Kind]bool{}, rules: rules}
	for _, k := range Kinds() {
		r.kinds[k] = true
	}
	for i, p := range cfg.Patterns {
		own, err := compilePattern(p)
		if err != nil {
			return nil, fmt.Errorf("redaction pattern %d: %w", i+1, err)
		}
		r.own = append(r.own, own)
		r.kinds[own.kind] = true
	}
	r.setUser(cfg.Home, cfg.User)
	if len(cfg.Keys) > 0 {
		if r.keys, err = NewKeys(cfg.Keys...); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func compilePattern(p Pattern) (ownPattern, error) {
	if !patternName(p.Name) {
		return ownPattern{}, errors.New("name must be 1 to 32 lower-case letters, digits or dashes")
	}
	re, err := regexp.Compile(p.Regexp)
	if err != nil {
		return ownPattern{}, fmt.Errorf("%s: expression does not compile", p.Name)
	}
	if re.MatchString("") {
		return ownPattern{}, fmt.Errorf("%s: expression matches the empty string", p.Name)
	}
	return ownPattern{kind: Kind(p.Name), re: re}, nil
}

// maxPasses bounds the search for a result that redaction leaves alone. Two are the rule.
const maxPasses = 6

// Text redacts free text such as an error message or a line of stderr and cuts the result to at most max bytes.
//
// Truncated says that s was cut off at its end when it was captured: then the token that touches the end goes, so that
// no half of a secret is left that no detector would know any more.
func (r *Redactor) Text(s []byte, truncated bool, max int) string {
	return r.redact(s, truncated, max, (*search).findText)
}

// JSON redacts a JSON value as it came over the wire, whole or truncated as for Text, by key and by value, and cuts the
// result to at most max bytes. A number that goes becomes a string. The result is valid JSON if raw is and nothing was
// cut; whitespace, order and escapes stay as they were.
//
// Text that is no JSON is treated as Text would treat it.
func (r *Redactor) JSON(raw []byte, truncated bool, max int) string {
	return r.redact(raw, truncated, max, (*search).findJSON)
}

// URI redacts a resource URI and cuts the result to at most max bytes.
func (r *Redactor) URI(s []byte, max int) string {
	return r.redact(s, false, max, (*search).findText)
}

// finder returns what has to go from s, in any order and possibly overlapping. Depth counts the wrappings around s.
type finder func(f *search, s string, depth int) []span

// redact finds and replaces until nothing more is found. A second look is needed because a replacement or a cut changes
// what stands beside the rest; without it, redacting a result again could change it.
func (r *Redactor) redact(b []byte, truncated bool, max int, find finder) string {
	if r == nil {
		return cut(KindContent.Marker(), max)
	}
	s := strings.ToValidUTF8(string(b), string(utf8.RuneError))
	for range maxPasses {
		f := r.search(s)
		spans := r.settle(s, find(f, s, 0))
		if f.over {
			break
		}
		end := len(s)
		if truncated {
			end = edge(s)
		}
		out := cut(splice(s, end, spans), max)
		if out == s {
			return out
		}
		s, truncated = out, false
	}
	return cut(KindContent.Marker(), max)
}
