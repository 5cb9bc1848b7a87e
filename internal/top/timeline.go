package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
)

// timeline lists the operations of a run or a session by time, each with a bar.
type timeline struct {
	list
	sessions []*watch.Session
	shown    []timelineRow
	unfolded bool
	byServer bool
	zoom     int // steps of two, around the selected row
	shift    int // quarters of the window, to later
	whole    bool
}

// timelineRow is an operation.
type timelineRow struct {
	*watch.Call
	depth   int
	outcome view.Outcome
}

func newTimeline(w *watch.World, sessions []*watch.Session) *timeline {
	p := &timeline{sessions: slices.Clone(sessions), list: list{follow: true, newAtEnd: true}}
	for _, s := range p.sessions {
		w.Watch(s)
	}
	return p
}

// close forgets the operations that no other pane shows.
func (p *timeline) close(w *watch.World) {
	for _, s := range p.sessions {
		w.Unwatch(s)
	}
}

func (p *timeline) rows() *list { return &p.list }

func (p *timeline) hints() []string {
	by := "b by server"
	if p.byServer {
		by = "b by time"
	}
	return []string{"esc back", "⏎ open", "f fold", "+ - zoom", by, "n next not ok", "h l move", "y copy", "? keys"}
}

// update collects the operations: by time, each followed by those that it caused.
func (p *timeline) update(w *watch.World, f *watch.Filter, _ bool) {
	var all []*watch.Call
	p.total = 0
	for _, s := range p.sessions {
		for _, c := range s.Operations {
			all = append(all, c)
		}
		all = append(all, s.Notifications()...)
	}
	p.total = len(all)
	slices.SortFunc(all, func(a, b *watch.Call) int {
		return cmp.Or(a.Op.Start.Compare(b.Op.Start), strings.Compare(a.Session.Name, b.Session.Name),
			cmp.Compare(a.Op.Number, b.Op.Number), cmp.Compare(a.Note, b.Note))
	})
	if p.byServer {
		slices.SortStableFunc(all, func(a, b *watch.Call) int {
			return cmp.Compare(slices.Index(p.sessions, a.Session), slices.Index(p.sessions, b.Session))
		})
	}
	p.shown = p.shown[:0]
	children := map[*watch.Call][]*watch.Call{}
	var roots []*watch.Call
	for _, c := range all {
		if parent := c.Session.Operations[c.Op.Parent]; parent != nil && parent != c {
			children[parent] = append(children[parent], c)
		} else {
			roots = append(roots, c)
		}
	}
	for _, c := range roots {
		p.collect(w, f, c, children, 0)
	}
	rows := make([]row, len(p.shown))
	for i, r := range p.shown {
		rows[i] = row{id: fmt.Sprintf("%s/%d/%d", r.Session.Name, r.Op.Number, r.Note), bad: isBad(r.outcome)}
	}
	p.set(rows)
}

func (p *timeline) collect(w *watch.World, f *watch.Filter, c *watch.Call, children map[*watch.Call][]*watch.Call, depth int) {
	const deepest = 8 // also ends a circle, which damaged files could make
	o := c.Outcome()
	if f.Matches(c.Subject(o, w.Now)) {
		p.shown = append(p.shown, timelineRow{c, depth, o})
	}
	if depth < deepest {
		for _, child := range children[c] {
			p.collect(w, f, child, children, depth+1)
		}
	}
}

func (p *timeline) key(w *watch.World, key string) action {
	a := action{known: true}
	switch key {
	case "enter":
		if i := p.selected(); i >= 0 && p.shown[i].Note == 0 {
			a.open = newCallPane(p.shown[i].Call, p)
		}
	case "f":
		p.unfolded = !p.unfolded
	case "b":
		p.byServer = !p.byServer
	case "+", "=":
		p.zoom, p.whole = min(p.zoom+1, 20), false
	case "-":
		p.zoom, p.whole = max(p.zoom-1, -20), false
	case "0":
		p.zoom, p.shift, p.whole = 0, 0, !p.whole
	case "h", "left":
		p.shift--
	case "l", "right":
		p.shift++
	default:
		return action{}
	}
	return a
}

func (p *timeline) command() string {
	if i := p.selected(); i >= 0 && p.shown[i].Note == 0 {
		return fmt.Sprintf("spanpipe show %s --operation %d", p.shown[i].Session.Name, p.shown[i].Op.Number)
	}
	return "spanpipe show " + p.sessions[0].Name
}

// timelineColumns are the widths of columns.
type timelineColumns struct{ server, name, bars, outcome int }

func (p *timeline) columns(width int) timelineColumns {
	c := timelineColumns{server: 10, name: 23, outcome: 14}
	switch {
	case width >= 93:
		c.name, c.outcome = 24, 20
	case width < 70:
		c.name, c.outcome = 19, 12
	}
	if len(p.sessions) == 1 || width < 70 {
		c.name, c.server = c.name+min(c.server, 4), 0
	}
	c.bars = max(width-1-sep(c.server)-c.name-8-1-1-c.outcome, 0)
	return c
}

func (p *timeline) draw(w *watch.World, room Size) []Line {
	lines := []Line{p.title(w)}
	width := room.Width
	if room.Width >= 140 {
		width = room.Width * 2 / 3
	}
	c := p.columns(width)
	p.room(room.Height - 2)
	from, to := p.visible()
	a := p.axis(w, from, to, c.bars)
	var head Line
	head.space(1)
	if c.server > 0 {
		head.left(Dim, "SERVER", c.server).space(1)
	}
	head.left(Dim, "OPERATION", c.name).right(Dim, "TOOK", 8).space(1).
		left(Dim, a.Labels(w.Now.Location(), p.reachesNow(w, a)), c.bars).space(1).left(Dim, "OUTCOME", c.outcome)
	lines = append(lines, head)
	server := ""
	for i := from; i < to; i++ {
		r := p.shown[i]
		l := p.line(w, r, c, a, r.Session.Name != server)
		server = r.Session.Name
		l.Selected = i == p.selected()
		lines = append(lines, l)
	}
	if width < room.Width {
		lines = p.addBeside(w, lines, width, room)
	}
	return lines
}

// addBeside puts the selected call at the right of the list.
func (p *timeline) addBeside(w *watch.World, lines []Line, width int, room Size) []Line {
	i := p.selected()
	if i < 0 || p.shown[i].Note > 0 {
		return lines
	}
	side := newCallPane(p.shown[i].Call, p)
	detail := side.draw(w, Size{room.Width - width - 2, room.Height - 1})
	for len(lines) < room.Height {
		lines = append(lines, Line{})
	}
	for i := range lines[1:] {
		l := &lines[i+1]
		l.fit(width)
		l.add(Dim, "│ ")
		if i < len(detail) {
			l.Pieces = append(l.Pieces, detail[i].Pieces...)
		}
	}
	return lines
}

// title is the sentence above the list.
func (p *timeline) title(w *watch.World) Line {
	var t view.Counts
	loaded, left := true, 0
	for _, s := range p.sessions {
		t.Add(s.Sums(w).Counts)
		loaded, left = loaded && s.Whole, left+s.LeftOut
	}
	shown := &watch.Run{Sessions: p.sessions} // not theirs: sessions join that, and leave it when they are removed
	what, servers := shown.ClientTitle(), plural(len(p.sessions), "server")
	if s := p.sessions[0]; len(p.sessions) == 1 {
		what, servers = strings.TrimSpace(s.Title()+" "+view.Steady(s.Server.Version)), fmt.Sprintf("session %d", s.Number)
	}
	state, _ := shown.Ending()
	after := "after"
	if state == "live" {
		after = "for"
	}
	l := text(Strong, " %s, %s %s %s: %s, ", what, state, after, view.Duration(shown.Until(w.Now).Sub(shown.Began())), servers)
	hung := t.Hung
	t.Hung = 0
	l.add(Strong, t.String())
	if hung > 0 {
		l.add(Bad, fmt.Sprintf(", %s hung", view.Number(hung)))
	}
	switch {
	case !loaded:
		l.add(Dim, "   reading…")
	case left > 0:
		l.add(Dim, fmt.Sprintf("   the %s before are left out", plural(left, "operation")))
	}
	return l
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return view.Number(n) + " " + noun + "s"
}

// axis returns the axis of the rows on the screen.
func (p *timeline) axis(w *watch.World, from, to, columns int) *view.Axis {
	if p.whole {
		from, to = 0, len(p.shown)
	}
	all := make([]view.Interval, 0, to-from+1)
	for _, r := range p.shown[from:to] {
		all = append(all, view.Interval{From: r.Op.Start, To: r.Ends(w.Now).Add(r.outcome.Late)})
	}
	if len(all) == 0 {
		all = append(all, view.Interval{From: w.Now, To: w.Now})
	}
	window := all[0]
	for _, i := range all {
		window = view.Interval{From: watch.Earlier(window.From, i.From), To: watch.Later(window.To, i.To)}
	}
	if p.zoom != 0 || p.shift != 0 {
		window = p.window(window)
		all = slices.DeleteFunc(all, func(i view.Interval) bool { return i.To.Before(window.From) || i.From.After(window.To) })
		for i := range all {
			all[i] = view.Interval{From: watch.Later(all[i].From, window.From), To: watch.Earlier(all[i].To, window.To)}
		}
		all = append(all, view.Interval{From: window.From, To: window.From}, view.Interval{From: window.To, To: window.To})
	}
	if p.unfolded {
		return view.NewLinearAxis(window, columns)
	}
	return view.NewAxis(all, columns)
}

// reachesNow reports whether an axis ends with the present.
func (p *timeline) reachesNow(w *watch.World, a *view.Axis) bool {
	live := slices.ContainsFunc(p.sessions, func(s *watch.Session) bool { return s.State == store.Live })
	return live && !a.End().Before(w.Now)
}

// window narrows or widens a time around the selected row, and shifts it.
func (p *timeline) window(i view.Interval) view.Interval {
	length := max(i.To.Sub(i.From), time.Millisecond)
	middle := i.From.Add(length / 2)
	if i := p.selected(); i >= 0 && p.zoom > 0 {
		middle = p.shown[i].Op.Start
	}
	for range max(p.zoom, 0) {
		length /= 2
	}
	for range max(-p.zoom, 0) {
		length = min(2*length, 10*365*24*time.Hour)
	}
	middle = middle.Add(time.Duration(p.shift) * length / 4)
	return view.Interval{From: middle.Add(-length / 2), To: middle.Add(length / 2)}
}

func (p *timeline) line(w *watch.World, r timelineRow, c timelineColumns, a *view.Axis, named bool) Line {
	l := text(Plain, " ")
	if c.server > 0 {
		name := ""
		if named {
			name = r.Session.Title()
		}
		l.left(Plain, name, c.server).space(1)
	}
	before, arrow := "", view.Arrow(r.Op.Direction)+" "
	if r.depth > 0 {
		before = strings.Repeat("  ", r.depth-1) + "└ "
	}
	l.add(Dim, before+arrow).left(Plain, r.Name(), c.name-width(before+arrow))
	st := style(r.outcome)
	took, word := view.Duration(r.Took(w.Now)), r.outcome.String()
	if r.Note > 0 {
		took, word = "–", "notification"
	}
	l.right(Plain, took, 8).space(1)
	r.addBar(&l, a, w.Now)
	if width(word) > c.outcome {
		word = r.outcome.Short()
	}
	l.space(1).add(st, view.CutEnd(word, c.outcome))
	return l
}
