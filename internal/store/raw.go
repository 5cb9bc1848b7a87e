package store

import (
	"bytes"
	"io"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
)

// WriteOTLP writes the session's spans, log records and metrics as they are stored: lines of OTLP JSON. A last line that
// is torn is left out.
func (s *Session) WriteOTLP(w io.Writer) error {
	for _, name := range []string{"traces.jsonl", "logs.jsonl", "metrics.jsonl"} {
		var failed error
		err := s.lines(name, func(line []byte) {
			if failed != nil {
				return
			}
			if _, failed = w.Write(bytes.TrimRight(line, "\n")); failed == nil {
				_, failed = io.WriteString(w, "\n")
			}
		})
		if failed != nil {
			return failed
		} else if err != nil {
			return err
		}
	}
	return nil
}

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
