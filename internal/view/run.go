package view

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Member is a session of a run: of what one client started.
type Member struct {
	Server  string // what a person calls it, safe for a terminal
	Records *Records
}

// mostServer is the widest column of servers in a terminal.
const mostServer = 16

// RunRow is an operation of one of the sessions of a run.
type RunRow struct {
	Member    *Member
	Operation *record.Operation
	Earlier   bool // as in Row
}

// Run is the operations of several sessions in the order of time, so that it shows what led to what.
type Run struct {
	Rows    []RunRow
	LeftOut int // operations that are in no row
	Trouble int // of these, operations that did not go well
	end     Interval
	live    bool
}

// NewRun returns the operations of sessions.
func NewRun(members []Member, c Choice) *Run {
	run := &Run{}
	for i := range members {
		m := &members[i]
		for j := range m.Records.Operations {
			run.Rows = append(run.Rows, RunRow{Member: m, Operation: &m.Records.Operations[j]})
		}
		run.live = run.live || m.Records.State == Live
		end := later(m.Records.End(), run.end.To)
		run.end = Interval{end, end}
	}
	slices.SortStableFunc(run.Rows, func(a, b RunRow) int { return a.Operation.Start.Compare(b.Operation.Start) })
	all := len(run.Rows)
	run.Rows = slices.DeleteFunc(run.Rows, func(row RunRow) bool {
		return !row.Member.Records.Chosen(row.Operation, c)
	})
	run.LeftOut = all - len(run.Rows)
	if before := len(run.Rows) - c.Last; c.Last > 0 && before > 0 {
		run.leaveOut(before, c.Last)
	}
	return run
}

// leaveOut leaves out the first rows, but for those of what did not go well, at most as many as given.
func (run *Run) leaveOut(before, most int) {
	var kept []RunRow
	for _, row := range slices.Backward(run.Rows[:before]) {
		switch {
		case row.trouble() && len(kept) < most:
			row.Earlier = true
			kept = append(kept, row)
			continue
		case row.trouble():
			run.Trouble++
		}
		run.LeftOut++
	}
	slices.Reverse(kept)
	run.Rows = append(kept, run.Rows[before:]...)
}

func (row *RunRow) trouble() bool { return row.Member.Records.Trouble(row.Operation) }

// Name returns what the operation is called, safe for a terminal.
func (row *RunRow) Name() string {
	name := Arrow(row.Operation.Direction) + " " + Call(row.Operation)
	if row.Operation.Parent != 0 {
		return "└ " + name
	}
	return name
}

// Axis returns the axis of the rows. It ends with the last session, or now.
func (run *Run) Axis(columns int) *Axis {
	all := []Interval{run.end}
	for _, row := range run.Rows {
		if row.Earlier {
			continue
		}
		all = append(all, row.Member.Records.drawn(row.Operation))
	}
	return NewAxis(all, columns)
}

// runPicture is a run while it is drawn.
type runPicture struct {
	*Run
	*Screen
	servers, names, words int // widths
	axis                  *Axis
	out                   strings.Builder
}

// Draw writes the rows under a heading, on one axis of time. Quiet time, in which nothing starts or ends, is folded.
func (run *Run) Draw(w io.Writer, s *Screen) error {
	p := &runPicture{Run: run, Screen: s}
	p.measure()
	p.heading()
	for i := range run.Rows {
		p.row(i)
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

func (p *runPicture) measure() {
	p.servers, p.names, p.words = len("SERVER"), len("OPERATION"), len("OUTCOME")
	for i := range p.Rows {
		row := &p.Rows[i]
		p.servers = max(p.servers, Width(p.Text(row.Member.Server)))
		p.names = max(p.names, Width(p.Text(row.Name())))
		p.words = max(p.words, Width(p.Text(p.word(p.outcome(row)))))
	}
	columns := usualBar
	if p.Columns > 0 {
		p.servers = min(p.servers, mostServer)
		between := len(" ") + len(" ") + tookWidth + len(" ") + len("  ")
		p.names = min(p.names, max(leastNames, p.Columns-between-p.servers-p.words-leastBar))
		columns = min(mostBar, max(leastBar, p.Columns-between-p.servers-p.names-p.words))
	}
	p.axis = p.Axis(columns)
}

func (p *runPicture) outcome(row *RunRow) Outcome { return row.Member.Records.Outcome(row.Operation) }

// heading writes the names of the columns, and times above the bars.
func (p *runPicture) heading() {
	p.out.WriteString(strings.TrimRight(fmt.Sprintf("%s %s %s %s  %s", Pad("SERVER", p.servers), Pad("OPERATION", p.names),
		PadLeft("TOOK", tookWidth), p.axis.Labels(p.zone(), p.live), "OUTCOME"), " ") + "\n")
}

func (p *runPicture) row(i int) {
	row := &p.Rows[i]
	server := p.Text(row.Member.Server)
	if i > 0 && p.Rows[i-1].Member == row.Member {
		server = ""
	}
	r, o := row.Member.Records, p.outcome(row)
	name, word := p.Text(row.Name()), p.Text(p.word(o))
	if p.Columns > 0 {
		server, name, word = p.Text(Cut(server, p.servers)), p.Text(Cut(name, p.names)), p.Text(Cut(word, p.words))
	}
	b := r.bar(p.axis, row.Operation).Folded(p.axis)
	for i := range b {
		if b[i].Sign == 0 {
			b[i].Sign = ' '
		}
	}
	took := PadLeft(p.Text(Duration(r.Took(row.Operation))), tookWidth)
	p.out.WriteString(Pad(server, p.servers) + " " + Pad(name, p.names) + " " + took + " " + p.bar(b) + "  " +
		p.paint(o.Color(), word) + "\n")
}
