package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// This file owns every line that a person reads on stderr. The form is
//
//	spanpipe: what is wrong, where
//	spanpipe: hint: what to do
//
// Nothing that comes from outside is shown as it is, see view.Safe.

// printer is an io.Writer for stderr that never blocks. Some hosts do not read a server's stderr; once the pipe is
// full, a write to it would stop the telemetry, and with it the last flush and the exit. So a goroutine writes what is
// queued. Lines that do not fit into the queue are lost and counted, and their number is written once there is a reader
// again.
type printer struct {
	queue  chan queued
	lost   atomic.Int64
	report atomic.Pointer[func(w io.Writer, lost int64)] // writes a line about lost lines

	columns func() int // of the terminal; 0 for a pipe or a file
	console bool       // the console's lines show calls that hang, so that lines of text about these would repeat them
}

// queued is something to write, or a channel to close once everything before it has been written.
type queued struct {
	text    []byte
	written chan struct{}
}

const (
	queuedLines = 1024
	lastLines   = 200 * time.Millisecond // for what is still queued when the program ends
)

func newPrinter(w io.Writer) *printer {
	p := &printer{queue: make(chan queued, queuedLines), columns: func() int { return 0 }}
	if f, ok := w.(*os.File); ok {
		p.columns = func() int {
			columns, _, _ := term.GetSize(int(f.Fd())) // 0 if it is no terminal
			return columns
		}
	}
	report := func(w io.Writer, lost int64) { fmt.Fprintf(w, "spanpipe: warning: %s lines=%d\n", lostLines, lost) }
	p.report.Store(&report)
	go p.run(w) // ends with the process: a write to a pipe that is not read cannot be interrupted
	return p
}

func (p *printer) run(w io.Writer) {
	reported := int64(0)
	for q := range p.queue {
		if q.text != nil {
			_, _ = w.Write(q.text) // a stderr that is closed cannot be reported anywhere
		}
		if lost := p.lost.Load(); lost > reported && len(p.queue) == 0 {
			(*p.report.Load())(w, lost-reported)
			reported = lost
		}
		if q.written != nil {
			close(q.written)
		}
	}
}

// lostLines is the message about lines that could not be written.
const lostLines = "some lines of this log were lost, because stderr was not read"

// Write queues a copy of b, or drops it if the queue is full. It never fails.
func (p *printer) Write(b []byte) (int, error) {
	select {
	case p.queue <- queued{text: slices.Clone(b)}:
	default:
		p.lost.Add(1)
	}
	return len(b), nil
}

// flush waits until everything queued so far has been written, at most for the given time.
func (p *printer) flush(bound time.Duration) {
	timeout, written := time.After(bound), make(chan struct{})
	select {
	case p.queue <- queued{written: written}:
	case <-timeout:
		return
	}
	select {
	case <-written:
	case <-timeout:
	}
}

// tell writes a line about the command line or the settings, whatever the level of the log is: it says why the rest is
// not as the user meant it.
func (p *printer) tell(o *options, named *serverNames, level slog.Level, message, hint string) {
	message, hint = view.Safe(message), view.Safe(hint)
	if o.logFormat == "json" {
		var attrs []slog.Attr
		if hint != "" {
			attrs = append(attrs, slog.String("hint", hint))
		}
		logger := slog.New(namingHandler{slog.NewJSONHandler(p, nil), named})
		logger.LogAttrs(context.Background(), level, message, attrs...)
		return
	}
	if level == slog.LevelWarn {
		message = "warning: " + message
	}
	p.lines(message, hint)
}

// lines writes a message and its hint at once, so that nothing comes between them.
func (p *printer) lines(message, hint string) {
	text := p.fold("spanpipe: " + message)
	if hint != "" {
		text += p.fold("spanpipe: hint: " + hint)
	}
	_, _ = io.WriteString(p, text) // never fails
}

// fold returns a line, which goes on below where a terminal has no room for it.
func (p *printer) fold(line string) string {
	if columns := p.columns(); columns > 0 && view.Width(line) > columns {
		line = view.Fold(line, "  ", columns)
	}
	return line + "\n"
}

// logger returns the program's logger. Its lines of JSON name the server.
func (p *printer) logger(o *options, named *serverNames) *slog.Logger {
	if o.logFormat != "json" {
		return slog.New(textHandler{level: o.logLevel, out: p})
	}
	report := func(w io.Writer, lost int64) {
		slog.New(namingHandler{slog.NewJSONHandler(w, nil), named}).Warn(lostLines, "lines", lost)
	}
	p.report.Store(&report)
	return slog.New(namingHandler{slog.NewJSONHandler(p, &slog.HandlerOptions{Level: o.logLevel}), named})
}

// textHandler writes log records in the form above: the message, the error, the other attributes as key=value, or a sentence
// instead of all that; a hint has a line of its own. The handler of package slog would put time, level and quotes around what a person reads, often
// in a client's log that has its own.
type textHandler struct {
	level slog.Level
	out   *printer
	attrs string // those of WithAttrs, as they are written
	group string // before the keys of those to come
}

// Enabled implements slog.Handler.
func (h textHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// Handle implements slog.Handler.
func (h textHandler) Handle(_ context.Context, r slog.Record) error {
	if h.out.console && r.Message == semconv.OperationHangs.Message {
		return nil
	}
	line, attrs, hint := view.Safe(r.Message), h.attrs, ""
	text := sentence(&r)
	if text != "" {
		line = text
	}
	switch r.Level {
	case slog.LevelInfo: // an ordinary line has no mark
	case slog.LevelWarn:
		line = "warning: " + line
	default:
		line = strings.ToLower(r.Level.String()) + ": " + line
	}
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case semconv.Event, semconv.SessionID: // for programs
		case "hint":
			hint = value(a)
		case "error":
			line += ": " + value(a)
		default:
			if text == "" {
				attrs += h.format(a)
			}
		}
		return true
	})
	h.out.lines(line+attrs, hint)
	return nil
}

func (h textHandler) format(a slog.Attr) string {
	v := value(a)
	if a.Key == "duration" && a.Value.Kind() == slog.KindFloat64 { // of seconds, as in the collector's records
		v = view.Duration(time.Duration(a.Value.Float64() * float64(time.Second)))
	}
	if strings.ContainsAny(v, " \"=") || v == "" {
		v = strconv.Quote(v)
	}
	return " " + h.group + a.Key + "=" + v
}

// WithAttrs implements slog.Handler.
func (h textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		h.attrs += h.format(a)
	}
	return h
}

// WithGroup implements slog.Handler.
func (h textHandler) WithGroup(name string) slog.Handler {
	h.group += name + "."
	return h
}
