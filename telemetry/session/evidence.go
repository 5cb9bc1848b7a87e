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
	leastOver = 200 * time.Millisecond
	// busyShare and leastBusy are the part of the time, and the CPU time, from which on a server counts as busy. Runtimes that
	// wait use less: they collect garbage and look at timers. With less than mostIdle it is idle.
	busyShare = 100
	leastBusy = 50 * time.Millisecond
	mostIdle  = 20 * time.Millisecond
	// starved is how long a process may want to run and get next to no time, on a machine that has too much to do.
	starved = 10 * time.Second
)

// baseline is the CPU time of the server's processes at some time of an operation's life.
type baseline struct{ at, cpu time.Duration }

// baselines are the first one, the latest, and the one before it; zero if there is none.
type baselines [3]baseline

// add adds what was seen of the processes since a request, unless the latest was taken just now.
func (b *baselines) add(tree Tree, since time.Duration) {
	if tree.At <= since || tree.Processes == 0 || b[1].at > 0 && tree.At-b[1].at < leastOver {
		return
	}
	b[1], b[2] = baseline{tree.At, tree.CPU}, b[1]
	if b[0].at == 0 {
		b[0] = b[1]
	}
}

// over returns what has been used in a time up to now: the longest in which that is next to nothing, if there is such a time,
// and else the shortest. A server that worked before it got stuck is not at work. The time is 0 if none is long enough; it is
// an eighth of that since the request, at least.
func (b baselines) over(tree Tree, since time.Duration) (cpu, over time.Duration) {
	least := max(leastOver, (tree.At-since)/8)
	for _, i := range []int{0, 2, 1} { // from old to new
		if one := b[i]; one.at > 0 && tree.At-one.at >= least {
			cpu, over = max(tree.CPU-one.cpu, 0), tree.At-one.at
			if idle(cpu, over) {
				break
			}
		}
	}
	return cpu, shown(over)
}

// busy reports whether a server is at work that has used so much in a time.
func busy(cpu, over time.Duration) bool { return cpu >= max(over/busyShare, leastBusy) }

// idle reports whether a server does nothing that has used so much. What is neither is not known.
func idle(cpu, over time.Duration) bool { return cpu < max(over/busyShare, mostIdle) }

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

func (op *operation) lastSeen() proof {
	if op.watched == nil {
		return proof{}
	}
	return op.watched.seen
}

// proof is a verdict and what it rests on.
type proof struct {
	stall    record.Stall
	evidence record.Evidence
}

// ofProcesses reports whether the verdict is one about what the processes do.
func (p proof) ofProcesses() bool {
	return p.stall == record.ServerIdle || p.stall == record.ServerBusy || p.stall == record.WaitingForChild
}

// evidence is what a verdict rests on, with what records do not have.
type evidence struct {
	record.Evidence
	unread bool // the request itself
	known  bool // the processes were looked at
}

// processes adds what the server's processes have done since a request.
func (e *evidence) processes(since time.Duration, bases baselines, tree Tree) {
	if tree.At <= since || tree.Processes == 0 {
		return
	}
	e.known = true
	e.Processes, e.Stopped, e.Running, e.Bridge = tree.Processes, tree.Stopped, tree.Running, tree.Bridge
	for _, started := range tree.Started {
		if started+startStep > since {
			e.Children++
		}
	}
	e.CPU, e.Over = bases.over(tree, since)
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
	works := e.Over > 0 && busy(e.CPU, e.Over)
	switch {
	case !ready && (works || e.Children > 0):
		return record.Starting
	case e.Children > 0:
		return record.WaitingForChild
	case works:
		return record.ServerBusy
	case e.Over > 0 && idle(e.CPU, e.Over) && (e.Running == 0 || e.Over >= starved):
		return record.ServerIdle
	}
	return ""
}
