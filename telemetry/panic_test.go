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

// testPanic returns a test of a panic inside telemetry. It turns telemetry off with one warning; the taps and Close
// keep working. The relay recovers from panics in the taps themselves and calls Fail.
func testPanic(change func(*telemetry.Config)) func(t *testing.T) {
	return func(t *testing.T) {
		r := otlptest.Start(t, otlptest.Config{})
		s := open(t, r, otlptest.GRPC, change)
		for range 3 {
			s.say(`
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms < {"jsonrpc":"2.0","id":1,"result":{}}`)
		}
		// An exporter that panicked may still hold its locks. Then Close returns at the deadline.
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		s.tel.Close(ctx, left)
		if got := strings.Count(s.log.String(), "telemetry is off for the rest of this session"); got != 1 {
			t.Errorf("%d warnings, want 1:\n%s", got, s.log)
		}
		if !strings.Contains(s.log.String(), "a defect in") {
			t.Errorf("log = %s, want the value of the panic in it", s.log)
		}
	}
}

// testFailedTap: the first Fail turns telemetry off with one warning, which is redacted.
func testFailedTap(t *testing.T) {
	s := openTo(t, consent.Request{Telemetry: "console"}, func(c *telemetry.Config) {
		c.Sinks = []session.Sink{ended(func(*record.Operation) {
			t.Error("the sink received an operation after Fail")
		})}
	})
	s.tel.Fail("a defect in a scanner, at a message of ann@example.com")
	s.tel.Fail("another")
	s.say(`1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}`)
	s.end(left)
	log := s.log.String()
	if strings.Count(log, "telemetry is off") != 1 ||
		!strings.Contains(log, "a defect in a scanner, at a message of [redacted:email]") {
		t.Errorf("log = %s, want one warning with the redacted reason of the first Fail", log)
	}
}
