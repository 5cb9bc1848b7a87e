package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/telemetry/admin"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// output is what the policy lets out of the process: OpenTelemetry's SDK with exporters behind it, and the admin
// page.
type output struct {
	otel     *otel.Sink
	exports  *otlp.Exports // nil unless something is sent to a collector, or previewed
	dropped  *dropped
	lines    func() int64 // lost lines of the console
	logger   *slog.Logger
	broken   func(recovered any)
	store    Store         // nil without one
	unstored atomic.Int64  // spans that were open at its end
	defined  Definitions   // nil: they are compared within the session alone
	admin    *admin.Server // nil without one
	registry *prometheus.Registry
	session  string       // its id
	skipped  func() int64 // values that metric rules could not measure; nil without rules
	service  string       // its service.name
}

// build makes what the policy asks for.
func (o *output) build(cfg Config, id record.Session, rules *measurer) {
	otlp.TakeOver(cfg.Logger) // before the SDK reads a variable
	tuneRuntime(cfg.Lookup, cfg.Policy.Capture().Any() || rules != nil)
	var client Client
	if cfg.Client != nil {
		client = cfg.Client()
	}
	who := client.attributes()
	if cfg.User != nil {
		if user := cfg.User(); user != "" {
			who = append(who, attribute.String(semconv.User, user))
		}
	}
	sink := sinkConfig(cfg, id, who)
	sink.Broken, sink.Lost, sink.Custom = o.broken, o.lost, rules.custom()
	service, _ := sink.Resource.Set().Value("service.name")
	o.service = service.AsString()
	if cfg.Policy.Has(consent.OTLP) {
		o.exports = otlp.New(otlp.Config{Lookup: cfg.Lookup, Logger: cfg.Logger, Preview: cfg.Preview, Broken: o.broken,
			Supplier: cfg.Supplier})
		sink.Spans = some[sdktrace.SpanProcessor](o.exports.Spans)
		sink.Metrics = some[sdkmetric.Reader](o.exports.Metrics)
		sink.Logs = some[sdklog.Processor](o.exports.Logs)
		sink.Recorded = o.exports.Recorded
	}
	if o.openStore(cfg, id, client, sink.Resource) {
		sink.Recorder, sink.MetricLines = o.store, o.store.Metrics()
	}
	if cfg.OpenDefinitions != nil {
		service, _ := sink.Resource.Set().Value("service.name")
		if defined, err := cfg.OpenDefinitions(service.AsString()); err == nil {
			o.defined = defined
		}
	}
	if reader := o.listen(cfg, sink.Resource); reader != nil {
		sink.Metrics = append(sink.Metrics, reader)
	}
	o.otel = otel.New(sink)
	if o.exports != nil {
		o.exports.Started() // errors are those of deliveries from now on, and were those of variables before
	}
}

// openStore opens the store if the policy has one. Without it the session goes on.
func (o *output) openStore(cfg Config, id record.Session, client Client, resource *resource.Resource) bool {
	if !cfg.Policy.Has(consent.Local) || cfg.OpenStore == nil {
		return false
	}
	store, err := cfg.OpenStore(StoreSession{
		ID: id.ID, Launched: id.Launched, Service: o.service, Client: client, Version: cfg.Version,
		Origin: otlpfile.Origin{
			Resource: resource.Attributes(), ResourceURL: resource.SchemaURL(), ScopeName: otel.Scope, ScopeVersion: cfg.Version,
		},
		Logger: cfg.Logger,
	})
	if err != nil {
		cfg.Logger.Warn("this session is not stored", "error", err.Error(), "hint", "SPANPIPE_DIR sets the directory")
		return false
	}
	o.store = store
	return true
}

// withoutExporters returns an output from which nothing leaves the process. It uses nothing that reads the user's
// environment: that is what has just panicked. A store that is open learns how the session ends.
func (o *output) withoutExporters(cfg Config, id record.Session) *output {
	sink := otel.New(otel.Config{Resource: resource.Empty(), Logger: cfg.Logger, LogLevel: cfg.LogLevel, Session: id})
	return &output{
		otel: sink, dropped: o.dropped, lines: o.lines, logger: o.logger, session: o.session, broken: o.broken, store: o.store,
	}
}

// sinkConfig describes the sink of a session. Who is what started it, as attributes of the resource.
func sinkConfig(cfg Config, id record.Session, who []attribute.KeyValue) otel.Config {
	home, _ := cfg.Lookup("HOME")
	service := ServiceName(cfg.Command, home)
	if cfg.Clean != nil && cfg.Clean([]byte(service)) != service {
		service = UnnamedService
	}
	parent, _ := cfg.Lookup("TRACEPARENT")
	state, _ := cfg.Lookup("TRACESTATE")
	if cfg.Clean != nil && state != "" { // any vendor may have put anything there
		state = cfg.Clean([]byte(state))
	}
	return otel.Config{
		Version: cfg.Version, Resource: otel.NewResource(service, cfg.Version, cfg.Logger, who...),
		Logger: cfg.Logger, LogLevel: cfg.LogLevel,
		TraceScope: cfg.TraceScope, Session: id, Traceparent: parent, Tracestate: state,
		MetricsClient: cfg.MetricsClient,
	}
}

// some returns a list of the one element, or an empty one for nil.
func some[T comparable](v T) []T {
	var none T
	if v == none {
		return nil
	}
	return []T{v}
}

// identity is the part of the resource that every scraped series carries. Over OTLP a receiver tells series apart by
// the resource; a scraper knows only the address, which the next session may have.
var identity = attribute.NewAllowKeysFilter("service.name", "service.instance.id")

// listen opens the admin page's address, if one is wanted, and returns the reader that fills its metrics. If another
// process has the port, as the session of another server of the same client may, it takes a free one. If that fails, too,
// the session goes on without the page.
func (o *output) listen(cfg Config, resource *resource.Resource) sdkmetric.Reader {
	addr := AdminAddress(cfg.Policy, cfg.AdminAddr, cfg.Lookup)
	if addr == "" {
		return nil
	}
	server, err := admin.Listen(addr)
	other, taken := admin.FreePort(addr, err)
	if taken {
		server, err = admin.Listen(other)
	}
	if err != nil {
		cfg.Logger.Warn("metrics are not served", "error", err.Error(),
			"hint", "SPANPIPE_ADMIN_ADDR sets the address; port 0 chooses a free port")
		return nil
	}
	if taken {
		hint := "SPANPIPE_ADMIN_ADDR sets the address"
		if cfg.Dir != "" && cfg.Policy.Has(consent.Prometheus) {
			hint += "; Prometheus finds all sessions in " + filepath.Join(cfg.Dir, "targets", "*.json")
		}
		cfg.Logger.Warn("another process has the address of the metrics; they are served on a free port instead",
			"address", server.Addr().String(), "taken", addr,
			"hint", hint)
	}
	cfg.Logger.Info("serving metrics", "address", server.Addr().String())
	o.admin, o.registry = server, prometheus.NewRegistry()
	if !cfg.Policy.Has(consent.OTLP) {
		otlp.CheckHistograms(cfg.Lookup, cfg.Logger)
	}
	reader, err := otelprometheus.New(otelprometheus.WithAggregationSelector(histograms(cfg.Lookup)),
		otelprometheus.WithRegisterer(o.registry), otelprometheus.WithResourceAsConstantLabels(identity))
	if err != nil {
		cfg.Logger.Warn("metrics are not served", "error", err.Error())
		return nil
	}
	if cfg.Policy.Has(consent.Prometheus) {
		o.announce(cfg, resource)
	}
	return reader
}

// histograms returns how the admin page aggregates: as OTLP's exporters do, which read the same variable
// (https://opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/otlp/).
func histograms(lookup func(string) (string, bool)) sdkmetric.AggregationSelector {
	const name, exponential = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram"
	if value, _ := lookup(name); !strings.EqualFold(strings.TrimSpace(value), exponential) {
		return sdkmetric.DefaultAggregationSelector
	}
	return func(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
		if kind == sdkmetric.InstrumentKindHistogram {
			return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}
		}
		return sdkmetric.DefaultAggregationSelector(kind)
	}
}

// announce lists the admin page for Prometheus' file discovery.
func (o *output) announce(cfg Config, resource *resource.Resource) {
	service, _ := resource.Set().Value("service.name")
	err := errNoDir
	if cfg.Dir != "" {
		err = o.admin.Announce(filepath.Join(cfg.Dir, "targets"), o.session,
			map[string]string{"service_name": service.AsString()})
	}
	if err != nil {
		cfg.Logger.Warn("the metrics page is not listed for Prometheus' file discovery", "error", err.Error(),
			"hint", "it is served all the same; SPANPIPE_DIR sets the directory for such lists")
	}
}

// errNoDir is the error of a session without a directory of its own.
var errNoDir = errors.New("no home directory")

// AdminAddress returns where the admin page is served under a policy, or "": the address that was asked for, else for
// the sink prometheus the default of OpenTelemetry's Prometheus exporter.
func AdminAddress(p consent.Policy, asked string, lookup func(string) (string, bool)) string {
	switch {
	case !p.MayListen():
		return ""
	case asked != "":
		return asked
	case !p.Has(consent.Prometheus):
		return ""
	}
	return admin.DefaultAddress(lookup)
}

// serve starts to answer requests for the admin page, until close.
func (o *output) serve(health func() admin.Health) {
	if o.admin != nil {
		o.admin.Serve(o.registry, health)
	}
}

// lost returns what has been lost so far, by the values of spanpipe.reason.
func (o *output) lost() map[string]int64 {
	lost := map[string]int64{
		semconv.LostMessage: o.dropped.messages.Load(), semconv.LostContent: o.dropped.contents.Load(),
		semconv.LostSpan: 0, semconv.LostLogRecord: 0, semconv.LostConsoleLine: o.lines(),
	}
	if o.skipped != nil {
		lost[semconv.LostMeasurement] = o.skipped()
	}
	if o.exports != nil {
		lost[semconv.LostSpan], lost[semconv.LostLogRecord] = o.exports.Lost()
	}
	if o.store != nil {
		lost[semconv.LostStoredSpan], lost[semconv.LostStoredLogRecord] = o.store.Lost()
		lost[semconv.LostStoredSpan] += o.unstored.Load()
	}
	return lost
}

// loseOpenSpans counts as lost the spans that will not be ended any more.
func (o *output) loseOpenSpans() {
	if o.exports != nil {
		o.exports.LoseSpans(o.otel.OpenSpans())
	}
	o.unstored.Store(o.otel.UnrecordedSpans())
}

// close sends what there is, ends the export, and reports what was lost. It returns when the context is done,
// whatever still hangs. The store does not wait for the network, which may take all the time.
func (o *output) close(ctx context.Context) {
	if o.defined != nil {
		o.defined.Close(ctx)
	}
	stored := o.closeStore(ctx)
	o.closeAdmin(ctx)
	inTime := o.otel.Shutdown(ctx)
	select {
	case <-stored:
	case <-ctx.Done():
	}
	told := false
	if o.exports != nil {
		told = o.exports.Finish(inTime)
	}
	o.summarize(told)
}

// flush stores and sends what there is.
func (o *output) flush(ctx context.Context) {
	if o.store != nil {
		o.otel.SampleLines()
		go o.store.Flush(ctx) // ends with the store, or with the process if the disk hangs
	}
	o.otel.Flush(ctx)
}

// closeStore ends the session in the store. It returns a channel that is closed at the end of that, without a store at
// once. A panic there must not change the server's exit status.
func (o *output) closeStore(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	o.otel.EndLines()
	if o.store == nil {
		close(done)
		return done
	}
	lost := o.lost()
	go func() { // ends with the context, by the store's promise; if a disk hangs all the same, with the process
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				o.broken(r)
			}
		}()
		o.store.Close(ctx, lost)
	}()
	return done
}

// storeExit tells the store how the session has ended, if its records do not.
func (o *output) storeExit(exit record.Exit, at, launched time.Time) {
	if o.store != nil {
		exit.Time, exit.Lifetime = at, at.Sub(launched)
		o.store.Noted(exit)
	}
}

// summarize reports what was lost. That of the network is no news if a failed delivery was reported.
func (o *output) summarize(told bool) {
	names := []struct{ name, reason string }{
		{"messages", semconv.LostMessage}, {"contents", semconv.LostContent},
		{"spans", semconv.LostSpan}, {"log_records", semconv.LostLogRecord},
	}
	if o.store != nil {
		names = append(names, struct{ name, reason string }{"stored_spans", semconv.LostStoredSpan},
			struct{ name, reason string }{"stored_log_records", semconv.LostStoredLogRecord})
	}
	if o.skipped != nil {
		names = append(names, struct{ name, reason string }{"measurements", semconv.LostMeasurement})
	}
	lost, total := o.lost(), int64(0)
	var attrs []any
	for _, n := range names {
		attrs = append(attrs, n.name, lost[n.reason])
		total += lost[n.reason]
	}
	level := slog.LevelWarn
	if told && lost[semconv.LostStoredSpan]+lost[semconv.LostStoredLogRecord] == 0 {
		level = slog.LevelInfo
	}
	if total > 0 {
		o.logger.Log(context.Background(), level, "some telemetry of this session was lost; the server was not affected", attrs...)
	}
}

func (o *output) closeAdmin(ctx context.Context) {
	if o.admin != nil {
		o.admin.Close(ctx)
	}
}

// maxPanic bounds the text of a panic, in bytes.
const maxPanic = 300

// panicText returns what may be shown of a panic: the runtime's own words, which are about indices and types; those
// of other code redacted, since they may quote a message.
func panicText(recovered any) string {
	if err, ok := recovered.(runtime.Error); ok {
		return err.Error()
	}
	r, err := redact.New(redact.Config{})
	if err != nil {
		return fmt.Sprintf("%T", recovered)
	}
	return r.Text([]byte(fmt.Sprint(recovered)), false, maxPanic)
}
