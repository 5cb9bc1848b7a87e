package store

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// The files of a session that grow, in the order in which they are written: what a digest counts stands in the others.
const (
	tracesFile = iota
	logsFile
	contentFile
	metricsFile
	digestFile
	fileCount
)

// fileNames are the names of those files.
var fileNames = [fileCount]string{"traces.jsonl", "logs.jsonl", "content.jsonl", "metrics.jsonl", "digest"}

// maxLineSize is the size of a line after which the next item begins another one. The Collector's receiver reads lines of
// at most 1 MiB by default; a batch that waits for a slow disk is larger.
const maxLineSize = 1 << 19

// batch is what is written at once.
type batch struct {
	parts [fileCount]part
	// Items of the line of content.
	spans, records []byte
}

// part is what a batch has for one file.
type part struct {
	text  []byte
	line  int   // where the last line begins
	items int64 // spans, log records, pieces of content, lines of metrics, operations
}

// size returns the bytes of a batch.
func (b *batch) size() int {
	n := len(b.spans) + len(b.records)
	for i := range b.parts {
		n += len(b.parts[i].text)
	}
	return n
}

// reset empties a batch for reuse. Buffers of an unusual size are not kept.
func (b *batch) reset() {
	const usual = 1 << 18
	empty := func(text *[]byte) {
		if *text = (*text)[:0]; cap(*text) > usual {
			*text = nil
		}
	}
	for i := range b.parts {
		b.parts[i].items, b.parts[i].line = 0, 0
		empty(&b.parts[i].text)
	}
	empty(&b.spans)
	empty(&b.records)
}

// encoder turns a session's spans, log records and operations into batches.
type encoder struct {
	origins [2]struct{ before, after []byte } // of a line of spans, and of log records
	rows    digestWriter
	split   splitter
}

// newEncoder returns an encoder, and appends the start of the digest.
func newEncoder(origin *otlpfile.Origin, b *batch) encoder {
	var e encoder
	e.origins[tracesFile].before, e.origins[tracesFile].after = otlpfile.Traces(origin)
	e.origins[logsFile].before, e.origins[logsFile].after = otlpfile.Logs(origin)
	b.parts[digestFile].text = e.rows.header(nil)
	return e
}

// span appends a span, and its content apart, and reports whether it has any.
func (e *encoder) span(b *batch, s *otlpfile.Span) bool {
	s, content := e.split.split(s)
	p := e.item(b, tracesFile)
	p.text = otlpfile.AppendSpan(p.text, s)
	if content != nil {
		b.spans = otlpfile.AppendSpan(comma(b.spans), content)
		b.parts[contentFile].items++
	}
	return content != nil
}

// logRecord appends a log record for a file: that of log records, or that of content.
func (e *encoder) logRecord(b *batch, r *otlpfile.LogRecord, file int) {
	if file == contentFile {
		b.records = otlpfile.AppendLogRecord(comma(b.records), r)
		b.parts[contentFile].items++
		return
	}
	p := e.item(b, logsFile)
	p.text = otlpfile.AppendLogRecord(p.text, r)
}

// item prepares the line of a file for one more item.
func (e *encoder) item(b *batch, file int) *part {
	p := &b.parts[file]
	switch {
	case p.items == 0:
		p.text = append(p.text, e.origins[file].before...)
	case len(p.text)-p.line < maxLineSize:
		p.text = append(p.text, ',')
	default:
		p.text = append(p.text, e.origins[file].after...)
		p.line = len(p.text)
		p.text = append(p.text, e.origins[file].before...)
	}
	p.items++
	return p
}

func comma(items []byte) []byte {
	if len(items) > 0 {
		return append(items, ',')
	}
	return items
}

// operation appends an operation that has ended to the digest.
func (e *encoder) operation(b *batch, op *record.Operation) {
	p := &b.parts[digestFile]
	p.text = e.rows.append(p.text, op)
	p.items++
}

// metrics appends a line of metrics.
func (e *encoder) metrics(b *batch, line []byte) {
	p := &b.parts[metricsFile]
	p.text = append(p.text, line...)
	if n := len(line); n > 0 && line[n-1] != '\n' {
		p.text = append(p.text, '\n')
	}
	p.items++
}

// finish ends the lines of a batch. Nothing can be added to it any more.
func (e *encoder) finish(b *batch, now time.Time) {
	for file := range e.origins {
		if p := &b.parts[file]; p.items > 0 {
			p.text = append(p.text, e.origins[file].after...)
		}
	}
	if len(b.spans)+len(b.records) > 0 {
		b.parts[contentFile].text = appendContent(b.parts[contentFile].text, now, b.spans, b.records)
		b.spans, b.records = b.spans[:0], b.records[:0]
	}
}
