package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// kept is a store in memory.
type kept struct {
	about telemetry.StoreSession
	close func(ctx context.Context) // if not nil, called by Close
	span  func()                    // likewise by Span

	mu      sync.Mutex
	spans   []string
	ids     []trace.SpanID // of the spans
	records []otlpfile.LogRecord
	texts   []string // of the log records
	lines   []string // of metrics
	order   []string // of what came last
	exit    *record.Exit
	failing bool // nothing is kept
	lost    [2]int64
	total   map[string]int64
	closed  int
}

// in makes a session use the store.
func (k *kept) in(c *telemetry.Config) {
	c.OpenStore = func(about telemetry.StoreSession) (telemetry.Store, error) {
		k.about = about
		return k, nil
	}
}

// Span implements otel.Recorder.
func (k *kept) Span(s *otlpfile.Span) {
	if k.span != nil {
		k.span()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failing {
		k.lost[0]++
		return
	}
	k.ids = append(k.ids, s.SpanID)
	k.spans = append(k.spans, string(otlpfile.AppendSpan(nil, s)))
}

// LogRecord implements otel.Recorder.
func (k *kept) LogRecord(r *otlpfile.LogRecord) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failing {
		k.lost[1]++
		return
	}
	c := *r
	c.Attributes = slices.Clone(r.Attributes)
	k.records = append(k.records, c)
	k.texts = append(k.texts, string(otlpfile.AppendLogRecord(nil, r)))
}

// Opened implements session.Sink.
func (k *kept) Opened(*record.Operation) {}

// Changed implements session.Sink.
func (k *kept) Changed(*record.Operation) {}

// Noted implements session.Sink.
func (k *kept) Noted(n record.Note) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := n.(record.Exit); ok {
		k.exit, k.order = &e, append(k.order, "exit")
	}
}

// Metrics implements telemetry.Store.
func (k *kept) Metrics() io.Writer { return metricsOf{k} }

type metricsOf struct{ *kept }

// Write implements io.Writer.
func (m metricsOf) Write(line []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines, m.order = append(m.lines, string(line)), append(m.order, "metrics")
	return len(line), nil
}

// Lost implements telemetry.Store.
func (k *kept) Lost() (spans, logRecords int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lost[0], k.lost[1]
}

// Flush implements telemetry.Store.
func (k *kept) Flush(context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.order = append(k.order, "flush")
}

// Close implements telemetry.Store.
func (k *kept) Close(ctx context.Context, lost map[string]int64) {
	if k.close != nil {
		k.close(ctx)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed++
	k.total, k.order = lost, append(k.order, "close")
}

// awkward is a session with failures, a cancellation, requests of the server, notifications and violations.
const awkward = everything + `
2600ms > {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9,"reason":"no patience"}}
2610ms > {"jsonrpc":"2.0","id":10,"method":"tools/call","params":{"name":"search","arguments":{},"_meta":{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","tracestate":"a=b"}}}
2620ms < {"jsonrpc":"2.0","id":10,"result":{"content":[]}}
2630ms < {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}
`

// TestStoreIsWhole: nothing that concerns exports changes what is stored.
func TestStoreIsWhole(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	store := func(t *testing.T, sinks string, variables ...string) *kept {
		t.Helper()
		exportTo(t, r, otlptest.GRPC)
		for _, v := range variables {
			name, value, _ := strings.Cut(v, "=")
			t.Setenv(name, value)
		}
		k := &kept{}
		s := openTo(t, consent.Request{Telemetry: sinks}, k.in)
		s.say(awkward)
		s.end(record.Exit{EndedBy: record.ByServer, Code: 3})
		if k.closed != 1 || k.exit == nil || !slices.Equal(k.order[len(k.order)-3:], []string{"exit", "metrics", "close"}) {
			t.Errorf("closed %d times, exit %v, order %v", k.closed, k.exit, k.order)
		}
		return k
	}
	want := store(t, "local")
	if len(want.spans) < 15 || len(want.records) < 4 {
		t.Fatalf("%d spans and %d log records are stored", len(want.spans), len(want.records))
	}
	for name, variables := range map[string][]string{
		"with exports": nil, "no exporters": {"OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none"},
		"invalid endpoint": {"OTEL_EXPORTER_OTLP_ENDPOINT=nonsense"},
		"no sampling":      {"OTEL_TRACES_SAMPLER=always_off"},
		"limits": {"OTEL_ATTRIBUTE_COUNT_LIMIT=1", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=1", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT=1",
			"OTEL_SPAN_EVENT_COUNT_LIMIT=0", "OTEL_SPAN_LINK_COUNT_LIMIT=0", "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT=1"},
		"metrics": {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta", "OTEL_METRIC_EXPORT_INTERVAL=1",
			"OTEL_METRICS_EXEMPLAR_FILTER=always_off"},
		"exponential histograms": {"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION=base2_exponential_bucket_histogram"},
	} {
		t.Run(name, func(t *testing.T) {
			got := store(t, "local,otlp", variables...)
			same(t, "spans", got.shape(got.spans), want.shape(want.spans))
			same(t, "log records", got.shape(got.texts), want.shape(want.texts))
			same(t, "metrics", metricNames(got.lines), metricNames(want.lines))
			if len(got.lines) != len(want.lines) {
				t.Errorf("%d lines of metrics, want %d", len(got.lines), len(want.lines))
			}
		})
	}
}

// same compares two lists.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// shape returns what was stored without what is random, and without times, which depend on the session's start.
func (k *kept) shape(all []string) []string {
	var out []string
	for _, text := range all {
		for _, member := range []string{"traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano", "timeUnixNano"} {
			text = without(text, `"`+member+`":`)
		}
		out = append(out, withoutMeasuredValues(strings.ReplaceAll(text, k.about.ID, "ID")))
	}
	return out
}

// without removes the value of a member, wherever it is.
func without(text, member string) string {
	parts := strings.Split(text, member)
	for i := range parts[1:] {
		parts[i+1] = strings.TrimLeft(parts[i+1], `"0123456789abcdef`)
	}
	return strings.Join(parts, member)
}

// measuredValue is a value that was measured and not said, such as how long the session has lasted, since when
// something has been so, or that a sampler has decided.
var measuredValue = regexp.MustCompile(`,"flags":\d+|\{"key":"(duration|p95)","value":\{"doubleValue":[^}]*\}\}|` +
	`\{"key":"since","value":\{"stringValue":[^}]*\}\}`)

// withoutMeasuredValues removes them.
func withoutMeasuredValues(text string) string { return measuredValue.ReplaceAllString(text, "") }

// metricForm is what tells that values are cumulative, and that histograms have explicit buckets.
var metricForm = regexp.MustCompile(`"aggregationTemporality":\d|"explicitBounds"`)

// metricNames returns the names of the metrics in lines, and the form of their values.
func metricNames(lines []string) []string {
	var names []string
	for _, line := range lines {
		for _, part := range strings.Split(line, `{"name":"`)[1:] {
			name, _, _ := strings.Cut(part, `"`)
			names = append(names, name+" "+strings.Join(metricForm.FindAllString(part, -1), " "))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestStoreKnowsItsSession: a store knows the session, and where its spans come from, before the server starts.
func TestStoreKnowsItsSession(t *testing.T) {
	k := &kept{}
	s := openTo(t, consent.Request{Telemetry: "local"}, k.in)
	s.end(left)
	attributes := fmt.Sprint(k.about.Origin.Resource)
	if k.about.ID == "" || k.about.Launched.IsZero() || k.about.Service != "server-x" || k.about.Version != "1.2.3" ||
		k.about.Logger == nil || k.about.Origin.ScopeVersion != "1.2.3" || !strings.Contains(attributes, "service.instance.id") {
		t.Errorf("%+v", k.about)
	}
}

// TestOperationOpen: an operation that is open for a second is stored as such, in its span, and not exported.
func TestOperationOpen(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	k := &kept{}
	s := open(t, r, otlptest.GRPC, func(c *telemetry.Config) {
		c.Policy, _ = consent.Decide(consent.Request{Telemetry: "local,otlp"})
		k.in(c)
	})
	s.say(`
0ms > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}
1ms > {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"fast"}}
2ms < {"jsonrpc":"2.0","id":2,"result":{"content":[]}}`)
	found := func() []otlpfile.LogRecord {
		k.mu.Lock()
		defer k.mu.Unlock()
		return slices.DeleteFunc(slices.Clone(k.records), func(r otlpfile.LogRecord) bool { return r.Body != semconv.OperationOpen.Message })
	}
	mcptest.Eventually(t, "the call is stored as open", func() bool { return len(found()) > 0 })
	s.say(`3000ms < {"jsonrpc":"2.0","id":1,"result":{"content":[]}}`)
	s.end(left)
	all := found()
	if len(all) != 1 || !all[0].Time.Equal(s.start) || !slices.Contains(k.ids, all[0].SpanID) {
		t.Errorf("%+v", all)
	}
	example := strings.Join(k.texts, "\n")
	if !strings.Contains(example, "slow") || strings.Contains(example, "fast") {
		t.Errorf("log records:\n%s", example)
	}
	for _, exported := range r.Records() {
		if exported.Body == semconv.OperationOpen.Message {
			t.Errorf("exported: %+v", exported)
		}
	}
}

// TestNoParentOfStore: a store alone gives the server no trace context, since no backend has the parent. An export does.
func TestNoParentOfStore(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	exportTo(t, r, otlptest.GRPC)
	for sinks, want := range map[string]int{"local": 0, "local,otlp": 1, "otlp": 1} {
		policy, _ := consent.Decide(consent.Request{Telemetry: sinks})
		cfg := telemetry.Config{Policy: policy}
		(&kept{}).in(&cfg)
		tel := telemetry.New(cfg)
		if env := tel.Environment(); len(env) != want {
			t.Errorf("%s: the server gets %q, want %d variables", sinks, env, want)
		}
		tel.NotStarted(t.Context(), record.Exit{Code: 127})
	}
}

// TestStoreLosses: what a store could not keep is a metric, by reason, reaches the store at its end, and is reported
// once.
func TestStoreLosses(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	k := &kept{failing: true}
	s := open(t, r, otlptest.GRPC, func(c *telemetry.Config) {
		c.Policy, _ = consent.Decide(consent.Request{Telemetry: "local,otlp"})
		k.in(c)
	})
	s.say(awkward)
	s.end(left)
	spans, records := k.Lost()
	if spans == 0 || records == 0 || int(spans) != len(r.Spans()) {
		t.Fatalf("lost are %d spans and %d log records, sent %d spans", spans, records, len(r.Spans()))
	}
	for reason, want := range map[string]int64{"stored_span": spans, "stored_log_record": records} {
		if got := r.Value(semconv.TelemetryDropped.Name, otlptest.Attrs{semconv.LossReason: reason}); got != float64(want) {
			t.Errorf("%s: %v, want %d", reason, got, want)
		}
		if k.total[reason] != want {
			t.Errorf("the store gets %v, want %d as %s", k.total, want, reason)
		}
	}
	want := fmt.Sprintf("spans=0 log_records=0 stored_spans=%d stored_log_records=%d", spans, records)
	if log := s.log.String(); strings.Count(log, "was lost; the server was not affected") != 1 || !strings.Contains(log, want) {
		t.Errorf("want %s once:\n%s", want, log)
	}
}

// TestStoreThatCannotBeOpened: one warning, and the session goes on without it.
func TestStoreThatCannotBeOpened(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, func(c *telemetry.Config) {
		c.Policy, _ = consent.Decide(consent.Request{Telemetry: "local,otlp"})
		c.OpenStore = func(telemetry.StoreSession) (telemetry.Store, error) { return nil, errors.New("read-only file system") }
	})
	s.say(awkward)
	s.end(left)
	if log := s.log.String(); strings.Count(log, `"this session is not stored" error="read-only file system"`) != 1 {
		t.Errorf("log:\n%s", log)
	}
	if len(r.Spans()) < 15 {
		t.Errorf("%d spans were sent", len(r.Spans()))
	}
}

// TestStoreBesideHangingCollector: a store is whole and closed while a collector still uses up the time.
func TestStoreBesideHangingCollector(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	r.SetFault(otlptest.Hang())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k := &kept{close: func(context.Context) { cancel() }} // until then nothing ends the collector's time
	s := open(t, r, otlptest.HTTP, func(c *telemetry.Config) {
		c.Policy, _ = consent.Decide(consent.Request{Telemetry: "local,otlp"})
		k.in(c)
	})
	s.say(awkward)
	s.tel.Flush() // hangs, too, once the store has what there is
	mcptest.Eventually(t, "the store is flushed", func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return slices.Equal(k.order, []string{"metrics", "flush"})
	})
	s.tel.Close(ctx, left)
	mcptest.Eventually(t, "the store is closed", func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.closed == 1
	})
	if len(k.spans) < 15 || len(k.lines) == 0 || k.exit == nil || k.order[len(k.order)-2] != "metrics" {
		t.Errorf("%d spans, %d lines of metrics, exit %v, %v", len(k.spans), len(k.lines), k.exit, k.order)
	}
}

// TestHangingStore: a disk that hangs does not keep telemetry from ending when its time is up, nor from being sent.
func TestHangingStore(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hang := make(chan struct{})
	k := &kept{close: func(context.Context) { <-hang }}
	s := open(t, r, otlptest.GRPC, func(c *telemetry.Config) {
		c.Policy, _ = consent.Decide(consent.Request{Telemetry: "local,otlp"})
		k.in(c)
	})
	s.say(awkward)
	closed := make(chan struct{})
	go func() { // ends with cancel below
		s.tel.Close(ctx, left)
		close(closed)
	}()
	mcptest.Eventually(t, "everything is sent", func() bool { return len(r.Spans()) >= 15 })
	cancel()
	<-closed
	close(hang)
}

// TestPanicInStore: a defect there switches telemetry off with one warning, and never changes how the process ends.
func TestPanicInStore(t *testing.T) {
	for name, k := range map[string]*kept{
		"span": {span: func() { panic("a defect in the store") }}, "close": {close: func(context.Context) { panic("a defect in the store") }},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTo(t, consent.Request{Telemetry: "local"}, k.in)
			s.say(awkward)
			s.end(left)
			if log := s.log.String(); strings.Count(log, "telemetry is off for the rest of this session") != 1 || !strings.Contains(log, "a defect in the store") {
				t.Errorf("log:\n%s", log)
			}
			if name == "span" && (k.exit == nil || k.closed != 1) {
				t.Errorf("the store does not learn of the end: exit %v, closed %d times", k.exit, k.closed)
			}
		})
	}
}

// TestOpenSpansOfStore: spans that are not ended, because there was no time left, are counted.
func TestOpenSpansOfStore(t *testing.T) {
	blocked, release := make(chan struct{}), make(chan struct{})
	k := &kept{}
	var once sync.Once
	s := openTo(t, consent.Request{Telemetry: "local"}, func(c *telemetry.Config) {
		k.in(c)
		c.Sinks = append(c.Sinks, ended(func(*record.Operation) {
			once.Do(func() { close(blocked); <-release })
		}))
	})
	s.say(`
1ms > {"jsonrpc":"2.0","id":2,"method":"tools/list"}
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms < {"jsonrpc":"2.0","id":1,"result":{}}
3ms > {"jsonrpc":"2.0","id":3,"method":"ping"}`)
	<-blocked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.tel.Close(ctx, left)
	close(release)
	if log := s.log.String(); !strings.Contains(log, "stored_spans=1 ") {
		t.Errorf("want one span lost, of tools/list:\n%s", log)
	}
}
