package telemetry_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry"
)

// TestReturnPages: pages of the program go, of which there are few here that the test itself does not need, and the program runs on.
func TestReturnPages(t *testing.T) {
	before := filePages(t)
	telemetry.ReturnPages()
	after := filePages(t)
	t.Logf("%d KiB before, %d after", before, after)
	if after > before*9/10 {
		t.Errorf("%d KiB of files were in memory, and still %d are", before, after)
	}
}

// filePages is RssFile of this process (see proc(5)), in KiB.
func filePages(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "RssFile:")
	n, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
