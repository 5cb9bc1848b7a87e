package telemetry_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/spanpipe/spanpipe/internal/otlptest"
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
