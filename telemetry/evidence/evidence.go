package evidence

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/session"
)

const (
	// maxProcesses bounds a look: a server that has started thousands is at work.
	maxProcesses = 256
	// leastRest is how long a look is kept at least, and restShare the time to rest for each that a look took.
	leastRest = 100 * time.Millisecond
	restShare = 100
	// usual is how long a look takes as a rule.
	usual = time.Millisecond
)

// Watcher looks at a tree of processes. It is for one goroutine.
type Watcher struct {
	root   int
	now    func() time.Duration // of the session
	look   func(root int, known map[int]kind) tree
	kinds  map[int]kind // of the processes seen last
	last   session.Tree
	took   time.Duration // the last look
	rested time.Duration // when the next look may be taken
}

// New returns a watcher of a process and its descendants.
func New(root int, now func() time.Duration) *Watcher {
	return &Watcher{root: root, now: now, look: look, kinds: map[int]kind{}}
}

// tree is what a look has seen.
type tree struct {
	processes []process // the root first
	kinds     map[int]kind
}

// process is a process at a look.
type process struct {
	pid, parent      int
	age, cpu         time.Duration // the age when the look began: below 0 if it started later
	stopped, running bool
}

// Look returns what the processes do, or did a moment ago: the result says when. If there are none, or the system does not
// tell, it is empty.
func (w *Watcher) Look() session.Tree {
	began := w.now()
	if began < w.rested {
		return w.last
	}
	seen := w.look(w.root, w.kinds)
	w.kinds = seen.kinds
	w.last = session.Tree{At: began, Processes: len(seen.processes), Bridge: seen.bridge()}
	for i, p := range seen.processes {
		w.last.CPU += p.cpu
		if p.stopped {
			w.last.Stopped++
		}
		if p.running {
			w.last.Running++
		}
		if i > 0 {
			w.last.Started = append(w.last.Started, began-p.age)
		}
	}
	// The time in which we waited for a processor is no cost, so that one look counts as twice as long as the last at most.
	ended := w.now()
	w.took = min(ended-began, 2*max(w.took, usual))
	w.rested = ended + max(leastRest, restShare*w.took)
	return w.last
}
