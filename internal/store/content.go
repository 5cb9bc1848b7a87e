package store

import (
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Captured content is not in traces.jsonl and logs.jsonl, so that it can expire alone. A line of content.jsonl is what was
// captured in a moment:
//
//	{"timeUnixNano":"…","spans":[…],"logRecords":[…]}
//
// Its time is that of the writing, from which its age counts. Its spans and log records are those of OTLP JSON. A span has
// only what identifies it, the attributes that semconv.ContentAttributes lists, and the description of its status; all else
// stands in traces.jsonl under the same ids. A log record is whole and stands nowhere else: it says what the server has
// written to stderr, or sent as a message.

// splitter takes content out of spans.
type splitter struct {
	kept, content []attribute.KeyValue // reused
}

// split returns a span without content, and a span with nothing but its content, if there is any. Both are valid until the
// next call. The status of an operation has the message of its error, which is content; that of the session has words of
// spanpipe's own.
func (sp *splitter) split(s *otlpfile.Span) (rest, content *otlpfile.Span) {
	own := s.Name == semconv.SessionSpan || s.Name == semconv.SessionFailed
	has := s.Message != "" && !own
	for i := 0; i < len(s.Attributes) && !has; i++ {
		has = semconv.IsContent(string(s.Attributes[i].Key))
	}
	if !has {
		return s, nil
	}
	sp.kept, sp.content = sp.kept[:0], sp.content[:0]
	for _, a := range s.Attributes {
		if semconv.IsContent(string(a.Key)) {
			sp.content = append(sp.content, a)
		} else {
			sp.kept = append(sp.kept, a)
		}
	}
	content = &otlpfile.Span{TraceID: s.TraceID, SpanID: s.SpanID, Attributes: sp.content}
	kept := *s
	kept.Attributes = sp.kept
	if !own {
		content.Status, content.Message, kept.Message = s.Status, s.Message, ""
	}
	return &kept, content
}

// isContentRecord reports whether a log record holds captured content.
func isContentRecord(r *otlpfile.LogRecord) bool {
	for _, a := range r.Attributes {
		if a.Key == semconv.Data || semconv.IsContent(string(a.Key)) {
			return true
		}
	}
	return false
}

// appendContent appends a line of content: items are JSON objects with commas between them.
func appendContent(dst []byte, at time.Time, spans, records []byte) []byte {
	dst = append(dst, contentStart...)
	dst = strconv.AppendInt(dst, at.UnixNano(), 10)
	dst = append(dst, '"')
	for _, list := range []struct {
		name  string
		items []byte
	}{{"spans", spans}, {"logRecords", records}} {
		if len(list.items) > 0 {
			dst = append(append(append(dst, `,"`+list.name+`":[`...), list.items...), ']')
		}
	}
	return append(dst, "}\n"...)
}

const contentStart = `{"timeUnixNano":"`

// contentTime returns the time of a line of content.
func contentTime(line []byte) (time.Time, bool) {
	rest, ok := strings.CutPrefix(string(line[:min(len(line), len(contentStart)+24)]), contentStart)
	number, _, _ := strings.Cut(rest, `"`)
	n, err := strconv.ParseInt(number, 10, 64)
	return time.Unix(0, n), ok && err == nil
}
