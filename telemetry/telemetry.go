package telemetry

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Config says what telemetry is made of a session. Zero values mean what is documented.
type Config struct {
	Policy  consent.Policy              // what may be collected and where it may go
	Command []string                    // the server's command, for service.name; nothing else of it is used
	Version string                      // of spanpipe, for the instrumentation scope
	Lookup  func(string) (string, bool) // the environment; nil means an empty one

	TraceScope TraceScope    // what shares a trace; default TraceSession
	HangAfter  time.Duration // how long an operation may stay open before that is logged; default 30 s
	LogLevel   slog.Level    // from which level on log records go to the collector
	Logger     *slog.Logger  // hears of the session and of trouble with telemetry; nil discards

	// AdminAddr is where the admin page is served: host:port or unix:PATH. Empty means nowhere, unless the policy has the
	// sink prometheus, whose address is then OpenTelemetry's default.
	AdminAddr string

	// Preview gets what would go to the collector, as OTLP JSON, and the network gets nothing. Writes to it do not overlap.
	Preview io.Writer

	// Clean checks a name that a peer has chosen, see session.Decoder. Nil lets every name pass.
	Clean func(name []byte) string

	// Operation is called with every finished operation, from one goroutine. May be nil.
	Operation func(*Operation)
	// Spans get every finished span beside the sinks of the policy, in this process.
	Spans []sdktrace.SpanProcessor
}

// TraceScope says which operations share a trace.
type TraceScope string

// The trace scopes, as they are written in SPANPIPE_TRACE_SCOPE.
const (
	TraceSession   TraceScope = "session"   // all operations of a session
	TraceOperation TraceScope = "operation" // each operation on its own
)

// Operation is a finished operation with its times on the clock.
type Operation struct {
	*session.Operation
	Start, End time.Time
}

// Telemetry watches one session. Make it before the server starts, Run it when the server runs, Close it when the server has
// ended.
type Telemetry struct {
	cfg    Config
	clock  clock
	queue  *queue
	taps   [2]*Tap
	stderr *StderrTap
	failed atomic.Bool
	alive  atomic.Bool // the server's process runs
	ready  atomic.Bool // it has answered a handshake

	recorder *recorder
	exports  *exports
	usage    *usage // nil where nobody asks for it

	exit    Exit          // how the server has ended; there to read once stop is closed
	stop    chan struct{} // closed when the session is over
	late    chan struct{} // closed when there is no time left to consume what came before
	stopped chan struct{} // closed when the consumer has ended
}

// New prepares to watch a session that is about to start. It is cheap: what takes time is left to Run.
func New(cfg Config) *Telemetry {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Lookup == nil {
		cfg.Lookup = func(string) (string, bool) { return "", false }
	}
	if cfg.Preview != nil {
		cfg.Preview = &oneWriter{out: cfg.Preview}
	}
	if cfg.HangAfter <= 0 {
		cfg.HangAfter = 30 * time.Second
	}
	t := &Telemetry{
		cfg: cfg, clock: clock{epoch: time.Now()}, queue: newQueue(),
		stop: make(chan struct{}), late: make(chan struct{}), stopped: make(chan struct{}),
	}
	reader := session.NewReader(contents(cfg.Policy.Capture()))
	for dir := range t.taps {
		t.taps[dir] = t.tap(session.Direction(dir), reader)
	}
	if c := cfg.Policy.Capture(); c.Has(consent.Stderr) {
		t.stderr = &StderrTap{t: t, most: contents(c).Max}
	}
	return t
}

// Tap returns what is to look at one direction of the relay.
func (t *Telemetry) Tap(dir session.Direction) *Tap { return t.taps[dir] }

// Run builds the exporters and starts to turn messages into telemetry, for a server that was started at the given time as
// the process pid. What cannot be exported is told to the logger; it is never an error of the session.
func (t *Telemetry) Run(pid int, started time.Time) {
	t.prepare()
	t.alive.Store(true)
	if t.exports.metering {
		t.usage = observeProcess(t.exports.meter, pid, t.Fail)
	}
	t.recorder.running(t.exports, started)
	t.recorder.ready = t.ready.Store
	go t.guarded(t.shed) // ends with consume
	go t.consume()       // ends on stop; Close waits for it
	if t.exports.admin != nil {
		t.exports.admin.serve(t.exports.registry, t) // until Close
	}
}

// prepare builds the exporters and opens the session's span. What others' code makes of the environment may be a panic.
func (t *Telemetry) prepare() {
	if t.exports != nil {
		return
	}
	if !t.guarded(func() { t.exports = newExports(t.cfg, t.queue.dropped, t.Fail) }) {
		t.exports = noExports(t.cfg, t.queue.dropped, t.Fail)
	}
	t.recorder = newRecorder(t.cfg, t.exports, &t.clock)
}

// Environment returns the variables that give the server the session's trace as its parent: TRACEPARENT, and TRACESTATE
// where there is one. To call it before Run makes the exporters be built before the server starts.
func (t *Telemetry) Environment() []string {
	t.prepare()
	return t.recorder.spans.environment()
}

// Flush sends what there is, without waiting for it: the client has left, and the host may not wait for our end.
func (t *Telemetry) Flush() {
	go t.exports.flush(context.Background()) // bounded by the exporters' timeouts; the process may end before
}

// Exited says that the server's process has ended, from when on it is no longer healthy. What it wrote may still be on its
// way: Close ends the session.
func (t *Telemetry) Exited() { t.alive.Store(false) }

// Close ends the session's telemetry: open operations are ended, and everything is sent within the context's time.
func (t *Telemetry) Close(ctx context.Context, exit Exit) {
	t.Exited()
	t.usage.finish(exit)
	close(t.exports.lost.over)
	t.exit = exit
	close(t.stop)
	half, cancel := halfOf(ctx)
	defer cancel()
	select {
	case <-t.stopped:
	case <-half.Done():
		t.giveUp(ctx)
	}
	t.exports.shutdown(ctx)
}

// giveUp stops the consumer, which the machine is too busy for, and counts what it leaves behind. That is exact unless the
// consumer is held up in a message: then that one counts, whatever becomes of it.
func (t *Telemetry) giveUp(ctx context.Context) {
	close(t.late)
	soon, cancel := halfOf(ctx)
	defer cancel()
	select {
	case <-t.stopped:
	case <-soon.Done():
	}
	t.queue.abandon()
	t.exports.lost.giveUp()
}

// halfOf is a context with half of the time that is left: what has been recorded takes some to send.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(deadline)/2)
	}
	return context.WithCancel(ctx)
}

// Fail switches telemetry off for the rest of the session, after something of ours has panicked. The bytes flow on.
func (t *Telemetry) Fail(recovered any) {
	if t.failed.Swap(true) {
		return
	}
	t.queue.close()
	t.cfg.Logger.Warn("telemetry is off for the rest of this session, because of a defect in spanpipe; the server is not affected",
		"panic", panicText(recovered), "hint", "please report it at https://github.com/spanpipe/spanpipe/issues")
}

// guarded survives a panic, which would end the process, and the session with it, and says whether there was none.
func (t *Telemetry) guarded(do func()) (survived bool) {
	defer func() {
		if r := recover(); r != nil {
			t.Fail(r)
		}
	}()
	do()
	return true
}

// shed gives memory back that only the start needed, at once and then again and again, each time after twice as long: what the
// first calls, exports and collections of garbage need is not needed for long either.
func (t *Telemetry) shed() {
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		returnPages()
		select {
		case <-time.After(pause):
		case <-t.stopped:
			return
		}
	}
}
