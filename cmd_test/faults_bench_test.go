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

// BenchmarkFaultyCollector compares the time of a call with each faulty collector to that with a healthy one. In a round two
// sessions are open at once and have their calls in turns, so that what else the machine does hits both; reported is the
// median of the rounds' ratios of median times. Where a scheduler puts two processes makes more of a difference than a
// collector does, so there must be some rounds: go test ./cmd_test -run - -bench FaultyCollector -benchtime 15x.
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

func (f collectorFault) ratio(b *testing.B) float64 {
	b.Helper()
	var sessions [2]*mcptest.Client
	for i, set := range []func(testing.TB, otlptest.Protocol) site{f.set, behaving(otlptest.Config{}, otlptest.Accept())} {
		s := set(b, otlptest.GRPC)
		sessions[i] = mcptest.Connect(mcptest.Open(b, append(s.front, wrapped(b, cast.As(b, "server"))...),
			newHome(b).in(s.variables(otlptest.GRPC, 100*time.Millisecond, "10000")...)))
	}
	var times [2][]time.Duration
	for range calls {
		for i, s := range sessions {
			began := time.Now()
			s.Tool("echo", mcptest.Object{"text": "hello"})
			times[i] = append(times[i], time.Since(began))
		}
	}
	for i, s := range sessions {
		s.CloseInput()
		s.Wait()
		slices.Sort(times[i])
	}
	return float64(times[0][calls/2]) / float64(times[1][calls/2])
}
