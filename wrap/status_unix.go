//go:build unix

package wrap

import "golang.org/x/sys/unix"

// SignalName is the name of the signal that killed the server, such as SIGKILL, or empty.
func (s Status) SignalName() string { return unix.SignalName(s.Signal) }
