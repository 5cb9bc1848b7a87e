package telemetry

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry/admin"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/rules"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Config configures the telemetry of one session.
type Config struct {
	Policy  consent.Policy              // what may be collected and where it may go
	Command []string                    // the server's command, from which service.name is derived; not used otherwise
	Version string                      // of spanpipe, for the instrumentation scope
	Lookup  func(string) (string, bool) // looks up an environment variable; nil means an empty environment

	TraceScope otel.TraceScope // which operations share a trace; default otel.TraceSession
	HangAfter  time.Duration   // how long an operation may stay open before it is reported as hanging; default 30 s
	LogLevel   slog.Level      // minimum level of exported log records
	Logger     *slog.Logger    // receives records of the session and problems with telemetry; nil discards

	// AdminAddr is where /metrics, /healthz and /readyz are served: host:port or unix:PATH. If it is empty they are
	// served only if the policy has the sink prometheus, at that exporter's default address.
	AdminAddr string

	// Dir is the directory for files of spanpipe's own. It is made if it is needed and does not exist. It may be empty.
	Dir string

	// Preview receives as OTLP JSON what would be sent to the collector; nothing is sent. Writes to it do not
	// overlap.
	Preview io.Writer

	// Clean returns what may be shown of a name that a peer has chosen, see session.Decoder. Nil shows every name.
	Clean func(name []byte) string

	// LostLines returns how many lines of the program's own could not be written to stderr so far, for
	// spanpipe.telemetry.dropped. It is safe for concurrent use. May be nil.
	LostLines func() int64

	// Taken returns how many bytes of the client's input there have been and how many the server has read at most. It is called
	// by the consumer once Run has been, must not block, and may be nil: then it is not known.
	Taken func() (sent, taken int64)

	// Client identifies what has started the session. Nil: it is not known. It is called before OpenStore.
	Client func() Client
	// User returns a pseudonym of the account, or "". Nil: it is not known. It is called before OpenStore.
	User func() string
	// MetricsClient adds the client's name to the metrics of operations.
	MetricsClient bool

	// OpenStore opens the store of a session, if the policy has the sink local. May be nil. It is called before the server
	// starts; its error means that nothing is stored, and is reported.
	OpenStore func(StoreSession) (Store, error)

	// Rules are the metrics that the user has described. May be nil.
	Rules *rules.Set

	// Anomalies chooses what is looked for in the records.
	Anomalies Anomalies

	// Past returns what is remembered of the server's earlier sessions, by its service.name; nil if that is nothing. It is
	// called once, from a goroutine of its own: it may take its time. May be nil.
	Past func(service string) *past.Past

	// OpenDefinitions opens what is known of the definitions of a service's server. Nil, or its error, which it reports itself,
	// means that they are compared within the session alone. It is called before the server starts.
	OpenDefinitions func(service string) (Definitions, error)

	// Sinks receive every record beside the sinks of the policy. The telemetry calls them from one goroutine.
	Sinks []session.Sink
}

func (cfg Config) withDefaults() Config {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Lookup == nil {
		cfg.Lookup = func(string) (string, bool) { return "", false }
	}
	if cfg.LostLines == nil {
		cfg.LostLines = func() int64 { return 0 }
	}
	if cfg.HangAfter <= 0 {
		cfg.HangAfter = 30 * time.Second
	}
	return cfg
}

// Telemetry is the telemetry of a session whose server has not started yet. Its taps may be used from then on; Run
// returns what needs a running server. Environment and Run are for one goroutine, and each Tap for one of its own; Fail
// may be called from any.
type Telemetry struct {
	cfg    Config
	clock  clock
	queue  *queue
	redact *redactor
	rules  *measurer // nil without rules
	taps   [2]*Tap
	stderr *StderrTap
	id     record.Session // ID and Launched
	failed atomic.Bool
	out    *output // made by prepare

	tick    *time.Timer // the consumer's next look at the clock
	resting atomic.Bool // there is none, because nothing happens: see wake
}

// New prepares to watch a session that is about to start. It is cheap: what takes time is left to Run.
func New(cfg Config) *Telemetry {
	t := &Telemetry{cfg: cfg.withDefaults(), clock: clock{epoch: time.Now()}, queue: newQueue()}
	t.tick = time.NewTimer(idleTick)
	t.id = record.Session{ID: otel.NewID(), Launched: t.clock.epoch}
	var err error
	if t.redact, err = newRedactor(t.cfg); err != nil { // consent has checked the same settings
		t.cfg.Logger.Warn("no content is captured", "error", err.Error())
	}
	t.rules = newMeasurer(t.cfg)
	reader := session.NewReader(t.rules.contents(t.redact.contents))
	for i, dir := range directions {
		t.taps[i] = t.newTap(dir, reader)
	}
	if t.redact.capture.Has(consent.Stderr) {
		t.stderr = &StderrTap{t: t, limit: t.redact.contents.Max}
	}
	return t
}

// directions are the two of the relay. Their places here are those of their taps.
var directions = [2]record.Direction{record.ToServer, record.ToClient}

func place(dir record.Direction) int { return slices.Index(directions[:], dir) }

// Tap returns the tap for one direction of the relay.
func (t *Telemetry) Tap(dir record.Direction) *Tap { return t.taps[place(dir)] }

// Stderr returns the tap for the server's stderr, or nil if that is not captured.
func (t *Telemetry) Stderr() *StderrTap { return t.stderr }

// Environment returns the variables that make the session's span the parent of what the server records itself:
// TRACEPARENT, and TRACESTATE if there is one. Calling it before Run makes the exporters be built before the server
// starts.
func (t *Telemetry) Environment() []string {
	t.prepare()
	return t.out.otel.Environment()
}

// prepare builds the exporters and starts the session's span. A panic in code that interprets the user's environment
// leaves a session without exporters.
func (t *Telemetry) prepare() {
	if t.out != nil {
		return
	}
	t.out = &output{
		dropped: &t.queue.dropped, lines: t.cfg.LostLines, logger: t.cfg.Logger, session: t.id.ID, broken: t.Fail,
	}
	if t.rules != nil {
		t.out.skipped = t.rules.recorder.Skipped
	}
	if !t.guard(func() { t.out.build(t.cfg, t.id, t.rules) }) {
		t.out.closeAdmin(context.Background())
		t.out = t.out.withoutExporters(t.cfg, t.id)
	}
}

// Run starts to turn messages into records, for a server whose process pid was started at the given time. Export
// problems are reported to the logger; they are never an error of the session. Call it once, and Close on the result.
func (t *Telemetry) Run(pid int, started time.Time) *Session {
	t.prepare()
	s := &Session{
		Telemetry: t, stop: make(chan struct{}), giveUp: make(chan struct{}), done: make(chan struct{}),
		past: make(chan *past.Past, 1),
	}
	s.alive.Store(true)
	identity := t.id
	identity.PID, identity.Started = pid, started
	var c *consumer // made here, so that every sink knows of the session before the metrics are served
	s.guard(func() { c = newConsumer(s, identity) })
	s.recall()
	go s.consume(c) // ends on stop; Close waits for it
	t.out.serve(func() admin.Health {
		return admin.Health{
			Version: t.cfg.Version, Started: started, OpenCalls: t.out.otel.OpenCalls(),
			Alive: s.alive.Load(), Answered: s.ready.Load(),
		}
	})
	return s
}

// NotStarted reports a session whose server could not be started, and sends that until the context is done. Of the exit
// it needs Code and Reason.
func (t *Telemetry) NotStarted(ctx context.Context, exit record.Exit) {
	exit.EndedBy, exit.Cause = record.ByServer, record.NotStarted
	t.Run(0, time.Time{}).Close(ctx, exit)
}

// Fail switches telemetry off for the rest of the session, after a panic in the pipeline. The relay is not affected.
func (t *Telemetry) Fail(recovered any) {
	if t.failed.Swap(true) {
		return
	}
	t.queue.close()
	t.cfg.Logger.Warn(
		"telemetry is off for the rest of this session because of a defect in spanpipe; the server is not affected",
		"panic", panicText(recovered), "hint", "please report it at https://github.com/spanpipe/spanpipe/issues")
}

// guard calls f and reports whether it returned. A panic would end the process, and with it the session.
func (t *Telemetry) guard(f func()) (returned bool) {
	defer func() {
		if r := recover(); r != nil {
			t.Fail(r)
		}
	}()
	f()
	return true
}

// Session is the telemetry of a session whose server is running.
type Session struct {
	*Telemetry
	alive    atomic.Bool // the server's process is running
	ready    atomic.Bool // it has answered a request
	complete atomic.Bool // everything has been consumed

	exit   record.Exit   // how the server ended; set before stop is closed
	stop   chan struct{} // closed when the session is over
	giveUp chan struct{} // closed when there is no time left to consume what is queued
	done   chan struct{} // closed when the consumer has returned

	past chan *past.Past // what is remembered of the server, once it has been read
}

// Flush sends and stores what has been recorded, without waiting for it: the client has left, and the host may kill us soon.
func (s *Session) Flush() {
	go s.out.flush(context.Background()) // bounded by the exporters' timeouts; the process may end before
}

// Exited notes that the server's process has ended and is no longer healthy. Output of it may still be on its way:
// Close ends the session.
func (s *Session) Exited() { s.alive.Store(false) }

// Close ends the session's telemetry: it ends the open operations and sends everything, until the context is done. Of
// the exit it needs EndedBy, Cause, Code, Signal and the CPU times.
func (s *Session) Close(ctx context.Context, exit record.Exit) {
	s.Exited()
	s.out.otel.ServerExited(exit.UserTime, exit.SystemTime)
	s.exit = exit
	close(s.stop)
	half, cancel := halfOf(ctx)
	defer cancel()
	select {
	case <-s.done:
	case <-half.Done():
		s.stopConsumer(ctx)
	}
	// The consumer was stopped, or a panic has ended it. What it has left is lost. The count is exact unless the consumer
	// is still in a message or ending the session.
	if !s.complete.Load() {
		s.queue.discard()
		s.out.loseOpenSpans()
		if closed(s.done) { // else the consumer may be using the store
			s.guard(func() { s.out.storeExit(exit, s.clock.at(s.clock.now()), s.id.Launched) })
		}
	}
	s.out.close(ctx)
}

// SentSpans returns how many spans of a session that has been closed the collector has accepted, and how many it has not.
// Both are 0 if no spans are sent.
func (s *Session) SentSpans() (sent, unsent int64) {
	if s.out.exports == nil {
		return 0, 0
	}
	return s.out.exports.SentSpans()
}

// stopConsumer stops the consumer, for which this machine is too busy.
func (s *Session) stopConsumer(ctx context.Context) {
	close(s.giveUp)
	half, cancel := halfOf(ctx)
	defer cancel()
	select {
	case <-s.done:
	case <-half.Done():
	}
}

// halfOf returns a context with half of the remaining time: what has been recorded takes time to send, too.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(deadline)/2)
	}
	return context.WithCancel(ctx)
}
