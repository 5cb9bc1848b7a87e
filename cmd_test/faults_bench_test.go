//go:build linux

package cmd_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// BenchmarkFaultyCollector compares the duration of a call with each faulty collector to that with a healthy one. In
// each round two sessions are open at once and take turns, so that other load on the machine affects both. It reports
// the median of the rounds' ratios of median durations. The scheduler's placement of the processes makes a larger
// difference than the collector, so it needs many rounds: go test ./cmd_test -run - -bench FaultyCollector -benchtime
// 15x.
func BenchmarkFaultyCollector(b *testing.B) {
	for _, f := range collectorFaults() {
		b.Run(strings.ReplaceAll(f.what, " ", "_"), func(b *testing.B) {
			var ratios []float64
			for b.Loop() {
				ratios = append(ratios, f.ratio(b))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "p50/healthy")
		})
	}
}

// ratio returns the median duration of a call with the fault, divided by that with a healthy collector.
func (f collectorFault) ratio(b *testing.B) float64 {
	b.Helper()
	var sessions [2]*mcptest.Client
	healthy := withFault(otlptest.Config{}, otlptest.Accept())
	for i, set := range []func(testing.TB, otlptest.Protocol) site{f.set, healthy} {
		s := set(b, otlptest.GRPC)
		sessions[i] = mcptest.Connect(mcptest.Open(b, append(s.front, wrapped(b, cast.As(b, "server"))...),
			newHome(b).in(s.variables(otlptest.GRPC, 100*time.Millisecond, "10000")...)))
	}
	var times [2][]time.Duration
	for range calls {
		for i, s := range sessions {
			start := time.Now()
			s.Tool("echo", mcptest.Object{"text": "hello"})
			times[i] = append(times[i], time.Since(start))
		}
	}
	for i, s := range sessions {
		s.CloseInput()
		s.Wait()
		slices.Sort(times[i])
	}
	return float64(times[0][calls/2]) / float64(times[1][calls/2])
}
