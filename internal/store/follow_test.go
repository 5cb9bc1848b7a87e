package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/lockfile"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// followed collects what Follow reports.
type followed struct {
	mu     sync.Mutex
	calls  int
	events []store.Event
	done   chan error
}

// follow follows a store until the test ends.
func follow(t *testing.T, dir string, what store.Following) *followed {
	t.Helper()
	f := &followed{done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	what.Every = 5 * time.Millisecond
	go func() {
		f.done <- store.Open(dir).Follow(ctx, what, func(events []store.Event) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.calls++
			f.events = append(f.events, events...)
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-f.done; err != nil {
			t.Error(err)
		}
	})
	f.wait(t, "the first report", func([]store.Event) bool { return f.calls > 0 })
	return f
}

// wait waits until what was reported is what it should be.
func (f *followed) wait(t *testing.T, what string, ok func([]store.Event) bool) {
	t.Helper()
	mcptest.Eventually(t, what, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return ok(f.events)
	})
}

// waitFor waits until the lines that describe the events end in these.
func (f *followed) waitFor(t *testing.T, want ...string) {
	t.Helper()
	f.wait(t, strings.Join(want, ", "), func(events []store.Event) bool {
		lines := describe(events)
		return len(lines) >= len(want) && slices.Equal(lines[len(lines)-len(want):], want)
	})
}

func describe(events []store.Event) []string {
	var lines []string
	for _, e := range events {
		line := fmt.Sprintf("%s %s", e.Session.ServerName(), e.Kind)
		if e.Operation != nil {
			line += " " + e.Operation.Target
		}
		if e.Kind == store.SessionEnded {
			line += " " + string(e.Session.State)
		}
		if e.Before {
			line += " before"
		}
		lines = append(lines, line)
	}
	return lines
}

// TestFollow: a store that does not exist is followed from its first session on: operations as they open, hang and end, in
// sessions that come, go, and are killed.
func TestFollow(t *testing.T) {
	dir := filepath.Join(storeDir(t), "later")
	f := follow(t, dir, store.Following{})
	first := startLive(t, dir, "one", time.Now())
	f.waitFor(t, "one session_started")
	first.named("One", "client")
	f.waitFor(t, "One session_changed")
	first.call("quick")
	f.waitFor(t, "One operation_ended quick")
	slow := first.open("slow")
	first.change(slow, record.StillOpen, time.Second)
	f.waitFor(t, "One operation_open slow")
	first.change(slow, record.Hanging, 30*time.Second)
	f.waitFor(t, "One operation_hangs slow")

	second := startLive(t, dir, "two", time.Now())
	f.waitFor(t, "two session_started")
	second.call("other")
	f.waitFor(t, "two operation_ended other")
	second.kill()
	f.waitFor(t, "two session_ended killed")

	first.end(slow, semconv.ErrTimeout)
	first.close()
	f.waitFor(t, "One operation_ended slow", "One session_ended ended")

	short := startLive(t, dir, "short", time.Now()) // comes and goes between two looks, perhaps
	short.call("only")
	short.close()
	f.waitFor(t, "short session_started", "short operation_ended only", "short session_ended ended")
	f.mu.Lock()
	defer f.mu.Unlock()
	last := f.events[len(f.events)-1].Session
	if last.Totals.Calls != 1 || last.Exit == nil {
		t.Errorf("the ended session has %+v", last.Meta)
	}
}

// TestFollowBegins: what is live comes first, with what is open in it and what Last asks for, each once and in the order of
// time. What has ended by then is not open, whatever the log says.
func TestFollowBegins(t *testing.T) {
	dir := storeDir(t)
	old := startLive(t, dir, "old", time.Now().Add(-time.Hour))
	old.call("a")
	old.call("b")
	old.close()
	one := startLive(t, dir, "one", time.Now())
	defer one.close()
	over, slow := one.open("over"), one.open("slow")
	one.change(over, record.StillOpen, time.Second)
	one.change(slow, record.StillOpen, time.Second)
	one.change(slow, record.Hanging, 30*time.Second)
	one.end(over, "")
	flushed(t, dir, "one", func(s store.Session) bool { s.Sum(); return s.Totals.Calls == 1 && s.Totals.Open == 1 })

	f := follow(t, dir, store.Following{Last: 3})
	want := []string{
		"one session_started before", "one operation_open slow before", "one operation_hangs slow before",
		"old operation_ended b before", "one operation_ended over before",
	}
	f.mu.Lock()
	got := describe(f.events)
	if !slices.IsSortedFunc(f.events, func(a, b store.Event) int { return a.Time.Compare(b.Time) }) {
		t.Errorf("%q are not in the order of time", got)
	}
	f.mu.Unlock()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	one.end(slow, "")
	f.waitFor(t, "one operation_ended slow")
}

// TestFollowStarting: what a session that has no session.json yet has written is reported once, when that is there.
func TestFollowStarting(t *testing.T) {
	dir := storeDir(t)
	one := startLive(t, dir, "one", time.Now())
	defer one.close()
	one.call("quick")
	one.w.Flush(t.Context()) // what is written last is session.json, so that no other one comes while it is away
	meta := filepath.Join(only(t, dir).Dir, "session.json")
	if err := os.Rename(meta, meta+".held"); err != nil {
		t.Fatal(err)
	}
	f := follow(t, dir, store.Following{Last: 3})
	f.mu.Lock()
	if got := describe(f.events); len(got) > 0 {
		t.Errorf("before its session.json is there: %q", got)
	}
	f.mu.Unlock()
	if err := os.Rename(meta+".held", meta); err != nil {
		t.Fatal(err)
	}
	f.waitFor(t, "one operation_ended quick")
	f.mu.Lock()
	defer f.mu.Unlock()
	if got := describe(f.events); !slices.Equal(got, []string{"one session_started", "one operation_ended quick"}) {
		t.Errorf("got %q", got)
	}
}

// TestFollowNamedMeanwhile: what becomes known of a session while Follow begins, after it has read the session's file, is reported.
func TestFollowNamedMeanwhile(t *testing.T) {
	dir := storeDir(t)
	one := startLive(t, dir, "one", time.Now())
	defer one.close()
	one.w.Flush(t.Context())
	f := follow(t, dir, store.Following{Listing: func([]store.Session) {
		one.named("One", "client")
		flushed(t, dir, "one", func(s store.Session) bool { return s.ServerName() == "One" })
	}})
	f.waitFor(t, "One session_changed")
}

// flushed waits until the files of a session have what was written, and its session.json is there.
func flushed(t *testing.T, dir, service string, ok func(store.Session) bool) {
	t.Helper()
	mcptest.Eventually(t, service, func() bool {
		all, err := store.Open(dir).Sessions()
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(all, func(s store.Session) bool { return s.Service == service && s.Problem == "" && ok(s) })
	})
}

// TestFollowFilter: sessions are chosen by names that become known only later, and operations by how they end.
func TestFollowFilter(t *testing.T) {
	dir := storeDir(t)
	f := follow(t, dir, store.Following{Filter: store.Filter{Server: "git*", Client: "code", Failed: true}})
	yes, no := startLive(t, dir, "mcp-server", time.Now()), startLive(t, dir, "mcp-server", time.Now())
	for _, l := range []*live{yes, no} {
		l.call("good")
		l.end(l.open("bad"), semconv.ErrTool)
	}
	no.named("memory", "code")
	yes.named("GitHub", "Code")
	f.wait(t, "the call that failed", func(events []store.Event) bool {
		return slices.ContainsFunc(events, func(e store.Event) bool { return e.Operation != nil })
	})
	hangs := yes.open("hangs")
	yes.change(hangs, record.Hanging, 30*time.Second)
	f.waitFor(t, "GitHub operation_hangs hangs")
	yes.close()
	no.close()
	f.waitFor(t, "GitHub session_ended ended")
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.events[0].Kind != store.SessionStarted {
		t.Errorf("the first event is %s", f.events[0].Kind)
	}
	for _, e := range f.events {
		if e.Session.ID != yes.about.ID || e.Operation != nil && e.Operation.Target == "good" {
			t.Errorf("the filter does not choose %s of %s", e.Kind, e.Session.ServerName())
		}
	}
}

// TestFollowSurvives: what happens to the files does not end it.
func TestFollowSurvives(t *testing.T) {
	dir := storeDir(t)
	one := startLive(t, dir, "one", time.Now())
	f := follow(t, dir, store.Following{})
	path := func(name string) string {
		all, err := store.Open(dir).Sessions()
		if err != nil || len(all) == 0 {
			t.Fatal(all, err)
		}
		return filepath.Join(all[len(all)-1].Dir, name)
	}
	one.call("before")
	f.waitFor(t, "one operation_ended before")
	if err := os.WriteFile(path("session.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	one.call("after more damage")
	f.waitFor(t, "one operation_ended after more damage")

	if err := os.RemoveAll(filepath.Dir(path(""))); err != nil {
		t.Fatal(err)
	}
	f.waitFor(t, "one session_removed")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	again := startLive(t, dir, "again", time.Now())
	f.waitFor(t, "again session_started")
	again.call("x")
	f.waitFor(t, "again operation_ended x")
	again.close()
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestFollowDamaged: a session of which there is only the directory is followed; lines that cannot be read are left out, and one
// that is not whole yet is read when it is.
func TestFollowDamaged(t *testing.T) {
	from := storeDir(t)
	one := makeSession(t, from, 3)
	spans, err := os.ReadFile(filepath.Join(one.Dir, "traces.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(storeDir(t), "sessions", "20261126T100000Z-000000")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f := follow(t, filepath.Dir(filepath.Dir(dir)), store.Following{})
	file := func(name, text string) { appendTo(t, filepath.Join(dir, name), text) }
	file("session.lock", "")
	lock, err := os.OpenFile(filepath.Join(dir, "session.lock"), os.O_RDWR, 0)
	if err == nil {
		err = lockfile.Take(lock)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	file("session.json", `{"format":1,"id":"x","launched":"2026-11-26T10:00:00Z","service":"made by hand"}`)
	f.waitFor(t, "made by hand session_started")
	file("traces.jsonl", "{\"resourceSpans\":[{\"scope\nnull\n\x00\xff\n[]\n\n")
	file("logs.jsonl", "}\n{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{}]}]}]}\n")
	file("traces.jsonl", string(spans[:len(spans)/2]))
	file("traces.jsonl", string(spans[len(spans)/2:]))
	f.wait(t, "all operations", func(events []store.Event) bool {
		ended := 0
		for _, e := range events {
			if e.Kind == store.OperationEnded {
				ended++
			}
		}
		return ended == one.Totals.Operations
	})
}

// TestFollowEnds: an error of the report ends it, and is returned.
func TestFollowEnds(t *testing.T) {
	err := store.Open(storeDir(t)).Follow(t.Context(), store.Following{}, func([]store.Event) error { return errEnough })
	if !errors.Is(err, errEnough) {
		t.Errorf("got %v", err)
	}
}

// TestHistory: the last operations of all sessions, in the order of time, without reading them all.
func TestHistory(t *testing.T) {
	dir := storeDir(t)
	for i := range 6 {
		if _, err := storetest.Make(dir, storetest.Session{
			Server: storetest.Servers()[i%4], Start: epoch.Add(time.Duration(i) * time.Minute), Calls: 100, Every: 10 * time.Second,
			Seed: uint64(i), End: storetest.End(i % 3),
		}); err != nil {
			t.Fatal(err)
		}
	}
	var ends []time.Time
	all, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		r, err := s.Load()
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range r.Operations {
			ends = append(ends, op.End)
		}
	}
	slices.SortFunc(ends, time.Time.Compare)
	for _, n := range []int{1, 10, 250} {
		f := follow(t, dir, store.Following{Last: n})
		f.mu.Lock()
		got := f.events
		f.mu.Unlock()
		want := ends[len(ends)-n:]
		for i := range want {
			if len(got) != n || !got[i].Time.Equal(want[i]) {
				t.Fatalf("the last %d: %d events, number %d", n, len(got), i)
			}
		}
	}
}

var errEnough = errors.New("enough")

// TestFollowCopied: sessions whose files look newer than what they have, as after a copy, do not cost more than they are
// worth: only those that ended last are read.
func TestFollowCopied(t *testing.T) {
	dir := storeDir(t)
	const sessions, last = 120, 20
	for i := range sessions {
		_, err := storetest.Make(dir, storetest.Session{
			Server: storetest.Servers()[0], Start: time.Now().Add(-time.Duration(i+2) * time.Hour), Calls: 2 * last,
			Every: time.Minute / 2, End: storetest.Closed, Seed: uint64(i),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	allocated := func(work func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		work()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	begin := func(last int) func() {
		return func() {
			err := store.Open(dir).Follow(t.Context(), store.Following{Last: last}, func(events []store.Event) error {
				if len(events) != last {
					t.Errorf("%d events, want %d", len(events), last)
				}
				return errEnough
			})
			if !errors.Is(err, errEnough) {
				t.Error(err)
			}
		}
	}
	without, with := allocated(begin(0)), allocated(begin(last))
	all, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	one := allocated(func() { _, _ = all[0].LoadPart(store.Range{Last: last}) })
	if with > without+10*one {
		t.Errorf("%d kB for the last %d operations, and %d kB for a session", (with-without)/1000, last, one/1000)
	}
}

// TestFollowBeginsLate: an answer that came before Follow was called, and too late, is reported behind its operation.
func TestFollowBeginsLate(t *testing.T) {
	dir := storeDir(t)
	one := startLive(t, dir, "one", time.Now().Add(-time.Hour))
	one.end(one.open("slow"), semconv.ErrTimeout)
	one.Noted(record.Violation{Time: time.Now(), Direction: record.ToClient, Kind: record.LateResponse, Sent: "1", Size: 12})
	one.close()
	for _, test := range []struct {
		what store.Following
		want []string
	}{
		{store.Following{Last: 5}, []string{"one operation_ended slow before", "one noted before"}},
		{store.Following{Last: 5, Filter: store.Filter{Failed: true}}, []string{"one operation_ended slow before"}},
	} {
		f := follow(t, dir, test.what)
		f.mu.Lock()
		got := describe(f.events)
		f.mu.Unlock()
		if !slices.Equal(got, test.want) {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// TestFollowOrder: an operation that is reported as hanging when its session ends is not reported as if it hung afterwards.
func TestFollowOrder(t *testing.T) {
	dir := storeDir(t)
	one := startLive(t, dir, "one", time.Now())
	slow := one.open("slow")
	one.change(slow, record.Hanging, time.Minute)
	op := one.ops[slow]
	op.Change, op.End, op.ErrorType = record.Ended, op.Start.Add(time.Minute), semconv.ErrServerExit
	one.Changed(&op)
	one.close()
	f := follow(t, dir, store.Following{Last: 3})
	f.mu.Lock()
	defer f.mu.Unlock()
	if got := describe(f.events); !slices.Equal(got, []string{"one operation_hangs slow before", "one operation_ended slow before"}) {
		t.Errorf("%q", got)
	}
}

// TestFollowUnknown: where files cannot be locked, a session that has written lately is followed as if it were live.
func TestFollowUnknown(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not rename a file that is open")
	}
	dir := storeDir(t)
	one := startLive(t, dir, "one", time.Now())
	flushed(t, dir, "one", func(s store.Session) bool { return s.State == store.Live })
	lock := filepath.Join(only(t, dir).Dir, "session.lock")
	if err := os.Rename(lock, lock+".held"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(lock, 0o700); err != nil { // what is no file cannot be locked either
		t.Fatal(err)
	}
	f := follow(t, dir, store.Following{})
	f.waitFor(t, "one session_started before")
	one.call("quick")
	f.waitFor(t, "one operation_ended quick")
	one.close()
	f.waitFor(t, "one session_ended ended")
}

// TestRemovedMeanwhile removes stores while they are read, which is no error: there is nothing in them.
func TestRemovedMeanwhile(t *testing.T) {
	for i := range 100 {
		dir := filepath.Join(t.TempDir(), "store")
		if err := os.MkdirAll(filepath.Join(dir, "sessions"), 0o700); err != nil {
			t.Fatal(err)
		}
		removed := make(chan struct{})
		go func() {
			_ = os.RemoveAll(dir)
			close(removed)
		}()
		for over := false; !over; {
			select {
			case <-removed:
				over = true
			default:
			}
			if err := store.Open(dir).Readable(); err != nil {
				t.Fatalf("store %d: %v", i, err)
			}
		}
	}
}
