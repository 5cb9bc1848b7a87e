package otlp_test

import (
	"fmt"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// TestSecretsBounded: keys that are replaced all day are not remembered forever; those of late are hidden.
func TestSecretsBounded(t *testing.T) {
	var keys []string
	for i := range 1100 {
		keys = append(keys, fmt.Sprintf("secret-%04d", i))
	}
	got, n := otlp.Hide(keys, "secret-0000 secret-0100 secret-1099")
	if want := "secret-0000 - -"; n != 1000 || got != want {
		t.Errorf("%d words are remembered; %q, want %q", n, got, want)
	}
}
