package otlp

// SentSpans returns how many spans the collector has accepted so far, and how many it has not: those that are lost or
// still in a queue. Spans that are not sampled are neither.
func (e *Exports) SentSpans() (sent, unsent int64) {
	e.spans.mu.Lock()
	defer e.spans.mu.Unlock()
	return e.spans.delivered, e.spans.lost + e.spans.inside
}
