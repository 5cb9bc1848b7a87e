package otlp

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// open makes the exporter of one signal, whose way out it notes in the delivery. It returns false if the signal is not
// sent, and notes why unless the user has switched it off. A preview, if there is one, receives what would be sent,
// wherever that is.
func open[E any](cfg Config, d *delivery, preview *http.Client, create func(*delivery) (E, error)) (exporter E, ok bool) {
	r, err := routeOf(d.signal, cfg.Lookup)
	if errors.Is(err, errNone) {
		return exporter, false
	}
	if preview != nil {
		r, err = previewRoute(d.signal, preview), nil // a route that is invalid does not matter here
	}
	d.problems.use(&r)
	d.route = r
	if err == nil {
		exporter, err = create(d)
	}
	if err != nil {
		d.refused = err.Error()
	}
	return exporter, err == nil
}

// reportRefused reports the signals that are not sent, those with the same reason together.
func reportRefused(cfg Config, all ...*delivery) {
	var reasons []string
	signals := map[string][]string{}
	for _, d := range all {
		if d.refused == "" {
			continue
		}
		if signals[d.refused] == nil {
			reasons = append(reasons, d.refused)
		}
		signals[d.refused] = append(signals[d.refused], d.signal.String())
	}
	for _, reason := range reasons {
		list := strings.Join(signals[reason], ", ")
		if i := strings.LastIndex(list, ", "); i >= 0 {
			list = list[:i] + " and" + list[i+1:]
		}
		cfg.Logger.Warn(list+" are not sent", "error", cfg.Supplier.Named(reason))
	}
}

// The exporters of the three signals have the same options, each in packages and types of its own, which no generic
// function can unite. They read headers, compression and the timeout over gRPC from OpenTelemetry's variables themselves
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/).

func newSpanExporter(d *delivery) (sdktrace.SpanExporter, error) {
	r := d.route
	if r.protocol == grpcProtocol {
		return newSpanSender(otlptracegrpc.NewClient(otlptracegrpc.WithEndpoint(r.target()),
			otlptracegrpc.WithTLSCredentials(r.credentials()), otlptracegrpc.WithDialOption(r.watched(&d.attempts), encoded)))
	}
	options := []otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(r.endpoint.String()), otlptracehttp.WithHTTPClient(r.client(&d.attempts)),
	}
	if r.preview != nil {
		options = append(options, otlptracehttp.WithCompression(otlptracehttp.NoCompression))
	}
	return newSpanSender(otlptracehttp.NewClient(options...))
}

func newMetricExporter(d *delivery) (sdkmetric.Exporter, error) {
	ctx, r := context.Background(), d.route
	if r.protocol == grpcProtocol {
		return otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpoint(r.target()),
			otlpmetricgrpc.WithTLSCredentials(r.credentials()), otlpmetricgrpc.WithDialOption(r.watched(&d.attempts), encoded))
	}
	options := []otlpmetrichttp.Option{
		otlpmetrichttp.WithEndpointURL(r.endpoint.String()), otlpmetrichttp.WithHTTPClient(r.client(&d.attempts)),
	}
	if r.preview != nil {
		options = append(options, otlpmetrichttp.WithCompression(otlpmetrichttp.NoCompression))
	}
	return otlpmetrichttp.New(ctx, options...)
}

func newLogExporter(d *delivery) (sdklog.Exporter, error) {
	ctx, r := context.Background(), d.route
	if r.protocol == grpcProtocol {
		return otlploggrpc.New(ctx, otlploggrpc.WithEndpoint(r.target()),
			otlploggrpc.WithTLSCredentials(r.credentials()), otlploggrpc.WithDialOption(r.watched(&d.attempts), encoded))
	}
	options := []otlploghttp.Option{
		otlploghttp.WithEndpointURL(r.endpoint.String()), otlploghttp.WithHTTPClient(r.client(&d.attempts)),
	}
	if r.preview != nil {
		options = append(options, otlploghttp.WithCompression(otlploghttp.NoCompression))
	}
	return otlploghttp.New(ctx, options...)
}
