//go:build !linux

package proctree

// Supported reports whether Children works on this system.
const Supported = false

// Children returns nothing.
func Children(int) []Process { return nil }
