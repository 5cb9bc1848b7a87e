package anomaly_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// BenchmarkCall is the beginning and the end of one call, in a session in which all that can be compared is.
func BenchmarkCall(b *testing.B) {
	for _, bench := range []struct {
		name     string
		parallel int
	}{{"serial", 1}, {"parallel=8", 8}} {
		b.Run(bench.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(4, 4))
			tools := randomTools(r)
			ops := make([]*record.Operation, 4096)
			id := uint64(0)
			for i := range ops {
				ops[i] = tools[r.IntN(len(tools))].call(r, 0, &id, false)
			}
			d := anomaly.New(func(record.Finding) {})
			var now time.Duration
			at := 0
			b.ReportAllocs()
			for b.Loop() {
				op := ops[at%len(ops)]
				duration := op.Duration
				place(op, now, duration)
				op.Number = uint64(at) + 1
				now += duration / time.Duration(bench.parallel)
				d.Opened(op)
				if at++; at >= bench.parallel {
					ended := ops[(at-bench.parallel)%len(ops)]
					ended.Change = record.Ended
					d.Changed(ended)
				}
			}
		})
	}
}
