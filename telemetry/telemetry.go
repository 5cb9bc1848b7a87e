package telemetry

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

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

// idleTick is how often the consumer looks at the clock when there are no messages, but something to wait for.
const idleTick = time.Second

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
