package telemetry_test

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// after is the nice value of what comes after the relay.
func after() int { return max(10, telemetry.Niceness()) }

// TestConsumerComesLast: while the session lasts, the consumer's thread comes after others. What is left when it ends, also of
// the batch that is just being consumed, is done on an ordinary one.
func TestConsumerComesLast(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	var nice []int
	held := make(chan struct{})
	var s *stage
	s = open(t, r, otlptest.GRPC, func(c *telemetry.Config) {
		c.Operation = func(*telemetry.Operation) {
			nice = append(nice, telemetry.Niceness())
			if len(nice) == 2 {
				close(held)
				<-s.tel.Stopping()
			}
		}
	})
	const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}` + "\n"
	const pong = `{"jsonrpc":"2.0","id":1,"result":{}}` + "\n"
	for n := range 5 {
		s.tel.Tap(session.ToServer).Forwarded([]byte(ping), s.start.Add(time.Duration(2*n)*time.Millisecond))
		s.tel.Tap(session.ToClient).Forwarded([]byte(pong), s.start.Add(time.Duration(2*n+1)*time.Millisecond))
	}
	<-held
	s.end(left)
	if want := []int{after(), after(), telemetry.Niceness(), telemetry.Niceness(), telemetry.Niceness()}; !slices.Equal(nice, want) {
		t.Errorf("the nice values are %v, want %v\n%s", nice, want, s.log)
	}
	if n := len(r.Spans()); n != 6 { // with the session's
		t.Errorf("%d spans, want 6", n)
	}
}

// TestExportersComeLast is the same of an exporter, which has one thread for all of the session: where the system has no new one
// to give, the runtime would end the process.
func TestExportersComeLast(t *testing.T) {
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	t.Setenv("OTEL_LOGS_EXPORTER", "none")
	exported := make(exports, 100)
	s := openTo(t, consent.Request{Telemetry: "otlp"}, func(c *telemetry.Config) { c.Preview = exported })
	s.say(`
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms < {"jsonrpc":"2.0","id":1,"result":{}}`)
	first := exported.of("ping")
	s.say(`
3ms > {"jsonrpc":"2.0","id":2,"method":"tools/list"}
4ms < {"jsonrpc":"2.0","id":2,"result":{}}
5ms > {"jsonrpc":"2.0","id":3,"method":"prompts/list"}`)
	second := exported.of("tools/list")
	if first.nice != after() || second.nice != after() || first.thread != second.thread {
		t.Errorf("while the session lasts, exports have %+v and %+v, want a nice value of %d and the same thread", first, second, after())
	}
	s.end(left)
	if last := exported.of("prompts/list"); last.nice != telemetry.Niceness() {
		t.Errorf("the last export has %+v, want a nice value of %d", last, telemetry.Niceness())
	}
}

// exports is a preview that knows who writes to it.
type exports chan export

type export struct {
	text         string
	nice, thread int
}

func (e exports) Write(p []byte) (int, error) {
	e <- export{string(p), telemetry.Niceness(), syscall.Gettid()}
	return len(p), nil
}

// of waits for the span.
func (e exports) of(span string) export {
	for {
		if sent := <-e; strings.Contains(sent.text, `"`+span+`"`) {
			sent.text = span
			return sent
		}
	}
}
