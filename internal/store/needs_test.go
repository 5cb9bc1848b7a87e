package store_test

import (
	"runtime"
	"testing"
)

func needsUnix(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("permissions and links are Unix'")
	}
}

func needsLimit(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no limit on the size of a file")
	}
}
