package export

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
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
	write := func(line []byte) error {
		_, err := w.Write(line)
		return err
	}
	traces := write
	if content {
		captured, err := dir.Content(time.Time{})
		if err != nil {
			return 0, err
		}
		traces = func(line []byte) error {
			joined, err := captured.Traces(line)
			if err != nil {
				damaged++
				return nil //nolint:nilerr // counted, and left out
			}
			return write(joined)
		}
	}
	for _, file := range []struct {
		name, member string
		each         func(line []byte) error
	}{
		{"traces.jsonl", "resourceSpans", traces},
		{"logs.jsonl", "resourceLogs", write},
		{"metrics.jsonl", "resourceMetrics", write},
	} {
		n, err := lines(dir, file.name, file.member, file.each)
		if err != nil {
			return 0, err
		}
		damaged += n
	}
	if !content {
		return damaged, nil
	}
	err = dir.Lines("content.jsonl", func(line []byte) error {
		logs, err := dir.CapturedLogs(line)
		if err != nil {
			damaged++
			return nil //nolint:nilerr // counted, and left out
		}
		return write(logs)
	})
	return damaged, err
}

// lines calls f with each line of a file that is a message of OTLP, with the member that its signal has, and returns how many
// are not.
func lines(dir *store.Files, name, member string, f func(line []byte) error) (damaged int, err error) {
	err = dir.Lines(name, func(line []byte) error {
		if !hasArray(line, member) {
			damaged++
			return nil
		}
		return f(line)
	})
	return damaged, err
}

// hasArray reports whether a line is a JSON object whose member is an array.
func hasArray(line []byte, member string) bool {
	var message map[string]json.RawMessage
	return json.Unmarshal(line, &message) == nil && bytes.HasPrefix(message[member], []byte("["))
}
