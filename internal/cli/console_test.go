package cli_test

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/internal/cli"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestConsoleWidth: on a terminal of 80 columns no line of a session in which all goes well is wider, however long the
// server's name is. The summary is folded between words there, and is one line in a file.
func TestConsoleWidth(t *testing.T) {
	const wide = math.MaxInt
	for _, name := range []string{"files", "mcp-servers/everything", strings.Repeat("long-", 20)} {
		for _, exit := range []record.Exit{
			{Lifetime: 746 * time.Millisecond},
			{Lifetime: time.Hour, EndedBy: record.ByServer, Cause: record.ServerEnded, Signal: "SIGSEGV"},
		} {
			for _, width := range []int{80, wide} {
				var out strings.Builder
				c := cli.NewConsole(&out, width)
				c.Noted(record.Session{Server: record.Peer{Name: name}})
				c.Changed(&record.Operation{
					Change: record.Ended, Direction: record.ToServer, Method: "tools/call", Target: "get_forecast",
					Answered: true, ResponseSize: 1 << 20, Duration: 999 * time.Millisecond,
				})
				c.Noted(exit)
				text := strings.TrimSuffix(out.String(), "\n")
				if n := strings.Count(text, "\n") + 1; n != 2 && width == wide {
					t.Errorf("%d lines, want 2:\n%s", n, text)
				}
				for line := range strings.Lines(text) {
					if line = strings.TrimSuffix(line, "\n"); utf8.RuneCountInString(line) > width {
						t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
					}
				}
				if words := strings.Join(strings.Fields(text), " "); !strings.Contains(words, "tools/call get_forecast") ||
					!strings.HasSuffix(words, "1 call, 0 failed, p95 999ms") {
					t.Errorf("a word is missing:\n%s", text)
				}
			}
		}
	}
}
