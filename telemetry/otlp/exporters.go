package otlp

import (
	"context"
	"errors"
	"net/http"

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

// open makes the exporter of one signal. It returns false if the signal is not sent, and reports why unless the user
// has switched it off. A preview, if there is one, receives what would be sent, wherever that is.
func open[E any](cfg Config, s signal, preview *http.Client, create func(route) (E, error)) (exporter E, ok bool) {
	r, err := routeOf(s, cfg.Lookup)
	if errors.Is(err, errNone) {
		return exporter, false
	}
	if preview != nil {
		err = nil // a route that is invalid does not matter here
		r = route{protocol: httpProtobuf, endpoint: previewURL + s.String(), explicit: true, preview: preview}
	}
	if err == nil {
		exporter, err = create(r)
	}
	if err != nil {
		cfg.Logger.Warn(s.String()+" are not sent", "error", err.Error())
	}
	return exporter, err == nil
}

// options returns an exporter's options: its endpoint, if the environment has none, and those that only a preview has.
// The exporters read endpoint, headers, TLS, timeout and compression from OpenTelemetry's variables themselves
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/).
func options[Option any](r route, endpoint func(url string) Option, preview ...Option) (all []Option) {
	if r.explicit {
		all = append(all, endpoint(r.endpoint))
	}
	if r.preview != nil {
		all = append(all, preview...)
	}
	return all
}

// The exporters of the three signals have the same options, each in packages and types of its own, which no generic
// function can unite.

func newSpanExporter(r route) (sdktrace.SpanExporter, error) {
	if r.protocol == grpcProtocol {
		return newSpanSender(otlptracegrpc.NewClient(options(r, otlptracegrpc.WithEndpointURL)...))
	}
	return newSpanSender(otlptracehttp.NewClient(options(r, otlptracehttp.WithEndpointURL,
		otlptracehttp.WithHTTPClient(r.preview), otlptracehttp.WithCompression(otlptracehttp.NoCompression))...))
}

func newMetricExporter(r route) (sdkmetric.Exporter, error) {
	if r.protocol == grpcProtocol {
		return otlpmetricgrpc.New(context.Background(), options(r, otlpmetricgrpc.WithEndpointURL)...)
	}
	return otlpmetrichttp.New(context.Background(), options(r, otlpmetrichttp.WithEndpointURL,
		otlpmetrichttp.WithHTTPClient(r.preview), otlpmetrichttp.WithCompression(otlpmetrichttp.NoCompression))...)
}

func newLogExporter(r route) (sdklog.Exporter, error) {
	if r.protocol == grpcProtocol {
		return otlploggrpc.New(context.Background(), options(r, otlploggrpc.WithEndpointURL)...)
	}
	return otlploghttp.New(context.Background(), options(r, otlploghttp.WithEndpointURL,
		otlploghttp.WithHTTPClient(r.preview), otlploghttp.WithCompression(otlploghttp.NoCompression))...)
}
