package cmd_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// signals are spans, log records and points of metrics by what identifies them, each with its resource and scope.
type signals struct {
	spans   map[string]*tracepb.TracesData
	records map[string]*logspb.LogsData
	points  map[string]*metricspb.MetricsData // the last of each series
}

func newSignals() *signals {
	return &signals{map[string]*tracepb.TracesData{}, map[string]*logspb.LogsData{}, map[string]*metricspb.MetricsData{}}
}

func (s *signals) addSpans(all []*tracepb.ResourceSpans) {
	for _, r := range all {
		for _, scope := range r.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				sortAttributes(span.Attributes)
				one := &tracepb.ScopeSpans{Scope: scope.GetScope(), SchemaUrl: scope.GetSchemaUrl(), Spans: []*tracepb.Span{span}}
				s.spans[fmt.Sprintf("%x", span.GetSpanId())] = &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{
					Resource: r.GetResource(), SchemaUrl: r.GetSchemaUrl(), ScopeSpans: []*tracepb.ScopeSpans{one},
				}}}
			}
		}
	}
}

func (s *signals) addRecords(all []*logspb.ResourceLogs) {
	for _, r := range all {
		for _, scope := range r.GetScopeLogs() {
			for _, record := range scope.GetLogRecords() {
				sortAttributes(record.Attributes)
				record.ObservedTimeUnixNano = 0 // when the SDK got it, which only the SDK knows
				one := &logspb.ScopeLogs{Scope: scope.GetScope(), SchemaUrl: scope.GetSchemaUrl(), LogRecords: []*logspb.LogRecord{record}}
				s.records[prototext.Format(record)] = &logspb.LogsData{ResourceLogs: []*logspb.ResourceLogs{{
					Resource: r.GetResource(), SchemaUrl: r.GetSchemaUrl(), ScopeLogs: []*logspb.ScopeLogs{one},
				}}}
			}
		}
	}
}

// addMetrics adds a metric for each point. The time of a collection differs, and so does what is measured only then.
func (s *signals) addMetrics(all []*metricspb.ResourceMetrics) {
	for _, r := range all {
		for _, scope := range r.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				for key, one := range seriesOf(m) {
					if ofProcess(m.GetName()) {
						one.Data = nil
					}
					in := &metricspb.ScopeMetrics{Scope: scope.GetScope(), SchemaUrl: scope.GetSchemaUrl(), Metrics: []*metricspb.Metric{one}}
					s.points[key] = &metricspb.MetricsData{ResourceMetrics: []*metricspb.ResourceMetrics{{
						Resource: r.GetResource(), SchemaUrl: r.GetSchemaUrl(), ScopeMetrics: []*metricspb.ScopeMetrics{in},
					}}}
				}
			}
		}
	}
}

// seriesOf returns a metric for each of its points, by name and attributes.
func seriesOf(m *metricspb.Metric) map[string]*metricspb.Metric {
	out := map[string]*metricspb.Metric{}
	add := func(attributes []*commonpb.KeyValue, put func(*metricspb.Metric)) {
		sortAttributes(attributes)
		one := &metricspb.Metric{Name: m.GetName(), Description: m.GetDescription(), Unit: m.GetUnit()}
		put(one)
		out[fmt.Sprint(m.GetName(), attributes)] = one
	}
	number := func(p *metricspb.NumberDataPoint) []*metricspb.NumberDataPoint {
		p.StartTimeUnixNano, p.TimeUnixNano = 0, 0
		return []*metricspb.NumberDataPoint{p}
	}
	switch d := m.GetData().(type) {
	case *metricspb.Metric_Gauge:
		for _, p := range d.Gauge.GetDataPoints() {
			add(p.GetAttributes(), func(one *metricspb.Metric) {
				one.Data = &metricspb.Metric_Gauge{Gauge: &metricspb.Gauge{DataPoints: number(p)}}
			})
		}
	case *metricspb.Metric_Sum:
		for _, p := range d.Sum.GetDataPoints() {
			add(p.GetAttributes(), func(one *metricspb.Metric) {
				one.Data = &metricspb.Metric_Sum{Sum: &metricspb.Sum{
					DataPoints: number(p), IsMonotonic: d.Sum.GetIsMonotonic(), AggregationTemporality: d.Sum.GetAggregationTemporality(),
				}}
			})
		}
	case *metricspb.Metric_Histogram:
		for _, p := range d.Histogram.GetDataPoints() {
			add(p.GetAttributes(), func(one *metricspb.Metric) {
				p.StartTimeUnixNano, p.TimeUnixNano = 0, 0
				one.Data = &metricspb.Metric_Histogram{Histogram: &metricspb.Histogram{
					DataPoints: []*metricspb.HistogramDataPoint{p}, AggregationTemporality: d.Histogram.GetAggregationTemporality(),
				}}
			})
		}
	}
	return out
}

func sortAttributes(all []*commonpb.KeyValue) {
	slices.SortFunc(all, func(a, b *commonpb.KeyValue) int { return cmp.Compare(a.GetKey(), b.GetKey()) })
}

// received returns what a receiver has accepted.
func received(t *testing.T, r *otlptest.Receiver) *signals {
	t.Helper()
	s := newSignals()
	for _, request := range r.Requests() {
		var err error
		switch request.Signal {
		case otlptest.Traces:
			m := &coltrace.ExportTraceServiceRequest{}
			err = proto.Unmarshal(request.Body, m)
			s.addSpans(m.GetResourceSpans())
		case otlptest.Logs:
			m := &collogs.ExportLogsServiceRequest{}
			err = proto.Unmarshal(request.Body, m)
			s.addRecords(m.GetResourceLogs())
		case otlptest.Metrics:
			m := &colmetrics.ExportMetricsServiceRequest{}
			err = proto.Unmarshal(request.Body, m)
			s.addMetrics(m.GetResourceMetrics())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// storedSession returns the directory of the only session in a home.
func storedSession(t *testing.T, h home) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(h.root, "home", ".local", "state", "spanpipe", "sessions", "*"))
	if err != nil || len(all) != 1 {
		t.Fatalf("stored sessions: %q, %v", all, err)
	}
	return all[0]
}

// linesOf returns the lines of a file, all of which must be whole.
func linesOf(t *testing.T, dir, name string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(text, []byte("\n")) {
		t.Errorf("%s ends in the middle of a line", name)
	}
	return bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

// stored returns what a session's files hold. Content is put back where it was captured.
func stored(t *testing.T, dir string) *signals {
	t.Helper()
	s := newSignals()
	read := func(name string, into proto.Message, add func()) {
		for _, line := range linesOf(t, dir, name) {
			if err := otlptest.ReadLine(line, into); err != nil {
				t.Fatalf("%s: %v in %s", name, err, line)
			}
			add()
			proto.Reset(into)
		}
	}
	traces, logs, metrics := &tracepb.TracesData{}, &logspb.LogsData{}, &metricspb.MetricsData{}
	read("traces.jsonl", traces, func() { s.addSpans(traces.GetResourceSpans()) })
	read("logs.jsonl", logs, func() { s.addRecords(logs.GetResourceLogs()) })
	read("metrics.jsonl", metrics, func() { s.addMetrics(metrics.GetResourceMetrics()) })
	if _, err := os.Stat(filepath.Join(dir, "content.jsonl")); err != nil {
		return s
	}
	first := proto.Clone(anyOf(s.records)).(*logspb.LogsData)
	for _, line := range linesOf(t, dir, "content.jsonl") {
		var content struct{ Spans, LogRecords json.RawMessage }
		if err := json.Unmarshal(line, &content); err != nil {
			t.Fatalf("content.jsonl: %v in %s", err, line)
		}
		spans, records := &tracepb.ScopeSpans{}, &logspb.ScopeLogs{}
		if len(content.Spans) > 0 {
			if err := otlptest.ReadLine(fmt.Appendf(nil, `{"spans":%s}`, content.Spans), spans); err != nil {
				t.Fatal(err)
			}
		}
		if len(content.LogRecords) > 0 {
			if err := otlptest.ReadLine(fmt.Appendf(nil, `{"logRecords":%s}`, content.LogRecords), records); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range spans.GetSpans() {
			span := s.spans[fmt.Sprintf("%x", c.GetSpanId())].GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0]
			span.Attributes = append(span.Attributes, c.GetAttributes()...)
			sortAttributes(span.Attributes)
			if c.GetStatus() != nil {
				span.Status.Message = c.GetStatus().GetMessage()
			}
		}
		one := proto.Clone(first).(*logspb.LogsData).GetResourceLogs()[0]
		one.ScopeLogs[0].LogRecords = records.GetLogRecords()
		s.addRecords([]*logspb.ResourceLogs{one})
	}
	return s
}

func anyOf[M any](all map[string]M) (one M) {
	for _, one = range all {
		break
	}
	return one
}

// compareSignals reports what is stored otherwise than it was sent. Records that repeat a span are not stored, and that an
// operation is open is not sent.
func compareSignals(t *testing.T, stored, sent *signals) {
	t.Helper()
	compareMessages(t, "span", stored.spans, sent.spans)
	for key, r := range stored.records {
		if bodyOf(r) == "operation open" {
			delete(stored.records, key)
		}
	}
	for key, r := range sent.records {
		if body := bodyOf(r); body == "operation started" || body == "operation finished" {
			delete(sent.records, key)
		}
	}
	compareMessages(t, "log record", stored.records, sent.records)
	onlyInBoth(stored.points, sent.points)
	onlyInBoth(sent.points, stored.points)
	compareMessages(t, "point", stored.points, sent.points)
}

// ofProcess reports whether a metric, or a key that begins with its name, is measured of the server's processes.
func ofProcess(name string) bool {
	return strings.HasPrefix(name, "process.") || strings.HasPrefix(name, semconv.MemoryLimit.Name)
}

// onlyInBoth drops what was measured of the server's processes at one collection and could not be at the other, since a process
// was about to start or to end.
func onlyInBoth(points, others map[string]*metricspb.MetricsData) {
	for key := range points {
		if _, ok := others[key]; !ok && ofProcess(key) {
			delete(points, key)
		}
	}
}

func bodyOf(r *logspb.LogsData) string {
	return r.GetResourceLogs()[0].GetScopeLogs()[0].GetLogRecords()[0].GetBody().GetStringValue()
}

func compareMessages[M proto.Message](t *testing.T, what string, stored, sent map[string]M) {
	t.Helper()
	for key, want := range sent {
		if got, ok := stored[key]; !ok {
			t.Errorf("a %s is not stored:\n%s", what, prototext.Format(want))
		} else if !proto.Equal(got, want) {
			t.Errorf("%s: stored and sent differ in\n%s", what, onlyInOne(prototext.Format(got), prototext.Format(want)))
		}
	}
	for key, got := range stored {
		if _, ok := sent[key]; !ok {
			t.Errorf("a %s was not sent:\n%s", what, prototext.Format(got))
		}
	}
	if len(sent) == 0 {
		t.Errorf("no %s was sent", what)
	}
}

// onlyInOne returns the lines that only one of two texts has.
func onlyInOne(stored, sent string) string {
	var out strings.Builder
	for mark, texts := range map[string][2]string{"stored: ": {stored, sent}, "sent: ": {sent, stored}} {
		for line := range strings.Lines(texts[0]) {
			if !strings.Contains(texts[1], strings.TrimSpace(line)) {
				out.WriteString(mark + line)
			}
		}
	}
	return out.String()
}

// awkwardTraffic is a session of which each kind of record is made. Its last call hangs.
const awkwardTraffic = `
> {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test-client","version":"1.0"}}}
< {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"test-server","version":"2.0"}}}
> {"jsonrpc":"2.0","method":"notifications/initialized"}
> {"jsonrpc":"2.0","id":1,"method":"tools/list"}
< {"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"search","inputSchema":{"type":"object"}},{"name":"fetch","inputSchema":{"type":"object"}}]}}
> {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search","arguments":{"q":"a \"quoted\" \u0001 word"},"_meta":{"progressToken":"p","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","tracestate":"a=b"}}}
< {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1}}
< {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"say it"}}],"maxTokens":9}}
> {"jsonrpc":"2.0","id":1,"result":{"role":"assistant","model":"m","content":{"type":"text","text":"x"}}}
< {"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"found <b>\u2028</b>"}]}}
> {"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"fetch","arguments":{}}}
< {"jsonrpc":"2.0","id":3,"result":{"isError":true,"content":[{"type":"text","text":"429 Too Many Requests"}]}}
> {"jsonrpc":"2.0","id":4,"method":"prompts/get","params":{"name":"greet","arguments":{"mood":"warm"}}}
< {"jsonrpc":"2.0","id":4,"error":{"code":-32603,"message":"no model"}}
> {"jsonrpc":"2.0","id":5,"method":"resources/read","params":{"uri":"file:///tmp/x"}}
< {"jsonrpc":"2.0","id":5,"error":{"code":-32002,"message":"Resource not found"}}
> {"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"slow","arguments":{}}}
> {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":6,"reason":"no patience"}}
< {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}
< {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"db","data":"slow query"}}
< a banner that does not belong here
< {"jsonrpc":"2.0","id":99,"result":{}}
! listening on the usual port
`

const hangingCall = `
> {"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search","arguments":{"q":"b"}}}
`

// TestStoredIsSent runs sessions that are both stored and sent, and compares each span, log record and point of a metric:
// the store has what a collector would get, in the same words, under the same ids.
func TestStoredIsSent(t *testing.T) {
	const ambient = "TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, test := range []struct {
		name      string
		protocol  otlptest.Protocol
		pings     int // beyond the first trace
		variables []string
	}{
		{"one trace", otlptest.GRPC, 0, nil},
		{"traces of operations", otlptest.HTTP, 0, []string{"SPANPIPE_TRACE_SCOPE=operation", ambient, "TRACESTATE=c=d"}},
		{"several traces", otlptest.HTTP, 1100, []string{ambient, "OTEL_RESOURCE_ATTRIBUTES=deployment.environment=test,team=a%20b"}},
		{"content", otlptest.GRPC, 0, []string{"SPANPIPE_CAPTURE=errors,arguments,results,prompts,uris,messages,stderr"}},
		{"debug", otlptest.GRPC, 0, []string{"SPANPIPE_OTLP_LOG_LEVEL=debug", "OTEL_METRICS_EXEMPLAR_FILTER=always_off"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := otlptest.Start(t, otlptest.Config{})
			text := awkwardTraffic
			for i := range test.pings {
				text += fmt.Sprintf("> {\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"ping\"}\n< {\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{}}\n", 1000+i, 1000+i)
			}
			steps := canarySteps(text + hangingCall)
			place := newHome(t)
			h := mcptest.Open(t, wrapped(t, scripted(t, steps)), place.in(slices.Concat(r.Env(test.protocol), []string{
				"SPANPIPE_TELEMETRY=local,otlp", "SPANPIPE_HANG_AFTER=1s", "OTEL_BSP_MAX_QUEUE_SIZE=20000", "OTEL_BLRP_MAX_QUEUE_SIZE=20000",
			}, test.variables)...))
			h.Play(steps)
			mcptest.Eventually(t, "the hanging call is reported", func() bool {
				return slices.ContainsFunc(r.Records(), func(r otlptest.Record) bool { return r.Body == "operation has not been answered yet" })
			})
			h.CloseInput()
			h.Wait()
			if stderr := h.Stderr.String(); strings.Contains(stderr, "lost") {
				t.Fatalf("stderr: %s", stderr)
			}
			compareSignals(t, stored(t, storedSession(t, place)), received(t, r))
		})
	}
}

// TestStoreVetoes: what switches all telemetry off holds for the store as well, and what forbids a network does not.
func TestStoreVetoes(t *testing.T) {
	for _, test := range []struct {
		name      string
		variables []string
		want      bool
	}{
		{"local", nil, true},
		{"DO_NOT_TRACK", []string{"DO_NOT_TRACK=1"}, true},
		{"OTEL_SDK_DISABLED", []string{"OTEL_SDK_DISABLED=true"}, false},
		{"OTEL_SDK_DISABLED for spanpipe alone", []string{"SPANPIPE_OTEL_SDK_DISABLED=true"}, false},
		{"off", []string{"SPANPIPE_TELEMETRY=local,off"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			place := newHome(t)
			h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), place.in(append([]string{"SPANPIPE_TELEMETRY=local"}, test.variables...)...))
			mcptest.Connect(h).Tool("echo", nil)
			endSession(t, h)
			if left := place.left(t); len(left) > 0 != test.want {
				t.Errorf("left behind: %q, want any: %v", left, test.want)
			}
			if stderr := h.Stderr.String(); stderr != "" {
				t.Errorf("stderr: %s", stderr)
			}
		})
	}
}

// TestStoreAloneOpensNoSocket: a session that is only stored has no socket, whatever OpenTelemetry's variables say, and the
// server gets no trace context, since no backend has the parent.
func TestStoreAloneOpensNoSocket(t *testing.T) {
	place := newHome(t)
	h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), place.in("SPANPIPE_TELEMETRY=local", "SPANPIPE_PROPAGATE=env",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9", "SPANPIPE_ADMIN_ADDR="))
	c := mcptest.Connect(h)
	if env := c.Tool("environ", nil).Text(); strings.Contains(env, "TRACEPARENT") || strings.Contains(env, "SPANPIPE") {
		t.Errorf("the server's environment: %s", env)
	}
	files := fmt.Sprintf("/proc/%d/fd/", h.Cmd.Process.Pid)
	mcptest.Eventually(t, "the session is stored", func() bool { return len(place.left(t)) > 0 })
	open, err := os.ReadDir(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range open {
		if to, _ := os.Readlink(files + f.Name()); strings.HasPrefix(to, "socket:") {
			t.Errorf("descriptor %s is %s", f.Name(), to)
		}
	}
	endSession(t, h)
	if dir := storedSession(t, place); len(linesOf(t, dir, "traces.jsonl")) == 0 || len(linesOf(t, dir, "metrics.jsonl")) == 0 {
		t.Error("nothing is stored")
	}
}
