package push

import (
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// contentFile holds captured content (see package store), which is sent with spans, and as log records.
const contentFile = "content.jsonl"

// withContent returns what parses the lines of spans. If content is sent, it adds it to them.
func (s *stream) withContent() (func([]byte) (proto.Message, error), error) {
	parse := lineOf("traces")
	if !s.Content {
		return parse, nil
	}
	content, err := s.dir.Content(time.Time{})
	s.result.WithoutContent = s.noted.Bare && content.OfSpans()
	return func(line []byte) (proto.Message, error) {
		joined, err := content.Traces(line)
		if err != nil {
			return nil, err
		}
		return parse(joined)
	}, err
}

// capturedLines sends the log records that are content: what the server has written to stderr, or sent as a message.
func (s *stream) capturedLines() error {
	return s.file(contentFile, func(line []byte) (proto.Message, error) {
		logs, err := s.dir.CapturedLogs(line)
		if err != nil {
			return nil, err
		} else if logs == nil {
			return otlp.NewRequest("logs")
		}
		return otlp.ParseLine("logs", logs)
	}, &s.noted.Content)
}
