package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanpipe/spanpipe/consent"
)

// The exporters read endpoint, headers, TLS, timeout and compression from OpenTelemetry's variables themselves. None of
// them connects before there is something to send.

// otlpFor returns a signal's route, or false if it is not to be sent, which it has told the user where that is a mistake.
func otlpFor(s signal, cfg Config) (route, bool) {
	if !cfg.Policy.Has(consent.OTLP) {
		return route{}, false
	}
	r, on, err := routed(s, cfg.Lookup)
	if cfg.Preview != nil { // where it would go does not matter, whether it would does
		return route{}, on || err != nil
	}
	if err != nil {
		cfg.Logger.Warn(s.String()+" are not sent", "error", err.Error())
		return route{}, false
	}
	return r, on
}

// built reports an exporter that could not be made. The zero value of T is no exporter.
func built[T any](s signal, cfg Config, exporter T, err error) T {
	if err != nil {
		cfg.Logger.Warn(s.String()+" are not sent", "error", err.Error())
		var none T
		return none
	}
	return exporter
}

// at makes the option for the endpoint that the environment does not name, for whichever exporter's option type.
func at[Option any](r route, endpoint func(url string) Option) []Option {
	if r.endpoint == "" {
		return nil
	}
	return []Option{endpoint(r.endpoint)}
}

func otlpSpans(cfg Config) sdktrace.SpanExporter {
	r, on := otlpFor(traces, cfg)
	if !on {
		return nil
	}
	if cfg.Preview != nil {
		e, err := otlptracehttp.New(context.Background(), otlptracehttp.WithHTTPClient(newPreview(cfg.Preview)),
			otlptracehttp.WithEndpointURL(previewURL+traces.String()), otlptracehttp.WithCompression(otlptracehttp.NoCompression))
		return built[sdktrace.SpanExporter](traces, cfg, e, err)
	}
	if r.protocol == grpcProtocol {
		e, err := otlptracegrpc.New(context.Background(), append(at(r, otlptracegrpc.WithEndpointURL), otlptracegrpc.WithDialOption(dialing()))...)
		return built[sdktrace.SpanExporter](traces, cfg, e, err)
	}
	e, err := otlptracehttp.New(context.Background(), at(r, otlptracehttp.WithEndpointURL)...)
	return built[sdktrace.SpanExporter](traces, cfg, e, err)
}

func otlpMetrics(cfg Config) sdkmetric.Exporter {
	r, on := otlpFor(metrics, cfg)
	if !on {
		return nil
	}
	if cfg.Preview != nil {
		e, err := otlpmetrichttp.New(context.Background(), otlpmetrichttp.WithHTTPClient(newPreview(cfg.Preview)),
			otlpmetrichttp.WithEndpointURL(previewURL+metrics.String()), otlpmetrichttp.WithCompression(otlpmetrichttp.NoCompression))
		return built[sdkmetric.Exporter](metrics, cfg, e, err)
	}
	if r.protocol == grpcProtocol {
		e, err := otlpmetricgrpc.New(context.Background(), append(at(r, otlpmetricgrpc.WithEndpointURL), otlpmetricgrpc.WithDialOption(dialing()))...)
		return built[sdkmetric.Exporter](metrics, cfg, e, err)
	}
	e, err := otlpmetrichttp.New(context.Background(), at(r, otlpmetrichttp.WithEndpointURL)...)
	return built[sdkmetric.Exporter](metrics, cfg, e, err)
}

func otlpLogs(cfg Config) sdklog.Exporter {
	r, on := otlpFor(logs, cfg)
	if !on {
		return nil
	}
	if cfg.Preview != nil {
		e, err := otlploghttp.New(context.Background(), otlploghttp.WithHTTPClient(newPreview(cfg.Preview)),
			otlploghttp.WithEndpointURL(previewURL+logs.String()), otlploghttp.WithCompression(otlploghttp.NoCompression))
		return built[sdklog.Exporter](logs, cfg, e, err)
	}
	if r.protocol == grpcProtocol {
		e, err := otlploggrpc.New(context.Background(), append(at(r, otlploggrpc.WithEndpointURL), otlploggrpc.WithDialOption(dialing()))...)
		return built[sdklog.Exporter](logs, cfg, e, err)
	}
	e, err := otlploghttp.New(context.Background(), at(r, otlploghttp.WithEndpointURL)...)
	return built[sdklog.Exporter](logs, cfg, e, err)
}
