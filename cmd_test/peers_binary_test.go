package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// peerBinary returns the path of the product: SPANPIPE_TEST_BINARY, or a fresh build.
func peerBinary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("SPANPIPE_TEST_BINARY"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "spanpipe")
	if out, err := exec.Command("go", "build", "-o", path, "..").CombinedOutput(); err != nil {
		t.Fatalf("building the product: %v\n%s", err, out)
	}
	return path
}
