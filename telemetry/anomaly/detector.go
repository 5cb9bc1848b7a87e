package anomaly

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Config sets the thresholds that depend on who uses the session; those of statistics are constants, with their
// reasons in the package comment. Zero values mean the defaults.
type Config struct {
	LoopRepeats  int           // identical calls in a run that make a loop. Default 10
	LoopInterval time.Duration // mean time between their starts below which a program makes them. Default 2 s
	BurstCalls   int           // calls started within 10 s below which nothing is a burst. Default 150
	LatencyFloor time.Duration // by which a slow call must exceed the tool's median. Default 2 s
	SizeFloor    int64         // by which a large message must exceed the tool's median, in bytes. Default 64 KiB
}

func (c Config) withDefaults() Config {
	setDefault(&c.LoopRepeats, 10)
	setDefault(&c.LoopInterval, 2*time.Second)
	setDefault(&c.BurstCalls, 150)
	setDefault(&c.LatencyFloor, 2*time.Second)
	setDefault(&c.SizeFloor, 64<<10)
	return c
}

func setDefault[T ~int | ~int64](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// Detector watches the calls of one session. It is a sink of the session's records, for one goroutine.
type Detector struct {
	cfg    Config
	report func(record.Finding)
	epoch  time.Time // when the session started
	tools  map[string]*tool
	load   workload
	loops  loops
	rate   rate
}

// tool is what is remembered of one tool: the latest calls that succeeded.
type tool struct {
	latency, request, response window
}

// maxTools is how many tools are compared with their own past. Later ones are watched for loops and bursts only.
const maxTools = 200

// New returns a detector for a session that is about to start. Report receives each finding from within Opened and
// Changed.
func New(cfg Config, report func(record.Finding)) *Detector {
	return &Detector{cfg: cfg.withDefaults(), report: report, tools: map[string]*tool{}}
}

// Noted takes the session's start, from which the windows of the burst rule are counted.
func (d *Detector) Noted(n record.Note) {
	if s, ok := n.(record.Session); ok && d.epoch.IsZero() {
		d.epoch = s.Started
	}
}

// Opened finds bursts, when the call that begins one can still be seen running.
func (d *Detector) Opened(op *record.Operation) {
	if d.epoch.IsZero() {
		d.epoch = op.Start
	}
	if !isCall(op) {
		d.load.note(op)
		return
	}
	if seen, usual, ok := d.rate.add(op.Start.Sub(d.epoch), d.cfg.BurstCalls); ok {
		d.find(op, op.Start, record.Finding{Kind: record.Burst, Seen: seen, Usual: usual, Unit: "{call}/s"})
	}
	d.load.start(op)
	if d.tools[op.Target] == nil && len(d.tools) < maxTools {
		d.tools[op.Target] = &tool{}
	}
}

// Changed finds loops and outliers when a call has ended, because they depend on the answer.
func (d *Detector) Changed(op *record.Operation) {
	if op.Change != record.Ended || !isCall(op) {
		return
	}
	share, timed := d.load.end(op)
	switch op.ErrorType {
	case semconv.ErrAbandoned, semconv.ErrServerExit, semconv.ErrExpired:
		return // it ended with the session or by our own bounds, which says nothing about the call
	}
	failed := !op.Answered || op.ErrorType != "" || op.Code != ""
	if seen, usual, ok := d.loops.add(op, failed, d.cfg); ok {
		f := record.Finding{Kind: record.Loop, Seen: float64(seen), Usual: float64(usual), Unit: "{call}"}
		d.find(op, op.End, f)
	}
	t := d.tools[op.Target]
	if t == nil || failed || op.RoundTrips > 1 || op.TaskID != "" {
		return
	}
	if timed {
		d.latency(op, &t.latency, share)
	}
	d.size(op, &t.request, record.RequestSide, op.RequestSize)
	d.size(op, &t.response, record.ResponseSide, op.ResponseSize)
}

// latency compares the duration of a call, divided by how many calls ran beside it, with those of the tool, and
// remembers it.
func (d *Detector) latency(op *record.Operation, w *window, share float64) {
	micros := float64(op.Duration.Microseconds())
	if usual, ok := w.outlier(micros/share, float64(d.cfg.LatencyFloor.Microseconds())); ok {
		f := record.Finding{Kind: record.LatencyOutlier, Seen: micros / 1e6, Usual: usual / 1e6, Unit: "s"}
		d.find(op, op.End, f)
	}
	w.add(micros)
}

// size compares the size of a request or answer with those of the tool, and remembers it.
func (d *Detector) size(op *record.Operation, w *window, side record.Side, bytes int64) {
	size := float64(bytes)
	if usual, ok := w.outlier(size, float64(d.cfg.SizeFloor)); ok {
		d.find(op, op.End, record.Finding{Kind: record.SizeOutlier, Side: side, Seen: size, Usual: usual, Unit: "By"})
	}
	w.add(size)
}

// find reports a finding about a call.
func (d *Detector) find(op *record.Operation, at time.Time, f record.Finding) {
	f.Time, f.Operation, f.Tool = at, op.Number, op.Target
	d.report(f)
}

// isCall reports whether an operation is a call of a tool by the client.
func isCall(op *record.Operation) bool {
	return op.Direction == record.ToServer && op.Method == semconv.ToolsCall
}
