package session

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// stalls judges operations that are not answered in time.
type stalls struct {
	look     func(processes bool) (Look, bool) // may be nil, see Config.Look
	answered int                               // operations that a response has ended
}

// LookAfter is how long an operation is open before it is looked at: most have been answered by then.
const LookAfter = 250 * time.Millisecond

// see asks for what can be seen now, and reports whether that is anything. The processes are read only if that is wanted:
// it is not free.
func (s *stalls) see(processes bool) (Look, bool) {
	if s.look == nil {
		return Look{}, false
	}
	return s.look(processes)
}

// watch notes what can be seen of an operation that is open, so that what the server does from then on is known if it hangs,
// and what it did until then if nothing can be seen at its end. It is due again after a second, or a quarter of the operation's age.
func (s *stalls) watch(op *operation, open []*operation, ready bool, now time.Duration) {
	if op.watched == nil {
		op.watched = new(watched)
	}
	w := op.watched
	age := now - op.start
	w.next = max(age+min(age, time.Second), age*5/4)
	if op.dir != record.ToServer || !op.canHang() {
		return
	}
	look, ok := s.see(true)
	if !ok {
		return
	}
	e := s.evidence(op, open, &look)
	w.seen = proof{e.verdict(op.dir, ready), e.Evidence}
	w.bases.add(look.Tree, op.start)
}

// judge gives an operation its verdict: what is proven, or else the given one. What has been proven before stays if nothing
// can be seen any more. The open operations are in the order of their arrival; the server is ready if it has answered once.
func (s *stalls) judge(op *operation, open []*operation, ready bool, otherwise record.Stall) {
	if op.lasting {
		return
	}
	look, ok := s.see(op.dir == record.ToServer)
	if !ok {
		op.judgedBefore(open, otherwise)
		return
	}
	e := s.evidence(op, open, &look)
	p := proof{e.verdict(op.dir, ready), e.Evidence}
	if seen := op.lastSeen(); p.stall == "" && seen.ofProcesses() {
		p = seen // they could not be read again so soon, or have reacted to a cancellation
	}
	op.judged(p, otherwise)
}

// judged sets the verdict to what is proven. If that is nothing, an earlier verdict stays, and without one it is the other.
func (op *operation) judged(p proof, otherwise record.Stall) {
	switch {
	case p.stall != "":
		op.Prove(p.stall, p.evidence)
	case op.Stall == "" || op.Stall == record.UnknownStall:
		op.Prove(otherwise, p.evidence)
	}
}

// judgedBefore gives an operation of which nothing can be seen any more the verdict that it had, or would have had when it
// was looked at last.
func (op *operation) judgedBefore(open []*operation, otherwise record.Stall) {
	var p proof
	if op.Stall == "" || op.Stall == record.UnknownStall {
		if asked := askedBy(op, open); asked != "" && op.dir == record.ToServer {
			p = proof{record.ServerWaitingForClient, record.Evidence{Asked: asked}}
		} else {
			p = op.lastSeen()
		}
	}
	op.judged(p, otherwise)
}

// ended judges an operation that ends without an answer, unless the way in which it ended says all.
func (s *stalls) ended(op *operation, open []*operation, ready bool) {
	if op.Answered {
		return
	}
	otherwise := record.ClientGaveUp
	if op.dir == record.ToClient {
		otherwise = record.UnknownStall
	}
	switch op.ErrorType {
	case semconv.ErrCancelled, semconv.ErrTimeout:
		s.judge(op, open, ready, otherwise)
	case semconv.ErrAbandoned: // the session has ended: the streams are closed, and the processes are going or gone
		if !op.lasting {
			op.judgedBefore(open, otherwise)
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
		e.processes(op.start, op.bases(), look.Tree)
	}
	if back.Blocked >= seeable {
		e.Blocked = shown(back.Blocked)
	}
	if back.Partial > 0 && back.Blocked == 0 { // else the rest may be here, and on its way
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
