package store

import (
	"bytes"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
)

// Span returns a stored span; nil if there is none, as of an operation that is still open.
func (s *Session) Span(ids SpanIDs) (*otlpfile.Span, error) {
	var found *otlpfile.Span
	id := []byte(ids.SpanID.String())
	err := s.lines("traces.jsonl", func(line []byte) {
		if found != nil || !bytes.Contains(line, id) {
			return
		}
		_, spans, err := otlpfile.ReadTraces(line)
		if err != nil {
			return // Load counts it
		}
		for i := range spans {
			if spans[i].SpanID == ids.SpanID && spans[i].TraceID == ids.TraceID {
				found = &spans[i]
			}
		}
	})
	return found, err
}
