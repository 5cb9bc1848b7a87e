package otlp_test

import (
	"fmt"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// TestSecretsBounded: keys that are replaced all day are not remembered forever; those of late are hidden.
func TestSecretsBounded(t *testing.T) {
	var values []string
	for i := range 1100 {
		values = append(values, fmt.Sprintf("Bearer secret-%04d", i))
	}
	n, got := otlp.HideWords("secret-0000 secret-0100 secret-1099", values...)
	if want := "secret-0000 [redacted:header] [redacted:header]"; n != 1000 || got != want {
		t.Errorf("%d words are remembered; %q, want %q", n, got, want)
	}
}
