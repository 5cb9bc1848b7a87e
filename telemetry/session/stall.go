package session

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Look is what can be seen of a session beside its messages: how far the two streams are, and what the server's processes
// do. Zero values mean that it is not known.
type Look struct {
	Sent, Taken int64 // bytes that the client has written, and those of them that the server has read at most

	ToServer, ToClient Stream
	Tree               Tree
}

// Stream is the state of one direction.
type Stream struct {
	Partial int64         // bytes of a line that has begun and not ended
	Quiet   time.Duration // since the last of them
	Blocked time.Duration // how long the reader has not taken what is there
}

// Tree is what the server's processes were doing at a time.
type Tree struct {
	At        time.Duration // zero: they were not looked at
	Processes int
	Stopped   int
	Running   int             // that run, or wait for a disk
	States    bool            // the system tells which run
	CPU       time.Duration   // that all of them have used so far
	Started   []time.Duration // when each was started, the first one's left out
	Bridge    string          // the program that leads to the server, if it runs elsewhere
}

const (
	// seeable is how long something must last to be more than a moment of normal work.
	seeable = time.Second
	// startStep is the unit in which systems count when a process started: it may have been so much later.
	startStep = 10 * time.Millisecond
	// leastOver is the shortest time over which CPU time means something: the system counts it in steps of 10 ms.
	leastOver = 500 * time.Millisecond
	// busyShare is the share of CPU time, in percent, from which on a server counts as busy. Runtimes that wait use less.
	busyShare = 1
)

// baseline is the CPU time of the server's processes at some time of an operation's life.
type baseline struct{ at, cpu time.Duration }

// over returns what has been used since, and in which time: none if that was too short, or there is no baseline.
func (b *baseline) over(tree Tree) (cpu, over time.Duration) {
	if b == nil || tree.At-b.at < leastOver {
		return 0, 0
	}
	return max(tree.CPU-b.cpu, 0), shown(tree.At - b.at)
}

// look asks for what can be seen now. The processes are read only if that is wanted: it is not free.
func (t *Tracker) look(processes bool) Look {
	if t.cfg.Look == nil {
		return Look{}
	}
	return t.cfg.Look(processes)
}

// watched notes what the server's processes have used by the time at which an operation has been open for a moment, so that
// what they use from then on is known if it hangs.
func (t *Tracker) watched(op *operation) {
	if op.dir == record.ToServer && op.canHang() {
		if tree := t.look(true).Tree; tree.At > op.start {
			op.base = &baseline{tree.At, tree.CPU}
		}
	}
}

// judge gives an operation that hangs, or that ends without an answer, its verdict. What has been proven before stays if
// nothing can be seen any more.
func (t *Tracker) judge(op *operation, now time.Duration, otherwise record.Stall) {
	if op.lasting {
		return
	}
	look := t.look(op.dir == record.ToServer && now-op.start >= record.OpenAfter)
	e := t.evidence(op, &look)
	stall := e.verdict(op.dir, t.session.Ready)
	switch {
	case stall != "":
		op.Prove(stall, e.Evidence)
	case op.Stall == "" || op.Stall == record.UnknownStall:
		op.Prove(otherwise, e.Evidence)
	}
}

// stalled judges an operation that ends without an answer, unless the way in which it ended says all.
func (t *Tracker) stalled(op *operation, at time.Duration) {
	if op.Answered {
		return
	}
	switch op.ErrorType {
	case semconv.ErrCancelled, semconv.ErrTimeout, semconv.ErrAbandoned:
		otherwise := record.ClientGaveUp
		if op.dir == record.ToClient {
			otherwise = record.UnknownStall
		}
		t.judge(op, at, otherwise)
	}
}

// evidence is what a verdict rests on, with what records do not have.
type evidence struct {
	record.Evidence
	unread bool // the request itself
	known  bool // the processes were looked at
	states bool // which of them run is known
}

// evidence selects what concerns an operation.
func (t *Tracker) evidence(op *operation, look *Look) (e evidence) {
	there, back := look.ToServer, look.ToClient
	if op.dir == record.ToClient {
		there, back = back, there
	}
	e.unread = op.Undelivered || there.Blocked >= seeable && op.dir == record.ToClient
	if op.dir == record.ToServer {
		e.unread = e.unread || look.Sent > 0 && op.end > look.Taken
		if e.unread {
			e.Unread, e.Backlog = look.Sent-look.Taken, t.backlog(op, look)
		}
		e.Asked = t.askedBy(op)
		t.processes(op, look.Tree, &e)
	}
	if back.Blocked >= seeable {
		e.Blocked = shown(back.Blocked)
	}
	if back.Partial > 0 && back.Blocked < seeable {
		e.Partial, e.Quiet = back.Partial, shown(back.Quiet)
	}
	e.Others = t.answered - op.answeredBefore
	return e
}

// shown returns a time as it is recorded: evidence is no measurement.
func shown(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// backlog returns how many earlier requests the server has not read either.
func (t *Tracker) backlog(op *operation, look *Look) (n int) {
	for _, other := range t.open {
		if other.Number < op.Number && other.dir == op.dir && other.end > look.Taken {
			n++
		}
	}
	return n
}

// askedBy returns the method of the server's open request that an operation may be waiting for.
func (t *Tracker) askedBy(op *operation) string {
	for _, other := range t.open {
		if other.dir == record.ToClient && other.state == inFlight && !other.lasting && op.mayHaveAsked(other) {
			return other.Method
		}
	}
	return ""
}

// processes adds what the server's processes have done since an operation's request.
func (t *Tracker) processes(op *operation, tree Tree, e *evidence) {
	if tree.At <= op.start || tree.Processes == 0 {
		return
	}
	e.known, e.states = true, tree.States
	e.Processes, e.Stopped, e.Running, e.Bridge = tree.Processes, tree.Stopped, tree.Running, tree.Bridge
	for _, started := range tree.Started {
		if started+startStep > op.start {
			e.Children++
		}
	}
	e.CPU, e.Over = op.base.over(tree)
}

// verdict returns what the evidence proves, and nothing if that is nothing. What the streams show is certain and comes
// first; a server that does not read because nobody takes what it writes is not the cause.
func (e *evidence) verdict(dir record.Direction, ready bool) record.Stall {
	client := dir == record.ToClient
	switch {
	case e.Blocked > 0 && client:
		return record.ServerNotReading
	case e.Blocked > 0:
		return record.ClientNotReading
	case e.Partial > 0:
		return record.AnswerIncomplete
	case e.unread && client:
		return record.ClientNotReading
	case client:
		return ""
	case e.Stopped > 0:
		return record.ServerStopped
	case e.unread && !ready:
		return record.Starting
	case e.unread:
		return record.ServerNotReading
	case e.Asked != "":
		return record.ServerWaitingForClient
	case !e.known:
		return ""
	case e.Bridge != "":
		return record.BridgeRemote
	}
	return e.working(ready)
}

// working returns the verdict about a server's processes, which have read the request.
func (e *evidence) working(ready bool) record.Stall {
	busy := e.Running > 0
	if e.Over > 0 {
		busy = e.CPU*100 >= e.Over*busyShare
	}
	switch {
	case !ready && (busy || e.Children > 0):
		return record.Starting
	case e.Children > 0:
		return record.WaitingForChild
	case busy:
		return record.ServerBusy
	case e.Over > 0 || e.states:
		return record.ServerIdle
	}
	return ""
}
