package otlptest

import (
	"fmt"
	"sort"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
)

// MetricType is the type of a metric.
type MetricType string

// The types of metrics.
const (
	Gauge                MetricType = "gauge"
	Sum                  MetricType = "sum"
	Histogram            MetricType = "histogram"
	ExponentialHistogram MetricType = "exponential_histogram"
)

// Point is one data point of one metric as it was exported.
type Point struct {
	Origin
	Name        string // the metric's
	Unit        string
	Description string
	Type        MetricType
	Delta       bool // the point counts from the previous one, not from Start
	Monotonic   bool
	Attrs       Attrs
	Start, Time time.Time

	// Value is the value of a Gauge or Sum.
	Value float64

	// Count, Total, Bounds and Buckets describe a Histogram: the number and the sum of the observations, the buckets'
	// upper bounds, and the number of observations in each of the len(Bounds)+1 buckets.
	Count   uint64
	Total   float64
	Bounds  []float64
	Buckets []uint64

	// Exemplars are the point's samples that name a span.
	Exemplars []Exemplar
}

// Exemplar is a sample of a point, with the span it was taken in.
type Exemplar struct {
	TraceID, SpanID string
	Value           float64
}

func newPoints(metric *metrics.Metric, origin Origin) []Point {
	base := Point{Origin: origin, Name: metric.GetName(), Unit: metric.GetUnit(), Description: metric.GetDescription()}
	var out []Point
	switch data := metric.GetData().(type) {
	case *metrics.Metric_Gauge:
		base.Type = Gauge
		for _, point := range data.Gauge.GetDataPoints() {
			out = append(out, base.number(point))
		}
	case *metrics.Metric_Sum:
		base.Type, base.Monotonic = Sum, data.Sum.GetIsMonotonic()
		base.Delta = isDelta(data.Sum.GetAggregationTemporality())
		for _, point := range data.Sum.GetDataPoints() {
			out = append(out, base.number(point))
		}
	case *metrics.Metric_Histogram:
		base.Type = Histogram
		base.Delta = isDelta(data.Histogram.GetAggregationTemporality())
		for _, point := range data.Histogram.GetDataPoints() {
			out = append(out, base.histogram(point))
		}
	case *metrics.Metric_ExponentialHistogram:
		base.Type = ExponentialHistogram
		base.Delta = isDelta(data.ExponentialHistogram.GetAggregationTemporality())
		for _, point := range data.ExponentialHistogram.GetDataPoints() {
			out = append(out, base.exponential(point))
		}
	}
	return out
}

func (p Point) number(point *metrics.NumberDataPoint) Point {
	p.taken(point.GetAttributes(), point.GetStartTimeUnixNano(), point.GetTimeUnixNano(), point.GetExemplars())
	switch value := point.GetValue().(type) {
	case *metrics.NumberDataPoint_AsInt:
		p.Value = float64(value.AsInt)
	case *metrics.NumberDataPoint_AsDouble:
		p.Value = value.AsDouble
	}
	return p
}

func (p Point) histogram(point *metrics.HistogramDataPoint) Point {
	p.taken(point.GetAttributes(), point.GetStartTimeUnixNano(), point.GetTimeUnixNano(), point.GetExemplars())
	p.Count, p.Total = point.GetCount(), point.GetSum()
	p.Bounds, p.Buckets = point.GetExplicitBounds(), point.GetBucketCounts()
	return p
}

// exponential keeps only count and sum: the product's histograms have explicit bounds.
func (p Point) exponential(point *metrics.ExponentialHistogramDataPoint) Point {
	p.taken(point.GetAttributes(), point.GetStartTimeUnixNano(), point.GetTimeUnixNano(), point.GetExemplars())
	p.Count, p.Total = point.GetCount(), point.GetSum()
	return p
}

func (p *Point) taken(attributes []*common.KeyValue, start, end uint64, samples []*metrics.Exemplar) {
	p.Attrs, p.Start, p.Time = attrs(attributes), timeOf(start), timeOf(end)
	for _, sample := range samples {
		value := sample.GetAsDouble()
		if _, ok := sample.GetValue().(*metrics.Exemplar_AsInt); ok {
			value = float64(sample.GetAsInt())
		}
		p.Exemplars = append(p.Exemplars, Exemplar{
			TraceID: fmt.Sprintf("%x", sample.GetTraceId()), SpanID: fmt.Sprintf("%x", sample.GetSpanId()), Value: value,
		})
	}
}

func isDelta(t metrics.AggregationTemporality) bool {
	return t == metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
}

// Points returns every accepted data point in order of arrival: a series has one for each export.
func (r *Receiver) Points() []Point {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Point(nil), r.points...)
}

// Series returns the state of the metric's series whose attributes match, one point each, in order of attributes: the
// newest point of a cumulative series or a gauge, the sum of all points of a delta series. Resource, scope and attributes
// identify a series.
func (r *Receiver) Series(metric string, match Attrs) []Point {
	byKey := make(map[string]Point)
	for _, point := range r.Points() {
		if point.Name != metric || !point.Attrs.Match(match) {
			continue
		}
		key := point.Attrs.key() + "|" + point.Scope + "|" + point.Resource.key()
		if before, ok := byKey[key]; ok {
			point = before.then(point)
		}
		byKey[key] = point
	}
	keys := make([]string, 0, len(byKey))
	for key := range byKey {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	out := make([]Point, 0, len(keys))
	for _, key := range keys {
		out = append(out, byKey[key])
	}
	return out
}

// then returns the state of a series that was p before next arrived.
func (p Point) then(next Point) Point {
	if next.Delta {
		next.Start = p.Start
		next.Value += p.Value
		return next.plus(p)
	}
	if next.Time.Before(p.Time) {
		return p
	}
	return next
}

// Value returns the sum of the metric's series whose attributes match: the total of a counter or of a gauge's parts.
func (r *Receiver) Value(metric string, match Attrs) float64 {
	var total float64
	for _, point := range r.Series(metric, match) {
		total += point.Value
	}
	return total
}

// Histogram returns the metric's series whose attributes match, merged into one: its Count is the number of all their
// observations. Without any the result is the zero Point.
func (r *Receiver) Histogram(metric string, match Attrs) Point {
	var total Point
	for i, point := range r.Series(metric, match) {
		if i == 0 {
			total = point
			continue
		}
		total = total.plus(point)
	}
	return total
}

// plus adds another histogram's observations to p's. Buckets are added if both have the same bounds, and dropped
// otherwise.
func (p Point) plus(other Point) Point {
	p.Count += other.Count
	p.Total += other.Total
	p.Exemplars = append(append([]Exemplar(nil), p.Exemplars...), other.Exemplars...)
	if fmt.Sprint(p.Bounds) != fmt.Sprint(other.Bounds) || len(p.Buckets) != len(other.Buckets) {
		p.Bounds, p.Buckets = nil, nil
		return p
	}
	buckets := append([]uint64(nil), p.Buckets...)
	for i := range buckets {
		buckets[i] += other.Buckets[i]
	}
	p.Buckets = buckets
	return p
}
