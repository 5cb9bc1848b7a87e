package policy_test

import (
	"os"
	"testing"

	"github.com/spanpipe/spanpipe/internal/policy"
)

// TestFormat1: a policy as one wrote it for version 0.1.0 can be read. The file is never changed: fleets have such policies.
func TestFormat1(t *testing.T) {
	text, err := os.ReadFile("testdata/format1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if p.Defaults.OTLP == nil || p.Locks.OTLP.HeadersFile != "/etc/spanpipe/headers" || len(p.ForbidSinks) != 1 || len(p.ForbidCapture) != 2 {
		t.Errorf("%+v", p)
	}
}
