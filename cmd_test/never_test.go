package cmd_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// promises returns the items of the list below a heading of TELEMETRY.md.
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

// sent runs the session and returns everything that leaves the process: the requests to a receiver, and the product's
// own lines on stderr. It also returns the names of the machine, which must not be among it.
func (s *script) sent(t *testing.T, levels []string) (text []byte, machine []canary) {
	t.Helper()
	r := otlptest.Start(t, otlptest.Config{})
	h, place := s.run(t, []string{binary(t), "--log-level=debug"}, append(r.Env(otlptest.GRPC),
		"SPANPIPE_TELEMETRY=otlp,console", "SPANPIPE_CAPTURE="+strings.Join(levels, ","), longFlush)...)
	s.end(t, h)
	for _, request := range r.Requests() {
		text = append(text, request.Body...)
	}
	return append(text, s.ours(t, h)...), s.machine(place)
}

// TestNeverUnlessAskedFor checks every promise of the first list: the markers of its level are sent with the level, and
// not without it.
func TestNeverUnlessAskedFor(t *testing.T) {
	s := newScript(t)
	lines := promises(t, "Never collected unless asked for")
	// Definitions are kept and not sent: TestNever, TestDefinitionsCanary and TestDefinitionsDiff.
	if last := lines[len(lines)-1]; len(lines) != len(everyLevel) || !strings.HasSuffix(last, ": `definitions`") {
		t.Fatalf("TELEMETRY.md lists %d levels, want %d, with definitions as the last: %q", len(lines), len(everyLevel), lines)
	}
	lines = lines[:len(lines)-1]
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
				if bytes.Contains(none, []byte(m.word)) {
					t.Errorf("%s, planted in: %s, was sent without being captured", m.word, m.place)
				}
				if !bytes.Contains(all, []byte(m.word)) {
					t.Errorf("%s, planted in: %s, was captured but not sent", m.word, m.place)
				}
			}
			if planted == 0 {
				t.Errorf("the session has no marker of level %q", level)
			}
		})
	}
}

// TestNever checks every promise of the second list with every level captured.
func TestNever(t *testing.T) {
	s := newScript(t)
	text, machine := s.sent(t, everyLevel)
	place := func(name string) []canary {
		return slices.DeleteFunc(slices.Clone(s.canaries), func(c canary) bool { return c.place != name })
	}
	tests := []struct {
		line     string // its beginning
		topic    string // of the markers
		canaries []canary
	}{
		{line: "contents of resources", topic: "contents"},
		{line: "instructions of servers", topic: "texts"},
		{line: "what users are asked", topic: "dialogue"},
		{line: "incidental text", topic: "remarks"},
		{line: "opaque state", topic: "state"},
		{line: "baggage", topic: "meta"},
		{line: "anything that is not a message", topic: "noise"},
		{line: "names of this machine", canaries: append(machine, place("the user")...)},
		{line: "the server's command line", canaries: place("the command line")},
		{line: "values of environment variables", canaries: place("the environment")},
	}
	lines := promises(t, "Never collected")
	if len(lines) != len(tests) {
		t.Fatalf("TELEMETRY.md lists %d items, want one for each of %d tests", len(lines), len(tests))
	}
	for i, test := range tests {
		t.Run(lines[i], func(t *testing.T) {
			if !strings.HasPrefix(lines[i], test.line) {
				t.Fatalf("the item is %q, want it to start with %q", lines[i], test.line)
			}
			planted := len(test.canaries)
			newSearch(test.canaries).in(t, "the telemetry", text)
			for _, m := range s.markers {
				if test.topic == "" || !slices.Equal(m.levels, []string{"never", test.topic}) {
					continue
				}
				planted++
				if bytes.Contains(text, []byte(m.word)) {
					t.Errorf("%s, planted in: %s, was sent", m.word, m.place)
				}
			}
			if planted == 0 {
				t.Error("the session has neither secrets nor markers for this item")
			}
		})
	}
}
