package top

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/watch"
)

// sessionsPane lists the sessions by the runs of their clients, the newest run first.
type sessionsPane struct {
	list
	shown    []sessionRow
	order    []*watch.Run // as the rows stand
	sort     int
	turned   bool
	sessions int // with the filter
}

// sessionRow is a day, a run or a session.
type sessionRow struct {
	day     string
	run     *watch.Run
	session *watch.Session
	last    bool // of its run
}

// sessionSorts are the columns to sort by.
var sessionSorts = []string{"WHEN", "CALLS", "FAILED", "HUNG", "P95"}

func newSessionsPane() *sessionsPane { return &sessionsPane{list: list{follow: true}} }

func (p *sessionsPane) rows() *list { return &p.list }

func (p *sessionsPane) hints() []string {
	return []string{"⏎ open", "/ filter", "s sort", "n next not ok", "space pause", "y copy", "? keys", "q quit"}
}

// update collects the runs that the filter lets through. New ones come first, whatever the order.
func (p *sessionsPane) update(w *watch.World, f *watch.Filter, reorder bool) {
	var runs []*watch.Run
	for _, r := range p.order {
		if !reorder && len(r.Sessions) > 0 {
			runs = append(runs, r)
		}
	}
	old := make(map[*watch.Run]bool, len(runs))
	for _, r := range runs {
		old[r] = true
	}
	fresh := slices.DeleteFunc(slices.Clone(w.Runs), func(r *watch.Run) bool { return old[r] })
	runs = append(fresh, runs...)
	if reorder {
		p.sorted(w, runs)
	}
	p.order, p.shown, p.sessions, p.total = runs, p.shown[:0], 0, len(w.Sessions)
	var rows []row
	day := w.Now.Format(time.DateOnly)
	for _, r := range runs {
		all := p.passing(w, f, r)
		if len(all) == 0 {
			continue
		}
		if d := r.Began().In(w.Now.Location()); p.sort == 0 && !p.turned && d.Format(time.DateOnly) != day {
			day = d.Format(time.DateOnly)
			p.shown, rows = append(p.shown, sessionRow{day: dayName(d, w.Now)}), append(rows, row{id: day, skip: true})
		}
		p.shown, rows = append(p.shown, sessionRow{run: r}), append(rows, row{id: "run " + r.Key})
		for i, s := range all {
			p.shown = append(p.shown, sessionRow{run: r, session: s, last: i == len(all)-1})
			rows = append(rows, row{id: s.Name, bad: s.IsBad(w)})
			p.sessions++
		}
	}
	p.set(rows)
}

// passing returns the sessions of a run that the filter lets through.
func (p *sessionsPane) passing(w *watch.World, f *watch.Filter, r *watch.Run) []*watch.Session {
	var out []*watch.Session
	for _, s := range r.Sessions {
		if f.Empty() || f.Matches(s.Subject(w)) {
			out = append(out, s)
		}
	}
	return out
}

// sorted sorts runs, and the sessions of each, by the column chosen. The largest numbers come first.
func (p *sessionsPane) sorted(w *watch.World, runs []*watch.Run) {
	if p.sort == 0 {
		if p.turned {
			slices.Reverse(runs)
		}
		return
	}
	slices.SortStableFunc(runs, func(a, b *watch.Run) int {
		order := cmp.Compare(p.value(b.Sums(w)), p.value(a.Sums(w)))
		if p.turned {
			order = -order
		}
		return order
	})
}

func (p *sessionsPane) value(t watch.Sums) float64 {
	return []float64{0, float64(t.Calls), float64(t.Failed), float64(t.Hung), t.P95}[p.sort]
}

func (p *sessionsPane) key(w *watch.World, key string) action {
	switch key {
	case "s":
		p.sort, p.turned = (p.sort+1)%len(sessionSorts), false
	case "S":
		p.turned = !p.turned
	case "enter":
		i := p.selected()
		if i < 0 {
			return action{known: true}
		}
		if s := p.shown[i].session; s != nil {
			return action{known: true, open: newTimeline(w, []*watch.Session{s})}
		}
		return action{known: true, open: newTimeline(w, p.shown[i].run.Sessions)}
	default:
		return action{}
	}
	return action{known: true}
}

func (p *sessionsPane) command() string {
	i := p.selected()
	switch {
	case i < 0:
		return "spanpipe sessions"
	case p.shown[i].session != nil:
		return "spanpipe show " + p.shown[i].session.Name
	}
	return "spanpipe show " + p.shown[i].run.Sessions[0].Name + " --run"
}

// sessionColumns are the widths of columns; 0 for one that is left out.
type sessionColumns struct{ name, when, p95, received, end int }

func columnsOf(width int) sessionColumns {
	c := sessionColumns{name: 16, p95: 7, end: 8}
	switch {
	case width < 70:
		c.name = 15
	case width >= 140:
		c.name, c.received, c.end = 24, 8, 14
	case width >= 100:
		c.name, c.received, c.end = 20, 8, 14
	}
	rest := func() int { return width - 25 - c.name - c.end - sep(c.p95) - sep(c.received) }
	if c.when = rest(); c.when < 8 {
		c.p95 = 0
		c.when = rest()
	}
	if c.when < 6 {
		c.name, c.when = c.name+c.when, 0
	}
	return c
}

// sep returns the width of a column and the space before it.
func sep(n int) int {
	if n == 0 {
		return 0
	}
	return n + 1
}

func (p *sessionsPane) draw(w *watch.World, room Size) []Line {
	c := columnsOf(room.Width)
	p.room(room.Height - 1)
	lines := []Line{p.heading(c)}
	from, to := p.visible()
	for i := from; i < to; i++ {
		r := p.shown[i]
		var l Line
		switch {
		case r.session != nil:
			l = sessionLine(w, r.session, c, r.last)
		case r.run != nil:
			l = runLine(w, r.run, c)
		default:
			l = text(Dim, " %s ", r.day)
			l.add(Dim, strings.Repeat("─", max(room.Width-l.width()-1, 0)))
		}
		l.Selected = i == p.selected()
		lines = append(lines, l)
	}
	return lines
}

func (p *sessionsPane) heading(c sessionColumns) Line {
	name := func(i int) string {
		switch {
		case p.sort != i || i == 0 && !p.turned:
			return sessionSorts[i]
		case p.turned:
			return sessionSorts[i] + "↑"
		}
		return sessionSorts[i] + "↓"
	}
	var l Line
	l.add(Dim, "   # ").left(Dim, "SESSION", c.name).space(1)
	if c.when > 0 {
		l.left(Dim, name(0), c.when).space(1)
	}
	l.right(Dim, name(1), 5).right(Dim, name(2), 7).right(Dim, name(3), 5)
	if c.p95 > 0 {
		l.right(Dim, name(4), 1+c.p95)
	}
	if c.received > 0 {
		l.right(Dim, "RECEIVED", 1+c.received)
	}
	l.space(1).add(Dim, "END")
	return l
}

// dayName returns the name of a day that is not today.
func dayName(d, now time.Time) string {
	name := d.Format("Monday 2 January")
	switch {
	case d.Year() != now.Year():
		return name + d.Format(" 2006")
	case d.Format(time.DateOnly) == now.AddDate(0, 0, -1).Format(time.DateOnly):
		return "yesterday, " + name
	}
	return name
}
