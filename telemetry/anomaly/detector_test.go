package anomaly_test

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// steady is n calls of one tool with ever new arguments.
func steady(n int, pause, duration time.Duration, size int64) []*record.Operation {
	var ops []*record.Operation
	var now time.Duration
	for i := range n {
		ops = append(ops, call("tool", uint64(i)+1000, now, duration, size))
		now += duration + pause
	}
	return ops
}

func same(n int, pause time.Duration) []*record.Operation {
	ops := steady(n, pause, time.Millisecond, 100)
	for _, op := range ops {
		op.ArgumentsOf = 7
	}
	return ops
}

func shifted(ops []*record.Operation, by time.Duration) []*record.Operation {
	for _, op := range ops {
		place(op, startOf(op)+by, op.Duration)
	}
	return ops
}

// TestOthersDoNotCount mixes what is no call of the client's into a session: it is neither counted nor compared.
func TestOthersDoNotCount(t *testing.T) {
	t.Parallel()
	var ops []*record.Operation
	for i, op := range same(400, time.Millisecond) {
		switch i % 4 {
		case 0:
			op.Method = semconv.ResourcesRead
		case 1:
			op.Direction = record.ToClient
		case 2:
			op.Method, op.Direction = semconv.SamplingCreateMessage, record.ToClient
		case 3:
			op.Method = semconv.Ping
		}
		ops = append(ops, op)
	}
	if got := lines(play(ops)); got != "" {
		t.Errorf("found:\n%s", got)
	}
}

// TestEndWithoutStart has an operation whose start the detector has not seen. It is compared but for its duration,
// which may have had company.
func TestEndWithoutStart(t *testing.T) {
	t.Parallel()
	var got []record.Finding
	d := anomaly.New(func(f record.Finding) { got = append(got, f) })
	feed(d, numbered(steady(50, time.Second, time.Millisecond, 100)))
	end(d, call("tool", 1, time.Hour, time.Minute, 5e6))
	if len(got) != 1 || got[0].Kind != record.SizeOutlier || got[0].Side != record.ResponseSide {
		t.Errorf("got %+v", got)
	}
}

func numbered(ops []*record.Operation) []*record.Operation {
	for i, op := range ops {
		op.Number = uint64(i) + 1
	}
	return ops
}

// TestChangesBetween reports a call again while it runs, which must not count as its end.
func TestChangesBetween(t *testing.T) {
	t.Parallel()
	d := anomaly.New(func(f record.Finding) { t.Errorf("found %+v", f) })
	for _, op := range numbered(same(5, time.Millisecond)) {
		start(d, op)
		for _, change := range []record.Change{record.Hanging, record.TaskChanged, record.InputRequired, record.Retried} {
			changed := *op
			changed.Change = change
			d.Changed(&changed)
			d.Changed(&changed)
		}
		end(d, op)
	}
}

// hostile feeds the calls of a peer that wants memory: ever new tools with ever new arguments, started and not ended,
// or ended and not started.
func hostile(d *anomaly.Detector, n int, r *rand.Rand) {
	var now time.Duration
	for i := range n {
		now += time.Duration(r.IntN(1e6))
		op := call("tool_"+strconv.Itoa(i%5000), uint64(i), now, time.Duration(r.IntN(1e9)), int64(r.IntN(1e9)))
		op.Number = uint64(i) + 1
		if i%3 != 0 {
			start(d, op)
		}
		if i%3 != 1 {
			end(d, op)
		}
	}
}

// TestMemoryIsBounded lets a hostile peer fill what there is to fill, and then wants many more to keep nothing.
func TestMemoryIsBounded(t *testing.T) {
	d := anomaly.New(func(record.Finding) {})
	base := heap()
	hostile(d, 50_000, rand.New(rand.NewPCG(1, 1)))
	full := heap()
	hostile(d, 300_000, rand.New(rand.NewPCG(2, 2)))
	end := heap()
	runtime.KeepAlive(d)
	t.Logf("%d bytes when full", int64(full-base))
	if used := int64(full - base); used > 1<<20 {
		t.Errorf("%d bytes are held", used)
	}
	if grown := int64(end - full); grown > 64<<10 {
		t.Errorf("%d bytes more after 300,000 calls", grown)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestManyTools has more tools than are compared: loops are found among the others too.
func TestManyTools(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	var ops []*record.Operation
	var now time.Duration
	for i := range 20_000 {
		ops = append(ops, call("tool_"+strconv.Itoa(r.IntN(1000)), uint64(i), now, time.Millisecond, 10))
		now += time.Second
	}
	if got := lines(play(ops)); got != "" {
		t.Errorf("found:\n%s", got)
	}
	loop := shifted(same(10, time.Millisecond), now)
	for _, op := range loop {
		op.Target = "tool_too_many"
	}
	got := play(append(ops, loop...))
	if len(got) != 1 || got[0].Kind != record.Loop || got[0].Tool != "tool_too_many" {
		t.Errorf("found:\n%s", lines(got))
	}
}
