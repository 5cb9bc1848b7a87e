package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// toolsPane lists what was called, with how often, how well and how fast.
type toolsPane struct {
	list
	shown  []*toolRow
	places map[string]int // the order in which the rows stand
	sort   int
	turned bool
	by     int // of toolKinds
	never  bool
	unused []unusedTool
	count  int // tools that are listed and were never called
}

// toolRow is the sum of some cells.
type toolRow struct {
	watch.Cell
	of                 []watch.CellKey
	label              string
	p50, p95, p99, big int64
	tokens             int64 // the median of results with any
}

// unusedTool is listed by a server and was not called.
type unusedTool struct{ server, name string }

var (
	toolKinds = []string{"TOOL", "SERVER", "CLIENT"}
	toolSorts = []string{"CALLS", "FAILED", "P50", "P95", "RESULT", "NAME"}
)

func newToolsPane() *toolsPane { return &toolsPane{list: list{follow: true}, places: map[string]int{}} }

func (p *toolsPane) rows() *list { return &p.list }

func (p *toolsPane) hints() []string {
	if p.never {
		return []string{"u called", "/ filter", "y copy", "? keys", "q quit"}
	}
	return []string{"⏎ sessions", "s sort", "v tool, server, client", "u never called", "/ filter", "y copy", "? keys"}
}

func (p *toolsPane) update(w *watch.World, f *watch.Filter, reorder bool) {
	w.Want(watch.WantTally, "")
	p.collectUnused(w, f)
	if p.never {
		rows := make([]row, len(p.unused))
		for i, u := range p.unused {
			rows[i] = row{id: u.server + "\x00" + u.name}
		}
		p.set(rows)
		return
	}
	sums := map[string]*toolRow{}
	for _, c := range w.Tally.Cells {
		label := p.label(c)
		r := sums[label]
		if r == nil {
			r = &toolRow{Cell: watch.Cell{CellKey: c.CellKey}, label: label}
			sums[label] = r
		}
		r.Merge(c)
		r.of = append(r.of, c.CellKey)
	}
	p.total = len(sums)
	p.shown = p.shown[:0]
	for _, r := range sums {
		at := r.Took.Percentiles(50, 95, 99)
		r.p50, r.p95, r.p99, r.big = at[0], at[1], at[2], r.Size.Percentiles(50)[0]
		r.tokens = r.Cell.Tokens.Percentiles(50)[0]
		if f.Matches(r.subject()) {
			p.shown = append(p.shown, r)
		}
	}
	p.order(reorder)
	rows := make([]row, len(p.shown))
	for i, r := range p.shown {
		rows[i] = row{id: r.label, bad: r.Failed > 0 || r.Hung > 0}
	}
	p.set(rows)
}

// label returns what a row is called.
func (p *toolsPane) label(c *watch.Cell) string {
	switch p.by {
	case 1:
		return cmp.Or(view.Steady(c.Server), "unnamed")
	case 2:
		return cmp.Or(view.Steady(c.Client), "client unknown")
	}
	name := view.Steady(c.Name)
	if c.Method != semconv.ToolsCall {
		name = c.Method + " " + name
	}
	return view.Steady(c.Server) + " " + name
}

func (r *toolRow) subject() *watch.Subject {
	s := &watch.Subject{Took: time.Duration(r.p95), Size: r.big}
	for _, c := range r.of {
		s.Servers, s.Clients = append(s.Servers, c.Server), append(s.Clients, c.Client)
		s.Tools, s.Methods = append(s.Tools, c.Name), append(s.Methods, c.Method)
	}
	for word, is := range map[string]bool{
		"failed": r.Failed > 0, "hung": r.Hung > 0, "cancelled": r.Cancelled > 0,
		"bad-request": r.Refused > 0, "ok": r.Failed == 0,
	} {
		if is {
			s.Words = append(s.Words, word)
		}
	}
	return s
}

// order sorts the rows, or keeps their order and puts new ones at the end.
func (p *toolsPane) order(reorder bool) {
	value := func(r *toolRow) float64 {
		return []float64{float64(r.Calls), r.Rate(), float64(r.p50), float64(r.p95), float64(r.big), 0}[p.sort]
	}
	slices.SortFunc(p.shown, func(a, b *toolRow) int {
		if !reorder {
			i, known := p.places[a.label]
			j, alsoKnown := p.places[b.label]
			if known && alsoKnown {
				return cmp.Compare(i, j)
			} else if known != alsoKnown {
				return map[bool]int{true: -1, false: 1}[known]
			}
		}
		order := cmp.Or(cmp.Compare(value(b), value(a)), strings.Compare(a.label, b.label))
		if p.turned {
			return -order
		}
		return order
	})
	clear(p.places)
	for i, r := range p.shown {
		p.places[r.label] = i
	}
}

// collectUnused collects the tools that are listed and were never called.
func (p *toolsPane) collectUnused(w *watch.World, f *watch.Filter) {
	called := map[unusedTool]bool{}
	for key := range w.Tally.Cells {
		if key.Method == semconv.ToolsCall {
			called[unusedTool{key.Server, key.Name}] = true
		}
	}
	p.unused, p.count = p.unused[:0], 0
	for server, tools := range w.Tally.Listed {
		for name := range tools {
			if u := (unusedTool{server, name}); !called[u] {
				p.count++
				if f.Matches(&watch.Subject{Servers: []string{server}, Tools: []string{name}, Methods: []string{semconv.ToolsCall}}) {
					p.unused = append(p.unused, u)
				}
			}
		}
	}
	slices.SortFunc(p.unused, func(a, b unusedTool) int {
		return cmp.Or(strings.Compare(a.server, b.server), strings.Compare(a.name, b.name))
	})
	if p.never {
		p.total = p.count
	}
}

func (p *toolsPane) key(_ *watch.World, key string) action {
	a := action{known: true}
	switch key {
	case "s":
		p.sort, p.turned = (p.sort+1)%len(toolSorts), false
	case "S":
		p.turned = !p.turned
	case "v":
		p.by = (p.by + 1) % len(toolKinds)
	case "u":
		p.never = !p.never
	case "enter":
		if i := p.selected(); i >= 0 && !p.never {
			a.filter, a.tab = p.filterOf(p.shown[i]), 1
		}
	default:
		return action{}
	}
	return a
}

// filterOf returns the filter that lets the sessions of a row through.
func (p *toolsPane) filterOf(r *toolRow) string {
	word := func(field, value string) string {
		if value == "" || strings.ContainsFunc(value, unicode.IsSpace) {
			return ""
		}
		return field + ":" + value
	}
	switch p.by {
	case 1:
		return word("server", r.Server)
	case 2:
		return word("client", r.Client)
	}
	return strings.TrimSpace(word("tool", r.Name) + " " + word("server", r.Server))
}

func (p *toolsPane) command() string {
	return "spanpipe report --by " + []string{"tool", "server", "client"}[p.by]
}

// toolColumns are the widths of columns; 0 for one that is left out.
type toolColumns struct{ name, p99, axis, remark int }

func toolColumnsOf(width int) toolColumns {
	c := toolColumns{name: 27, axis: 17}
	if width >= 100 {
		c.p99 = 7
	}
	if width >= 140 {
		c.name, c.axis, c.remark = 32, 28, 24
	}
	const rest = 1 + 7 + 7 + 7 + 7 + 1 + 8
	if over := c.name + c.axis + c.p99 + c.remark + rest - width; over > 0 {
		if c.axis -= over; c.axis < 8 {
			c.name, c.axis = max(width-c.p99-rest, 12), 0
		}
	} else if c.remark > 0 {
		c.remark -= over
	} else {
		c.name -= over
	}
	return c
}

func (p *toolsPane) draw(w *watch.World, room Size) []Line {
	var below []Line
	if room.Height >= 12 {
		below = p.about(w, room.Width)
	}
	p.room(room.Height - 1 - len(below))
	from, to := p.visible()
	var lines []Line
	if p.never {
		lines = append(lines, text(Dim, " LISTED AND NEVER CALLED"))
		for i := from; i < to; i++ {
			u := p.unused[i]
			l := text(Plain, " "+view.Steady(u.server)+" "+view.Steady(u.name))
			l.Selected = i == p.selected()
			lines = append(lines, l)
		}
	} else {
		c := toolColumnsOf(room.Width)
		lines = append(lines, p.heading(c))
		for i := from; i < to; i++ {
			l := p.shown[i].line(c)
			l.Selected = i == p.selected()
			lines = append(lines, l)
		}
	}
	for len(below) > 0 && len(lines) < room.Height-len(below) {
		lines = append(lines, Line{})
	}
	return append(lines, below...)
}

func (p *toolsPane) heading(c toolColumns) Line {
	name := func(i int) string {
		switch {
		case p.sort != i:
			return toolSorts[i]
		case p.turned:
			return toolSorts[i] + "↑"
		}
		return toolSorts[i] + "↓"
	}
	first := toolKinds[p.by]
	if p.sort == len(toolSorts)-1 {
		first += strings.TrimPrefix(name(p.sort), "NAME")
	}
	l := text(Dim, " ")
	l.left(Dim, first, c.name).right(Dim, name(0), 7).right(Dim, name(1), 7).right(Dim, name(2), 7).right(Dim, name(3), 7)
	if c.p99 > 0 {
		l.right(Dim, "P99", c.p99)
	}
	l.space(1)
	if c.axis > 0 {
		l.left(Dim, latencyLabels(c.axis), c.axis)
	}
	l.right(Dim, name(4), 8)
	if c.remark > 0 {
		l.space(2).add(Dim, "REMARK")
	}
	return l
}

// about says more of the selected row, below the list.
func (p *toolsPane) about(w *watch.World, width int) []Line {
	lines := []Line{rule(width)}
	i := p.selected()
	switch {
	case !w.Tallied:
		lines = append(lines, text(Dim, " Reading the stored sessions…"))
	case p.never:
		lines = append(lines, text(Plain, " %s listed and never called in the time shown.", areTools(p.count)))
	case i < 0:
		return nil
	default:
		r := p.shown[i]
		s := fmt.Sprintf("%s  %d of %s failed", r.label, r.Failed, plural(r.Calls, "call"))
		if why, n := r.mostly(); n > 0 && n < r.Failed {
			s += fmt.Sprintf(", %d of them: %s", n, why)
		} else if n > 0 {
			s += ": " + why
		}
		s += "."
		if r.Cancelled+r.Refused > 0 {
			s += fmt.Sprintf(" Left out: %d cancelled, %s.", r.Cancelled, plural(r.Refused, "bad request"))
		}
		if !r.Last.IsZero() {
			s += " The last was at " + r.Last.In(w.Now.Location()).Format("15:04:05 on 2 January") + "."
		}
		lines = append(lines, sentences(s, width)...)
		if p.count > 0 {
			lines = append(lines, text(Dim, " %s listed and never called: u", areTools(p.count)))
		}
	}
	return lines
}

func areTools(n int) string {
	if n == 1 {
		return "1 tool is"
	}
	return view.Number(n) + " tools are"
}
