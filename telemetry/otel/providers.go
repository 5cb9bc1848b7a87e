package otel

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	nooplog "go.opentelemetry.io/otel/log/noop"
	"go.opentelemetry.io/otel/metric"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Scope is the name of the instrumentation scope: by convention the module's path.
const Scope = "github.com/spanpipe/spanpipe"

// providers holds the SDK's providers. Those of metrics and log records do nothing without a reader or processor.
type providers struct {
	tracer trace.Tracer // nil without a processor: the SDK would still make spans, and the server become their child
	meter  metric.Meter
	logger log.LoggerProvider
	all    []serialized
}

// newProviders makes a provider for each signal. They read OpenTelemetry's variables from the process's environment,
// such as the sampler and the limits of a span.
func newProviders(cfg Config) *providers {
	spans := []sdktrace.TracerProviderOption{sdktrace.WithResource(cfg.Resource)}
	for _, processor := range cfg.Spans {
		spans = append(spans, sdktrace.WithSpanProcessor(processor))
	}
	metrics := []sdkmetric.Option{sdkmetric.WithResource(cfg.Resource)}
	for _, reader := range cfg.Metrics {
		metrics = append(metrics, sdkmetric.WithReader(reader))
	}
	logs := []sdklog.LoggerProviderOption{sdklog.WithResource(cfg.Resource)}
	for _, processor := range cfg.Logs {
		logs = append(logs, sdklog.WithProcessor(processor))
	}
	p := &providers{meter: noopmetric.NewMeterProvider().Meter(Scope), logger: nooplog.NewLoggerProvider()}
	add := func(one provider) { p.all = append(p.all, serialized{one, make(chan struct{}, 1)}) }
	if len(cfg.Spans) > 0 {
		tracer := sdktrace.NewTracerProvider(spans...)
		p.tracer = tracer.Tracer(Scope, trace.WithInstrumentationVersion(cfg.Version))
		add(tracer)
	}
	if len(cfg.Metrics) > 0 {
		meter := sdkmetric.NewMeterProvider(metrics...)
		p.meter = meter.Meter(Scope, metric.WithInstrumentationVersion(cfg.Version))
		add(meter)
	}
	if len(cfg.Logs) > 0 {
		logger := sdklog.NewLoggerProvider(logs...)
		p.logger = logger
		add(logger)
	}
	return p
}

// provider is what the providers of the three signals have in common.
type provider interface {
	ForceFlush(context.Context) error
	Shutdown(context.Context) error
}

// serialized is a provider that does one thing at a time. The SDK's shutdown aborts a flush in progress: the user
// would see a failed delivery although nothing failed, and a delta would be lost.
type serialized struct {
	provider
	busy chan struct{} // holds an element while a call is in progress
}

// each calls all providers concurrently, so that one that hangs does not use up the others' time, and reports whether
// they were done in time. The exporters report their errors themselves.
func (p *providers) each(ctx context.Context, call func(provider, context.Context) error) bool {
	done := make(chan struct{}, len(p.all))
	for _, one := range p.all {
		// Ends with the exporter. One that ignores the context is left behind, and the process ends.
		go func() {
			select {
			case one.busy <- struct{}{}:
				_ = call(one.provider, ctx)
				<-one.busy
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

// NewResource describes the sender of telemetry: the name of the service, a random id of this process, and what else the
// caller adds. It has no
// host name, no user, no path and no command line; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, which the SDK reads
// from the process's environment, can add to it and win.
func NewResource(service, version string, logger *slog.Logger, more ...attribute.KeyValue) *resource.Resource {
	own := append(more, //nolint:gocritic // the caller's list is not used again
		attribute.String("service.name", service),
		attribute.String("service.instance.id", NewID()),
		attribute.String("telemetry.distro.name", "spanpipe"),
		attribute.String("telemetry.distro.version", version),
	)
	r, err := resource.New(context.Background(), resource.WithTelemetrySDK(), resource.WithAttributes(own...),
		resource.WithFromEnv()) // the last one wins
	if err != nil {
		logger.Warn("ignoring invalid part of OTEL_RESOURCE_ATTRIBUTES", // the error quotes it
			"error", "want name=value pairs, separated by commas and percent-encoded")
	}
	return r
}

// NewID returns a random UUID (version 4): two wrappers of one server never write the same series.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
