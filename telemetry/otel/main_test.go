package otel_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage gives records to a sink and keeps what it makes of them.
type stage struct {
	*otel.Sink
	t     *testing.T
	start time.Time
	spans *tracetest.SpanRecorder
	meter *sdkmetric.ManualReader
	logs  *logProcessor
	own   *bytes.Buffer // the program's own log, from level INFO on
	count uint64        // operations
}

// newStage returns a sink of a session that was launched at stage.start and whose server has started 10 ms later.
func newStage(t *testing.T, change func(*otel.Config)) *stage {
	t.Helper()
	s := launch(t, change)
	s.Noted(s.session(record.Session{Time: s.at(10)}))
	return s
}

// startedStage is one whose server is the process pid.
func startedStage(t *testing.T, pid int) *stage {
	t.Helper()
	s := launch(t, nil)
	n := s.session(record.Session{Time: s.at(10)})
	n.PID = pid
	s.Noted(n)
	return s
}

func launch(t *testing.T, change func(*otel.Config)) *stage {
	s := &stage{
		t: t, start: time.Date(2026, 11, 26, 10, 15, 2, 0, time.UTC),
		spans: tracetest.NewSpanRecorder(), meter: sdkmetric.NewManualReader(), logs: &logProcessor{}, own: &bytes.Buffer{},
	}
	cfg := otel.Config{
		Version: "1.2.3", Logger: slog.New(slog.NewTextHandler(s.own, nil)), LogLevel: slog.LevelInfo,
		Session: record.Session{ID: "the-session", Launched: s.start},
		Spans:   []sdktrace.SpanProcessor{s.spans}, Metrics: []sdkmetric.Reader{s.meter}, Logs: []sdklog.Processor{s.logs},
	}
	if change != nil {
		change(&cfg)
	}
	s.Sink = otel.New(cfg)
	t.Cleanup(func() {
		if !s.Shutdown(context.Background()) {
			t.Error("the sink did not shut down")
		}
	})
	return s
}

// at returns a time of the session in milliseconds.
func (s *stage) at(ms int) time.Time { return s.start.Add(time.Duration(ms) * time.Millisecond) }

// session completes a record of the session with what is known from the start.
func (s *stage) session(n record.Session) record.Session {
	n.ID, n.Launched, n.Started = "the-session", s.start, s.at(10)
	return n
}

// opened opens an operation, of which what is missing is that of a call of a tool, and returns its record.
func (s *stage) opened(op record.Operation, ms int) record.Operation {
	s.count++
	op.Number, op.Change, op.Start = s.count, record.Opened, s.at(ms)
	if op.Direction == "" {
		op.Direction = record.ToServer
	}
	if op.Method == "" {
		op.Method, op.Target = semconv.ToolsCall, "search"
	}
	op.RoundTrips = max(op.RoundTrips, 1)
	s.Opened(&op)
	return op
}

// ended ends an operation, with a response that came after as many milliseconds as the operation took.
func (s *stage) ended(op record.Operation, ms int) record.Operation {
	op.Change, op.End = record.Ended, s.at(ms)
	op.Duration = op.End.Sub(op.Start)
	if op.Answered && op.RoundTrips == 1 {
		op.Wait = op.Duration
	}
	s.Changed(&op)
	return op
}

// seen is evidence of every kind.
var seen = record.Evidence{
	Unread: 182, Backlog: 2, Partial: 4096, Quiet: 29400 * time.Millisecond, Blocked: 30 * time.Second, Asked: semconv.SamplingCreateMessage,
	Others: 12, Processes: 3, Stopped: 1, Running: 1, Children: 1, CPU: 20 * time.Millisecond, Over: 29 * time.Second, Bridge: "docker",
}

// call is an answered operation.
func (s *stage) call(op record.Operation, from, to int) record.Operation {
	op = s.opened(op, from)
	op.Answered = true
	return s.ended(op, to)
}

// span returns the only span with the name.
func (s *stage) span(name string) sdktrace.ReadOnlySpan {
	s.t.Helper()
	all := s.named(name)
	if len(all) != 1 {
		s.t.Fatalf("%d spans are called %q, want one", len(all), name)
	}
	return all[0]
}

func (s *stage) named(name string) (found []sdktrace.ReadOnlySpan) {
	for _, span := range s.spans.Ended() {
		if span.Name() == name {
			found = append(found, span)
		}
	}
	return found
}

// values returns attributes as a map of plain values.
func values(kv []attribute.KeyValue) map[string]any {
	m := map[string]any{}
	for _, a := range kv {
		m[string(a.Key)] = a.Value.AsInterface()
	}
	return m
}

// point is a value of a metric; of a histogram, its count and sum.
type point struct {
	attributes map[string]any
	value      float64
	count      uint64
}

// collect reads all metrics, by name.
func (s *stage) collect() map[string]metricdata.Metrics {
	s.t.Helper()
	var all metricdata.ResourceMetrics
	if err := s.meter.Collect(context.Background(), &all); err != nil {
		s.t.Fatal(err)
	}
	found := map[string]metricdata.Metrics{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if _, twice := found[m.Name]; twice {
				s.t.Errorf("%s is exported twice", m.Name)
			}
			found[m.Name] = m
		}
	}
	return found
}

// points returns the values of a metric with the given attributes among theirs.
func points(m metricdata.Metrics, match map[string]any) (found []point) {
	add := func(set attribute.Set, value float64, count uint64) {
		p := point{values(set.ToSlice()), value, count}
		for key, want := range match {
			if p.attributes[key] != want {
				return
			}
		}
		found = append(found, p)
	}
	switch data := m.Data.(type) {
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, p.Sum, p.Count)
		}
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, float64(p.Value), 0)
		}
	case metricdata.Sum[float64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, p.Value, 0)
		}
	case metricdata.Gauge[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, float64(p.Value), 0)
		}
	}
	return found
}

// logged is an exported log record.
type logged struct {
	event      string
	body       string
	severity   int
	time       time.Time
	attributes map[string]any
	span       trace.SpanContext
}

// logProcessor keeps log records.
type logProcessor struct {
	mu  sync.Mutex
	all []logged
}

func (p *logProcessor) OnEmit(_ context.Context, r *sdklog.Record) error {
	l := logged{event: r.EventName(), body: r.Body().AsString(), severity: int(r.Severity()), time: r.Timestamp(), attributes: map[string]any{}}
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		l.attributes[string(kv.Key)] = kv.Value.AsInterface()
		return true
	})
	l.span = trace.NewSpanContext(trace.SpanContextConfig{TraceID: r.TraceID(), SpanID: r.SpanID()})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, l)
	return nil
}

func (p *logProcessor) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (p *logProcessor) Shutdown(context.Context) error                         { return nil }
func (p *logProcessor) ForceFlush(context.Context) error                       { return nil }

// records returns the exported log records with the message.
func (s *stage) records(r semconv.Record) (found []logged) {
	for _, l := range s.logs.all {
		if l.body == r.Message {
			found = append(found, l)
		}
	}
	return found
}

// differ reports how two maps differ, for messages of tests.
func differ(t *testing.T, what string, got, want map[string]any) {
	t.Helper()
	for key := range want {
		if got[key] != want[key] {
			t.Errorf("%s: %s = %v, want %v", what, key, got[key], want[key])
		}
	}
	for key := range maps.Keys(got) {
		if _, ok := want[key]; !ok {
			t.Errorf("%s: unexpected %s = %v", what, key, got[key])
		}
	}
}
