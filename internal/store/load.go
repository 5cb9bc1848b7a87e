package store

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Records are a session's, in the order of time.
type Records struct {
	Session    record.Session
	Operations []record.Operation // those that are still open, or were when the process was killed, have no End
	Notes      []record.Note      // notifications, violations, findings, lines, blockages
	Exit       *record.Exit       // nil while it runs, and if the process was killed
	Spans      map[uint64]SpanIDs // of the operations, by number
	Damaged    int                // lines that could not be read
}

// SpanIDs names a span.
type SpanIDs struct {
	TraceID trace.TraceID
	SpanID  trace.SpanID
}

// Load reads a session's records.
func (s *Session) Load() (*Records, error) {
	r := &Records{Spans: map[uint64]SpanIDs{}, Session: record.Session{
		ID: s.ID, Launched: s.Launched, Started: s.Started, PID: s.Process.ServerPID, Protocol: s.Protocol,
		Client: s.Client, Server: s.Server,
	}}
	if e := s.Meta.Exit; e != nil {
		r.Exit = &record.Exit{
			Time: s.Ended, EndedBy: e.EndedBy, Cause: e.Cause, Code: e.Code, Signal: e.Signal, Reason: e.Reason, Open: e.Open,
			Lifetime: s.Ended.Sub(s.Started),
		}
	}
	numbers := map[trace.SpanID]uint64{}
	var parents []trace.SpanID // of the operations
	err := s.lines("traces.jsonl", func(line []byte) {
		_, spans, err := otlpfile.ReadTraces(line)
		if err != nil {
			r.Damaged++
			return
		}
		for i := range spans {
			span := &spans[i]
			if span.Name == semconv.SessionSpan || span.Name == semconv.SessionFailed {
				continue
			}
			op := operation(span)
			if op.Number == 0 {
				r.Notes = append(r.Notes, record.Notification{
					Time: op.Start, Direction: op.Direction, Method: op.Method, Resource: op.Resource, Size: op.RequestSize,
				})
				continue
			}
			numbers[span.SpanID] = op.Number
			r.Spans[op.Number] = SpanIDs{span.TraceID, span.SpanID}
			r.Operations, parents = append(r.Operations, op), append(parents, span.ParentID)
		}
	})
	if err != nil {
		return nil, err
	}
	for i, parent := range parents {
		r.Operations[i].Parent = numbers[parent]
	}
	slices.SortFunc(r.Operations, func(a, b record.Operation) int { return cmp.Compare(a.Number, b.Number) })
	return r, nil
}

// lines calls f with each line of a file of the session. A last line without its end is torn, and left out.
func (s *Session) lines(name string, f func(line []byte)) error {
	file, err := os.Open(s.file(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	for r := bufio.NewReaderSize(file, 1<<16); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		f(line)
	}
}

// operation makes the record of which a span was made, as far as the span tells.
func operation(s *otlpfile.Span) record.Operation {
	op := record.Operation{
		Change: record.Ended, Direction: record.ToServer, Start: s.Start, End: s.End, RoundTrips: 1, Method: s.Name,
	}
	if s.Kind == trace.SpanKindClient {
		op.Direction = record.ToClient
	}
	seconds := func(v attribute.Value) time.Duration { return time.Duration(v.AsFloat64() * float64(time.Second)) }
	for _, a := range s.Attributes {
		v := a.Value
		switch string(a.Key) {
		case semconv.MethodName:
			op.Method = v.AsString()
		case semconv.ToolName, semconv.PromptName:
			op.Target = v.AsString()
		case semconv.Number:
			op.Number = uint64(v.AsInt64())
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
		case semconv.ErrorType:
			op.ErrorType = v.AsString()
		case semconv.StatusCode:
			op.Code = v.AsString()
		case semconv.ErrorClass:
			op.Class = record.Class(v.AsString())
		case semconv.TaskStatus:
			op.TaskStatus = v.AsString()
		case semconv.Batch:
			op.Batch = v.AsBool()
		case semconv.Ambiguous:
			op.Ambiguous = v.AsBool()
		case semconv.Undelivered:
			op.Undelivered = v.AsBool()
		case semconv.Hung:
			op.Hung = v.AsBool()
		case semconv.IDMismatch:
			op.IDMismatch = v.AsBool()
		case semconv.RequestSize:
			op.RequestSize = v.AsInt64()
		case semconv.ResponseSize:
			op.ResponseSize, op.Answered = v.AsInt64(), true
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
		}
	}
	op.Duration = op.End.Sub(op.Start) - op.InputWait
	for _, e := range s.Events {
		op.Events = append(op.Events, record.Event{Name: e.Name, Time: e.Time})
	}
	return op
}
