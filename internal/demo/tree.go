package demo

import (
	"fmt"
	"io"
	"math"
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
	ready bool // the session has been added; used by the telemetry alone

	mu   sync.Mutex
	rows []row
}

// row is a span: the session, an operation or a notification.
type row struct {
	number, parent uint64 // as in record.Operation; 0 is the session
	name           string
	start, end     time.Time
	word           string
	color          view.Color
}

// none is the number of a notification, which has no children, and the parent of the session.
const none = math.MaxUint64

// Opened does nothing: an operation is drawn when it has ended.
func (t *Tree) Opened(*record.Operation) {}

// Changed adds an operation that has ended.
func (t *Tree) Changed(op *record.Operation) {
	if op.Change == record.Ended {
		o := view.OutcomeOf(op)
		t.add(row{
			op.Number, op.Parent, view.Arrow(op.Direction) + " " + view.Name(op), op.Start, op.End, o.Long(), o.Color(),
		})
	}
}

// Noted adds a notification, and the session when the server is ready. Notifications that tell about an operation have
// no span of their own.
func (t *Tree) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Session:
		if n.Ready && !t.ready { // each change of the session is a record
			t.ready = true
			t.add(row{0, none, semconv.SessionSpan, n.Launched, n.Time, "", view.Cyan})
		}
	case record.Notification:
		switch n.Method {
		case semconv.Progress, semconv.Cancelled, semconv.LogMessage:
			return
		}
		name := view.Arrow(n.Direction) + " " + view.Safe(n.Method)
		t.add(row{none, n.Operation, name, n.Time, n.Time, "notification", view.Dim})
	}
}

func (t *Tree) add(r row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
}

// Draw writes the rows as a tree, each with its duration, its outcome, and a bar that shows when it ran. The lines fit
// a terminal of the given width, unless that leaves no room for bars that can be read.
func (t *Tree) Draw(w io.Writer, width int, paint view.Paint) error {
	t.mu.Lock()
	rows := slices.Clone(t.rows)
	t.mu.Unlock()
	if len(rows) == 0 {
		return nil
	}
	slices.SortStableFunc(rows, func(a, b row) int { return a.start.Compare(b.start) })
	names := min(nameWidth, max(leastName, width-50))
	p := picture{
		paint: paint, children: map[uint64][]row{}, from: rows[0].start, names: names,
		columns: min(60, max(12, width-names-durationWidth-wordWidth-5)),
	}
	known := map[uint64]bool{none: true}
	for _, r := range rows {
		known[r.number] = true
		p.total = max(p.total, r.end.Sub(p.from), 1)
	}
	for _, r := range rows {
		if !known[r.parent] {
			r.parent = 0 // it has not ended
		}
		p.children[r.parent] = append(p.children[r.parent], r)
	}
	roots := p.children[none]
	if len(roots) == 0 {
		roots = p.children[0]
	}
	for _, r := range roots {
		p.draw(r, "", "")
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// picture is a tree while it is drawn.
type picture struct {
	paint    view.Paint
	children map[uint64][]row // by the number of their parent
	from     time.Time        // the start of the time line
	total    time.Duration    // and its length
	columns  int              // and its width
	names    int              // width of the column of names
	out      strings.Builder
}

// Widths of the other columns, in characters.
const (
	nameWidth     = 36
	leastName     = 30 // in a terminal of 80 columns
	durationWidth = 8
	wordWidth     = 30
)

// draw writes a row and, below it, its children. The text lead stands before the row's name, and below before
// those of its children.
func (p *picture) draw(r row, lead, below string) {
	name := []rune(lead + r.name)
	if len(name) > p.names {
		name = append(name[:p.names-1], '…')
	}
	at, length := p.bar(r)
	bar := "·"
	if length > 0 {
		bar = strings.Repeat("━", length)
	}
	fmt.Fprintf(&p.out, "%-*s %*s  %*s%s", p.names, string(name), durationWidth, view.Duration(r.end.Sub(r.start)),
		at, "", p.paint(r.color, bar))
	if r.word != "" {
		fmt.Fprintf(&p.out, "%*s%s", p.columns-at-max(length, 1)+2, "", p.paint(r.color, r.word))
	}
	p.out.WriteString("\n")
	if r.number == none {
		return
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

// bar returns the column where a row starts, and how many columns it covers.
func (p *picture) bar(r row) (at, length int) {
	column := func(d time.Duration) int { return int(int64(d) * int64(p.columns) / int64(p.total)) }
	at = min(column(r.start.Sub(p.from)), p.columns-1)
	return at, min(column(r.end.Sub(r.start)), p.columns-at)
}
