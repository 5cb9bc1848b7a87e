package otel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// instruments holds an instrument for every row of semconv.Instruments, by name; metrics.go and observed.go record
// with them. One that is used against its form is
// not found and records nothing; a test checks that each one is exported.
type instruments struct {
	recorded map[string]func(value float64, s series)
	observed map[string]metric.Observable
	notify   func()            // called after a value was recorded; may be nil
	kept     map[string]series // those in use, see seriesOf
	server   string            // its name, on every series made from then on
	key      []byte            // reused
	span     context.Context   // holds the span of what is measured now, which exemplars name; or none
}

// series is the attributes of a time series, in the two forms in which instruments take them. They are made once for a
// series and not once for a measurement: a call makes ten.
type series struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

func newSeries(a attributes) series {
	option := metric.WithAttributeSet(attribute.NewSet(a...))
	return series{[]metric.AddOption{option}, []metric.RecordOption{option}}
}

// maxSeries bounds the series that are kept. The SDK bounds those that are exported.
const maxSeries = 2000

// newInstruments makes the instruments of all rows.
func newInstruments(meter metric.Meter, notify func()) *instruments {
	x := &instruments{
		recorded: map[string]func(float64, series){}, observed: map[string]metric.Observable{}, kept: map[string]series{},
		notify: notify, span: context.Background(),
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
		h, _ := meter.Float64Histogram(i.Name, unit, text, metric.WithExplicitBucketBoundaries(i.Buckets()...))
		x.recorded[i.Name] = func(v float64, s series) { h.Record(x.span, v, s.record...) }
	case semconv.Gauge:
		g, _ := meter.Int64Gauge(i.Name, unit, text)
		x.recorded[i.Name] = func(v float64, s series) { g.Record(ctx, int64(v), s.record...) }
	case semconv.Counter:
		c, _ := meter.Int64Counter(i.Name, unit, text)
		x.recorded[i.Name] = func(v float64, s series) { c.Add(x.span, int64(v), s.add...) }
	case semconv.UpDownCounter:
		c, _ := meter.Int64UpDownCounter(i.Name, unit, text)
		x.recorded[i.Name] = func(v float64, s series) { c.Add(ctx, int64(v), s.add...) }
	}
}

// Custom describes a metric of the user's. Its values are floating-point numbers.
type Custom struct {
	Name, Description, Unit string
	Form                    semconv.Form // Counter, Histogram or Gauge
	Buckets                 []float64    // of a histogram; nil: by its unit
}

// createCustom makes the instrument of a metric of the user's. Its name has been checked.
func (x *instruments) createCustom(meter metric.Meter, c Custom) {
	ctx, unit, text := context.Background(), metric.WithUnit(c.Unit), metric.WithDescription(c.Description)
	switch c.Form {
	case semconv.Histogram:
		buckets := c.Buckets
		if buckets == nil {
			buckets = semconv.CustomBuckets(c.Unit)
		}
		h, _ := meter.Float64Histogram(c.Name, unit, text, metric.WithExplicitBucketBoundaries(buckets...))
		x.recorded[c.Name] = func(v float64, s series) { h.Record(ctx, v, s.record...) }
	case semconv.Gauge:
		g, _ := meter.Float64Gauge(c.Name, unit, text)
		x.recorded[c.Name] = func(v float64, s series) { g.Record(ctx, v, s.record...) }
	case semconv.Counter:
		n, _ := meter.Float64Counter(c.Name, unit, text)
		x.recorded[c.Name] = func(v float64, s series) { n.Add(ctx, v, s.add...) }
	}
}

// createObserved makes an instrument whose value is read at each export. Times and gauges are floating-point numbers.
func (x *instruments) createObserved(meter metric.Meter, i semconv.Instrument) {
	unit, text := metric.WithUnit(i.Unit), metric.WithDescription(i.Description)
	switch {
	case i.Form == semconv.Gauge:
		x.observed[i.Name], _ = meter.Float64ObservableGauge(i.Name, unit, text)
	case i.Unit == "s":
		x.observed[i.Name], _ = meter.Float64ObservableCounter(i.Name, unit, text)
	case i.Form == semconv.Counter:
		x.observed[i.Name], _ = meter.Int64ObservableCounter(i.Name, unit, text)
	default:
		x.observed[i.Name], _ = meter.Int64ObservableUpDownCounter(i.Name, unit, text)
	}
}

// during measures what belongs to a span: exemplars of counters and histograms lead to it.
func (x *instruments) during(span context.Context, measure func()) {
	x.span = span
	measure()
	x.span = context.Background()
}

// record adds the value to a counter, or records it in a histogram or gauge. Counters and gauges are integers, and the
// fraction of a value is dropped there.
func (x *instruments) record(i semconv.Instrument, value float64, s series) {
	x.recordNamed(i.Name, value, s)
}

func (x *instruments) recordNamed(name string, value float64, s series) {
	if record, ok := x.recorded[name]; ok {
		record(value, s)
	}
	if x.notify != nil {
		x.notify()
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
func (x *instruments) seriesOf(pairs ...string) series {
	x.key = x.key[:0]
	for _, text := range pairs {
		x.key = append(append(x.key, text...), 0) // a name with that byte could at most share a series with another
	}
	if s, ok := x.kept[string(x.key)]; ok {
		return s
	}
	var a attributes
	for ; len(pairs) > 1; pairs = pairs[2:] {
		a.text(pairs[0], pairs[1])
	}
	s := newSeries(x.named(a))
	if len(x.kept) < maxSeries {
		x.kept[string(x.key)] = s
	}
	return s
}

// nameServer adds the server's name to the series that are made from now on: of two servers behind one service.name,
// or one runner's command line, it tells which is which. The first name stays, since a peer may send another one with
// each message. A value that was counted before keeps the series without the name. Observed instruments have none: a
// total that moved from one series to another would be exported twice.
func (x *instruments) nameServer(name string) {
	if x.server == "" && name != "" {
		x.server = name
		clear(x.kept)
	}
}

// named appends the server's name to a series' attributes.
func (x *instruments) named(a attributes) attributes {
	a.text(semconv.ServerName, x.server)
	return a
}
