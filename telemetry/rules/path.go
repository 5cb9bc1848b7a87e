package rules

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/theory/jsonpath"
)

// The bounds of a path. Each of what they count multiplies what the path costs, and RFC 9535 has no bound: a path of 250
// bytes can select more nodes than a machine has memory for.
const (
	maxCommas      = 4 // each selects again what stands below
	maxDescendants = 1
	maxFilters     = 3
)

// compilePath compiles a path whose cost is bounded.
func compilePath(text string) (*jsonpath.Path, error) {
	if len(text) > maxPath {
		return nil, fmt.Errorf("a path has at most %d bytes", maxPath)
	}
	path, err := jsonpath.Parse(text)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "jsonpath: "))
	}
	bare := unquoted(text)
	before, filter, _ := strings.Cut(bare, "?")
	switch {
	case strings.Contains(filter, ".."), strings.Contains(filter, "$"):
		return nil, errors.New("a filter may not search the whole value again: it has .. or $ in it")
	case strings.Contains(filter, "match("), strings.Contains(filter, "search("):
		return nil, errors.New("match() and search() are not supported in a path; use regex beside the path")
	case strings.Count(before, "..") > maxDescendants:
		return nil, errors.New("a path has at most one .. in it")
	case strings.Count(bare, ",") > maxCommas:
		return nil, fmt.Errorf("a path has at most %d commas", maxCommas)
	case strings.Count(bare, "?") > maxFilters:
		return nil, fmt.Errorf("a path has at most %d filters", maxFilters)
	}
	return path, nil
}

// nodeCost is what a path costs for each node that it selects or passes on, in steps.
const nodeCost = 128

// pathCost returns what a path costs for each node: nothing if it leads to one place. A path that descends hands each node up
// through all levels above it.
func pathCost(text string) (cost int, descends bool) {
	bare := unquoted(text)
	descends = strings.Contains(bare, "..")
	if !strings.ContainsAny(bare, "*?:,") && !descends {
		return 0, false
	}
	return nodeCost << strings.Count(bare, ","), descends
}

// unquoted returns a path without its texts and blanks.
func unquoted(path string) string {
	var out strings.Builder
	var quote byte
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0 || strings.IndexByte(" \t\r\n", c) >= 0:
		case c == '"' || c == '\'':
			quote = c
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// compileRegex compiles a regular expression whose cost is bounded, and returns what it costs for each byte. A match takes time
// that is linear in the text.
func compileRegex(text string) (re *regexp.Regexp, cost int, err error) {
	if len(text) > maxRegex {
		return nil, 0, fmt.Errorf("a regular expression has at most %d bytes", maxRegex)
	}
	if re, err = regexp.Compile(text); err != nil {
		if e, ok := errors.AsType[*syntax.Error](err); ok {
			return nil, 0, fmt.Errorf("%s: %s", e.Code, e.Expr)
		}
		return nil, 0, err
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, 0, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, 0, err
	}
	if len(program.Inst) > maxProgram {
		return nil, 0, errors.New("its repetitions make it too large")
	}
	return re, len(program.Inst), nil
}

// newGlob returns a matcher for a name in which * stands for anything.
func newGlob(text string) *Glob {
	if !strings.Contains(text, "*") {
		return &Glob{Text: text}
	}
	parts := strings.Split(text, "*")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return &Glob{Text: text, match: regexp.MustCompile(`(?s)^` + strings.Join(parts, ".*") + `$`)}
}
