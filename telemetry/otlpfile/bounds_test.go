package otlpfile_test

import (
	"math"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
)

// TestRoom: what a line takes in memory is bounded by its size, and no line of an encoder's takes as much.
func TestRoom(t *testing.T) {
	const n = 1 << 19
	list := func(item string) string { return strings.Repeat(item+",", n) + item }
	inSpans := func(spans string) string { return `{"resourceSpans":[{"scopeSpans":[{"spans":[` + spans + `]}]}]}` }
	for name, line := range map[string]string{
		"spans":               inSpans(list(`{}`)),
		"attributes":          inSpans(`{"attributes":[` + list(`{}`) + `]}`),
		"values":              inSpans(`{"attributes":[{"value":{"arrayValue":{"values":[` + list(`{}`) + `]}}}]}`),
		"events":              inSpans(`{"events":[` + list(`{}`) + `]}`),
		"links":               inSpans(`{"links":[` + list(`null`) + `]}`),
		"resource attributes": `{"resourceSpans":[{"resource":{"attributes":[` + list(`{}`) + `]}}]}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := otlpfile.ReadTraces([]byte(line))
		runtime.ReadMemStats(&after)
		if used := int(after.TotalAlloc-before.TotalAlloc) / len(line); err == nil || used > 40 {
			t.Errorf("%s: %v; %d times the line's size was allocated", name, err, used)
		}
	}
	inMetric := func(points string) string {
		return `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","sum":{"dataPoints":[` + points + `]}}]}]}]}`
	}
	var before, since runtime.MemStats
	line := inMetric(list(`{}`))
	runtime.ReadMemStats(&before)
	_, err := new(otlpfile.Reader).Metrics([]byte(line), "a")
	runtime.ReadMemStats(&since)
	if used := int(since.TotalAlloc-before.TotalAlloc) / len(line); err == nil || used > 40 {
		t.Errorf("points: %v; %d times the line's size was allocated", err, used)
	}
	testRoomOfEncoder(t)
}

// testRoomOfEncoder reads what an encoder has written.
func testRoomOfEncoder(t *testing.T) {
	t.Helper()
	s := otlpfile.Span{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, Name: "x", Attributes: []attribute.KeyValue{
		attribute.Bool("a", true), attribute.StringSlice("b", strings.Split(strings.Repeat("x", 9), "")),
	}}
	line, after := otlpfile.Traces(&otlpfile.Origin{})
	for i := range 10_000 {
		if i > 0 {
			line = append(line, ',')
		}
		line = otlpfile.AppendSpan(line, &s)
	}
	if _, all, err := otlpfile.ReadTraces(append(line, after...)); err != nil || len(all) != 10_000 {
		t.Errorf("%d spans, %v", len(all), err)
	}
}

// TestExtremeTimes: a time that is none reads as none, and any other as it is written.
func TestExtremeTimes(t *testing.T) {
	for text, want := range map[string]time.Time{
		"0": {}, "-1": time.Unix(0, -1), strconv.Itoa(math.MaxInt64): time.Unix(0, math.MaxInt64),
		strconv.Itoa(math.MinInt64): time.Unix(0, math.MinInt64), "18446744073709551615": {}, "1e400": {},
	} {
		_, spans, err := otlpfile.ReadTraces([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"` + text + `"}]}]}]}`))
		if err != nil || len(spans) != 1 || !spans[0].Start.Equal(want) {
			t.Errorf("%s: %v, %v", text, spans, err)
		}
	}
}
