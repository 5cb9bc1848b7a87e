//go:build !linux && !darwin && !windows

package proctree

// Boot returns nothing.
func Boot() string { return "" }

// looker returns a function that finds no process.
func looker() func(pid int) (Info, bool) { return func(int) (Info, bool) { return Info{}, false } }
