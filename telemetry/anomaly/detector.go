package anomaly

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Detector watches the calls of one session. It is a sink of the session's records, for one goroutine.
type Detector struct {
	report func(record.Finding)
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

// New returns a detector for a session. It calls report with each finding, from within Opened and Changed.
func New(report func(record.Finding)) *Detector {
	return &Detector{report: report, tools: map[string]*tool{}}
}

// Noted does nothing: no rule needs more than the operations.
func (d *Detector) Noted(record.Note) {}

// Opened finds bursts, when the call that begins one can still be seen running.
func (d *Detector) Opened(op *record.Operation) {
	if !isToolCall(op) {
		d.load.note(op)
		return
	}
	if seen, usual, ok := d.rate.add(op.Start); ok {
		d.find(op, op.Start, record.Finding{Kind: record.Burst, Seen: seen, Usual: usual, Unit: "{call}/s"})
	}
	d.load.start(op)
	if d.tools[op.Target] == nil && len(d.tools) < maxTools {
		d.tools[op.Target] = &tool{}
	}
}

// Changed finds loops and outliers when a call has ended, because they depend on the response.
func (d *Detector) Changed(op *record.Operation) {
	if op.Change != record.Ended || !isToolCall(op) {
		return
	}
	share, timed := d.load.end(op)
	switch op.ErrorType {
	case semconv.ErrAbandoned, semconv.ErrServerExit, semconv.ErrExpired:
		return // it ended with the session or by our own bounds, which says nothing about the call
	}
	failed := !op.Answered || op.ErrorType != "" || op.Code != ""
	if seen, usual, ok := d.loops.add(op, failed); ok {
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
	if usual, ok := w.outlier(micros/share, float64(latencyFloor.Microseconds())); ok {
		f := record.Finding{Kind: record.LatencyOutlier, Seen: micros / 1e6, Usual: usual / 1e6, Unit: "s"}
		d.find(op, op.End, f)
	}
	w.add(micros)
}

// size compares the size of a request or response with those of the tool, and remembers it.
func (d *Detector) size(op *record.Operation, w *window, side record.Side, bytes int64) {
	size := float64(bytes)
	if usual, ok := w.outlier(size, sizeFloor); ok {
		d.find(op, op.End, record.Finding{Kind: record.SizeOutlier, Side: side, Seen: size, Usual: usual, Unit: "By"})
	}
	w.add(size)
}

// find reports a finding about a call.
func (d *Detector) find(op *record.Operation, at time.Time, f record.Finding) {
	f.Time, f.Operation, f.Tool = at, op.Number, op.Target
	d.report(f)
}

// isToolCall reports whether an operation is a call of a tool by the client.
func isToolCall(op *record.Operation) bool {
	return op.Direction == record.ToServer && op.Method == semconv.ToolsCall
}
