package past

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// maxSteps bounds the calls of a session whose order is looked at.
const maxSteps = 100_000

// Session collects what one session adds to the past.
type Session struct {
	calls   int
	steps   []step
	targets map[Key]*tally
	run     Run
	hours   map[int64]int
	first   time.Time
	listed  map[string]bool
}

// step is a call in the order of requests.
type step struct {
	number uint64
	key    Key
}

// tally is what a session adds to a target.
type tally struct {
	calls, failed               int
	run                         Run
	duration, request, response Blocks
}

// NewSession returns a session without calls.
func NewSession() *Session {
	return &Session{targets: map[Key]*tally{}, hours: map[int64]int{}, listed: map[string]bool{}}
}

// Add takes an operation that has ended, as a digest has it.
func (s *Session) Add(op *record.Operation) {
	for _, name := range Tools(op) {
		if len(s.listed) < maxListed {
			s.listed[name] = true
		}
	}
	key, ok := KeyOf(op)
	if !ok {
		return
	}
	t := s.targets[key]
	if t == nil {
		if len(s.targets) == maxTargets {
			return
		}
		t = &tally{}
		s.targets[key] = t
	}
	if s.first.IsZero() {
		s.first = op.Start
	}
	s.calls++
	if len(s.steps) < maxSteps {
		s.steps = append(s.steps, step{op.Number, key})
	}
	if hour := int64(op.Start.Sub(s.first) / time.Hour); len(s.hours) < maxSteps {
		s.hours[hour]++
	}
	t.add(op, &s.run)
}

func (t *tally) add(op *record.Operation, all *Run) {
	t.calls++
	if c, ok := Compared(op); ok {
		t.run.Add(c.Failed)
		all.Add(c.Failed)
		if c.Failed {
			t.failed++
		}
		t.request.Add(c.Request)
		if c.Timed {
			t.duration.Add(c.Duration)
		}
		if !c.Failed {
			t.response.Add(c.Response)
		}
	}
}

// Call is what is compared of a call.
type Call struct {
	Failed            bool
	Timed             bool    // its duration is the target's own
	Duration          float64 // µs
	Request, Response float64 // bytes
}

// Compared returns what is compared of a call that has ended. It is false for one that ended with the session, by bounds
// of spanpipe's own, or because the client took it back.
func Compared(op *record.Operation) (c Call, ok bool) {
	switch op.ErrorType {
	case semconv.ErrAbandoned, semconv.ErrServerExit, semconv.ErrExpired, string(record.Cancelled):
		return c, false
	}
	c.Failed = op.Failed() || !op.Answered
	refused := !c.Failed && op.Code != "" // the client's own mistake: neither a failure nor an ordinary answer
	c.Timed = !c.Failed && !refused && op.RoundTrips <= 1 && op.TaskID == "" && op.InputWait == 0
	c.Duration = float64(op.Duration.Microseconds())
	c.Request, c.Response = float64(op.RequestSize), float64(op.ResponseSize)
	return c, !refused
}

// Tools returns the names in a response to tools/list.
func Tools(op *record.Operation) []string {
	if op.Method != semconv.ToolsList || op.Direction != record.ToServer {
		return nil
	}
	return op.ToolNames()
}

// Run knows which of the last calls have failed.
type Run struct {
	last uint16
	n    int
	most int
}

// Add takes a call. It returns how many of the last RunLength calls have failed.
func (r *Run) Add(failed bool) int {
	r.n++
	r.last = r.last << 1 & (1<<RunLength - 1)
	if failed {
		r.last |= 1
	}
	failures := bits.OnesCount16(r.last)
	r.most = max(r.most, failures)
	return failures
}

// pairs returns how often each call follows another.
func (s *Session) pairs() map[[2]Key]int {
	slices.SortStableFunc(s.steps, func(a, b step) int { return cmp.Compare(a.number, b.number) })
	all := map[[2]Key]int{}
	for i := 1; i < len(s.steps); i++ {
		all[[2]Key{s.steps[i-1].key, s.steps[i].key}]++
	}
	return all
}
