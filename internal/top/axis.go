package top

import (
	"cmp"
	"slices"
	"time"
)

// axis maps times to columns. Spans of time in which nothing starts or ends are folded: each takes one column.
type axis struct {
	parts   []part
	columns int
}

// part is a piece of time, drawn to scale or folded.
type part struct {
	from, to time.Time
	at, n    int // columns
	folded   bool
}

// newAxis makes an axis of n columns for the time in which the given moments lie. What lies between two of them is
// folded if it takes more than its share. Busy are the times in which something happens that is worth its length.
func newAxis(moments []time.Time, busy []interval, n int, fold bool) *axis {
	slices.SortFunc(moments, time.Time.Compare)
	moments = slices.CompactFunc(moments, time.Time.Equal)
	a := &axis{columns: n}
	if len(moments) == 0 || n <= 0 {
		return a
	}
	folds := map[int]bool{}
	if fold {
		folds = foldsOf(moments, busy, n)
	}
	start := 0
	for i := range len(moments) - 1 {
		if folds[i] {
			if i > start {
				a.parts = append(a.parts, part{from: moments[start], to: moments[i]})
			} else {
				a.parts = append(a.parts, part{from: moments[i], to: moments[i]})
			}
			a.parts = append(a.parts, part{from: moments[i], to: moments[i+1], folded: true})
			start = i + 1
		}
	}
	a.parts = append(a.parts, part{from: moments[start], to: moments[len(moments)-1]})
	a.share()
	return a
}

// foldsOf returns the gaps between moments that are folded, by the index of the moment before them.
func foldsOf(moments []time.Time, busy []interval, n int) map[int]bool {
	running := runningIn(moments, busy)
	gaps := make([]int, len(moments)-1)
	for i := range gaps {
		gaps[i] = i
	}
	length := func(i int) time.Duration { return moments[i+1].Sub(moments[i]) }
	slices.SortFunc(gaps, func(a, b int) int { return cmp.Compare(length(b), length(a)) })
	rest := moments[len(moments)-1].Sub(moments[0])
	folds := map[int]bool{}
	for _, g := range gaps {
		if length(g) < time.Second || len(folds) >= n/5 { // folds need room, too
			break
		}
		// Quiet time is worth a column or two. Time in which a call runs is folded only if it would hide the rest.
		share := rest * 2 / time.Duration(n)
		if running[g] {
			share = rest / 3
		}
		if length(g) > share {
			folds[g] = true
			rest -= length(g)
		}
	}
	return folds
}

// runningIn reports for each gap between moments whether something runs in it.
func runningIn(moments []time.Time, busy []interval) []bool {
	change := make([]int, len(moments)+1)
	for _, b := range busy {
		from, _ := slices.BinarySearchFunc(moments, b.from, time.Time.Compare)
		to, _ := slices.BinarySearchFunc(moments, b.to, time.Time.Compare)
		change[from]++
		change[min(to, len(moments))]--
	}
	running, n := make([]bool, len(moments)), 0
	for i := range moments {
		n += change[i]
		running[i] = n > 0
	}
	return running
}

// share gives the parts their columns: one for a fold, at least one for each other, and the rest by their length.
func (a *axis) share() {
	var total time.Duration
	free := a.columns
	for _, p := range a.parts {
		free--
		if !p.folded {
			total += p.to.Sub(p.from)
		}
	}
	free = max(free, 0)
	at, used, passed := 0, 0, time.Duration(0)
	for i := range a.parts {
		p := &a.parts[i]
		p.at, p.n = at, 1
		if !p.folded && total > 0 {
			passed += p.to.Sub(p.from)
			upTo := int(float64(free) * float64(passed) / float64(total))
			p.n += upTo - used
			used = upTo
		}
		at += p.n
	}
	if n := len(a.parts); n > 0 && total == 0 {
		a.parts[n-1].n += max(a.columns-at, 0)
	}
}

// column returns the column of a time.
func (a *axis) column(t time.Time) int {
	for i := range a.parts {
		p := &a.parts[i]
		if t.After(p.to) && i < len(a.parts)-1 {
			continue
		}
		length := p.to.Sub(p.from)
		if p.folded || length <= 0 {
			if p.folded && !t.Before(p.to) {
				continue
			}
			return min(p.at, a.columns-1)
		}
		c := p.at + int(float64(p.n)*float64(t.Sub(p.from))/float64(length))
		return max(0, min(c, p.at+p.n-1, a.columns-1))
	}
	return max(a.columns-1, 0)
}

// folded reports whether a column is a fold.
func (a *axis) folded(column int) bool {
	for i := range a.parts {
		if a.parts[i].folded && a.parts[i].at == column {
			return true
		}
	}
	return false
}

// labels returns the heading of an axis: the time of its start, and of what comes after folds where there is room.
func (a *axis) labels(zone *time.Location, now time.Time) string {
	out := make([]rune, a.columns)
	for i := range out {
		out[i] = ' '
	}
	end, before := 0, time.Time{}
	put := func(at int, text string) {
		if at >= end && at+len(text) <= a.columns {
			copy(out[at:], []rune(text))
			end = at + len(text) + 1
		}
	}
	for i, p := range a.parts {
		if p.folded {
			continue
		}
		last := i == len(a.parts)-1
		switch t := p.from.In(zone); {
		case last && !p.to.Before(now) && i > 0:
			put(a.columns-3, "now")
		case before.IsZero():
			put(p.at, t.Format("15:04:05"))
		case t.Format("2006010215") == before.Format("2006010215"):
			put(p.at, t.Format("04:05"))
		default:
			put(p.at, t.Format("15:04"))
		}
		before = p.from.In(zone)
	}
	return string(out)
}
