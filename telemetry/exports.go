package telemetry

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
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

	tracing  bool // somebody gets the spans
	logging  bool // and the log records
	metering bool // and the metrics
	sending  bool // something goes to a collector

	providers []pipeline
	lost      *losses

	admin    *admin               // nil without one
	registry *prometheus.Registry // what the admin page shows
}

// provider is what all three have in common.
type provider interface {
	ForceFlush(context.Context) error
	Shutdown(context.Context) error
}

// pipeline is a provider of which one thing is asked at a time. The SDK's shutdown cuts off a flush that is under way: the
// user would be told of a delivery that failed where nothing did, and a delta would be lost.
type pipeline struct {
	provider
	turn chan struct{}
}

func newPipeline(p provider) pipeline { return pipeline{p, make(chan struct{}, 1)} }

// do waits for the provider's turn and asks it, within the context's time.
func (p pipeline) do(ctx context.Context, ask func(provider, context.Context) error) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
		return ask(p.provider, ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// noExports is what there is where nothing is sent.
func noExports(cfg Config, d *dropped, broken func(any)) *exports {
	return &exports{
		tracer: nooptrace.NewTracerProvider().Tracer(scopeName),
		meter:  noopmetric.NewMeterProvider().Meter(scopeName),
		logger: nooplog.NewLoggerProvider(),
		lost:   newLosses(cfg, d, broken),
	}
}

func newExports(cfg Config, d *dropped, broken func(any)) *exports {
	e := noExports(cfg, d, broken)
	defer own(cfg.Logger, e.lost.failed)()
	frugal(cfg.Lookup, cfg.Policy.Capture().Any())
	unhindered(cfg.Lookup)
	res := newResource(cfg)
	e.traces(cfg, res)
	e.listen(cfg)
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
		e.sending = true
		options = append(options, sdktrace.WithSpanProcessor(newSpanBatches(cfg, exporter, e.lost)))
	}
	if len(options) == 1 {
		return
	}
	p := sdktrace.NewTracerProvider(options...)
	e.tracer = p.Tracer(scopeName, trace.WithInstrumentationVersion(cfg.Version))
	e.tracing = true
	e.providers = append(e.providers, newPipeline(p))
}

// listen opens the admin page's address, where one is wanted. One that is taken is told, and the session goes on without.
func (e *exports) listen(cfg Config) {
	addr := AdminAddress(cfg.Policy, cfg.AdminAddr, cfg.Lookup)
	if addr == "" {
		return
	}
	a, err := listen(addr)
	if err != nil {
		cfg.Logger.Warn("metrics cannot be served", "error", err.Error(),
			"hint", "SPANPIPE_ADMIN_ADDR sets the address; port 0 takes any that is free")
		return
	}
	cfg.Logger.Info("metrics are served", "address", a.listener.Addr().String())
	e.admin, e.registry = a, prometheus.NewRegistry()
}

// identity is the resource's attributes that every scraped series carries. OTLP tells a receiver by them whose series it is;
// a scrape tells only the address, which the next session may have, and two processes would have written one counter.
var identity = attribute.NewAllowKeysFilter("service.name", "service.instance.id")

func (e *exports) metrics(cfg Config, res *resource.Resource) {
	options := []sdkmetric.Option{sdkmetric.WithResource(res)}
	if exporter := otlpMetrics(cfg); exporter != nil {
		e.sending = true
		var reader []sdkmetric.PeriodicReaderOption
		if !given(cfg.Lookup, "OTEL_METRIC_EXPORT_INTERVAL") {
			reader = append(reader, sdkmetric.WithInterval(metricInterval))
		}
		go e.lost.worker()
		options = append(options, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metricExporter{exporter, e.lost, &refusal{signal: metrics, logger: cfg.Logger}}, reader...)))
	}
	if e.registry != nil {
		reader, err := otelprometheus.New(otelprometheus.WithRegisterer(e.registry), otelprometheus.WithResourceAsConstantLabels(identity))
		if err != nil {
			cfg.Logger.Warn("metrics cannot be served", "error", err.Error())
		} else {
			options = append(options, sdkmetric.WithReader(reader))
		}
	}
	if len(options) == 1 {
		return
	}
	p := sdkmetric.NewMeterProvider(options...)
	e.meter, e.metering = p.Meter(scopeName, metric.WithInstrumentationVersion(cfg.Version)), true
	e.providers = append(e.providers, newPipeline(p))
}

func (e *exports) logs(cfg Config, res *resource.Resource) {
	exporter := otlpLogs(cfg)
	if exporter == nil {
		return
	}
	p := sdklog.NewLoggerProvider(
		sdklog.WithResource(res),
		sdklog.WithProcessor(newLogBatches(cfg, exporter, e.lost)),
	)
	e.logger, e.logging, e.sending = p, true, true
	e.providers = append(e.providers, newPipeline(p))
}

func given(lookup func(string) (string, bool), name string) bool {
	v, ok := lookup(name)
	return ok && v != ""
}

// flush sends what there is, the signals side by side, so that one that hangs does not eat the others' time.
func (e *exports) flush(ctx context.Context) { e.each(ctx, provider.ForceFlush) }

// shutdown sends what there is and ends the export. It returns when the context's time is up, whatever still hangs.
func (e *exports) shutdown(ctx context.Context) {
	if e.admin != nil {
		e.admin.close(ctx)
	}
	if !e.each(ctx, provider.Shutdown) && e.sending {
		e.lost.failed(errors.New("the time for it was up"))
	}
	e.lost.sum()
}

// each does something with all providers and says whether they were done in time. Errors are the exporters' to tell.
func (e *exports) each(ctx context.Context, do func(provider, context.Context) error) bool {
	var all sync.WaitGroup
	for _, p := range e.providers {
		all.Go(func() { _ = p.do(ctx, do) }) // ends with the exporter; one that ignores the bound is left behind, and the process ends
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
