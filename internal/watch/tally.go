package watch

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
	Cells    map[CellKey]*Cell
	sessions map[string][]*Cell         // which cells a session has a part in
	Listed   map[string]map[string]bool // by server: the tools that it lists
}

// CellKey is what tells calls apart.
type CellKey struct{ Server, Client, Method, Name string }

// Cell is what some calls add up to.
type Cell struct {
	CellKey
	Calls, Failed, Refused, Cancelled, Hung int
	Took, Size, Tokens                      Figures
	Why                                     map[string]int // of failures
	Last                                    time.Time
}

// mostCells bounds a tally: peers choose the names in it.
const mostCells = 20_000

// NewTally returns an empty tally.
func NewTally() *Tally {
	return &Tally{Cells: map[CellKey]*Cell{}, sessions: map[string][]*Cell{}, Listed: map[string]map[string]bool{}}
}

// Add counts an operation that has ended, if it is a call.
func (t *Tally) Add(s *store.Session, op *record.Operation) {
	if op.Method == semconv.ToolsList {
		t.list(s, op)
	}
	if !op.IsCall() {
		return
	}
	key := CellKey{s.ServerName(), s.Client.Name, op.Method, op.Target}
	if key.Name == "" {
		key.Name = op.Resource
	}
	c := t.Cells[key]
	if c == nil {
		if len(t.Cells) >= mostCells {
			return
		}
		c = &Cell{CellKey: key}
		t.Cells[key] = c
	}
	if all := t.sessions[s.Name]; !slices.Contains(all, c) {
		t.sessions[s.Name] = append(all, c)
	}
	c.add(op)
}

// list takes the tools of a server.
func (t *Tally) list(s *store.Session, op *record.Operation) {
	tools := t.Listed[s.ServerName()]
	if tools == nil {
		tools = map[string]bool{}
		t.Listed[s.ServerName()] = tools
	}
	for _, name := range op.ToolNames() {
		if len(tools) < mostCells {
			tools[name] = true
		}
	}
}

// Earlier returns the earlier of two times.
func Earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Later returns the later of two times.
func Later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (c *Cell) add(op *record.Operation) {
	c.Calls++
	c.Last = Later(c.Last, op.End)
	o := view.OutcomeOf(op)
	switch {
	case o.Failed():
		c.Failed++
		if c.Why == nil {
			c.Why = map[string]int{}
		}
		c.Why[o.Short()]++
	case o.Ending == view.BadRequest:
		c.Refused++
	case o.Ending == view.Cancelled:
		c.Cancelled++
	}
	if op.Hung {
		c.Hung++
	}
	if op.Answered {
		c.Took.Add(int64(op.Duration))
		c.Size.Add(op.ResponseSize)
		if op.ResponseTokens > 0 {
			c.Tokens.Add(op.ResponseTokens)
		}
	}
}

// Merge adds another cell.
func (c *Cell) Merge(o *Cell) {
	c.Calls, c.Failed, c.Refused = c.Calls+o.Calls, c.Failed+o.Failed, c.Refused+o.Refused
	c.Cancelled, c.Hung = c.Cancelled+o.Cancelled, c.Hung+o.Hung
	c.Took.Merge(&o.Took)
	c.Size.Merge(&o.Size)
	c.Tokens.Merge(&o.Tokens)
	for word, n := range o.Why {
		if c.Why == nil {
			c.Why = map[string]int{}
		}
		c.Why[word] += n
	}
	c.Last = Later(c.Last, o.Last)
}

// Took returns how long answered calls of a server's tool, resource or prompt took, with any client.
func (t *Tally) Took(server, method, name string) (all Figures) {
	for key, c := range t.Cells {
		if key.Server == server && key.Method == method && key.Name == name {
			all.Merge(&c.Took)
		}
	}
	return all
}

// Merge adds another tally, of other sessions.
func (t *Tally) Merge(o *Tally) {
	for key, from := range o.Cells {
		if to := t.Cells[key]; to != nil {
			to.Merge(from)
		} else {
			t.Cells[key] = from
		}
	}
	for name, cells := range o.sessions {
		for _, c := range cells {
			t.sessions[name] = append(t.sessions[name], t.Cells[c.CellKey])
		}
	}
	for server, tools := range o.Listed {
		if t.Listed[server] == nil {
			t.Listed[server] = tools
		}
		maps.Copy(t.Listed[server], tools)
	}
}

// Rate returns the share of calls that failed, which those that their client took back have not, as in "spanpipe report".
func (c *Cell) Rate() float64 { return float64(c.Failed) / float64(max(c.Calls, 1)) }
