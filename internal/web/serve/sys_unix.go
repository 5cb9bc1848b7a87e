//go:build unix

package serve

import (
	"os/signal"
	"syscall"
)

// ignoreTerminalStops lets a read of the terminal fail that would stop the whole process, as in "spanpipe ui &".
func ignoreTerminalStops() { signal.Ignore(syscall.SIGTTIN) }
