// Package proctree finds the children of a process.
//
// It owns the one walk over Linux's /proc: wrap uses it to end what a server leaves behind, telemetry to measure what a
// server and its descendants use. It promises to return promptly on a machine with many processes if the kernel lists
// children itself, and to work without that list. On other systems it finds nothing, see Supported.
//
// It must not import wrap or telemetry, which both use it, and needs the standard library alone.
package proctree

// Process is a process as it was when Children looked at it.
type Process struct {
	PID     int
	Session int
	Zombie  bool // it has ended and its parent has not waited for it
}
