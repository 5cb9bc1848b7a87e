package cmd_test

import (
	"maps"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/reliability"
)

// peerFaults is what the two peers can do to each other, and to us in between.
func peerFaults() []reliability.Section {
	var seen, floods []reliability.Row
	for _, h := range hazards() {
		seen = append(seen, reliability.Row{What: h.what, Outcome: h.outcome, Test: h.test})
	}
	for _, f := range streams() {
		floods = append(floods, reliability.Row{What: f.what, Outcome: f.outcome, Test: f.test})
	}
	return []reliability.Section{{Title: "Seen in public", Rows: seen}, {Title: "Too much of it", Rows: floods}}
}

// watched starts a server behind the product with telemetry for the receiver, ten times a second.
func watched(t *testing.T, r *otlptest.Receiver, server []string, variables ...string) *mcptest.Host {
	t.Helper()
	s := site{endpoint: r.Endpoint(otlptest.GRPC), env: variables}
	return open(t, server, s.variables(otlptest.GRPC, 30*time.Second, "60000")...)
}

// What the product may need more than for an idle session: what the peers do is not to be felt, but a flood of calls fills
// the exporters' queues, of 2,048 spans and as many log records, and what is in them is in memory again while it is sent.
const (
	room      = 10 << 20
	floodRoom = 16 << 20
)

// fits compares the most memory that the product has had with that of an idle session.
func fits(t *testing.T, h *mcptest.Host, room int) {
	t.Helper()
	if raceEnabled || os.Getenv("GOCOVERDIR") != "" {
		return // these have memory needs of their own
	}
	peak, idle := peakMemory(t, h), idleMemory(t)
	t.Logf("memory: at most %d KiB, %d KiB more than an idle session", peak>>10, (peak-idle)>>10)
	if peak > idle+room {
		t.Errorf("memory grew to %d KiB; an idle session has %d KiB", peak>>10, idle>>10)
	}
}

// peakMemory is the most memory that a running process has had, in bytes.
func peakMemory(t *testing.T, h *mcptest.Host) int {
	t.Helper()
	return memoryOf(t, h, "VmHWM")
}

// memoryOf is a size in the status of a running process (see proc(5)), in bytes.
func memoryOf(t *testing.T, h *mcptest.Host, name string) int {
	t.Helper()
	n, err := mcptest.ProcField(h.Cmd.Process.Pid, "status", name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// idleMemory is that of a session in which little happens, once it has sent its telemetry a few times.
func idleMemory(t *testing.T) int {
	t.Helper()
	idle.once.Do(func() {
		r := otlptest.Start(t, otlptest.Config{})
		h := watched(t, r, cast.As(t, "server"))
		mcptest.Connect(h).Tool("echo", nil)
		for _, signal := range []otlptest.Signal{otlptest.Traces, otlptest.Metrics, otlptest.Logs} {
			r.WaitRequests(t, signal, 1)
		}
		r.WaitRequests(t, otlptest.Metrics, len(r.Requests(otlptest.Metrics))+3)
		idle.peak = peakMemory(t, h)
	})
	if idle.peak == 0 {
		t.Fatal("the idle session has not been measured") // the test that tried says why
	}
	return idle.peak
}

var idle struct {
	once sync.Once
	peak int
}

// end closes the session and expects nothing more of it.
func endQuietly(t *testing.T, h *mcptest.Host) {
	t.Helper()
	h.CloseInput()
	if rest := h.Rest(); rest != "" {
		t.Errorf("stdout goes on with %.200q", rest)
	}
	if code := h.Wait().ExitCode(); code != 0 {
		t.Errorf("exit code %d; stderr: %.400s", code, h.Stderr)
	}
}

// violations is the metric of what should not have been on the wire, by kind and direction. A kind is reported to the log
// once.
func violations(t *testing.T, r *otlptest.Receiver) map[string]int {
	t.Helper()
	got, kinds := map[string]int{}, map[string]bool{}
	for _, p := range r.Series("spanpipe.protocol.violations", nil) {
		kind := p.Attrs.String("spanpipe.violation.kind")
		got[kind+" "+p.Attrs.String("spanpipe.direction")] = int(p.Value)
		kinds[kind] = true
	}
	told := map[string]bool{}
	for _, record := range r.Records() {
		if kind := record.Attrs.String("spanpipe.violation.kind"); kind != "" {
			if told[kind] {
				t.Errorf("%s is reported more than once", kind)
			}
			told[kind] = true
		}
	}
	if !maps.Equal(kinds, told) {
		t.Errorf("counted are %v, reported %v", kinds, told)
	}
	return got
}
