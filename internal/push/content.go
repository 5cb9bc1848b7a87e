package push

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// Captured content has a file of its own, with a line for what was captured in a moment (see package store): spans that
// have nothing but ids, attributes and the description of their status, and log records. Lines of OTLP JSON are made of
// both here, so that they are read like those of the other files.
const contentFile = "content.jsonl"

// contentLine is a line of the file.
type contentLine struct{ Spans, LogRecords json.RawMessage }

// content reads the content that is sent with spans.
func (s *stream) content() error {
	if !s.Content || s.to.sender.Route.Signal != "traces" {
		return nil
	}
	s.spans = map[string]*tracepb.Span{}
	_, err := all(s.dir, contentFile, func(text []byte) (proto.Message, error) {
		var line contentLine
		if err := json.Unmarshal(text, &line); err != nil {
			return nil, err
		}
		return otlp.ParseLine("traces", nested("resourceSpans", "scopeSpans", "spans", &origin{}, line.Spans))
	}, func(one *item) bool {
		if span, ok := one.message.(*tracepb.Span); ok {
			s.spans[one.spanID()] = span
		}
		return false
	})
	s.result.WithoutContent = s.noted.Bare && len(s.spans) > 0
	return err
}

// fill adds its captured content to a span, if that is sent.
func (s *stream) fill(one *item) {
	captured := s.spans[one.spanID()]
	span, ok := one.message.(*tracepb.Span)
	if captured == nil || !ok {
		return
	}
	span.Attributes = append(span.Attributes, captured.GetAttributes()...)
	if text := captured.GetStatus().GetMessage(); text != "" {
		if span.Status == nil {
			span.Status = &tracepb.Status{}
		}
		span.Status.Message = text
	}
}

// capturedLines sends the log records that are content: what the server has written to stderr, or sent as a message.
func (s *stream) capturedLines() error {
	from, err := s.origin()
	if err != nil {
		return err
	}
	return s.file(contentFile, func(text []byte) (proto.Message, error) {
		var line contentLine
		if err := json.Unmarshal(text, &line); err != nil {
			return nil, err
		}
		return otlp.ParseLine("logs", nested("resourceLogs", "scopeLogs", "logRecords", from, line.LogRecords))
	}, &s.noted.Content)
}

// origin is what all spans and log records of a session have in common, as JSON.
type origin struct{ resource, resourceURL, scope, scopeURL json.RawMessage }

// origin returns the session's: that of its first log record, else of its first span.
func (s *stream) origin() (*origin, error) {
	for _, name := range []string{"logs.jsonl", "traces.jsonl"} {
		file, err := s.dir.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		line, _, err := store.ReadLine(bufio.NewReader(file))
		_ = file.Close() // it was only read
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		type scoped struct{ Scope, SchemaURL json.RawMessage }
		type resourced struct {
			Resource, SchemaURL   json.RawMessage
			ScopeLogs, ScopeSpans []scoped
		}
		var data struct{ ResourceLogs, ResourceSpans []resourced }
		if json.Unmarshal(line, &data) != nil {
			continue // torn
		}
		for _, r := range append(data.ResourceLogs, data.ResourceSpans...) {
			for _, scope := range append(r.ScopeLogs, r.ScopeSpans...) {
				return &origin{r.Resource, r.SchemaURL, scope.Scope, scope.SchemaURL}, nil
			}
		}
	}
	return &origin{}, nil
}

// nested returns a line of OTLP JSON with items of one origin. Without items it has none.
func nested(resources, scopes, items string, from *origin, list json.RawMessage) []byte {
	if len(list) == 0 {
		return []byte("{}")
	}
	member := func(name string, value json.RawMessage) string {
		if len(value) == 0 {
			return ""
		}
		return `"` + name + `":` + string(value) + `,`
	}
	return []byte(`{"` + resources + `":[{` + member("resource", from.resource) + member("schemaUrl", from.resourceURL) +
		`"` + scopes + `":[{` + member("scope", from.scope) + member("schemaUrl", from.scopeURL) +
		`"` + items + `":` + string(list) + `}]}]}`)
}
