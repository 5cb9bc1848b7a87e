package otel_test

import (
	"fmt"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestExemplars: a call's measurements name its span, in explicit and in exponential histograms; those that belong to no
// operation name none.
func TestExemplars(t *testing.T) {
	exponential := sdkmetric.NewManualReader(sdkmetric.WithAggregationSelector(func(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
		if kind == sdkmetric.InstrumentKindHistogram {
			return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}
		}
		return sdkmetric.DefaultAggregationSelector(kind)
	}))
	s := newStage(t, func(c *otel.Config) { c.Metrics = append(c.Metrics, exponential) })
	s.call(record.Operation{ErrorType: "tool_error", Class: record.Internal}, 100, 400)
	s.Noted(record.Message{Time: s.at(400), Direction: record.ToClient, Kind: record.ResponseMessage, Size: 34})
	span := s.span("tools/call search").SpanContext()
	want := fmt.Sprint(span.TraceID(), span.SpanID())

	named := func(what string, all ...string) {
		t.Helper()
		if len(all) != 1 || all[0] != want {
			t.Errorf("exemplars of %s: %v, want %s", what, all, want)
		}
	}
	all := s.collect()
	duration := all[semconv.ServerOperationDuration.Name].Data.(metricdata.Histogram[float64])
	named("durations", spansOf(duration.DataPoints[0].Exemplars)...)
	errors := all[semconv.OperationErrors.Name].Data.(metricdata.Sum[int64])
	named("errors", spansOf(errors.DataPoints[0].Exemplars)...)
	if sizes := all[semconv.MessageSize.Name].Data.(metricdata.Histogram[float64]); len(sizes.DataPoints[0].Exemplars) > 0 {
		t.Errorf("exemplars of messages: %v, want none", sizes.DataPoints[0].Exemplars)
	}
	var native metricdata.ResourceMetrics
	if err := exponential.Collect(t.Context(), &native); err != nil {
		t.Fatal(err)
	}
	for _, m := range native.ScopeMetrics[0].Metrics {
		if m.Name == semconv.ServerOperationDuration.Name {
			named("exponential durations", spansOf(m.Data.(metricdata.ExponentialHistogram[float64]).DataPoints[0].Exemplars)...)
		}
	}
}

// spansOf returns the spans that exemplars name.
func spansOf[N int64 | float64](all []metricdata.Exemplar[N]) (spans []string) {
	for _, x := range all {
		spans = append(spans, fmt.Sprintf("%x %x", x.TraceID, x.SpanID))
	}
	return spans
}
