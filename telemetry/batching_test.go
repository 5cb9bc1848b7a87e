package telemetry_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestBatchingVariables: a variable that the SDK would panic at, or for which there is not enough memory, costs no session and
// no span. Each that cannot be understood is told once.
func TestBatchingVariables(t *testing.T) {
	for _, prefix := range []string{"OTEL_BSP_", "OTEL_BLRP_"} {
		for _, name := range []string{"MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE", "SCHEDULE_DELAY"} {
			for value, told := range map[string]int{"-1": 1, "0": 1, "many": 1, "9223372036854775807": 0, "1000": 0} {
				t.Run(prefix+name+"="+value, func(t *testing.T) {
					r := otlptest.Start(t, otlptest.Config{})
					t.Setenv(prefix+name, value)
					s := open(t, r, otlptest.GRPC, nil)
					s.say(`
1ms > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}
2ms < {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"m"}}`)
					s.end(left)
					if spans, records := len(r.Spans()), len(r.Records()); spans != 2 || records != 1 {
						t.Errorf("%d spans and %d records have arrived, want 2 and 1", spans, records)
					}
					if got := strings.Count(s.log.String(), "variable="+prefix+name); got != told {
						t.Errorf("told %d times, want %d:\n%s", got, told, s.log)
					}
				})
			}
		}
	}
}
