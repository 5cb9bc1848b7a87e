package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// The table of operations. Its columns but for the names take restOfTable, so that it fits 80.
const (
	restOfTable = 63
	leastName   = 16
	mostShapes  = 8
)

const columns = "%-9s %-9s %-13s %-13s %s"

// operations writes the groups of operations, one a row, and below each what differs in it.
func (p *printer) operations() {
	var rows []*Group
	name := leastName
	for i := range p.Operations {
		g := &p.Operations[i]
		if g.Change == "" && !p.all {
			continue
		}
		rows = append(rows, g)
		name = max(name, view.Width(nameOf(g)))
	}
	if len(rows) == 0 {
		return
	}
	if p.screen.Columns > 0 {
		name = min(name, max(p.screen.Columns-restOfTable, leastName))
	}
	p.heading("  " + view.Pad("OPERATION", name) + "  " + fmt.Sprintf(columns, "CALLS", "FAILED", "P50", "P95", "RESULT"))
	for _, g := range rows {
		p.row(g, name)
	}
}

// nameOf returns what operations of a group are called.
func nameOf(g *Group) string {
	op := &record.Operation{Direction: g.Direction, Method: g.Method, Target: g.Name}
	name := view.Call(op)
	if g.Resource != "" {
		name += " " + view.Safe(g.Resource)
	}
	if g.Direction == record.ToClient {
		name = view.Arrow(g.Direction) + " " + name
	}
	return name
}

func (p *printer) row(g *Group, width int) {
	mark, color := " ", view.Dim
	switch g.Change {
	case Added:
		mark, color = "+", view.Green
	case Gone:
		mark, color = "-", view.Red
	case Changed:
		mark, color = "~", view.Yellow
	}
	name := nameOf(g)
	if p.screen.Columns > 0 {
		name = view.Cut(name, width)
	}
	cells := strings.TrimRight(fmt.Sprintf(columns,
		p.cell(g, func(f *Figures) string { return fmt.Sprint(f.Calls) }),
		p.cell(g, func(f *Figures) string { return fmt.Sprint(f.Failed) }),
		p.cell(g, func(f *Figures) string { return seconds(f.P50) }),
		p.cell(g, func(f *Figures) string { return seconds(f.P95) }),
		p.cell(g, func(f *Figures) string {
			if f.ResponseSize == 0 {
				return "–"
			}
			return strings.ReplaceAll(view.Size(f.ResponseSize), " ", "")
		}),
	), " ")
	p.line("%s %s  %s", p.paint(color, mark), view.Pad(name, width), cells)
	p.details(g)
}

// cell returns a figure of both sessions: one if it is the same, or if the other has none.
func (p *printer) cell(g *Group, figure func(*Figures) string) string {
	switch {
	case g.Before == nil:
		return figure(g.After)
	case g.After == nil:
		return figure(g.Before)
	}
	before, after := figure(g.Before), figure(g.After)
	if before == after {
		return before
	}
	return before + "→" + after
}

// seconds returns a duration for people.
func seconds(s float64) string {
	if s == 0 {
		return "–"
	}
	return view.Duration(time.Duration(s * float64(time.Second)))
}

// details writes what differs in a group, one thing a line.
func (p *printer) details(g *Group) {
	for _, d := range g.Differences {
		switch d {
		case Outcome:
			text := outcomes(g.Before) + " → " + outcomes(g.After)
			p.line("    outcome   %s", view.Fold(text, strings.Repeat(" ", 14), p.screen.Columns))
		case Hung:
			p.line("    hung      %d → %d", g.Before.Hung, g.After.Hung)
		case ShapeOf:
			p.shape(g.Shape)
		case Request:
			p.line("    request   %s in the mean", pairOf(view.Size, g.Before.RequestSize, g.After.RequestSize))
		case Response:
			p.line("    result    %s in the mean", p.cost(g.Before.ResponseTokens, g.After.ResponseTokens, g.Before.ResponseSize, g.After.ResponseSize))
		case Time:
			p.line("    %s    %s (%s)", p.paint(view.Yellow, string(g.Duration.Verdict)), factor(g), chance(g.Duration.P))
		case Calls: // its column says it
		}
	}
}

// factor says by how much the median differs.
func factor(g *Group) string {
	if g.Duration.Verdict == Slower {
		return fmt.Sprintf("%.1f times as long", g.After.P50/g.Before.P50)
	}
	return fmt.Sprintf("%.1f times as fast", g.Before.P50/g.After.P50)
}

// chance says how unlikely the difference is if nothing has changed.
func chance(p float64) string {
	if p < 0.0001 {
		return "p < 0.0001"
	}
	return fmt.Sprintf("p = %.4f", p)
}

// outcomes lists how operations ended, what went well first: "3 ok, 1 failed not_found".
func outcomes(f *Figures) string {
	var all []string
	ok := string(view.OK)
	words := slices.SortedFunc(maps.Keys(f.Outcomes), func(a, b string) int {
		if (a == ok) != (b == ok) {
			return map[bool]int{true: -1, false: 1}[a == ok]
		}
		return strings.Compare(a, b)
	})
	for _, word := range words {
		all = append(all, fmt.Sprintf("%d %s", f.Outcomes[word], view.Safe(word)))
	}
	return strings.Join(all, ", ")
}

// shape writes where results look otherwise.
func (p *printer) shape(all []Shape) {
	for i, s := range all {
		label := "          "
		if i == 0 {
			label = "shape     "
		}
		if i == mostShapes && !p.all {
			p.line("    %s%d more: --all", label, len(all)-i)
			return
		}
		path := view.Safe(s.Path)
		if path == "" {
			path = "the whole"
		}
		switch {
		case s.Before == nil:
			p.line("    %s%s %s  %s", label, p.paint(view.Green, "+"), path, view.Safe(strings.Join(s.After, " or ")))
		case s.After == nil:
			p.line("    %s%s %s  %s", label, p.paint(view.Red, "-"), path, view.Safe(strings.Join(s.Before, " or ")))
		default:
			p.line("    %s%s %s  %s → %s", label, p.paint(view.Yellow, "~"), path,
				view.Safe(strings.Join(s.Before, " or ")), view.Safe(strings.Join(s.After, " or ")))
		}
	}
}

func zone(s *view.Screen) *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}
