package otel

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// instruments holds an instrument for every row of semconv.Instruments, by name. One that is used against its form is
// not found and records nothing; a test checks that each one is exported.
type instruments struct {
	recorded map[string]func(value float64, attributes metric.MeasurementOption)
	observed map[string]metric.Observable
	series   map[string]metric.MeasurementOption // those in use, see seriesOf
}

// maxSeries bounds the series that are kept. The SDK bounds those that are exported.
const maxSeries = 2000

// newInstruments makes the instruments of all rows.
func newInstruments(meter metric.Meter) *instruments {
	x := &instruments{
		recorded: map[string]func(float64, metric.MeasurementOption){}, observed: map[string]metric.Observable{},
		series: map[string]metric.MeasurementOption{},
	}
	for _, i := range semconv.Instruments() {
		if i.Observed {
			x.createObserved(meter, i)
		} else {
			x.createRecorded(meter, i)
		}
	}
	return x
}

// createRecorded makes an instrument that records values as things happen. The SDK's only error is a malformed name,
// and names are constants; the same holds for createObserved.
func (x *instruments) createRecorded(meter metric.Meter, i semconv.Instrument) {
	ctx, unit, text := context.Background(), metric.WithUnit(i.Unit), metric.WithDescription(i.Description)
	switch i.Form {
	case semconv.Histogram:
		buckets := semconv.SizeBuckets()
		if i.Unit == "s" {
			buckets = semconv.DurationBuckets()
		}
		h, _ := meter.Float64Histogram(i.Name, unit, text, metric.WithExplicitBucketBoundaries(buckets...))
		x.recorded[i.Name] = func(v float64, a metric.MeasurementOption) { h.Record(ctx, v, a) }
	case semconv.Gauge:
		g, _ := meter.Int64Gauge(i.Name, unit, text)
		x.recorded[i.Name] = func(v float64, a metric.MeasurementOption) { g.Record(ctx, int64(v), a) }
	case semconv.Counter:
		c, _ := meter.Int64Counter(i.Name, unit, text)
		x.recorded[i.Name] = func(v float64, a metric.MeasurementOption) { c.Add(ctx, int64(v), a) }
	case semconv.UpDownCounter:
		c, _ := meter.Int64UpDownCounter(i.Name, unit, text)
		x.recorded[i.Name] = func(v float64, a metric.MeasurementOption) { c.Add(ctx, int64(v), a) }
	}
}

// createObserved makes an instrument whose value is read at each export. Times are floating-point numbers.
func (x *instruments) createObserved(meter metric.Meter, i semconv.Instrument) {
	unit, text := metric.WithUnit(i.Unit), metric.WithDescription(i.Description)
	switch {
	case i.Unit == "s":
		x.observed[i.Name], _ = meter.Float64ObservableCounter(i.Name, unit, text)
	case i.Form == semconv.Counter:
		x.observed[i.Name], _ = meter.Int64ObservableCounter(i.Name, unit, text)
	default:
		x.observed[i.Name], _ = meter.Int64ObservableUpDownCounter(i.Name, unit, text)
	}
}

// record adds the value to a counter, or records it in a histogram or gauge. Counters and gauges are integers, and the
// fraction of a value is dropped there. The series is one of seriesOf or metric.WithAttributes.
func (x *instruments) record(i semconv.Instrument, value float64, series metric.MeasurementOption) {
	if record, ok := x.recorded[i.Name]; ok {
		record(value, series)
	}
}

// report supplies the present value of an observed instrument to an export. It is called from goroutines of the SDK,
// and therefore does not use the kept series.
func (x *instruments) report(o metric.Observer, i semconv.Instrument, value float64, a ...attribute.KeyValue) {
	switch v := x.observed[i.Name].(type) {
	case metric.Int64Observable:
		o.ObserveInt64(v, int64(value), metric.WithAttributes(a...))
	case metric.Float64Observable:
		o.ObserveFloat64(v, value, metric.WithAttributes(a...))
	}
}

// seriesOf returns the time series with the attributes, which are given as keys and values in turn. Attributes with an
// empty value are left out. The result is kept: making it costs more than recording a value with it.
func (x *instruments) seriesOf(pairs ...string) metric.MeasurementOption {
	key := strings.Join(pairs, "\x00") // a name with that byte could at most share a series with another
	if s, ok := x.series[key]; ok {
		return s
	}
	var a attributes
	for pair := range slices.Chunk(pairs, 2) {
		a.text(pair[0], pair[1])
	}
	s := metric.WithAttributes(a...)
	if len(x.series) < maxSeries {
		x.series[key] = s
	}
	return s
}
