package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// week stores the runs of three clients over twelve days, the last of which ends at began.
func week(t testing.TB) string {
	t.Helper()
	dir, r := t.TempDir(), rand.New(rand.NewPCG(7, 7))
	for run := range 24 {
		start := began.Add(-time.Duration(24-run) * 12 * time.Hour)
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

// figured returns the figures of a store at began, of the last week.
func figured(t testing.TB, dir, filter, kind string) *figures {
	t.Helper()
	f, err := watch.ParseFilter(filter)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	figures, err := newFigures(t.Context(), choice{began.AddDate(0, 0, -7), f, byOf(kind)}, began, sessions, nil)
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
			if op.Method == semconv.ToolsCall && !op.Start.Before(began.AddDate(0, 0, -7)) && op.Start.Before(began) {
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
		for kind, key := range map[string]func(*plainCall) target{
			kindTool:   func(c *plainCall) target { return target{kindTool, c.server, c.Target} },
			kindServer: func(c *plainCall) target { return target{kindServer, c.server, ""} },
			kindClient: func(c *plainCall) target { return target{kindClient, "", c.client} },
		} {
			want := map[target][]*plainCall{}
			for i := range all {
				if chosen(&all[i]) {
					want[key(&all[i])] = append(want[key(&all[i])], &all[i])
				}
			}
			f := figured(t, dir, filter, kind)
			if len(f.rows) != len(want) {
				t.Errorf("%q by %s: %d rows, want %d", filter, kind, len(f.rows), len(want))
			}
			for i := range f.rows {
				checkFigures(t, filter+" by "+kind, &f.rows[i].ToolRow, want[f.rows[i].target])
				checkDetail(t, f, &f.rows[i], want[f.rows[i].target])
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
	for percent, got := range map[int]*float64{50: row.P50, 95: row.P95, 99: row.P99, 100: row.Max} {
		if want := least(took, percent); got == nil || math.Abs(*got-want) > 1e-9 {
			t.Errorf("%s, %s: p%d is %v, want %v", what, row.Key, percent, got, want)
		}
	}
	for percent, got := range map[int]*int64{50: row.ResultP50, 95: row.ResultP95, 100: row.ResultMax} {
		if len(tokens) == 0 && got != nil || len(tokens) > 0 && (got == nil || *got != least(tokens, percent)) {
			t.Errorf("%s, %s: p%d of tokens is %v, want that of %v", what, row.Key, percent, got, tokens)
		}
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
func checkDetail(t *testing.T, f *figures, row *figuresRow, calls []*plainCall) {
	t.Helper()
	tool, err := f.tool(row.target, api.Reply{}, "7d")
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
	if len(tool.Callers) != len(callers) && row.target.kind != kindClient {
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

// TestFlows: what was called before and after each tool, and usual sequences, are what a naive look at each run finds.
func TestFlows(t *testing.T) {
	dir := week(t)
	runs := map[string][]plainCall{}
	for _, c := range plainCalls(t, dir) {
		runs[c.run] = append(runs[c.run], c)
	}
	before, after, chains := map[string]map[string]int{}, map[string]map[string]int{}, map[string]int{}
	count := func(all map[string]map[string]int, of, other string) {
		if all[of] == nil {
			all[of] = map[string]int{}
		}
		all[of][other]++
	}
	for _, calls := range runs {
		for i, c := range calls {
			if i == 0 {
				count(before, c.Target, "start of a run")
			} else {
				count(before, c.Target, calls[i-1].Target)
			}
			if i == len(calls)-1 {
				count(after, c.Target, "end of a run")
			} else {
				count(after, c.Target, calls[i+1].Target)
			}
			if i > 1 && (c.Target != calls[i-1].Target || c.Target != calls[i-2].Target) && c.Start.Sub(calls[i-1].End) <= time.Minute && calls[i-1].Start.Sub(calls[i-2].End) <= time.Minute {
				chains[calls[i-2].Target+" "+calls[i-1].Target+" "+c.Target]++
			}
		}
	}
	f := figured(t, dir, "", kindTool)
	for i := range f.rows {
		row := &f.rows[i]
		gotBefore, gotAfter := f.flows(row.target)
		for side, got := range map[*map[string]map[string]int][]api.Flow{&before: gotBefore, &after: gotAfter} {
			want, all, shown := (*side)[row.Tool], 0, 0
			for _, n := range want {
				all += n
			}
			for j, flow := range got {
				shown += flow.Count
				if n, known := want[flow.Name]; known && n != flow.Count || !known && !strings.HasSuffix(flow.Name, " others") {
					t.Errorf("%s: %+v, want %v", row.Tool, flow, want)
				}
				if j > 0 && flow.Count > got[j-1].Count && !strings.HasSuffix(flow.Name, " others") {
					t.Errorf("%s: %+v are not in order", row.Tool, got)
				}
			}
			if shown != all || len(got) > mostFlows {
				t.Errorf("%s: flows of %d calls in %d, want %d", row.Tool, shown, len(got), all)
			}
		}
	}
	counts := slices.Sorted(maps.Values(chains))
	if len(f.sequences) != mostSequences || f.sequences[0].Count != counts[len(counts)-1] {
		t.Errorf("%+v, the most frequent is %d times", f.sequences, counts[len(counts)-1])
	}
	for _, s := range f.sequences {
		if n := chains[strings.Join(s.Tools, " ")]; n != s.Count {
			t.Errorf("%v %d times, want %d", s.Tools, s.Count, n)
		}
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
		for _, n := range figured(t, dir, filter, kindTool).never {
			got[n.Server] = len(n.Tools)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%q: %v, want %v", filter, got, want)
		}
	}
}

// TestToolReplies compares replies about a run that has of everything with those in testdata.
func TestToolReplies(t *testing.T) {
	dir := t.TempDir()
	story(t, dir)
	sessions, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for i := range sessions {
		names[sessions[i].Name] = sessions[i].Name[:len("20261126T140000Z-")] + fmt.Sprintf("00000%d", len(sessions)-i)
	}
	changes := map[string][]record.DefinitionChange{"github": {{
		Time: began, Since: began.Add(time.Second), Change: record.DefinitionChanged, Kind: record.ToolDefinition, Name: "list_commits",
		Parts: []record.Part{"description"},
	}}}
	for _, kind := range []string{kindTool, kindServer, kindClient} {
		f, err := newFigures(t.Context(), choice{since: began.Add(-time.Hour), by: byOf(kind)}, began.Add(time.Hour), sessions, changes)
		if err != nil {
			t.Fatal(err)
		}
		goldenValue(t, "tools-"+kind, names, f.reply(api.Reply{Version: api.Version}, kind, "2h"))
		for _, name := range []string{"search_code", "search_files"} {
			of := f.rows[0].target
			if kind == kindTool {
				of = f.rows[slices.IndexFunc(f.rows, func(r figuresRow) bool { return r.Tool == name })].target
			}
			tool, err := f.tool(of, api.Reply{Version: api.Version}, "2h")
			if err != nil {
				t.Fatal(err)
			}
			if kind == kindTool {
				goldenValue(t, "tool-"+name, names, tool)
			} else if len(tool.Before)+len(tool.After) > 0 {
				t.Errorf("%s: flows of what is no tool", kind)
			}
		}
	}
}

// TestLateAnswers: a call that was answered after it had timed out is known as that, by its row and to the filter.
func TestLateAnswers(t *testing.T) {
	dir := t.TempDir()
	r := begin(t, dir, "", "tickets", began.Add(-time.Hour))
	for i := range 3 {
		at := began.Add(time.Duration(i-50) * time.Minute)
		op := r.still(r.open(record.Operation{Target: "sync_board", Start: at}), false)
		op.ErrorType, op.Class = semconv.ErrTimeout, record.Timeout
		r.over(op, 10*time.Second)
		if i > 0 {
			r.note(record.Violation{
				Time: at.Add(12 * time.Second), Direction: record.ToClient, Kind: record.LateResponse, Sent: op.RequestID, Size: 512,
				Operation: op.Number, Method: op.Method, Late: 2 * time.Second,
			})
		}
	}
	r.closed(began.Add(-time.Minute))
	for filter, want := range map[string]int{"": 3, "status:late": 2, "-status:late": 1} {
		f := figured(t, dir, filter, kindTool)
		if len(f.rows) != 1 || f.rows[0].Calls != want || f.rows[0].TimedOut != want {
			t.Fatalf("%q: %+v, want %d calls", filter, f.rows, want)
		}
		text := f.rows[0].Remark.Text
		if filter == "status:late" && text != "2 timed out, 2 late" || filter == "-status:late" && text != "1 timed out" {
			t.Errorf("%q: the remark is %q", filter, text)
		}
		tool, err := f.tool(f.rows[0].target, api.Reply{}, "")
		if err != nil || len(tool.Errors) != 1 || tool.Errors[0].Label != "timed out" {
			t.Fatalf("%q: %+v, %v", filter, tool, err)
		}
		if text := tool.LastFailure.Outcome.Text; filter == "" && text != "late by 2.00s" {
			t.Errorf("the last failure is %q", text)
		}
	}
}

func goldenValue(t *testing.T, name string, names map[string]string, value any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, name, names, text)
}

// TestToolKeys: names survive the address, whatever is in them.
func TestToolKeys(t *testing.T) {
	for _, name := range []string{"", "a", "a.b", "~", "~-", "~~.", "../x", "a/b", "%2F", "é\u202e", "<img src=x onerror=alert(1)>", strings.Repeat("x", 1000)} {
		for _, of := range []target{{kindTool, name, "t"}, {kindPrompt, "s", name}, {kindClient, "", name}} {
			path := "/api/v1/tools/" + url.PathEscape(of.key())
			var got target
			ok := false
			mux := http.NewServeMux()
			mux.HandleFunc("GET /api/v1/tools/{key}", func(_ http.ResponseWriter, r *http.Request) { got, ok = parseKey(r.PathValue("key")) })
			mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
			if got != of || !ok {
				t.Errorf("%q became %q, %v", of, got, ok)
			}
		}
	}
	for _, key := range []string{"", "tool", "tool.a", "thing.a.b", "tool.a.b.c"} {
		if _, ok := parseKey(key); ok {
			t.Errorf("%q is taken for a key", key)
		}
	}
}

// TestCommandsAreSafe: a name of a peer ends no command, and what cannot be shown is looked for by a pattern that finds it.
func TestCommandsAreSafe(t *testing.T) {
	for name, want := range map[string]string{
		"github":                     "github",
		"Visual Studio Code":         "'Visual Studio Code'",
		"a'; rm -rf ~ #":             `'a'\''; rm -rf ~ #'`,
		"$(reboot)`x`":               "'$(reboot)`x`'",
		"a\u202eb\x1b[31mc":          "'a*b*[31mc'",
		"e\u0301\u0301\u0301\u0301x": "'e*x'",
		"":                           "''",
		"日本":                         "'日本'",
		strings.Repeat("y", 10_000):  "'" + strings.Repeat("y", 200) + "*'",
		"\xff\xfe":                   "'*'",
		"\n--server other":           "'*--server other'",
	} {
		got := patternOf(name)
		if shellWord(got) != want || !store.Matches(got, name) {
			t.Errorf("%q: %s, want %s", name, shellWord(got), want)
		}
	}
}

// recentRun stores a run that ended just now.
func recentRun(t testing.TB, dir string, end storetest.End) *store.Writer {
	t.Helper()
	var last *store.Writer
	for i, server := range storetest.Servers()[:2] {
		w, err := storetest.Make(dir, storetest.Session{
			Server: server, Client: record.Peer{Name: "codex"}, Run: "r", Start: time.Now().Add(-10 * time.Minute), Calls: 30,
			Every: time.Second, Seed: uint64(i), End: end, Open: end == storetest.Running,
		})
		if err != nil {
			t.Fatal(err)
		}
		last = w
		if end == storetest.Running {
			t.Cleanup(func() { w.Close(context.Background(), nil) })
		}
	}
	return last
}

// TestToolRequests: what requests get, and what is wrong with some.
func TestToolRequests(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, dir)
	if empty := get[api.Tools](t, s, "tools?since=1h"); len(empty.Rows)+len(empty.Never) > 0 || empty.Rows == nil || empty.Summary != "0 calls, 60 minutes." {
		t.Errorf("of nothing: %+v", empty)
	}
	recentRun(t, dir, storetest.Closed)
	s = serving(t, dir)
	all := get[api.Tools](t, s, "tools?since=1h")
	if len(all.Rows) < 5 || all.Command != "spanpipe report --by tool --since 1h" || all.Excluding != nil {
		t.Errorf("%+v", all)
	}
	one := get[api.Tool](t, s, "tools/"+url.PathEscape(all.Rows[0].Key)+"?since=1h&filter=server:*+>0s")
	if !reflect.DeepEqual(one.Row, all.Rows[0]) {
		t.Errorf("%+v, want the row %+v", one.Row, all.Rows[0])
	}
	none := get[api.Tools](t, s, "tools?since=1h&filter="+url.QueryEscape("server:github >1h"))
	if len(none.Rows) != 0 || none.Excluding == nil || none.Excluding.Term != ">1h" || none.Excluding.Without != "server:github" ||
		none.Command != "spanpipe report --by tool --since 1h --server '*github*'" {
		t.Errorf("%+v %+v", none, none.Excluding)
	}
	if live := get[api.Tools](t, s, "tools?since=1h&filter=status:live"); !strings.HasSuffix(live.Summary, "status:live is not known of calls here.") {
		t.Errorf("the summary is %q", live.Summary)
	}
	if c := get[api.Tools](t, s, "tools?since=1h&filter=content:x"); len(c.Rows) != len(all.Rows) || !strings.HasSuffix(c.Summary, "content:x has no effect here.") {
		t.Errorf("%d rows, the summary is %q", len(c.Rows), c.Summary)
	}
	for path, status := range map[string]int{
		"tools?by=day": http.StatusBadRequest, "tools?filter=foo:bar": http.StatusBadRequest, "tools?since=never": http.StatusBadRequest,
		"tools/tool.github.nothing": http.StatusNotFound, "tools/nothing": http.StatusNotFound,
	} {
		if w := ask(s, path); w.Code != status {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestFiguresAreKept: the store is read once for the same question, and again when a session goes on.
func TestFiguresAreKept(t *testing.T) {
	dir := t.TempDir()
	w := recentRun(t, dir, storetest.Running)
	s := serving(t, dir)
	question := func() *figures {
		f, err := s.figures(httptest.NewRequest(http.MethodGet, "/?since=2026-01-01T00:00:00Z", nil), kindTool)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first := question()
	hung := 0
	for i := range first.rows {
		hung += first.rows[i].HungNow
	}
	if again := question(); again != first || hung != 2 {
		t.Errorf("read again, though nothing has changed, or %d calls hang, want 2", hung)
	}
	op := record.Operation{
		Change: record.Ended, Number: 1000, Direction: record.ToServer, Method: semconv.ToolsCall, Target: "new_tool",
		Start: time.Now().Add(-time.Second), End: time.Now(), Duration: time.Second, Answered: true,
	}
	w.Changed(&op)
	w.Flush(t.Context())
	mcptest.Eventually(t, "the new call is there", func() bool {
		return slices.ContainsFunc(question().rows, func(r figuresRow) bool { return r.Tool == "new_tool" })
	})
}

// TestFiguresStop: a pass ends when the page has left, and leaves nothing behind that others would take for the whole.
func TestFiguresStop(t *testing.T) {
	dir := t.TempDir()
	recentRun(t, dir, storetest.Closed)
	s := serving(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.figures(httptest.NewRequestWithContext(ctx, http.MethodGet, "/?since=1h", nil), kindTool); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if all := get[api.Tools](t, s, "tools?since=1h"); len(all.Rows) == 0 {
		t.Error("nothing is found afterwards")
	}
}

// TestManyAsk: many may ask at once, for different things.
func TestManyAsk(t *testing.T) {
	dir := t.TempDir()
	recentRun(t, dir, storetest.Closed)
	s := serving(t, dir)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			path := []string{"tools?since=1h", "tools?since=1h&by=client", "tools/tool.github.search_code?since=1h", "tools?since=1h&filter=failed"}[i%4]
			if w := ask(s, path); w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		})
	}
	all.Wait()
}

// TestNumbersAreBounded: names beyond the bound have no number, and those before keep theirs.
func TestNumbersAreBounded(t *testing.T) {
	var n numbering[int]
	for i := range mostTargets + 10 {
		want := int32(i)
		if i >= mostTargets {
			want = -1
		}
		if got := n.number(i); got != want {
			t.Fatalf("%d has number %d, want %d", i, got, want)
		}
	}
	if n.number(5) != 5 {
		t.Error("a number has changed")
	}
}

// TestSlots: the columns of a heat map cover the window with a bounded number of equal slots.
func TestSlots(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	until := time.Date(2026, 11, 1, 14, 33, 0, 0, berlin)
	for _, d := range []time.Duration{
		time.Second, 15 * time.Minute, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 200 * 24 * time.Hour, 9000 * 24 * time.Hour,
	} {
		all, width := slots(until.Add(-d), until)
		if n := len(all); n < 1 || n > mostHeatSlots || all[0].After(until.Add(-d)) || all[n-1].Add(width).Before(until) {
			t.Errorf("%v: %d slots of %v from %v", d, len(all), width, all[0])
		}
		labels, empty := slotLabels(all, width), true
		for i, text := range labels {
			empty = empty && text == ""
			if i > 0 && text != "" && text == labels[i-1] {
				t.Errorf("%v: %q stands twice", d, text)
			}
		}
		if empty || len(labels) != len(all) {
			t.Errorf("%v: labels %q", d, labels)
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
	r := report.Make(all, report.Options{Window: report.Window{Since: began.AddDate(0, 0, -7), Until: began}, By: report.ByTool})
	f := figured(t, dir, "", kindTool)
	if len(r.Rows) != len(f.rows) {
		t.Fatalf("%d rows, want %d", len(f.rows), len(r.Rows))
	}
	for i := range r.Rows {
		want, got := &r.Rows[i], &f.rows[i]
		if got.Tool != want.Tool || got.Calls != want.Calls || got.Failed != want.Failed || *got.P95 != *want.P95 {
			t.Errorf("%+v, want %+v", got.ToolRow, want)
		}
	}
}
