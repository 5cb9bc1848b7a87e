package cli

import (
	"errors"
	"time"

	"github.com/spanpipe/spanpipe/internal/namedfile"
)

// keyPatience is how long a session's start may wait for the key, and for the name of an account: a disk or a directory service
// that hangs is not the session's concern.
const keyPatience = 250 * time.Millisecond

// errSlow is the error of what has not answered within keyPatience.
var errSlow = errors.New("no answer within " + keyPatience.String())

// inTime calls f and returns its result, or errSlow if that takes longer than keyPatience. If f panics in time, so does inTime.
func inTime[T any](f func() (T, error)) (T, error) {
	return namedfile.Within(keyPatience, errSlow, f)
}

// begin calls f in the background, and returns what waits for its result. What the start of a session needs is begun before
// any of it is waited for: then a disk that hangs costs the longest of the waits, and not all of them. A panic of f is one of the
// waiting goroutine, where telemetry that fails does not end the session.
func begin[T any](f func() T) (wait func() T) {
	var result T
	var panicked any
	done := make(chan struct{})
	go func() { // ends when f does, which is bounded
		defer close(done)
		defer func() { panicked = recover() }()
		result = f()
	}()
	return func() T {
		<-done
		if panicked != nil {
			panic(panicked)
		}
		return result
	}
}
