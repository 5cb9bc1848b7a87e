package wrap

import (
	"log/slog"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// adopt makes what the server leaves behind our children instead of init's.
func (f *family) adopt(log *slog.Logger) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.users++; f.users > 1 {
		return
	}
	f.before = childrenOf(os.Getpid())
	_ = unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&f.was)), 0, 0, 0)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		log.Debug("orphans cannot be adopted", "err", err)
	}
}

// disown ends what adopt began.
func (f *family) disown() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.users--; f.users == 0 && f.was == 0 {
		_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	}
}

// reap takes leave of adopted orphans that have ended. It only looks first, because a status that belongs to a server's
// waiter must stay; that one is taken at once, and what queues up behind it with the next signal or at the end.
func (f *family) reap() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		pid, err := zombie()
		if err != nil || pid == 0 || f.keepsLocked(pid) {
			return
		}
		_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
	}
}

// zombie is a child that has ended and not been waited for, or 0. With no children at all it is ECHILD.
func zombie() (int, error) {
	var info struct {
		unix.Siginfo
	}
	err := unix.Waitid(unix.P_ALL, 0, &info.Siginfo, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	// siginfo_t: three ints, then a union aligned to a pointer that starts with si_pid.
	const word = unsafe.Sizeof(uintptr(0))
	const offset = (3*4 + word - 1) &^ (word - 1)
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), offset))), err
}
