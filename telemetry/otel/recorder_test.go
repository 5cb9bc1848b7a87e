package otel_test

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// keeper is a recorder that keeps everything.
type keeper struct {
	spans   []otlpfile.Span
	records []otlpfile.LogRecord
}

func (k *keeper) Span(s *otlpfile.Span) {
	c := *s
	c.Attributes, c.Events, c.Links = slices.Clone(s.Attributes), slices.Clone(s.Events), slices.Clone(s.Links)
	k.spans = append(k.spans, c)
}

func (k *keeper) LogRecord(r *otlpfile.LogRecord) {
	c := *r
	c.Attributes = slices.Clone(r.Attributes)
	k.records = append(k.records, c)
}

// keep makes a sink use the recorder.
func (k *keeper) keep(c *otel.Config) { c.Recorder = k }

// asRecorded converts a span of the SDK's to what a recorder gets of it.
func asRecorded(s sdktrace.ReadOnlySpan) otlpfile.Span {
	flags := func(c, from trace.SpanContext) uint32 {
		f := uint32(c.TraceFlags()) | 0x100
		if from.IsRemote() {
			f |= 0x200
		}
		return f
	}
	ids := s.SpanContext()
	out := otlpfile.Span{
		TraceID: ids.TraceID(), SpanID: ids.SpanID(), ParentID: s.Parent().SpanID(), TraceState: ids.TraceState().String(),
		Flags: flags(ids, s.Parent()), Name: s.Name(), Kind: s.SpanKind(), Start: s.StartTime(), End: s.EndTime(),
		Attributes: s.Attributes(), Status: s.Status().Code, Message: s.Status().Description,
	}
	for _, e := range s.Events() {
		out.Events = append(out.Events, otlpfile.Event{Name: e.Name, Time: e.Time})
	}
	for _, l := range s.Links() {
		out.Links = append(out.Links, otlpfile.Link{
			TraceID: l.SpanContext.TraceID(), SpanID: l.SpanContext.SpanID(), Flags: flags(l.SpanContext, l.SpanContext),
		})
	}
	return out
}

// sameSpan compares spans as they would be written.
func sameSpan(a, b otlpfile.Span) bool {
	return string(otlpfile.AppendSpan(nil, &a)) == string(otlpfile.AppendSpan(nil, &b))
}

// kinship gives a sink operations with parents, links, events, other traces and more children than a trace may have.
func kinship(s *stage) {
	const state = "vendor=value"
	parent := s.opened(record.Operation{RequestID: "1"}, 3000)
	child := record.Operation{Method: semconv.SamplingCreateMessage, Direction: record.ToClient, Parent: parent.Number}
	s.call(child, 3001, 3002)
	s.call(record.Operation{Traceparent: remoteParent, Tracestate: state}, 3003, 3004)
	s.Noted(record.Notification{Time: s.at(3005), Direction: record.ToClient, Method: "notifications/tools/list_changed", Size: 9})
	s.Noted(record.Notification{Time: s.at(3005), Direction: record.ToServer, Method: "notifications/x", Operation: parent.Number})
	parent.Events = []record.Event{{Name: semconv.ProgressEvent, Time: s.at(3006)}, {Name: semconv.RetryEvent, Time: s.at(3007)}}
	parent.Content = record.Content{Arguments: `{"a":1}`, Variables: []record.Variable{{Name: "n", Value: "v"}}}
	parent.Answered, parent.RoundTrips, parent.InputWait, parent.Hung = true, 2, time.Second, true
	s.ended(parent, 3010)
	for range 1100 {
		s.call(record.Operation{Method: semconv.Ping}, 3020, 3021)
	}
}

// TestRecorderGetsAll: a recorder gets the same spans as the SDK, with the same ids, in all trace scopes and contexts.
func TestRecorderGetsAll(t *testing.T) {
	for _, scope := range []otel.TraceScope{otel.TraceSession, otel.TraceOperation} {
		for _, ambient := range []string{"", remoteParent, "00-" + remoteTrace + "-" + remoteSpan + "-00"} {
			t.Run(fmt.Sprint(scope, ambient), func(t *testing.T) {
				k := &keeper{}
				s := everything(t, k.keep, func(c *otel.Config) {
					c.TraceScope, c.Traceparent, c.Tracestate = scope, ambient, "a=b"
				})
				kinship(s)
				var want []otlpfile.Span
				for _, one := range s.spans.Ended() {
					want = append(want, asRecorded(one))
				}
				if len(k.spans) < len(want) || len(k.spans) < 1100 {
					t.Fatalf("%d spans are recorded, %d exported", len(k.spans), len(want))
				}
				for _, w := range want {
					i := slices.IndexFunc(k.spans, func(got otlpfile.Span) bool { return got.SpanID == w.SpanID })
					if i < 0 || !sameSpan(k.spans[i], w) {
						t.Fatalf("%s: recorded %+v\nexported %+v", w.Name, k.spans[max(i, 0)], w)
					}
				}
				if unsampled := ambient != "" && ambient != remoteParent; !unsampled && len(k.spans) != len(want) {
					t.Errorf("%d spans are recorded, %d exported", len(k.spans), len(want))
				}
				if s.OpenSpans() != 0 || s.UnrecordedSpans() != 0 {
					t.Errorf("%d and %d spans are open", s.OpenSpans(), s.UnrecordedSpans())
				}
			})
		}
	}
}

// TestRecorderAlone: without the SDK's tracer a recorder gets the spans that it would get with it.
func TestRecorderAlone(t *testing.T) {
	for _, scope := range []otel.TraceScope{otel.TraceSession, otel.TraceOperation} {
		for _, ambient := range []string{"", remoteParent} {
			with, alone := &keeper{}, &keeper{}
			for k, spans := range map[*keeper]bool{with: true, alone: false} {
				s := everything(t, k.keep, func(c *otel.Config) {
					c.TraceScope, c.Traceparent, c.Tracestate = scope, ambient, "a=b"
					if !spans {
						c.Spans = nil
					}
				})
				kinship(s)
				if n := s.UnrecordedSpans(); n != 0 {
					t.Errorf("%d spans are open", n)
				}
				if env := s.Environment(); !spans && len(env) > 0 {
					t.Errorf("the server would get %q, a parent that no backend has", env)
				}
			}
			if got, want := anonymous(alone.spans), anonymous(with.spans); !slices.Equal(got, want) {
				t.Errorf("%s %s: %d spans, want %d; or they differ", scope, ambient, len(got), len(want))
			}
			if got, want := anonymousRecords(alone), anonymousRecords(with); !slices.Equal(got, want) {
				t.Errorf("%s %s: log records\n%v\nwant\n%v", scope, ambient, got, want)
			}
		}
	}
}

// anonymous describes spans with their places in the order in which ids occur in place of the ids.
func anonymous(all []otlpfile.Span) []string {
	places := map[string]int{}
	place := func(id string) int {
		if _, known := places[id]; !known {
			places[id] = len(places)
		}
		return places[id]
	}
	var out []string
	for _, s := range all {
		text := fmt.Sprint(place(s.TraceID.String()), place(s.SpanID.String()), place(s.ParentID.String()))
		for _, l := range s.Links {
			text += fmt.Sprint(" link ", place(l.TraceID.String()), place(l.SpanID.String()), l.Flags)
		}
		s.TraceID, s.SpanID, s.ParentID, s.Links = trace.TraceID{}, trace.SpanID{}, trace.SpanID{}, nil
		out = append(out, text+" "+string(otlpfile.AppendSpan(nil, &s)))
	}
	return out
}

// anonymousRecords describes log records with the places of their spans.
func anonymousRecords(k *keeper) []string {
	var out []string
	for _, r := range k.records {
		span := slices.IndexFunc(k.spans, func(s otlpfile.Span) bool { return s.SpanID == r.SpanID && s.TraceID == r.TraceID })
		r.TraceID, r.SpanID = trace.TraceID{}, trace.SpanID{}
		out = append(out, fmt.Sprint(span, " ", string(otlpfile.AppendLogRecord(nil, &r))))
	}
	return out
}

// TestRecorderIgnoresExports: what OpenTelemetry's variables and the log level keep from being exported is recorded.
func TestRecorderIgnoresExports(t *testing.T) {
	record := func(change func(*otel.Config)) (*keeper, *stage) {
		k := &keeper{}
		s := everything(t, k.keep, change)
		kinship(s)
		return k, s
	}
	whole, _ := record(func(*otel.Config) {})
	for name, c := range map[string]struct {
		variables map[string]string
		change    func(*otel.Config)
	}{
		"no sampling": {variables: map[string]string{"OTEL_TRACES_SAMPLER": "always_off"}},
		"sampling":    {variables: map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}},
		"limits of spans": {variables: map[string]string{
			"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "2", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "3", "OTEL_SPAN_EVENT_COUNT_LIMIT": "1",
			"OTEL_SPAN_LINK_COUNT_LIMIT": "0", "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": "0", "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": "0",
		}},
		"limits of attributes": {variables: map[string]string{
			"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "1", "OTEL_ATTRIBUTE_COUNT_LIMIT": "1",
		}},
		"limits of log records": {variables: map[string]string{
			"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT": "1", "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": "1",
		}},
		"a level":       {change: func(c *otel.Config) { c.LogLevel = slog.LevelError }},
		"a level below": {change: func(c *otel.Config) { c.LogLevel = slog.LevelDebug }},
		"no exports":    {change: func(c *otel.Config) { c.Spans, c.Metrics, c.Logs = nil, nil, nil }},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range c.variables {
				t.Setenv(variable, value)
			}
			change := c.change
			if change == nil {
				change = func(*otel.Config) {}
			}
			k, s := record(change)
			// A sampler is the only one that may show: in the flags, since a span that is recorded is as it was made.
			if got, want := anonymous(sampled(k.spans)), anonymous(sampled(whole.spans)); !slices.Equal(got, want) {
				t.Errorf("%d spans, want %d; or they differ", len(got), len(want))
			}
			for i := range k.records {
				if k.records[i].SpanID.IsValid() {
					k.records[i].Flags = 1
				}
			}
			if got, want := anonymousRecords(k), anonymousRecords(whole); !slices.Equal(got, want) {
				t.Errorf("%d log records, want %d; or they differ", len(got), len(want))
			}
			if c.variables["OTEL_TRACES_SAMPLER"] != "" && len(s.spans.Ended()) >= len(k.spans) {
				t.Errorf("the sampler has no effect: %d spans", len(s.spans.Ended()))
			}
		})
	}
}

// sampled returns spans with the flag of sampled ones.
func sampled(all []otlpfile.Span) []otlpfile.Span {
	all = slices.Clone(all)
	for i := range all {
		all[i].Flags |= 1
		all[i].Links = slices.Clone(all[i].Links)
		for j := range all[i].Links {
			all[i].Links[j].Flags |= 1
		}
	}
	return all
}

// TestRecordsOfRecorder: a recorder gets the log records that are exported, but for those that repeat a span, and one of
// its own for an operation that is still open.
func TestRecordsOfRecorder(t *testing.T) {
	k := &keeper{}
	s := everything(t, k.keep, func(c *otel.Config) { c.LogLevel = slog.LevelDebug })
	op := s.opened(record.Operation{RequestID: "9", RequestSize: 98, Parent: 3}, 3000)
	op.Change = record.StillOpen
	s.Changed(&op)
	s.ended(op, 5000)
	var kept []string
	for _, r := range k.records {
		if r.Body != semconv.OperationOpen.Message {
			kept = append(kept, fmt.Sprint(r.Body, r.Severity, r.Time, r.SpanID, values(r.Attributes)))
			continue
		}
		differ(t, r.Body, values(r.Attributes), map[string]any{
			semconv.MethodName: "tools/call", semconv.Direction: "to_server", semconv.ToolName: "search", semconv.RequestID: "9",
			semconv.Number: int64(op.Number), semconv.Parent: int64(3), semconv.RequestSize: int64(98),
			semconv.SessionID: "the-session", semconv.ServerName: "test-server", semconv.ServerVersion: "2.0",
		})
		if last := k.spans[len(k.spans)-1]; !r.Time.Equal(s.at(3000)) || r.SpanID != last.SpanID || r.TraceID != last.TraceID {
			t.Errorf("%+v is not in its span", r)
		}
	}
	var exported []string
	for _, l := range s.logs.all {
		if l.body != semconv.OperationStarted.Message && l.body != semconv.OperationFinished.Message {
			exported = append(exported, fmt.Sprint(l.body, l.severity, l.time, l.span.SpanID(), l.attributes))
		}
	}
	if !slices.Equal(kept, exported) || len(k.records) != len(kept)+1 {
		t.Errorf("recorded\n%v\nexported\n%v", kept, exported)
	}
}

// TestRecorderKeepsNothing: the sink reuses what it gives to a recorder, which a recorder must copy; what it has copied
// must be whole.
func TestRecorderKeepsNothing(t *testing.T) {
	k := &keeper{}
	s := newStage(t, k.keep)
	s.Noted(record.Exit{Time: s.at(50), EndedBy: record.ByServer, Code: 3}) // sets attributes of a span twice
	want := values(s.span(semconv.SessionSpan).Attributes())
	if got := values(k.spans[0].Attributes); !reflect.DeepEqual(got, want) || want[semconv.ExitCode] != "3" {
		t.Errorf("recorded %v, exported %v", got, want)
	}
}
