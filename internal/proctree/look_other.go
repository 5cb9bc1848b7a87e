//go:build !linux && !darwin && !windows

package proctree

// Boot returns nothing.
func Boot() string { return "" }

// Looker returns a function that finds no process.
func Looker() func(pid int) (Info, bool) { return func(int) (Info, bool) { return Info{}, false } }
