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

// telemetryFaults is what can go wrong on telemetry's side, while a thousand calls run.
func telemetryFaults() []reliability.Section {
	var collectors []reliability.Row
	for _, f := range collectorFaults() {
		collectors = append(collectors, reliability.Row{What: f.what, Outcome: f.outcome, Test: f.test})
	}
	return []reliability.Section{
		{Title: "The collector", Rows: append(collectors,
			reliability.Row{What: "a collector that comes back after 5 seconds", Test: testBack, Outcome: "gets all spans over gRPC, whose " +
				"exporter tries again; over HTTP those made meanwhile are lost and counted"},
			reliability.Row{What: "a collector that never answers, at the end", Test: testFlushIsBounded,
				Outcome: "the client sees the end of the output at once; the exit waits for the flush bound"},
			reliability.Row{What: "a second signal from the host while the exit waits for the collector", Test: testFlushIsInterrupted,
				Outcome: "ends the waiting; the status is the server's"},
		)},
		{Title: "The machine", Rows: machineFaults()},
	}
}

// arrival is which spans reach the collector.
type arrival uint8

const (
	none arrival = iota // and all are counted as lost
	some                // and the others are counted as lost
	all
	unsure // some have been received and their answers lost: they count as both
)

// collectorFault is a collector, or the way to it, and what is to become of the spans.
type collectorFault struct {
	what, outcome string
	set           func(t testing.TB, p otlptest.Protocol) site
	arrives       arrival
	silent        bool // nothing is wrong for the user to know
}

// site is where a session's telemetry goes.
type site struct {
	endpoint string
	receiver *otlptest.Receiver // nil where nothing can arrive
	env      []string
	front    []string // a command that becomes the product, with something around it changed
}

const allArrive, noneArrive = "all spans arrive; nothing is said", "said once; all spans are counted as lost"

func collectorFaults() []collectorFault {
	return []collectorFault{
		{"a healthy collector", allArrive, behaving(otlptest.Config{}, otlptest.Accept()), all, true},
		{"a collector whose host does not answer", noneArrive, unreachable, none, false},
		{"a port where nothing listens", noneArrive, refusing, none, false},
		{"a collector that accepts connections and never says a byte", noneArrive,
			behaving(otlptest.Config{Conn: otlptest.Mute}, otlptest.Accept()), none, false},
		{"a collector that takes requests and never answers", noneArrive, behaving(otlptest.Config{}, otlptest.Hang()), none, false},
		{"a collector that answers after 200 ms", allArrive, slow, all, true},
		{"INTERNAL, 500", noneArrive, behaving(otlptest.Config{}, otlptest.Internal()), none, false},
		{"UNAVAILABLE, 503", noneArrive, behaving(otlptest.Config{}, otlptest.Unavailable()), none, false},
		{"RESOURCE_EXHAUSTED, 429 with a time to wait", noneArrive,
			behaving(otlptest.Config{}, otlptest.Exhausted(20*time.Millisecond)), none, false},
		{"RESOURCE_EXHAUSTED without one", noneArrive, behaving(otlptest.Config{}, otlptest.Exhausted(0)), none, false},
		{"an answer that is no OTLP", "said once; nobody knows whether the spans arrived: they are counted as lost",
			behaving(otlptest.Config{}, otlptest.Garbage()), unsure, false},
		{"an answer in no protocol at all", noneArrive, behaving(otlptest.Config{Conn: otlptest.GarbageConn}, otlptest.Accept()), none, false},
		{"a partial success", "said once; what was refused is counted as lost",
			behaving(otlptest.Config{}, otlptest.Partial(1, "too many attributes")), unsure, false},
		{"a connection that is cut in the middle of an answer", noneArrive, behaving(otlptest.Config{}, otlptest.Cut()), none, false},
		{"a connection that is closed at once", noneArrive,
			behaving(otlptest.Config{Conn: otlptest.Close}, otlptest.Accept()), none, false},
		{"TLS with a certificate of an unknown authority", noneArrive, behaving(otlptest.Config{TLS: true}, otlptest.Accept()), none, false},
		{"a name server that never answers", noneArrive, deafNameServer, none, false},
		{"a queue of ten spans before a slow collector", "the others are dropped and counted", smallQueue, some, false},
	}
}

// test has the session once over gRPC with exporters that would wait for a minute, and once over HTTP with such as give up
// after 100 ms and begin again; the second one counts. The client leaves the first, the server the second.
func (f collectorFault) test(t *testing.T) {
	t.Run("gRPC", func(t *testing.T) {
		t.Parallel()
		s := f.set(t, otlptest.GRPC)
		e := talk(t, append(s.front, wrapped(t, cast.As(t, "server"))...), leave, nil,
			newHome(t).in(s.variables(otlptest.GRPC, f.bound(), "60000")...))
		f.bounded(t, e, leave)
		if told := strings.Count(e.stderr, "spanpipe: warning: "); (told == 0) != f.silent || told > 1 {
			t.Errorf("stderr, of which there should be one warning at most:\n%s", e.stderr)
		}
		if lines := strings.Count(e.stderr, "\n"); lines > 2 { // the second is the hint
			t.Errorf("stderr has %d lines:\n%s", lines, e.stderr)
		}
		f.arrived(t, s.receiver, exitSpans-1, nil)
	})
	t.Run("HTTP", func(t *testing.T) {
		t.Parallel()
		s, timeout := f.set(t, otlptest.HTTP), "100"
		if f.arrives == all || f.arrives == some {
			timeout = "60000" // a machine that is busy is not to lose anything
		}
		e := talk(t, append(s.front, wrapped(t, cast.As(t, "server"))...), quit, nil, newHome(t).in(append(
			s.variables(otlptest.HTTP, f.bound(), timeout), "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_LOG_FORMAT=json")...))
		f.bounded(t, e, quit)
		told := readSaid(t, e.stderr)
		if (told.warnings == 0) != f.silent || told.warnings > 1 {
			t.Errorf("stderr, of which there should be one warning at most:\n%s", told.text)
		}
		f.arrived(t, s.receiver, exitSpans, &told.lost)
	})
}

// variables send a session's telemetry to the site, ten times a second, so that a short session has as many failures as a
// long one.
func (s site) variables(p otlptest.Protocol, bound time.Duration, timeout string) []string {
	return append([]string{
		"SPANPIPE_TELEMETRY=otlp", "OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_METRIC_EXPORT_INTERVAL=100", "OTEL_BLRP_SCHEDULE_DELAY=100",
		"SPANPIPE_FLUSH_TIMEOUT=" + bound.String(), "OTEL_EXPORTER_OTLP_TIMEOUT=" + timeout,
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + s.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=" + string(p),
	}, s.env...)
}

// bound is the flush bound: short where waiting does not help, and long where on a busy machine it may.
func (f collectorFault) bound() time.Duration {
	if f.arrives == all || f.arrives == some {
		return 30 * time.Second
	}
	return 500 * time.Millisecond
}

// slack is what a busy machine may add to an end. Exporters that were waited for would take a minute.
const slack = 10 * time.Second

// bounded compares the end with that of a session without telemetry.
func (f collectorFault) bounded(t *testing.T, e ended, end ending) {
	t.Helper()
	if without := untold(t, end); e.took > without+f.bound()+slack {
		t.Errorf("the end took %v, without telemetry %v; the flush bound is %v", e.took, without, f.bound())
	}
}

// untold is how long the end takes without telemetry.
func untold(t *testing.T, end ending) time.Duration {
	t.Helper()
	u := &unobserved[end]
	u.once.Do(func() { u.took = talk(t, wrapped(t, cast.As(t, "server")), end, nil, newHome(t).in()).took })
	return u.took
}

var unobserved [2]struct {
	once sync.Once
	took time.Duration
}

// arrived accounts for every span of a session: it has arrived or is counted as lost. A machine that is too busy to look at all
// messages before the flush bound makes no spans of some: those are counted too. Losses that are nil are not known.
func (f collectorFault) arrived(t *testing.T, r *otlptest.Receiver, want int, lost *losses) {
	t.Helper()
	got := 0
	if r != nil {
		got = len(r.Spans())
	}
	right := map[arrival]bool{none: got == 0, some: 0 < got && got < want, all: got == want, unsure: got <= want}[f.arrives]
	if lost != nil {
		known := got + lost.Spans
		if f.arrives == unsure {
			right = right && lost.Spans <= want
		} else {
			right = right && known <= want
		}
		right = right && known+lost.Messages >= want
	}
	if !right {
		t.Errorf("of %d spans %d have arrived; lost: %+v", want, got, lost)
	}
}

// behaving starts a receiver that does the same to every request.
func behaving(cfg otlptest.Config, fault otlptest.Fault) func(testing.TB, otlptest.Protocol) site {
	return func(t testing.TB, p otlptest.Protocol) site {
		t.Helper()
		r := otlptest.Start(t, cfg)
		r.SetFault(fault)
		return site{endpoint: r.Endpoint(p), receiver: r}
	}
}

func refusing(t testing.TB, _ otlptest.Protocol) site {
	t.Helper()
	return site{endpoint: "http://" + otlptest.RefusedAddr(t)}
}

func slow(t testing.TB, p otlptest.Protocol) site {
	t.Helper()
	return behaving(otlptest.Config{}, otlptest.Slow(200*time.Millisecond))(t, p)
}

func smallQueue(t testing.TB, p otlptest.Protocol) site {
	t.Helper()
	s := slow(t, p)
	s.env = []string{"OTEL_BSP_MAX_QUEUE_SIZE=10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=10"}
	return s
}

// testBack has a collector that goes away before the first span and comes back five seconds later.
func testBack(t *testing.T) {
	for _, protocol := range []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			away := otlptest.Start(t, otlptest.Config{})
			away.Stop()
			var back *otlptest.Receiver
			comesBack := func(n int) {
				if n == calls/burst/2 {
					time.Sleep(5 * time.Second)
					back = otlptest.Start(t, otlptest.Config{GRPCAddr: away.Addr(otlptest.GRPC), HTTPAddr: away.Addr(otlptest.HTTP)})
				}
			}
			s := site{endpoint: away.Endpoint(protocol)}
			e := talk(t, wrapped(t, cast.As(t, "server")), quit, comesBack, newHome(t).in(append(
				s.variables(protocol, 30*time.Second, "60000"), "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_LOG_FORMAT=json")...))
			told := readSaid(t, e.stderr)
			if told.warnings > 1 {
				t.Errorf("stderr, of which there should be one warning at most:\n%s", told.text)
			}
			f := collectorFault{arrives: map[otlptest.Protocol]arrival{otlptest.GRPC: all, otlptest.HTTP: some}[protocol]}
			f.arrived(t, back, exitSpans, &told.lost)
			for id := calls - 5; id <= calls; id++ {
				if !slices.ContainsFunc(back.Spans(), func(s otlptest.Span) bool { return s.Attrs.String("jsonrpc.request.id") == fmt.Sprint(id) }) {
					t.Errorf("the span of call %d has not arrived, though the collector was back", id)
				}
			}
		})
	}
}
