//go:build unix && !linux

package main

import "runtime"

// CPU time and memory of other processes are measured only on Linux.

func (l *live) cpu() (float64, bool) { return 0, false }

func (l *live) sizes(string) (float64, bool) { return 0, false }

func (l *live) switches() (float64, bool) { return 0, false }

func (l *live) memory() (map[string]float64, bool) { return nil, false }

func spent(int) (cpu, peak float64) { return 0, 0 }

func machine() (processor, kernel string) { return runtime.GOARCH, runtime.GOOS }
