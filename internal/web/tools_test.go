package web_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// week stores the runs of three clients over twelve days, the last of which ends at Began.
func week(t testing.TB) string {
	t.Helper()
	dir, r := t.TempDir(), rand.New(rand.NewPCG(7, 7))
	for run := range 24 {
		start := web.Began.Add(-time.Duration(24-run) * 12 * time.Hour)
		client := record.Peer{Name: []string{"claude-code", "Visual Studio Code", ""}[run%3], Version: "2"}
		for i, server := range storetest.Servers() {
			if (run+i)%4 == 0 {
				continue
			}
			_, err := storetest.Make(dir, storetest.Session{
				Server: server, Client: client, Run: fmt.Sprint("run ", run), Start: start.Add(time.Duration(i) * time.Second),
				Calls: 5 + r.IntN(40), Every: 20 * time.Second, Seed: uint64(10*run + i), End: storetest.End(run % 3), DigestOnly: true,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// figured returns the figures of a store at Began, of the last week.
func figured(t testing.TB, dir, filter, kind string) *web.Figures {
	t.Helper()
	f, err := watch.ParseFilter(filter)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	figures, err := web.NewFigures(t.Context(), web.NewChoice(web.Began.AddDate(0, 0, -7), f, kind), web.Began, sessions, nil)
	if err != nil {
		t.Fatal(err)
	}
	return figures
}

// plainCall is a call as a naive count has it.
type plainCall struct {
	record.Operation
	server, client, run string
}

func (c *plainCall) failed() bool { return c.ErrorType != "" && c.ErrorType != semconv.ErrCancelled }

// plainCalls reads all calls of the window, in the order of their starts.
func plainCalls(t testing.TB, dir string) (all []plainCall) {
	t.Helper()
	sessions, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	for i := range sessions {
		s := &sessions[i]
		err := s.Digest(func(op *record.Operation) bool {
			if op.Method == semconv.ToolsCall && !op.Start.Before(web.Began.AddDate(0, 0, -7)) && op.Start.Before(web.Began) {
				all = append(all, plainCall{*op, s.Server.Name, s.Client.Name, s.Run})
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.SortStableFunc(all, func(a, b plainCall) int { return a.Start.Compare(b.Start) })
	return all
}

// TestFigures: the rows are what a naive count of the same calls finds, by whatever they are and whatever the filter is.
func TestFigures(t *testing.T) {
	dir := week(t)
	all := plainCalls(t, dir)
	for filter, chosen := range map[string]func(*plainCall) bool{
		"":                            func(*plainCall) bool { return true },
		"server:github":               func(c *plainCall) bool { return c.server == "github" },
		"client:claude* >500ms":       func(c *plainCall) bool { return c.client == "claude-code" && c.Duration > 500*time.Millisecond },
		"status:failed":               func(c *plainCall) bool { return c.failed() },
		"-tool:search_code <100ms":    func(c *plainCall) bool { return c.Target != "search_code" && c.Duration < 100*time.Millisecond },
		"server:github tool:browser_": func(*plainCall) bool { return false },
	} {
		for kind, key := range map[string]func(*plainCall) web.Target{
			"tool":   func(c *plainCall) web.Target { return web.NewTarget("tool", c.server, c.Target) },
			"server": func(c *plainCall) web.Target { return web.NewTarget("server", c.server, "") },
			"client": func(c *plainCall) web.Target { return web.NewTarget("client", "", c.client) },
		} {
			want := map[web.Target][]*plainCall{}
			for i := range all {
				if chosen(&all[i]) {
					want[key(&all[i])] = append(want[key(&all[i])], &all[i])
				}
			}
			f := figured(t, dir, filter, kind)
			if len(f.Rows()) != len(want) {
				t.Errorf("%q by %s: %d rows, want %d", filter, kind, len(f.Rows()), len(want))
			}
			for i := range f.Rows() {
				checkFigures(t, filter+" by "+kind, &f.Rows()[i].ToolRow, want[f.Rows()[i].Target()])
				checkDetail(t, f, &f.Rows()[i], want[f.Rows()[i].Target()])
			}
		}
	}
}

// checkFigures compares a row with calls.
func checkFigures(t *testing.T, what string, row *api.ToolRow, calls []*plainCall) {
	t.Helper()
	var took []float64
	var tokens []int64
	latency, failed := make([]int, api.LatencyBuckets), 0
	for _, c := range calls {
		took = append(took, c.Duration.Seconds())
		at := int(math.Floor(math.Log10(c.Duration.Seconds()/0.001)*6 + 1e-9))
		latency[min(max(at, 0), api.LatencyBuckets-1)]++
		if c.failed() {
			failed++
		} else if c.ResponseTokens > 0 {
			tokens = append(tokens, c.ResponseTokens)
		}
	}
	slices.Sort(took)
	slices.Sort(tokens)
	if row.Calls != len(calls) || row.Failed != failed || !slices.Equal(row.Latency, latency) {
		t.Errorf("%s, %s: %d calls, %d failed, %v; want %d, %d, %v", what, row.Key, row.Calls, row.Failed, row.Latency, len(calls), failed, latency)
	}
	for percent, got := range map[int]*float64{50: row.P50, 95: row.P95, 99: row.P99} {
		if want := least(took, percent); got == nil || math.Abs(*got-want) > 1e-9 {
			t.Errorf("%s, %s: p%d is %v, want %v", what, row.Key, percent, got, want)
		}
	}
	if got := row.ResultP95; len(tokens) == 0 && got != nil || len(tokens) > 0 && (got == nil || *got != least(tokens, 95)) {
		t.Errorf("%s, %s: p95 of tokens is %v, want that of %v", what, row.Key, got, tokens)
	}
}

// least returns the smallest of sorted numbers that is not exceeded by so many of a hundred.
func least[T any](sorted []T, percent int) (value T) {
	for i := range sorted {
		if (i+1)*100 >= percent*len(sorted) {
			return sorted[i]
		}
	}
	return value
}

// checkDetail compares what the page shows of one row with calls.
func checkDetail(t *testing.T, f *web.Figures, row *web.FiguresRow, calls []*plainCall) {
	t.Helper()
	tool, err := f.Tool(row.Target(), api.Reply{}, "7d")
	if err != nil || tool == nil {
		t.Fatalf("%s: %v %v", row.Key, tool, err)
	}
	bySlot, failures := map[[2]int]int{}, map[int]int{}
	callers, errs := map[string][2]int{}, map[string]int{}
	var last *plainCall
	for _, c := range calls {
		slot := 0
		for slot+1 < len(tool.Heat.Slots) && !c.Start.Before(tool.Heat.Slots[slot+1]) {
			slot++
		}
		for i, r := range tool.Heat.Rows {
			if s := c.Duration.Seconds(); s >= r.From && (r.To == 0 || s < r.To) {
				bySlot[[2]int{i, slot}]++
			}
		}
		name := c.client
		if name == "" {
			name = "client unknown"
		}
		n := callers[name]
		n[0]++
		if c.failed() {
			n[1]++
			failures[slot]++
			errs[strings.ReplaceAll(string(c.Class), "_", " ")]++
			last = c
		}
		callers[name] = n
	}
	sum := 0
	for i, r := range tool.Heat.Rows {
		for slot, n := range r.Counts {
			if sum += n; n != bySlot[[2]int{i, slot}] {
				t.Errorf("%s: %d calls in slot %d of row %d, want %d", row.Key, n, slot, i, bySlot[[2]int{i, slot}])
			}
		}
	}
	if sum != len(calls) {
		t.Errorf("%s: the heat map has %d calls of %d", row.Key, sum, len(calls))
	}
	for slot, n := range tool.Heat.Failed {
		if n != failures[slot] {
			t.Errorf("%s: %d failures in slot %d, want %d", row.Key, n, slot, failures[slot])
		}
	}
	for _, c := range tool.Callers {
		if callers[c.Client] != [2]int{c.Calls, c.Failed} {
			t.Errorf("%s: %+v, want %v", row.Key, c, callers[c.Client])
		}
	}
	if len(tool.Callers) != len(callers) && row.Kind != "client" {
		t.Errorf("%s: callers %+v, want %v", row.Key, tool.Callers, callers)
	}
	for _, e := range tool.Errors {
		if errs[e.Label] != e.Count {
			t.Errorf("%s: %d × %s, want %v", row.Key, e.Count, e.Label, errs)
		}
		delete(errs, e.Label)
	}
	if len(errs) > 0 {
		t.Errorf("%s: errors %v are missing", row.Key, errs)
	}
	if (last == nil) != (tool.LastFailure == nil) {
		t.Fatalf("%s: the last failure is %+v, want %+v", row.Key, tool.LastFailure, last)
	}
	if l := tool.LastFailure; l != nil && (l.Operation != last.Number || !l.At.Equal(last.End) || l.Run != last.run || !l.Outcome.Failed) {
		t.Errorf("%s: the last failure is %+v, want %+v", row.Key, l, last)
	}
}

// TestNeverCalled: a tool that was called is none of these, even if the filter leaves the calls out.
func TestNeverCalled(t *testing.T) {
	dir := week(t)
	for filter, want := range map[string]map[string]int{
		"":                            {"github": 38, "playwright": 17, "filesystem": 5, "postgres": 4},
		"status:failed server:github": {"github": 38},
		"tool:unused_1*":              {"github": 11, "playwright": 9, "filesystem": 1, "postgres": 1},
		"client:nothing":              {},
	} {
		got := map[string]int{}
		for _, n := range figured(t, dir, filter, "tool").Never() {
			got[n.Server] = len(n.Tools)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%q: %v, want %v", filter, got, want)
		}
	}
}

// TestReportAgrees: the rows are those of "spanpipe report".
func TestReportAgrees(t *testing.T) {
	dir := week(t)
	sessions, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	all := make([]report.Session, len(sessions))
	for i := range sessions {
		s := &sessions[i]
		all[i] = report.Session{Name: s.Name, Server: s.ServerName(), Client: s.Client.Name, Launched: s.Launched, Ended: s.Ended, Digest: s.Digest}
	}
	r := report.Make(all, report.Options{Window: report.Window{Since: web.Began.AddDate(0, 0, -7), Until: web.Began}, By: report.ByTool})
	f := figured(t, dir, "", "tool")
	if len(r.Rows) != len(f.Rows()) {
		t.Fatalf("%d rows, want %d", len(f.Rows()), len(r.Rows))
	}
	for i := range r.Rows {
		want, got := &r.Rows[i], &f.Rows()[i]
		if got.Tool != want.Tool || got.Calls != want.Calls || got.Failed != want.Failed || *got.P95 != *want.P95 {
			t.Errorf("%+v, want %+v", got.ToolRow, want)
		}
	}
}
