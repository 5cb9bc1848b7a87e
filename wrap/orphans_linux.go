package wrap

import (
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/proctree"
)

// orphanTick is how often end looks whether the orphans have gone. They may be children of children, for which there
// is no notification.
const orphanTick = 20 * time.Millisecond

// orphans finds and ends the processes that the server leaves behind in our session. We become a child subreaper, so
// that such processes become our children instead of init's and can be found. We stay one: after the server this
// process has little left to do.
//
// That makes us the parent of processes that we have not started, and a parent has to wait for its children: find does,
// without taking the server's status from its waiter. A nil *orphans leaves orphans alone.
type orphans struct {
	log    *slog.Logger
	server *child
	before map[int]bool // our children from before: jobs of a shell that started us by exec

	mu sync.Mutex // serializes waiting: a pid may belong to another process once it has been waited for
}

// adoptOrphans must be called before the server starts.
func adoptOrphans(server *child, log *slog.Logger) *orphans {
	o := &orphans{log: log, server: server, before: map[int]bool{}}
	for _, p := range proctree.Children(os.Getpid()) {
		o.before[p.PID] = true
	}
	// The kernel forgets it with us. The server does not inherit it.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		log.Debug("cannot adopt orphans", "err", err)
	}
	return o
}

// isOthers reports whether a child is waited for elsewhere. The server is until its waiter has its status; after that
// its process id may be an orphan's.
func (o *orphans) isOthers(pid int) bool {
	return o.before[pid] || pid == o.server.os.Pid && !isClosed(o.server.exited)
}

// reap waits for adopted orphans that have ended, so that they do not stay zombies while the session lasts.
func (o *orphans) reap() {
	if o != nil {
		o.find()
	}
}

// end ends the orphans: first it gives them time to end by themselves, then it sends SIGTERM, then SIGKILL. It cuts the
// time short when interrupted is closed.
func (o *orphans) end(interrupted <-chan struct{}) {
	if o == nil {
		return
	}
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		left := o.await(interrupted)
		if len(left) == 0 {
			return
		}
		o.log.Debug("ending orphans", "count", len(left), "signal", int(sig))
		for _, pid := range left {
			// The pid cannot have passed to another process if it is our child's, because only we wait for those. That
			// of a child's descendant could in theory.
			_ = unix.Kill(pid, sig)
		}
	}
	o.await(nil) // after SIGKILL they end at once, unless the kernel holds them
}

// await waits until no orphan is left, and returns those left after orphanGrace.
func (o *orphans) await(interrupted <-chan struct{}) []int {
	deadline := time.Now().Add(orphanGrace)
	tick := time.NewTicker(orphanTick)
	defer tick.Stop()
	for {
		left := o.find()
		if len(left) == 0 || !time.Now().Before(deadline) {
			return left
		}
		select {
		case <-interrupted:
			return left
		case <-tick.C:
		}
	}
}

// find returns our living descendants that are in our session and are neither waited for elsewhere nor descend from
// such a process. One that has made a session of its own has left on purpose. It waits for those that have ended.
func (o *orphans) find() (left []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	session, _ := unix.Getsid(0)
	self := os.Getpid()
	for parents := []int{self}; len(parents) > 0; parents = parents[1:] {
		for _, p := range proctree.Children(parents[0]) {
			switch {
			case o.isOthers(p.PID):
				continue
			case p.Zombie && parents[0] == self:
				_, _ = unix.Wait4(p.PID, nil, unix.WNOHANG, nil)
			case !p.Zombie && p.Session == session:
				left = append(left, p.PID)
			}
			parents = append(parents, p.PID)
		}
	}
	return left
}
