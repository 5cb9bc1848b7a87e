package otlp

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Verdict is how an attempt of a Sender ended, by what can be done next. It follows
// https://opentelemetry.io/docs/specs/otlp/#failures and #failures-1.
type Verdict int

// The verdicts.
const (
	Delivered   Verdict = iota // the collector has acknowledged it
	Later                      // nothing is known or the collector takes no more for now: it can be sent again
	TooLarge                   // a part of it may be taken
	Refused                    // the collector cannot take these data, and could not later
	Unsupported                // the backend has no such signal
	Failed                     // something must be put right before it can be sent again
)

// Answer is what came of an attempt.
type Answer struct {
	Verdict  Verdict
	Rejected int64         // of what was delivered: items that the collector has not kept
	Warning  string        // what the collector said all the same
	Wait     time.Duration // how long the collector asks to wait
	// Setup reports that a connection could not be made at all: waiting helps only if there had been one before.
	Setup       bool
	Cause, Hint string // what a person reads of a failure
	// Date is the collector's time, in whole seconds, if it has answered over HTTP and said so.
	Date time.Time
}

// accepted returns the answer of a collector that has taken the request, or a part of it
// (https://opentelemetry.io/docs/specs/otlp/#partial-success). The responses of all signals have the same fields.
func (s *Sender) accepted(response proto.Message) Answer {
	answer := Answer{Verdict: Delivered, Date: s.date}
	m := response.ProtoReflect()
	partial := m.Get(m.Descriptor().Fields().ByNumber(1)).Message()
	fields := partial.Descriptor().Fields()
	answer.Rejected = max(0, partial.Get(fields.ByNumber(1)).Int())
	answer.Warning = s.hidden.bounded(partial.Get(fields.ByNumber(2)).String())
	if answer.Rejected > 0 {
		answer.Cause = "the collector at " + s.route.shown() + " rejected " + strconv.FormatInt(answer.Rejected, 10) +
			" items: " + answer.Warning
		answer.Hint = "the collector's message says why"
	}
	return answer
}

// failed returns the answer for an attempt that was not acknowledged.
func (s *Sender) failed(last attempt, err error, wait time.Duration) Answer {
	said := s.route.explain(last, err)
	answer := Answer{Wait: wait, Date: s.date, Cause: s.hidden.Replace(s.supplier.Named(said.cause)), Hint: s.supplier.Named(said.hint)}
	if last.err != nil { // as explain does
		err = last.err
	}
	if _, unreadable := errors.AsType[*headersError](err); unreadable {
		answer.Verdict = Failed
	} else if s.route.protocol == grpcProtocol && !fromConnection(err) && !outOfTime(err) {
		answer.Verdict = verdictOfGRPC(status.Code(err), err, wait)
	} else if last.status >= http.StatusMultipleChoices {
		answer.Verdict = verdictOfHTTP(last.status)
	} else {
		answer.Verdict = Later
		if errors.Is(err, errPage) || errors.Is(err, errGarbage) || strings.Contains(err.Error(), "failed to unmarshal") {
			answer.Verdict = Failed
		} else if symptom := symptomOf(innermost(err)); symptom != nil {
			answer.Setup = !symptom.again
		}
	}
	if answer.Verdict == Unsupported && s.route.signal == traces {
		answer.Verdict = Failed // every backend has these: the address is wrong
	}
	return answer
}

func verdictOfHTTP(status int) Verdict {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Later
	case http.StatusRequestEntityTooLarge:
		return TooLarge
	case http.StatusBadRequest:
		return Refused
	case http.StatusNotFound:
		return Unsupported
	}
	return Failed
}

func verdictOfGRPC(code codes.Code, err error, wait time.Duration) Verdict {
	switch code {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		return Later
	case codes.ResourceExhausted:
		switch {
		case wait > 0:
			return Later
		case strings.Contains(err.Error(), "larger than max"): // what grpc-go says of its own limit
			return TooLarge
		}
	case codes.InvalidArgument:
		return Refused
	case codes.Unimplemented:
		return Unsupported
	}
	return Failed
}

// retryInfo returns how long a status of gRPC asks to wait.
func retryInfo(err error) time.Duration {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// retryAfter returns how long a response of HTTP asks to wait: seconds, or until a time (RFC 9110, section 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil {
		return max(0, time.Duration(n)*time.Second)
	}
	if t, err := http.ParseTime(text); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}

// httpError is a response that is no success. Its text has the form of the exporters' errors, which failure.go reads.
type httpError struct{ text string }

// Error implements error.
func (e *httpError) Error() string {
	if e.text == "" {
		return "a response without a text"
	}
	return "body: " + e.text
}

// messageOf returns what a response says. A collector writes it as a message of protobuf
// (https://opentelemetry.io/docs/specs/otlp/#failures-1).
func messageOf(h http.Header, body []byte) string {
	var said spb.Status
	if isProtobuf(h) && proto.Unmarshal(body, &said) == nil {
		return said.GetMessage()
	}
	return string(body)
}

func isProtobuf(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), protobufType) }
