package watch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
)

// Filter is a list of terms that all must match. The zero value matches everything.
type Filter struct {
	Text  string // as it was written
	Terms []Term
}

// Subject is what a filter looks at: an operation, or a row that sums up several.
type Subject struct {
	Session          string // the name of its directory
	Servers, Clients []string
	Tools, Methods   []string
	Words            []string // of statusWords
	Took             time.Duration
	Size             int64
}

// Term is one word of a filter.
type Term struct {
	Text  string
	Not   bool // what it chooses is left out
	match func(s *Subject) bool
}

// statusWords are what a row can be.
var statusWords = []string{
	"ok", "failed", "hung", "late", "timed-out", "cancelled", "bad-request", "unanswered", "waited", "open", "live",
	"closed", "crashed", "killed", "never-started", "changed",
}

// fields are the names of terms that look at one field.
var fields = map[string]func(s *Subject) []string{
	"server": func(s *Subject) []string { return s.Servers },
	"client": func(s *Subject) []string { return s.Clients },
	"tool":   func(s *Subject) []string { return s.Tools },
	"method": func(s *Subject) []string { return s.Methods },
	"status": func(s *Subject) []string { return s.Words },
}

var fieldNames = []string{"server", "client", "tool", "method", "status"}

// Field is a kind of term, name:value, that one list alone has.
type Field struct {
	Name  string
	Match func(value string) (func(s *Subject) bool, error) // value is in lower case, and not empty
}

// ParseFilter reads a filter. The error names the term that is invalid.
func ParseFilter(text string, more ...Field) (Filter, error) {
	f := Filter{Text: strings.TrimSpace(text)}
	for word := range strings.FieldsSeq(text) {
		t := Term{Text: word}
		if rest, ok := strings.CutPrefix(word, "-"); ok && rest != "" {
			t.Not, word = true, rest
		}
		var err error
		if t.match, err = parseTerm(strings.ToLower(word), more); err != nil {
			return Filter{}, err
		}
		f.Terms = append(f.Terms, t)
	}
	return f, nil
}

// Field returns what a term is about: server, client, tool, method, status, or "limit" of a duration or size. It is empty for a
// word that any name may have.
func (t *Term) Field() string {
	word := strings.ToLower(t.Text)
	if t.Not {
		word = word[1:]
	}
	name, _, isField := strings.Cut(word, ":")
	switch {
	case word[0] == '>' || word[0] == '<':
		return "limit"
	case isField:
		return name
	case slices.Contains(statusWords, word):
		return "status"
	}
	return ""
}

// Value returns what the field of a term is to be, in small letters.
func (t *Term) Value() string {
	word := strings.ToLower(t.Text)
	if t.Not {
		word = word[1:]
	}
	return strings.TrimPrefix(word, t.Field()+":")
}

// About returns the filter with only the terms about some fields.
func (f *Filter) About(fields ...string) Filter {
	var only Filter
	for i := range f.Terms {
		if slices.Contains(fields, f.Terms[i].Field()) {
			only.Terms = append(only.Terms, f.Terms[i])
		}
	}
	return only
}

func parseTerm(word string, more []Field) (func(*Subject) bool, error) {
	name, value, isField := strings.Cut(word, ":")
	for _, f := range more {
		if isField && f.Name == name && value != "" {
			return f.Match(value)
		}
	}
	field, known := fields[name]
	switch {
	case word[0] == '>' || word[0] == '<':
		return parseLimit(word)
	case isField && !known:
		return nil, fmt.Errorf("%s: is no filter; did you mean %s: ?", name, nearest(name, fieldNames))
	case name == "status" && isField && value != "" && !slices.Contains(statusWords, value):
		return nil, fmt.Errorf("there is no status %s; did you mean %s ?", value, nearest(value, statusWords))
	case isField:
		return func(s *Subject) bool {
			return slices.ContainsFunc(field(s), func(v string) bool { return like(v, value) })
		}, nil
	case slices.Contains(statusWords, word):
		return func(s *Subject) bool { return slices.Contains(s.Words, word) }, nil
	}
	return func(s *Subject) bool {
		return slices.ContainsFunc([][]string{s.Servers, s.Clients, s.Tools, s.Methods}, func(names []string) bool {
			return slices.ContainsFunc(names, func(v string) bool { return like(v, word) })
		})
	}, nil
}

// like reports whether a name contains a word or, if that has a *, matches it whole.
func like(name, word string) bool {
	if !strings.Contains(word, "*") {
		return strings.Contains(strings.ToLower(name), word)
	}
	return store.Matches(word, name)
}

// parseLimit reads a limit of a duration or a size: >500ms, <1MB.
func parseLimit(word string) (func(*Subject) bool, error) {
	over, number := word[0] == '>', strings.TrimPrefix(word[1:], "=")
	if d, err := time.ParseDuration(number); err == nil {
		return func(s *Subject) bool { return s.Took > d == over && s.Took != d }, nil
	}
	for _, unit := range []struct {
		name  string
		bytes float64
	}{{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"b", 1}} {
		digits, ok := strings.CutSuffix(number, unit.name)
		if n, err := strconv.ParseFloat(digits, 64); ok && err == nil {
			limit := int64(n * unit.bytes)
			return func(s *Subject) bool { return s.Size > limit == over && s.Size != limit }, nil
		}
	}
	return nil, fmt.Errorf("%s: want a duration or a size, such as %c500ms or %c1MB", word, word[0], word[0])
}

// Matches reports whether a row passes.
func (f *Filter) Matches(s *Subject) bool {
	for i := range f.Terms {
		if f.Terms[i].match(s) == f.Terms[i].Not {
			return false
		}
	}
	return true
}

// Empty reports whether it matches everything.
func (f *Filter) Empty() bool { return len(f.Terms) == 0 }

// Without returns the filter without one of its terms.
func (f *Filter) Without(i int) Filter {
	rest := Filter{Terms: slices.Delete(slices.Clone(f.Terms), i, i+1)}
	words := make([]string, len(rest.Terms))
	for i := range rest.Terms {
		words[i] = rest.Terms[i].Text
	}
	rest.Text = strings.Join(words, " ")
	return rest
}

// nearest returns the word that begins most alike.
func nearest(word string, words []string) string {
	best, most := words[0], 0
	for _, w := range words {
		n := 0
		for n < min(len(w), len(word)) && w[n] == word[n] {
			n++
		}
		if n > most {
			best, most = w, n
		}
	}
	return best
}
