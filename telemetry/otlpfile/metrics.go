package otlpfile

import (
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Metric is what was measured with one instrument.
type Metric struct {
	Name, Description, Unit string
	Form                    Form
	Monotonic               bool // of a Sum
	Points                  []Point
}

// Form is how a metric's points add up.
type Form int

// The forms.
const (
	Gauge Form = iota
	Sum
	Histogram
)

// Point is the state of one time series. Its value is Value, or of a histogram the rest.
type Point struct {
	Attributes  []attribute.KeyValue
	Start, Time time.Time
	Value       attribute.Value // an integer or a floating-point number

	Count     uint64
	Total     float64
	Min, Max  *float64 // nil: not known
	Buckets   []uint64
	Bounds    []float64
	Exemplars []Exemplar
}

// Exemplar is a single value out of those that a point is made of, with the span in which it was measured.
type Exemplar struct {
	Attributes []attribute.KeyValue // those that the point lacks
	Time       time.Time
	Value      attribute.Value
	TraceID    trace.TraceID // zero: none
	SpanID     trace.SpanID
}

// Metrics returns what stands before and after the metrics of a line. Between metrics stands a comma.
func Metrics(o *Origin) (before, after []byte) {
	return o.line("resourceMetrics", "scopeMetrics", "metrics")
}

// AppendMetric appends a metric as a JSON object.
func AppendMetric(dst []byte, m *Metric) []byte {
	e := encoder(dst)
	e.raw(`{"name":`)
	e.text(m.Name)
	e.optional(`,"description":`, m.Description)
	e.optional(`,"unit":`, m.Unit)
	e.raw(map[Form]string{Gauge: `,"gauge":{`, Sum: `,"sum":{`, Histogram: `,"histogram":{`}[m.Form], `"dataPoints":[`)
	for i := range m.Points {
		if i > 0 {
			e.raw(`,`)
		}
		e.point(&m.Points[i], m.Form)
	}
	e.raw(`]`)
	if m.Form != Gauge {
		e.raw(`,"aggregationTemporality":2`) // cumulative: the points count from their Start
	}
	if m.Monotonic {
		e.raw(`,"isMonotonic":true`)
	}
	e.raw(`}}`)
	return e
}

func (e *encoder) point(p *Point, form Form) {
	e.raw(`{`)
	start := len(*e)
	if len(p.Attributes) > 0 {
		e.raw(`,`)
		e.attributes(p.Attributes)
	}
	e.time(`,"startTimeUnixNano":`, p.Start)
	e.time(`,"timeUnixNano":`, p.Time)
	if form == Histogram {
		e.histogram(p)
	} else {
		e.raw(`,`)
		e.measured(p.Value)
	}
	e.exemplars(p.Exemplars)
	e.endOf(start)
}

func (e *encoder) histogram(p *Point) {
	if p.Count > 0 {
		e.raw(`,"count":`)
		e.integer(int64(p.Count))
	}
	e.raw(`,"sum":`)
	e.double(p.Total)
	if len(p.Buckets) > 0 {
		e.raw(`,"bucketCounts":[`)
		for i, n := range p.Buckets {
			if i > 0 {
				e.raw(`,`)
			}
			e.integer(int64(n))
		}
		e.raw(`]`)
	}
	if len(p.Bounds) > 0 {
		e.raw(`,"explicitBounds":[`)
		for i, f := range p.Bounds {
			if i > 0 {
				e.raw(`,`)
			}
			e.double(f)
		}
		e.raw(`]`)
	}
	if p.Min != nil {
		e.raw(`,"min":`)
		e.double(*p.Min)
	}
	if p.Max != nil {
		e.raw(`,"max":`)
		e.double(*p.Max)
	}
}

// measured appends the member of a value that was measured.
func (e *encoder) measured(v attribute.Value) {
	if v.Type() == attribute.INT64 {
		e.raw(`"asInt":"`, strconv.FormatInt(v.AsInt64(), 10), `"`)
		return
	}
	e.raw(`"asDouble":`)
	e.double(v.AsFloat64())
}

func (e *encoder) exemplars(all []Exemplar) {
	if len(all) == 0 {
		return
	}
	e.raw(`,"exemplars":[`)
	for i := range all {
		x := &all[i]
		if i > 0 {
			e.raw(`,`)
		}
		e.raw(`{`)
		e.measured(x.Value)
		e.time(`,"timeUnixNano":`, x.Time)
		if len(x.Attributes) > 0 {
			e.raw(`,"filteredAttributes":`)
			e.list(x.Attributes)
		}
		if x.SpanID.IsValid() {
			e.raw(`,"spanId":`)
			e.id(x.SpanID[:])
		}
		if x.TraceID.IsValid() {
			e.raw(`,"traceId":`)
			e.id(x.TraceID[:])
		}
		e.raw(`}`)
	}
	e.raw(`]`)
}
