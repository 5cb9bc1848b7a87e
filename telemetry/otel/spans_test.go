package otel_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

const (
	remoteTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	remoteSpan   = "00f067aa0ba902b7"
	remoteParent = "00-" + remoteTrace + "-" + remoteSpan + "-01"
)

// TestSessionSpanEnds: the session's span ends when the server has answered for the first time, when it has been silent
// for five seconds, or with the session.
func TestSessionSpanEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		notes func(*stage)
		end   int // ms
	}{
		{"first response", func(s *stage) {
			s.Noted(s.session(record.Session{Time: s.at(300)}))
			s.Noted(s.session(record.Session{Time: s.at(400), Ready: true}))
			s.Noted(s.session(record.Session{Time: s.at(900), Ready: true}))
		}, 400},
		{"silent server", func(s *stage) {
			s.Noted(s.session(record.Session{Time: s.at(5700), Silent: true}))
			s.Noted(s.session(record.Session{Time: s.at(9000), Silent: true, Ready: true}))
		}, 5000},
		{"end of the session", func(s *stage) { s.Noted(record.Exit{Time: s.at(1500)}) }, 1500},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, nil)
			if s.OpenSpans() != 1 {
				t.Errorf("%d open spans at the start, want the session's", s.OpenSpans())
			}
			c.notes(s)
			s.Noted(record.Exit{Time: s.at(60_000)})
			span := s.span(semconv.SessionSpan)
			if !span.StartTime().Equal(s.start) || !span.EndTime().Equal(s.at(c.end)) {
				t.Errorf("the span is from %v to %v, want 0 to %d ms", span.StartTime().Sub(s.start), span.EndTime().Sub(s.start), c.end)
			}
			until := map[int]string{1500: "session_end", 5000: "silence"}[c.end]
			if until == "" {
				until = "first_response"
			}
			if got := values(span.Attributes())[semconv.SessionUntil]; got != until {
				t.Errorf("the span ends with %v, want %s", got, until)
			}
			if span.SpanKind() != trace.SpanKindInternal || s.OpenSpans() != 0 {
				t.Errorf("kind %v, %d open spans", span.SpanKind(), s.OpenSpans())
			}
		})
	}
}

func TestSessionSpanAttributes(t *testing.T) {
	all := map[string]any{
		semconv.NetworkTransport: "pipe", semconv.ProtocolVersion: "2025-11-25", semconv.SessionID: "the-session",
		semconv.ClientName: "c", semconv.ClientVersion: "1", semconv.ServerName: "s", semconv.ServerVersion: "2",
		semconv.Requested:    "2026-07-28",
		semconv.SessionUntil: "first_response",
	}
	for _, a := range semconv.SessionAttributes() {
		if all[a.Key] == nil {
			t.Errorf("%s is documented and not tested", a.Key)
		}
	}
	for name, c := range map[string]struct {
		session record.Session
		want    map[string]any
	}{
		"all": {record.Session{
			Protocol: "2025-11-25", Requested: "2026-07-28",
			Client: record.Peer{Name: "c", Version: "1"}, Server: record.Peer{Name: "s", Version: "2"},
		}, all},
		"nothing known": {record.Session{}, map[string]any{
			semconv.NetworkTransport: "pipe", semconv.SessionID: "the-session", semconv.SessionUntil: "first_response"}},
		"a stateless version": {record.Session{Protocol: "2026-07-28"}, map[string]any{
			semconv.NetworkTransport: "pipe", semconv.ProtocolVersion: "2026-07-28", semconv.SessionID: "the-session",
			semconv.SessionUntil: "first_response"}},
	} {
		s := newStage(t, nil)
		c.session.Ready, c.session.Time = true, s.at(20)
		s.Noted(s.session(c.session))
		differ(t, name, values(s.span(semconv.SessionSpan).Attributes()), c.want)
	}
}

// whole is an operation with a value in every field that a span shows.
func whole() record.Operation {
	return record.Operation{
		Method: semconv.ToolsCall, Target: "search", RequestID: "7", JSONRPC: "1.0", Protocol: "2025-11-25", Batch: true,
		Resource: "note://{id}", RequestSize: 118, ResponseSize: 1420, Answered: true, ErrorType: "-32000", Code: "-32000",
		RequestTokens: 31, ResponseTokens: 340, ResponseMedia: 48200,
		Class: record.RateLimited, RoundTrips: 3, InputWait: 4100 * time.Millisecond, TaskStatus: "failed", Ambiguous: true,
		IDMismatch: true, Progress: 3,
		Content: record.Content{Arguments: `{"a":1}`, Result: `{"b":2}`, Error: "no", URI: "note://1"},
	}
}

// TestFailedSession checks that a failure of the server stands on the session's span, or on one in its place if that has
// ended.
func TestFailedSession(t *testing.T) {
	seen := map[string]bool{}
	for name, c := range map[string]struct {
		ready bool
		exit  record.Exit
		span  string // that says so
		want  map[string]any
		text  string
	}{
		"not started": {false, record.Exit{EndedBy: record.ByServer, Cause: record.NotStarted, Code: 127, Reason: "no such file"},
			semconv.SessionSpan, map[string]any{
				semconv.ErrorType: "not_started", semconv.ExitCause: "not_started", semconv.Exit: "not_started",
				semconv.ExitCode: "127", semconv.InFlight: false,
			}, "no such file"},
		"crash at the start": {false, record.Exit{EndedBy: record.ByServer, Cause: record.ServerEnded, Code: 1},
			semconv.SessionSpan, map[string]any{
				semconv.ErrorType: "server_exit", semconv.ExitCause: "server_ended", semconv.Exit: "code",
				semconv.ExitCode: "1", semconv.InFlight: false,
			}, "exit code 1"},
		"crash later": {true, record.Exit{EndedBy: record.ByServer, Cause: record.ServerEnded, Signal: "SIGSEGV", Open: 2},
			semconv.SessionFailed, map[string]any{
				semconv.ErrorType: "server_exit", semconv.ExitCause: "server_ended", semconv.Exit: "signal",
				semconv.Signal: "SIGSEGV", semconv.InFlight: true,
			}, "SIGSEGV"},
		"crash after the client has left": {true, record.Exit{EndedBy: record.ByClient, Cause: record.ClientLeft, Signal: "SIGABRT"},
			semconv.SessionFailed, map[string]any{
				semconv.ExitCause: "client_left", semconv.Exit: "signal", semconv.Signal: "SIGABRT", semconv.InFlight: false,
			}, "SIGABRT"},
		"the client has left": {true, record.Exit{EndedBy: record.ByClient, Cause: record.Signaled, Signal: "SIGTERM", Open: 1}, "", nil, ""},
		"the server has left": {true, record.Exit{EndedBy: record.ByServer, Cause: record.ServerEnded},
			semconv.SessionFailed, map[string]any{
				semconv.ErrorType: "server_exit", semconv.ExitCause: "server_ended", semconv.Exit: "ok",
				semconv.ExitCode: "0", semconv.InFlight: false,
			}, "exit code 0"},
	} {
		s := newStage(t, nil)
		s.Noted(s.session(record.Session{Time: s.at(100), Ready: c.ready}))
		c.exit.Time = s.at(1000)
		s.Noted(c.exit)
		failed := 0
		for _, span := range s.spans.Ended() {
			if span.Status().Code != codes.Error {
				continue
			}
			failed++
			got := values(span.Attributes())
			for _, a := range semconv.SessionAttributes() {
				delete(got, a.Key)
			}
			for key := range got {
				seen[key] = true
			}
			differ(t, name, got, c.want)
			if span.Name() != c.span || span.Status().Description != c.text || !span.EndTime().Equal(s.at(1000)) {
				t.Errorf("%s: span %s, %q, ends at %v", name, span.Name(), span.Status().Description, span.EndTime())
			}
			if c.ready && span.Parent().SpanID() != s.span(semconv.SessionSpan).SpanContext().SpanID() {
				t.Errorf("%s: the span is not the session's child", name)
			}
		}
		if (failed == 1) != (c.span != "") || failed > 1 || s.OpenSpans() != 0 {
			t.Errorf("%s: %d failed spans, %d open", name, failed, s.OpenSpans())
		}
	}
	for _, a := range semconv.FailureAttributes() {
		if !seen[a.Key] {
			t.Errorf("%s is documented and never set", a.Key)
		}
	}
}

func TestOperationSpan(t *testing.T) {
	s := newStage(t, nil)
	op := s.opened(record.Operation{Method: semconv.ToolsCall, Target: "search"}, 100)
	number := op.Number
	op = whole()
	op.Number, op.Direction, op.Start = number, record.ToServer, s.at(100)
	op.Events = []record.Event{{Name: "progress", Time: s.at(200)}, {Name: "retry", Time: s.at(300)}}
	s.ended(op, 600)

	span := s.span("tools/call search")
	differ(t, "attributes", values(span.Attributes()), map[string]any{
		semconv.MethodName: "tools/call", semconv.ToolName: "search", semconv.OperationName: "execute_tool",
		semconv.Number: int64(1), semconv.RequestID: "7", semconv.JSONRPCVersion: "1.0", semconv.ProtocolVersion: "2025-11-25",
		semconv.SessionID: "the-session", semconv.NetworkTransport: "pipe", semconv.Batch: true,
		semconv.Resource: "note://{id}", semconv.RequestSize: int64(118), semconv.ResponseSize: int64(1420),
		semconv.RequestTokens: int64(31), semconv.ResponseTokens: int64(340), semconv.ResponseMedia: int64(48200),
		semconv.ErrorType: "-32000", semconv.StatusCode: "-32000", semconv.ErrorClass: "rate_limited",
		semconv.RoundTrips: int64(3), semconv.InputWait: 4.1, semconv.TaskStatus: "failed", semconv.Ambiguous: true,
		semconv.IDMismatch: true, semconv.ProgressCount: int64(3), semconv.ErrorMessage: "no",
		semconv.ToolCallArguments: `{"a":1}`, semconv.ToolCallResult: `{"b":2}`, semconv.ResourceURI: "note://1",
	})
	if !span.StartTime().Equal(s.at(100)) || !span.EndTime().Equal(s.at(600)) || span.SpanKind() != trace.SpanKindServer {
		t.Errorf("from %v to %v, kind %v", span.StartTime(), span.EndTime(), span.SpanKind())
	}
	if span.Status().Code != codes.Error || span.Status().Description != "no" {
		t.Errorf("status %+v", span.Status())
	}
	events := span.Events()
	if len(events) != 2 || events[0].Name != "progress" || !events[1].Time.Equal(s.at(300)) {
		t.Errorf("events %+v", events)
	}
}

// TestEveryAttribute makes spans with every attribute that is documented, and finds no other.
func TestEveryAttribute(t *testing.T) {
	s := newStage(t, nil)
	s.Noted(s.session(record.Session{Server: record.Peer{Name: "files"}}))
	s.call(whole(), 0, 10)
	op := whole()
	op.RoundTrips, op.Undelivered, op.Hung = 1, true, true
	op.Prove(record.ServerIdle, seen)
	s.call(op, 20, 30)
	s.call(record.Operation{
		Method: semconv.PromptsGet, Target: "trip", Requested: "2026-07-28",
		Content: record.Content{Result: "{}", Variables: []record.Variable{{Name: "mood", Value: "warm"}}},
	}, 40, 50)
	s.call(record.Operation{
		Method: semconv.SamplingCreateMessage, Direction: record.ToClient, Content: record.Content{Messages: "[]", Result: "{}"},
	}, 60, 70)
	seen := map[string]bool{}
	for _, span := range s.spans.Ended() {
		for key := range values(span.Attributes()) {
			if strings.HasPrefix(key, semconv.PromptVariable) {
				key = semconv.PromptVariable + "NAME"
			}
			seen[key] = true
		}
	}
	for _, a := range slices.Concat(semconv.OperationAttributes(), semconv.ContentAttributes()) {
		if !seen[a.Key] {
			t.Errorf("%s is documented and never set", a.Key)
		}
		delete(seen, a.Key)
	}
	if len(seen) > 0 {
		t.Errorf("attributes that are not documented: %v", seen)
	}
}

// TestAttributes looks at what depends on the method and on how an operation went.
func TestAttributes(t *testing.T) {
	none := any(nil)
	for _, c := range []struct {
		name string
		op   record.Operation
		want map[string]any
	}{
		{"a response in one round trip", record.Operation{Answered: true}, map[string]any{
			semconv.Wait: 0.1, semconv.Transfer: 0.0, semconv.RoundTrips: none, semconv.ResponseSize: int64(0)}},
		{"a response in two", record.Operation{Answered: true, RoundTrips: 2},
			map[string]any{semconv.Wait: none, semconv.Transfer: none, semconv.RoundTrips: int64(2)}},
		{"no response", record.Operation{ErrorType: "abandoned", Class: record.Abandoned}, map[string]any{
			semconv.Wait: none, semconv.ResponseSize: none, semconv.ErrorType: "abandoned", semconv.ErrorClass: "abandoned"}},
		{"a stateless version", record.Operation{Protocol: "2026-07-28"}, map[string]any{
			semconv.SessionID: "the-session", "mcp.session.id": none}},
		{"a response to a completion", record.Operation{Method: semconv.Complete, Target: "trip"},
			map[string]any{semconv.PromptName: "trip", semconv.ToolName: none, semconv.OperationName: none}},
		{"the result of a task", record.Operation{Method: semconv.TasksResult, Content: record.Content{Result: "{}"}},
			map[string]any{semconv.ToolCallResult: "{}"}},
		{"variables of a prompt", record.Operation{Method: semconv.PromptsGet, Target: "trip", Content: record.Content{
			Variables: []record.Variable{{Name: "tone", Value: "warm"}, {Name: "who", Value: "[redacted:email]"}}, Result: "r"}},
			map[string]any{semconv.PromptVariable + "tone": "warm", semconv.PromptVariable + "who": "[redacted:email]",
				semconv.PromptResult: "r", semconv.PromptName: "trip"}},
		{"what a model is asked", record.Operation{Method: semconv.SamplingCreateMessage,
			Content: record.Content{Messages: "[]", Result: "{}"}},
			map[string]any{semconv.SampleRequest: "[]", semconv.SampleResult: "{}", semconv.ToolCallResult: none}},
	} {
		s := newStage(t, nil)
		s.ended(s.opened(c.op, 100), 200)
		got := values(s.spans.Ended()[0].Attributes())
		for key, want := range c.want {
			if got[key] != want {
				t.Errorf("%s: %s = %v, want %v", c.name, key, got[key], want)
			}
		}
	}
}

// TestManyVariables: there is no bound here but that of the record.
func TestManyVariables(t *testing.T) {
	s := newStage(t, nil)
	op := record.Operation{Method: semconv.PromptsGet, Target: "trip"}
	for i := range 32 {
		op.Content.Variables = append(op.Content.Variables, record.Variable{Name: string(rune('A' + i)), Value: "v"})
	}
	s.call(op, 0, 1)
	n := 0
	for key := range values(s.span("prompts/get trip").Attributes()) {
		if strings.HasPrefix(key, semconv.PromptVariable) {
			n++
		}
	}
	if n != 32 {
		t.Errorf("%d variables, want 32", n)
	}
}

func TestSpanNames(t *testing.T) {
	for _, c := range []struct {
		op   record.Operation
		want string
		kind trace.SpanKind
	}{
		{record.Operation{Method: semconv.ToolsCall, Target: "search"}, "tools/call search", trace.SpanKindServer},
		{record.Operation{Method: semconv.PromptsGet, Target: "trip"}, "prompts/get trip", trace.SpanKindServer},
		{record.Operation{Method: semconv.Complete, Target: "trip"}, "completion/complete", trace.SpanKindServer},
		{record.Operation{Method: semconv.ToolsCall}, "tools/call", trace.SpanKindServer},
		{record.Operation{Method: semconv.ResourcesRead, Resource: "file"}, "resources/read", trace.SpanKindServer},
		{record.Operation{Method: "vendor/secret"}, "_OTHER", trace.SpanKindServer},
		{record.Operation{Method: semconv.RootsList, Direction: record.ToClient}, "roots/list", trace.SpanKindClient},
	} {
		s := newStage(t, nil)
		s.call(c.op, 0, 1)
		span := s.spans.Ended()[0]
		if span.Name() != c.want || span.SpanKind() != c.kind || span.Status().Code != codes.Unset {
			t.Errorf("%q, %v, %v; want %q, %v", span.Name(), span.SpanKind(), span.Status(), c.want, c.kind)
		}
		if got := values(span.Attributes())[semconv.MethodName]; got != c.op.Method {
			t.Errorf("%s = %v, want the method itself", semconv.MethodName, got)
		}
	}
}

// child reports whether a span is a child of another one, in the same trace.
func child(of, span sdktrace.ReadOnlySpan) bool {
	return span.Parent().SpanID() == of.SpanContext().SpanID() && span.SpanContext().TraceID() == of.SpanContext().TraceID()
}

func TestChildren(t *testing.T) {
	s := newStage(t, nil)
	call := s.opened(record.Operation{}, 100)
	asked := s.opened(record.Operation{Method: semconv.SamplingCreateMessage, Direction: record.ToClient, Parent: call.Number}, 200)
	s.Noted(record.Notification{
		Time: s.at(250), Direction: record.ToClient, Method: semconv.ResourcesUpdated, Operation: call.Number, Size: 90,
		Resource: "note", URI: "note://1", JSONRPC: "1.0", Batch: true, Protocol: "2025-11-25",
	})
	s.Noted(record.Notification{Time: s.at(260), Direction: record.ToServer, Method: semconv.Initialized})
	s.ended(asked, 300)
	call.Answered = true
	s.ended(call, 400)
	s.Noted(record.Exit{Time: s.at(500)})

	session, parent := s.span(semconv.SessionSpan), s.span("tools/call search")
	if !child(session, parent) || !child(parent, s.span("sampling/createMessage")) {
		t.Error("the call is no child of the session, or the request of the server's is no child of the call")
	}
	if values(parent.Attributes())[semconv.Wait] != 0.3 || !parent.StartTime().Equal(s.at(100)) || !parent.EndTime().Equal(s.at(400)) {
		t.Error("a span that was made early is not complete at its end")
	}
	note := s.span(semconv.ResourcesUpdated)
	if !child(parent, note) || !child(session, s.span(semconv.Initialized)) {
		t.Error("a notification is not below its operation, or not below the session")
	}
	differ(t, "notification", values(note.Attributes()), map[string]any{
		semconv.MethodName: semconv.ResourcesUpdated, semconv.NetworkTransport: "pipe", semconv.SessionID: "the-session",
		semconv.ProtocolVersion: "2025-11-25", semconv.JSONRPCVersion: "1.0", semconv.Batch: true,
		semconv.Resource: "note", semconv.ResourceURI: "note://1", semconv.RequestSize: int64(90),
	})
	if !note.StartTime().Equal(s.at(250)) || !note.EndTime().Equal(s.at(250)) || note.SpanKind() != trace.SpanKindClient {
		t.Errorf("notification from %v to %v, kind %v", note.StartTime(), note.EndTime(), note.SpanKind())
	}
}

// TestNotificationsWithoutSpans: a span for each would drown the calls.
func TestNotificationsWithoutSpans(t *testing.T) {
	s := newStage(t, nil)
	for _, method := range []string{semconv.Progress, semconv.Cancelled, semconv.LogMessage} {
		s.Noted(record.Notification{Time: s.at(1), Direction: record.ToClient, Method: method})
	}
	if n := len(s.spans.Ended()); n != 0 {
		t.Errorf("%d spans", n)
	}
}

func TestRemoteParents(t *testing.T) {
	s := newStage(t, nil)
	s.call(record.Operation{Traceparent: remoteParent, Tracestate: "vendor=1"}, 1, 2)
	s.call(record.Operation{Method: semconv.Ping, Traceparent: "nonsense"}, 3, 4)
	s.Noted(record.Notification{Time: s.at(5), Direction: record.ToServer, Method: semconv.Initialized, Traceparent: remoteParent})
	s.Noted(record.Exit{Time: s.at(10)})
	session := s.span(semconv.SessionSpan)
	for _, name := range []string{"tools/call search", semconv.Initialized} {
		span := s.span(name)
		if span.SpanContext().TraceID().String() != remoteTrace || span.Parent().SpanID().String() != remoteSpan || !span.Parent().IsRemote() {
			t.Errorf("%s: trace %v, parent %v", name, span.SpanContext().TraceID(), span.Parent())
		}
		if links := span.Links(); len(links) != 1 || links[0].SpanContext.SpanID() != session.SpanContext().SpanID() {
			t.Errorf("%s: links %+v, want one to the session", name, links)
		}
	}
	if got := s.span("tools/call search").SpanContext().TraceState().String(); got != "vendor=1" {
		t.Errorf("trace state %q", got)
	}
	if !child(session, s.span("ping")) {
		t.Error("an invalid traceparent keeps a call from the session")
	}
}

// TestEnvironmentContext: the session's span is a child of what the environment names, and a parent of the server's
// spans.
func TestEnvironmentContext(t *testing.T) {
	s := newStage(t, func(c *otel.Config) { c.Traceparent, c.Tracestate = remoteParent, "vendor=1" })
	env := s.Environment()
	s.Noted(record.Exit{Time: s.at(10)})
	session := s.span(semconv.SessionSpan)
	if session.SpanContext().TraceID().String() != remoteTrace || session.Parent().SpanID().String() != remoteSpan {
		t.Errorf("trace %v, parent %v", session.SpanContext().TraceID(), session.Parent().SpanID())
	}
	for _, want := range []string{
		"TRACEPARENT=00-" + remoteTrace + "-" + session.SpanContext().SpanID().String() + "-01", "TRACESTATE=vendor=1",
	} {
		if !slices.Contains(env, want) {
			t.Errorf("%v has no %s", env, want)
		}
	}
}

// TestTraceScopeOperation: each operation has a trace of its own, linked to what the environment names.
func TestTraceScopeOperation(t *testing.T) {
	s := newStage(t, func(c *otel.Config) { c.TraceScope, c.Traceparent = otel.TraceOperation, remoteParent })
	if env := s.Environment(); len(env) != 0 {
		t.Errorf("environment %v", env)
	}
	call := s.opened(record.Operation{}, 1)
	s.call(record.Operation{Method: semconv.RootsList, Direction: record.ToClient, Parent: call.Number}, 2, 3)
	s.ended(call, 4)
	s.call(record.Operation{Method: semconv.Ping}, 5, 6)
	s.call(record.Operation{Method: semconv.ToolsList, Traceparent: remoteParent}, 7, 8)
	s.Noted(record.Exit{Time: s.at(10)})
	first, second := s.span("tools/call search"), s.span("ping")
	if len(s.named(semconv.SessionSpan)) != 0 || first.SpanContext().TraceID() == second.SpanContext().TraceID() || first.Parent().IsValid() {
		t.Error("there is a session span, or two calls share a trace")
	}
	if links := first.Links(); len(links) != 1 || links[0].SpanContext.SpanID().String() != remoteSpan {
		t.Errorf("links %+v, want one to what the environment names", links)
	}
	if !child(first, s.span("roots/list")) {
		t.Error("what the server asks in the course of a call is not in its trace")
	}
	if remote := s.span("tools/list"); remote.Parent().SpanID().String() != remoteSpan || len(remote.Links()) != 0 {
		t.Errorf("parent %v, links %v", remote.Parent(), remote.Links())
	}
}

// TestRollover: after 1,000 operations a new trace begins, with a session span linked to the one before.
func TestRollover(t *testing.T) {
	s := newStage(t, nil)
	s.Noted(s.session(record.Session{Time: s.at(1), Protocol: "2025-11-25"}))
	for i := range 2001 {
		s.call(record.Operation{Method: semconv.Ping}, i, i+1)
	}
	sessions, traces := s.named(semconv.SessionSpan), map[trace.TraceID]int{}
	if len(sessions) != 3 {
		t.Fatalf("%d session spans, want 3", len(sessions))
	}
	for i, session := range sessions[1:] {
		if links := session.Links(); len(links) != 1 || links[0].SpanContext.SpanID() != sessions[i].SpanContext().SpanID() {
			t.Errorf("session span %d has the links %+v", i+1, links)
		}
		if session.Parent().IsValid() || !session.StartTime().Equal(session.EndTime()) {
			t.Errorf("session span %d has a parent or a length", i+1)
		}
		if values(session.Attributes())[semconv.ProtocolVersion] != "2025-11-25" {
			t.Errorf("session span %d has the attributes %v", i+1, session.Attributes())
		}
	}
	for _, span := range s.named("ping") {
		traces[span.SpanContext().TraceID()]++
	}
	if len(traces) != 3 || traces[sessions[0].SpanContext().TraceID()] != 1000 || traces[sessions[2].SpanContext().TraceID()] != 1 {
		t.Errorf("operations of the traces: %v", traces)
	}
	if s.OpenSpans() != 0 {
		t.Errorf("%d open spans", s.OpenSpans())
	}
}

func TestOpenSpans(t *testing.T) {
	s := newStage(t, nil)
	a, b := s.opened(record.Operation{}, 1), s.opened(record.Operation{}, 2)
	if s.OpenSpans() != 3 { // and the session's
		t.Errorf("%d open spans, want 3", s.OpenSpans())
	}
	s.ended(a, 3)
	s.ended(a, 3) // records of an operation that is not open mean nothing
	s.ended(b, 4)
	s.Noted(record.Exit{Time: s.at(5)})
	if s.OpenSpans() != 0 || len(s.spans.Ended()) != 3 {
		t.Errorf("%d open spans, %d ended", s.OpenSpans(), len(s.spans.Ended()))
	}
}

// TestNoSpans: without a processor there are metrics and log records, but no span is open and no record has a context.
func TestNoSpans(t *testing.T) {
	s := newStage(t, func(c *otel.Config) { c.Spans = nil })
	s.call(record.Operation{}, 1, 2)
	s.Noted(record.Notification{Time: s.at(3), Direction: record.ToServer, Method: semconv.Initialized})
	s.Noted(record.Exit{Time: s.at(5)})
	if s.OpenSpans() != 0 || len(s.Environment()) != 0 {
		t.Errorf("%d open spans, environment %v", s.OpenSpans(), s.Environment())
	}
	if got := s.records(semconv.OperationFinished); len(got) != 1 || got[0].span.IsValid() {
		t.Errorf("records %+v", got)
	}
	if got := points(s.collect()[semconv.ServerOperationDuration.Name], nil); len(got) != 1 {
		t.Errorf("metrics %+v", got)
	}
}

// TestNotSampled: a sampler that drops all leaves the context, which the server gets, and no spans.
func TestNotSampled(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	s := newStage(t, nil)
	s.call(whole(), 1, 2)
	s.Noted(record.Exit{Time: s.at(5)})
	if len(s.spans.Ended()) != 0 || len(s.Environment()) != 1 || s.OpenSpans() != 0 {
		t.Errorf("%d spans, environment %v, %d open", len(s.spans.Ended()), s.Environment(), s.OpenSpans())
	}
}

// A subscription has a child for each update; its trace is bounded all the same.
func TestTraceOfASubscription(t *testing.T) {
	const updates = 5000
	s := newStage(t, nil)
	op := s.opened(record.Operation{Method: semconv.SubscriptionsListen}, 1)
	for i := range updates {
		s.Noted(record.Notification{
			Time: s.at(i), Direction: record.ToClient, Method: semconv.ResourcesUpdated, Operation: op.Number,
		})
	}
	s.ended(op, 9000)
	traces := map[trace.TraceID]int{}
	for _, span := range s.spans.Ended() {
		traces[span.SpanContext().TraceID()]++
	}
	for id, spans := range traces {
		if spans > 2100 {
			t.Errorf("trace %v has %d spans", id, spans)
		}
	}
	if len(traces) < 3 {
		t.Errorf("%d traces for %d updates", len(traces), updates)
	}
}

// A span that a sampler has dropped cannot be lost.
func TestOpenSpansOfASampler(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	s := newStage(t, nil)
	s.opened(record.Operation{}, 1)
	if n := s.OpenSpans(); n != 0 {
		t.Errorf("%d open spans, want none", n)
	}
}

// Progress makes no spans, and so does not use up the children that an operation may have.
func TestChildAfterMuchProgress(t *testing.T) {
	s := newStage(t, nil)
	call := s.opened(record.Operation{}, 1)
	for i := range 2000 {
		s.Noted(record.Notification{
			Time: s.at(i), Direction: record.ToClient, Method: semconv.Progress, Operation: call.Number,
		})
	}
	asked := record.Operation{Method: semconv.SamplingCreateMessage, Direction: record.ToClient, Parent: call.Number}
	s.ended(s.opened(asked, 2001), 2002)
	s.ended(call, 2003)
	spans := s.spans.Ended()
	if len(spans) != 2 || !child(spans[1], spans[0]) {
		t.Errorf("%d spans; the request of the server must be a child of the call", len(spans))
	}
}
