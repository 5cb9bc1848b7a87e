package otlp

import (
	"context"

	"google.golang.org/grpc/mem"
)

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

// Encode encodes a request as it is sent over gRPC.
func Encode(message any) (mem.BufferSlice, error) { return codec{}.Marshal(message) }

// FlushMetrics does what the timer of the metrics does.
func (e *Exports) FlushMetrics(ctx context.Context) error { return e.reader.ForceFlush(ctx) }

// Explain puts an error of an export over HTTP into words.
func Explain(endpoint string, err error) (cause, hint string) {
	r, _ := routeOf(traces, func(name string) (string, bool) {
		v, ok := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}[name]
		return v, ok
	})
	f := r.explain(attempt{}, err)
	return f.cause, f.hint
}

// NewPreview is the transport of a preview.
var NewPreview = newPreview

// HideWords returns how many words are remembered after the headers' values, and a text without them.
func HideWords(text string, values ...string) (n int, hidden string) {
	s := &secrets{}
	for _, v := range values {
		s.hideHeader(v)
	}
	return len(s.known), s.Replace(text)
}

// LoadWhileReading loads a file of headers while another read of it does not return.
func LoadWhileReading(ctx context.Context) error {
	f := &headerFile{variable: "V", reading: make(chan struct{}, 1)}
	f.reading <- struct{}{}
	_, err := f.load(ctx)
	return err
}
