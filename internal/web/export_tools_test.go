package web

import (
	"context"
	"net/http"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

// What tests look at by itself.
type (
	Figures    = figures
	FiguresRow = figuresRow
	Target     = target
	Choice     = choice
	Numbering  struct{ numbering[int] }
)

var (
	NewFigures  = newFigures
	ParseTarget = parseKey
	PatternOf   = patternOf
	ShellWord   = shellWord
	Slots       = slots
	SlotLabels  = slotLabels
)

// Bounds of what is shown of tools.
const (
	MostFlows     = mostFlows
	MostSequences = mostSequences
	MostTargets   = mostTargets
	MostHeatSlots = mostHeatSlots
)

// Figures returns the figures that a request asks for.
func (s *Server) Figures(r *http.Request, kind string) (*Figures, error) {
	return s.tools.figures(r, kind)
}

// NewChoice chooses calls.
func NewChoice(since time.Time, filter watch.Filter, kind string) Choice {
	return choice{since, filter, byOf(kind)}
}

// NewTarget returns what calls are counted under.
func NewTarget(kind, server, name string) Target { return target{kind, server, name} }

// Key returns the target as a part of an address.
func (t target) Key() string { return t.key() }

// Rows returns the rows, the most calls first.
func (f *figures) Rows() []FiguresRow { return f.rows }

// Never returns what was never called.
func (f *figures) Never() []api.Never { return f.never }

// Sequences returns what was called in a row.
func (f *figures) Sequences() []api.Sequence { return f.sequences }

// Flows returns what was called before and after a target.
func (f *figures) Flows(t Target) (before, after []api.Flow) { return f.flows(t) }

// Reply returns the rows with what stands around them.
func (f *figures) Reply(stamp api.Reply, kind, since string) *api.Tools {
	return f.reply(stamp, kind, since)
}

// Tool returns a row whole.
func (f *figures) Tool(t Target, stamp api.Reply, since string) (*api.Tool, error) {
	return f.tool(t, stamp, since)
}

// Target returns what the row's calls are counted under.
func (r *figuresRow) Target() Target { return r.target }

// HungNow returns how many calls of the row hang.
func (r *figuresRow) HungNow() int { return r.hungNow }

// Number returns the number of a value.
func (n *Numbering) Number(v int) int32 { return n.number(v) }

// CallsRead returns how many calls a pass reads.
func CallsRead(ctx context.Context, until time.Time, sessions []store.Session) int64 {
	p := newPass(ctx, choice{by: report.ByTarget}, until, sessions)
	_, _ = p.report(nil) // the error is the context's
	return p.read.Load()
}
