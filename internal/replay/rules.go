package replay

import (
	"path"
	"regexp"
	"slices"

	"github.com/theory/jsonpath"
)

// Rules say what is no difference, besides what never is. The zero value adds nothing. It is immutable.
type Rules struct {
	Off       []string // of Normalisations, those that are switched off
	Ignore    []Place
	Unordered []Place // arrays whose elements may stand in any order
	Replace   []Replacement
}

// Filter is what a rule holds for: everything, if both are empty.
type Filter struct {
	Method string // a pattern of package path, such as notifications/*; besides methods there are stdout and exit
	Tool   string // a pattern for the name of the tool that is called
}

// Place is places in results, errors and params.
type Place struct {
	Filter
	path *jsonpath.Path // nil: all of it
}

// Replacement replaces a text by another on both sides, before they are compared.
type Replacement struct {
	Filter
	regex *regexp.Regexp
	with  string
}

func (r *Rules) normalises(name string) bool { return !slices.Contains(r.Off, name) }

// matches reports whether a rule holds for a message. The patterns have been checked when they were read.
func (s *Filter) matches(where scope) bool {
	method, _ := path.Match(s.Method, where.method)
	tool, _ := path.Match(s.Tool, where.tool)
	return (s.Method == "" || method) && (s.Tool == "" || tool)
}

// ignores reports whether a message is not compared at all.
func (r *Rules) ignores(where scope) bool {
	return slices.ContainsFunc(r.Ignore, func(p Place) bool { return p.path == nil && p.matches(where) })
}

// located returns the places that rules name in a value, as normalized paths.
func located(rules []Place, where scope, v *value) map[string]bool {
	var found map[string]bool
	for _, rule := range rules {
		if rule.path == nil || v == nil || !rule.matches(where) {
			continue
		}
		if found == nil {
			found = map[string]bool{}
		}
		for _, node := range rule.path.SelectLocated(v.plain()) {
			found[node.Path.String()] = true
		}
	}
	return found
}
