//go:build unix

package admin_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/admin"
)

// TestSocketMode: a socket is for the user alone from its creation on, whatever the umask is. No test may run beside
// this one: the umask is the process's.
func TestSocketMode(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077, 0o777} {
		path := socketPath(t)
		old := syscall.Umask(mask)
		s, err := admin.Listen("unix:" + path)
		after := syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != os.ModeSocket|0o600 {
			t.Errorf("with umask %#o the mode is %v (%v)", mask, info.Mode(), err)
		}
		if after != mask {
			t.Errorf("umask %#o has become %#o", mask, after)
		}
		s.Close(t.Context())
	}
}

// TestSocketIsNeverOpen looks at a socket all the time while it is made: at no moment may another user open it.
func TestSocketIsNeverOpen(t *testing.T) {
	path := socketPath(t)
	defer syscall.Umask(syscall.Umask(0))
	stop, watched := make(chan struct{}), make(chan os.FileMode)
	go func() { // ends with stop; its result is waited for
		var widest os.FileMode
		for {
			if info, err := os.Lstat(path); err == nil {
				widest |= info.Mode()
			}
			select {
			case <-stop:
				watched <- widest
				return
			default:
			}
		}
	}()
	for range 500 {
		s, err := admin.Listen("unix:" + path)
		if err != nil {
			t.Fatal(err)
		}
		s.Close(t.Context())
	}
	close(stop)
	if widest := <-watched; widest&0o077 != 0 {
		t.Errorf("it was seen with the mode %v", widest)
	}
}
