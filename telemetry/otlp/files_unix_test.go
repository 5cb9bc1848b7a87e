//go:build !windows

package otlp_test

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// TestPipeForFile: a pipe that is never written does not hold a session, whichever file of TLS it is named for.
func TestPipeForFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{{"CERTIFICATE"}, {"CLIENT_CERTIFICATE", "CLIENT_KEY"}} {
		variables := map[string]string{}
		for _, name := range names {
			variables["OTEL_EXPORTER_OTLP_"+name] = pipe
		}
		for _, r := range otlp.Routes(lookupOf(variables)) {
			if !strings.Contains(r.Problem, "OTEL_EXPORTER_OTLP_"+names[0]+": the file cannot be used: it is not a regular file") {
				t.Errorf("%s: %+v", r.Signal, r)
			}
		}
	}
}
