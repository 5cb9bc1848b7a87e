package otel_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

const (
	severityDebug = 5
	severityInfo  = 9
	severityWarn  = 13
	severityError = 17
)

// TestEveryRecord makes every log record with every attribute of its row, and finds no other.
func TestEveryRecord(t *testing.T) {
	k := &keeper{}
	s := everything(t, k.keep)
	prompt := s.opened(record.Operation{Method: semconv.PromptsGet, Target: "trip", RequestID: "p", Direction: record.ToServer}, 3000)
	prompt.Change, prompt.Duration = record.Hanging, 30*time.Second
	s.Changed(&prompt)
	prompt.Answered, prompt.Code, prompt.ErrorType, prompt.Class = true, "-32603", "-32603", record.Internal
	s.ended(prompt, 3001)
	call := s.opened(record.Operation{RequestID: "i", RequestSize: 98, Parent: 1}, 3002)
	call.Change = record.StillOpen
	s.Changed(&call)
	asked := s.opened(record.Operation{Method: semconv.PromptsGet, Target: "trip"}, 3003)
	asked.Change = record.StillOpen
	s.Changed(&asked)
	call.Change, call.Duration, call.Undelivered = record.Hanging, 30*time.Second, true
	call.Prove(record.ServerIdle, seen)
	s.Changed(&call)
	s.Noted(record.Finding{Kind: record.SizeOutlier, Operation: call.Number, Tool: "search", Side: record.ResponseSide, Seen: 1048636, Usual: 160, Unit: "By"})
	s.Noted(record.Violation{Direction: record.ToClient, Kind: record.InvalidJSON, Reason: "unexpected end", Size: 12})
	s.Noted(record.Violation{
		Direction: record.ToClient, Kind: record.OrphanResponse, Size: 12, Operation: call.Number, Method: semconv.ToolsCall,
		Sent: "0", Awaited: "7", Requested: "2025-11-25", Given: "2024-11-05", Supported: "2024-11-05",
	})
	s.Noted(record.Violation{Direction: record.ToClient, Kind: record.LateResponse, Size: 53, Sent: `"late"`,
		Operation: call.Number, Method: semconv.ToolsCall, Late: time.Second})
	s.Noted(record.LogLine{Source: record.FromMessage, Level: "warning", Logger: "db", Text: `"slow query"`})
	s.Noted(record.LogLine{Source: record.FromStderr, Text: "listening on the usual port"})

	d := newStage(t, func(c *otel.Config) { c.LogLevel = slog.LevelDebug })
	d.Noted(d.session(record.Session{Time: d.at(20), Server: record.Peer{Name: "files", Version: "1"}}))
	d.opened(record.Operation{RequestID: "1"}, 30)
	d.opened(record.Operation{Method: semconv.PromptsGet, Target: "trip"}, 40)
	d.Noted(record.Blockage{Time: d.at(45), Direction: record.ToClient, Duration: time.Second})
	d.Noted(record.Exit{Time: d.at(50), EndedBy: record.ByServer, Cause: record.NotStarted, Code: 127, Reason: "no such file"})
	s.logs.all = append(s.logs.all, d.logs.all...)
	for _, r := range k.records { // those that nothing but a recorder gets
		if r.Body == semconv.OperationOpen.Message {
			s.logs.all = append(s.logs.all, logged{body: r.Body, severity: r.Severity, attributes: values(r.Attributes)})
		}
	}

	for _, l := range s.logs.all {
		if !slices.ContainsFunc(semconv.Records(), func(d semconv.Record) bool { return d.Message == l.body }) {
			t.Errorf("there is a record %q, which is not described", l.body)
		}
	}
	for _, d := range semconv.Records() {
		keys := map[string]bool{}
		for _, l := range s.records(d) {
			for key := range l.attributes {
				keys[key] = true
			}
			level := map[int]string{severityDebug: "DEBUG", severityInfo: "INFO", severityWarn: "WARN"}[l.severity]
			if d.Message != semconv.ServerMessage.Message && !strings.Contains(d.Level, level) {
				t.Errorf("%q has severity %d, and is described as %s", d.Message, l.severity, d.Level)
			}
		}
		for _, key := range d.Attributes {
			if !keys[key] {
				t.Errorf("%q never has %s, as its row says", d.Message, key)
			}
			delete(keys, key)
		}
		if len(keys) > 0 {
			t.Errorf("%q has attributes that its row does not list: %v", d.Message, keys)
		}
	}
}

// TestSessionRecords: a session has a record of its start, once it is known who takes part in it, and one of its end that
// sums up what was called. Both are in the session's trace, and every record names the server from then on.
func TestSessionRecords(t *testing.T) {
	s := newStage(t, nil)
	if n := len(s.records(semconv.SessionStarted)); n != 0 {
		t.Errorf("%d records of the start before the server has answered", n)
	}
	ready := s.session(record.Session{
		Time: s.at(30), Ready: true, Protocol: "2025-11-25",
		Client: record.Peer{Name: "desktop", Version: "1.4"}, Server: record.Peer{Name: "files", Version: "2.0"},
	})
	s.Noted(ready)
	s.Noted(ready)
	s.call(record.Operation{}, 100, 200)
	s.call(record.Operation{ErrorType: "tool_error", Class: record.ToolError}, 200, 600)
	s.ended(s.opened(record.Operation{ErrorType: "cancelled", Class: record.Cancelled}, 300), 900)
	s.Noted(record.Exit{Time: s.at(1000), EndedBy: record.ByServer, Code: 3, Open: 1, Lifetime: 990 * time.Millisecond})

	session := s.span(semconv.SessionSpan).SpanContext()
	started, ended := s.records(semconv.SessionStarted), s.records(semconv.SessionEnded)
	if len(started) != 1 || len(ended) != 1 || !same(started[0].span, session) || !same(ended[0].span, session) {
		t.Fatalf("started %+v, ended %+v; want one of each, in the session's span", started, ended)
	}
	differ(t, "start", started[0].attributes, map[string]any{
		semconv.SessionID: "the-session", semconv.ProtocolVersion: "2025-11-25", semconv.ClientName: "desktop",
		semconv.ClientVersion: "1.4", semconv.ServerName: "files", semconv.ServerVersion: "2.0",
	})
	differ(t, "end", ended[0].attributes, map[string]any{
		semconv.SessionID: "the-session", semconv.Duration: 0.99, semconv.Calls: int64(3), semconv.Failures: int64(1),
		semconv.P95: 0.4, semconv.ErrorType: "server_exit", semconv.Exit: "code", semconv.ExitCode: "3",
		semconv.InFlight: true, semconv.ServerName: "files", semconv.ServerVersion: "2.0",
	})
	for _, l := range s.logs.all {
		if l.attributes[semconv.ServerName] != "files" || l.attributes[semconv.ServerVersion] != "2.0" {
			t.Errorf("%s: server %v", l.body, l.attributes[semconv.ServerName])
		}
	}
}

// TestSilentSessionRecords: a server that never answers has a start and an end as well.
func TestSilentSessionRecords(t *testing.T) {
	s := newStage(t, nil)
	s.Noted(record.Exit{Time: s.at(20), EndedBy: record.ByServer, Signal: "SIGSEGV", Lifetime: 10 * time.Millisecond})
	if len(s.records(semconv.SessionStarted)) != 1 || len(s.records(semconv.SessionEnded)) != 1 {
		t.Fatalf("records %+v", s.logs.all)
	}
	differ(t, "end", s.records(semconv.SessionEnded)[0].attributes, map[string]any{
		semconv.SessionID: "the-session", semconv.Duration: 0.01, semconv.Calls: int64(0), semconv.Failures: int64(0),
		semconv.ErrorType: "server_exit", semconv.Exit: "signal", semconv.Signal: "SIGSEGV", semconv.InFlight: false,
	})
}

// TestOperationStarted: the record is written where a log takes its level, and nothing is done for it elsewhere.
func TestOperationStarted(t *testing.T) {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo} {
		s := newStage(t, func(c *otel.Config) { c.LogLevel = level })
		s.call(record.Operation{RequestID: "4"}, 100, 200)
		got := s.records(semconv.OperationStarted)
		if want := level == slog.LevelDebug; len(got) > 0 != want {
			t.Fatalf("level %v: %d records", level, len(got))
		}
		if len(got) > 0 {
			if got[0].severity != severityDebug || !same(got[0].span, s.span("tools/call search").SpanContext()) {
				t.Errorf("record %+v", got[0])
			}
			differ(t, "record", got[0].attributes, map[string]any{
				semconv.MethodName: "tools/call", semconv.Direction: "to_server", semconv.ToolName: "search",
				semconv.RequestID: "4", semconv.SessionID: "the-session",
			})
		}
	}
}

func TestOperationRecord(t *testing.T) {
	s := newStage(t, nil)
	s.call(record.Operation{
		Method: semconv.ToolsCall, Target: "fetch", RequestID: "4", ErrorType: "tool_error", Class: record.RateLimited,
		ResponseSize: 109, Content: record.Content{Error: "429"},
	}, 100, 200)
	got, span := s.records(semconv.OperationFinished)[0], s.span("tools/call fetch")
	differ(t, "record", got.attributes, map[string]any{
		semconv.MethodName: "tools/call", semconv.Direction: "to_server", semconv.ToolName: "fetch", semconv.RequestID: "4",
		semconv.Duration: 0.1, semconv.ResponseSize: int64(109), semconv.ErrorType: "tool_error",
		semconv.ErrorClass: "rate_limited", semconv.ErrorMessage: "429", semconv.SessionID: "the-session",
	})
	if !same(got.span, span.SpanContext()) {
		t.Errorf("the record is at %v, the span at %v", got.span, span.SpanContext())
	}
	for _, want := range []string{
		"level=INFO", `msg="operation finished"`, "trace_id=" + got.span.TraceID().String(), "span_id=" + got.span.SpanID().String(),
	} {
		if !strings.Contains(s.own.String(), want) {
			t.Errorf("the program's own log has no %s:\n%s", want, s.own)
		}
	}
	s.ended(s.opened(record.Operation{Method: semconv.PromptsGet, Target: "trip"}, 300), 350)
	differ(t, "record", s.records(semconv.OperationFinished)[1].attributes, map[string]any{
		semconv.MethodName: "prompts/get", semconv.Direction: "to_server", semconv.PromptName: "trip", semconv.Duration: 0.05,
		semconv.SessionID: "the-session",
	})
}

// same reports whether a record is at a span.
func same(a, b trace.SpanContext) bool { return a.TraceID() == b.TraceID() && a.SpanID() == b.SpanID() }

// TestHanging: the record points to a span that does not exist yet, which is made for that and complete at the end.
func TestHanging(t *testing.T) {
	s := newStage(t, nil)
	op := s.opened(record.Operation{RequestID: "7"}, 100)
	hanging := op
	hanging.Change, hanging.Duration, hanging.InputWait = record.Hanging, 20*time.Second, 10*time.Second
	s.Changed(&hanging)
	s.Changed(&hanging)
	op.Answered = true
	s.ended(op, 60_100)
	records, span := s.records(semconv.OperationHangs), s.span("tools/call search")
	if len(records) != 2 || records[0].severity != severityWarn || !same(records[0].span, span.SpanContext()) {
		t.Fatalf("records %+v, span %v", records, span.SpanContext())
	}
	if got := records[0].attributes[semconv.Duration]; got != 20.0 {
		t.Errorf("duration %v, want 20 s: the time of the user is not the tool's", got)
	}
	if got := values(span.Attributes())[semconv.Wait]; got != 60.0 {
		t.Errorf("wait %v, want 60 s", got)
	}
}

// TestFindings: a finding follows the record that it was found in, also that of an end, and points to the operation's
// span; one that comes too late for that to the session's.
func TestFindings(t *testing.T) {
	s := newStage(t, nil)
	s.Noted(s.session(record.Session{Ready: true}))
	finding := func(number uint64) {
		s.Noted(record.Finding{Kind: record.Loop, Operation: number, Tool: "search", Seen: 10, Usual: 2, Unit: "{call}"})
	}
	first := s.opened(record.Operation{}, 100)
	finding(first.Number) // while it is open
	s.ended(first, 200)
	second := s.call(record.Operation{Method: semconv.Ping}, 300, 400)
	finding(second.Number) // after its end
	finding(first.Number)  // too late to know where it was: it is about the session
	records := s.records(semconv.UnusualCall)
	if len(records) != 3 || !same(records[0].span, s.span("tools/call search").SpanContext()) ||
		!same(records[1].span, s.span("ping").SpanContext()) || !same(records[2].span, s.span(semconv.SessionSpan).SpanContext()) {
		t.Fatalf("records %+v", records)
	}
	differ(t, "finding", records[0].attributes, map[string]any{
		semconv.Anomaly: "loop", semconv.ToolName: "search", semconv.Seen: 10.0, semconv.Usual: 2.0, semconv.Unit: "{call}",
		semconv.SessionID: "the-session",
	})
}

// TestCorrelation: every record has the session's id and the ids of a span, whatever it is about, and a name of its own.
func TestCorrelation(t *testing.T) {
	k := &keeper{}
	s := everything(t, k.keep)
	s.Noted(record.Blockage{Time: s.at(4000), Direction: record.ToClient, Duration: time.Second})
	s.Noted(record.Violation{Direction: record.ToClient, Kind: record.Noise})
	s.Noted(record.LogLine{Source: record.FromMessage, Level: "warning", Text: "x"})
	s.Noted(record.LogLine{Source: record.FromStderr, Text: "x"})
	for _, l := range s.logs.all {
		if l.attributes[semconv.SessionID] != "the-session" || !l.span.TraceID().IsValid() || !l.span.SpanID().IsValid() {
			t.Errorf("%q is of no session or no span: %v %v", l.body, l.attributes, l.span)
		}
	}
	events := map[string]string{}
	for _, d := range semconv.Records() {
		if other := events[d.Event]; other != "" || d.Event == "" {
			t.Errorf("%q is called %q, as %q is", d.Message, d.Event, other)
		}
		events[d.Event] = d.Message
	}
	for _, l := range s.logs.all {
		if events[l.event] != l.body {
			t.Errorf("%q is called %q", l.body, l.event)
		}
	}
	for _, r := range k.records {
		if events[r.EventName] != r.Body || !r.TraceID.IsValid() {
			t.Errorf("%q is kept as %q of trace %v", r.Body, r.EventName, r.TraceID)
		}
	}
	for line := range strings.Lines(s.own.String()) {
		if !strings.Contains(line, " trace_id=") || !strings.Contains(line, " spanpipe.session.id=the-session") || !strings.Contains(line, " event=spanpipe.") {
			t.Errorf("a line of the program's own log lacks an id: %s", line)
		}
	}
	if len(s.logs.all) < 10 || len(k.records) == 0 || s.own.Len() == 0 {
		t.Errorf("%d records, %d kept", len(s.logs.all), len(k.records))
	}
}

// TestViolations: the first of each kind is reported, with a hint where the user can do something about it.
func TestViolations(t *testing.T) {
	for _, c := range []struct {
		kind      record.ViolationKind
		direction record.Direction
		severity  int
		hint      string
	}{
		{record.Noise, record.ToClient, severityWarn, "logs belong on stderr"},
		{record.InvalidJSON, record.ToClient, severityWarn, "one line of JSON"},
		{record.NotJSONRPC, record.ToServer, severityWarn, ""},
		{record.LateProgress, record.ToClient, severityWarn, "no progress after the answer"},
		{record.VersionMismatch, record.ToClient, severityInfo, ""},
		{record.ForeignFraming, record.ToServer, severityWarn, "not newline-delimited"},
		{record.DuplicateID, record.ToServer, severityWarn, "an id of its own"},
	} {
		s := newStage(t, nil)
		for range 3 {
			s.Noted(record.Violation{Direction: c.direction, Kind: c.kind, Size: 12})
		}
		s.Noted(record.Violation{Direction: c.direction, Kind: record.IDMismatch})
		records := s.records(semconv.UnexpectedMessage)
		if len(records) != 2 || records[0].severity != c.severity {
			t.Fatalf("%s: %+v", c.kind, records)
		}
		hint, _ := records[0].attributes[semconv.Hint].(string)
		if !strings.Contains(hint, c.hint) || hint != "" && c.hint == "" {
			t.Errorf("%s: hint %q", c.kind, hint)
		}
		counted := points(s.collect()[semconv.ProtocolViolations.Name], map[string]any{semconv.Violation: string(c.kind)})
		if len(counted) != 1 || counted[0].value != 3 {
			t.Errorf("%s: counted %+v, want 3", c.kind, counted)
		}
	}
}

// TestLateAnswers: each is reported, with the id of its request.
func TestLateAnswers(t *testing.T) {
	s := newStage(t, nil)
	for _, id := range []string{"7", "8"} {
		s.Noted(record.Violation{Direction: record.ToClient, Kind: record.LateResponse, Sent: id, Size: 12})
	}
	var ids []any
	for _, r := range s.records(semconv.LateAnswer) {
		ids = append(ids, r.attributes[semconv.Sent])
	}
	if want := []any{"7", "8"}; !slices.Equal(ids, want) || len(s.records(semconv.UnexpectedMessage)) > 0 {
		t.Errorf("reported late answers to %q, want %q", ids, want)
	}
}

// TestViolationReasons: one report for each kind, with the first cause, and in the context of the call.
func TestViolationReasons(t *testing.T) {
	s := newStage(t, nil)
	call := s.opened(record.Operation{RequestID: "7"}, 100)
	for range 2 {
		s.Noted(record.Violation{Direction: record.ToClient, Kind: record.BadResult, Reason: "tools is missing", Operation: call.Number})
		s.Noted(record.Violation{Direction: record.ToClient, Kind: record.BadResult, Reason: "content is missing"})
		s.Noted(record.Violation{Direction: record.ToServer, Kind: record.BadParams})
	}
	s.ended(call, 200)
	var reasons []any
	for _, r := range s.records(semconv.UnexpectedMessage) {
		reasons = append(reasons, r.attributes[semconv.ViolationReason])
	}
	want := []any{"tools is missing", semconv.ViolationOf("invalid_params").Cause}
	if !slices.Equal(reasons, want) {
		t.Errorf("reasons %q, want %q", reasons, want)
	}
	if first := s.records(semconv.UnexpectedMessage)[0]; !same(first.span, s.span("tools/call search").SpanContext()) {
		t.Errorf("the first is in %v, want the call's span", first.span)
	}
}

// TestServerLog: messages go to both logs with their level; lines of stderr, which stderr has shown already, to one.
func TestServerLog(t *testing.T) {
	s := newStage(t, func(c *otel.Config) { c.LogLevel = slog.LevelDebug })
	for level, want := range map[string]int{
		"debug": severityDebug, "info": severityInfo, "notice": severityInfo, "warning": severityWarn, "error": severityError,
		"critical": severityError, "alert": severityError, "emergency": severityError, "": severityInfo,
	} {
		s.logs.all = nil
		s.Noted(record.LogLine{Source: record.FromMessage, Level: level, Text: "x"})
		if got := s.records(semconv.ServerMessage); len(got) != 1 || got[0].severity != want || len(got[0].attributes) != 2 {
			t.Errorf("%q: %+v, want severity %d", level, got, want)
		}
	}
	s.own.Reset()
	s.Noted(record.LogLine{Source: record.FromStderr, Text: "a line"})
	if got := s.records(semconv.ServerStderr); len(got) != 1 || got[0].attributes[semconv.Data] != "a line" || s.own.Len() > 0 {
		t.Errorf("exported %+v, own log %q", got, s.own)
	}
}

// TestLogLevels: each of the two logs has a level of its own.
func TestLogLevels(t *testing.T) {
	s := newStage(t, func(c *otel.Config) { c.LogLevel = slog.LevelWarn })
	s.call(record.Operation{}, 1, 2)
	s.Noted(record.Violation{Kind: record.Noise})
	if len(s.records(semconv.OperationFinished)) != 0 || len(s.records(semconv.UnexpectedMessage)) != 1 {
		t.Errorf("exported: %+v", s.logs.all)
	}
	if n := strings.Count(s.own.String(), "\n"); n != 2 {
		t.Errorf("own log: %s", s.own)
	}
	quiet := newStage(t, func(c *otel.Config) { c.Logger, c.Logs = nil, nil })
	quiet.call(record.Operation{}, 1, 2) // nothing to write to
}

// A log record has the time of what it is about, not of its writing: the machine's clock may have been set in between.
func TestTimesOfRecords(t *testing.T) {
	s := newStage(t, nil)
	op := s.opened(record.Operation{}, 100)
	s.ended(op, 250)
	s.Noted(record.Violation{Time: s.at(300), Kind: record.Noise, Direction: record.ToClient})
	want := []time.Time{s.at(250), s.at(300)}
	for i, l := range s.logs.all {
		if i >= len(want) || !l.time.Equal(want[i]) {
			t.Errorf("record %d is of %v, want %v", i, l.time, want)
		}
	}
	if len(s.logs.all) != len(want) {
		t.Errorf("%d records, want %d", len(s.logs.all), len(want))
	}
}
