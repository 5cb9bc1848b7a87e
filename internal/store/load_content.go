package store

import (
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// readContent reads what was captured of the operations whose spans were read, and what the server has logged since then.
func (l *loader) readContent(s *Session) error {
	var since time.Time
	if !l.whole {
		since = l.first()
	}
	l.content = map[trace.SpanID]record.Content{}
	return s.lines("content.jsonl", func(line []byte) {
		if at, ok := contentTime(line); ok && at.Before(since) {
			return // it was written after what it is about
		}
		spans, records, err := ReadContent(line)
		if err != nil {
			l.Damaged++
			return
		}
		for i := range spans {
			l.content[spans[i].SpanID] = content(&spans[i])
		}
		l.logs = append(l.logs, records...)
	})
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
