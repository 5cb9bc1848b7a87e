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

var update = flag.Bool("update", false, "write this package's section of docs/reliability.md anew")

// faults is what can go wrong inside telemetry and cannot be brought about from outside.
func faults() []reliability.Section {
	const off = "telemetry is off for the rest of the session; said once"
	return []reliability.Section{{Rows: []reliability.Row{
		{What: "a panic in the consumer, where the tracker runs", Outcome: off, Test: testPanic(func(c *telemetry.Config) {
			c.Sinks = []session.Sink{ended(func(*record.Operation) { panic("a defect in the consumer") })}
		})},
		{What: "a panic in an exporter", Outcome: off, Test: testPanic(func(c *telemetry.Config) { c.Preview = panickingWriter{} })},
		{What: "a panic in a scanner, which the relay catches", Outcome: off, Test: testFailedTap},
		{What: "messages that nobody has come to look at when the time for it is up", Outcome: "they are counted as lost; what was looked at is sent", Test: testAbandoned},
		{What: "more lines on stderr than there is time to look at", Outcome: "the others are counted as lost; no message is", Test: testFloodOfLines},
		{What: "a clock that is set back by an hour while a call runs", Test: testClockSetBack,
			Outcome: "durations and the order of times are those of the monotonic clock"},
		{What: "a machine that sleeps for eight hours while a call runs, or whose clock is set forward", Test: testSleep,
			Outcome: "what comes after is dated by the clock; the sleep is part of the call's span, not of its duration in metrics"},
	}}}
}

func TestFaults(t *testing.T) { reliability.Run(t, faults()) }

// TestReliabilityPage keeps the page's table the same as the tests. With -update it writes it.
func TestReliabilityPage(t *testing.T) {
	reliability.Page(t, "../docs/reliability.md", "faults inside telemetry", faults(), *update)
}

// testAbandoned holds the consumer up in the third of ten calls, as a machine does that has no time for it.
func testAbandoned(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	held, release := make(chan struct{}), make(chan struct{})
	finished := 0
	s := open(t, r, otlptest.GRPC, func(c *telemetry.Config) {
		c.Sinks = []session.Sink{ended(func(*record.Operation) {
			if finished++; finished == 3 {
				close(held)
				<-release
			}
		})}
	})
	defer close(release)
	const call = `
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms < {"jsonrpc":"2.0","id":1,"result":{}}`
	s.say("1ms > {\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}" + strings.Repeat(call, 3))
	<-held
	s.say(strings.Repeat(call, 7))
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	s.tel.Close(ctx, left)
	// The answer in which it is held up is not done with, though its span is there. That of tools/list is not going to be.
	if !strings.Contains(s.log.String(), "messages=15 contents=0 spans=1 log_records=0") {
		t.Errorf("want 15 messages and one span lost:\n%s", s.log)
	}
	if n := len(r.Spans()); n != 4 {
		t.Errorf("%d spans have arrived, want those of the session and of three calls", n)
	}
}

// testFloodOfLines has more lines on stderr than may wait.
func testFloodOfLines(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	for _, entry := range r.Env(otlptest.GRPC) {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
	held, release := make(chan struct{}), make(chan struct{})
	s := openTo(t, consent.Request{Telemetry: "otlp", Capture: "stderr"}, func(c *telemetry.Config) {
		c.Sinks = []session.Sink{ended(func(op *record.Operation) {
			if op.Method == "ping" {
				close(held)
				<-release
			}
		})}
	})
	s.say(`
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms < {"jsonrpc":"2.0","id":1,"result":{}}`)
	<-held
	s.tel.Stderr().Forwarded([]byte(strings.Repeat("x\n", 5000)), s.start)
	s.say(`
3ms > {"jsonrpc":"2.0","id":2,"method":"tools/list"}
4ms < {"jsonrpc":"2.0","id":2,"result":{}}`)
	close(release)
	s.end(left)
	r.WaitSpan(t, "tools/list")
	if !strings.Contains(s.log.String(), "messages=0 contents=904") {
		t.Errorf("want 904 of 5,000 lines lost, and no message:\n%s", s.log)
	}
}

// testClockSetBack shows the taps readings as they are after the wall clock was set back: everything must be counted from
// the session's start on the monotonic clock. A process cannot be given a wall clock of its own (a time namespace has only
// the monotonic one), so this is tested here and not with the built program.
func testClockSetBack(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	hear := func(dir session.Direction, at time.Time, line string) {
		s.tel.Tap(dir).Forwarded([]byte(line+"\n"), at)
	}
	hear(session.ToServer, s.start.Add(10*time.Millisecond), `{"jsonrpc":"2.0","id":1,"method":"ping"}`)
	hear(session.ToClient, setBack(s.start.Add(30*time.Millisecond)), `{"jsonrpc":"2.0","id":1,"result":{}}`)
	hear(session.ToServer, setBack(s.start.Add(40*time.Millisecond)), `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`)
	hear(session.ToClient, setBack(s.start.Add(45*time.Millisecond)), `{"jsonrpc":"2.0","id":2,"result":{}}`)
	s.end(left)
	before, after := r.WaitSpan(t, "ping"), r.WaitSpan(t, "tools/list")
	if d := before.Duration(); d != 20*time.Millisecond {
		t.Errorf("the call in which the clock was set back took %v, want 20ms", d)
	}
	if d := after.Start.Sub(before.End); d != 10*time.Millisecond {
		t.Errorf("the next call began %v after it, want 10ms", d)
	}
	if p := r.Histogram("mcp.server.operation.duration", otlptest.Attrs{"mcp.method.name": "ping"}); p.Count != 1 || p.Total < 0.0199 || p.Total > 0.0201 {
		t.Errorf("the metric has %d calls of %v s", p.Count, p.Total)
	}
}

// testSleep shows the taps readings as they are after a sleep: the monotonic clock has stood still.
func testSleep(t *testing.T) {
	const asleep = 8 * time.Hour
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	hear := func(dir session.Direction, at time.Time, line string) {
		s.tel.Tap(dir).Forwarded([]byte(line+"\n"), at)
	}
	hear(session.ToServer, s.start.Add(10*time.Millisecond), `{"jsonrpc":"2.0","id":1,"method":"ping"}`)
	hear(session.ToClient, s.start.Add(20*time.Millisecond), `{"jsonrpc":"2.0","id":1,"result":{}}`)
	hear(session.ToServer, s.start.Add(30*time.Millisecond), `{"jsonrpc":"2.0","id":2,"method":"prompts/list"}`)
	hear(session.ToClient, shifted(s.start.Add(50*time.Millisecond), asleep), `{"jsonrpc":"2.0","id":2,"result":{}}`)
	hear(session.ToServer, shifted(s.start.Add(60*time.Millisecond), asleep), `{"jsonrpc":"2.0","id":3,"method":"tools/list"}`)
	hear(session.ToClient, shifted(s.start.Add(90*time.Millisecond), asleep), `{"jsonrpc":"2.0","id":3,"result":{}}`)
	s.end(left)
	before, across, after := r.WaitSpan(t, "ping"), r.WaitSpan(t, "prompts/list"), r.WaitSpan(t, "tools/list")
	for what, d := range map[string][2]time.Duration{
		"the first call took":   {before.Duration(), 10 * time.Millisecond},
		"the second came after": {across.Start.Sub(before.End), 10 * time.Millisecond},
		"it took":               {across.Duration(), asleep + 20*time.Millisecond},
		"the third came after":  {after.Start.Sub(across.End), 10 * time.Millisecond},
		"that took":             {after.Duration(), 30 * time.Millisecond},
	} {
		if d[0].Round(time.Millisecond) != d[1] { // the two clocks are not read in the same nanosecond
			t.Errorf("%s %v, want %v", what, d[0], d[1])
		}
	}
	if p := r.Histogram("mcp.server.operation.duration", otlptest.Attrs{"mcp.method.name": "prompts/list"}); p.Count != 1 || p.Total < 0.0199 || p.Total > 0.0201 {
		t.Errorf("the metric has %d calls of %v s, want one of 20 ms", p.Count, p.Total)
	}
}

func setBack(at time.Time) time.Time { return shifted(at, -time.Hour) }

// shifted is a reading of both clocks after the wall clock was shifted by whole seconds. Package time has no way to make one:
// of a reading with both, the first word is a flag, 33 bits of wall seconds and 30 of nanoseconds (see type time.Time).
func shifted(at time.Time, by time.Duration) time.Time {
	wall := (*uint64)(unsafe.Pointer(&at))
	*wall += uint64(by/time.Second) << 30
	return at
}

// TestSetBack holds setBack to what it says, in case type Time changes.
func TestSetBack(t *testing.T) {
	now := time.Now()
	back := setBack(now.Add(time.Second))
	if d := back.Sub(now); d != time.Second {
		t.Errorf("the monotonic clock went on by %v, want 1s", d)
	}
	if d := back.Round(0).Sub(now.Round(0)); d != time.Second-time.Hour {
		t.Errorf("the wall clock went on by %v, want -59m59s", d)
	}
}
