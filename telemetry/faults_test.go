package telemetry_test

import (
	"context"
	"flag"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/reliability"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

var update = flag.Bool("update", false, "rewrite this package's section of docs/reliability.md")

// faults lists the faults inside telemetry that cannot be caused from outside.
func faults() []reliability.Section {
	const off = "telemetry is off for the rest of the session; one warning"
	return []reliability.Section{{Rows: []reliability.Row{
		{What: "a panic in the consumer, where the tracker runs", Outcome: off,
			Test: testPanic(func(c *telemetry.Config) {
				c.Sinks = []session.Sink{ended(func(*record.Operation) { panic("a defect in the consumer") })}
			})},
		{What: "a panic in an exporter", Outcome: off,
			Test: testPanic(func(c *telemetry.Config) { c.Preview = panickingWriter{} })},
		{What: "a panic in a scanner, which the relay catches", Outcome: off, Test: testFailedTap},
		{What: "messages that are not processed before the flush bound", Test: testUnprocessedMessages,
			Outcome: "they are counted as lost; telemetry of the others is sent"},
		{What: "more lines on stderr than the queue holds", Test: testFloodOfLines,
			Outcome: "the excess lines are counted as lost; no message is"},
		{What: "a clock that is set back by an hour while a call runs", Test: testClockSetBack,
			Outcome: "durations and the order of times follow the monotonic clock"},
		{What: "a machine that sleeps for eight hours while a call runs, or whose clock is set forward",
			Test: testSleep,
			Outcome: "later times follow the wall clock; " +
				"the sleep is part of the call's span, but not of its duration in metrics"},
	}}}
}

// TestFaults runs the faults that docs/reliability.md lists.
func TestFaults(t *testing.T) { reliability.Run(t, faults()) }

// TestReliabilityPage compares the page's table with the tests. With -update it rewrites the table.
func TestReliabilityPage(t *testing.T) {
	reliability.Page(t, "../docs/reliability.md", "faults inside telemetry", faults(), *update)
}

// testUnprocessedMessages blocks the consumer in the third of ten calls, as an overloaded machine might.
func testUnprocessedMessages(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	blocked, release := make(chan struct{}), make(chan struct{})
	finished := 0
	s := open(t, r, otlptest.GRPC, func(c *telemetry.Config) {
		c.Sinks = []session.Sink{ended(func(*record.Operation) {
			if finished++; finished == 3 {
				close(blocked)
				<-release
			}
		})}
	})
	defer close(release)
	const call = `
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms < {"jsonrpc":"2.0","id":1,"result":{}}`
	s.say("1ms > {\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}" + strings.Repeat(call, 3))
	<-blocked
	s.say(strings.Repeat(call, 7))
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	s.tel.Close(ctx, left)
	// The blocked response counts as lost although its span exists. The span of tools/list, which is open, is lost.
	if !strings.Contains(s.log.String(), "messages=15 contents=0 spans=1 log_records=0") {
		t.Errorf("got %s\nwant 15 messages and 1 span lost", s.log)
	}
	if n := len(r.Spans()); n != 4 {
		t.Errorf("%d spans arrived, want 4: the session and three calls", n)
	}
}

// testFloodOfLines writes more lines to stderr than the queue holds while the consumer is blocked.
func testFloodOfLines(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	exportTo(t, r, otlptest.GRPC)
	blocked, release := make(chan struct{}), make(chan struct{})
	s := openTo(t, consent.Request{Telemetry: "otlp", Capture: "stderr"}, func(c *telemetry.Config) {
		c.Sinks = []session.Sink{ended(func(op *record.Operation) {
			if op.Method == "ping" {
				close(blocked)
				<-release
			}
		})}
	})
	s.say(`
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms < {"jsonrpc":"2.0","id":1,"result":{}}`)
	<-blocked
	s.tel.Stderr().Forwarded([]byte(strings.Repeat("x\n", 5000)), s.start)
	s.say(`
3ms > {"jsonrpc":"2.0","id":2,"method":"tools/list"}
4ms < {"jsonrpc":"2.0","id":2,"result":{}}`)
	close(release)
	s.end(left)
	r.WaitSpan(t, "tools/list")
	if !strings.Contains(s.log.String(), "messages=0 contents=904") {
		t.Errorf("got %s\nwant 904 of 5,000 lines lost, and no message", s.log)
	}
}

// testClockSetBack passes times to the taps as they are after the wall clock is set back. All times must follow from
// the session's start and the monotonic clock. A time namespace changes only the monotonic clock, so the built program
// cannot be tested with another wall clock.
func testClockSetBack(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	send := func(dir record.Direction, at time.Time, line string) {
		s.tel.Tap(dir).Forwarded([]byte(line+"\n"), at)
	}
	send(record.ToServer, s.start.Add(10*time.Millisecond), `{"jsonrpc":"2.0","id":1,"method":"ping"}`)
	send(record.ToClient, setBack(s.start.Add(30*time.Millisecond)), `{"jsonrpc":"2.0","id":1,"result":{}}`)
	send(record.ToServer, setBack(s.start.Add(40*time.Millisecond)), `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`)
	send(record.ToClient, setBack(s.start.Add(45*time.Millisecond)), `{"jsonrpc":"2.0","id":2,"result":{}}`)
	s.end(left)
	before, after := r.WaitSpan(t, "ping"), r.WaitSpan(t, "tools/list")
	if d := before.Duration(); d != 20*time.Millisecond {
		t.Errorf("duration of the call in which the clock is set back = %v, want 20ms", d)
	}
	if d := after.Start.Sub(before.End); d != 10*time.Millisecond {
		t.Errorf("the next call starts %v after it, want 10ms", d)
	}
	checkDuration(t, r, "ping")
}

// testSleep passes times to the taps as they are after a sleep, during which the monotonic clock stands still.
func testSleep(t *testing.T) {
	const asleep = 8 * time.Hour
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	send := func(dir record.Direction, at time.Time, line string) {
		s.tel.Tap(dir).Forwarded([]byte(line+"\n"), at)
	}
	send(record.ToServer, s.start.Add(10*time.Millisecond), `{"jsonrpc":"2.0","id":1,"method":"ping"}`)
	send(record.ToClient, s.start.Add(20*time.Millisecond), `{"jsonrpc":"2.0","id":1,"result":{}}`)
	send(record.ToServer, s.start.Add(30*time.Millisecond), `{"jsonrpc":"2.0","id":2,"method":"prompts/list"}`)
	send(record.ToClient, shifted(s.start.Add(50*time.Millisecond), asleep), `{"jsonrpc":"2.0","id":2,"result":{}}`)
	send(record.ToServer, shifted(s.start.Add(60*time.Millisecond), asleep),
		`{"jsonrpc":"2.0","id":3,"method":"tools/list"}`)
	send(record.ToClient, shifted(s.start.Add(90*time.Millisecond), asleep), `{"jsonrpc":"2.0","id":3,"result":{}}`)
	s.end(left)
	before, across, after := r.WaitSpan(t, "ping"), r.WaitSpan(t, "prompts/list"), r.WaitSpan(t, "tools/list")
	for what, d := range map[string][2]time.Duration{
		"duration of the first call":        {before.Duration(), 10 * time.Millisecond},
		"from the first to the second":      {across.Start.Sub(before.End), 10 * time.Millisecond},
		"duration of the second call":       {across.Duration(), asleep + 20*time.Millisecond},
		"from the second call to the third": {after.Start.Sub(across.End), 10 * time.Millisecond},
		"duration of the third call":        {after.Duration(), 30 * time.Millisecond},
	} {
		if d[0].Round(time.Millisecond) != d[1] { // the two clocks are not read in the same nanosecond
			t.Errorf("%s = %v, want %v", what, d[0], d[1])
		}
	}
	checkDuration(t, r, "prompts/list")
}

// checkDuration expects the duration metric to have one call of a method, of 20 ms.
func checkDuration(t *testing.T, r *otlptest.Receiver, method string) {
	t.Helper()
	p := r.Histogram("mcp.server.operation.duration", otlptest.Attrs{"mcp.method.name": method})
	if p.Count != 1 || p.Total < 0.0199 || p.Total > 0.0201 {
		t.Errorf("duration metric of %s: count %d, total %v s; want 1, 0.02 s", method, p.Count, p.Total)
	}
}

// setBack returns at as it would be after the wall clock was set back by an hour.
func setBack(at time.Time) time.Time { return shifted(at, -time.Hour) }

// shifted returns a reading of both clocks after the wall clock was shifted by whole seconds. Package time cannot make
// one. The first word of a time.Time with both readings has a flag, 33 bits of wall seconds and 30 bits of nanoseconds.
func shifted(at time.Time, by time.Duration) time.Time {
	wall := (*uint64)(unsafe.Pointer(&at))
	*wall += uint64(by/time.Second) << 30
	return at
}

// TestSetBack checks setBack, in case the layout of time.Time changes.
func TestSetBack(t *testing.T) {
	now := time.Now()
	back := setBack(now.Add(time.Second))
	if d := back.Sub(now); d != time.Second {
		t.Errorf("the monotonic clock advanced by %v, want 1s", d)
	}
	if d := back.Round(0).Sub(now.Round(0)); d != time.Second-time.Hour {
		t.Errorf("the wall clock advanced by %v, want -59m59s", d)
	}
}
