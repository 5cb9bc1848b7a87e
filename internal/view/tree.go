package view

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Choice is which operations of a session are shown. The zero value shows all.
type Choice struct {
	Since  time.Time // those that ended later, or are open
	Failed bool      // those that did not go well
	// Last is how many rows are shown, counted from the end: 0 for all. Before them are the rows of what did not go well,
	// at most as many.
	Last int
}

// Row is a line of a tree. It is about an operation, a notification, or what is left out. A row about none of them is
// that of the session.
type Row struct {
	Lead         string // the lines of the tree before the name
	Operation    *record.Operation
	Notification *record.Notification
	LeftOut      int // operations and notifications
	Depth        int // 0 is the session
	// Earlier reports that it went wrong before the rows that are shown without a gap. The axis begins with these, and an
	// earlier row has its mark at the left edge.
	Earlier bool
}

// Tree is a session's operations and notifications, each below what caused it.
type Tree struct {
	Records *Records
	Rows    []Row
	Shown   int // operations and notifications that have a row
	LeftOut int // those that have none
	Trouble int // of these, operations that did not go well
}

// node is a row with those below it.
type node struct {
	row      Row
	at       time.Time
	children []*node
	keep     bool
}

// NewTree returns the tree of a session.
func NewTree(r *Records, c Choice) *Tree {
	root := r.nodes()
	t := &Tree{Records: r}
	t.choose(root, c)
	t.flatten(root, "", "", 0)
	return t
}

// nodes builds the tree of everything that is drawn. A parent that is not known, as one of a damaged line, is the
// session.
func (r *Records) nodes() *node {
	root := &node{keep: true, at: r.Begin()}
	known := make(map[uint64]*node, len(r.Operations))
	for i := range r.Operations {
		op := &r.Operations[i]
		n := &node{row: Row{Operation: op}, at: op.Start}
		known[op.Number] = n
		parent := known[op.Parent] // an earlier one, so there are no circles
		if parent == nil {
			parent = root
		}
		parent.children = append(parent.children, n)
	}
	for _, note := range r.Notes {
		if n, ok := note.(record.Notification); ok && Drawn(n) {
			parent := known[n.Operation]
			if parent == nil {
				parent = root
			}
			parent.children = append(parent.children, &node{row: Row{Notification: &n}, at: n.Time})
		}
	}
	for _, n := range known {
		n.sort()
	}
	root.sort()
	return root
}

// sort puts children in the order of time. What was read at once has one time: there a notification comes first, as
// notifications/initialized does before the requests that follow it.
func (n *node) sort() {
	rank := func(n *node) int {
		if n.row.Notification != nil {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(n.children, func(a, b *node) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(rank(a), rank(b))) })
}

// Chosen reports whether an operation is one of those that are chosen, however many there are.
func (r *Records) Chosen(op *record.Operation, c Choice) bool {
	return !r.until(op).Before(c.Since) && (!c.Failed || r.Trouble(op))
}

// walk calls f with every node below, those above first.
func (n *node) walk(f func(*node)) {
	for _, c := range n.children {
		f(c)
		c.walk(f)
	}
}

// choose marks what is kept, with what it is below, and replaces the rest by rows that count it.
func (t *Tree) choose(root *node, c Choice) {
	r, all := t.Records, []*node(nil)
	root.walk(func(n *node) {
		if op := n.row.Operation; op != nil {
			n.keep = r.Chosen(op, c)
		} else {
			n.keep = !c.Failed && !n.at.Before(c.Since)
		}
		if n.keep {
			all = append(all, n)
		}
	})
	if before := len(all) - c.Last; c.Last > 0 && before > 0 {
		troubles := 0
		for _, n := range slices.Backward(all[:before]) {
			op := n.row.Operation
			n.keep = troubles < c.Last && op != nil && r.Trouble(op)
			if n.keep {
				n.row.Earlier = true
				troubles++
			}
		}
	}
	t.keepAbove(root)
	t.leaveOut(root)
}

// keepAbove keeps what has something kept below it.
func (t *Tree) keepAbove(n *node) bool {
	for _, c := range n.children {
		if t.keepAbove(c) {
			n.keep = true
		}
	}
	return n.keep
}

func (t *Tree) leaveOut(n *node) {
	var kept []*node
	var gap *node
	for _, c := range n.children {
		if c.keep {
			t.leaveOut(c)
			kept, gap = append(kept, c), nil
			continue
		}
		if gap == nil {
			gap = &node{at: c.at, keep: true}
			kept = append(kept, gap)
		}
		count := func(c *node) {
			gap.row.LeftOut++
			if op := c.row.Operation; op != nil && t.Records.Trouble(op) {
				t.Trouble++
			}
		}
		count(c)
		c.walk(count)
	}
	n.children = kept
	for _, c := range kept {
		t.LeftOut += c.row.LeftOut
	}
}

// Trouble reports whether an operation did not go well, or hangs.
func (r *Records) Trouble(op *record.Operation) bool {
	switch r.Outcome(op).Ending {
	case OK, Answered, Open, Over:
		return op.Hung
	case Hung, Failed, BadRequest, Cancelled, TimedOut, Unanswered:
	}
	return true
}

// Axis returns the axis of the rows. It ends with the session, or now.
func (t *Tree) Axis(columns int) *Axis {
	r := t.Records
	var all []Interval
	for _, row := range t.Rows {
		switch {
		case row.Earlier:
		case row.Operation != nil:
			all = append(all, r.drawn(row.Operation))
		case row.Notification != nil:
			all = append(all, Interval{row.Notification.Time, row.Notification.Time})
		}
	}
	if len(all) == 0 {
		return NewAxis([]Interval{{r.Begin(), r.End()}}, columns)
	}
	return NewAxis(append(all, Interval{r.End(), r.End()}), columns)
}

// flatten makes the rows. The text lead stands before the row's name, and below before those of its children.
func (t *Tree) flatten(n *node, lead, below string, depth int) {
	n.row.Lead, n.row.Depth = lead, depth
	t.Rows = append(t.Rows, n.row)
	if depth > 0 && n.row.LeftOut == 0 {
		t.Shown++
	}
	for i, c := range n.children {
		if i == len(n.children)-1 {
			t.flatten(c, below+"└─ ", below+"   ", depth+1)
		} else {
			t.flatten(c, below+"├─ ", below+"│  ", depth+1)
		}
	}
}

// Name returns what a row is about, safe for a terminal.
func (r *Row) Name() string {
	switch {
	case r.Operation != nil:
		return Arrow(r.Operation.Direction) + " " + Call(r.Operation)
	case r.Notification != nil:
		return Arrow(r.Notification.Direction) + " " + Safe(r.Notification.Method)
	case r.LeftOut > 0:
		return fmt.Sprintf("… %s left out", Plural(r.LeftOut, "row"))
	}
	return semconv.SessionSpan
}
