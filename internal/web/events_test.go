package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// connection is a page that is connected.
type connection struct {
	t      testing.TB
	body   *bufio.Reader
	last   string // id of the last event
	leave  context.CancelFunc
	status int
}

// connect connects a page, with the id of the last event that it has seen.
func connect(t testing.TB, s *web.Server, last string) *connection {
	t.Helper()
	server := httptest.NewServer(s.Routes())
	const patience = 2 * time.Minute // only a failing test takes that long
	ctx, leave := context.WithTimeout(t.Context(), patience)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	reply, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		leave()
		_ = reply.Body.Close()
		server.Close()
	})
	return &connection{t: t, body: bufio.NewReader(reply.Body), leave: leave, status: reply.StatusCode}
}

// next returns the next event's name and data, and an error at the end of the stream.
func (p *connection) next() (name string, e api.Events, err error) {
	data := ""
	for {
		line, err := p.body.ReadString('\n')
		if err != nil {
			return "", e, err
		}
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch key {
		case "id":
			p.last = value
		case "event":
			name = value
		case "data":
			data = value
		case "":
			if name == "" { // a comment
				continue
			}
			return name, e, json.Unmarshal([]byte(`{"`+name+`":`+data+`}`), &e)
		}
	}
}

// until reads events until one of the name is what is wanted.
func (p *connection) until(name string, is func(e *api.Events) bool) *api.Events {
	p.t.Helper()
	for {
		got, e, err := p.next()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v", name, err)
		}
		switch {
		case got == name && is(&e):
			return &e
		case got == "trouble" || got == "hello" && e.Hello.Reset: // nothing of what was before comes after it
			p.t.Fatalf("waiting for %s: %s %+v %+v", name, got, e.Trouble, e.Hello)
		}
	}
}

func (p *connection) hello() *api.Hello {
	p.t.Helper()
	return p.until("hello", func(*api.Events) bool { return true }).Hello
}

// run waits until an event has the run as it is wanted.
func (p *connection) run(id string, is func(r *api.Run) bool) {
	p.t.Helper()
	p.until("runs", func(e *api.Events) bool {
		for i := range e.Runs.Runs {
			if r := &e.Runs.Runs[i]; r.ID == id && is(r) {
				return true
			}
		}
		return false
	})
}

// TestEvents checks that a page learns of a session that starts, of its operations and how it ends, and of one that is removed,
// in a store that does not exist when the page connects.
func TestEvents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	s := serving(t, dir)
	p := connect(t, s, "")
	if p.hello().Reset {
		t.Error("a page that has seen nothing cannot have missed anything")
	}
	now := time.Now()
	one := web.Begin(t, dir, "r", "github", now)
	p.run("r", func(r *api.Run) bool { return r.Live && r.Sessions[0].Server == "github" && r.Client == "claude-code" })
	call := one.Open(record.Operation{Target: "search_code", Start: time.Now()})
	one.Answer(call, 40*time.Millisecond)
	one.Flush(t.Context())
	ended := p.until("operations", func(e *api.Events) bool { return e.Operations.Run == "r" }).Operations
	if len(ended.Number) != 1 || ended.Number[0] != call.Number || ended.Names[ended.Name[0]] != "search_code" || ended.End[0] < 0 {
		t.Errorf("%+v", ended)
	}
	p.until("live", func(e *api.Events) bool { return len(e.Live.Ended) == 1 && e.Live.Ended[0].Name == "search_code" })
	one.Note(record.Notification{Time: time.Now(), Direction: record.ToClient, Method: "notifications/tools/list_changed"})
	one.Flush(t.Context())
	noted := p.until("operations", func(e *api.Events) bool { return e.Operations.Flags[0]&api.FlagNote != 0 }).Operations
	if len(noted.Flags) != 1 || noted.Names[noted.Name[0]] != "notifications/tools/list_changed" {
		t.Errorf("%+v", noted)
	}
	hangs := one.Still(one.Open(record.Operation{Target: "list_commits", Start: time.Now().Add(-31 * time.Second)}), true)
	one.Flush(t.Context())
	p.until("attention", func(e *api.Events) bool {
		return e.Attention.Hung == 1 && e.Attention.Alerts[0].Hung && e.Attention.Alerts[0].Subject == "github list_commits" &&
			e.Attention.Alerts[0].Place == api.Place{Run: "r", Session: e.Attention.Alerts[0].Session, Operation: hangs.Number}
	})
	open := get[api.Live](t, s, "live").Open
	if len(open) != 1 || open[0].Side != "server's side" || open[0].Stations[2].State != "stuck" ||
		open[0].Headline != "The server has read the request and does nothing." {
		t.Errorf("%+v", open)
	}
	one.Answer(hangs, 40*time.Second)
	one.Closed(time.Now())
	p.run("r", func(r *api.Run) bool {
		return !r.Live && r.Calls == 2 && r.Hung == 1 && r.HungNow == 0 && r.End.Text == "client closed"
	})
	name := filepath.Base(web.SessionDirs(t, dir)[0])
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	p.until("gone", func(e *api.Events) bool { return e.Gone.Sessions[0] == name })
	if list := get[api.Sessions](t, s, "sessions"); list.InTime != 0 {
		t.Errorf("%+v", list)
	}
	s.Close()
	p.until("bye", func(*api.Events) bool { return true })
	if _, _, err := p.next(); err == nil {
		t.Error("the stream goes on")
	}
}

// TestResume checks that a page that connects again gets what it has missed, and reads all again if that is not known.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, dir)
	p := connect(t, s, "")
	p.hello()
	one := web.Begin(t, dir, "r", "github", time.Now())
	defer one.Killed()
	p.run("r", func(r *api.Run) bool { return r.Live })
	p.leave()
	other := connect(t, s, "") // which sees that the page has missed something
	other.hello()
	call := one.Open(record.Operation{Target: "search_code", Start: time.Now()})
	one.Answer(call, 40*time.Millisecond)
	one.Flush(t.Context())
	other.until("operations", func(*api.Events) bool { return true })
	p = connect(t, s, p.last)
	if p.hello().Reset {
		t.Error("what was missed is known")
	}
	p.until("operations", func(e *api.Events) bool { return e.Operations.Number[0] == call.Number })
	for _, id := range []string{"another-1", s.EventID(1 << 40), "x"} {
		if !connect(t, s, id).hello().Reset {
			t.Errorf("a page that has seen %s has missed what is not known", id)
		}
	}
}

// TestOver checks that a page learns that something does not need a look any more, although nothing has happened.
func TestOver(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	one := web.Begin(t, dir, "r", "github", now.Add(-90*time.Second))
	one.Note(record.Exit{Time: now, EndedBy: record.ByServer, Code: 3})
	one.Killed() // it has its exit
	s := serving(t, dir)
	p := connect(t, s, "")
	p.hello()
	mcptest.Eventually(t, "what needs a look is looked at again", s.LooksAgain)
	all := get[api.Sessions](t, s, "sessions").Attention
	if len(all) != 1 || all[0].Word != "Ended" || all[0].Subject != "github" ||
		all[0].Text != "of claude-code ended by itself after 90.0s: exit 3." {
		t.Errorf("%+v", all)
	}
	s.SetClock(func() time.Time { return now.Add(2 * time.Hour) })
	s.LookAgain()
	p.until("attention", func(e *api.Events) bool { return len(e.Attention.Alerts) == 0 })
}

// TestSlowPage checks that events which a page has not taken are forgotten in time, and that it notices.
func TestSlowPage(t *testing.T) {
	s := web.NewStream()
	for i := range 3 {
		s.Add("listing", i)
	}
	if text, missed := s.Read(); missed || strings.Count(text, "event: listing\n") != 3 {
		t.Errorf("%q, %v", text, missed)
	}
	for range web.MostEvents + 1 {
		s.Add("listing", 0)
	}
	if text, missed := s.Read(); !missed || text != "" {
		t.Errorf("%q, %v", text, missed)
	}
	if text, missed := s.Read(); missed || text != "" {
		t.Errorf("%q, %v", text, missed)
	}
	large := strings.Repeat("x", web.MostEventBytes/4)
	for range 8 {
		s.Add("listing", large)
	}
	if n, size := s.Kept(); size > web.MostEventBytes || n == 0 {
		t.Errorf("%d events of %d bytes are kept", n, size)
	}
	for range web.MostStreams - 1 {
		s.Admit()
	}
	if s.Admit() {
		t.Error("there is no end of pages")
	}
}

// TestRefusedPage checks the reply to a page too many.
func TestRefusedPage(t *testing.T) {
	s := serving(t, t.TempDir())
	for range web.MostStreams {
		s.Admit()
	}
	if p := connect(t, s, ""); p.status != http.StatusServiceUnavailable {
		t.Error(p.status)
	}
}

// TestFollowing checks that the store is followed while a page is connected, and that afterwards nothing runs.
func TestFollowing(t *testing.T) {
	dir := t.TempDir()
	made(t, dir, 0, 1)
	s := serving(t, dir)
	s.SetGrace(time.Millisecond)
	p := connect(t, s, "")
	p.hello()
	if !runs("web.(*keeper).follow(") {
		t.Error("nothing follows the store")
	}
	p.leave()
	mcptest.Eventually(t, "the store is not followed any more", func() bool { return !runs("web.(*keeper).") })
	made(t, dir, 1, 1)
	s.SetGrace(time.Hour)
	if list := get[api.Sessions](t, s, "sessions"); list.InTime != 4 {
		t.Errorf("%d sessions", list.InTime)
	}
	if !connect(t, s, p.last).hello().Reset {
		t.Error("nothing was followed meanwhile")
	}
	s.Close()
	mcptest.Eventually(t, "nothing runs", func() bool { return !runs("web.(*keeper).") })
}

// runs reports whether a goroutine runs a function.
func runs(name string) bool {
	stacks := make([]byte, 1<<20)
	return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), name)
}

// TestUnreadable checks that a page learns that the store cannot be read any more.
func TestUnreadable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	made(t, dir, 0, 1)
	s := serving(t, dir)
	p := connect(t, s, "")
	p.hello()
	if err := os.Rename(dir, dir+" of before"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.until("trouble", func(e *api.Events) bool { return strings.HasPrefix(e.Trouble.Text, "the store cannot be read: ") })
	if frame := get[api.Store](t, s, "store"); frame.Problem == "" {
		t.Errorf("%+v", frame)
	}
}

// TestAskerEvent: when a person is asked, and when they have answered, the call that waits for that is news, too.
func TestAskerEvent(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, dir)
	p := connect(t, s, "")
	p.hello()
	one := web.Begin(t, dir, "r", "tickets", time.Now())
	defer one.Killed()
	call := one.Still(one.Open(record.Operation{Target: "create_ticket", Start: time.Now()}), false)
	one.Flush(t.Context())
	stands := func(text string) {
		p.until("operations", func(e *api.Events) bool {
			at := slices.Index(e.Operations.Number, call.Number)
			return at >= 0 && e.Operations.Outcomes[e.Operations.Outcome[at]].Text == text
		})
	}
	stands("open")
	form := one.Open(record.Operation{Direction: record.ToClient, Method: semconv.ElicitationCreate, Parent: call.Number, Start: time.Now()})
	form = one.Still(form, false)
	one.Flush(t.Context())
	stands("waits for you")
	one.Answer(form, 2*time.Second)
	one.Flush(t.Context())
	stands("open")
}
