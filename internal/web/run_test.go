package web

import (
	"context"
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

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

var update = flag.Bool("update", false, "write the replies in testdata anew")

// began is when the sessions of these tests began.
var began = time.Date(2026, 11, 26, 14, 0, 0, 0, time.UTC)

// recorded is a session that a test records, through the code that stores a wrapped one.
type recorded struct {
	*store.Writer
	sink interface {
		Opened(op *record.Operation)
		Changed(op *record.Operation)
		Noted(n record.Note)
	}
	about  record.Session
	number uint64
}

// begin begins a session.
func begin(t testing.TB, dir, run, server string, at time.Time) *recorded {
	t.Helper()
	id := fmt.Sprintf("00000000-0000-4000-8000-%012x", at.UnixMilli()&0xffffffffffff)
	res := resource.NewSchemaless(attribute.String("service.name", server), attribute.String("service.instance.id", id))
	r := &recorded{about: record.Session{
		ID: id, Launched: at, Started: at, PID: 4000, Client: record.Peer{Name: "claude-code", Version: "2.1.0"},
		Server: record.Peer{Name: server, Version: "1.2.3"}, Protocol: "2025-11-25", Ready: true,
	}}
	r.Writer = store.Create(store.Config{
		Dir: dir, Logger: slog.New(slog.DiscardHandler),
		Meta:   store.Meta{ID: id, Version: "1.0.0", Launched: at, Service: server, Run: run},
		Origin: &otlpfile.Origin{Resource: res.Attributes(), ScopeName: otel.Scope, ScopeVersion: "1.0.0"},
	})
	r.sink = otel.New(otel.Config{Version: "1.0.0", Resource: res, Session: record.Session{ID: id, Launched: at}, Recorder: r.Writer})
	r.note(r.about)
	return r
}

func sessionNames(t testing.TB, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "sessions", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (r *recorded) note(n record.Note) {
	r.sink.Noted(n)
	r.Noted(n)
}

func (r *recorded) changed(op record.Operation) {
	r.sink.Changed(&op)
	r.Changed(&op)
}

// open opens an operation and returns it. What it lacks is that of a call of a tool.
func (r *recorded) open(op record.Operation) record.Operation {
	r.number++
	op.Change, op.Number = record.Opened, r.number
	if op.Direction == "" {
		op.Direction = record.ToServer
	}
	if op.Method == "" {
		op.Method = semconv.ToolsCall
	}
	op.RequestID, op.RequestSize, op.RoundTrips = fmt.Sprint(r.number), 180, 1
	asOpened := op
	asOpened.Content = record.Content{}
	r.sink.Opened(&asOpened)
	r.Opened(&asOpened)
	return op
}

// still says that an operation has been open for a while; if it hangs, for long.
func (r *recorded) still(op record.Operation, hangs bool) record.Operation {
	op.Change = record.StillOpen
	r.changed(op)
	if hangs {
		op.Change, op.Hung, op.Duration = record.Hanging, true, 30*time.Second
		op.Prove(record.ServerIdle, record.Evidence{Processes: 2, Over: 29 * time.Second})
		r.changed(op)
	}
	return op
}

// answer ends an operation with an answer.
func (r *recorded) answer(op record.Operation, took time.Duration) {
	op.Answered, op.ResponseSize = true, max(op.ResponseSize, 400)
	op.Wait, op.Transfer = took-took/20, took/20
	op.FirstByte = op.Start.Add(op.Wait)
	r.over(op, took)
}

// over ends an operation.
func (r *recorded) over(op record.Operation, took time.Duration) {
	op.Change, op.Duration = record.Ended, took
	op.End = op.Start.Add(took + op.InputWait)
	r.changed(op)
}

// closed ends the session by its client.
func (r *recorded) closed(at time.Time) {
	r.note(record.Exit{Time: at, EndedBy: record.ByClient, Cause: record.ClientLeft, Lifetime: at.Sub(r.about.Launched)})
	r.Close(context.Background(), nil)
}

// killed ends the session as if its process had been killed.
func (r *recorded) killed() { r.Close(context.Background(), nil) }

// story stores a run that has of everything, which the client closed; it returns its id.
func story(t testing.TB, dir string) string {
	t.Helper()
	const run = "f00d"
	at := func(d time.Duration) time.Time { return began.Add(d) }
	git := begin(t, dir, run, "github", began)
	files := begin(t, dir, run, "filesystem", at(40*time.Millisecond))
	for _, r := range []*recorded{git, files} {
		first := r.open(record.Operation{Method: semconv.Initialize, Start: r.about.Launched.Add(20 * time.Millisecond)})
		r.answer(first, 212*time.Millisecond)
		r.note(record.Notification{Time: r.about.Launched.Add(300 * time.Millisecond), Direction: record.ToServer, Method: semconv.Initialized, Size: 54})
	}
	ok := git.open(record.Operation{Target: "list_commits", Start: at(2 * time.Second)})
	ok.ResponseSize = 13_000
	git.answer(ok, 360*time.Millisecond)
	read := files.open(record.Operation{Target: "read_text_file", Start: at(2100 * time.Millisecond)})
	files.answer(read, 2*time.Millisecond)
	limited := git.open(record.Operation{Target: "search_code", Start: at(4 * time.Second)})
	limited.ErrorType, limited.Class = semconv.ErrTool, record.RateLimited
	git.answer(limited, 940*time.Millisecond)
	wrong := files.open(record.Operation{Target: "edit_file", Start: at(6 * time.Second)})
	wrong.Code, wrong.Class = "-32602", record.InvalidParams
	files.answer(wrong, 6*time.Millisecond)
	large := files.open(record.Operation{Target: "directory_tree", Start: at(8 * time.Second)})
	large.ResponseSize, large.ResponseTokens = 1_600_000, 412_000
	large.Content = record.Content{
		Arguments: `{"path":"/srv/data","depth":9}`, Result: `{"content":[{"type":"text","text":"<svg onload=alert(1)>\u202e\u001b[31m"}]}`,
	}
	files.answer(large, 1900*time.Millisecond)
	asks := git.open(record.Operation{Target: "create_issue", Start: at(12 * time.Second)})
	asks = git.still(asks, false)
	form := git.open(record.Operation{
		Direction: record.ToClient, Method: semconv.ElicitationCreate, Parent: asks.Number, Start: at(12500 * time.Millisecond),
	})
	form.InputWait = 9 * time.Second
	git.answer(form, 0)
	asks.InputWait = 9 * time.Second
	git.answer(asks, 700*time.Millisecond)
	slow := files.open(record.Operation{Target: "search_files", Start: at(30 * time.Second)})
	slow = files.still(slow, true)
	for i := range 3 {
		slow.Events = append(slow.Events, record.Event{Name: semconv.ProgressEvent, Time: at(time.Duration(32+2*i) * time.Second)})
	}
	slow.Progress, slow.ErrorType, slow.Class = 3, semconv.ErrTimeout, record.Timeout
	files.over(slow, 60*time.Second)
	files.note(record.Violation{
		Time: at(94 * time.Second), Direction: record.ToClient, Kind: record.LateResponse, Sent: slow.RequestID, Size: 512,
		Late: 4 * time.Second,
	})
	back := git.open(record.Operation{Target: "get_file_contents", Start: at(95 * time.Second)})
	back.ErrorType, back.Class = semconv.ErrCancelled, record.Cancelled
	git.over(back, 3*time.Second)
	git.note(record.Notification{Time: at(99 * time.Second), Direction: record.ToClient, Method: semconv.ResourcesUpdated, Size: 90})
	git.closed(at(120 * time.Second))
	files.closed(at(121 * time.Second))
	return run
}

// serving returns a server over a store, as it is after a minute.
func serving(t testing.TB, dir string) *Server {
	t.Helper()
	s, err := New(Config{Store: store.Open(dir), Dir: dir, HangAfter: 30 * time.Second, Zone: time.UTC, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// get asks the server's own handler, and reads the reply.
func get[T any](t testing.TB, s *Server, path string) T {
	t.Helper()
	w := ask(s, path)
	var out T
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func ask(s *Server, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/api/v1/"+path, nil)
	s.routes().ServeHTTP(w, r)
	return w
}

// TestReplies compares the replies about a run that has of everything with those in testdata, which the page's modules are
// developed with.
func TestReplies(t *testing.T) {
	dir := t.TempDir()
	run := story(t, dir)
	s := serving(t, dir)
	names := map[string]string{}
	all, err := s.config.Store.Sessions()
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
		golden(t, file, names, ask(s, path).Body.Bytes())
	}
}

// golden compares a reply with a file, but for what is by chance.
func golden(t *testing.T, name string, names map[string]string, reply []byte) {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal(reply, &value); err != nil {
		t.Fatalf("%s: %v: %s", name, err, reply)
	}
	value["now"] = began.Add(time.Hour)
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
		w, err := storetest.Make(dir, storetest.Session{
			Server: storetest.Servers()[i], Run: "r", Start: began.Add(time.Duration(i) * time.Second), Calls: 200,
			Every: time.Second, Chat: 1, Seed: uint64(i), End: storetest.End(i),
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = w
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
