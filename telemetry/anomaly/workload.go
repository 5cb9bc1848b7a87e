package anomaly

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// workload knows which calls are at work at the same time.
type workload struct {
	calls  int               // in flight, tracked or not
	open   [maxOpen]inFlight // the first used are those that are tracked
	used   int
	recent [maxOpen]span // that ended last, a ring
	next   int
}

// maxOpen bounds the calls that are looked at for their share of the server. A call that begins when so many are open is
// not timed.
const maxOpen = 64

type inFlight struct {
	op    *session.Operation
	asked bool // the server asked the client in its course
}

type span struct{ start, end time.Duration }

// idle says whether no call is in flight.
func (w *workload) idle() bool { return w.calls == 0 }

func (w *workload) begin(op *session.Operation) {
	w.calls++
	if w.used < maxOpen {
		w.open[w.used] = inFlight{op: op}
		w.used++
	}
}

// asks marks the call in whose course the server asks the client for what takes a model or a person. If it is not known
// which call it is for, it may be any.
func (w *workload) asks(op *session.Operation) {
	if op.Dir != session.ToClient || op.Method != semconv.SamplingCreateMessage && op.Method != semconv.ElicitationCreate {
		return
	}
	for i := range w.open[:w.used] {
		o := &w.open[i]
		o.asked = o.asked || op.Parent == nil || op.Parent == o.op
	}
}

// end ends a call. It returns how many calls, this one included, were at work in the mean while it was, and whether its
// duration is the tool's own.
func (w *workload) end(op *session.Operation) (share float64, timed bool) {
	w.calls = max(w.calls-1, 0)
	at := -1
	together := op.End - op.Start
	for i := range w.open[:w.used] {
		if o := w.open[i].op; o == op {
			at = i
		} else {
			together += overlap(op, span{o.Start, op.End})
		}
	}
	for i := range w.recent {
		s := w.recent[(w.next-1-i+2*maxOpen)%maxOpen]
		if s.end <= op.Start {
			break // the ring is in the order of ends: those before ended earlier still
		}
		together += overlap(op, s)
	}
	w.recent[w.next] = span{op.Start, op.End}
	w.next = (w.next + 1) % maxOpen

	share = 1
	if op.End > op.Start {
		share = max(float64(together)/float64(op.End-op.Start), 1)
	}
	if at < 0 {
		return share, false
	}
	timed = !w.open[at].asked
	w.used--
	w.open[at], w.open[w.used] = w.open[w.used], inFlight{}
	return share, timed
}

func overlap(op *session.Operation, s span) time.Duration {
	return max(min(op.End, s.end)-max(op.Start, s.start), 0)
}
