package web_test

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestAPIPage: docs/ui-api.md lists the requests that there are, with the types that are declared.
func TestAPIPage(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	s, _ := newServer(t)
	want, declared := s.Requests(), read("api.d.ts")
	var got []string
	for _, m := range regexp.MustCompile("(?m)^\\| `((?:GET|POST) [^`]+)` \\|.*\\| [^|`]*`(\\w+)`[^|]*\\|$").FindAllStringSubmatch(read("../../docs/ui-api.md"), -1) {
		got = append(got, m[1])
		if !regexp.MustCompile("(?m)^export interface " + m[2] + " ").MatchString(declared) {
			t.Errorf("%s: api.d.ts has no %s", m[1], m[2])
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("docs/ui-api.md has %q, want %q", got, want)
	}
}
