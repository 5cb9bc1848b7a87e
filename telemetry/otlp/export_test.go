package otlp

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
