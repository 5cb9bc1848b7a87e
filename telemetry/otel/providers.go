package otel

import (
	"context"

	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope is the name of the instrumentation scope.
const scope = "github.com/spanpipe/spanpipe"

// providers holds the SDK's providers of the signals that are exported.
type providers struct {
	tracer trace.Tracer       // nil if spans are not exported
	meter  metric.Meter       // does nothing if metrics are not exported
	logger log.LoggerProvider // nil if log records are not exported
	all    []turns
}

func newProviders(cfg Config) *providers {
	p := &providers{meter: noopmetric.NewMeterProvider().Meter(scope)}
	if len(cfg.Spans) > 0 {
		options := []sdktrace.TracerProviderOption{sdktrace.WithResource(cfg.Resource)}
		for _, processor := range cfg.Spans {
			options = append(options, sdktrace.WithSpanProcessor(processor))
		}
		provider := sdktrace.NewTracerProvider(options...)
		p.tracer = provider.Tracer(scope, trace.WithInstrumentationVersion(cfg.Version))
		p.add(provider)
	}
	if len(cfg.Metrics) > 0 {
		options := []sdkmetric.Option{sdkmetric.WithResource(cfg.Resource)}
		for _, reader := range cfg.Metrics {
			options = append(options, sdkmetric.WithReader(reader))
		}
		provider := sdkmetric.NewMeterProvider(options...)
		p.meter = provider.Meter(scope, metric.WithInstrumentationVersion(cfg.Version))
		p.add(provider)
	}
	if len(cfg.Logs) > 0 {
		options := []sdklog.LoggerProviderOption{sdklog.WithResource(cfg.Resource)}
		for _, processor := range cfg.Logs {
			options = append(options, sdklog.WithProcessor(processor))
		}
		provider := sdklog.NewLoggerProvider(options...)
		p.logger = provider
		p.add(provider)
	}
	return p
}

// provider is what the providers of the three signals have in common.
type provider interface {
	ForceFlush(context.Context) error
	Shutdown(context.Context) error
}

// turns is a provider that does one thing at a time. The SDK's shutdown aborts a flush in progress: the user would see
// a failed delivery although nothing failed, and a delta would be lost.
type turns struct {
	provider
	turn chan struct{} // holds an element while the provider is busy
}

func (p *providers) add(one provider) { p.all = append(p.all, turns{one, make(chan struct{}, 1)}) }

// each calls all providers concurrently, so that one that hangs does not use up the others' time, and reports whether
// they were done in time. The exporters report their errors themselves.
func (p *providers) each(ctx context.Context, call func(provider, context.Context) error) bool {
	done := make(chan struct{}, len(p.all))
	for _, one := range p.all {
		// Ends with the exporter. One that ignores the context is left behind, and the process ends.
		go func() {
			select {
			case one.turn <- struct{}{}:
				_ = call(one.provider, ctx)
				<-one.turn
			case <-ctx.Done():
			}
			done <- struct{}{}
		}()
	}
	for range p.all {
		select {
		case <-done:
		case <-ctx.Done():
			return false
		}
	}
	return ctx.Err() == nil
}
