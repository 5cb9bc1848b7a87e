package top

import (
	"fmt"
	"strings"

	"github.com/spanpipe/spanpipe/internal/view"
)

// This file draws what all views share: the two rails, the block that says what needs a look, and the last line.

// Least is the smallest screen that the views fit.
var least = Size{60, 15}

var tabs = []string{"1 Sessions", "2 Tools", "3 Live"}

// Lines returns the screen: as many lines as it has, each exactly as wide.
func (m *Model) Lines() []Line {
	s := m.size
	if s.Width < least.Width || s.Height < least.Height {
		l := text(Plain, "spanpipe: top needs %d × %d, this is %d × %d", least.Width, least.Height, s.Width, s.Height)
		return m.finished([]Line{l})
	}
	lines := m.header()
	room := Size{s.Width, s.Height - 4}
	if !m.hasSessions() && len(m.stacks[m.tab]) == 1 {
		lines = append(lines, m.empty()...)
	} else {
		m.refresh()
		lines = append(lines, m.body(room)...)
	}
	for len(lines) < s.Height-2 {
		lines = append(lines, Line{})
	}
	lines = append(lines[:s.Height-2], rule(s.Width), m.footer())
	return m.finished(lines)
}

// body returns the pane on top, below what needs a look.
func (m *Model) body(room Size) []Line {
	var lines []Line
	if m.tab == 0 && len(m.stacks[0]) == 1 {
		lines = alertBlock(m.world.Alerts(), Size{room.Width, m.size.Height})
		room.Height -= len(lines)
	}
	if l := m.pane().rows(); l != nil && len(l.all) == 0 && l.total > 0 && !m.filter.Empty() {
		return append(lines, m.nothing()...)
	}
	return append(lines, m.pane().draw(m.world, room)...)
}

// finished makes each line as wide as the screen.
func (m *Model) finished(lines []Line) []Line {
	for i := range lines {
		l := &lines[i]
		if l.Selected && len(l.Pieces) > 0 && strings.HasPrefix(l.Pieces[0].Text, " ") {
			l.Pieces[0].Text = l.Pieces[0].Text[1:]
			l.Pieces = append([]Piece{{Strong, "▌"}}, l.Pieces...)
		}
		l.fit(m.size.Width)
		if m.config.ASCII {
			*l = l.ASCII()
		}
	}
	return lines
}

// header returns the first two lines: the views, what hangs, the clock; and the rail.
func (m *Model) header() []Line {
	l := text(Work, " ━━─·")
	l.space(2)
	if m.size.Width >= 70 {
		l.add(Strong, "spanpipe").space(3)
	}
	from, to := 0, 0
	for i, name := range tabs {
		s := Dim
		if i == m.tab {
			s, from = Strong, l.width()-1
			to = from + len(name) + 2
		}
		l.add(s, name).space(3)
	}
	var right Line
	if n := m.world.HungNow(); n > 0 {
		right.add(Badge, fmt.Sprintf("%d hung", n)).space(2)
	}
	if m.size.Width >= 120 && m.hasSessions() {
		right.add(Dim, plural(len(m.world.Sessions), "session")).space(2)
	}
	right.add(Plain, m.clock.Format("15:04:05"))
	l.to(m.size.Width - right.width())
	l.Pieces = append(l.Pieces, right.Pieces...)
	rail := text(Dim, strings.Repeat("─", from))
	rail.add(Strong, strings.Repeat("━", to-from)).add(Dim, strings.Repeat("─", max(m.size.Width-to, 0)))
	return []Line{l, rail}
}

// footer returns the last line: the keys that work here, or the filter, and where one is.
func (m *Model) footer() Line {
	right := m.position()
	if m.problem != "" && m.editing {
		right = m.problem
	}
	l := text(Plain, " ")
	room := m.size.Width - width(right) - 3
	switch {
	case m.editing:
		l.add(Strong, "/ ").add(Plain, view.Cut(view.Steady(string(m.input)), max(room-4, 10))).add(Strong, "█")
		if m.problem == "" {
			if hint := "esc drops the filter"; l.width()+len(hint)+3 < room {
				l.to(room-len(hint)-2).add(Dim, hint)
			}
		}
	case m.message != "":
		l.add(Strong, view.Cut(m.message, room))
	default:
		if m.filter.Text != "" {
			l.add(Strong, "/ "+view.Cut(view.Steady(m.filter.Text), room/2)).space(3)
		}
		m.addHints(&l, room)
	}
	l.to(m.size.Width-width(right)-1).add(Dim, right)
	return l
}

// addHints appends as many hints as there is room for. How to see all keys is always one of them.
func (m *Model) addHints(l *Line, room int) {
	hints := m.pane().hints()
	if m.filter.Text != "" {
		hints = append([]string{"esc drops it"}, hints...)
	}
	const keys = "? keys"
	left := room - l.width()
	for _, h := range hints {
		if h != keys && width(h)+2+len(keys) > left {
			continue
		}
		l.add(Dim, h).space(2)
		left -= width(h) + 2
	}
}

// position is what the last line says on its right.
func (m *Model) position() string {
	l := m.pane().rows()
	switch {
	case m.paused:
		return fmt.Sprintf("paused, %s came since", view.Number(len(m.held)))
	case l == nil || !m.hasSessions():
		return ""
	case m.tab == 2 && l.follow && !m.editing && len(m.stacks[2]) == 1:
		return "following"
	}
	at, of := l.position()
	return fmt.Sprintf("%s/%s", view.Number(at), view.Number(of))
}

// nothing says that the filter matches nothing, and which of its words to leave out.
func (m *Model) nothing() []Line {
	p, l := m.pane(), m.pane().rows()
	total := l.total
	said := fmt.Sprintf("Nothing matches %s.", view.Steady(m.filter.Text))
	for i, t := range m.filter.Terms {
		f := m.filter.Without(i)
		p.update(m.world, &f, false)
		if _, n := l.position(); n > 0 && !f.Empty() {
			said += fmt.Sprintf(" Without %s there %s.", view.Steady(t.Text), are(n))
		}
	}
	p.update(m.world, &m.filter, false)
	return sentences(said+fmt.Sprintf(" Without the filter there %s.", are(total)), m.size.Width)
}

func are(n int) string {
	if n == 1 {
		return "is 1"
	}
	return "are " + view.Number(n)
}

// empty says how to get the first session.
func (m *Model) empty() []Line {
	if !m.listed {
		return []Line{text(Dim, " Reading the stored sessions…")}
	}
	lines := []Line{{}, {}}
	add := func(style Style, s string) { lines = append(lines, text(style, "   "+s)) }
	add(Plain, "No sessions yet. One appears here as soon as a client starts a server")
	add(Plain, "through spanpipe with SPANPIPE_TELEMETRY=local.")
	lines = append(lines, Line{})
	add(Plain, "  1   Put spanpipe in front of your servers.            spanpipe install")
	add(Plain, "  2   Restart your client and use it as usual.")
	add(Plain, "  or  Try a server without a client.      spanpipe try -- your-server")
	lines = append(lines, Line{})
	for _, part := range wrapped("Already done? Three usual causes: the client was not restarted, "+
		"SPANPIPE_TELEMETRY=local is missing from the server's env, or SPANPIPE_DIR differs between the server and this terminal.", m.size.Width-6) {
		add(Dim, part)
	}
	lines = append(lines, Line{})
	add(Dim, "Looking in "+view.Steady(m.config.Dir)+".")
	return lines
}
