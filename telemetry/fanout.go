package telemetry

import (
	"sync/atomic"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// fanout hands each record to several sinks, in their order.
type fanout []session.Sink

// Opened implements session.Sink.
func (f fanout) Opened(op *record.Operation) {
	for _, s := range f {
		s.Opened(op)
	}
}

// Changed implements session.Sink.
func (f fanout) Changed(op *record.Operation) {
	for _, s := range f {
		s.Changed(op)
	}
}

// Noted implements session.Sink.
func (f fanout) Noted(n record.Note) {
	for _, s := range f {
		s.Noted(n)
	}
}

// readiness is a sink that remembers whether the server has answered a request, for /readyz.
type readiness struct{ ready *atomic.Bool }

// Opened implements session.Sink.
func (readiness) Opened(*record.Operation) {}

// Changed implements session.Sink.
func (readiness) Changed(*record.Operation) {}

// Noted implements session.Sink.
func (r readiness) Noted(n record.Note) {
	if s, ok := n.(record.Session); ok && s.Ready {
		r.ready.Store(true)
	}
}
