package otel

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
)

const (
	// lineInterval is how often metrics are written as a line of a file while something happens. It is OpenTelemetry's
	// default for exports.
	lineInterval = time.Minute
	// lineShare bounds what a long session takes: a line repeats every series, in some 50 KB, which is as much as fifty calls
	// have. Later on the interval is this part of the session's age, so that a day has a hundred lines.
	lineShare = 16
)

// metricLines writes metrics as lines of OTLP JSON, cumulative, whatever OpenTelemetry's variables say
// about exports. It has a timer only while operations are open, or if something was recorded since the last line.
type metricLines struct {
	reader        sdkmetric.Reader
	out           io.Writer
	before, after []byte
	busy          func() bool         // operations are open
	broken        func(recovered any) // may be nil
	started       time.Time
	recorded      atomic.Bool // something was recorded since the last line, and the timer runs

	mu    sync.Mutex
	due   *time.Timer
	data  metricdata.ResourceMetrics // reused, like line
	line  []byte
	ended bool
}

// newMetricLines returns the lines of a session, and all readers that its meter provider needs. Those that are there already
// may serve: each reader aggregates every value on its own.
func newMetricLines(cfg Config, busy func() bool) (*metricLines, []sdkmetric.Reader) {
	m := &metricLines{out: cfg.MetricLines, busy: busy, broken: cfg.Broken, started: time.Now()}
	readers := cfg.Metrics
	for _, r := range readers {
		if c, ok := r.(interface{ Cumulative() bool }); ok && c.Cumulative() {
			m.reader = r
		}
	}
	if m.reader == nil {
		m.reader = sdkmetric.NewManualReader()
		readers = append([]sdkmetric.Reader{m.reader}, readers...)
	}
	m.before, m.after = otlpfile.Metrics(&otlpfile.Origin{
		Resource: cfg.Resource.Attributes(), ResourceURL: cfg.Resource.SchemaURL(), ScopeName: Scope, ScopeVersion: cfg.Version,
	})
	m.due = time.AfterFunc(time.Hour, m.write)
	m.due.Stop()
	return m, readers
}

// record notes that something was recorded.
func (m *metricLines) record() {
	if !m.recorded.Load() && !m.recorded.Swap(true) {
		m.due.Reset(max(lineInterval, time.Since(m.started)/lineShare))
	}
}

// write collects the metrics and writes a line.
func (m *metricLines) write() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return
	}
	m.recorded.Store(false)
	m.collectLocked("")
	if m.busy() {
		m.record()
	}
}

// sample writes a line of what is measured of the server's processes.
func (m *metricLines) sample() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.ended {
		m.collectLocked("process.")
	}
}

// end writes the last line.
func (m *metricLines) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.ended {
		m.ended = true
		m.due.Stop()
		m.collectLocked("")
	}
}

// collectLocked collects the metrics and writes a line of those whose names begin so. A panic there would end the process,
// and with it the session.
func (m *metricLines) collectLocked(beginning string) {
	defer func() {
		if r := recover(); r != nil && m.broken != nil {
			m.broken(r)
		}
	}()
	if m.reader.Collect(context.Background(), &m.data) != nil { // it has been shut down
		return
	}
	m.line = append(m.line[:0], m.before...)
	for _, scope := range m.data.ScopeMetrics { // there is one
		for i := range scope.Metrics {
			if strings.HasPrefix(scope.Metrics[i].Name, beginning) {
				m.appendLocked(metricOf(&scope.Metrics[i]))
			}
		}
	}
	m.finishLocked()
}

// appendLocked appends a metric to the line. One of many series goes to several lines: the Collector's receiver reads lines
// of at most 1 MiB by default.
func (m *metricLines) appendLocked(metric otlpfile.Metric) {
	const someSeries, longLine = 200, 1 << 19 // 200 histograms take some 150 KB
	for part := range slices.Chunk(metric.Points, someSeries) {
		if len(m.line) > longLine {
			m.finishLocked()
		}
		if len(m.line) > len(m.before) {
			m.line = append(m.line, ',')
		}
		one := metric
		one.Points = part
		m.line = otlpfile.AppendMetric(m.line, &one)
	}
}

// finishLocked writes the line, if it has a metric, and begins another one.
func (m *metricLines) finishLocked() {
	if len(m.line) > len(m.before) {
		m.line = append(m.line, m.after...)
		_, _ = m.out.Write(m.line) // the next line, which has all that is in this one, may be written
	}
	m.line = append(m.line[:0], m.before...)
}

// metricOf converts a metric. Of the SDK's forms it knows those of the instruments of package semconv.
func metricOf(m *metricdata.Metrics) otlpfile.Metric {
	out := otlpfile.Metric{Name: m.Name, Description: m.Description, Unit: m.Unit}
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		out.Points = points(data.DataPoints, attribute.Int64Value)
	case metricdata.Gauge[float64]:
		out.Points = points(data.DataPoints, attribute.Float64Value)
	case metricdata.Sum[int64]:
		out.Form, out.Monotonic = otlpfile.Sum, data.IsMonotonic
		out.Points = points(data.DataPoints, attribute.Int64Value)
	case metricdata.Sum[float64]:
		out.Form, out.Monotonic = otlpfile.Sum, data.IsMonotonic
		out.Points = points(data.DataPoints, attribute.Float64Value)
	case metricdata.Histogram[float64]:
		out.Form = otlpfile.Histogram
		for i := range data.DataPoints {
			out.Points = append(out.Points, histogramPoint(&data.DataPoints[i]))
		}
	}
	return out
}

func points[N int64 | float64](all []metricdata.DataPoint[N], value func(N) attribute.Value) []otlpfile.Point {
	out := make([]otlpfile.Point, len(all))
	for i, p := range all {
		out[i] = otlpfile.Point{
			Attributes: p.Attributes.ToSlice(), Start: p.StartTime, Time: p.Time, Value: value(p.Value),
			Exemplars: exemplars(p.Exemplars, value),
		}
	}
	return out
}

func histogramPoint(p *metricdata.HistogramDataPoint[float64]) otlpfile.Point {
	out := otlpfile.Point{
		Attributes: p.Attributes.ToSlice(), Start: p.StartTime, Time: p.Time, Count: p.Count, Total: p.Sum,
		Buckets: p.BucketCounts, Bounds: p.Bounds, Exemplars: exemplars(p.Exemplars, attribute.Float64Value),
	}
	if v, ok := p.Min.Value(); ok {
		out.Min = &v
	}
	if v, ok := p.Max.Value(); ok {
		out.Max = &v
	}
	return out
}

// exemplars converts exemplars: of each bucket a call that fell into it, by its span.
func exemplars[N int64 | float64](all []metricdata.Exemplar[N], value func(N) attribute.Value) []otlpfile.Exemplar {
	var out []otlpfile.Exemplar
	for _, x := range all {
		one := otlpfile.Exemplar{Attributes: x.FilteredAttributes, Time: x.Time, Value: value(x.Value)}
		copy(one.TraceID[:], x.TraceID)
		copy(one.SpanID[:], x.SpanID)
		out = append(out, one)
	}
	return out
}
