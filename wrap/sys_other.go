//go:build unix && !linux

package wrap

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

var systemSignals []os.Signal

// killWithWrapper does nothing: these kernels offer no such thing. A server whose wrapper is killed sees the end of its
// input.
func killWithWrapper(*child) (release func()) { return func() {} }

// dieBySignal kills this process by one of the four signals that end a Go program without a dump of its goroutines. The
// others cannot be reset without the C library: for them it returns.
func dieBySignal(sig syscall.Signal) {
	switch sig {
	case syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL:
		signal.Reset(sig)
		_ = syscall.Kill(syscall.Getpid(), sig)
		time.Sleep(time.Second) // any thread may receive it, at once
	}
}
