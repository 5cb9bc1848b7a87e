package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// list answers GET /api/v1/tools.
func (s *toolSource) list(r *http.Request) (any, error) {
	kind := cmp.Or(r.URL.Query().Get("by"), kindTool)
	if kind != kindTool && kind != kindServer && kind != kindClient {
		return nil, wrong("by "+view.Steady(kind)+": want tool, server or client", "")
	}
	f, err := s.figures(r, kind)
	if err != nil {
		return nil, err
	}
	return f.reply(s.stamp(), kind, s.sinceFlag(r)), nil
}

// reply returns the rows with what stands around them.
func (f *figures) reply(stamp api.Reply, kind, since string) *api.Tools {
	t := &api.Tools{
		Reply: stamp, Summary: f.summary(), Rows: make([]api.ToolRow, 0, len(f.rows)),
		Never: f.never, Sequences: f.sequences, Command: f.command("spanpipe report --by "+kind, since),
	}
	for i := range f.rows {
		t.Rows = append(t.Rows, f.rows[i].ToolRow)
	}
	if len(t.Rows) == 0 {
		t.Excluding = f.excluding()
	}
	return t
}

// figures are what the calls of a pass add up to, by rows of one kind.
type figures struct {
	*pass
	rows      []figuresRow // the most calls first
	never     []api.Never
	sequences []api.Sequence
	runs      [][]*call       // all calls of each run, in the order of their starts
	from      time.Time       // of what is stored, or of the window
	twice     map[string]bool // names: whether several targets have it
}

// figuresRow is a row with what the page shows if it is selected.
type figuresRow struct {
	api.ToolRow
	target target
	calls  []*call // that the filter chooses, in the order of their starts
	hung   *report.Hung
	slower *report.Slower
	listed *report.Definition
	change *report.Changed
	large  int // results

	badRequests, cancelled, timedOut, hungNow int // calls
	resultP50, resultMax                      int64
}

func newFigures(
	ctx context.Context, a choice, now time.Time, sessions []store.Session, changes map[string][]record.DefinitionChange,
) (*figures, error) {
	f := &figures{pass: newPass(ctx, a, now, sessions)}
	r, err := f.report(changes)
	if err != nil {
		return nil, err
	}
	f.join()
	f.findTwice()
	f.addRows(r)
	f.addNever(r)
	f.sequences = f.usualSequences()
	return f, nil
}

// join sorts the calls of each run.
func (f *figures) join() {
	f.from = f.until
	at := map[string]int{}
	for i := range f.sessions {
		s := &f.sessions[i]
		if s.Launched.Before(f.from) {
			f.from = s.Launched
		}
		run := runID(s)
		n, known := at[run]
		if !known {
			n = len(f.runs)
			at[run] = n
			f.runs = append(f.runs, nil)
		}
		for j := range f.calls[i] {
			f.runs[n] = append(f.runs[n], &f.calls[i][j])
		}
	}
	if f.from.Before(f.since) {
		f.from = f.since
	}
	for _, run := range f.runs {
		slices.SortStableFunc(run, func(a, b *call) int { return cmp.Compare(a.start, b.start) })
	}
}

// rowTarget returns the target of the row that a call belongs to.
func (f *figures) rowTarget(c *call) target {
	switch f.by {
	case report.ByServer:
		return target{kind: kindServer, server: f.sessions[c.session].ServerName()}
	case report.ByClient:
		return target{kind: kindClient, name: f.sessions[c.session].Client.Name}
	}
	return f.targets.all[c.target]
}

// rowNamed returns the target of a row of a report.
func rowNamed(n *report.Name, by report.By) target {
	switch {
	case by == report.ByServer:
		return target{kind: kindServer, server: n.Server}
	case by == report.ByClient:
		return target{kind: kindClient, name: n.Client}
	case n.Prompt != "":
		return target{kindPrompt, n.Server, n.Prompt}
	case n.Resource != "":
		return target{kindResource, n.Server, n.Resource}
	}
	return target{kindTool, n.Server, n.Tool}
}

func (f *figures) addRows(r *report.Report) {
	at := map[target]int{}
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Calls+row.Hung == 0 {
			continue
		}
		one := figuresRow{
			target: rowNamed(&row.Name, f.by), badRequests: row.BadRequests, cancelled: row.Cancelled, timedOut: row.TimedOut, hungNow: row.HungNow,
		}
		one.ToolRow = toolRow(one.target, row)
		if n := len(row.Tokens); n > 0 {
			one.resultP50, one.resultMax = row.Tokens[record.Rank(n, 50)-1], row.Tokens[n-1]
		}
		for _, n := range row.Tokens {
			if n > largeResult {
				one.large++
			}
		}
		at[one.target] = len(f.rows)
		f.rows = append(f.rows, one)
	}
	for _, run := range f.runs {
		for _, c := range run {
			if i, ok := at[f.rowTarget(c)]; ok && c.is(chosenCall) {
				f.rows[i].calls = append(f.rows[i].calls, c)
			}
		}
	}
	if f.by == report.ByTarget {
		f.addFindings(r, at)
	}
	for i := range f.rows {
		row := &f.rows[i]
		slices.SortStableFunc(row.calls, func(a, b *call) int { return cmp.Compare(a.start, b.start) })
		row.Remark = f.remark(row)
	}
}

// addFindings adds to rows what the report has found about their targets.
func (f *figures) addFindings(r *report.Report, at map[target]int) {
	row := func(n *report.Name) *figuresRow {
		if i, ok := at[rowNamed(n, f.by)]; ok {
			return &f.rows[i]
		}
		return &figuresRow{}
	}
	for i := range r.Hung {
		row(&r.Hung[i].Name).hung = &r.Hung[i]
	}
	for i := range r.Slower {
		row(&r.Slower[i].Name).slower = &r.Slower[i]
	}
	for i := range r.Definitions {
		d := &r.Definitions[i]
		row(&report.Name{Server: d.Server, Tool: d.Tool}).listed = d
	}
	for i := range r.Changed {
		if c := &r.Changed[i]; c.Kind == record.ToolDefinition {
			row(&report.Name{Server: c.Server, Tool: c.Name}).change = c
		}
	}
}

// toolRow returns a row as the page shows it.
func toolRow(t target, r *report.Row) api.ToolRow {
	out := api.ToolRow{Kind: t.kind, Key: t.key()}
	if t.kind == kindClient {
		out.Client = clientTitle(t.name)
	} else {
		out.Server, out.Tool = serverTitle(t.server), view.Steady(t.name)
	}
	out.ToolFigures = api.ToolFigures{
		Calls: r.Calls, Failed: r.Failed, Hung: r.Hung, FailureRate: r.FailureRate, P50: r.P50, P95: r.P95, P99: r.P99,
		Latency: latencyOf(r.Durations),
	}
	if n := len(r.Tokens); n > 0 {
		out.ResultP95 = new(r.Tokens[record.Rank(n, 95)-1])
	}
	return out
}

// addNever adds the tools that are listed and were not called, whatever the filter says of calls.
func (f *figures) addNever(r *report.Report) {
	called := map[target]bool{}
	for _, run := range f.runs {
		for _, c := range run {
			called[f.targets.all[c.target]] = true
		}
	}
	names := f.filter.About("server", "tool", "method", "")
	f.never = []api.Never{}
	for _, u := range r.NeverCalled {
		one := api.Never{Server: serverTitle(u.Server)}
		for _, name := range u.Tools {
			s := watch.Subject{Servers: []string{u.Server}, Tools: []string{name}, Methods: []string{semconv.ToolsCall}}
			if !called[target{kindTool, u.Server, name}] && names.Matches(&s) {
				one.Tools = append(one.Tools, view.Steady(name))
			}
		}
		if len(one.Tools) > 0 {
			f.never = append(f.never, one)
		}
	}
}
