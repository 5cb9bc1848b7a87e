package cli

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// This file owns every line that a person reads on stderr. The form is
//
//	spanpipe: what is wrong, where
//	spanpipe: hint: what to do
//
// Nothing that comes from outside is shown as it is: see visible.

// speaker writes lines for people, and log records. It never blocks: if nobody reads our stderr, lines are lost, not calls.
type speaker struct {
	lines *lines
}

func newSpeaker(w io.Writer) *speaker { return &speaker{lines: newLines(w)} }

func (s *speaker) close() { s.lines.close(lastLines) }

// closeWithin is for lines that somebody waits for.
func (s *speaker) closeWithin(bound time.Duration) { s.lines.close(bound) }

// fail says why the program ends.
func (s *speaker) fail(message, hint string) { s.line(message, hint) }

// warn says what was not understood or does not work, before a logger exists.
func (s *speaker) warn(message, hint string) { s.line("warning: "+message, hint) }

func (s *speaker) line(message, hint string) {
	text := "spanpipe: " + visible(message) + "\n"
	if hint != "" {
		text += "spanpipe: hint: " + visible(hint) + "\n"
	}
	_, _ = io.WriteString(s.lines, text)
}

// logger returns the program's logger.
func (s *speaker) logger(o *options) *slog.Logger {
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(s.lines, &slog.HandlerOptions{Level: o.logLevel}))
	}
	return slog.New(&textHandler{level: o.logLevel, out: s.lines})
}

// textHandler writes log records as the lines that a person expects of a command: the message, then what went wrong, then the
// rest as key=value; a hint gets a line of its own.
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
	line.WriteString("spanpipe: ")
	if r.Level != slog.LevelInfo {
		name := map[slog.Level]string{slog.LevelWarn: "warning", slog.LevelError: "error", slog.LevelDebug: "debug"}[r.Level]
		if name == "" {
			name = strings.ToLower(r.Level.String())
		}
		line.WriteString(name + ": ")
	}
	line.WriteString(visible(r.Message))
	add := func(group string, a slog.Attr) {
		value := visible(a.Value.Resolve().String())
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

// WithAttrs implements slog.Handler.
func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		a.Key = h.group + a.Key // of the groups there are now, not of later ones
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

// visible makes a text safe to show: bounded, on one line, and without anything a terminal would act upon.
func visible(s string) string {
	const most = 500
	s = strings.ToValidUTF8(s, "?")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most-1]) + "…"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, s)
}

// short shows a duration without the zeros that Duration.String adds.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// lines hands what is written to another goroutine that writes it on, so that a stderr nobody reads holds up nothing.
type lines struct {
	queue  chan []byte
	closed chan struct{}
	done   chan struct{}
}

const (
	waitingLines = 1024
	lastLines    = 200 * time.Millisecond // for what is still to be written when the program ends
)

func newLines(w io.Writer) *lines {
	l := &lines{queue: make(chan []byte, waitingLines), closed: make(chan struct{}), done: make(chan struct{})}
	go l.write(w) // ends at close, which waits for it; it is left behind only if nobody reads
	return l
}

func (l *lines) write(w io.Writer) {
	defer close(l.done)
	for {
		select {
		case p := <-l.queue:
			_, _ = w.Write(p) // a stderr that is gone is nobody's loss
			continue
		default:
		}
		select {
		case p := <-l.queue:
			_, _ = w.Write(p)
		case <-l.closed:
			if len(l.queue) == 0 {
				return
			}
		}
	}
}

// Write takes a copy of p, or drops it when too much waits already. It never fails.
func (l *lines) Write(p []byte) (int, error) {
	select {
	case l.queue <- append([]byte(nil), p...):
	default:
	}
	return len(p), nil
}

// close writes what is left, within the time given.
func (l *lines) close(bound time.Duration) {
	select {
	case <-l.closed:
		return
	default:
	}
	close(l.closed)
	select {
	case <-l.done:
	case <-time.After(bound):
	}
}
