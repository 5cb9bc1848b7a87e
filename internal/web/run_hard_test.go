package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// hostileNames are names that peers may choose to do something to those who look at them.
var hostileNames = []string{
	`<img src=x onerror=alert(1)>`, "\x1b[2J\x1b]0;title\a", "a\u202egnp.exe", "javascript:alert(1)", strings.Repeat("x", 10_000), "two\nlines", "\u0000",
}

// TestHostile: what peers have called things is in the replies as a text of bounded length that controls nothing; content has
// its lines, and its letters, but nothing that controls or reorders.
func TestHostile(t *testing.T) {
	dir := t.TempDir()
	r := web.Begin(t, dir, "r", "server\u202e\x1b[31m", web.Began)
	svg := `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">` + "\u202e\x1b[31m\ntwo\tthree</svg>"
	for i, name := range hostileNames {
		op := r.Open(record.Operation{Target: name, Start: web.Began.Add(time.Duration(i) * time.Second)})
		op.ErrorType, op.Class = semconv.ErrTool, record.ToolError
		op.Content = record.Content{Arguments: `{"a":"` + strings.Repeat("y", 600_000) + `"}`, Error: svg, URI: "javascript:alert(1)"}
		r.Answer(op, time.Millisecond)
	}
	r.Closed(web.Began.Add(time.Minute))
	s := serving(t, dir)
	name := filepath.Base(web.SessionDirs(t, dir)[0])
	harmless := func(what, text string, lines bool) {
		for _, c := range text {
			if !unicode.IsPrint(c) && (c != '\n' || !lines) {
				t.Errorf("%s has %U", what, c)
			}
		}
	}
	rows := get[api.Operations](t, s, "runs/r/operations")
	for _, n := range rows.Names {
		harmless("a name", n, false)
		if len(n) > 2000 {
			t.Errorf("a name of %d bytes", len(n))
		}
	}
	if rows.Names[0] != hostileNames[0] {
		t.Errorf("%q became %q", hostileNames[0], rows.Names[0])
	}
	run := get[api.RunDetail](t, s, "runs/r")
	for _, m := range run.Remarks {
		harmless("a remark", m.Text, false)
	}
	for i := range hostileNames {
		one := get[api.Operation](t, s, fmt.Sprintf("sessions/%s/operations/%d", name, i+1))
		for _, text := range []string{one.Name, one.Server, one.Headline, one.Detail, one.Badge, one.Outcome.Text} {
			harmless("the operation", text, false)
		}
		for _, a := range one.Attributes {
			harmless(a.Key, a.Value, false)
		}
		if len(one.Content.Parts) != 3 {
			t.Fatalf("%d parts: %s", len(one.Content.Parts), one.Content.Note)
		}
		for _, p := range one.Content.Parts {
			harmless(p.Label, p.Text, true)
			if len(p.Text) > web.MostContent || p.Cut != (p.Label == "arguments") {
				t.Errorf("%s: %d bytes, cut: %t", p.Label, len(p.Text), p.Cut)
			}
		}
		if got := one.Content.Parts[2].Text; !strings.Contains(got, "<svg xmlns=") || !strings.Contains(got, "\ntwo    three") {
			t.Errorf("an SVG became %q", got)
		}
	}
}

// TestOpenAndKilled: what is open is in the rows, and grows; once its session was killed, it is over and unanswered.
func TestOpenAndKilled(t *testing.T) {
	dir := t.TempDir()
	start := time.Now().Add(-time.Minute)
	r := web.Begin(t, dir, "r", "postgres", start)
	done := r.Open(record.Operation{Target: "explain", Start: start.Add(time.Second)})
	r.Answer(done, time.Second)
	hangs := r.Open(record.Operation{Target: "execute_sql", Start: start.Add(3 * time.Second)})
	r.Still(hangs, true)
	r.Flush(t.Context())
	s := serving(t, dir)
	rows := get[api.Operations](t, s, "runs/r/operations")
	if len(rows.Number) != 2 || rows.End[1] != -1 || rows.Took[1] < 50 || rows.Outcomes[rows.Outcome[1]].Text != "hung: server idle" {
		t.Fatalf("while it is open: %v", rowsIn(&rows))
	}
	name := rows.Sessions[0]
	one := get[api.Operation](t, s, "sessions/"+name+"/operations/2")
	if !strings.HasPrefix(one.Badge, "hung ") || one.Stations[2].State != "stuck" || !strings.Contains(one.Headline, "does nothing") ||
		one.Content.Setting == "" || one.Commands[0] != "spanpipe show "+name+" --operation 2" {
		t.Errorf("%+v", one)
	}
	late := r.Open(record.Operation{Target: "explain", Start: start.Add(40 * time.Second)})
	r.Answer(late, time.Second)
	r.Flush(t.Context())
	if rows = get[api.Operations](t, s, "runs/r/operations"); len(rows.Number) != 3 {
		t.Errorf("what was appended is missing: %v", rowsIn(&rows))
	}
	r.Killed()
	mcptest.Eventually(t, "the session has ended", func() bool {
		rows = get[api.Operations](t, s, "runs/r/operations")
		return rows.End[1] > 0
	})
	if o := rows.Outcomes[rows.Outcome[1]]; o.Ending != "unanswered" || !o.Trouble {
		t.Errorf("after the kill: %+v", o)
	}
}

// TestDigestAlone: of a session whose detail was removed, the rows say when and how it went, and the page that it is gone.
func TestDigestAlone(t *testing.T) {
	dir := t.TempDir()
	if _, err := storetest.Make(dir, storetest.Session{
		Server: storetest.Servers()[0], Run: "r", Start: web.Began, Calls: 20, Every: time.Second, DigestOnly: true,
	}); err != nil {
		t.Fatal(err)
	}
	one := web.SessionDirs(t, dir)[0]
	_ = os.Remove(filepath.Join(one, "traces.jsonl"))
	s := serving(t, dir)
	rows := get[api.Operations](t, s, "runs/r/operations")
	run := get[api.RunDetail](t, s, "runs/r")
	if len(rows.Number) != 22 || rows.First[5] < 0 || rows.LeftOut != 0 || !strings.Contains(run.Remarks[len(run.Remarks)-1].Text, "SPANPIPE_KEEP") {
		t.Errorf("%d rows, %d left out, %q", len(rows.Number), rows.LeftOut, run.Remarks)
	}
	op := get[api.Operation](t, s, "sessions/"+filepath.Base(one)+"/operations/5")
	if op.Kind != "call" || !strings.Contains(op.Content.Note, "removed") {
		t.Errorf("%+v", op)
	}
}

// TestPrunedMeanwhile: of a session whose detail is removed while the store is followed, the rows are there all the same.
func TestPrunedMeanwhile(t *testing.T) {
	dir := t.TempDir()
	if _, err := storetest.Make(dir, storetest.Session{
		Server: storetest.Servers()[0], Run: "r", Start: web.Began, Calls: 20, Every: time.Second,
	}); err != nil {
		t.Fatal(err)
	}
	s := serving(t, dir)
	get[api.Sessions](t, s, "sessions")
	for _, name := range []string{"traces.jsonl", "logs.jsonl"} {
		_ = os.Remove(filepath.Join(web.SessionDirs(t, dir)[0], name))
	}
	rows := get[api.Operations](t, s, "runs/r/operations")
	run := get[api.RunDetail](t, s, "runs/r")
	if len(rows.Number) != 22 || rows.LeftOut != 0 || !strings.Contains(run.Remarks[len(run.Remarks)-1].Text, "SPANPIPE_KEEP") {
		t.Errorf("%d rows, %d left out, %q", len(rows.Number), rows.LeftOut, run.Remarks)
	}
}

// TestManyTroubles: a session in which thousands of operations failed has remarks about the last ones, and says so.
func TestManyTroubles(t *testing.T) {
	dir := t.TempDir()
	server := storetest.Servers()[0]
	server.Tools = []storetest.Tool{{Name: "broken", Median: time.Millisecond, Size: 100, Fails: 1, Class: record.Internal}}
	if _, err := storetest.Make(dir, storetest.Session{Server: server, Run: "r", Start: web.Began, Calls: 3000, Every: time.Second}); err != nil {
		t.Fatal(err)
	}
	run := get[api.RunDetail](t, serving(t, dir), "runs/r")
	if len(run.Remarks) != 2 || !strings.HasSuffix(run.Remarks[1].Text, "of 3,000 operations that did not go well.") {
		t.Errorf("%+v", run.Remarks)
	}
}

// TestRemarks: failures come first, and what is so with several servers is one remark; that a session ended well needs no look.
func TestRemarks(t *testing.T) {
	dir := t.TempDir()
	for i, server := range []string{"a", "a: b", "c", "d", "d"} {
		r := web.Begin(t, dir, "r", server, web.Began.Add(time.Duration(i)*time.Second))
		at := r.About.Launched.Add(time.Minute)
		failed := r.Open(record.Operation{Target: "search", Start: at})
		failed.ErrorType, failed.Class = semconv.ErrTool, record.RateLimited
		r.Answer(failed, time.Second)
		if i < 2 {
			refused := r.Open(record.Operation{Target: "edit", Start: at.Add(time.Minute)})
			refused.Code, refused.Class = "-32602", record.InvalidParams
			r.Answer(refused, time.Second)
		}
		r.Closed(at.Add(time.Hour))
	}
	want := []api.Remark{
		{Text: "4 servers: search failed: rate limited.", Tone: api.Bad},
		{Text: "a: b, a: edit: the server refused the request, invalid params (-32602). Not counted as the server's failure.", Tone: api.Late},
	}
	if got := get[api.RunDetail](t, serving(t, dir), "runs/r").Remarks; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestDamaged: damaged lines are counted, and the rest is read.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	story(t, dir)
	for _, one := range web.SessionDirs(t, dir) {
		path := filepath.Join(one, "traces.jsonl")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append([]byte("{\"resourceSpans\":[\n"), text...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := serving(t, dir)
	run := get[api.RunDetail](t, s, "runs/f00d")
	isDamage := func(m api.Remark) bool {
		return m == api.Remark{Text: "github, filesystem: 1 damaged line could not be read.", Tone: api.Late}
	}
	if rows := get[api.Operations](t, s, "runs/f00d/operations"); len(rows.Number) != 14 || !slices.ContainsFunc(run.Remarks, isDamage) {
		t.Errorf("%d rows; %q", len(rows.Number), run.Remarks)
	}
}

// TestWrongRequests: what is not there, or cannot be, is said in a line.
func TestWrongRequests(t *testing.T) {
	dir := t.TempDir()
	story(t, dir)
	s := serving(t, dir)
	name := filepath.Base(web.SessionDirs(t, dir)[0])
	for path, want := range map[string]int{
		"runs/none": 404, "runs/none/operations": 404, "runs/none/resources": 404, "runs/f00d/operations?after=x": 400,
		"runs/f00d/operations?limit=0": 400, "sessions/none/operations/1": 404, "sessions/f00d/operations/1": 404,
		"sessions/" + name + "/operations/99": 404, "sessions/" + name + "/operations/x": 400, "sessions/" + name + "/operations/0": 404,
		"runs/" + name: 200, // a run may be named by its session
	} {
		if w := askRoutes(s, path); w.Code != want {
			t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	s.Routes().ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1/api/v1/runs/f00d/operations", nil))
	if w.Code == http.StatusOK && w.Body.Len() > 0 {
		t.Error("a request that has ended was answered")
	}
}

// TestLongRun: a run of 50,000 operations is read once, not again for each page, and what is kept of it is small.
func TestLongRun(t *testing.T) {
	dir := t.TempDir()
	const calls = 50_000
	if _, err := storetest.Make(dir, storetest.Session{
		Server: storetest.Servers()[0], Run: "r", Start: web.Began, Calls: calls, Every: 100 * time.Millisecond,
	}); err != nil {
		t.Fatal(err)
	}
	s := serving(t, dir)
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	var peak, rows int64
	next := ""
	for pages := 1; ; pages++ {
		started := time.Now()
		page := get[api.Operations](t, s, "runs/r/operations?after="+next)
		rows += int64(len(page.Number))
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, int64(m.HeapInuse))
		t.Logf("page %d: %v", pages, time.Since(started))
		if next = page.Next; next == "" {
			break
		}
	}
	kept := heap() - before
	t.Logf("%d rows; kept: %d kB; heap in use at most %d MB; from the system %d MB", rows, kept>>10, peak>>20, func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.Sys >> 20
	}())
	if rows != calls+3 {
		t.Errorf("%d rows", rows)
	}
	if most := int64(calls * 400); kept > most {
		t.Errorf("%d bytes are kept, more than %d", kept, most)
	}
}

// TestSearch finds captured content by a word, whatever its case, and nothing else: not names, nor what is no content.
func TestSearch(t *testing.T) {
	dir := t.TempDir()
	for i, text := range []string{"the Invoice of Jörg", "", "nothing\u202e of it"} {
		r := web.Begin(t, dir, fmt.Sprint(i), "invoice", web.Began.Add(time.Duration(i)*time.Second))
		op := r.Open(record.Operation{Target: "invoice", Start: web.Began})
		if text != "" {
			op.Content.Result = text
		}
		r.Answer(op, time.Millisecond)
		r.Closed(web.Began.Add(time.Minute))
	}
	s := serving(t, dir)
	for filter, want := range map[string]string{
		"content:iNVoice": "0", "content:JÖRG": "0", "content:o": "20", "-content:invoice": "21", "content:invoice content:jörg": "0",
		"content:invoice -content:jörg": "", "content:absent": "", "content:textual": "", "content:invoice server:other": "",
	} {
		list := get[api.Sessions](t, s, "sessions?since=2026-01-01T00:00:00Z&filter="+url.QueryEscape(filter))
		got := ""
		for _, r := range list.Runs {
			got += r.ID
		}
		if got != want || list.Unsearched > 0 || want == "" && list.Excluding == nil {
			t.Errorf("%s: runs %q, want %q; %+v", filter, got, want, list.Excluding)
		}
	}
	for _, filter := range []string{"content:", "content:" + strings.Repeat("x", 300)} {
		if w := askRoutes(s, "sessions?filter="+filter); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", filter, w.Code, w.Body)
		}
	}
}

// TestSearchStops: a search that would take too long stops, and says how many sessions it has left out.
func TestSearchStops(t *testing.T) {
	dir := t.TempDir()
	r := web.Begin(t, dir, "r", "a", web.Began)
	op := r.Open(record.Operation{Target: "a", Start: web.Began})
	op.Content.Result = "some content"
	r.Answer(op, time.Millisecond)
	r.Closed(web.Began.Add(time.Minute))
	all, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	if has, read, err := all[0].HasContent(t.Context(), "content", 10); has || read <= 10 || err != nil {
		t.Errorf("10 bytes: %t, %d, %v", has, read, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := web.Search(ctx, "content", all); err == nil {
		t.Error("the request has ended, and the search has not")
	}
}
