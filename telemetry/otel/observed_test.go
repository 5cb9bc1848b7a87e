package otel_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestProcess reads this process. What the system counts at the end of a server wins if it is more than was read.
func TestProcess(t *testing.T) {
	s := newStage(t, nil)
	if got := points(s.collect()[semconv.ProcessMemoryUsage.Name], nil); len(got) != 1 || got[0].value != 0 {
		t.Errorf("memory of process 0: %+v", got)
	}
	s = startedStage(t, os.Getpid())
	all := s.collect()
	for _, i := range []semconv.Instrument{semconv.ProcessMemoryUsage, semconv.ProcessThreads, semconv.ProcessFileDescriptors} {
		got := points(all[i.Name], nil)
		if i.Name == semconv.ProcessFileDescriptors.Name && runtime.GOOS != "linux" && len(got) == 0 {
			continue // not every system tells
		}
		if len(got) != 1 || got[0].value <= 0 {
			t.Errorf("%s = %+v, want more than nothing", i.Name, got)
		}
	}
	s.Noted(record.Exit{Time: s.at(50), UserTime: 3 * time.Hour, SystemTime: time.Nanosecond})
	cpu := func(mode string) float64 {
		return points(s.collect()[semconv.ProcessCPUTime.Name], map[string]any{semconv.CPUMode: mode})[0].value
	}
	if cpu("user") != 3*3600 || cpu("system") < 0 {
		t.Errorf("CPU time: %v, %v", cpu("user"), cpu("system"))
	}
}

// TestMemoryLimit: a limit is a series, and no limit is none; a server that has ended has none either.
func TestMemoryLimit(t *testing.T) {
	limited := func(pid int, limit int64) []point {
		s := startedStage(t, pid)
		s.LimitMemory(limit)
		return points(s.collect()[semconv.MemoryLimit.Name], nil)
	}
	if got := limited(os.Getpid(), 512<<20); len(got) != 1 || got[0].value != 512<<20 {
		t.Errorf("limit of 512 MiB: %+v", got)
	}
	if got := limited(os.Getpid(), 0); len(got) != 0 {
		t.Errorf("no limit: %+v", got)
	}
	if got := limited(0, 512<<20); len(got) != 0 {
		t.Errorf("limit of process 0: %+v", got)
	}
}
