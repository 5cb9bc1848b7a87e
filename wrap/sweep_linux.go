package wrap

import (
	"errors"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// sweepTick is how often it is looked whether orphans have gone.
const sweepTick = 20 * time.Millisecond

// sweep ends what the server left behind in our session: it may go by itself, is then asked, and then made to. What has
// a session of its own left on purpose. hurry cuts the patience short.
func (f *family) sweep(hurry <-chan struct{}, log *slog.Logger) {
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		left := f.await(time.Now().Add(orphanGrace), hurry)
		if len(left) == 0 {
			return
		}
		log.Debug("ending orphans", "count", len(left), "signal", int(sig))
		for _, pid := range left {
			// Between the look and this a number can in theory have passed to a stranger. Those that are our children
			// cannot: they are only reaped by us, and their descendants only by them.
			_ = unix.Kill(pid, sig)
		}
	}
	f.await(time.Now().Add(orphanGrace), nil) // of KILL they die at once, unless the kernel holds them
}

// await waits until no orphan is left, and returns those that still are at the deadline.
func (f *family) await(deadline time.Time, hurry <-chan struct{}) []int {
	tick := time.NewTicker(sweepTick)
	defer tick.Stop()
	for {
		left := f.orphans()
		if len(left) == 0 || !time.Now().Before(deadline) {
			return left
		}
		select {
		case <-hurry:
			return left
		case <-tick.C:
		}
	}
}

// orphans are the living descendants of ours in our session that are not servers or theirs.
func (f *family) orphans() (left []int) {
	f.reap()
	if _, err := zombie(); errors.Is(err, unix.ECHILD) {
		return nil // the common case, and it costs one system call
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	session, _ := unix.Getsid(0)
	table := processes()
	queue := []int{os.Getpid()}
	for len(queue) > 0 {
		parent := queue[0]
		queue = queue[1:]
		for _, c := range table[parent] {
			switch {
			case f.keepsLocked(c.pid):
				continue
			case c.state == 'Z' && parent == os.Getpid():
				_, _ = unix.Wait4(c.pid, nil, unix.WNOHANG, nil)
			case c.state != 'Z' && c.session == session:
				left = append(left, c.pid)
			}
			queue = append(queue, c.pid)
		}
	}
	return left
}
