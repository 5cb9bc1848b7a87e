package cli

import (
	"io"
	"log/slog"
)

// What the tests of the lines that people read look at directly.
var (
	Took    = took
	Bytes   = bytes
	Short   = short
	Visible = visible
)

// NewTextHandler returns the handler of log records as lines.
func NewTextHandler(w io.Writer, level slog.Level) slog.Handler {
	return &textHandler{level: level, out: w}
}

// NewLines returns the queue before stderr, and what closes it.
func NewLines(w io.Writer) (lines io.Writer, end func()) {
	l := newLines(w)
	return l, func() { l.close(lastLines) }
}
