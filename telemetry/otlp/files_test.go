package otlp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// TestEndlessFile: a file of certificates that is larger than any is not read into memory.
func TestEndlessFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<30); err != nil { // takes no space
		t.Fatal(err)
	}
	for _, r := range otlp.Routes(lookupOf(map[string]string{"OTEL_EXPORTER_OTLP_CERTIFICATE": path})) {
		if !strings.Contains(r.Problem, "OTEL_EXPORTER_OTLP_CERTIFICATE: the file cannot be used: it is larger than 4096 KiB") {
			t.Errorf("%s: %+v", r.Signal, r)
		}
	}
}

func lookupOf(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
}
