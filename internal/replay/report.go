package replay

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
)

// Sort is what an entry of a report is about.
type Sort string

// The sorts.
const (
	Request       Sort = "request"        // one of the client's, its answer, and the notifications that belong to it
	ServerRequest Sort = "server_request" // one of the server's
	Notifications Sort = "notifications"  // those of one method that belong to no request
	Stdout        Sort = "stdout"         // lines that no message is in
	Exit          Sort = "exit"           // how the server ended
)

// Entry is what is compared together.
type Entry struct {
	Sort        Sort
	Number      int    // of a client's request, from 1; else 0
	Name        string // the method, and what it is about
	Differences []Difference
	Ignored     bool          // a rule says that it is not compared
	Recorded    time.Duration // how long the answer took; 0 if there was none
	Replayed    time.Duration
}

// Report is what differs between a recording and its replay.
type Report struct {
	Entries []Entry
	Stopped string // why the rest of the recording was not played; empty if all was
}

// Differences returns how many differences there are.
func (r *Report) Differences() (n int) {
	for i := range r.Entries {
		n += len(r.Entries[i].Differences)
	}
	return n
}

// Differing returns how many entries have differences.
func (r *Report) Differing() (n int) {
	for i := range r.Entries {
		if len(r.Entries[i].Differences) > 0 {
			n++
		}
	}
	return n
}

// Options says how a replay is compared. The zero value is useful.
type Options struct {
	Rules *Rules          // nil: none
	Exit  *recording.Exit // how the fresh server ended; nil: that is not compared
}

// reporter compares what was played with the recording.
type reporter struct {
	*Played
	*normaliser
	Options
	report Report
}

// Compare compares the fresh server's messages with the recorded ones.
func Compare(p *Played, o Options) *Report {
	if o.Rules == nil {
		o.Rules = &Rules{}
	}
	r := &reporter{Played: p, normaliser: newNormaliser(o.Rules, p, p.ended), Options: o, report: Report{Stopped: p.stopped}}
	recorded := map[group][]*message{}
	var order []group
	for _, e := range p.plan.expected {
		if e.kind == notification || e.kind == answer && e.call == nil {
			g := groupOf(e.call, e.message)
			if len(recorded[g]) == 0 {
				order = append(order, g)
			}
			recorded[g] = append(recorded[g], e.message)
		}
	}
	for _, g := range p.order {
		if len(recorded[g]) == 0 {
			order = append(order, g)
		}
	}
	byCall := map[*call][]group{}
	for _, g := range order {
		byCall[g.call] = append(byCall[g.call], g)
	}
	for _, c := range p.plan.requests {
		entry := Entry{Sort: Request, Number: c.number, Name: c.name()}
		r.answer(&entry, c)
		for _, g := range byCall[c] {
			r.sequence(&entry, g, recorded[g])
		}
		r.report.Entries = append(r.report.Entries, entry)
	}
	r.serverRequests()
	for _, g := range byCall[nil] {
		entry := Entry{Sort: Notifications, Name: g.method}
		r.multitude(&entry, scope{method: g.method}, recorded[g], p.groups[g], "")
		r.report.Entries = append(r.report.Entries, entry)
	}
	r.stdout()
	r.stop()
	r.exit()
	return &r.report
}

// scopeOf returns what rules for a message of a request go by.
func scopeOf(c *call, method string) scope {
	where := scope{method: method}
	if c != nil {
		where.tool = c.tool()
	}
	return where
}
