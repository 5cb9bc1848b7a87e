package cli

import (
	"io"
	"log/slog"
)

// NewTextHandler returns the handler of log records as lines.
func NewTextHandler(w io.Writer, level slog.Level) slog.Handler {
	return &textHandler{level: level, out: w}
}

// NewAsyncWriter returns the queue in front of stderr, and a function that closes it.
func NewAsyncWriter(w io.Writer) (out io.Writer, end func()) {
	a := newAsyncWriter(w)
	return a, func() { a.close(lastLines) }
}
