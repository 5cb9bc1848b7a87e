package rules_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/rules"
)

var block = regexp.MustCompile("(?s)```(yaml|text)\n(.*?)```")

// TestGuide runs the examples of docs/metric-rules.md: files of rules, and below each the calls and what is measured.
func TestGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/metric-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	var s *session
	var files, calls int
	for _, found := range block.FindAllStringSubmatch(string(page), -1) {
		if found[1] == "yaml" {
			s = newSession(parse(t, found[2]))
			files++
			continue
		}
		for _, one := range strings.Split(found[2], "→ ")[1:] {
			calls++
			request, rest, _ := strings.Cut(one, "\n← ")
			tool, arguments, _ := strings.Cut(request, " ")
			lines := strings.Split(strings.TrimSpace(rest), "\n= ")
			t.Run(tool, func(t *testing.T) { equal(t, s.call(tool, arguments, lines[0]), lines[1:]...) })
		}
	}
	if files < 8 || calls < 10 {
		t.Errorf("the guide has %d files and %d calls", files, calls)
	}
}

// TestGuideBounds: the guide names each bound of the code.
func TestGuideBounds(t *testing.T) {
	page, err := os.ReadFile("../../docs/metric-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, bound := range []struct {
		is, documented int
		text           string
	}{
		{rules.MaxFile, 64 << 10, "| the file | 64 KiB"}, {rules.MaxRules, 50, "| a file's rules | 50 |"},
		{rules.MaxSeries, 200, "| 200 combinations"}, {rules.MaxContent, 256 << 10, "| 256 KiB each"},
	} {
		if bound.is != bound.documented || !strings.Contains(string(page), bound.text) {
			t.Errorf("a bound is %d; the guide has %q: %v", bound.is, bound.text, strings.Contains(string(page), bound.text))
		}
	}
}
