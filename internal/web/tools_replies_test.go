package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

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
		Time: web.Began, Since: web.Began.Add(time.Second), Change: record.DefinitionChanged, Kind: record.ToolDefinition, Name: "list_commits",
		Parts: []record.Part{"description"},
	}}}
	for _, kind := range []string{"tool", "server", "client"} {
		f, err := web.NewFigures(t.Context(), web.NewChoice(web.Began.Add(-time.Hour), watch.Filter{}, kind), web.Began.Add(time.Hour), sessions, changes)
		if err != nil {
			t.Fatal(err)
		}
		goldenValue(t, "tools-"+kind, names, f.Reply(api.Reply{Version: api.Version}, kind, "2h"))
		for _, name := range []string{"search_code", "search_files"} {
			of := f.Rows()[0].Target()
			if kind == "tool" {
				of = f.Rows()[slices.IndexFunc(f.Rows(), func(r web.FiguresRow) bool { return r.Tool == name })].Target()
			}
			tool, err := f.Tool(of, api.Reply{Version: api.Version}, "2h")
			if err != nil {
				t.Fatal(err)
			}
			if kind == "tool" {
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
	r := web.Begin(t, dir, "", "tickets", web.Began.Add(-time.Hour))
	for i := range 3 {
		at := web.Began.Add(time.Duration(i-50) * time.Minute)
		op := r.Still(r.Open(record.Operation{Target: "sync_board", Start: at}), false)
		op.ErrorType, op.Class = semconv.ErrTimeout, record.Timeout
		r.Over(op, 10*time.Second)
		if i > 0 {
			r.Note(record.Violation{
				Time: at.Add(12 * time.Second), Direction: record.ToClient, Kind: record.LateResponse, Sent: op.RequestID, Size: 512,
				Operation: op.Number, Method: op.Method, Late: 2 * time.Second,
			})
		}
	}
	r.Closed(web.Began.Add(-time.Minute))
	for filter, want := range map[string]int{"": 3, "status:late": 2, "-status:late": 1} {
		f := figured(t, dir, filter, "tool")
		if len(f.Rows()) != 1 || f.Rows()[0].Calls != want {
			t.Fatalf("%q: %+v, want %d calls", filter, f.Rows(), want)
		}
		text := f.Rows()[0].Remark.Text
		if filter == "status:late" && text != "2 timed out, 2 late" || filter == "-status:late" && text != "1 timed out" {
			t.Errorf("%q: the remark is %q", filter, text)
		}
		tool, err := f.Tool(f.Rows()[0].Target(), api.Reply{}, "")
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
		for _, of := range []web.Target{web.NewTarget("tool", name, "t"), web.NewTarget("prompt", "s", name), web.NewTarget("client", "", name)} {
			path := "/api/v1/tools/" + url.PathEscape(of.Key())
			var got web.Target
			ok := false
			mux := http.NewServeMux()
			mux.HandleFunc("GET /api/v1/tools/{key}", func(_ http.ResponseWriter, r *http.Request) { got, ok = web.ParseTarget(r.PathValue("key")) })
			mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
			if got != of || !ok {
				t.Errorf("%q became %q, %v", of, got, ok)
			}
		}
	}
	for _, key := range []string{"", "tool", "tool.a", "thing.a.b", "tool.a.b.c"} {
		if _, ok := web.ParseTarget(key); ok {
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
		got := web.PatternOf(name)
		if web.ShellWord(got) != want || !store.Matches(got, name) {
			t.Errorf("%q: %s, want %s", name, web.ShellWord(got), want)
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
	for filter, want := range map[string]string{
		"-server:git -failed -status:failed": "", "FAILED": " --failed", "status:failed client:co*x": " --failed --client 'co*x'",
	} {
		if got := get[api.Tools](t, s, "tools?since=1h&filter="+url.QueryEscape(filter)).Command; got != "spanpipe report --by tool --since 1h"+want {
			t.Errorf("%s: %s", filter, got)
		}
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
		if w := askRoutes(s, path); w.Code != status {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestFiguresAreKept: the store is read once for the same question, and again when a session goes on.
func TestFiguresAreKept(t *testing.T) {
	dir := t.TempDir()
	w := recentRun(t, dir, storetest.Running)
	s := serving(t, dir)
	question := func() *web.Figures {
		f, err := s.Figures(httptest.NewRequest(http.MethodGet, "/?since=2026-01-01T00:00:00Z", nil), "tool")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first := question()
	hung := 0
	for i := range first.Rows() {
		hung += first.Rows()[i].HungNow()
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
		return slices.ContainsFunc(question().Rows(), func(r web.FiguresRow) bool { return r.Tool == "new_tool" })
	})
}

// TestFiguresStop: a pass ends when the page has left, and leaves nothing behind that others would take for the whole.
func TestFiguresStop(t *testing.T) {
	dir := t.TempDir()
	recentRun(t, dir, storetest.Closed)
	s := serving(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Figures(httptest.NewRequestWithContext(ctx, http.MethodGet, "/?since=1h", nil), "tool"); !errors.Is(err, context.Canceled) {
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
			if w := askRoutes(s, path); w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		})
	}
	all.Wait()
}

// TestNumbersAreBounded: names beyond the bound have no number, and those before keep theirs.
func TestNumbersAreBounded(t *testing.T) {
	var n web.Numbering
	for i := range web.MostTargets + 10 {
		want := int32(i)
		if i >= web.MostTargets {
			want = -1
		}
		if got := n.Number(i); got != want {
			t.Fatalf("%d has number %d, want %d", i, got, want)
		}
	}
	if n.Number(5) != 5 {
		t.Error("a number has changed")
	}
}

// TestFiguresKnowChanges: figures are made anew when a definition is found to have changed, though no session has gone on.
func TestFiguresKnowChanges(t *testing.T) {
	dir := t.TempDir()
	recentRun(t, dir, storetest.Closed)
	s := serving(t, dir)
	sessions, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(sessions, func(s store.Session) bool { return s.ServerName() == "github" })
	one := talk{server: "github", service: sessions[i].Service}
	for n, want := range []bool{false, false, true} {
		one.pages = [][]record.Definition{{tool("search_code", int64(100+n/2))}}
		observe(t, dir, &one, time.Now().Add(time.Duration(n-5)*time.Minute))
		f, err := s.Figures(httptest.NewRequest(http.MethodGet, "/?since=2026-01-01T00:00:00Z", nil), "tool")
		if err != nil {
			t.Fatal(err)
		}
		row := f.Rows()[slices.IndexFunc(f.Rows(), func(r web.FiguresRow) bool { return r.Tool == "search_code" })]
		detail, err := f.Tool(row.Target(), api.Reply{}, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(detail.Headline+detail.Detail, "search_code"); got != want {
			t.Errorf("after %d lists: %q %q", n+1, detail.Headline, detail.Detail)
		}
	}
}

// TestLargeResults: a result of exactly as many tokens as Claude Code passes on is not over the limit.
func TestLargeResults(t *testing.T) {
	dir := t.TempDir()
	r := web.Begin(t, dir, "", "files", web.Began.Add(-time.Hour))
	for i, tokens := range []int64{24_999, 25_000, 25_001} {
		op := r.Open(record.Operation{Target: "read", Start: web.Began.Add(time.Duration(i-50) * time.Minute)})
		op.ResponseTokens = tokens
		r.Answer(op, time.Second)
	}
	r.Closed(web.Began.Add(-time.Minute))
	f := figured(t, dir, "", "tool")
	if got := f.Rows()[0].Remark; got == nil || got.Text != "1 result over 25k" {
		t.Errorf("the remark is %+v", got)
	}
}

// TestFiguresStopAtOnce: of sessions that are yet to be read when the page leaves, none is.
func TestFiguresStopAtOnce(t *testing.T) {
	dir := t.TempDir()
	recentRun(t, dir, storetest.Closed)
	sessions, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, reads := range []bool{true, false} {
		if n := web.CallsRead(ctx, time.Now(), sessions); n > 0 != reads {
			t.Errorf("%d calls are read", n)
		}
		cancel()
	}
}
