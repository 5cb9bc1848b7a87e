package cmd_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/reliability"
)

// telemetryFaults lists the faults of collectors and of the machine. Each row is a session of a thousand calls.
func telemetryFaults() []reliability.Section {
	var collectors []reliability.Row
	for _, f := range collectorFaults() {
		collectors = append(collectors, reliability.Row{What: f.what, Outcome: f.outcome, Test: f.test})
	}
	return []reliability.Section{
		{Title: "The collector", Rows: append(collectors,
			reliability.Row{What: "a collector that comes back after 5 seconds", Test: testCollectorReturns,
				Outcome: "receives all spans over gRPC, whose exporter retries; " +
					"over HTTP the spans made meanwhile are lost and counted"},
			reliability.Row{What: "a collector that never responds, at the end", Test: testFlushIsBounded,
				Outcome: "the client sees the end of the output at once; the exit waits for the flush bound"},
			reliability.Row{What: "a second signal from the client while the exit waits for the collector",
				Test: testFlushIsInterrupted, Outcome: "ends the wait; the exit status is the server's"},
		)},
		{Title: "The machine", Rows: machineFaults()},
		{Title: "Files of its own", Rows: storeFaults()},
	}
}

// arrival is the share of spans that reach the collector.
type arrival uint8

const (
	none arrival = iota // all are counted as lost
	some                // the others are counted as lost
	all
	unsure // the collector received some but its response was lost: these count as both
)

// collectorFault is a fault of a collector, or of the connection to it, and its expected effect.
type collectorFault struct {
	what, outcome string
	set           func(t testing.TB, p otlptest.Protocol) site
	arrives       arrival
	silent        bool // the session logs no warning
}

// site describes where a session's telemetry goes.
type site struct {
	endpoint string
	receiver *otlptest.Receiver // nil if nothing can arrive
	env      []string
	front    []string // a command that changes the environment and then executes the product
}

const (
	allArrive  = "all spans arrive; no warning"
	noneArrive = "one warning; all spans are counted as lost"
)

// collectorFaults lists the faults of collectors, each with the spans that must arrive.
func collectorFaults() []collectorFault {
	return []collectorFault{
		{"a healthy collector", allArrive, withFault(otlptest.Config{}, otlptest.Accept()), all, true},
		{"a collector whose host does not respond", noneArrive, unreachable, none, false},
		{"a port without a listener", noneArrive, refusing, none, false},
		{"a collector that accepts connections and never sends a byte", noneArrive,
			withFault(otlptest.Config{Conn: otlptest.Mute}, otlptest.Accept()), none, false},
		{"a collector that accepts requests and never responds", noneArrive,
			withFault(otlptest.Config{}, otlptest.Hang()), none, false},
		{"a collector that responds after 200 ms", allArrive, slow, all, true},
		{"INTERNAL, 500", noneArrive, withFault(otlptest.Config{}, otlptest.Internal()), none, false},
		{"UNAVAILABLE, 503", noneArrive, withFault(otlptest.Config{}, otlptest.Unavailable()), none, false},
		{"RESOURCE_EXHAUSTED, 429 with a retry delay", noneArrive,
			withFault(otlptest.Config{}, otlptest.Exhausted(20*time.Millisecond)), none, false},
		{"RESOURCE_EXHAUSTED without a retry delay", noneArrive,
			withFault(otlptest.Config{}, otlptest.Exhausted(0)), none, false},
		{"a response that is not OTLP",
			"one warning; whether the spans arrived is unknown, so they are counted as lost",
			withFault(otlptest.Config{}, otlptest.Garbage()), unsure, false},
		{"a response that is neither gRPC nor HTTP", noneArrive,
			withFault(otlptest.Config{Conn: otlptest.GarbageConn}, otlptest.Accept()), none, false},
		{"a partial success", "one warning; the refused spans are counted as lost",
			withFault(otlptest.Config{}, otlptest.Partial(1, "too many attributes")), unsure, false},
		{"a connection that is cut in the middle of a response", noneArrive,
			withFault(otlptest.Config{}, otlptest.Cut()), none, false},
		{"a connection that is closed at once", noneArrive,
			withFault(otlptest.Config{Conn: otlptest.Close}, otlptest.Accept()), none, false},
		{"TLS with a certificate of an unknown authority", noneArrive,
			withFault(otlptest.Config{TLS: true}, otlptest.Accept()), none, false},
		{"a name server that never responds", noneArrive, silentNameServer, none, false},
		{"a queue of ten spans and a slow collector", "the other spans are dropped and counted",
			smallQueue, some, false},
	}
}

// test runs one session over gRPC with exporters that would wait for a minute, which the client ends. It runs another
// over HTTP with exporters that give up after 100 ms and start again, which the server ends; this one reports its
// losses.
func (f collectorFault) test(t *testing.T) {
	t.Run("gRPC", func(t *testing.T) {
		t.Parallel()
		s := f.set(t, otlptest.GRPC)
		e := talk(t, append(s.front, wrapped(t, cast.As(t, "server"))...), leave, nil,
			newHome(t).in(s.variables(otlptest.GRPC, f.bound(), "60000")...))
		f.checkEnd(t, e, leave)
		f.checkWarnings(t, strings.Count(e.stderr, "spanpipe: warning: "), e.stderr)
		if lines := strings.Count(e.stderr, "\n"); lines > 2 { // the second is the hint
			t.Errorf("stderr has %d lines, want at most 2:\n%s", lines, e.stderr)
		}
		f.checkArrival(t, s.receiver, exitSpans-2, nil)
	})
	t.Run("HTTP", func(t *testing.T) {
		t.Parallel()
		s, timeout := f.set(t, otlptest.HTTP), "100"
		if f.arrives == all || f.arrives == some {
			timeout = "60000" // a busy machine must not lose anything
		}
		e := talk(t, append(s.front, wrapped(t, cast.As(t, "server"))...), quit, nil, newHome(t).in(append(
			s.variables(otlptest.HTTP, f.bound(), timeout), "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_LOG_FORMAT=json")...))
		f.checkEnd(t, e, quit)
		log := readLog(t, e.stderr)
		f.checkWarnings(t, log.warnings, log.text)
		f.checkArrival(t, s.receiver, exitSpans, &log.lost)
	})
}

// checkWarnings expects one warning, or none if the fault is silent.
func (f collectorFault) checkWarnings(t *testing.T, got int, stderr string) {
	t.Helper()
	want := 1
	if f.silent {
		want = 0
	}
	if got != want {
		t.Errorf("%d warnings on stderr, want %d:\n%s", got, want, stderr)
	}
}

// variables makes a session export to the site ten times a second, so that a short session sees as many failures as a
// long one.
func (s site) variables(p otlptest.Protocol, bound time.Duration, timeout string) []string {
	return append([]string{
		"SPANPIPE_TELEMETRY=otlp",
		"OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_METRIC_EXPORT_INTERVAL=100", "OTEL_BLRP_SCHEDULE_DELAY=100",
		"SPANPIPE_FLUSH_TIMEOUT=" + bound.String(), "OTEL_EXPORTER_OTLP_TIMEOUT=" + timeout,
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + s.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=" + string(p),
	}, s.env...)
}

// bound returns the flush bound: short where waiting is useless, long where a busy machine may need the time.
func (f collectorFault) bound() time.Duration {
	if f.arrives == all || f.arrives == some {
		return 30 * time.Second
	}
	return 500 * time.Millisecond
}

// slack is the time that a busy machine may add to the end. Waiting for the exporters would take a minute.
const slack = 10 * time.Second

// checkEnd expects the end to take at most the flush bound longer than without telemetry.
func (f collectorFault) checkEnd(t *testing.T, e ended, end ending) {
	t.Helper()
	if without := endWithoutTelemetry(t, end); e.took > without+f.bound()+slack {
		t.Errorf("the end took %v, want at most %v (without telemetry) + %v (flush bound) + %v",
			e.took, without, f.bound(), slack)
	}
}

// endWithoutTelemetry measures once how long the end takes without telemetry.
func endWithoutTelemetry(t *testing.T, end ending) time.Duration {
	t.Helper()
	e := &endsWithoutTelemetry[end]
	e.once.Do(func() { e.took = talk(t, wrapped(t, cast.As(t, "server")), end, nil, newHome(t).in()).took })
	return e.took
}

var endsWithoutTelemetry [2]struct {
	once sync.Once
	took time.Duration
}

// checkArrival accounts for every span of a session: it arrived or is counted as lost. On a machine that is too busy to
// process all messages before the flush bound, some make no spans; these messages are counted too. If lost is nil, the
// losses are unknown.
func (f collectorFault) checkArrival(t *testing.T, r *otlptest.Receiver, want int, lost *losses) {
	t.Helper()
	got := 0
	if r != nil {
		got = len(r.Spans())
	}
	ok := map[arrival]bool{
		none: got == 0, some: 0 < got && got < want, all: got == want, unsure: got <= want,
	}[f.arrives]
	if lost != nil {
		known := got + lost.Spans
		if f.arrives == unsure {
			ok = ok && lost.Spans <= want
		} else {
			ok = ok && known <= want
		}
		ok = ok && known+lost.Messages >= want
	}
	if !ok {
		t.Errorf("%d of %d spans arrived; lost: %+v", got, want, lost)
	}
}

// withFault returns a function that starts a receiver with the same fault for every request.
func withFault(cfg otlptest.Config, fault otlptest.Fault) func(testing.TB, otlptest.Protocol) site {
	return func(t testing.TB, p otlptest.Protocol) site {
		t.Helper()
		r := otlptest.Start(t, cfg)
		r.SetFault(fault)
		return site{endpoint: r.Endpoint(p), receiver: r}
	}
}

// refusing returns a port without a listener.
func refusing(t testing.TB, _ otlptest.Protocol) site {
	t.Helper()
	return site{endpoint: "http://" + otlptest.RefusedAddr(t)}
}

// slow starts a receiver that responds after 200 ms.
func slow(t testing.TB, p otlptest.Protocol) site {
	t.Helper()
	return withFault(otlptest.Config{}, otlptest.Slow(200*time.Millisecond))(t, p)
}

// smallQueue exports to a slow receiver with room for ten spans.
func smallQueue(t testing.TB, p otlptest.Protocol) site {
	t.Helper()
	s := slow(t, p)
	s.env = []string{"OTEL_BSP_MAX_QUEUE_SIZE=10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=10"}
	return s
}

// testCollectorReturns stops the collector before the first span and starts it again five seconds later.
func testCollectorReturns(t *testing.T) {
	for _, protocol := range []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			stopped := otlptest.Start(t, otlptest.Config{})
			stopped.Stop()
			var restarted *otlptest.Receiver
			restart := func(n int) {
				if n == calls/burst/2 {
					time.Sleep(5 * time.Second)
					restarted = otlptest.Start(t, otlptest.Config{
						GRPCAddr: stopped.Addr(otlptest.GRPC), HTTPAddr: stopped.Addr(otlptest.HTTP),
					})
				}
			}
			s := site{endpoint: stopped.Endpoint(protocol)}
			e := talk(t, wrapped(t, cast.As(t, "server")), quit, restart, newHome(t).in(append(
				s.variables(protocol, 30*time.Second, "60000"),
				"SPANPIPE_LOG_LEVEL=info", "SPANPIPE_LOG_FORMAT=json")...))
			log := readLog(t, e.stderr)
			if log.warnings > 1 {
				t.Errorf("%d warnings on stderr, want at most 1:\n%s", log.warnings, log.text)
			}
			f := collectorFault{arrives: all}
			if protocol == otlptest.HTTP {
				f.arrives = some
			}
			f.checkArrival(t, restarted, exitSpans, &log.lost)
			for id := calls - 5; id <= calls; id++ {
				hasID := func(s otlptest.Span) bool { return s.Attrs.String("jsonrpc.request.id") == fmt.Sprint(id) }
				if !slices.ContainsFunc(restarted.Spans(), hasID) {
					t.Errorf("the span of call %d did not arrive at the restarted collector", id)
				}
			}
		})
	}
}
