package telemetry_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

type panickingWriter struct{}

func (panickingWriter) Write([]byte) (int, error) { panic("a defect in an exporter") }

// testPanic is the test of a panic of ours: it ends telemetry, is said once, and neither taps nor the end of the session
// notice. A panic in a tap itself is the relay's to catch, which tells Fail.
func testPanic(change func(*telemetry.Config)) func(t *testing.T) {
	return func(t *testing.T) {
		r := otlptest.Start(t, otlptest.Config{})
		s := open(t, r, otlptest.GRPC, change)
		for range 3 {
			s.say(`
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms < {"jsonrpc":"2.0","id":1,"result":{}}`)
		}
		// An exporter that has panicked may hold its locks: then the end takes the time it is given, and no more.
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		s.tel.Close(ctx, left)
		if got := strings.Count(s.log.String(), "telemetry is off for the rest of this session"); got != 1 {
			t.Errorf("said %d times, want once:\n%s", got, s.log)
		}
		if !strings.Contains(s.log.String(), "a defect in") {
			t.Errorf("the panic is not told:\n%s", s.log)
		}
	}
}

func testFailedTap(t *testing.T) {
	s := openTo(t, consent.Request{Telemetry: "console"}, func(c *telemetry.Config) {
		c.Sinks = []session.Sink{ended(func(*record.Operation) { t.Error("an operation after telemetry was switched off") })}
	})
	s.tel.Fail("a defect in a scanner, at a message of ann@example.com")
	s.tel.Fail("another")
	s.say(`1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}`)
	s.end(left)
	if strings.Count(s.log.String(), "telemetry is off") != 1 || !strings.Contains(s.log.String(), "a defect in a scanner, at a message of [redacted:email]") {
		t.Errorf("log:\n%s", s.log)
	}
}
