package cmd_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestShortSessionUsage: a server exits long before the first export of metrics, behind a shell that waits for it as
// npx does. Its CPU time is what the system reports when it exits.
func TestShortSessionUsage(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	const busy = `i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done`
	h := open(t, []string{"sh", "-c", `sh -c '` + busy + `'; true`},
		"SPANPIPE_TELEMETRY=otlp", "SPANPIPE_FLUSH_TIMEOUT=30s",
		"OTEL_EXPORTER_OTLP_ENDPOINT="+r.Endpoint(otlptest.GRPC))
	if code := h.Wait().ExitCode(); code != 0 {
		t.Fatalf("exit code = %d, want 0; stderr: %s", code, h.Stderr)
	}
	user := r.Value("process.cpu.time", otlptest.Attrs{"cpu.mode": "user"})
	system := r.Value("process.cpu.time", otlptest.Attrs{"cpu.mode": "system"})
	// ProcessState has the CPU time of spanpipe and the server, so it is an upper bound.
	if most := h.Cmd.ProcessState.UserTime().Seconds(); user <= 0.01 || user > most {
		t.Errorf("process.cpu.time in user mode = %v s, want more than 0.01 and at most %v", user, most)
	}
	if most := h.Cmd.ProcessState.SystemTime().Seconds(); system > most {
		t.Errorf("process.cpu.time in system mode = %v s, want at most %v", system, most)
	}
}
