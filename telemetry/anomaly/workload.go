package anomaly

import (
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// workload knows which calls ran at the same time.
type workload struct {
	open   []openCall
	recent []span // of the calls that ended last
}

// maxOpen bounds both lists. A call that starts when so many are open is not timed.
const maxOpen = 64

type openCall struct {
	number uint64
	start  time.Time
	asked  bool // the server has asked the client in its course
}

type span struct{ start, end time.Time }

func (w *workload) start(op *record.Operation) {
	if len(w.open) < maxOpen {
		w.open = append(w.open, openCall{number: op.Number, start: op.Start})
	}
}

// note marks the call in whose course the server asks the client for something that takes a model or a person. If its
// call is unknown, it can be any.
func (w *workload) note(op *record.Operation) {
	if op.Direction != record.ToClient || !semconv.AsksPerson(op.Method) {
		return
	}
	for i := range w.open {
		c := &w.open[i]
		c.asked = c.asked || op.Parent == 0 || op.Parent == c.number
	}
}

// end ends a call. It returns how many calls, this one included, ran on average while it did, and whether its duration
// is the tool's own.
func (w *workload) end(op *record.Operation) (share float64, timed bool) {
	i := slices.IndexFunc(w.open, func(c openCall) bool { return c.number == op.Number })
	if i >= 0 {
		timed = !w.open[i].asked
		w.open = slices.Delete(w.open, i, i+1)
	}
	this := span{op.Start, op.End}
	together := this.length()
	for _, c := range w.open {
		together += this.overlap(span{c.start, op.End})
	}
	for _, ended := range w.recent {
		together += this.overlap(ended)
	}
	if len(w.recent) == maxOpen {
		w.recent = slices.Delete(w.recent, 0, 1)
	}
	w.recent = append(w.recent, this)
	if this.length() <= 0 {
		return 1, timed
	}
	return max(float64(together)/float64(this.length()), 1), timed
}

func (s span) length() time.Duration { return s.end.Sub(s.start) }

func (s span) overlap(other span) time.Duration {
	start, end := s.start, s.end
	if other.start.After(start) {
		start = other.start
	}
	if other.end.Before(end) {
		end = other.end
	}
	return max(end.Sub(start), 0)
}
