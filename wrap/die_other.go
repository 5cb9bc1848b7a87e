//go:build unix && !linux

package wrap

import (
	"os/signal"
	"syscall"
	"time"
)

// dieOf kills this process by a signal. Only those four end a Go program without it printing its goroutines, and others
// cannot be reset without the C library: for them it returns.
func dieOf(sig syscall.Signal) {
	switch sig {
	case syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL:
		signal.Reset(sig)
		_ = syscall.Kill(syscall.Getpid(), sig)
		time.Sleep(time.Second) // it is delivered to any thread, at once
	}
}
