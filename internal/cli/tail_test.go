package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/cli"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// tailed are events of every kind, in the order of time.
func tailed() []store.Event {
	at := func(clock string) time.Time {
		t, err := time.ParseInLocation("2 15:04:05", clock, time.UTC)
		if err != nil {
			panic(err)
		}
		return t.AddDate(2026, 10, 0)
	}
	named := func(name string) *store.Session {
		return &store.Session{Name: name, State: store.Live, Meta: store.Meta{Server: record.Peer{Name: name}}}
	}
	github, postgres, tickets := named("github"), named("postgres"), named("tickets")
	memory := &store.Session{Name: "m", State: store.Live, Meta: store.Meta{Service: "memory"}}
	known := *memory
	known.Client = record.Peer{Name: "cursor-vscode", Version: "2.4.7"}
	crashed := known
	crashed.State, crashed.Ended = store.Ended, at("26 14:36:41")
	crashed.Exit = &store.Exit{EndedBy: record.ByServer, Cause: record.ServerEnded, Code: 1}
	closed := *github
	closed.State, closed.Launched, closed.Ended, closed.Totals.Calls = store.Ended, at("26 14:00:00"), at("26 14:37:00"), 62
	closed.Exit = &store.Exit{EndedBy: record.ByClient, Cause: record.ClientLeft}
	killed := *postgres
	killed.State = store.Killed
	op := func(kind store.EventKind, s *store.Session, clock string, took time.Duration, op record.Operation) store.Event {
		op.Duration, op.End, op.Change = took, at(clock), record.Ended
		if op.Method == "" {
			op.Method, op.Direction = semconv.ToolsCall, record.ToServer
		}
		if kind == store.OperationHangs {
			op.Change, op.Hung = record.Hanging, true
		}
		return store.Event{Kind: kind, Time: at(clock), Session: s, Operation: &op}
	}
	ended := store.OperationEnded
	return []store.Event{
		{Kind: store.SessionStarted, Time: at("25 10:00:00"), Session: postgres, Before: true},
		op(ended, github, "25 23:59:58.812", 211*time.Millisecond, record.Operation{
			Target: "search_code", RequestID: "49", Answered: true, ResponseSize: 312, ErrorType: semconv.ErrTool, Class: record.RateLimited}),
		op(ended, postgres, "26 14:31:53.1", 61*time.Millisecond, record.Operation{Target: "get_object_details", Answered: true, ResponseSize: 3000}),
		op(ended, tickets, "26 14:32:15.8", 11900*time.Millisecond, record.Operation{
			Method: semconv.ElicitationCreate, Direction: record.ToClient, Answered: true, ResponseSize: 96}),
		op(ended, tickets, "26 14:32:15.9", 520*time.Millisecond, record.Operation{
			Target: "create_ticket", Answered: true, ResponseSize: 1200, InputWait: 11 * time.Second}),
		op(ended, tickets, "26 14:32:16.7", 4100*time.Microsecond, record.Operation{
			Target: "assign_ticket", Answered: true, ResponseSize: 188, Code: "-32602", Class: record.InvalidParams}),
		op(ended, tickets, "26 14:32:17", 2*time.Millisecond, record.Operation{
			Target: "assign_ticket", Answered: true, ResponseSize: 99, ErrorType: semconv.ErrTool, Class: record.InvalidParams}),
		op(ended, postgres, "26 14:32:18", 1*time.Minute, record.Operation{Target: "vacuum", ErrorType: semconv.ErrServerExit}),
		op(store.OperationHangs, postgres, "26 14:32:50.2", 30*time.Second, record.Operation{Target: "execute_sql"}),
		op(ended, tickets, "26 14:33:21.1", 60*time.Second, record.Operation{
			Target: "sync_board", RequestID: "9", ErrorType: semconv.ErrTimeout, Class: record.Timeout}),
		{Kind: store.Noted, Time: at("26 14:33:24.5"), Session: tickets, Note: record.Violation{
			Time: at("26 14:33:24.5"), Direction: record.ToClient, Kind: record.LateResponse, Sent: "9", Size: 1600}},
		{Kind: store.Noted, Time: at("26 14:33:25"), Session: tickets, Note: record.Finding{
			Time: at("26 14:33:25"), Kind: record.UnseenSequence, Operation: 12, Tool: "send_mail", From: "read_file", Seen: 1,
			Unit: "{call}", Since: at("3 00:00:00"), Sessions: 312}},
		op(ended, tickets, "26 14:33:30", 2*time.Second, record.Operation{
			Target: "sync_board", RequestID: "10", ErrorType: semconv.ErrCancelled, Class: record.Cancelled}),
		{Kind: store.Noted, Time: at("26 14:33:31"), Session: tickets, Note: record.Violation{
			Time: at("26 14:33:31"), Direction: record.ToClient, Kind: record.LateResponse, Sent: "10", Size: 1600}},
		op(ended, github, "26 14:34:00", 2*time.Millisecond, record.Operation{
			Method: semconv.ResourcesRead, Direction: record.ToServer, Resource: "repo://{owner}/{repo}/contents/{+path}", Answered: true,
			ResponseSize: 1_600_000}),
		{Kind: store.Noted, Time: at("26 14:35:00"), Session: github, Note: record.DefinitionChange{
			Time: at("26 14:35:00"), Change: record.DefinitionChanged, Kind: record.ToolDefinition, Name: "create_pull_request",
			Parts: []record.Part{record.DescriptionPart, record.InputPart}, Since: at("26 14:35:00")}},
		{Kind: store.Noted, Time: at("26 14:35:00"), Session: github, Note: record.DefinitionChange{
			Time: at("26 14:35:00"), Change: record.DefinitionAdded, Kind: record.PromptDefinition, Name: "review", Since: at("26 14:35:00")}},
		{Kind: store.SessionStarted, Time: at("26 14:36:40"), Session: memory},
		{Kind: store.SessionChanged, Time: at("26 14:36:40"), Session: &known},
		{Kind: store.SessionEnded, Time: at("26 14:36:41.3"), Session: &crashed},
		{Kind: store.SessionEnded, Time: at("26 14:37:00"), Session: &closed},
		{Kind: store.SessionEnded, Time: at("26 14:37:02"), Session: &killed},
		op(ended, named("\x1b[2J\u202ee"), "26 14:37:03", time.Second, record.Operation{Target: "\x1b]0;x\a\u202e", Answered: true}),
	}
}

// TestTailLines: the lines fit the terminal, and their columns do not change. Names of any length are cut.
func TestTailLines(t *testing.T) {
	for name, screen := range map[string]*view.Screen{
		"tail-80.txt": {Columns: 80, Paint: view.Plain}, "tail-120.txt": {Columns: 120, Paint: view.Plain},
		"tail-pipe.txt": {Paint: view.Plain}, "tail-ascii.txt": {Columns: 80, Paint: view.Plain, ASCII: true},
	} {
		got := cli.TailLines(screen, lookedAt, tailed())
		golden(t, name, got)
		if strings.ContainsAny(got, "\x1b\a\u202e") {
			t.Errorf("%s: a name controls the terminal", name)
		}
		for line := range strings.Lines(got) {
			if w := view.Width(strings.TrimSuffix(line, "\n")); screen.Columns > 0 && w > screen.Columns {
				t.Errorf("%d columns of %d: %s", w, screen.Columns, line)
			}
		}
	}
}

// TestTailJSON: each line is an object.
func TestTailJSON(t *testing.T) {
	golden(t, "tail.json", cli.TailJSON(tailed()))
}
