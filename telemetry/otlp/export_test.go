package otlp

import "context"

// CutVariableOn is CutVariable on a system that compares names without case, or not.
var CutVariableOn = cutVariable

// Hold calls f while nothing can be sent, as if a request took long.
func (e *Exports) Hold(f func()) {
	sending := e.Spans.(spanProcessor).sending
	sending <- struct{}{}
	f()
	<-sending
}

// NewSpanSender is the exporter of spans.
var NewSpanSender = newSpanSender

// FlushMetrics does what the timer of the metrics does.
func (e *Exports) FlushMetrics(ctx context.Context) error { return e.reader.ForceFlush(ctx) }
