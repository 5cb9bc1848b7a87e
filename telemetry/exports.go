package telemetry

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/log"
	nooplog "go.opentelemetry.io/otel/log/noop"
	"go.opentelemetry.io/otel/metric"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/spanpipe/spanpipe/consent"
)

// Defaults for a tool whose sessions may last seconds and whose host may kill it without notice. OpenTelemetry's own are
// 5 s and 60 s. Its variables win.
const (
	batchDelay     = time.Second
	metricInterval = 10 * time.Second
)

// scopeName is the instrumentation scope of everything we record.
const scopeName = "github.com/spanpipe/spanpipe"

// exports is the way out: the providers of the three signals, each with what the policy allows behind it.
type exports struct {
	tracer trace.Tracer
	meter  metric.Meter
	logger log.LoggerProvider

	tracing bool // somebody gets the spans
	logging bool // and the log records

	providers []provider
	lost      *losses
}

// provider is what all three have in common.
type provider interface {
	ForceFlush(context.Context) error
	Shutdown(context.Context) error
}

func newExports(cfg Config) *exports {
	e := &exports{
		tracer: nooptrace.NewTracerProvider().Tracer(scopeName),
		meter:  noopmetric.NewMeterProvider().Meter(scopeName),
		logger: nooplog.NewLoggerProvider(),
		lost:   newLosses(cfg),
	}
	own(cfg.Logger, e.lost.failed)
	res := newResource(cfg)
	e.traces(cfg, res)
	if !cfg.Policy.Has(consent.OTLP) {
		return e
	}
	e.metrics(cfg, res)
	e.logs(cfg, res)
	return e
}

func (e *exports) traces(cfg Config, res *resource.Resource) {
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(res)}
	for _, p := range cfg.Spans {
		options = append(options, sdktrace.WithSpanProcessor(p))
	}
	if exporter := otlpSpans(cfg); exporter != nil {
		options = append(options, sdktrace.WithSpanProcessor(newSpanBatches(cfg.Lookup, exporter, e.lost)))
	}
	if len(options) == 1 {
		return
	}
	p := sdktrace.NewTracerProvider(options...)
	e.tracer = p.Tracer(scopeName, trace.WithInstrumentationVersion(cfg.Version))
	e.tracing = true
	e.providers = append(e.providers, p)
}

func (e *exports) metrics(cfg Config, res *resource.Resource) {
	exporter := otlpMetrics(cfg)
	if exporter == nil {
		return
	}
	var options []sdkmetric.PeriodicReaderOption
	if !given(cfg.Lookup, "OTEL_METRIC_EXPORT_INTERVAL") {
		options = append(options, sdkmetric.WithInterval(metricInterval))
	}
	p := sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(res),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter, options...)),
	)
	e.meter = p.Meter(scopeName, metric.WithInstrumentationVersion(cfg.Version))
	e.providers = append(e.providers, p)
}

func (e *exports) logs(cfg Config, res *resource.Resource) {
	exporter := otlpLogs(cfg)
	if exporter == nil {
		return
	}
	p := sdklog.NewLoggerProvider(
		sdklog.WithResource(res),
		sdklog.WithProcessor(newLogBatches(exporter, e.lost)),
	)
	e.logger, e.logging = p, true
	e.providers = append(e.providers, p)
}

func given(lookup func(string) (string, bool), name string) bool {
	v, ok := lookup(name)
	return ok && v != ""
}

// flush sends what there is, the signals side by side, so that one that hangs does not eat the others' time.
func (e *exports) flush(ctx context.Context) { e.each(ctx, provider.ForceFlush) }

// shutdown sends what there is and ends the export. It returns when the context's time is up, whatever still hangs.
func (e *exports) shutdown(ctx context.Context) {
	e.each(ctx, provider.Shutdown)
	e.lost.sum()
}

func (e *exports) each(ctx context.Context, do func(provider, context.Context) error) {
	var all sync.WaitGroup
	for _, p := range e.providers {
		all.Go(func() { // ends with the exporter; at a bound that it ignores it is left behind, and the process ends
			if err := do(p, ctx); err != nil {
				e.lost.failed(err)
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
