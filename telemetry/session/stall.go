package session

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// stalls judges operations that are not answered in time.
type stalls struct {
	look     func(processes bool) Look // may be nil, see Config.Look
	answered int                       // operations that a response has ended
}

// see asks for what can be seen now. The processes are read only if that is wanted: it is not free.
func (s *stalls) see(processes bool) Look {
	if s.look == nil {
		return Look{}
	}
	return s.look(processes)
}

// watch notes what the server's processes have used by the time at which an operation has been open for a moment, so that
// what they use from then on is known if it hangs.
func (s *stalls) watch(op *operation) {
	if op.dir == record.ToServer && op.canHang() {
		if tree := s.see(true).Tree; tree.At > op.start {
			op.base = &baseline{tree.At, tree.CPU}
		}
	}
}

// judge gives an operation its verdict: what is proven, or else the given one. What has been proven before stays if nothing
// can be seen any more. The open operations are in the order of their arrival; the server is ready if it has answered once.
func (s *stalls) judge(op *operation, open []*operation, ready bool, now time.Duration, otherwise record.Stall) {
	if op.lasting {
		return
	}
	look := s.see(op.dir == record.ToServer && now-op.start >= record.OpenAfter)
	e := s.evidence(op, open, &look)
	stall := e.verdict(op.dir, ready)
	switch {
	case stall != "":
		op.Prove(stall, e.Evidence)
	case op.Stall == "" || op.Stall == record.UnknownStall:
		op.Prove(otherwise, e.Evidence)
	}
}

// ended judges an operation that ends without an answer, unless the way in which it ended says all.
func (s *stalls) ended(op *operation, open []*operation, ready bool, at time.Duration) {
	if op.Answered {
		return
	}
	otherwise := record.ClientGaveUp
	if op.dir == record.ToClient {
		otherwise = record.UnknownStall
	}
	switch op.ErrorType {
	case semconv.ErrCancelled, semconv.ErrTimeout:
		s.judge(op, open, ready, at, otherwise)
	case semconv.ErrAbandoned: // the session has ended: the streams are closed, and the processes are going or gone
		if op.Stall == "" && !op.lasting {
			op.Prove(otherwise, record.Evidence{})
		}
	}
}

// evidence selects what concerns an operation.
func (s *stalls) evidence(op *operation, open []*operation, look *Look) (e evidence) {
	there, back := look.ToServer, look.ToClient
	if op.dir == record.ToClient {
		there, back = back, there
	}
	e.unread = op.Undelivered || there.Blocked >= seeable && op.dir == record.ToClient
	if op.dir == record.ToServer {
		e.unread = e.unread || look.Sent > 0 && op.end > look.Taken
		if e.unread {
			e.Unread, e.Backlog = look.Sent-look.Taken, backlog(op, open, look)
		}
		e.Asked = askedBy(op, open)
		e.processes(op.start, op.base, look.Tree)
	}
	if back.Blocked >= seeable {
		e.Blocked = shown(back.Blocked)
	}
	if back.Partial > 0 && back.Blocked < seeable {
		e.Partial, e.Quiet = back.Partial, shown(back.Quiet)
	}
	e.Others = s.answered - op.answeredBefore
	return e
}

// backlog returns how many earlier requests the server has not read either.
func backlog(op *operation, open []*operation, look *Look) (n int) {
	for _, other := range open {
		if other.Number < op.Number && other.dir == op.dir && other.end > look.Taken {
			n++
		}
	}
	return n
}

// askedBy returns the method of the server's open request that an operation may be waiting for.
func askedBy(op *operation, open []*operation) string {
	for _, other := range open {
		if other.dir == record.ToClient && other.state == inFlight && !other.lasting && op.mayHaveAsked(other) {
			return other.Method
		}
	}
	return ""
}
