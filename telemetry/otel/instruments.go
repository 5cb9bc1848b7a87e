package otel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// instruments holds an instrument for every row of semconv.Instruments, by name, and the series that are in use. An
// instrument that is used against its form is not found and records nothing; a test checks that each one is exported.
type instruments struct {
	counters   map[string]adder // also the up-down counters
	histograms map[string]metric.Float64Histogram
	gauges     map[string]metric.Int64Gauge
	observable map[string]metric.Observable
	series     map[[maxLabels]label]*series
}

// adder is what counters and up-down counters have in common.
type adder interface {
	Add(ctx context.Context, n int64, options ...metric.AddOption)
}

func newInstruments(meter metric.Meter) *instruments {
	x := &instruments{
		counters: map[string]adder{}, histograms: map[string]metric.Float64Histogram{},
		gauges: map[string]metric.Int64Gauge{}, observable: map[string]metric.Observable{},
		series: map[[maxLabels]label]*series{},
	}
	for _, i := range semconv.Instruments() {
		x.create(meter, i)
	}
	return x
}

// create makes one instrument. The SDK's only error is a malformed name, and names are constants.
func (x *instruments) create(meter metric.Meter, i semconv.Instrument) {
	unit, text := metric.WithUnit(i.Unit), metric.WithDescription(i.Description)
	switch {
	case i.Form == semconv.Histogram:
		buckets := semconv.SizeBuckets()
		if i.Unit == "s" {
			buckets = semconv.DurationBuckets()
		}
		h, _ := meter.Float64Histogram(i.Name, unit, text, metric.WithExplicitBucketBoundaries(buckets...))
		x.histograms[i.Name] = h
	case i.Form == semconv.Gauge:
		x.gauges[i.Name], _ = meter.Int64Gauge(i.Name, unit, text)
	case i.Observed && i.Unit == "s":
		x.observable[i.Name], _ = meter.Float64ObservableCounter(i.Name, unit, text)
	case i.Observed && i.Form == semconv.Counter:
		x.observable[i.Name], _ = meter.Int64ObservableCounter(i.Name, unit, text)
	case i.Observed:
		x.observable[i.Name], _ = meter.Int64ObservableUpDownCounter(i.Name, unit, text)
	case i.Form == semconv.Counter:
		x.counters[i.Name], _ = meter.Int64Counter(i.Name, unit, text)
	default:
		x.counters[i.Name], _ = meter.Int64UpDownCounter(i.Name, unit, text)
	}
}

// count adds to a counter or an up-down counter.
func (x *instruments) count(i semconv.Instrument, n int64, s *series) {
	if c, ok := x.counters[i.Name]; ok {
		c.Add(context.Background(), n, s.add...)
	}
}

// observe records a value in a histogram.
func (x *instruments) observe(i semconv.Instrument, value float64, s *series) {
	if h, ok := x.histograms[i.Name]; ok {
		h.Record(context.Background(), value, s.record...)
	}
}

// set sets a gauge, which has no attributes.
func (x *instruments) set(i semconv.Instrument, value int64) {
	if g, ok := x.gauges[i.Name]; ok {
		g.Record(context.Background(), value)
	}
}

// report supplies the present value of an observed instrument to an export.
func (x *instruments) report(o metric.Observer, i semconv.Instrument, value float64, attributes ...attribute.KeyValue) {
	switch v := x.observable[i.Name].(type) {
	case metric.Int64Observable:
		o.ObserveInt64(v, int64(value), metric.WithAttributes(attributes...))
	case metric.Float64Observable:
		o.ObserveFloat64(v, value, metric.WithAttributes(attributes...))
	}
}

// label is an attribute of a series.
type label struct{ key, value string }

const (
	maxLabels = 8    // of a cached series
	maxSeries = 2000 // that are cached; the SDK bounds what is exported
)

// series is the attributes of one time series, in the form that instruments expect. Creating one costs more than
// recording a value with it, which allocates nothing; that is why they are cached.
type series struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

// of returns the series with the given labels. Labels with an empty value are left out.
func (x *instruments) of(labels ...label) *series {
	var key [maxLabels]label
	remembered := copy(key[:], labels) == len(labels)
	if s, ok := x.series[key]; ok && remembered {
		return s
	}
	attributes := make([]attribute.KeyValue, 0, len(labels))
	for _, l := range labels {
		if l.value != "" {
			attributes = append(attributes, attribute.String(l.key, l.value))
		}
	}
	s := newSeries(attributes...)
	if remembered && len(x.series) < maxSeries {
		x.series[key] = s
	}
	return s
}

// newSeries returns a series that is not cached.
func newSeries(attributes ...attribute.KeyValue) *series {
	o := metric.WithAttributeSet(attribute.NewSet(attributes...))
	return &series{[]metric.AddOption{o}, []metric.RecordOption{o}}
}
