//go:build unix && !linux

package main

import "runtime"

// What other processes use is measured on Linux alone.

func (l *live) cpu() (float64, bool) { return 0, false }

func (l *live) memory() (peak, anonymous float64, ok bool) { return 0, 0, false }

func machine() (processor, kernel string) { return runtime.GOARCH, runtime.GOOS }
