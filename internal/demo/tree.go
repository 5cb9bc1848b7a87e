package demo

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Tree is a sink that collects a session's operations and notifications and draws them as the spans that they become.
// It may be drawn while records still arrive.
type Tree struct {
	mu   sync.Mutex
	rows []row // the session's first, once the server is ready
}

// row is a span: the session, an operation or a notification.
type row struct {
	number, parent uint64 // as in record.Operation
	name           string
	start, end     time.Time
	word           string
	color          view.Color
}

// Opened does nothing: an operation is drawn when it has ended.
func (t *Tree) Opened(*record.Operation) {}

// Changed adds an operation that has ended.
func (t *Tree) Changed(op *record.Operation) {
	if op.Change != record.Ended {
		return
	}
	word, color := view.Outcome(op)
	t.add(row{op.Number, op.Parent, view.Arrow(op.Direction) + " " + view.Name(op), op.Start, op.End, word, color})
}

// Noted adds a notification, and the session when the server is ready. Notifications that tell about an operation have
// no span of their own.
func (t *Tree) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Session:
		if n.Ready && !t.started() {
			t.add(row{name: semconv.SessionSpan, start: n.Launched, end: n.Time, color: view.Cyan})
		}
	case record.Notification:
		switch n.Method {
		case semconv.Progress, semconv.Cancelled, semconv.LogMessage:
			return
		}
		name := view.Arrow(n.Direction) + " " + view.Safe(n.Method)
		t.add(row{0, n.Operation, name, n.Time, n.Time, "notification", view.Dim})
	}
}

func (t *Tree) add(r row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
}

// started reports whether the session has been added.
func (t *Tree) started() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.rows, func(r row) bool { return r.name == semconv.SessionSpan })
}

// Style is how a tree is drawn.
type Style struct {
	Width int // columns, at least 60
	Paint view.Paint
}

// Draw writes the rows as a tree, each with its duration, its outcome, and a bar that shows when it ran.
func (t *Tree) Draw(w io.Writer, st Style) error {
	t.mu.Lock()
	rows := slices.Clone(t.rows)
	t.mu.Unlock()
	if len(rows) == 0 {
		return nil
	}
	slices.SortStableFunc(rows, func(a, b row) int { return a.start.Compare(b.start) })
	p := &picture{Style: st, children: map[uint64][]row{}, from: rows[0].start}
	drawn := map[uint64]bool{}
	for _, r := range rows {
		drawn[r.number] = true
		if r.end.After(p.to) {
			p.to = r.end
		}
	}
	var session []row
	for _, r := range rows {
		switch {
		case r.name == semconv.SessionSpan:
			session = append(session, r)
		case drawn[r.parent]:
			p.children[r.parent] = append(p.children[r.parent], r)
		default: // its parent has not ended
			p.children[0] = append(p.children[0], r)
		}
	}
	if len(session) == 0 {
		session = p.children[0]
	}
	for _, r := range session {
		p.draw(r, "", "")
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// picture is a tree while it is drawn.
type picture struct {
	Style
	children map[uint64][]row // by the number of their parent; those of the session by 0
	from, to time.Time
	out      strings.Builder
}

// Widths of the columns, in characters.
const (
	nameWidth     = 36
	durationWidth = 8
	wordWidth     = 30
)

// draw writes a row and, below it, its children. Lead stands before the row's name, below before those of its children.
func (p *picture) draw(r row, lead, below string) {
	name := []rune(lead + r.name)
	if len(name) > nameWidth {
		name = append(name[:nameWidth-1], '…')
	}
	bar, at := p.bar(r)
	line := fmt.Sprintf("%s %s  %s%s", view.Right(string(name), nameWidth),
		view.Left(view.Duration(r.end.Sub(r.start)), durationWidth), strings.Repeat(" ", at), p.Paint(r.color, bar))
	if r.word != "" {
		rest := p.columns() - at - len([]rune(bar))
		line += strings.Repeat(" ", max(0, rest)+2) + p.Paint(r.color, r.word)
	}
	p.out.WriteString(line + "\n")
	if r.number == 0 && r.name != semconv.SessionSpan {
		return // a notification
	}
	children := p.children[r.number]
	for i, c := range children {
		if i == len(children)-1 {
			p.draw(c, below+"└─ ", below+"   ")
		} else {
			p.draw(c, below+"├─ ", below+"│  ")
		}
	}
}

// columns returns the width of the time line.
func (p *picture) columns() int {
	return min(60, max(12, p.Width-nameWidth-durationWidth-wordWidth-5))
}

// bar returns the part of the time line that a row covers, and the column where it starts. The shortest is one dot.
func (p *picture) bar(r row) (bar string, at int) {
	columns, total := p.columns(), max(p.to.Sub(p.from), 1)
	at = min(int(r.start.Sub(p.from)*time.Duration(columns)/total), columns-1)
	length := int(r.end.Sub(r.start) * time.Duration(columns) / total)
	if length < 1 {
		return "·", at
	}
	return strings.Repeat("━", min(length, columns-at)), at
}
