package otlp

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// attempt is how one try to send something ended.
type attempt struct {
	err      error  // the connection's, or gRPC's status
	status   int    // HTTP's, if there was a response
	location string // where it redirects to
}

// failed reports whether the collector did not take what was sent.
func (a attempt) failed() bool { return a.err != nil || a.status >= http.StatusMultipleChoices }

// attempts remembers the last failure of a route. The exporters try again for seconds, within which a session may end,
// and of an HTTP response their errors keep only the text. It is safe for concurrent use.
type attempts struct {
	mu      sync.Mutex
	last    attempt // the last failure, unless something has been delivered since
	pending int     // attempts that have not ended
}

func (a *attempts) start() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending++
}

// end notes how an attempt ended. One that ran out of time says less than the failure before it.
func (a *attempts) end(ended attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending--
	if !outOfTime(ended.err) || !a.last.failed() || explains(ended.err) {
		a.last = ended
	}
}

// forget forgets the last failure: it says nothing about another request.
func (a *attempts) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = attempt{}
}

// failure returns the last failure, and whether an attempt is waiting for its end.
func (a *attempts) failure() (last attempt, pending bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last, a.pending > 0
}

// outOfTime reports whether an export was cut off: its time was over, or the session.
func outOfTime(err error) bool {
	code := status.Code(err)
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		err != nil && (code == codes.DeadlineExceeded || code == codes.Canceled)
}
