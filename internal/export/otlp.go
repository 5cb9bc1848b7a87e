package export

import (
	"encoding/json"
	"io"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
)

// OTLP writes the lines of a session's files: OTLP JSON of all signals, as OpenTelemetry's file exporters write it. They
// are as they are stored, unless captured content is asked for: that is added to its spans, and log records that are content
// have lines of their own. It returns how many lines it has left out because they are damaged; a last one that is torn
// does not count.
func OTLP(w io.Writer, s *store.Session, content bool) (damaged int, err error) {
	dir, err := s.Files()
	if err != nil {
		return 0, err
	}
	defer func() { _ = dir.Close() }()
	x := &exporter{w: w, dir: dir, spans: map[trace.SpanID]*otlpfile.Span{}}
	traces := x.copy
	if content {
		if _, err := lines(dir, "content.jsonl", x.captured); err != nil {
			return 0, err
		}
		traces = x.traces
	}
	for _, file := range []struct {
		name  string
		write func(line []byte) error
	}{{"traces.jsonl", traces}, {"logs.jsonl", x.copy}, {"metrics.jsonl", x.copy}} {
		n, err := lines(dir, file.name, file.write)
		if err != nil {
			return 0, err
		}
		damaged += n
	}
	return damaged, x.logs()
}

// exporter writes lines. It knows captured content, if that is asked for.
type exporter struct {
	w       io.Writer
	dir     *store.Files
	spans   map[trace.SpanID]*otlpfile.Span
	records []otlpfile.LogRecord
	origin  otlpfile.Origin // of the session
}

func (x *exporter) copy(line []byte) error {
	_, err := x.w.Write(line)
	return err
}

// captured takes a line of content. One that is damaged is left out, like content that has expired.
func (x *exporter) captured(line []byte) error {
	spans, records, err := store.ReadContent(line)
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	for i := range spans {
		x.spans[spans[i].SpanID] = &spans[i]
	}
	x.records = append(x.records, records...)
	return nil
}

// traces writes a line of spans with their content.
func (x *exporter) traces(line []byte) error {
	origin, spans, err := otlpfile.ReadTraces(line)
	if err != nil {
		return err
	}
	x.origin = origin
	before, after := otlpfile.Traces(&origin)
	out := before
	for i := range spans {
		if i > 0 {
			out = append(out, ',')
		}
		if c := x.spans[spans[i].SpanID]; c != nil {
			spans[i].Attributes = append(spans[i].Attributes, c.Attributes...)
			if c.Message != "" {
				spans[i].Message = c.Message
			}
		}
		out = otlpfile.AppendSpan(out, &spans[i])
	}
	return x.copy(append(out, after...))
}

// logs writes the log records that are content.
func (x *exporter) logs() error {
	if len(x.records) == 0 {
		return nil
	}
	out, after := otlpfile.Logs(&x.origin)
	for i := range x.records {
		if i > 0 {
			out = append(out, ',')
		}
		out = otlpfile.AppendLogRecord(out, &x.records[i])
	}
	return x.copy(append(out, after...))
}

// lines calls f with each line of a file that is JSON, and returns how many are not.
func lines(dir *store.Files, name string, f func(line []byte) error) (damaged int, err error) {
	err = dir.Lines(name, func(line []byte) error {
		if !json.Valid(line) {
			damaged++
			return nil
		}
		return f(line)
	})
	return damaged, err
}
