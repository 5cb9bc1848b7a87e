package store

import (
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// This file makes records of spans and log records: the reverse of package otel, as far as these hold what a record has.

// isSession reports whether a span is about the session as a whole.
func isSession(s *otlpfile.Span) bool {
	return s.Name == semconv.SessionSpan || s.Name == semconv.SessionFailed
}

// parentIsRemote is OTLP's flag of a span whose parent is another process's.
const parentIsRemote = 0x200

// operation makes the record of which a span was made. That of a notification has no number.
func operation(s *otlpfile.Span) record.Operation {
	op := record.Operation{
		Change: record.Ended, Direction: record.ToServer, Start: s.Start, End: s.End, RoundTrips: 1, Method: s.Name,
	}
	if s.Flags&parentIsRemote != 0 { // only a request that names its parent has one in another process
		op.Traceparent = fmt.Sprintf("00-%s-%s-%02x", s.TraceID, s.ParentID, s.Flags&0xff)
		op.Tracestate = s.TraceState
	}
	if s.Kind == trace.SpanKindClient {
		op.Direction = record.ToClient
	}
	for _, a := range s.Attributes {
		setOperation(&op, a)
	}
	if op.Duration = max(s.End.Sub(s.Start)-op.InputWait, 0); op.Answered && op.RoundTrips == 1 {
		op.FirstByte = s.End.Add(-op.Transfer)
	}
	for _, e := range s.Events {
		op.Events = append(op.Events, record.Event{Name: e.Name, Time: e.Time})
	}
	return op
}

// setOperation sets the field of an operation that an attribute stands for.
func setOperation(op *record.Operation, a attribute.KeyValue) {
	v := a.Value
	switch string(a.Key) {
	case semconv.MethodName:
		op.Method = v.AsString()
	case semconv.ToolName, semconv.PromptName:
		op.Target = v.AsString()
	case semconv.Number:
		op.Number = uint64(max(v.AsInt64(), 0))
	case semconv.Parent: // of a log record; a span names its parent's span
		op.Parent = uint64(max(v.AsInt64(), 0))
	case semconv.RequestID:
		op.RequestID = v.AsString()
	case semconv.Resource:
		op.Resource = v.AsString()
	case semconv.ProtocolVersion:
		op.Protocol = v.AsString()
	case semconv.Requested:
		op.Requested = v.AsString()
	case semconv.JSONRPCVersion:
		op.JSONRPC = v.AsString()
	case semconv.Direction: // of a log record; a span has its kind
		op.Direction = record.Direction(v.AsString())
	case semconv.Batch:
		op.Batch = v.AsBool()
	case semconv.RequestSize:
		op.RequestSize = v.AsInt64()
	case semconv.RequestTokens:
		op.RequestTokens = v.AsInt64()
	default:
		setOutcome(op, a)
	}
}

// setOutcome sets the fields that say how an operation went.
func setOutcome(op *record.Operation, a attribute.KeyValue) {
	v := a.Value
	switch string(a.Key) {
	case semconv.ErrorType:
		op.ErrorType = v.AsString()
	case semconv.StatusCode:
		op.Code = v.AsString()
	case semconv.ErrorClass:
		op.Class = record.Class(v.AsString())
	case semconv.TaskStatus:
		op.TaskStatus = v.AsString()
	case semconv.Ambiguous:
		op.Ambiguous = v.AsBool()
	case semconv.Undelivered:
		op.Undelivered = v.AsBool()
	case semconv.Hung:
		op.Hung = v.AsBool()
	case semconv.IDMismatch:
		op.IDMismatch = v.AsBool()
	case semconv.ResponseSize:
		op.ResponseSize, op.Answered = v.AsInt64(), true
	case semconv.ResponseTokens:
		op.ResponseTokens = v.AsInt64()
	case semconv.ResponseMedia:
		op.ResponseMedia = v.AsInt64()
	case semconv.RoundTrips:
		op.RoundTrips = int(v.AsInt64())
	case semconv.ProgressCount:
		op.Progress = int(v.AsInt64())
	case semconv.Wait:
		op.Wait = seconds(v)
	case semconv.Transfer:
		op.Transfer = seconds(v)
	case semconv.InputWait:
		op.InputWait = seconds(v)
	case semconv.Duration:
		op.Duration = seconds(v)
	case semconv.Stall:
		op.Stall = record.Stall(v.AsString())
	default:
		setEvidence(op, a)
	}
}

// setEvidence sets what a verdict rests on.
func setEvidence(op *record.Operation, a attribute.KeyValue) {
	e, v := op.Seen(), a.Value
	switch string(a.Key) {
	case semconv.StallUnread:
		e.Unread = v.AsInt64()
	case semconv.StallBacklog:
		e.Backlog = int(v.AsInt64())
	case semconv.StallPartial:
		e.Partial = v.AsInt64()
	case semconv.StallQuiet:
		e.Quiet = seconds(v)
	case semconv.StallBlocked:
		e.Blocked = seconds(v)
	case semconv.StallAsked:
		e.Asked = v.AsString()
	case semconv.StallOthers:
		e.Others = int(v.AsInt64())
	case semconv.StallProcesses:
		e.Processes = int(v.AsInt64())
	case semconv.StallStopped:
		e.Stopped = int(v.AsInt64())
	case semconv.StallRunning:
		e.Running = int(v.AsInt64())
	case semconv.StallChildren:
		e.Children = int(v.AsInt64())
	case semconv.StallOver:
		e.Over = seconds(v)
	case semconv.StallCPU:
		e.CPU = seconds(v)
	case semconv.StallBridge:
		e.Bridge = v.AsString()
	default:
		return
	}
	op.Prove(op.Stall, e)
}

// seconds rounds to nanoseconds: the text of a floating-point number is exact to less than that for a year.
func seconds(v attribute.Value) time.Duration {
	return time.Duration(v.AsFloat64()*float64(time.Second) + 0.5)
}

// notification makes the record of a notification's span.
func notification(op *record.Operation, parent uint64) record.Notification {
	return record.Notification{
		Time: op.Start, Direction: op.Direction, Method: op.Method, Operation: parent, Resource: op.Resource,
		JSONRPC: op.JSONRPC, Protocol: op.Protocol, Batch: op.Batch, Traceparent: op.Traceparent, Tracestate: op.Tracestate,
		Size: op.RequestSize, URI: op.Content.URI,
	}
}

// attributes looks up values by their keys.
type attributes []attribute.KeyValue

func (all attributes) get(key string) attribute.Value {
	for _, a := range all {
		if string(a.Key) == key {
			return a.Value
		}
	}
	return attribute.Value{}
}

func (all attributes) text(key string) string {
	if v := all.get(key); v.Type() == attribute.STRING {
		return v.AsString()
	}
	return ""
}

// note makes the record of which a log record was made; nil if it is about something else. The operation is the one in
// whose context it was logged.
func note(r *otlpfile.LogRecord, about uint64) record.Note {
	all := attributes(r.Attributes)
	direction := record.Direction(all.text(semconv.Direction))
	switch r.Body {
	case semconv.UnexpectedMessage.Message, semconv.LateAnswer.Message:
		return violation(r, direction, about)
	case semconv.UnusualCall.Message:
		since, _ := time.Parse(time.DateOnly, all.text(semconv.Since)) // none: it compares with the session itself
		return record.Finding{
			Time: r.Time, Kind: record.FindingKind(all.text(semconv.Anomaly)), Operation: about, Tool: all.text(semconv.ToolName),
			Side: record.Side(all.text(semconv.Side)), Seen: all.get(semconv.Seen).AsFloat64(),
			Usual: all.get(semconv.Usual).AsFloat64(), Unit: all.text(semconv.Unit),
			Resource: all.text(semconv.Resource), Prompt: all.text(semconv.PromptName), From: all.text(semconv.From),
			Since: since, Sessions: int(all.get(semconv.Sessions).AsInt64()),
		}
	case semconv.DefinitionDiffers.Message:
		return definitionChange(r)
	case semconv.StreamBlocked.Message:
		return record.Blockage{Time: r.Time, Direction: direction, Duration: seconds(all.get(semconv.Duration))}
	case semconv.ServerStderr.Message:
		return record.LogLine{Time: r.Time, Source: record.FromStderr, Text: all.text(semconv.Data)}
	case semconv.ServerMessage.Message:
		return record.LogLine{
			Time: r.Time, Source: record.FromMessage, Level: levels[r.SeverityText], Logger: all.text(semconv.Logger),
			Text: all.text(semconv.Data),
		}
	}
	return nil
}

// definitionChange makes the record of a change of a definition.
func definitionChange(r *otlpfile.LogRecord) record.DefinitionChange {
	all := attributes(r.Attributes)
	c := record.DefinitionChange{
		Time: r.Time, Change: record.DefinitionChangeKind(all.text(semconv.DefinitionChange)),
		Kind: record.DefinitionKind(all.text(semconv.DefinitionKind)), Name: all.text(semconv.DefinitionName),
		OldName: all.text(semconv.DefinitionOld), Pinned: all.get(semconv.DefinitionPinned).AsBool(),
	}
	c.Since, _ = time.Parse(time.RFC3339, all.text(semconv.DefinitionSince))
	if parts := all.text(semconv.DefinitionParts); parts != "" {
		for part := range strings.SplitSeq(parts, ", ") {
			c.Parts = append(c.Parts, record.Part(part))
		}
	}
	return c
}

// levels are MCP's levels for the levels of log records, of which there are fewer.
var levels = map[string]string{"DEBUG": "debug", "INFO": "info", "WARN": "warning", "ERROR": "error"}

// violation makes the record of a violation. Its log record has the cause of its kind where there was no other reason.
func violation(r *otlpfile.LogRecord, direction record.Direction, about uint64) record.Violation {
	all := attributes(r.Attributes)
	v := record.Violation{
		Time: r.Time, Direction: direction, Kind: record.ViolationKind(all.text(semconv.Violation)),
		Reason: all.text(semconv.ViolationReason), Size: all.get(semconv.Size).AsInt64(), Operation: about,
		Method: all.text(semconv.MethodName), Sent: all.text(semconv.Sent), Awaited: all.text(semconv.Awaited),
		Requested: all.text(semconv.Requested), Given: all.text(semconv.ProtocolVersion), Supported: all.text(semconv.Supported),
		Late: seconds(all.get(semconv.StallLate)),
	}
	if number := all.get(semconv.Number).AsInt64(); number > 0 {
		v.Operation = uint64(number)
	}
	if v.Reason == semconv.ViolationOf(string(v.Kind)).Cause {
		v.Reason = ""
	}
	return v
}

// opened makes the record of an operation that was open when a log record was written: it had just been open for a second,
// or for long. The latter lacks the number if the former is missing.
func opened(r *otlpfile.LogRecord) (op record.Operation, ok bool) {
	op = record.Operation{Change: record.StillOpen, Direction: record.ToServer, Start: r.Time, RoundTrips: 1}
	switch r.Body {
	case semconv.OperationOpen.Message:
	case semconv.OperationHangs.Message:
		op.Change, op.Hung = record.Hanging, true
	default:
		return op, false
	}
	for _, a := range r.Attributes {
		setOperation(&op, a)
	}
	if op.Hung {
		op.Start = r.Time.Add(-op.Duration)
		op.Undelivered = attributes(r.Attributes).text(semconv.Hint) != ""
	}
	return op, true
}

// update adds to an operation that is open what a later record of it has.
func update(op *record.Operation, later *record.Operation) {
	op.Change, op.Hung, op.Duration = later.Change, op.Hung || later.Hung, later.Duration
	op.Undelivered = later.Undelivered
	if later.Stall != "" {
		op.Stall, op.Evidence = later.Stall, later.Evidence
	}
}
