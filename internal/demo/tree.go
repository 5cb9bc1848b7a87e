package demo

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Tree collects finished spans and draws them. It is an sdktrace.SpanProcessor.
type Tree struct {
	mu    sync.Mutex
	spans []sdktrace.ReadOnlySpan
}

// OnStart implements sdktrace.SpanProcessor.
func (t *Tree) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd keeps the span.
func (t *Tree) OnEnd(s sdktrace.ReadOnlySpan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spans = append(t.spans, s)
}

// Shutdown implements sdktrace.SpanProcessor.
func (t *Tree) Shutdown(context.Context) error { return nil }

// ForceFlush implements sdktrace.SpanProcessor.
func (t *Tree) ForceFlush(context.Context) error { return nil }

// Style is how a picture is drawn.
type Style struct {
	Width int                              // columns, at least 60
	Paint func(colour, text string) string // colours as ANSI numbers
	Took  func(d time.Duration) string     // a duration, short
}

// Draw writes the spans as a tree, each with its duration, its outcome, and a bar that shows when it was.
func (t *Tree) Draw(w io.Writer, st Style) error {
	t.mu.Lock()
	spans := slices.Clone(t.spans)
	t.mu.Unlock()
	if len(spans) == 0 {
		return nil
	}
	slices.SortStableFunc(spans, func(a, b sdktrace.ReadOnlySpan) int {
		return a.StartTime().Compare(b.StartTime())
	})
	p := &picture{Style: st, children: map[trace.SpanID][]sdktrace.ReadOnlySpan{}, from: spans[0].StartTime()}
	known := map[trace.SpanID]bool{}
	for _, s := range spans {
		known[s.SpanContext().SpanID()] = true
		if s.EndTime().After(p.to) {
			p.to = s.EndTime()
		}
	}
	var roots []sdktrace.ReadOnlySpan
	for _, s := range spans {
		if parent := s.Parent().SpanID(); known[parent] {
			p.children[parent] = append(p.children[parent], s)
		} else {
			roots = append(roots, s)
		}
	}
	for _, s := range roots {
		p.draw(s, "", "")
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

type picture struct {
	Style
	children map[trace.SpanID][]sdktrace.ReadOnlySpan
	from, to time.Time
	out      strings.Builder
}

const (
	nameWidth = 36
	tookWidth = 8
	wordWidth = 30
)

func (p *picture) draw(s sdktrace.ReadOnlySpan, lead, below string) {
	arrow := "→ "
	switch {
	case s.Name() == semconv.SessionSpan:
		arrow = ""
	case s.SpanKind() == trace.SpanKindClient:
		arrow = "← "
	}
	name := []rune(lead + arrow + s.Name())
	if len(name) > nameWidth {
		name = append(name[:nameWidth-1], '…')
	}
	word, colour := outcome(s)
	bar, at := p.bar(s)
	line := fmt.Sprintf("%-*s %*s  %s%s", nameWidth, string(name), tookWidth, p.Took(s.EndTime().Sub(s.StartTime())),
		strings.Repeat(" ", at), p.Paint(colour, bar))
	if word != "" {
		line += strings.Repeat(" ", max(0, p.columns()-at-len([]rune(bar)))+2) + p.Paint(colour, word)
	}
	p.out.WriteString(line + "\n")
	children := p.children[s.SpanContext().SpanID()]
	for i, c := range children {
		if i == len(children)-1 {
			p.draw(c, below+"└─ ", below+"   ")
		} else {
			p.draw(c, below+"├─ ", below+"│  ")
		}
	}
}

// columns is the width of the time line.
func (p *picture) columns() int {
	return min(60, max(12, p.Width-nameWidth-tookWidth-wordWidth-5))
}

// bar draws a span on the time line. The shortest is one dot.
func (p *picture) bar(s sdktrace.ReadOnlySpan) (bar string, at int) {
	columns, total := p.columns(), max(p.to.Sub(p.from), 1)
	at = min(int(s.StartTime().Sub(p.from)*time.Duration(columns)/total), columns-1)
	length := int(s.EndTime().Sub(s.StartTime()) * time.Duration(columns) / total)
	if length < 1 {
		return "·", at
	}
	return strings.Repeat("━", min(length, columns-at)), at
}

// outcome reads how an operation ended from its span's attributes.
func outcome(s sdktrace.ReadOnlySpan) (word, colour string) {
	var errorType, code, class string
	for _, a := range s.Attributes() {
		switch string(a.Key) {
		case semconv.ErrorType:
			errorType = a.Value.AsString()
		case semconv.StatusCode:
			code = a.Value.AsString()
		case semconv.ErrorClass:
			class = a.Value.AsString()
		}
	}
	word, colour = "ok", "32"
	switch {
	case errorType == semconv.ErrCancelled:
		word, colour = errorType, "33"
	case errorType != "":
		word, colour = errorType, "31"
	case code != "":
		word, colour = code, "33"
	case s.Name() == semconv.SessionSpan:
		return "", "36"
	case s.EndTime().Equal(s.StartTime()):
		return "notification", "2"
	}
	if class != "" && class != word {
		word += " (" + class + ")"
	}
	return word, colour
}
