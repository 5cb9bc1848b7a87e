//go:build !linux

package wrap

import (
	"log/slog"
	"os"
)

// What only Linux offers is left out on every other system. docs/limits.md has the list.

// orphans is empty: a process that outlives the server cannot be found here, and is left alone.
type orphans struct{}

func adoptOrphans(*child, *slog.Logger) *orphans { return nil }

func (*orphans) reap()               {}
func (*orphans) end(<-chan struct{}) {}

// findHost finds none: a host that dies is noticed by the end of the input.
func findHost([3]*pump) *os.File { return nil }

func watchHost(*os.File, func()) (stop func()) { return func() {} }

// watchReaders does nothing: a closed reader is noticed with the next write.
func watchReaders(_, _ *pump) (stop func()) { return func() {} }

// takePending does nothing: a signal to the whole group may be noticed after the server's end.
func takePending() {}

// interruptBlocked does nothing. Sending a signal to one thread needs the C library on Unix, and on Windows closing a
// pipe is enough.
func interruptBlocked() {}
