package otlp

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// delivery accounts for the exports of one signal: what they have lost, and which problem is reported.
type delivery struct {
	signal    signal
	problems  *problems
	admission *admission // nil for metrics

	unsupported atomic.Bool // the backend has no such signal; it is not sent any more
}

// send exports a batch of items. An error is accounted for here and goes no further: the SDK would report it again.
func (d *delivery) send(items int, export func() error) {
	err := d.try(export)
	if d.admission != nil {
		d.admission.leave(items, lostItems(items, err))
	}
	d.problems.report(err)
}

// try exports unless the backend does not support the signal. Many take only traces, such as Jaeger: that is not a
// failure, and not worth a warning in every session. A backend without traces is.
func (d *delivery) try(export func() error) error {
	if d.unsupported.Load() {
		return nil
	}
	err := d.problems.guard(export)
	if d.signal == traces || !isUnimplemented(err) {
		return err
	}
	if !d.unsupported.Swap(true) {
		d.problems.logger.Info(d.signal.String()+" are not sent: the backend does not support them",
			"error", d.problems.hidden.hide(err.Error()),
			"hint", "set OTEL_"+string(d.signal)+"_EXPORTER=none, and spanpipe will not try")
	}
	return nil
}

// isUnimplemented reports whether the backend has no such service: gRPC's code, or the HTTP status of which the
// exporters leave only the text.
func isUnimplemented(err error) bool {
	if err == nil {
		return false
	}
	return status.Code(err) == codes.Unimplemented || strings.Contains(err.Error(), "404 Not Found") ||
		strings.Contains(err.Error(), "code = Unimplemented")
}

// lostItems returns how many items of a batch did not arrive.
func lostItems(items int, err error) int {
	if rejected, partial := partialSuccess(err); partial {
		return min(rejected, items)
	}
	if err != nil {
		return items
	}
	return 0
}

// partialSuccessText is what the exporters make of OTLP's partial success. Its type is internal to each of them.
var partialSuccessText = regexp.MustCompile(`(?s)^(?:[a-z ]+: )?OTLP partial success: .*\((\d+) [a-z ]+ rejected\)$`)

// partialSuccess reports whether an error is a partial success, and of how many rejected items. If it is of none, the
// backend has accepted everything and only sent a warning.
func partialSuccess(err error) (rejected int, is bool) {
	if err == nil {
		return 0, false
	}
	m := partialSuccessText.FindStringSubmatch(err.Error())
	if m == nil {
		return 0, false
	}
	rejected, err = strconv.Atoi(m[1])
	return rejected, err == nil
}

type spanExporter struct {
	sdktrace.SpanExporter
	delivery *delivery
}

// ExportSpans sends the spans. It returns no error.
func (e spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	e.delivery.send(len(spans), func() error { return e.SpanExporter.ExportSpans(ctx, spans) })
	return nil
}

type logExporter struct {
	sdklog.Exporter
	delivery *delivery
}

// Export sends the records. It returns no error.
func (e logExporter) Export(ctx context.Context, records []sdklog.Record) error {
	e.delivery.send(len(records), func() error { return e.Exporter.Export(ctx, records) })
	return nil
}

type metricExporter struct {
	sdkmetric.Exporter
	delivery *delivery
}

// Export sends the metrics. It returns no error.
func (e metricExporter) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	e.delivery.send(0, func() error { return e.Exporter.Export(ctx, m) })
	return nil
}
