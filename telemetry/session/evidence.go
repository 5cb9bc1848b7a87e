package session

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
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
	// busyShare and leastBusy are the part of the time, and the CPU time, from which on a server counts as busy. Runtimes that
	// wait use less: they collect garbage and look at timers.
	busyShare = 100
	leastBusy = 50 * time.Millisecond
)

// baseline is what the server's processes had used at some time of an operation's life, and whether one of them ran.
type baseline struct {
	at, cpu time.Duration
	running bool
}

// baselines are the latest one and the one before it; zero if there is none.
type baselines [2]baseline

// add adds what was seen of the processes since a request, unless the latest was taken just now.
func (b *baselines) add(tree Tree, since time.Duration) {
	if tree.At > since && tree.Processes > 0 && (b[0].at == 0 || tree.At-b[0].at >= leastOver) {
		b[0], b[1] = baseline{tree.At, tree.CPU, tree.Running > 0}, b[0]
	}
}

// over returns what has been used since the latest that is old enough, and in which time: none if there is no such one.
// That is a quarter of the time since the request, at least: what the server did before that may be over.
func (b baselines) over(tree Tree, since time.Duration) (cpu, over time.Duration) {
	for _, one := range b {
		if one.at > 0 && tree.At-one.at >= max(leastOver, (tree.At-since)/4) {
			return max(tree.CPU-one.cpu, 0), shown(tree.At - one.at)
		}
	}
	return 0, 0
}

// slept reports whether no process ran when the operation was open. It may have been seen then, or not.
func (b baselines) slept() bool { return b[0].at > 0 && !b[0].running }

// watched is what has been seen of an operation while it was open.
type watched struct {
	next  time.Duration // of its age: when it is looked at again
	bases baselines     // of the server's processes
	seen  proof         // when it was looked at last
}

func (op *operation) bases() baselines {
	if op.watched == nil {
		return baselines{}
	}
	return op.watched.bases
}

// proof is a verdict and what it rests on.
type proof struct {
	stall    record.Stall
	evidence record.Evidence
}

// evidence is what a verdict rests on, with what records do not have.
type evidence struct {
	record.Evidence
	unread bool // the request itself
	known  bool // the processes were looked at
	states bool // which of them run is known
	slept  bool // none ran at an earlier look
	over   bool // the operation has ended, and the server may have reacted to that
}

// processes adds what the server's processes have done since a request.
func (e *evidence) processes(since time.Duration, bases baselines, tree Tree) {
	if tree.At <= since || tree.Processes == 0 {
		return
	}
	e.known, e.states = true, tree.States
	e.Processes, e.Stopped, e.Running, e.Bridge = tree.Processes, tree.Stopped, tree.Running, tree.Bridge
	for _, started := range tree.Started {
		if started+startStep > since {
			e.Children++
		}
	}
	e.CPU, e.Over = bases.over(tree, since)
	e.slept = bases.slept()
}

// shown returns a time as it is recorded: evidence is no measurement.
func shown(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// verdict returns what the evidence proves, and nothing if that is nothing. What the streams show is certain and comes
// first; a server that does not read because it cannot write is not the cause.
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
		busy = e.CPU >= max(e.Over/busyShare, leastBusy)
	}
	switch {
	case !ready && (busy || e.Children > 0):
		return record.Starting
	case e.Children > 0:
		return record.WaitingForChild
	case busy:
		return record.ServerBusy
	case e.Over > 0 || e.states && (!e.over || e.slept):
		return record.ServerIdle
	}
	return ""
}
