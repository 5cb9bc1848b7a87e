package cmd_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// promises returns the lines of a list in TELEMETRY.md, which is all that stands as a list below a heading.
func promises(t *testing.T, heading string) []string {
	t.Helper()
	text, err := os.ReadFile("../TELEMETRY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("TELEMETRY.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var lines []string
	for line := range strings.Lines(section) {
		if item, ok := strings.CutPrefix(line, "- "); ok {
			lines = append(lines, strings.TrimSpace(item))
		}
	}
	return lines
}

// sent has the session and returns all that leaves: what a receiver gets, and what is on stderr of ours.
func (s *script) sent(t *testing.T, levels []string) (text []byte, machine []canary) {
	t.Helper()
	r := otlptest.Start(t, otlptest.Config{})
	h, place := s.run(t, []string{binary(t), "--log-level=debug"}, append(r.Env(otlptest.GRPC),
		"SPANPIPE_TELEMETRY=otlp,console", "SPANPIPE_CAPTURE="+strings.Join(levels, ","), "SPANPIPE_FLUSH_TIMEOUT=20s")...)
	s.end(t, h)
	for _, request := range r.Requests() {
		text = append(text, request.Body...)
	}
	return append(text, s.ours(t, h)...), s.machine(place)
}

// TestNeverUnlessAskedFor holds every line of the first list: the markers of its level are there with it, and not without.
func TestNeverUnlessAskedFor(t *testing.T) {
	s := newScript(t)
	lines := promises(t, "Never collected unless asked for")
	if len(lines) != len(everyLevel) {
		t.Fatalf("%d lines for %d levels: %q", len(lines), len(everyLevel), lines)
	}
	none, _ := s.sent(t, nil)
	all, _ := s.sent(t, everyLevel)
	for _, line := range lines {
		t.Run(line, func(t *testing.T) {
			_, level, _ := strings.Cut(line, ": `")
			level = strings.TrimSuffix(level, "`")
			planted := 0
			for _, m := range s.markers {
				if !slices.Contains(m.levels, level) {
					continue
				}
				planted++
				if bytes.Contains(none, []byte(m.word)) || !bytes.Contains(all, []byte(m.word)) {
					t.Errorf("%s, planted in: %s, is there unasked: %v, asked for: %v", m.word, m.place,
						bytes.Contains(none, []byte(m.word)), bytes.Contains(all, []byte(m.word)))
				}
			}
			if planted == 0 {
				t.Errorf("nothing is planted at level %q", level)
			}
		})
	}
}

// TestNever holds every line of the second list, with all captured that can be.
func TestNever(t *testing.T) {
	s := newScript(t)
	text, machine := s.sent(t, everyLevel)
	place := func(name string) []canary {
		return slices.DeleteFunc(slices.Clone(s.canaries), func(c canary) bool { return c.place != name })
	}
	tests := []struct {
		line     string // as it begins
		topic    string // of markers
		canaries []canary
	}{
		{line: "contents of resources", topic: "contents"},
		{line: "instructions of servers", topic: "texts"},
		{line: "what users are asked", topic: "dialogue"},
		{line: "remarks beside the matter", topic: "remarks"},
		{line: "state that is handed back", topic: "state"},
		{line: "baggage", topic: "meta"},
		{line: "what is no message", topic: "noise"},
		{line: "names of this machine", canaries: append(machine, place("the user")...)},
		{line: "the server's command line", canaries: place("the command line")},
		{line: "values of environment variables", canaries: place("the environment")},
	}
	lines := promises(t, "Never collected")
	if len(lines) != len(tests) {
		t.Fatalf("%d lines, %d tests", len(lines), len(tests))
	}
	for i, test := range tests {
		t.Run(lines[i], func(t *testing.T) {
			if !strings.HasPrefix(lines[i], test.line) {
				t.Fatalf("the test is of %q", test.line)
			}
			planted := len(test.canaries)
			newSearch(test.canaries).in(t, "what leaves", text)
			for _, m := range s.markers {
				if test.topic == "" || !slices.Equal(m.levels, []string{"never", test.topic}) {
					continue
				}
				planted++
				if bytes.Contains(text, []byte(m.word)) {
					t.Errorf("%s is there", m.word)
				}
			}
			if planted == 0 {
				t.Error("nothing is planted")
			}
		})
	}
}
