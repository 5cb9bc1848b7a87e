package wrap

import (
	"log/slog"
	"os"

	"golang.org/x/sys/unix"
)

// watch notices at once that the reader of a pump has gone: that the server has closed its stdin, or the client its
// reading end. Without it the pump learns from its next write, one message later than whoever sent that would have.
// It is an epoll instance because that, unlike a thread in poll, does not hold the descriptors open, and it waits in Go's
// poller, so it costs no thread.
type watch struct{ file *os.File }

func watchPeers(input, output *pump, log *slog.Logger) *watch {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		log.Debug("closed readers are noticed late", "err", err)
		return &watch{}
	}
	_ = unix.SetNonblock(fd, true)
	w := &watch{file: os.NewFile(uintptr(fd), "epoll")}
	for i, p := range []*pump{input, output} {
		if p != nil { // a regular file is refused, and nobody can close its other end
			_ = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, p.to.fd, &unix.EpollEvent{Events: unix.EPOLLONESHOT, Fd: int32(i)})
		}
	}
	go w.run(input, output) // ends with close
	return w
}

func (w *watch) run(pumps ...*pump) {
	raw, err := w.file.SyscallConn()
	for err == nil {
		var events [1]unix.EpollEvent
		n := 0
		err = raw.Read(func(fd uintptr) bool {
			n, _ = unix.EpollWait(int(fd), events[:], 0)
			return n > 0
		})
		if err == nil && n > 0 {
			pumps[events[0].Fd].abandon() // ERR or HUP: nothing else was asked for
		}
	}
}

func (w *watch) close() {
	if w.file != nil {
		_ = w.file.Close()
	}
}
