package top

import "github.com/spanpipe/spanpipe/internal/watch"

// Size is that of a screen, in columns and lines.
type Size struct{ Width, Height int }

// pane is one view. It holds what a person has chosen in it; what it shows is the world's.
type pane interface {
	// update collects the rows after something has changed. Rows that stay keep their order, unless it may change.
	update(w *watch.World, f *watch.Filter, reorder bool)
	// draw returns the lines between the rails: exactly as many as there is room for, or fewer.
	draw(w *watch.World, room Size) []Line
	// key acts on a key that belongs to this pane alone.
	key(w *watch.World, key string) action
	// rows are the pane's rows; nil if it has none.
	rows() *list
	// hints are the keys that work here, most useful first.
	hints() []string
	// command prints the same in a shell; empty if there is none.
	command() string
}

// action is what a pane wants to happen.
type action struct {
	known  bool
	open   pane
	filter string // with tab: the filter there
	tab    int
}

// row is a row of a list, as far as moving around is concerned.
type row struct {
	id   string // stays the same while the row is there
	bad  bool   // a row to stop at with "next not ok"
	skip bool   // a heading, which cannot be selected
}

// list is the rows of a pane, one of which is selected, and the part of them that is on the screen.
type list struct {
	all      []row
	at, top  int
	height   int
	follow   bool // the selection has not been moved: the newest row stays on the screen
	newAtEnd bool // the newest row is the last one
	total    int  // rows without the filter
}

// set replaces the rows. The selected row stays where it is on the screen.
func (l *list) set(rows []row) {
	selected := ""
	if l.at < len(l.all) {
		selected = l.all[l.at].id
	}
	l.all = rows
	if l.follow {
		l.toNewest()
		return
	}
	for i, r := range rows {
		if r.id == selected {
			l.top = max(l.top+i-l.at, 0)
			l.at = i
			return
		}
	}
	l.at = min(l.at, max(len(rows)-1, 0))
	l.settle(1)
	l.show()
}

// room sets how many rows are on the screen.
func (l *list) room(height int) {
	if height = max(height, 1); height == l.height {
		return
	}
	l.height = height
	if l.follow {
		l.toNewest()
	}
	l.show()
}

// toNewest selects the newest row.
func (l *list) toNewest() {
	l.at = 0
	if l.newAtEnd {
		l.at = max(len(l.all)-1, 0)
		l.settle(-1)
	} else {
		l.top = 0
		l.settle(1)
	}
	l.show()
}

// settle moves from a row that cannot be selected to one that can, first in the given direction.
func (l *list) settle(step int) {
	for _, s := range []int{step, -step} {
		for i := l.at; i >= 0 && i < len(l.all); i += s {
			if !l.all[i].skip {
				l.at = i
				return
			}
		}
	}
}

// show scrolls so that the selected row is on the screen, and a heading above the first row, too.
func (l *list) show() {
	if l.height == 0 {
		return
	}
	l.top = max(min(l.top, l.at), l.at-l.height+1)
	l.top = max(0, min(l.top, len(l.all)-l.height))
	if l.at > 0 && l.top == l.at && l.height > 1 && l.all[l.at-1].skip {
		l.top--
	}
}

// visible returns the rows that are on the screen.
func (l *list) visible() (from, to int) { return l.top, min(l.top+l.height, len(l.all)) }

// selected returns the index of the selected row, or -1.
func (l *list) selected() int {
	if l.at >= len(l.all) || l.all[l.at].skip {
		return -1
	}
	return l.at
}

// key moves the selection and reports whether the key does so.
func (l *list) key(key string) bool {
	switch key {
	case "up", "k":
		l.move(-1)
	case "down", "j":
		l.move(1)
	case "pgup", "ctrl+b":
		l.move(-max(l.height-1, 1))
	case "pgdown", "ctrl+f":
		l.move(max(l.height-1, 1))
	case "g", "home":
		l.move(-len(l.all))
		l.follow = !l.newAtEnd
	case "G", "end":
		l.move(len(l.all))
		l.follow = l.newAtEnd
	default:
		return false
	}
	return true
}

// move moves by rows.
func (l *list) move(n int) {
	l.follow = false
	l.at = max(0, min(l.at+n, len(l.all)-1))
	if n < 0 {
		l.settle(-1)
	} else {
		l.settle(1)
	}
	l.show()
	if l.at > 0 && l.selected() == l.firstRow() {
		l.top = 0 // with the headings above it
		l.show()
	}
}

func (l *list) firstRow() int {
	for i, r := range l.all {
		if !r.skip {
			return i
		}
	}
	return 0
}

// next selects the next row that is not ok, or the one before, and reports whether there is one.
func (l *list) next(step int) bool {
	for n := 1; n <= len(l.all); n++ {
		i := ((l.at+n*step)%len(l.all) + len(l.all)) % len(l.all)
		if l.all[i].bad && !l.all[i].skip {
			l.follow = false
			l.at = i
			l.show()
			return true
		}
	}
	return false
}

// position returns the place of the selected row among those that can be selected.
func (l *list) position() (at, of int) {
	for i, r := range l.all {
		if !r.skip {
			of++
			if i == l.at {
				at = of
			}
		}
	}
	return at, of
}
