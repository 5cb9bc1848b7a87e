package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// HasContent reports whether captured content that has not expired has a word, whatever its case. It reads so many bytes at
// most, and returns how many it has read: more than that if it stopped early.
func (s *Session) HasContent(ctx context.Context, word string, most int64) (has bool, read int64, err error) {
	dir, err := s.Files()
	if errors.Is(err, fs.ErrNotExist) {
		return false, 0, nil
	} else if err != nil {
		return false, 0, err
	}
	defer func() { _ = dir.Close() }()
	word = strings.ToLower(word)
	asWritten := strings.Trim(word, asciiWord) == ""
	err = dir.Lines(fileNames[contentFile], func(line []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if read += int64(len(line)); read > most {
			return errEnough
		}
		if asWritten && !bytes.Contains(bytes.ToLower(line), []byte(word)) { // to decode it takes much longer
			return nil
		}
		if has = dir.lineHas(line, word); has {
			return errEnough
		}
		return nil
	})
	return has, read, err
}

// asciiWord are characters that JSON writes as they are.
const asciiWord = "abcdefghijklmnopqrstuvwxyz0123456789_-"

// lineHas reports whether a line of content has a word in lower case: in a piece of content, not in a name or an id.
func (f *Files) lineHas(line []byte, word string) bool {
	spans, records, _ := f.readContent(line) // what is damaged has none
	in := func(text string) bool { return strings.Contains(strings.ToLower(text), word) }
	any := func(all []attribute.KeyValue) bool {
		for _, a := range all {
			if key := string(a.Key); (key == semconv.Data || semconv.IsContent(key)) && in(a.Value.AsString()) {
				return true
			}
		}
		return false
	}
	for i := range spans {
		if in(spans[i].Message) || any(spans[i].Attributes) {
			return true
		}
	}
	for i := range records {
		if any(records[i].Attributes) {
			return true
		}
	}
	return false
}
