package view_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

var update = flag.Bool("update", false, "rewrite the pictures in testdata")

// start is when the made-up sessions began.
var start = time.Date(2026, 11, 26, 14, 2, 14, 0, time.UTC)

// after is a time of a session.
func after(d time.Duration) time.Time { return start.Add(d) }

// maker makes a session, one operation after the other.
type maker struct {
	view.Records
	now time.Duration
}

// call adds an operation of the client, and returns it for changes.
func (m *maker) call(method string, took time.Duration) *record.Operation {
	method, target, _ := strings.Cut(method, " ")
	op := record.Operation{
		Change: record.Ended, Number: uint64(len(m.Operations) + 1), Direction: record.ToServer, Method: method, Target: target,
		Start: after(m.now), End: after(m.now + took), Duration: took, Wait: took, Answered: true, RoundTrips: 1, Protocol: "2025-11-25",
		RequestID: fmt.Sprint(len(m.Operations) + 1), RequestSize: 180, ResponseSize: 1200,
	}
	m.now += took
	m.Operations = append(m.Operations, op)
	return &m.Operations[len(m.Operations)-1]
}

// quiet lets time pass.
func (m *maker) quiet(d time.Duration) { m.now += d }

// tickets is the session of the made-up server tickets: a call in which a person is asked, one that is refused, one that
// is given up, and one that hangs.
func tickets() *view.Records {
	m := &maker{}
	m.Session = record.Session{
		ID: "00000000-0000-4000-8000-000000000005", Launched: start, Started: start, Protocol: "2025-11-25",
		Client: record.Peer{Name: "claude-code", Version: "2.1.240"}, Server: record.Peer{Name: "tickets", Version: "0.3.0-dev"},
	}
	m.call(semconv.Initialize, 212*time.Millisecond)
	m.Notes = append(m.Notes, record.Notification{Time: after(m.now), Direction: record.ToServer, Method: semconv.Initialized, Size: 54})
	m.quiet(time.Millisecond)
	list := m.call(semconv.ToolsList, 4100*time.Microsecond)
	list.ToolCount, list.DefinitionSize = 6, 8400
	for _, name := range []string{"list_tickets", "get_ticket", "update_ticket", "create_ticket", "assign_ticket", "sync_board"} {
		list.Definitions = append(list.Definitions, record.Definition{Kind: record.ToolDefinition, Name: name, Size: 1400})
	}
	m.quiet(6*time.Minute + 26*time.Second)
	listed := m.call("tools/call list_tickets", 488*time.Millisecond)
	listed.Wait, listed.Transfer = 300*time.Millisecond, 188*time.Millisecond
	listed.FirstByte = listed.Start.Add(listed.Wait)
	m.call("tools/call get_ticket", 31*time.Millisecond)
	m.call("tools/call get_ticket", 29*time.Millisecond)
	m.quiet(16*time.Minute + 2*time.Second)
	m.call("tools/call update_ticket", 402*time.Millisecond)
	m.call("tools/call list_tickets", 461*time.Millisecond)
	m.quiet(7*time.Minute + 17*time.Second)
	created := m.call("tools/call create_ticket", 12_420*time.Millisecond)
	created.InputWait = 11_900 * time.Millisecond
	created.Duration -= created.InputWait
	created.Progress = 2
	created.Events = []record.Event{
		{Name: semconv.ProgressEvent, Time: created.Start.Add(40 * time.Millisecond)},
		{Name: semconv.ProgressEvent, Time: created.Start.Add(90 * time.Millisecond)},
	}
	parent, ended := created.Number, m.now
	m.now -= 12_200 * time.Millisecond
	asked := m.call(semconv.ElicitationCreate, 11_900*time.Millisecond)
	asked.Parent, asked.Direction = parent, record.ToClient
	m.now = ended
	m.quiet(100 * time.Millisecond)
	refused := m.call("tools/call assign_ticket", 4100*time.Microsecond)
	refused.Code, refused.Class = "-32602", record.InvalidParams
	m.quiet(300 * time.Millisecond)
	synced := m.call("tools/call sync_board", time.Minute)
	synced.ErrorType, synced.Class, synced.Answered = semconv.ErrTimeout, record.Timeout, false
	m.Notes = append(m.Notes, record.Violation{
		Time: synced.End.Add(3400 * time.Millisecond), Direction: record.ToClient, Kind: record.LateResponse, Sent: synced.RequestID, Size: 1600,
	})
	m.quiet(4 * time.Second)
	hung := m.call("tools/call sync_board", 0)
	hung.Change, hung.End, hung.Hung, hung.Answered = record.Hanging, time.Time{}, true, false
	m.State, m.Last = view.Live, after(m.now+4*time.Minute)
	return &m.Records
}

// utc is a screen of a number of columns.
func utc(columns int) *view.Screen { return &view.Screen{Columns: columns, Zone: time.UTC} }

// golden compares a picture with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is drawn:\n%s\nwant:\n%s", name, got, want)
	}
}

// fits checks that no line is longer than a terminal, and that none ends with spaces.
func fits(t *testing.T, text string, columns int) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if columns > 0 && view.Width(line) > columns {
			t.Errorf("%d columns: %s", view.Width(line), line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("%q ends with spaces", line)
		}
	}
}

func drawTree(t *testing.T, r *view.Records, c view.Choice, s *view.Screen) string {
	t.Helper()
	var out strings.Builder
	if err := view.NewTree(r, c).Draw(&out, s); err != nil {
		t.Fatal(err)
	}
	fits(t, out.String(), s.Columns)
	return out.String()
}

func TestTree(t *testing.T) {
	killed := tickets()
	killed.State = view.Killed
	ended := tickets()
	ended.State = view.Ended
	ended.Exit = &record.Exit{Time: ended.Last, EndedBy: record.ByServer, Cause: record.ServerEnded, Code: 1, Open: 1}
	open := &ended.Operations[len(ended.Operations)-1]
	open.Change, open.End, open.Duration, open.ErrorType = record.Ended, ended.Last, 4*time.Minute, semconv.ErrServerExit
	ascii := utc(80)
	ascii.ASCII = true
	colored := utc(80)
	colored.Paint = func(c view.Color, text string) string { return "<" + string(c) + ":" + text + ">" }
	for _, test := range []struct {
		name    string
		records *view.Records
		screen  *view.Screen
		choice  view.Choice
	}{
		{name: "live-80", records: tickets(), screen: utc(80)},
		{name: "live-140", records: tickets(), screen: utc(140)},
		{name: "live-pipe", records: tickets(), screen: utc(0)},
		{name: "live-ascii", records: tickets(), screen: ascii},
		{name: "killed-80", records: killed, screen: utc(80)},
		{name: "ended-80", records: ended, screen: utc(80)},
		{name: "failed-80", records: tickets(), screen: utc(80), choice: view.Choice{Failed: true}},
		{name: "since-80", records: tickets(), screen: utc(80), choice: view.Choice{Since: after(29 * time.Minute)}},
		{name: "last-80", records: tickets(), screen: utc(80), choice: view.Choice{Last: 2}},
		{name: "empty-80", records: &view.Records{State: view.Live, Last: start}, screen: utc(80)},
	} {
		t.Run(test.name, func(t *testing.T) {
			golden(t, "tree-"+test.name, drawTree(t, test.records, test.choice, test.screen))
		})
	}
	var out strings.Builder
	if err := view.NewTree(tickets(), view.Choice{}).Draw(&out, colored); err != nil {
		t.Fatal(err)
	}
	golden(t, "tree-live-colors", out.String())
}

// TestTreeAtOneTime: a notification that was read at once with a request comes before it, as notifications/initialized does.
func TestTreeAtOneTime(t *testing.T) {
	r := &view.Records{
		State: view.Live, Last: after(time.Second),
		Operations: []record.Operation{{Change: record.Ended, Number: 1, Method: "tools/list", Start: start, End: start, Answered: true}},
		Notes:      []record.Note{record.Notification{Time: start, Direction: record.ToServer, Method: "notifications/initialized"}},
	}
	if got := drawTree(t, r, view.Choice{}, utc(80)); strings.Index(got, "initialized") > strings.Index(got, "tools/list") {
		t.Errorf("drawn:\n%s", got)
	}
}

// TestTreeOfMany: of a long session the end is shown, and before it what went wrong.
func TestTreeOfMany(t *testing.T) {
	m := &maker{}
	m.Session.Launched, m.State = start, view.Ended
	for i := range 10_000 {
		m.quiet(time.Second)
		op := m.call("tools/call read", 3*time.Millisecond)
		if i%2500 == 7 {
			op.ErrorType, op.Class = semconv.ErrTool, record.NotFound
		}
	}
	m.Last = after(m.now)
	tree := view.NewTree(&m.Records, view.Choice{Last: 20})
	if tree.Shown != 24 || tree.LeftOut != 9976 || tree.Trouble != 0 {
		t.Errorf("shown %d, left out %d, of them in trouble %d", tree.Shown, tree.LeftOut, tree.Trouble)
	}
	golden(t, "tree-many-80", drawTree(t, &m.Records, view.Choice{Last: 20}, utc(80)))
	if all := drawTree(t, &m.Records, view.Choice{}, utc(80)); strings.Count(all, "\n") != 10_001 {
		t.Errorf("all are drawn in %d lines", strings.Count(all, "\n"))
	}
	few := view.NewTree(&m.Records, view.Choice{Last: 2})
	if few.Trouble != 2 || few.Shown != 4 {
		t.Errorf("shown %d, of those in trouble %d are left out", few.Shown, few.Trouble)
	}
}

// TestHostileNames: columns stay straight, nothing is acted upon, and circles of parents end.
func TestHostileNames(t *testing.T) {
	m := &maker{}
	m.Session.Launched, m.State = start, view.Live
	for _, name := range []string{
		"plain", "日本語のツール", "👨‍👩‍👧 family", "e\u0301te\u0301", "שלום עולם", "مرحبا", "\x1b[2Jclear", "\u202eevil", "a\nb", "❤️ heart",
		"👍🏽 thumb", strings.Repeat("\u0301", 9) + "z" + strings.Repeat("\u0308", 9), strings.Repeat("long_name_", 20), "\xff\xfe",
	} {
		op := m.call("tools/call x", 10*time.Millisecond)
		op.Target = name
	}
	m.Operations[0].Parent, m.Operations[1].Parent = 2, 1
	m.Last = after(m.now)
	got := drawTree(t, &m.Records, view.Choice{}, utc(80))
	golden(t, "tree-hostile-80", got)
	for _, bad := range []string{"\x1b", "\u202e", "\u200d", "\ufe0f"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is in the picture", bad)
		}
	}
	lines := strings.Split(strings.TrimSpace(got), "\n")
	for _, line := range lines[1:] {
		if at := strings.Index(line, "ok"); view.Width(line[:at]) != view.Width(lines[1][:strings.Index(lines[1], "ok")]) {
			t.Errorf("outcomes are not in one column:\n%s", got)
			break
		}
	}
}

// TestCollector: live records are drawn like stored ones.
func TestCollector(t *testing.T) {
	want := tickets()
	var c view.Collector
	c.Noted(want.Session)
	c.Noted(record.Message{})
	for _, n := range want.Notes {
		c.Noted(n)
	}
	for i := range want.Operations {
		op := want.Operations[i]
		opened := op
		opened.Change, opened.End = record.Opened, time.Time{}
		c.Opened(&opened)
		c.Changed(&op)
	}
	live := c.Records(want.Last)
	if got := drawTree(t, live, view.Choice{}, utc(80)); got != drawTree(t, want, view.Choice{}, utc(80)) {
		t.Errorf("drawn:\n%s", got)
	}
	c.Noted(record.Exit{Time: want.Last, EndedBy: record.ByClient, Cause: record.ClientLeft})
	if r := c.Records(time.Now()); r.State != view.Ended || !r.End().Equal(want.Last) {
		t.Errorf("after its end it is %s, until %s", r.State, r.End())
	}
}

// TestRun draws the sessions of one client on one axis.
func TestRun(t *testing.T) {
	other := &maker{now: 29*time.Minute + 30*time.Second}
	other.State, other.Last = view.Live, tickets().Last
	other.call("tools/call search_code", 1310*time.Millisecond)
	limited := other.call("tools/call search_code", 204*time.Millisecond)
	limited.ErrorType, limited.Class = semconv.ErrTool, record.RateLimited
	other.quiet(90 * time.Second)
	other.call("resources/read", 3*time.Millisecond)
	members := []view.Member{{Server: "tickets", Records: tickets()}, {Server: "github", Records: &other.Records}}
	for _, test := range []struct {
		name   string
		choice view.Choice
		screen *view.Screen
	}{
		{"80", view.Choice{}, utc(80)}, {"140", view.Choice{}, utc(140)}, {"pipe", view.Choice{}, utc(0)},
		{"since-80", view.Choice{Since: after(29 * time.Minute)}, utc(80)},
		{"last-80", view.Choice{Last: 2}, utc(80)},
	} {
		var out strings.Builder
		if err := view.NewRun(members, test.choice).Draw(&out, test.screen); err != nil {
			t.Fatal(err)
		}
		golden(t, "run-"+test.name, out.String())
		fits(t, out.String(), test.screen.Columns)
	}
}

// TestWhole draws operations with everything that is known of them.
func TestWhole(t *testing.T) {
	r := tickets()
	content := r.Operations[2]
	content.Content = record.Content{Arguments: `{"board":"ops","limit":3}`, Result: "no JSON \x1b[31m\nsecond line"}
	attributes := []view.Attribute{
		{Key: semconv.MethodName, Value: "tools/call"}, {Key: semconv.ToolName, Value: "list_tickets"},
		{Key: semconv.RequestSize, Value: "214"}, {Key: semconv.Wait, Value: "0.3"}, {Key: semconv.Transfer, Value: "0"}, {Key: "unknown", Value: "\u202ex"},
		{Key: semconv.SessionID, Value: r.Session.ID}, {Key: semconv.ToolCallArguments, Value: "is content"},
	}
	for _, test := range []struct {
		name  string
		whole view.Whole
	}{
		{"answered", view.Whole{Operation: &content, Attributes: attributes, TraceID: "7b1f0000000000000000000000000001",
			SpanID: "00000000000000aa", Expires: after(24 * time.Hour)}},
		{"asked", view.Whole{Operation: &r.Operations[7]}},
		{"question", view.Whole{Operation: &r.Operations[8]}},
		{"refused", view.Whole{Operation: &r.Operations[9]}},
		{"given-up", view.Whole{Operation: &r.Operations[10]}},
		{"hung", view.Whole{Operation: &r.Operations[11]}},
		{"tools", view.Whole{Operation: &r.Operations[1]}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.whole.Records, test.whole.Server = r, "tickets"
			var out strings.Builder
			if err := test.whole.Draw(&out, utc(80)); err != nil {
				t.Fatal(err)
			}
			golden(t, "whole-"+test.name, out.String())
			fits(t, out.String(), 80)
			if strings.ContainsAny(out.String(), "\x1b\u202e") {
				t.Error("something that a terminal acts upon is in the picture")
			}
		})
	}
}

// TestRemarks has each kind of remark.
func TestRemarks(t *testing.T) {
	r := tickets()
	at := after(10 * time.Minute)
	for _, v := range semconv.Violations() {
		at = at.Add(time.Second)
		r.Notes = append(r.Notes, record.Violation{Time: at, Direction: record.ToClient, Kind: record.ViolationKind(v.Kind)})
	}
	r.Notes = append(r.Notes,
		record.Violation{Time: at, Direction: record.ToClient, Kind: record.IDMismatch, Operation: 3, Sent: `"7"`, Awaited: "7"},
		record.Finding{Time: at, Kind: record.Loop, Tool: "get_ticket", Seen: 12, Usual: 3, Unit: "{call}"},
		record.Finding{Time: at, Kind: record.Burst, Tool: "get_ticket", Seen: 21.5, Usual: 1.25, Unit: "{call}/s"},
		record.Finding{Time: at, Kind: record.LatencyOutlier, Tool: "get_ticket", Seen: 12.4, Usual: 0.31, Unit: "s"},
		record.Finding{Time: at, Kind: record.SizeOutlier, Tool: "get_ticket", Side: record.ResponseSide, Seen: 1e6, Usual: 160, Unit: "By"},
		record.Blockage{Time: at, Direction: record.ToServer, Duration: time.Minute},
		record.Blockage{Time: at, Direction: record.ToClient, Duration: time.Minute},
	)
	var out strings.Builder
	left, err := view.DrawRemarks(&out, r.Remarks(), 0, utc(80))
	if err != nil || left != 0 {
		t.Fatal(left, err)
	}
	golden(t, "remarks-80", out.String())
	fits(t, out.String(), 80)
	if left, _ := view.DrawRemarks(&out, r.Remarks(), 3, utc(80)); left != len(r.Remarks())-3 {
		t.Errorf("%d are left out", left)
	}
	launched := record.Session{Launched: time.Unix(1_800_000_000, 0)}
	for want, r := range map[string]*view.Records{
		"spanpipe was killed, so that nothing says how the server ended.": {State: view.Killed},
		"The server could not be started: no such file.": {State: view.Ended,
			Exit: &record.Exit{Cause: record.NotStarted, EndedBy: record.ByServer, Reason: "no such file", Code: 127}},
		"The server ended by itself after 2.25s, exit 1; 2 requests had not been answered.": {State: view.Ended, Session: launched, Exit: &record.Exit{
			Cause: record.ServerEnded, EndedBy: record.ByServer, Code: 1, Open: 2, Time: launched.Launched.Add(2250 * time.Millisecond)}},
		"The client closed the session after 1h00m, killed by SIGTERM.": {State: view.Ended, Session: launched, Exit: &record.Exit{
			Cause: record.ClientLeft, EndedBy: record.ByClient, Signal: "SIGTERM", Time: launched.Launched.Add(time.Hour)}},
	} {
		if all := r.Remarks(); len(all) != 1 || all[0].Text != want {
			t.Errorf("got %v, want %q", all, want)
		}
	}
}

// TestRemarksOnHung: an operation that was reported as hanging needs a look, whatever its outcome. How long its requester
// waited is all of the time, a person's included.
func TestRemarksOnHung(t *testing.T) {
	for want, change := range map[string]record.Operation{
		"read: hung for a while; answered after 60.0s.":                             {Answered: true},
		"read: hung; the client cancelled it after 60.0s.":                          {ErrorType: semconv.ErrCancelled},
		"read: the client gave up after 60.0s.":                                     {ErrorType: semconv.ErrTimeout},
		"read: unanswered: the client left, waited for you; it was open for 60.0s.": {ErrorType: semconv.ErrAbandoned},
	} {
		m := &maker{}
		op := m.call("tools/call read", time.Minute)
		op.Hung, op.Answered, op.ErrorType = true, change.Answered, change.ErrorType
		op.Duration, op.InputWait = 20*time.Second, 40*time.Second
		if all := m.Remarks(); len(all) != 1 || !strings.HasPrefix(all[0].Text, want) || view.Count(&m.Records).Hung != 1 {
			t.Errorf("got %v, want %q", all, want)
		}
	}
}

// TestMeanings: every attribute of an operation is explained.
func TestMeanings(t *testing.T) {
	for _, a := range semconv.OperationAttributes() {
		if view.Meaning(a.Key) == "" {
			t.Errorf("%s has no meaning", a.Key)
		}
	}
}
