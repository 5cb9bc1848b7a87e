package anomaly_test

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// steady is n calls of one tool with ever new arguments.
func steady(n int, pause, duration time.Duration, size int64) []*session.Operation {
	var ops []*session.Operation
	var now time.Duration
	for i := range n {
		ops = append(ops, call("tool", uint64(i)+1000, now, duration, size))
		now += duration + pause
	}
	return ops
}

// after appends a call that begins a second after all others.
func after(ops []*session.Operation, op *session.Operation) []*session.Operation {
	d := op.Duration()
	op.Start = ops[len(ops)-1].End + time.Second
	op.End = op.Start + d
	return append(ops, op)
}

func same(n int, pause time.Duration) []*session.Operation {
	ops := steady(n, pause, time.Millisecond, 100)
	for _, op := range ops {
		op.Arguments = 7
	}
	return ops
}

func TestConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg  anomaly.Config
		ops  []*session.Operation
		want string // with the configuration; nothing is found without it
	}{
		"loop repeats": {
			anomaly.Config{LoopRepeats: 4}, same(5, time.Millisecond),
			"call 4 at 7ms: loop tool: 4 {call}, usually 1\n",
		},
		"loop interval": {
			anomaly.Config{LoopInterval: time.Millisecond, LoopRepeats: 5}, same(8, 300*time.Millisecond), "",
		},
		"burst calls": {
			anomaly.Config{BurstCalls: 30}, append(steady(13, 10*time.Second, 0, 10), shifted(steady(40, time.Millisecond, 0, 10), 3*time.Minute)...),
			"call 43 at 3m0.029s: burst tool: 3 {call}/s, usually 0.1\n",
		},
		"latency floor": {
			anomaly.Config{LatencyFloor: 100 * time.Millisecond},
			after(steady(40, time.Second, time.Millisecond, 10), call("tool", 1, 0, time.Second, 10)),
			"call 41 at 41.04s: latency_outlier tool: 1 s, usually 0.001\n",
		},
		"size floor": {
			anomaly.Config{SizeFloor: 1000},
			after(steady(40, time.Second, time.Millisecond, 10), call("tool", 1, 0, time.Millisecond, 5000)),
			"call 41 at 40.041s: size_outlier tool response: 5000 By, usually 10\n",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := lines(play(anomaly.New(anomaly.Config{}), tc.ops)); got != "" {
				t.Errorf("found with the defaults:\n%s", got)
			}
			if got := lines(play(anomaly.New(tc.cfg), tc.ops)); got != tc.want {
				t.Errorf("got:\n%swant:\n%s", got, tc.want)
			}
		})
	}
}

func shifted(ops []*session.Operation, by time.Duration) []*session.Operation {
	for _, op := range ops {
		op.Start += by
		op.End += by
	}
	return ops
}

// TestSettled takes a routine that is too short for the default to be called settled.
func TestSettled(t *testing.T) {
	t.Parallel()
	var ops []*session.Operation
	var now time.Duration
	add := func(tool string) {
		ops = append(ops, call(tool, uint64(len(ops)), now, time.Millisecond, 10))
		now += time.Second
	}
	for range 70 {
		add("a")
		add("b")
		add("a")
		add("c")
		add("d")
	}
	add("a")
	add("d")
	if got := lines(play(anomaly.New(anomaly.Config{Settled: 1000}), ops)); got != "" {
		t.Errorf("found in a session that is not settled:\n%s", got)
	}
	want := "call 352 at 5m51s: unseen_transition a > d: 1 {call}, usually 140\n"
	if got := lines(play(anomaly.New(anomaly.Config{}), ops)); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

// TestOthersDoNotCount mixes what is no call of the client's into a session: it is neither counted nor compared.
func TestOthersDoNotCount(t *testing.T) {
	t.Parallel()
	var ops []*session.Operation
	for i, op := range same(400, time.Millisecond) {
		switch i % 4 {
		case 0:
			op.Method = semconv.ResourcesRead
		case 1:
			op.Dir = session.ToClient
		case 2:
			op.Method, op.Dir = semconv.SamplingCreateMessage, session.ToClient
		case 3:
			op.Method = semconv.Ping
		}
		ops = append(ops, op)
	}
	if got := lines(play(anomaly.New(anomaly.Config{}), ops)); got != "" {
		t.Errorf("found:\n%s", got)
	}
}

// TestEndUnannounced takes operations whose beginning the detector was not told, as after messages were dropped: they are
// compared but for their duration, which may have had company.
func TestEndUnannounced(t *testing.T) {
	t.Parallel()
	d := anomaly.New(anomaly.Config{})
	play(d, steady(50, time.Second, time.Millisecond, 100))
	slow := call("tool", 1, time.Hour, time.Minute, 5e6)
	got := d.Finished(slow)
	if len(got) != 1 || got[0].Kind != anomaly.SizeOutlier || got[0].Side != anomaly.Response {
		t.Errorf("got %+v", got)
	}
}

// hostile is calls of a peer that wants memory: ever new tools with ever new arguments, begun and not ended, or ended and
// not begun.
func hostile(d *anomaly.Detector, n int, r *rand.Rand) {
	var now time.Duration
	for i := range n {
		now += time.Duration(r.IntN(1e6))
		op := call("tool_"+strconv.Itoa(i%5000), uint64(i), now, time.Duration(r.IntN(1e9)), int64(r.IntN(1e9)))
		if i%3 != 0 {
			d.Started(op)
		}
		if i%3 != 1 {
			d.Finished(op)
		}
	}
}

// TestMemoryIsBounded lets a hostile peer fill what there is to fill, and then wants many more to keep nothing.
func TestMemoryIsBounded(t *testing.T) {
	d := anomaly.New(anomaly.Config{})
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

// TestManyTools has more tools than are compared, each calling all others: loops are found among the others too, and no order
// is read into such a session.
func TestManyTools(t *testing.T) {
	t.Parallel()
	d := anomaly.New(anomaly.Config{})
	r := rand.New(rand.NewPCG(3, 3))
	var ops []*session.Operation
	var now time.Duration
	for i := range 20_000 {
		ops = append(ops, call("tool_"+strconv.Itoa(r.IntN(1000)), uint64(i), now, time.Millisecond, 10))
		now += time.Second
	}
	if got := lines(play(d, ops)); got != "" {
		t.Errorf("found:\n%s", got)
	}
	for _, op := range same(10, time.Millisecond) {
		op.Target = "tool_too_many"
		op.Start += now
		op.End += now
		d.Started(op)
		if got := d.Finished(op); len(got) == 1 && got[0].Kind == anomaly.Loop && got[0].Tool == "tool_too_many" {
			return
		}
	}
	t.Error("the loop was not found")
}
