package cli

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

// This file owns every line that a person reads on stderr. The form is
//
//	spanpipe: what is wrong, where
//	spanpipe: hint: what to do
//
// Nothing that comes from outside is shown as it is, see view.Safe.

// printer writes lines for people, and log records. It never blocks: if stderr is not read, lines are lost, and the
// session continues.
type printer struct{ out *asyncWriter }

func newPrinter(w io.Writer) *printer { return &printer{out: newAsyncWriter(w)} }

func (p *printer) close() { p.out.close(lastLines) }

// closeWithin is close for lines that the user waits for.
func (p *printer) closeWithin(bound time.Duration) { p.out.close(bound) }

// fail reports why the program ends.
func (p *printer) fail(message, hint string) { p.line(message, hint) }

// warn reports an invalid setting, before there is a logger.
func (p *printer) warn(message, hint string) { p.line("warning: "+message, hint) }

func (p *printer) line(message, hint string) {
	text := "spanpipe: " + view.Safe(message) + "\n"
	if hint != "" {
		text += "spanpipe: hint: " + view.Safe(hint) + "\n"
	}
	_, _ = io.WriteString(p.out, text) // never fails
}

// logger returns the program's logger.
func (p *printer) logger(o *options) *slog.Logger {
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(p.out, &slog.HandlerOptions{Level: o.logLevel}))
	}
	return slog.New(&textHandler{level: o.logLevel, out: p.out})
}

// textHandler writes log records in the form above: the message, the error, the other attributes as key=value; a hint
// has a line of its own.
type textHandler struct {
	level slog.Level
	out   io.Writer
	attrs []slog.Attr
	group string
}

// Enabled implements slog.Handler.
func (h *textHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// Handle implements slog.Handler.
func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	var line, hint strings.Builder
	line.WriteString("spanpipe: " + levelName(r.Level) + view.Safe(r.Message))
	add := func(group string, a slog.Attr) {
		value := view.Safe(a.Value.Resolve().String())
		switch a.Key {
		case "hint":
			hint.WriteString("spanpipe: hint: " + value + "\n")
		case "error":
			line.WriteString(": " + value)
		default:
			if strings.ContainsAny(value, " \"=") || value == "" {
				value = strconv.Quote(value)
			}
			line.WriteString(" " + group + a.Key + "=" + value)
		}
	}
	for _, a := range h.attrs {
		add("", a)
	}
	r.Attrs(func(a slog.Attr) bool { add(h.group, a); return true })
	_, err := io.WriteString(h.out, line.String()+"\n"+hint.String())
	return err
}

// levelName returns the mark of a level. An ordinary line has none.
func levelName(l slog.Level) string {
	switch l {
	case slog.LevelInfo:
		return ""
	case slog.LevelWarn:
		return "warning: "
	}
	return strings.ToLower(l.String()) + ": "
}

// WithAttrs implements slog.Handler.
func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		a.Key = h.group + a.Key // later groups do not apply
		c.attrs = append(c.attrs, a)
	}
	return &c
}

// WithGroup implements slog.Handler.
func (h *textHandler) WithGroup(name string) slog.Handler {
	c := *h
	c.group += name + "."
	return &c
}

// asyncWriter writes in a goroutine of its own, so that a stderr that is not read blocks nothing.
type asyncWriter struct {
	queue  chan []byte
	closed chan struct{}
	done   chan struct{}
}

const (
	queuedLines = 1024
	lastLines   = 200 * time.Millisecond // for what is still queued when the program ends
)

func newAsyncWriter(w io.Writer) *asyncWriter {
	a := &asyncWriter{queue: make(chan []byte, queuedLines), closed: make(chan struct{}), done: make(chan struct{})}
	go a.run(w) // ends at close, which waits for it; it is left behind only if w blocks
	return a
}

func (a *asyncWriter) run(w io.Writer) {
	defer close(a.done)
	for {
		select {
		case p := <-a.queue:
			_, _ = w.Write(p) // a stderr that is closed cannot be reported anywhere
			continue
		default:
		}
		select {
		case p := <-a.queue:
			_, _ = w.Write(p)
		case <-a.closed:
			if len(a.queue) == 0 {
				return
			}
		}
	}
}

// Write queues a copy of p, or drops it if the queue is full. It never fails.
func (a *asyncWriter) Write(p []byte) (int, error) {
	select {
	case a.queue <- slices.Clone(p):
	default:
	}
	return len(p), nil
}

// close writes what is queued, within the given time.
func (a *asyncWriter) close(bound time.Duration) {
	select {
	case <-a.closed:
		return
	default:
	}
	close(a.closed)
	select {
	case <-a.done:
	case <-time.After(bound):
	}
}
