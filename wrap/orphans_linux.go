package wrap

import (
	"os"
	"sync"
)

// children is the one package variable: a process has one set of children, whatever is written in it.
var children family

// family knows which children of this process are servers, so that the orphans it adopts as a subreaper can be told
// from them, and nobody takes a server's status from its waiter.
type family struct {
	mu      sync.Mutex
	servers map[int]bool
	before  map[int]bool // children from before the first server: a shell's background jobs, if it ran us by exec
	users   int          // servers whose orphans we adopt
	was     int32        // whether we were a subreaper before
}

// start starts a server under the lock, so that no reaping sees it before it is known.
func (f *family) start(path string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, err := os.StartProcess(path, argv, attr)
	if err == nil {
		if f.servers == nil {
			f.servers = map[int]bool{}
		}
		f.servers[p.Pid] = true
	}
	return p, err
}

func (f *family) forget(pid int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.servers, pid)
}

// keepsLocked says whether a child is one that somebody else waits for.
func (f *family) keepsLocked(pid int) bool { return f.servers[pid] || f.before[pid] }
