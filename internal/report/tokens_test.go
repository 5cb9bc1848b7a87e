package report_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestCut: what a client is known to cut is reported, by the latest definitions, and of that client only.
func TestCut(t *testing.T) {
	at := until.Add(-time.Hour)
	session := func(client string, instructions int64, sizes ...int64) report.Session {
		tools := record.Operation{Number: 2, Method: semconv.ToolsList, Direction: record.ToServer, Start: at, End: at.Add(time.Second)}
		for i, size := range sizes {
			tools.Definitions = append(tools.Definitions, record.Definition{
				Kind: record.ToolDefinition, Name: string(rune('a' + i)), Size: size + 40, Tokens: size / 4, Description: size,
			})
		}
		hello := record.Operation{Number: 1, Method: semconv.Initialize, Direction: record.ToServer, Start: at, End: at.Add(time.Second)}
		hello.Definitions = []record.Definition{{Kind: record.InstructionsDefinition, Size: instructions + 2, Description: instructions}}
		return report.Session{
			Server: "github", Client: client, Launched: at, Ended: at.Add(time.Minute),
			Digest: func(f func(*record.Operation) bool) error { _ = f(&hello) && f(&tools); return nil },
		}
	}
	for _, test := range []struct {
		client       string
		instructions int64
		sizes        []int64
		want         []report.Cut
	}{
		{"claude-code", 100, []int64{2048, 2049, 5000}, []report.Cut{{Client: "claude-code", Server: "github", Tools: []string{"b", "c"}}}},
		{"claude-code", 2049, []int64{10}, []report.Cut{{Client: "claude-code", Server: "github", Tools: []string{}, Instructions: true}}},
		{"claude-code", 2048, []int64{2048}, []report.Cut{}},
		{"another", 9000, []int64{9000}, []report.Cut{}},
	} {
		r := report.Make([]report.Session{session(test.client, test.instructions, test.sizes...)}, week(report.ByTool))
		if !slices.EqualFunc(r.Cut, test.want, func(a, b report.Cut) bool {
			return a.Client == b.Client && a.Server == b.Server && a.Instructions == b.Instructions && slices.Equal(a.Tools, b.Tools)
		}) {
			t.Errorf("%s, instructions of %d characters, descriptions of %d: %+v, want %+v", test.client, test.instructions, test.sizes, r.Cut, test.want)
		}
		if printed := text(t, r, 80, false); strings.Contains(printed, "\nCut ") != (len(test.want) > 0) {
			t.Errorf("the report is\n%s", printed)
		}
	}
}
