package otlp

import (
	"context"
	"io/fs"
	"testing"
	"time"

	"google.golang.org/grpc/mem"
)

// CutVariableOn is CutVariable on a system that compares names without case, or not.
var CutVariableOn = cutVariable

// AllowFiles gives files of certificates and keys this long in a test.
func AllowFiles(t *testing.T, patience time.Duration) {
	before := filePatience
	t.Cleanup(func() { filePatience = before })
	filePatience = patience
}

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

// HeaderFile returns what reads a file of headers for a request. The function runs during each read.
func HeaderFile(path string, during func(fs.FileMode)) func(context.Context) (map[string]string, error) {
	f := &headerFile{path: path, variable: "FILE", hidden: &secrets{}, reading: make(chan struct{}, 1), checkMode: during}
	return f.load
}

// Hide hides words in a text, and returns how many of them are known in the end.
func Hide(words []string, text string) (hidden string, known int) {
	s := &secrets{}
	for _, word := range words {
		s.hide(word, "-")
	}
	return s.Replace(text), len(s.known)
}

// NewPreview is the transport of a preview.
var NewPreview = newPreview
