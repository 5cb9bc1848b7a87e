package check

import (
	"strings"
)

// Rules are the budgets of a file, and the defaults of the rules that it does not name. They are not changed.
type Rules struct {
	limits map[Name][]limit
	names  map[Name][]listed
	word   Budget // of Exit
	file   Budget // of Baseline
}

// Budget is the most that a rule allows.
type Budget struct {
	Max   float64 // in seconds, bytes or a number; of a share from 0 to 1
	Share bool
	Off   bool   // nothing is judged
	Text  string // as it stands in the file
	Line  int    // in the file, from 1; 0: it is a default
}

// limit is a budget for the names that match a pattern.
type limit struct {
	pattern string
	Budget
}

// listed is a pattern of a list of names.
type listed struct {
	pattern string
	line    int
}

// everything is the pattern of all names that have no line of their own.
const everything = "*"

// Baseline returns the name of the file of definitions, and "" if there is none.
func (r *Rules) Baseline() string {
	if r.file.Off {
		return ""
	}
	return r.file.Text
}

// WithBaseline returns the rules with another file of definitions.
func (r *Rules) WithBaseline(file string) *Rules {
	other := *r
	other.file = Budget{Text: file}
	return &other
}

// of returns the budget for a name: that of the pattern with the most letters, and of equal ones the first. What is written out
// counts more than any pattern.
func (r *Rules) of(rule Name, name string) Budget {
	best, most := Budget{Off: true}, -1
	for _, l := range r.limits[rule] {
		letters := len(l.pattern) - strings.Count(l.pattern, "*")
		if !strings.Contains(l.pattern, "*") {
			letters = len(name) + 1
		}
		if matches(l.pattern, name) && letters > most {
			best, most = l.Budget, letters
		}
	}
	return best
}

// matches reports whether a name matches a pattern, in which * stands for anything.
func matches(pattern, name string) bool {
	first, rest, some := strings.Cut(pattern, "*")
	if !some {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, first)
	for ok {
		var next string
		if next, rest, some = strings.Cut(rest, "*"); !some {
			return strings.HasSuffix(name, next)
		}
		_, name, ok = strings.Cut(name, next)
	}
	return false
}
