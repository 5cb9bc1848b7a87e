package cli_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/internal/cli"
)

// TestBegin: what was begun is waited for at the same time, each for as long as it may take and only once; what is there in time
// has its own result.
func TestBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung, cause := make(chan bool), errors.New("cause")
		defer close(hung)
		hang := func() (bool, error) { return <-hung, nil }
		start := time.Now()
		first, second := cli.Begin(hang), cli.Begin(hang)
		third := cli.Begin(func() (bool, error) { return true, first() }) // such as what needs a key
		quick, failed := cli.Begin(func() (bool, error) { return true, nil }), cli.Begin(func() (bool, error) { return false, cause })
		if err := quick(); err != nil {
			t.Error(err)
		}
		if err := failed(); !errors.Is(err, cause) {
			t.Errorf("the error is %v", err)
		}
		if passed := time.Since(start); passed != 0 {
			t.Errorf("what is there took %v", passed)
		}
		for range 2 {
			for _, wait := range []func() error{first, second, third} {
				if wait() == nil {
					t.Error("what hangs has no error")
				}
			}
		}
		if passed := time.Since(start); passed != cli.KeyPatience {
			t.Errorf("what hangs was waited for for %v, want %v", passed, cli.KeyPatience)
		}
	})
}

// TestBeginPanics: a panic is one of the goroutine that waits, so that what guards a session's telemetry catches it.
func TestBeginPanics(t *testing.T) {
	wait := cli.Begin(func() (bool, error) { panic("broken") })
	defer func() {
		if got := recover(); got != "broken" {
			t.Errorf("recovered %v", got)
		}
	}()
	_ = wait()
	t.Error("no panic")
}
