package view

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// Interval is a piece of time.
type Interval struct{ From, To time.Time }

// Axis maps times to columns. Times in which nothing starts or ends are folded: calls of 3 ms in half an hour would be
// dust on a linear axis. What is not folded is linear, so that lengths compare.
type Axis struct {
	Columns int
	parts   []part // in the order of time, without gaps
}

// part is a piece of the axis.
type part struct {
	Interval
	at, columns int
	folded      bool
	busy        bool // of one that is folded: something was open meanwhile
}

// Gap is a piece of time that is drawn shorter than it was.
type Gap struct {
	Interval
	At   int  // the column of its mark
	Busy bool // something was open meanwhile
}

const (
	leastFold = 2 * time.Second // what is shorter is not worth a fold
	quietFold = 1               // columns of a fold
	busyFold  = 3               // likewise, so that a call that crosses it looks longer than its neighbors
)

// clock is the form of a time of day, above an axis and beside remarks.
const clock = "15:04:05"

// NewAxis returns an axis of a number of columns for intervals, of which at least one is needed. Folds take at most half
// of the columns.
func NewAxis(intervals []Interval, columns int) *Axis {
	parts := split(intervals)
	fold(parts, columns/2)
	a := &Axis{Columns: columns}
	for _, p := range parts {
		last := len(a.parts) - 1
		switch after := last < 0 || a.parts[last].folded; {
		case p.folded && after: // a column for what happens between two folds
			a.parts = append(a.parts, part{Interval: Interval{p.From, p.From}}, p)
		case !p.folded && !after:
			a.parts[last].To = p.To
		default:
			a.parts = append(a.parts, p)
		}
	}
	if end := a.parts[len(a.parts)-1]; end.folded && !end.busy {
		a.parts = append(a.parts, part{Interval: Interval{end.To, end.To}})
	}
	a.place()
	return a
}

// NewLinearAxis returns an axis of a number of columns for an interval, without folds.
func NewLinearAxis(i Interval, columns int) *Axis {
	return &Axis{Columns: columns, parts: []part{{Interval: i, columns: columns}}}
}

// split returns the pieces between the times at which an interval starts or ends.
func split(intervals []Interval) []part {
	type edge struct {
		at   time.Time
		open int
	}
	edges := make([]edge, 0, 2*len(intervals))
	for _, i := range intervals {
		edges = append(edges, edge{i.From, 1}, edge{i.To, -1})
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return a.at.Compare(b.at) })
	var parts []part
	open := 0
	for i, e := range edges {
		if i > 0 && e.at.After(edges[i-1].at) {
			parts = append(parts, part{Interval: Interval{edges[i-1].at, e.at}, busy: open > 0})
		}
		open += e.open
	}
	if len(parts) == 0 { // all at one time
		parts = append(parts, part{Interval: Interval{edges[0].at, edges[0].at}})
	}
	return parts
}

// fold folds the longest parts: as many as possible of which each would take a third of what remains or more.
func fold(parts []part, columns int) {
	longest := make([]*part, len(parts))
	var rest time.Duration
	for i := range parts {
		longest[i] = &parts[i]
		rest += parts[i].length()
	}
	slices.SortStableFunc(longest, func(a, b *part) int { return cmp.Compare(b.length(), a.length()) })
	folds := 0
	for i, p := range longest {
		rest -= p.length()
		columns -= p.foldColumns() + 1
		if p.length() < leastFold || columns < 0 || rest == 0 {
			break
		}
		if 2*p.length() >= rest {
			folds = i + 1
		}
	}
	for _, p := range longest[:folds] {
		p.folded = true
	}
}

func (p *part) length() time.Duration { return p.To.Sub(p.From) }

func (p *part) foldColumns() int {
	if p.busy {
		return busyFold
	}
	return quietFold
}

// place gives each part its columns. Folds have theirs; of the rest each has its share, and at least one.
func (a *Axis) place() {
	var linear []*part
	var length time.Duration
	left := a.Columns
	for i := range a.parts {
		p := &a.parts[i]
		if p.folded {
			p.columns = p.foldColumns()
			left -= p.columns
			continue
		}
		linear = append(linear, p)
		length += p.length()
	}
	shares := max(left-len(linear), 0) // beside the one that each has
	var before time.Duration
	for _, p := range linear {
		share := func(d time.Duration) int {
			if length == 0 {
				return 0
			}
			return int(math.Round(float64(d) / float64(length) * float64(shares)))
		}
		p.columns = 1 + share(before+p.length()) - share(before)
		before += p.length()
	}
	at := 0
	for i := range a.parts {
		a.parts[i].at = at
		at += a.parts[i].columns
	}
	a.Columns = max(a.Columns, at)
}

// Begin returns where the axis begins.
func (a *Axis) Begin() time.Time { return a.parts[0].From }

// End returns where the axis ends.
func (a *Axis) End() time.Time { return a.parts[len(a.parts)-1].To }

// Labels returns the times above an axis, as wide as it is: where it begins, and behind each fold. Now says that it ends
// with the present.
func (a *Axis) Labels(zone *time.Location, now bool) string {
	times := []rune(strings.Repeat(" ", a.Columns))
	put := func(column int, text string) {
		if column < 0 || column+len(text) > len(times) || strings.TrimSpace(string(times[max(0, column-1):column+len(text)])) != "" {
			return
		}
		copy(times[column:], []rune(text))
	}
	if now {
		put(len(times)-len("now"), "now")
	}
	previous := a.Begin().In(zone)
	put(0, previous.Format(clock))
	for _, f := range a.Folds() {
		at := f.To.In(zone)
		form := "04:05"
		if at.Truncate(time.Hour) != previous.Truncate(time.Hour) {
			form = clock
		}
		put(f.At+1, at.Format(form))
		previous = at
	}
	return string(times)
}

// Folds returns what is folded, in the order of time.
func (a *Axis) Folds() []Gap {
	var folds []Gap
	for _, p := range a.parts {
		if p.folded {
			folds = append(folds, Gap{p.Interval, p.at + p.columns/2, p.busy})
		}
	}
	return folds
}

// Bar returns the column at which an interval begins and how many columns it takes: 0 if it is too short for one. What
// lies outside of the axis is left out.
func (a *Axis) Bar(i Interval) (at, columns int) {
	from, to := a.position(i.From), a.position(i.To)
	at = min(int(from), a.Columns-1)
	for _, p := range a.parts { // what ends where a fold begins stands before it
		if p.folded && at == p.at && !i.From.After(p.From) && at > 0 {
			at--
		}
	}
	if math.Round(to-from) == 0 {
		return at, 0
	}
	return at, max(1, min(int(math.Round(to)), a.Columns)-at)
}

// Column returns the column of a time.
func (a *Axis) Column(t time.Time) int {
	at, _ := a.Bar(Interval{t, t})
	return at
}

// Time returns when a column begins.
func (a *Axis) Time(column int) time.Time {
	for _, p := range a.parts {
		if column < p.at+p.columns {
			return p.From.Add(time.Duration(float64(p.length()) * float64(column-p.at) / float64(p.columns)))
		}
	}
	return a.parts[len(a.parts)-1].To
}

// position returns the place of a time, in columns.
func (a *Axis) position(t time.Time) float64 {
	i, _ := slices.BinarySearchFunc(a.parts, t, func(p part, t time.Time) int { return p.To.Compare(t) })
	if i == len(a.parts) {
		return float64(a.Columns)
	}
	p := &a.parts[i]
	length := p.length()
	if length == 0 || t.Before(p.From) {
		return float64(p.at)
	}
	return float64(p.at) + float64(t.Sub(p.From))/float64(length)*float64(p.columns)
}
