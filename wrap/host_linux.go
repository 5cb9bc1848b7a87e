package wrap

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/proctree"
)

// Servers notice their host's death by the end of their input, or by a new parent process. The first does not come
// while another process holds the writing end (zoharbabin/google-researcher-mcp#108), and the second never comes to a
// server whose parent we are. So we watch the host ourselves.
//
// Which process is the host? Our parent, if it has started us to talk to the server. A shell whose background job we
// are, nohup, setsid, or the first half of a double fork is not: it may end at any time, and the session goes on, as
// that of a bare server does. The difference is in the streams: the host holds the other ends of our pipes. It holds all
// of them: a shell that is about to start the next command of a pipeline holds one.

// findHost returns a pidfd of our parent if that is the host, else nil. The kernel's parent-death signal would not do
// in its place: it comes when the parent's thread ends.
func findHost(streams [3]*pump) *os.File {
	parent := os.Getppid()
	if parent <= 1 { // the system's first process, or one in another namespace
		return nil
	}
	fd, err := unix.PidfdOpen(parent, 0)
	if err != nil {
		return nil // a kernel before 5.3, or a sandbox
	}
	_ = unix.SetNonblock(fd, true)
	host := os.NewFile(uintptr(fd), "pidfd")
	// If it is no longer our parent, the id may have become another process's before it was opened. What its own parent
	// holds too was inherited from there.
	if os.Getppid() != parent || !holdsOtherEnds(parent, streams) || holdsOtherEnds(proctree.Parent(parent), streams) {
		_ = host.Close()
		return nil
	}
	return host
}

// watchHost calls died when the host ends, unless stop is called before that. The pidfd waits in Go's poller: there is no
// thread for it, and there are no wakeups.
func watchHost(host *os.File, died func()) (stop func()) {
	if host == nil {
		return func() {}
	}
	go func() { // returns after stop
		raw, err := host.SyscallConn()
		if err == nil {
			err = raw.Read(func(fd uintptr) bool {
				n, _ := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
				return n > 0
			})
		}
		if err == nil {
			died()
		}
	}()
	return func() { _ = host.Close() }
}

// holdsOtherEnds reports whether a process writes what we read from the host, and reads what we write unless that goes
// to a file or a terminal.
func holdsOtherEnds(pid int, streams [3]*pump) bool {
	const ownerReads, ownerWrites = 0o400, 0o200 // how /proc shows what a descriptor is open for
	in, out := streams[stdin], streams[stdout]
	if in == nil || !isPeer(pid, in.from.fd, ownerWrites) {
		return false
	}
	return out == nil || !hasPeer(out.to.fd) || isPeer(pid, out.to.fd, ownerReads)
}

// hasPeer reports whether a descriptor is one end of something.
func hasPeer(fd int) bool {
	kind := fileType(fd)
	return kind == unix.S_IFSOCK || kind == unix.S_IFIFO
}

func fileType(fd int) uint32 {
	var stat unix.Stat_t
	_ = unix.Fstat(fd, &stat)
	return stat.Mode & unix.S_IFMT
}

// isPeer reports whether a process has made the socket, or has the pipe open in the given mode and no other: a named
// pipe that is open in both has no other end. Node's hosts give their servers sockets.
func isPeer(pid, fd int, mode os.FileMode) bool {
	switch fileType(fd) {
	case unix.S_IFSOCK:
		cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		return err == nil && int(cred.Pid) == pid
	case unix.S_IFIFO:
		ours, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		return err == nil && hasOpen(pid, ours, mode)
	default:
		return false
	}
}

// hasOpen reports whether a process has a file open in the given mode. It looks at links only: to look at what they lead
// to could take as long as a server of files does not answer.
func hasOpen(pid int, file string, mode os.FileMode) bool {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd/"
	entries, _ := os.ReadDir(dir) // fails for a process of another user
	for _, e := range entries {
		if theirs, err := os.Readlink(dir + e.Name()); err != nil || theirs != file {
			continue
		}
		if link, err := os.Lstat(dir + e.Name()); err == nil && link.Mode()&0o600 == mode {
			return true
		}
	}
	return false
}
