package otel

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// observed supplies the values of instruments that are read at each export of the metrics. The SDK calls it from its
// own goroutines.
type observed struct {
	*instruments
	process atomic.Pointer[processTree] // nil before the server's process has started
	lost    func() map[string]int64
	broken  func(recovered any)
}

// register makes the SDK call observe at each export.
func (v *observed) register(meter metric.Meter) {
	all := slices.Collect(maps.Values(v.instruments.observed))
	_, _ = meter.RegisterCallback(v.observe, all...) // fails only for instruments of another meter
}

// sessionChanged starts reading the server's process once it has started.
func (v *observed) sessionChanged(s record.Session) {
	if !s.Started.IsZero() && v.process.Load() == nil {
		v.process.Store(&processTree{root: int32(s.PID)})
	}
}

func (v *observed) exit(e record.Exit) {
	if p := v.process.Load(); p != nil {
		p.finish(e)
	}
}

// observe reports all values. It parses what other programs and the system supply; a panic there must not end the
// process, and with it the session.
func (v *observed) observe(ctx context.Context, o metric.Observer) error {
	defer func() {
		if r := recover(); r != nil && v.broken != nil {
			v.broken(r)
		}
	}()
	if v.lost != nil {
		for reason, n := range v.lost() {
			v.report(o, semconv.TelemetryDropped, float64(n), attribute.String(semconv.Reason, reason))
		}
	}
	process := v.process.Load()
	if process == nil {
		return nil
	}
	u := process.read(ctx)
	v.report(o, semconv.ProcessCPUTime, u.cpu.user, attribute.String(semconv.CPUMode, "user"))
	v.report(o, semconv.ProcessCPUTime, u.cpu.system, attribute.String(semconv.CPUMode, "system"))
	v.report(o, semconv.ProcessMemoryUsage, float64(u.memory))
	v.report(o, semconv.ProcessThreads, float64(u.threads))
	if u.descriptors > 0 { // not available on every system
		v.report(o, semconv.ProcessFileDescriptors, float64(u.descriptors))
	}
	return nil
}
