package top

import (
	"maps"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Tally adds up calls by tool, server and client.
type Tally struct {
	cells    map[cellKey]*cell
	sessions map[string][]*cell         // which cells a session has a part in
	listed   map[string]map[string]bool // by server: the tools that it lists
}

// cellKey is what tells calls apart.
type cellKey struct{ server, client, method, name string }

// cell is what some calls add up to.
type cell struct {
	cellKey
	calls, failed, refused, cancelled, hung int
	took, size, tokens                      figures
	why                                     map[string]int // of failures
	last                                    time.Time
}

// mostCells bounds a tally: peers choose the names in it.
const mostCells = 20_000

// NewTally returns an empty tally.
func NewTally() *Tally {
	return &Tally{cells: map[cellKey]*cell{}, sessions: map[string][]*cell{}, listed: map[string]map[string]bool{}}
}

// Add counts an operation that has ended, if it is a call.
func (t *Tally) Add(s *store.Session, op *record.Operation) {
	if op.Method == semconv.ToolsList {
		t.list(s, op)
	}
	if !op.IsCall() {
		return
	}
	key := cellKey{s.ServerName(), s.Client.Name, op.Method, op.Target}
	if key.name == "" {
		key.name = op.Resource
	}
	c := t.cells[key]
	if c == nil {
		if len(t.cells) >= mostCells {
			return
		}
		c = &cell{cellKey: key}
		t.cells[key] = c
	}
	if all := t.sessions[s.Name]; !slices.Contains(all, c) {
		t.sessions[s.Name] = append(all, c)
	}
	c.add(op)
}

// list takes the tools of a server.
func (t *Tally) list(s *store.Session, op *record.Operation) {
	tools := t.listed[s.ServerName()]
	if tools == nil {
		tools = map[string]bool{}
		t.listed[s.ServerName()] = tools
	}
	for _, name := range op.ToolNames() {
		if len(tools) < mostCells {
			tools[name] = true
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (c *cell) add(op *record.Operation) {
	c.calls++
	c.last = later(c.last, op.End)
	o := view.OutcomeOf(op)
	switch {
	case o.Failed():
		c.failed++
		if c.why == nil {
			c.why = map[string]int{}
		}
		c.why[o.Short()]++
	case o.Ending == view.BadRequest:
		c.refused++
	case o.Ending == view.Cancelled:
		c.cancelled++
	}
	if op.Hung {
		c.hung++
	}
	if op.Answered {
		c.took.add(int64(op.Duration))
		c.size.add(op.ResponseSize)
		if op.ResponseTokens > 0 {
			c.tokens.add(op.ResponseTokens)
		}
	}
}

// merge adds another cell.
func (c *cell) merge(o *cell) {
	c.calls, c.failed, c.refused = c.calls+o.calls, c.failed+o.failed, c.refused+o.refused
	c.cancelled, c.hung = c.cancelled+o.cancelled, c.hung+o.hung
	c.took.merge(&o.took)
	c.size.merge(&o.size)
	c.tokens.merge(&o.tokens)
	for word, n := range o.why {
		if c.why == nil {
			c.why = map[string]int{}
		}
		c.why[word] += n
	}
	c.last = later(c.last, o.last)
}

// Merge adds another tally, of other sessions.
func (t *Tally) Merge(o *Tally) {
	for key, from := range o.cells {
		if to := t.cells[key]; to != nil {
			to.merge(from)
		} else {
			t.cells[key] = from
		}
	}
	for name, cells := range o.sessions {
		for _, c := range cells {
			t.sessions[name] = append(t.sessions[name], t.cells[c.cellKey])
		}
	}
	for server, tools := range o.listed {
		if t.listed[server] == nil {
			t.listed[server] = tools
		}
		maps.Copy(t.listed[server], tools)
	}
}

// rate returns the share of calls that failed, which those that their client took back have not, as in "spanpipe report".
func (c *cell) rate() float64 { return float64(c.failed) / float64(max(c.calls, 1)) }
