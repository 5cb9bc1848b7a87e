package otlp

import (
	"context"
	"errors"
	"log/slog"
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

// output is what the exporters of all signals have in common.
type output struct {
	lookup  lookupFunc
	logger  *slog.Logger
	preview *http.Client // nil where records are sent
}

func newOutput(cfg Config) output {
	out := output{lookup: cfg.Lookup, logger: cfg.Logger}
	if cfg.Preview != nil {
		out.preview = newPreview(cfg.Preview)
	}
	return out
}

// open makes the exporter of one signal. It returns false if the signal is not sent, and reports why unless the user
// has switched it off.
func open[E any](out output, s signal, create func(route, *http.Client) (E, error)) (exporter E, ok bool) {
	r, err := routeOf(s, out.lookup)
	if errors.Is(err, errSwitchedOff) {
		return exporter, false
	}
	if out.preview != nil { // where the signal would be sent does not matter
		r, err = route{protocol: httpProtobuf, endpoint: previewURL + s.String()}, nil
	}
	if err == nil {
		exporter, err = create(r, out.preview)
	}
	if err != nil {
		out.logger.Warn(s.String()+" are not sent", "error", err.Error())
	}
	return exporter, err == nil
}

// The exporters read endpoint, headers, TLS, timeout and compression from OpenTelemetry's variables themselves. Those
// of the three signals have the same options, each in packages and types of its own, which no generic function can
// unite.

// endpoint returns the option for a route's endpoint, if it has one.
func endpoint[Option any](r route, option func(url string) Option) []Option {
	if r.endpoint == "" {
		return nil
	}
	return []Option{option(r.endpoint)}
}

func newSpanExporter(r route, preview *http.Client) (sdktrace.SpanExporter, error) {
	if r.protocol == grpcProtocol {
		return otlptracegrpc.New(context.Background(), endpoint(r, otlptracegrpc.WithEndpointURL)...)
	}
	options := endpoint(r, otlptracehttp.WithEndpointURL)
	if preview != nil {
		options = append(options, otlptracehttp.WithHTTPClient(preview),
			otlptracehttp.WithCompression(otlptracehttp.NoCompression))
	}
	return otlptracehttp.New(context.Background(), options...)
}

func newMetricExporter(r route, preview *http.Client) (sdkmetric.Exporter, error) {
	if r.protocol == grpcProtocol {
		return otlpmetricgrpc.New(context.Background(), endpoint(r, otlpmetricgrpc.WithEndpointURL)...)
	}
	options := endpoint(r, otlpmetrichttp.WithEndpointURL)
	if preview != nil {
		options = append(options, otlpmetrichttp.WithHTTPClient(preview),
			otlpmetrichttp.WithCompression(otlpmetrichttp.NoCompression))
	}
	return otlpmetrichttp.New(context.Background(), options...)
}

func newLogExporter(r route, preview *http.Client) (sdklog.Exporter, error) {
	if r.protocol == grpcProtocol {
		return otlploggrpc.New(context.Background(), endpoint(r, otlploggrpc.WithEndpointURL)...)
	}
	options := endpoint(r, otlploghttp.WithEndpointURL)
	if preview != nil {
		options = append(options, otlploghttp.WithHTTPClient(preview),
			otlploghttp.WithCompression(otlploghttp.NoCompression))
	}
	return otlploghttp.New(context.Background(), options...)
}
