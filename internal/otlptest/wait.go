package otlptest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// patience is the timeout of the helpers that take none: long enough for a busy machine. Only a failing test takes that
// long.
const patience = 30 * time.Second

// Wait blocks until ready returns true, and fails the test if that takes longer than timeout (0 means half a minute).
// It calls ready at the start and whenever a request arrives, so ready should depend on nothing else. The failure names
// what.
func (r *Receiver) Wait(t testing.TB, timeout time.Duration, what string, ready func() bool) {
	t.Helper()
	if timeout == 0 {
		timeout = patience
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if ready() {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			t.Fatalf("otlptest: waited %v for %s; received so far:\n%s", timeout, what, r.Summary())
		}
	}
}

// WaitSpans waits until at least n spans have been accepted and returns all of them.
func (r *Receiver) WaitSpans(t testing.TB, n int) []Span {
	t.Helper()
	r.Wait(t, 0, fmt.Sprintf("%d spans", n), func() bool { return len(r.Spans()) >= n })
	return r.Spans()
}

// WaitSpan waits for a span with a name and returns the first one.
func (r *Receiver) WaitSpan(t testing.TB, name string) Span {
	t.Helper()
	r.Wait(t, 0, fmt.Sprintf("a span %q", name), func() bool { return len(r.SpansNamed(name)) > 0 })
	return r.SpansNamed(name)[0]
}

// WaitRecords waits until at least n log records have been accepted and returns all of them.
func (r *Receiver) WaitRecords(t testing.TB, n int) []Record {
	t.Helper()
	r.Wait(t, 0, fmt.Sprintf("%d log records", n), func() bool { return len(r.Records()) >= n })
	return r.Records()
}

// WaitMetric waits for a series of a metric whose attributes match and returns them all.
func (r *Receiver) WaitMetric(t testing.TB, metric string, match Attrs) []Point {
	t.Helper()
	r.Wait(t, 0, fmt.Sprintf("metric %s with %v", metric, match), func() bool { return len(r.Series(metric, match)) > 0 })
	return r.Series(metric, match)
}

// WaitRequests waits until at least n requests of a signal have arrived, accepted or not.
func (r *Receiver) WaitRequests(t testing.TB, signal Signal, n int) []Request {
	t.Helper()
	r.Wait(t, 0, fmt.Sprintf("%d requests for %s", n, signal), func() bool { return len(r.Requests(signal)) >= n })
	return r.Requests(signal)
}

// Summary lists everything received, one line per span, metric and record, for the message of a failing test.
func (r *Receiver) Summary() string {
	var out strings.Builder
	for _, signal := range orAll(nil) {
		fmt.Fprintf(&out, "%s: %d requests\n", signal, len(r.Requests(signal)))
	}
	for _, span := range r.Spans() {
		fmt.Fprintf(&out, "  span %q %s %s parent=%s %v\n", span.Name, span.Kind, span.SpanID, span.ParentID, span.Attrs)
	}
	seen := make(map[string]bool)
	for _, point := range r.Points() {
		if !seen[point.Name] {
			seen[point.Name] = true
			fmt.Fprintf(&out, "  metric %s: %d series\n", point.Name, len(r.Series(point.Name, nil)))
		}
	}
	for _, record := range r.Records() {
		fmt.Fprintf(&out, "  record severity=%d %v\n", record.Severity, record.Body)
	}
	return out.String()
}
