package anomaly

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// workload knows which calls ran at the same time.
type workload struct {
	open   []openCall
	recent []span // of the calls that ended last, in the order of their ends
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
	asks := op.Method == semconv.SamplingCreateMessage || op.Method == semconv.ElicitationCreate
	if op.Direction != record.ToClient || !asks {
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
	this := span{op.Start, op.End}
	together := this.length()
	found := -1
	for i, c := range w.open {
		if c.number == op.Number {
			found = i
		} else {
			together += this.overlap(span{c.start, op.End})
		}
	}
	for i := len(w.recent) - 1; i >= 0 && w.recent[i].end.After(op.Start); i-- {
		together += this.overlap(w.recent[i])
	}
	if len(w.recent) == maxOpen {
		w.recent = append(w.recent[:0], w.recent[1:]...)
	}
	w.recent = append(w.recent, this)

	share = 1
	if this.length() > 0 {
		share = max(float64(together)/float64(this.length()), 1)
	}
	if found < 0 {
		return share, false
	}
	timed = !w.open[found].asked
	w.open[found] = w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	return share, timed
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
