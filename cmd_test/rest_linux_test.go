package cmd_test

import (
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestRest: in a session in which nothing happens no thread of spanpipe wakes up, so that a wrapper beside every server
// does not keep a machine awake. With a collector there are exports of metrics, a minute from one another.
func TestRest(t *testing.T) {
	if testing.Short() {
		t.Skip("waits until nothing happens any more")
	}
	r := otlptest.Start(t, otlptest.Config{})
	for name, variables := range map[string][]string{
		"console": {"SPANPIPE_TELEMETRY=console"},
		"local":   {"SPANPIPE_TELEMETRY=local"},
		"otlp":    {"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=" + r.Endpoint(otlptest.GRPC)},
		"http": {
			"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=" + r.Endpoint(otlptest.HTTP),
			"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, cast.As(t, "server"), variables...)
			c := mcptest.Connect(h)
			c.Tool("echo", nil)
			const still = 3 * time.Second               // much longer than any timer that would wake a session
			deadline := time.Now().Add(3 * time.Minute) // a busy machine only delays the rest
			for before, resting := -1, false; !resting; {
				now, err := mcptest.Wakeups(h.Cmd.Process.Pid)
				if err != nil {
					t.Fatal(err)
				}
				if time.Now().After(deadline) {
					t.Fatalf("threads still wake up: %d times in %v", now-before, still)
				}
				resting, before = now == before, now
				time.Sleep(still)
			}
		})
	}
}
