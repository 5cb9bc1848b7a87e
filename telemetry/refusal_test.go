package telemetry_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
)

// TestBackendOfTracesAlone: Jaeger takes traces and knows nothing of metrics and logs. Whoever uses it is not to be warned of
// that in every session.
func TestBackendOfTracesAlone(t *testing.T) {
	for _, p := range []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP} {
		t.Run(string(p), func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			r.SetFault(otlptest.Fail(codes.Unimplemented, 404), otlptest.Metrics, otlptest.Logs)
			s := open(t, r, p, nil)
			s.say(`
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms < {"jsonrpc":"2.0","id":1,"result":{}}`)
			s.end(left)
			if len(r.SpansNamed("ping")) != 1 {
				t.Errorf("the span did not arrive\n%s", r.Summary())
			}
			if s.log.String() != "" {
				t.Errorf("warned:\n%s", s.log)
			}
		})
	}
}

// TestUnimplementedTracesAreATrouble: without traces there is nothing to look at.
func TestUnimplementedTracesAreATrouble(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	r.SetFault(otlptest.Fail(codes.Unimplemented, 404), otlptest.Traces)
	s := open(t, r, otlptest.GRPC, nil)
	s.say(`1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}`)
	s.end(left)
	if strings.Count(s.log.String(), "telemetry cannot be delivered") != 1 {
		t.Errorf("log:\n%s", s.log)
	}
}

// TestPartialSuccess: a collector says how much it has refused of what it was sent; the rest has arrived.
func TestPartialSuccess(t *testing.T) {
	for _, p := range []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP} {
		for refused, want := range map[int64]string{0: "", 2: "messages=0 contents=0 spans=2 log_records=2", 1000: "messages=0 contents=0 spans=4 log_records=3"} {
			t.Run(fmt.Sprint(p, refused), func(t *testing.T) {
				r := otlptest.Start(t, otlptest.Config{})
				r.SetFault(otlptest.Partial(refused, "too (9 spans rejected)\nmany"))
				var buf syncBuffer
				s := open(t, r, p, func(c *telemetry.Config) { c.Logger = slog.New(slog.NewTextHandler(&buf, nil)) })
				for id := range 3 {
					s.say(fmt.Sprintf(`
1ms > {"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"x"}}
2ms < {"jsonrpc":"2.0","id":%[1]d,"error":{"code":-32602,"message":"m"}}`, id))
				}
				s.end(left)
				log := buf.String()
				if refused == 0 && (strings.Count(log, "with a remark") != 1 || strings.Contains(log, "lost") || strings.Contains(log, "cannot")) {
					t.Errorf("want a remark told once, and nothing else:\n%s", log)
				}
				if refused > 0 && strings.Count(log, "cannot be delivered") != 1 || !strings.Contains(log, want) {
					t.Errorf("want %s:\n%s", want, log)
				}
			})
		}
	}
}
