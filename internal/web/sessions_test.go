package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// refused returns the reply to a request that cannot be answered as it is.
func refused(t testing.TB, s *web.Server, path string) (out api.Failure) {
	t.Helper()
	w := askRoutes(s, path)
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusBadRequest {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return out
}

// made stores sessions of runs of two servers each: the newest run is number 0.
func made(t testing.TB, dir string, first, runs int) {
	t.Helper()
	for n := first; n < first+runs; n++ {
		for i, server := range storetest.Servers()[:2] {
			if _, err := storetest.Make(dir, storetest.Session{
				Server: server, Client: record.Peer{Name: []string{"claude-code", "Visual Studio Code"}[n&1], Version: "2.1"}, Run: fmt.Sprintf("run-%d", n),
				Start: web.Began.Add(-time.Duration(n)*time.Hour + time.Duration(i)*time.Second), Calls: 20, Every: time.Second,
				Seed: uint64(100*n + i + 500), End: storetest.End(i),
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func ids(all []api.Run) (ids []string) {
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return ids
}

// matched counts the sessions of a page.
func matched(list *api.Sessions) (n int) {
	for i := range list.Runs {
		n += len(list.Runs[i].Sessions)
	}
	return n
}

// TestSessions checks what a page of the list has of stored sessions, at first and once their digests have been read.
func TestSessions(t *testing.T) {
	dir := t.TempDir()
	made(t, dir, 0, 2)
	s := serving(t, dir)
	list := get[api.Sessions](t, s, "sessions")
	if matched(&list) != 4 || list.InTime != 4 || !slices.Equal(ids(list.Runs), []string{"run-0", "run-1"}) || !list.Reading {
		t.Fatalf("%+v", list)
	}
	if one := list.Runs[0].Sessions[1]; one.Calls != 20 || one.Server != "github" || one.End.Mark != "crash" ||
		!strings.HasPrefix(one.End.Text, "exit 1 after ") || one.End.Tone != api.Bad || one.Number != 0 {
		t.Errorf("%+v", one)
	}
	if end := list.Runs[0].Sessions[0].End; end != (api.End{Text: "client closed", Tone: api.Quiet, Mark: "tick"}) {
		t.Errorf("%+v", end)
	}
	mcptest.Eventually(t, "the digests have been read", func() bool {
		list = get[api.Sessions](t, s, "sessions")
		return !list.Reading
	})
	run := list.Runs[0]
	calls := 0
	for _, n := range run.Sessions[0].Strip.Calls {
		calls += n
	}
	if calls != 20 || run.Sessions[0].Context != 9*310 || run.Context != (9+41)*310 || run.P95 == nil || run.Calls != 40 {
		t.Errorf("%d calls in the strip; %+v", calls, run)
	}
	if frame := get[api.Store](t, s, "store"); frame.Sessions != 4 || frame.Size == 0 {
		t.Errorf("%+v", frame)
	}
}

// TestNumbers checks that the page shows the numbers that commands take: those of the last listing, which any command may have made.
func TestNumbers(t *testing.T) {
	dir := t.TempDir()
	made(t, dir, 0, 1)
	s := serving(t, dir)
	list := get[api.Sessions](t, s, "sessions")
	name := list.Runs[0].Sessions[1].Name
	if err := store.Open(dir).List([]store.Session{{Name: "20261126T140000Z-000000"}, {Name: name}}); err != nil {
		t.Fatal(err)
	}
	list = get[api.Sessions](t, s, "sessions")
	found, err := store.Open(dir).Find("2")
	if err != nil || found.Name != name || list.Runs[0].Sessions[1].Number != 2 || list.Runs[0].Sessions[0].Number != 0 {
		t.Errorf("%s, %v; %+v", found.Name, err, list.Runs[0].Sessions)
	}
}

// TestSessionPages checks that pages of the list have each run once, also if one is added meanwhile.
func TestSessionPages(t *testing.T) {
	dir := t.TempDir()
	made(t, dir, 1, 5)
	s := serving(t, dir)
	first := get[api.Sessions](t, s, "sessions?limit=2")
	got := ids(first.Runs)
	made(t, dir, 0, 1)
	mcptest.Eventually(t, "the new run is listed", func() bool {
		return slices.Contains(ids(get[api.Sessions](t, s, "sessions").Runs), "run-0")
	})
	for next := first.Next; next != ""; {
		page := get[api.Sessions](t, s, "sessions?limit=2&after="+url.QueryEscape(next))
		got, next = append(got, ids(page.Runs)...), page.Next
	}
	if want := []string{"run-1", "run-2", "run-3", "run-4", "run-5"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, path := range []string{"sessions?after=x", "sessions?after=live.1", "sessions?limit=0", "sessions?since=never"} {
		refused(t, s, path)
	}
}

// TestAll checks that the page's "All" is everything that is stored, with commands that show as much.
func TestAll(t *testing.T) {
	dir := t.TempDir()
	made(t, dir, 0, 1)
	s := serving(t, dir)
	list := get[api.Sessions](t, s, "sessions?since=all")
	tools := get[api.Tools](t, s, "tools?since=all")
	costs := get[api.Context](t, s, "context?since=all")
	if list.InTime != 2 || len(tools.Rows) == 0 || len(costs.Servers) != 2 {
		t.Errorf("%+v\n%+v\n%+v", list, tools, costs)
	}
	tool := get[api.Tool](t, s, "tools/"+url.PathEscape(tools.Rows[0].Key)+"?since=all")
	for _, command := range append(tool.Commands, list.Command, tools.Command, costs.Command) {
		if !strings.Contains(command, " --since 180d") { // no command knows "all"
			t.Error(command)
		}
	}
}

// TestFilter checks what a filter and the terms of facets let through.
func TestFilter(t *testing.T) {
	dir := t.TempDir()
	made(t, dir, 0, 4)
	s := serving(t, dir)
	list := get[api.Sessions](t, s, "sessions?filter=server:github+client:claude*")
	if matched(&list) != 2 || list.InTime != 8 || !slices.Equal(ids(list.Runs), []string{"run-0", "run-2"}) || len(list.Runs[0].Sessions) != 1 {
		t.Errorf("%+v", list)
	}
	for _, f := range list.Facets {
		for _, v := range f.Values {
			found := get[api.Sessions](t, s, "sessions?filter="+url.QueryEscape(v.Term))
			if n := matched(&found); n != v.Count || n == 0 {
				t.Errorf("%s %q: %d sessions, want %d", f.Name, v.Term, n, v.Count)
			}
		}
	}
	if len(list.Facets) != 3 || len(list.Facets[1].Values) != 2 {
		t.Errorf("%+v", list.Facets)
	}
	list = get[api.Sessions](t, s, "sessions?filter=server:github+client:nothing")
	if e := list.Excluding; len(list.Runs) != 0 || e == nil || *e != (api.Excluding{Term: "client:nothing", Without: "server:github", Matches: 4}) {
		t.Errorf("%+v", list)
	}
	if f := refused(t, s, "sessions?filter=crashed+status:fialed"); f.Term != "status:fialed" || f.Error == "" {
		t.Errorf("%+v", f)
	}
}

// TestHostileNames checks that names of peers are safe to show, and that the terms of facets find them.
func TestHostileNames(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("ab", 6000)
	for i, name := range []string{"<img src=x onerror=alert(1)>", "a\x1b[31m\u202eb c", long, "*", "javascript:alert(1)"} {
		server := storetest.Servers()[0]
		server.Name = name
		server.Tools[0].Name = name
		if _, err := storetest.Make(dir, storetest.Session{
			Server: server, Client: record.Peer{Name: name}, Start: web.Began.Add(time.Duration(i) * time.Minute), Calls: 3,
			Every: time.Second, Seed: uint64(i + 1),
		}); err != nil {
			t.Fatal(err)
		}
	}
	s := serving(t, dir)
	text := strings.ReplaceAll(askRoutes(s, "sessions").Body.String(), `\\`, "") // what is shown of an escape
	if strings.ContainsAny(text, "\x1b\u202e") || strings.Contains(text, `\u001b`) || strings.Contains(text, long[:1000]) {
		t.Error(text)
	}
	list := get[api.Sessions](t, s, "sessions")
	for _, f := range list.Facets[1:] {
		if len(f.Values) != 5 {
			t.Errorf("%+v", f)
		}
		for _, v := range f.Values {
			found := get[api.Sessions](t, s, "sessions?filter="+url.QueryEscape(v.Term))
			if n := matched(&found); n < v.Count {
				t.Errorf("%q: %d sessions", v.Term, n)
			}
		}
	}
}

// TestDamagedSessions checks that a session that cannot be read is listed with the reason, beside those that can.
func TestDamagedSessions(t *testing.T) {
	dir := t.TempDir()
	made(t, dir, 0, 1)
	dirs := web.SessionDirs(t, dir)
	if err := os.WriteFile(filepath.Join(dirs[0], "session.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dirs[1], "digest"), []byte("SPDIGEST1\nxxxx"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serving(t, dir)
	troubles := 0
	for _, r := range get[api.Sessions](t, s, "sessions").Runs {
		for _, one := range r.Sessions {
			if one.Trouble != "" {
				troubles++
			}
		}
	}
	if troubles != 1 {
		t.Errorf("%d sessions say that something is wrong, want 1", troubles)
	}
	get[api.Live](t, s, "live")
}

// TestContextOfLive: what a live session's definitions cost is known, whether its server listed them before one looked or after. It
// stands in the digest alone.
func TestContextOfLive(t *testing.T) {
	dir := t.TempDir()
	recentRun(t, dir, storetest.Running)
	s := serving(t, dir)
	costs := func() (all []int64) {
		for _, r := range get[api.Sessions](t, s, "sessions?since=1h").Runs {
			for _, one := range r.Sessions {
				if one.Context > 0 {
					all = append(all, one.Context)
				}
			}
		}
		return all
	}
	if got := costs(); len(got) != 2 {
		t.Errorf("listed before: %v", got)
	}
	w, err := storetest.Make(dir, storetest.Session{Server: storetest.Servers()[0], Run: "other", Start: time.Now(), Calls: 2, End: storetest.Running, Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(context.Background(), nil) })
	mcptest.Eventually(t, "the cost of what is listed later is known", func() bool { return len(costs()) == 3 })
}
