package otlpfile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
)

// origin is that of all lines of the tests.
var origin = otlpfile.Origin{
	Resource:    []attribute.KeyValue{attribute.String("service.name", "a \"b\"\n"), attribute.Int("service.weight", 3)},
	ResourceURL: "https://opentelemetry.io/schemas/1.41.0", ScopeName: "scope", ScopeVersion: "1.2.3",
}

// values are attributes of all types.
var values = []attribute.KeyValue{
	attribute.String("text", hostile), attribute.String("empty", ""), attribute.Bool("yes", true), attribute.Bool("no", false),
	attribute.Int64("least", math.MinInt64), attribute.Int64("most", math.MaxInt64), attribute.Int("zero", 0),
	attribute.Float64("nought", 0), attribute.Float64("small", 5e-324), attribute.Float64("large", math.MaxFloat64),
	attribute.Float64("none", math.NaN()), attribute.Float64("infinite", math.Inf(1)), attribute.Float64("less", math.Inf(-1)),
	attribute.StringSlice("texts", []string{"a", hostile, ""}), attribute.StringSlice("no texts", nil),
	attribute.BoolSlice("bools", []bool{true, false}), attribute.Int64Slice("integers", []int64{1, -1}),
	attribute.Float64Slice("doubles", []float64{0.5, math.Inf(1)}), attribute.ByteSlice("bytes", []byte{0, 1, 255}),
	attribute.Slice("mixed", attribute.IntValue(1), attribute.StringValue("b"), attribute.Value{}, attribute.SliceValue(attribute.BoolValue(true))),
	attribute.Map("map", attribute.String("k", "v"), attribute.Map("inner", attribute.Int("n", 1))),
	{Key: "no value"}, attribute.String("", "no key"),
}

// hostile has what must be escaped, and what is alike: members and ids inside of a text.
const hostile = "\x00\x01\t\r\n\x1f \"\\/ </script> \u007f\u0080\u2028\u2029\ufeff\U0001F600 \",\"traceId\":\"AAAA\"}]}"

// at returns a time of the tests.
func at(ns int64) time.Time { return time.Unix(1_795_000_000, ns) }

// spans have every member, and none.
func spans() []otlpfile.Span {
	return []otlpfile.Span{
		{TraceID: trace.TraceID{15: 1}, SpanID: trace.SpanID{7: 1}, Flags: 0x101},
		{
			TraceID: trace.TraceID{1, 2, 3}, SpanID: trace.SpanID{4, 5}, ParentID: trace.SpanID{6}, TraceState: "a=b,c=d", Flags: 0x301,
			Name: hostile, Kind: trace.SpanKindServer, Start: at(1), End: at(2), Attributes: values,
			Events: []otlpfile.Event{{Name: "progress", Time: at(1)}, {}, {Name: hostile}},
			Links:  []otlpfile.Link{{TraceID: trace.TraceID{9}, SpanID: trace.SpanID{9}, Flags: 0x100}, {TraceID: trace.TraceID{8}, SpanID: trace.SpanID{8}, Flags: 0x301}},
			Status: codes.Error, Message: hostile,
		},
		{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, Flags: 0x100, Name: "ok", Kind: trace.SpanKindClient, Status: codes.Ok, End: time.Unix(-5, 0)},
	}
}

// line returns the line of spans.
func line(all []otlpfile.Span) []byte {
	before, after := otlpfile.Traces(&origin)
	b := before
	for i := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = otlpfile.AppendSpan(b, &all[i])
	}
	return append(b, after...)
}

// TestSpans compares a line of spans with what OpenTelemetry's exporter sends of the same ones.
func TestSpans(t *testing.T) {
	text := line(spans())
	if bytes.Count(text, []byte("\n")) != 1 || !bytes.HasSuffix(text, []byte("}\n")) {
		t.Errorf("not one line: %q", text)
	}
	got, want := &tracepb.TracesData{}, &tracepb.TracesData{ResourceSpans: exported(t, spans())}
	decode(t, text, got)
	if !proto.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", prototext.Format(got), prototext.Format(want))
	}
}

// exported returns what OpenTelemetry's exporter sends.
func exported(t testing.TB, all []otlpfile.Span) []*tracepb.ResourceSpans {
	t.Helper()
	c := &client{}
	exporter, err := otlptrace.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var stubs tracetest.SpanStubs
	for _, s := range all {
		stubs = append(stubs, stub(s))
	}
	if err := exporter.ExportSpans(t.Context(), stubs.Snapshots()); err != nil {
		t.Fatal(err)
	}
	return c.sent
}

func stub(s otlpfile.Span) tracetest.SpanStub {
	context := func(id trace.TraceID, span trace.SpanID, flags uint32, state string) trace.SpanContext {
		parsed, _ := trace.ParseTraceState(state)
		return trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: id, SpanID: span, TraceFlags: trace.TraceFlags(flags), Remote: flags&0x200 != 0, TraceState: parsed,
		})
	}
	out := tracetest.SpanStub{
		Name: s.Name, SpanContext: context(s.TraceID, s.SpanID, s.Flags, s.TraceState),
		Parent: context(s.TraceID, s.ParentID, s.Flags, ""), SpanKind: s.Kind, StartTime: s.Start, EndTime: s.End,
		Attributes: s.Attributes, Status: sdktrace.Status{Code: s.Status, Description: s.Message},
		Resource:             resource.NewWithAttributes(origin.ResourceURL, origin.Resource...),
		InstrumentationScope: instrumentation.Scope{Name: origin.ScopeName, Version: origin.ScopeVersion},
	}
	for _, e := range s.Events {
		out.Events = append(out.Events, sdktrace.Event{Name: e.Name, Time: e.Time})
	}
	for _, l := range s.Links {
		out.Links = append(out.Links, sdktrace.Link{SpanContext: context(l.TraceID, l.SpanID, l.Flags, "")})
	}
	return out
}

// client keeps what an exporter sends.
type client struct{ sent []*tracepb.ResourceSpans }

func (c *client) Start(context.Context) error { return nil }
func (c *client) Stop(context.Context) error  { return nil }

func (c *client) UploadTraces(_ context.Context, all []*tracepb.ResourceSpans) error {
	c.sent = append(c.sent, all...)
	return nil
}

// decode reads a line with protobuf's own decoder.
func decode(t testing.TB, line []byte, into proto.Message) {
	t.Helper()
	if err := otlptest.ReadLine(line, into); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
}

// logRecords have every member, and none.
func logRecords() []otlpfile.LogRecord {
	return []otlpfile.LogRecord{
		{},
		{
			Time: at(5), Severity: 13, SeverityText: "WARN", EventName: "spanpipe.call.unusual", Body: hostile, Attributes: values,
			TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, Flags: 1,
		},
	}
}

func logLine(all []otlpfile.LogRecord) []byte {
	before, after := otlpfile.Logs(&origin)
	b := before
	for i := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = otlpfile.AppendLogRecord(b, &all[i])
	}
	return append(b, after...)
}

// TestLogRecords reads a line of log records with protobuf's own decoder. What OpenTelemetry's exporter sends of a session
// is compared with the stored records in cmd_test.
func TestLogRecords(t *testing.T) {
	got := &logspb.LogsData{}
	decode(t, logLine(logRecords()), got)
	resource, scope := got.GetResourceLogs()[0], got.GetResourceLogs()[0].GetScopeLogs()[0]
	if resource.GetSchemaUrl() != origin.ResourceURL || scope.GetScope().GetVersion() != "1.2.3" || len(scope.GetLogRecords()) != 2 {
		t.Fatalf("%s", prototext.Format(got))
	}
	empty, full := scope.GetLogRecords()[0], scope.GetLogRecords()[1]
	want := exported(t, []otlpfile.Span{{Attributes: values}})[0].GetScopeSpans()[0].GetSpans()[0].GetAttributes()
	for i, a := range full.GetAttributes() {
		if !proto.Equal(a, want[i]) {
			t.Errorf("attribute %v, want %v", a, want[i])
		}
	}
	if empty.GetBody().GetStringValue() != "" || empty.GetTimeUnixNano() != 0 || len(empty.GetTraceId()) > 0 {
		t.Errorf("empty: %v", empty)
	}
	if full.GetBody().GetStringValue() != hostile || full.GetTimeUnixNano() != uint64(at(5).UnixNano()) || full.GetSeverityNumber() != 13 ||
		full.GetSeverityText() != "WARN" || full.GetEventName() != "spanpipe.call.unusual" || full.GetTraceId()[0] != 1 || full.GetSpanId()[0] != 2 || full.GetFlags() != 1 {
		t.Errorf("full: %v", full)
	}
}

// TestMetrics reads a line of metrics with protobuf's own decoder. Package otel's tests compare one with what OpenTelemetry's
// exporter makes of the same data; this one has what a session has rarely.
func TestMetrics(t *testing.T) {
	least := -0.5
	before, after := otlpfile.Metrics(&origin)
	point := otlpfile.Point{Attributes: values[:1], Start: at(1), Time: at(2), Value: attribute.Int64Value(-7)}
	line := otlpfile.AppendMetric(before, &otlpfile.Metric{Name: "a", Description: hostile, Unit: "By", Points: []otlpfile.Point{point, {Value: attribute.Float64Value(0.5)}}})
	line = otlpfile.AppendMetric(append(line, ','), &otlpfile.Metric{Name: "b", Form: otlpfile.Sum, Monotonic: true})
	line = otlpfile.AppendMetric(append(line, ','), &otlpfile.Metric{Name: "c", Form: otlpfile.Histogram, Points: []otlpfile.Point{
		{}, {
			Count: 3, Total: math.Inf(1), Min: &least, Buckets: []uint64{1, math.MaxUint64 / 2}, Bounds: []float64{0.25},
			Exemplars: []otlpfile.Exemplar{{Value: attribute.Float64Value(2)}, {
				Attributes: values[:2], Time: at(3), Value: attribute.Int64Value(1), TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2},
			}},
		},
	}})
	got, want := &metricspb.MetricsData{}, &metricspb.MetricsData{}
	line = append(line, after...)
	decode(t, line, got)
	read, err := new(otlpfile.Reader).Metrics(line, "a", "b", "absent")
	if err != nil || len(read) != 2 || read[0].Description != hostile || read[0].Unit != "By" || len(read[0].Points) != 2 ||
		!reflect.DeepEqual(read[0].Points[0], point) || read[0].Points[1].Value.AsFloat64() != 0.5 || read[1].Form != otlpfile.Sum || !read[1].Monotonic {
		t.Errorf("read: %+v, %v", read, err)
	}
	for n := range line { // a torn line is an error
		if _, err := new(otlpfile.Reader).Metrics(line[:n], "a"); err == nil && n > 0 && n < len(line)-1 {
			t.Fatalf("%q was read", line[:n])
		}
	}
	quoted, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	text := `{"key":"text","value":{"stringValue":` + string(quoted) + `}}`
	decode(t, []byte(`{"resourceMetrics":[{"resource":{"attributes":[
		{"key":"service.name","value":{"stringValue":"a \"b\"\n"}},{"key":"service.weight","value":{"intValue":"3"}}]},
		"schemaUrl":"https://opentelemetry.io/schemas/1.41.0","scopeMetrics":[{"scope":{"name":"scope","version":"1.2.3"},"metrics":[
		{"name":"a","unit":"By","description":`+string(quoted)+`,"gauge":{"dataPoints":[
			{"attributes":[`+text+`],"startTimeUnixNano":"1795000000000000001","timeUnixNano":"1795000000000000002","asInt":"-7"},{"asDouble":0.5}]}},
		{"name":"b","sum":{"aggregationTemporality":2,"isMonotonic":true}},
		{"name":"c","histogram":{"aggregationTemporality":2,"dataPoints":[{"sum":0},
			{"count":"3","sum":"Infinity","min":-0.5,"bucketCounts":["1","9223372036854775807"],"explicitBounds":[0.25],"exemplars":[
				{"asDouble":2},{"asInt":"1","timeUnixNano":"1795000000000000003","traceId":"01000000000000000000000000000000",
				"spanId":"0200000000000000","filteredAttributes":[`+text+`,{"key":"empty","value":{"stringValue":""}}]}]}]}}
	]}]}]}`), want)
	if !proto.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", prototext.Format(got), prototext.Format(want))
	}
}

// TestRead: what was written is read again.
func TestRead(t *testing.T) {
	o, read, err := otlpfile.ReadTraces(line(spans()))
	if err != nil || !reflect.DeepEqual(o, origin) {
		t.Fatalf("%+v, %v", o, err)
	}
	want := spans()
	want[2].End = time.Time{} // OTLP has no times before 1970
	same(t, read, want)
	o, records, err := otlpfile.ReadLogs(logLine(logRecords()))
	if err != nil || !reflect.DeepEqual(o, origin) {
		t.Fatalf("%+v, %v", o, err)
	}
	same(t, records, logRecords())
}

// same compares two lists by what is written of their elements: lists of attributes come back as lists of any values, and
// a number that is none is not equal to itself.
func same(t *testing.T, got, want any) {
	t.Helper()
	text := func(v any) string {
		switch v := v.(type) {
		case []otlpfile.Span:
			return string(line(v))
		case []otlpfile.LogRecord:
			return string(logLine(v))
		}
		return ""
	}
	if text(got) != text(want) {
		t.Errorf("read:\n%s\nwritten:\n%s", text(got), text(want))
	}
}

// TestReadAny: what other programs write is read as far as it goes, and damage is an error.
func TestReadAny(t *testing.T) {
	for text, want := range map[string]string{
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a","startTimeUnixNano":1795000000000000001,"attributes":[{"key":"n","value":{"intValue":7}},{"key":"d","value":{"doubleValue":"0.5"}}],"unknown":{}}]}]}]}`: "a",
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"b","traceId":"xyz","spanId":"00","startTimeUnixNano":"99999999999999999999"}]}]}]}`:                                                                         "b",
		`{"resourceLogs":[]}`: "", `{}`: "", `null`: "",
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":`: "!", ``: "!", "\x00\x00\x00": "!", `[1]`: "!",
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"value":{"doubleValue":"many"}}]}]}]}]}`: "!",
	} {
		_, read, err := otlpfile.ReadTraces([]byte(text))
		switch {
		case (want == "!") != (err != nil):
			t.Errorf("%s: error %v", text, err)
		case want == "" && len(read) > 0, len(want) == 1 && want != "!" && (len(read) != 1 || read[0].Name != want):
			t.Errorf("%s: read %+v", text, read)
		case want == "a" && (read[0].Start != at(1) || read[0].Attributes[0].Value.AsInt64() != 7 || read[0].Attributes[1].Value.AsFloat64() != 0.5):
			t.Errorf("%s: read %+v", text, read[0])
		case want == "b" && (read[0].TraceID.IsValid() || read[0].SpanID.IsValid() || !read[0].Start.IsZero()):
			t.Errorf("%s: read %+v", text, read[0])
		}
	}
	for depth, readable := range map[int]bool{3000: true, 1_000_000: false} { // encoding/json has a limit of its own
		deep := strings.Repeat(`{"arrayValue":{"values":[`, depth) + strings.Repeat(`]}}`, depth)
		line := `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":` + deep + `}]}]}]}]}`
		if _, _, err := otlpfile.ReadTraces([]byte(line)); (err == nil) != readable {
			t.Errorf("a value of depth %d: %v", depth, err)
		}
	}
}

// TestInvalidText: a run of bytes that are not UTF-8 is replaced as in what is sent.
func TestInvalidText(t *testing.T) {
	_, read, err := otlpfile.ReadTraces(line([]otlpfile.Span{{Name: "a\xff\xfe b\xc3"}}))
	if err != nil || read[0].Name != "a\uFFFD b\uFFFD" {
		t.Errorf("%+v, %v", read, err)
	}
}

// FuzzRead: damaged lines do not panic, what is not JSON is an error, and what was read of a line is read again from what is
// written of it.
func FuzzRead(f *testing.F) {
	f.Add(line(spans()))
	f.Add(logLine(logRecords()))
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		b := line(spans())
		for range 1 + r.IntN(5) {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
		f.Add(b[:r.IntN(len(b)+1)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, read, err := otlpfile.ReadTraces(data)
		if err == nil && !json.Valid(data) {
			t.Error("this was read, and is not JSON")
		}
		if err == nil && len(read) > 0 {
			_, again, err := otlpfile.ReadTraces(line(read))
			if err != nil {
				t.Fatal(err)
			}
			same(t, again, read)
		}
		if _, read, err := otlpfile.ReadLogs(data); err == nil && len(read) > 0 {
			_, again, err := otlpfile.ReadLogs(logLine(read))
			if err != nil {
				t.Fatal(err)
			}
			same(t, again, read)
		}
	})
}

// FuzzText: any text of a span is valid for protobuf's own decoder and comes out as it was, where it is UTF-8.
func FuzzText(f *testing.F) {
	f.Add(hostile)
	f.Add("a\xff\xfe")
	f.Fuzz(func(t *testing.T, text string) {
		got := &tracepb.TracesData{}
		decode(t, line([]otlpfile.Span{{Attributes: []attribute.KeyValue{attribute.String("k", text)}}}), got)
		value := got.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0].GetAttributes()[0].GetValue().GetStringValue()
		if want := strings.ToValidUTF8(text, "\uFFFD"); value != want {
			t.Errorf("%q, want %q", value, want)
		}
	})
}

// BenchmarkAppendSpan encodes the span of an ordinary call.
func BenchmarkAppendSpan(b *testing.B) {
	span, buffer := usualSpan(), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		buffer = otlpfile.AppendSpan(buffer[:0], &span)
	}
	b.ReportMetric(float64(len(buffer)), "B/span")
}

func usualSpan() otlpfile.Span {
	return otlpfile.Span{
		TraceID: trace.TraceID{1, 2, 3}, SpanID: trace.SpanID{4, 5}, ParentID: trace.SpanID{6}, Flags: 0x101, Name: "tools/call search",
		Kind: trace.SpanKindServer, Start: at(1), End: at(2), Attributes: []attribute.KeyValue{
			attribute.String("network.transport", "pipe"), attribute.String("mcp.protocol.version", "2025-11-25"),
			attribute.String("spanpipe.session.id", "2f9c8e1e-57d6-4c5b-a3f1-0c1d6b1f0f5a"), attribute.String("mcp.method.name", "tools/call"),
			attribute.Int64("spanpipe.operation.number", 12), attribute.String("jsonrpc.request.id", "7"),
			attribute.String("gen_ai.tool.name", "search"), attribute.String("gen_ai.operation.name", "execute_tool"),
			attribute.Int64("spanpipe.operation.request.size", 118), attribute.Int64("spanpipe.operation.response.size", 1420),
			attribute.Float64("spanpipe.operation.wait", 0.0042), attribute.Float64("spanpipe.operation.transfer", 0.00001),
			attribute.String("spanpipe.server.name", "everything"),
		},
	}
}

// BenchmarkReadTraces decodes lines of ten such spans.
func BenchmarkReadTraces(b *testing.B) {
	all := make([]otlpfile.Span, 10)
	for i := range all {
		all[i] = usualSpan()
		all[i].SpanID[0] = byte(i)
	}
	text, r := line(all), otlpfile.Reader{}
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, read, err := r.Traces(text); err != nil || len(read) != len(all) {
			b.Fatal(len(read), err)
		}
	}
}
