package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Content is what was captured in a session and has not expired.
type Content struct {
	spans   map[trace.SpanID]*otlpfile.Span // with nothing but ids, content and status
	records []otlpfile.LogRecord            // what the server has written to stderr, or sent as a message
	damaged int                             // lines
}

// Content reads what was captured, and written since a time.
func (f *Files) Content(since time.Time) (*Content, error) {
	c := &Content{spans: map[trace.SpanID]*otlpfile.Span{}}
	return c, f.Lines(fileNames[contentFile], func(line []byte) error {
		if at, ok := contentTime(line); ok && at.Before(since) {
			return nil
		}
		spans, records, err := f.readContent(line)
		if err != nil {
			c.damaged++
		}
		for i := range spans {
			c.spans[spans[i].SpanID] = &spans[i]
		}
		c.records = append(c.records, records...)
		return nil
	})
}

// readContent reads a line of content. All that reads content does so here: one that has expired has none, whether or not
// the retention has run.
func (f *Files) readContent(line []byte) (spans []otlpfile.Span, records []otlpfile.LogRecord, err error) {
	if at, ok := contentTime(line); ok && f.keep.expired(at, time.Now()) {
		return nil, nil, nil
	}
	var lists struct{ Spans, LogRecords json.RawMessage }
	if err := json.Unmarshal(line, &lists); err != nil {
		return nil, nil, fmt.Errorf("a line of content: %w", err)
	}
	if len(lists.Spans) > 0 {
		_, spans, err = otlpfile.ReadTraces(fmt.Appendf(nil, `{"resourceSpans":[{"scopeSpans":[{"spans":%s}]}]}`, lists.Spans))
		if err != nil {
			return nil, nil, err
		}
	}
	if len(lists.LogRecords) > 0 {
		_, records, err = otlpfile.ReadLogs(fmt.Appendf(nil, `{"resourceLogs":[{"scopeLogs":[{"logRecords":%s}]}]}`, lists.LogRecords))
	}
	return spans, records, err
}

// OfSpans reports whether there is content of spans.
func (c *Content) OfSpans() bool { return len(c.spans) > 0 }

// Traces returns a line of traces.jsonl with the content of its spans. A line without content is returned as it is.
func (c *Content) Traces(line []byte) ([]byte, error) {
	origin, spans, err := otlpfile.ReadTraces(line)
	joined := false
	var items []byte
	for i := range spans {
		s := &spans[i]
		if captured := c.spans[s.SpanID]; captured != nil {
			joined = true
			s.Attributes = append(s.Attributes, captured.Attributes...)
			if captured.Message != "" {
				s.Message = captured.Message
			}
		}
		items = otlpfile.AppendSpan(comma(items), s)
	}
	if !joined {
		return line, err
	}
	before, after := otlpfile.Traces(&origin)
	return slices.Concat(before, items, after), nil
}

// CapturedLogs returns the log records of a line of content.jsonl as a line of logs.jsonl, and nil if it has none.
func (f *Files) CapturedLogs(line []byte) ([]byte, error) {
	_, records, err := f.readContent(line)
	if len(records) == 0 {
		return nil, err
	}
	if f.origin == nil {
		if err := f.readOrigin(); err != nil {
			return nil, err
		}
	}
	before, after := otlpfile.Logs(f.origin)
	var items []byte
	for i := range records {
		items = otlpfile.AppendLogRecord(comma(items), &records[i])
	}
	return slices.Concat(before, items, after), nil
}

// readOrigin reads what all spans and log records have in common, of which the first line has it all.
func (f *Files) readOrigin() error {
	f.origin = &otlpfile.Origin{}
	take := func(o otlpfile.Origin, err error) error {
		if err != nil {
			return nil //nolint:nilerr // another line may be whole
		}
		*f.origin = o
		return errEnough
	}
	err := f.Lines(fileNames[logsFile], func(line []byte) error {
		o, _, err := otlpfile.ReadLogs(line)
		return take(o, err)
	})
	if err != nil || f.origin.ScopeName != "" {
		return err
	}
	return f.Lines(fileNames[tracesFile], func(line []byte) error {
		o, _, err := otlpfile.ReadTraces(line)
		return take(o, err)
	})
}

// readContent reads what was captured of the operations whose spans were read, and what the server has logged since then. It
// was written after what it is about.
func (l *loader) readContent(s *Session) error {
	dir, err := s.Files()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	var since time.Time
	if !l.whole {
		since = l.first()
	}
	content, err := dir.Content(since)
	l.content, l.Damaged, l.logs = *content, l.Damaged+content.damaged, append(l.logs, content.records...)
	return err
}

// content makes the captured content of which a span of content.jsonl was made.
func content(s *otlpfile.Span) record.Content {
	c := record.Content{Error: s.Message}
	for _, a := range s.Attributes {
		text := a.Value.AsString()
		switch key := string(a.Key); key {
		case semconv.ToolCallArguments:
			c.Arguments = text
		case semconv.SampleRequest:
			c.Messages = text
		case semconv.ToolCallResult, semconv.PromptResult, semconv.SampleResult:
			c.Result = text
		case semconv.ErrorMessage:
			c.Error = text
		case semconv.ResourceURI:
			c.URI = text
		default:
			if name, ok := strings.CutPrefix(key, semconv.PromptVariable); ok {
				c.Variables = append(c.Variables, record.Variable{Name: name, Value: text})
			}
		}
	}
	return c
}
