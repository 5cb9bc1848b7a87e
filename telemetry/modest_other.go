//go:build !linux

package telemetry

// modest does nothing: a thread's priority is not its own here, or cannot be lowered without what only C code may call.
func modest() {}
