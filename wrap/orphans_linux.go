package wrap

import (
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/proctree"
)

// orphanTick is how often end looks whether the orphans have gone.
const orphanTick = 20 * time.Millisecond

// orphans finds and ends the processes that the server leaves behind in our session. We become a child subreaper, so
// that such processes become our children instead of init's and can be found.
//
// That makes us the parent of processes that we have not started, and a parent has to wait for its children: reap does,
// without taking the server's status from its waiter. A nil *orphans leaves orphans alone.
type orphans struct {
	log          *slog.Logger
	server       *process
	before       map[int]bool // our children from before: a shell's background jobs, if it started us by exec
	wasSubreaper int32

	mu sync.Mutex // serializes waiting: a pid may belong to another process once it has been waited for
}

// adoptOrphans must be called before the server starts.
func adoptOrphans(server *process, log *slog.Logger) *orphans {
	o := &orphans{log: log, server: server, before: map[int]bool{}}
	if _, err := endedChild(); err == nil { // we have children, which is rare, and costs one system call to know
		for _, p := range proctree.Children(os.Getpid()) {
			o.before[p.PID] = true
		}
	}
	_ = unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&o.wasSubreaper)), 0, 0, 0)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		log.Debug("cannot adopt orphans", "err", err)
	}
	return o
}

// release undoes adoptOrphans.
func (o *orphans) release() {
	if o != nil && o.wasSubreaper == 0 {
		_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	}
}

// isOthers reports whether a child is waited for elsewhere.
func (o *orphans) isOthers(pid int) bool {
	return o.before[pid] || pid == o.server.os.Pid && !isClosed(o.server.exited)
}

// reap waits for adopted orphans that have ended, so that they do not stay zombies. If the server has ended too it
// stops at the server: the rest is reaped at the next SIGCHLD, or by end.
func (o *orphans) reap() {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		pid, err := endedChild()
		if err != nil || pid == 0 || o.isOthers(pid) {
			return
		}
		_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
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
// such a process. One that has made a session of its own has left on purpose.
func (o *orphans) find() (left []int) {
	o.reap()
	if _, err := endedChild(); errors.Is(err, unix.ECHILD) {
		return nil // the common case costs one system call
	}
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

// endedChild returns a child that has ended and has not been waited for, or 0. Without any child the error is ECHILD.
func endedChild() (int, error) {
	var info struct {
		unix.Siginfo
	}
	err := unix.Waitid(unix.P_ALL, 0, &info.Siginfo, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	// siginfo_t is three ints, then a union aligned like a pointer that starts with si_pid.
	const word = unsafe.Sizeof(uintptr(0))
	const offset = (3*4 + word - 1) &^ (word - 1)
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), offset))), err
}
