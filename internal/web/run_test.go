package web_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
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
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

var update = flag.Bool("update", false, "write the replies in testdata anew")

// story stores a run that has of everything, which the client closed; it returns its id.
func story(t testing.TB, dir string) string {
	t.Helper()
	const run = "f00d"
	at := func(d time.Duration) time.Time { return web.Began.Add(d) }
	git := web.Begin(t, dir, run, "github", web.Began)
	files := web.Begin(t, dir, run, "filesystem", at(40*time.Millisecond))
	for _, r := range []*web.Recorded{git, files} {
		first := r.Open(record.Operation{Method: semconv.Initialize, Start: r.About.Launched.Add(20 * time.Millisecond)})
		r.Answer(first, 212*time.Millisecond)
		r.Note(record.Notification{Time: r.About.Launched.Add(300 * time.Millisecond), Direction: record.ToServer, Method: semconv.Initialized, Size: 54})
	}
	ok := git.Open(record.Operation{Target: "list_commits", Start: at(2 * time.Second)})
	ok.ResponseSize = 13_000
	git.Answer(ok, 360*time.Millisecond)
	read := files.Open(record.Operation{Target: "read_text_file", Start: at(2100 * time.Millisecond)})
	files.Answer(read, 2*time.Millisecond)
	limited := git.Open(record.Operation{Target: "search_code", Start: at(4 * time.Second)})
	limited.ErrorType, limited.Class = semconv.ErrTool, record.RateLimited
	git.Answer(limited, 940*time.Millisecond)
	wrong := files.Open(record.Operation{Target: "edit_file", Start: at(6 * time.Second)})
	wrong.Code, wrong.Class = "-32602", record.InvalidParams
	files.Answer(wrong, 6*time.Millisecond)
	large := files.Open(record.Operation{Target: "directory_tree", Start: at(8 * time.Second)})
	large.ResponseSize, large.ResponseTokens = 1_600_000, 412_000
	large.Content = record.Content{
		Arguments: `{"path":"/srv/data","depth":9}`, Result: `{"content":[{"type":"text","text":"<svg onload=alert(1)>\u202e\u001b[31m"}]}`,
	}
	files.Answer(large, 1900*time.Millisecond)
	asks := git.Open(record.Operation{Target: "create_issue", Start: at(12 * time.Second)})
	asks = git.Still(asks, false)
	form := git.Open(record.Operation{
		Direction: record.ToClient, Method: semconv.ElicitationCreate, Parent: asks.Number, Start: at(12500 * time.Millisecond),
	})
	form.InputWait = 9 * time.Second
	git.Answer(form, 0)
	asks.InputWait = 9 * time.Second
	git.Answer(asks, 700*time.Millisecond)
	slow := files.Open(record.Operation{Target: "search_files", Start: at(30 * time.Second)})
	slow = files.Still(slow, true)
	for i := range 3 {
		slow.Events = append(slow.Events, record.Event{Name: semconv.ProgressEvent, Time: at(time.Duration(32+2*i) * time.Second)})
	}
	slow.Progress, slow.ErrorType, slow.Class = 3, semconv.ErrTimeout, record.Timeout
	files.Over(slow, 60*time.Second)
	files.Note(record.Violation{
		Time: at(94 * time.Second), Direction: record.ToClient, Kind: record.LateResponse, Sent: slow.RequestID, Size: 512,
		Late: 4 * time.Second,
	})
	back := git.Open(record.Operation{Target: "get_file_contents", Start: at(95 * time.Second)})
	back.ErrorType, back.Class = semconv.ErrCancelled, record.Cancelled
	git.Over(back, 3*time.Second)
	git.Note(record.Notification{Time: at(99 * time.Second), Direction: record.ToClient, Method: semconv.ResourcesUpdated, Size: 90})
	git.Closed(at(120 * time.Second))
	files.Closed(at(121 * time.Second))
	return run
}

// serving returns a server over a store.
func serving(t testing.TB, dir string) *web.Server {
	t.Helper()
	s, err := web.New(web.Config{Store: store.Open(dir), Dir: dir, HangAfter: 30 * time.Second, Zone: time.UTC, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// get returns the reply to a request for data.
func get[T any](t testing.TB, s *web.Server, path string) T {
	t.Helper()
	w := askRoutes(s, path)
	var out T
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func askRoutes(s *web.Server, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/api/v1/"+path, nil)
	s.Routes().ServeHTTP(w, r)
	return w
}

// TestReplies compares the replies about a run that has of everything with those in testdata, which the page's modules are
// developed with.
func TestReplies(t *testing.T) {
	dir := t.TempDir()
	run := story(t, dir)
	s := serving(t, dir)
	names := map[string]string{}
	all, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	mcptest.Eventually(t, "the strips are there", func() bool {
		return get[api.RunDetail](t, s, "runs/"+run).Run.Sessions[1].Strip != nil
	})
	for i := range all {
		names[all[i].Name] = all[i].Name[:len("20261126T140000Z-")] + fmt.Sprintf("00000%d", len(all)-i)
	}
	slices.SortFunc(all, func(a, b store.Session) int { return a.Launched.Compare(b.Launched) })
	files := "sessions/" + all[1].Name + "/operations/"
	for file, path := range map[string]string{
		"run": "runs/" + run, "operations": "runs/" + run + "/operations", "resources": "runs/" + run + "/resources",
		"operation": files + "5", "operation-large": files + "4", "operation-asked": "sessions/" + all[0].Name + "/operations/4",
	} {
		golden(t, file, names, askRoutes(s, path).Body.Bytes())
	}
}

// golden compares a reply with a file, but for what is by chance.
func golden(t *testing.T, name string, names map[string]string, reply []byte) {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal(reply, &value); err != nil {
		t.Fatalf("%s: %v: %s", name, err, reply)
	}
	value["now"] = web.Began.Add(time.Hour)
	if attributes, ok := value["attributes"].([]any); ok { // the last are ids of the span
		value["attributes"] = attributes[:len(attributes)-2]
	}
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for from, to := range names {
		got = strings.ReplaceAll(got, from, to)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, []byte(got+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got+"\n" {
		t.Errorf("%s differs (%v); look at it, and: go test ./internal/web -run %s -update\n%s", path, err, t.Name(), got)
	}
}

// TestPages: the pages of a run, whatever their size, are the whole.
func TestPages(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		if _, err := storetest.Make(dir, storetest.Session{
			Server: storetest.Servers()[i], Run: "r", Start: web.Began.Add(time.Duration(i) * time.Second), Calls: 200,
			Every: time.Second, Chat: 1, Seed: uint64(i), End: storetest.End(i),
		}); err != nil {
			t.Fatal(err)
		}
	}
	s := serving(t, dir)
	whole := get[api.Operations](t, s, "runs/r/operations")
	if len(whole.Number) != 3*(200+2+200+1) || whole.Next != "" || whole.LeftOut != 0 {
		t.Fatalf("%d rows, %d left out, next %q", len(whole.Number), whole.LeftOut, whole.Next)
	}
	want := rowsIn(&whole)
	for _, size := range []int{1, 7, 100, 5000} {
		var got []string
		next := ""
		for {
			page := get[api.Operations](t, s, fmt.Sprintf("runs/r/operations?limit=%d&after=%s", size, next))
			got = append(got, rowsIn(&page)...)
			if next = page.Next; next == "" {
				break
			}
			if len(page.Number) != size {
				t.Fatalf("a page of %d has %d rows", size, len(page.Number))
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("pages of %d are not the whole: %d rows, want %d", size, len(got), len(want))
		}
	}
}

// rowsIn returns the rows of a reply, each as a text.
func rowsIn(o *api.Operations) []string {
	var all []string
	for i := range o.Number {
		all = append(all, fmt.Sprint(o.Sessions[o.Session[i]], o.Number[i], o.Names[o.Name[i]], o.Flags[i], o.Parent[i], o.Start[i],
			o.End[i], o.First[i], o.Took[i], o.Outcomes[o.Outcome[i]], o.Persons[i], o.Events[i], o.Answer[i]))
	}
	return all
}
