package otlptest

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
)

// Fault is what a receiver does with a complete request. The zero value accepts it.
type Fault struct {
	kind     faultKind
	delay    time.Duration // before the response
	code     codes.Code    // the response over gRPC
	status   int           // the response over HTTP
	retry    time.Duration // what the response asks the exporter to wait before it retries
	rejected int64         // items a partial success claims to have refused
	message  string
}

type faultKind uint8

const (
	accept faultKind = iota
	hang
	fail
	garbage
	cut
	lost
	partial
)

// Accept takes the request as a healthy receiver does.
func Accept() Fault { return Fault{} }

// Slow accepts the request after a delay.
func Slow(delay time.Duration) Fault { return Fault{delay: delay} }

// Hang reads the request and never answers, until the client goes away or the receiver stops.
func Hang() Fault { return Fault{kind: hang} }

// Garbage answers with success and bytes that are not an OTLP response.
func Garbage() Fault { return Fault{kind: garbage} }

// Cut closes the connection in the middle of the exchange: over HTTP after half a response, over gRPC before any.
func Cut() Fault { return Fault{kind: cut} }

// Lost accepts the request and closes the connection before it has answered: the exporter cannot know.
func Lost() Fault { return Fault{kind: lost} }

// Internal answers gRPC INTERNAL or HTTP 500: exporters give up on the request.
func Internal() Fault { return Fail(codes.Internal, 500) }

// Unavailable answers gRPC UNAVAILABLE or HTTP 503: exporters try again.
func Unavailable() Fault { return Fail(codes.Unavailable, 503) }

// Exhausted answers gRPC RESOURCE_EXHAUSTED with RetryInfo or HTTP 429 with Retry-After (whole seconds, rounded up):
// exporters try again after retry. Over gRPC a retry of 0 sends no RetryInfo, which makes the failure final.
func Exhausted(retry time.Duration) Fault {
	return Fault{kind: fail, code: codes.ResourceExhausted, status: 429, retry: retry, message: "too much"}
}

// Fail answers with a status of gRPC or HTTP, whichever the request came by.
func Fail(code codes.Code, status int) Fault { return FailSaying(code, status, "refused by the test") }

// FailSaying is Fail with a message.
func FailSaying(code codes.Code, status int, message string) Fault {
	return Fault{kind: fail, code: code, status: status, message: message}
}

// Partial accepts the request and claims that it refused some of its items, with a message for the exporter's user.
func Partial(rejected int64, message string) Fault {
	return Fault{kind: partial, rejected: rejected, message: message}
}

// SetFault sets the fault of all later exports of the given signals, or of every signal if none is given.
func (r *Receiver) SetFault(f Fault, signals ...Signal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, signal := range orAll(signals) {
		r.standing[signal] = f
	}
}

// Script sets the faults of the next exports of a signal, one each. The fault of SetFault applies again after them.
func (r *Receiver) Script(signal Signal, faults ...Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script[signal] = append([]Fault(nil), faults...)
}

func orAll(signals []Signal) []Signal {
	if len(signals) == 0 {
		return []Signal{Traces, Metrics, Logs}
	}
	return signals
}

// wait waits as long as the fault delays the response. It reports false if the exchange ended meanwhile.
func (r *Receiver) wait(ctx context.Context, f Fault) bool {
	var timer <-chan time.Time // nil, which never fires, for Hang
	switch {
	case f.kind == hang:
	case f.delay > 0:
		timer = time.After(f.delay)
	default:
		return true
	}
	select {
	case <-timer:
		return true
	case <-ctx.Done():
		return false
	case <-r.done:
		return false
	}
}
