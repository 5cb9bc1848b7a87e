package anomaly

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Kind is a kind of anomaly.
type Kind string

// The kinds of anomalies.
const (
	Loop             Kind = "loop"
	Burst            Kind = "burst"
	LatencyOutlier   Kind = "latency_outlier"
	SizeOutlier      Kind = "size_outlier"
	UnseenTransition Kind = "unseen_transition"
)

// Side is the half of a call that a size is of.
type Side string

// The sides of a call.
const (
	Request  Side = "request"
	Response Side = "response"
)

// Finding is something that stood out, with what was seen and what had been usual until then, both in Unit (UCUM).
//
//	loop               repeats in this run; the longest run without alarm before it   {call}
//	burst              rate over 10 s; the 95th percentile of it                       {call}/s
//	latency_outlier    duration; median of the tool's                                  s
//	size_outlier       size; median of the tool's                                      By
//	unseen_transition  1; how often From was followed by others                        {call}
type Finding struct {
	Kind  Kind
	Tool  string // of the call that stood out; for a burst, of the one with which it began
	From  string // of an unseen transition: the tool called before
	Side  Side   // of a size outlier
	Seen  float64
	Usual float64
	Unit  string
}

// Config sets the thresholds that depend on who uses the session; those of statistics are constants, with their reasons in
// the package's comment. Zero values mean the defaults.
type Config struct {
	LoopRepeats  int           // identical calls in a run that make a loop. Default 10
	LoopInterval time.Duration // mean time between their beginnings below which a program makes them. Default 2 s
	BurstCalls   int           // calls begun within 10 s below which nothing is a burst. Default 150
	LatencyFloor time.Duration // by which a slow call must exceed the tool's median. Default 2 s
	SizeFloor    int64         // by which a large message must exceed the tool's median, in bytes. Default 64 KiB
	Settled      int           // transitions in a row without a new one after which the order of tools is settled. Default 200
}

func (c Config) withDefaults() Config {
	setDefault(&c.LoopRepeats, 10)
	setDefault(&c.LoopInterval, 2*time.Second)
	setDefault(&c.BurstCalls, 150)
	setDefault(&c.LatencyFloor, 2*time.Second)
	setDefault(&c.SizeFloor, 64<<10)
	setDefault(&c.Settled, 200)
	return c
}

func setDefault[T ~int | ~int64](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// Detector watches the calls of one session. It is for one goroutine.
type Detector struct {
	cfg   Config
	tools map[string]*tool
	work  workload
	loops loops
	rate  rate
	order order
	found []Finding // lent to the caller
}

// tool is what is remembered of one tool.
type tool struct {
	name                       string
	latency, request, response window
	usage
}

// maxTools is how many tools are compared with their own past. Those that come later are watched for loops and bursts.
const maxTools = 200

// New returns a detector of a session that has not begun.
func New(cfg Config) *Detector {
	cfg = cfg.withDefaults()
	return &Detector{cfg: cfg, tools: map[string]*tool{}, order: newOrder(cfg.Settled)}
}

// Started takes an operation that has begun, whatever its method and direction, in the order of their beginnings. Bursts and
// unseen transitions are found here, where the call can still be seen running. The findings are lent until the next call.
func (d *Detector) Started(op *session.Operation) []Finding {
	d.found = d.found[:0]
	if !isCall(op) {
		d.work.asks(op)
		return nil
	}
	if r, usual, ok := d.rate.add(op.Start, d.cfg.BurstCalls); ok {
		d.report(Finding{Kind: Burst, Tool: op.Target, Seen: r, Usual: usual, Unit: "{call}/s"})
	}
	t := d.tool(op.Target)
	if from, ok := d.order.started(t, op.Start, d.work.idle()); ok {
		d.report(Finding{
			Kind: UnseenTransition, Tool: op.Target, From: from.name, Seen: 1, Usual: float64(from.left - 1), Unit: "{call}",
		})
	}
	d.work.begin(op)
	return d.found
}

// Finished takes an operation that has ended, in the order of their ends. Loops and outliers are found here, where the answer
// is known. The findings are lent until the next call.
func (d *Detector) Finished(op *session.Operation) []Finding {
	d.found = d.found[:0]
	if !isCall(op) {
		return nil
	}
	share, timed := d.work.end(op)
	switch op.ErrorType {
	case semconv.ErrAbandoned, semconv.ErrServerExit, semconv.ErrExpired:
		return nil // ended with the session or by our own bounds, which says nothing about the call
	}
	failed := !op.Answered || op.ErrorType != "" || op.Code != ""
	if seen, usual, ok := d.loops.see(op, failed, d.cfg); ok {
		d.report(Finding{Kind: Loop, Tool: op.Target, Seen: float64(seen), Usual: float64(usual), Unit: "{call}"})
	}
	t := d.tools[op.Target]
	d.order.finished(t, op.End, !failed && d.work.idle())
	if t != nil && !failed && op.RoundTrips <= 1 && op.TaskID == "" {
		d.outliers(t, op, share, timed)
	}
	return d.found
}

// outliers compares a call that succeeded with what the tool's calls were like, and then remembers it.
func (d *Detector) outliers(t *tool, op *session.Operation, share float64, timed bool) {
	if timed {
		micros := float64(op.Duration().Microseconds())
		alone := micros / share
		if usual, ok := t.latency.outlier(alone, float64(d.cfg.LatencyFloor.Microseconds())); ok {
			d.report(Finding{Kind: LatencyOutlier, Tool: op.Target, Seen: micros / 1e6, Usual: usual / 1e6, Unit: "s"})
		}
		t.latency.add(micros)
	}
	d.size(t, &t.request, Request, op.RequestSize)
	d.size(t, &t.response, Response, op.ResponseSize)
}

func (d *Detector) size(t *tool, w *window, side Side, bytes int64) {
	size := float64(bytes)
	if usual, ok := w.outlier(size, float64(d.cfg.SizeFloor)); ok {
		d.report(Finding{Kind: SizeOutlier, Tool: t.name, Side: side, Seen: size, Usual: usual, Unit: "By"})
	}
	w.add(size)
}

func (d *Detector) report(f Finding) { d.found = append(d.found, f) }

// tool finds what is remembered of a tool, or nil if there are too many of them.
func (d *Detector) tool(name string) *tool {
	t := d.tools[name]
	if t == nil && len(d.tools) < maxTools {
		t = &tool{name: name, usage: usage{index: uint32(len(d.tools))}}
		d.tools[name] = t
	}
	return t
}

// isCall says whether an operation is a call of a tool by the client.
func isCall(op *session.Operation) bool {
	return op.Dir == session.ToServer && op.Method == semconv.ToolsCall
}
