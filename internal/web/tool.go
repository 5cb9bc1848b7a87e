package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// one answers GET /api/v1/tools/{key}.
func (s *toolSource) one(r *http.Request) (any, error) {
	of, ok := parseKey(r.PathValue("key"))
	if !ok {
		return nil, missing("there is no such tool", "the keys of tools are in /api/v1/tools")
	}
	f, err := s.figures(r, of.kind)
	if err != nil {
		return nil, err
	}
	t, err := f.tool(of, s.stamp(), s.sinceFlag(r))
	if err == nil && t == nil {
		err = missing("no calls of "+of.title()+" in this time", "a longer time or another filter may have some")
	}
	return t, err
}

// tool returns a row whole; nil if there is none.
func (f *figures) tool(of target, stamp api.Reply, since string) (*api.Tool, error) {
	i := slices.IndexFunc(f.rows, func(row figuresRow) bool { return row.target == of })
	if i < 0 {
		return nil, nil //nolint:nilnil // it is missing
	}
	row := &f.rows[i]
	t := &api.Tool{
		Reply: stamp, Row: row.ToolRow, Heat: f.heat(row.calls), Errors: f.errorsOf(row), Sizes: row.sizes(),
		Callers: f.callers(row), LeftOut: row.leftOut(), Before: []api.Flow{}, After: []api.Flow{},
		Commands: []string{f.command(row.command(), since)},
	}
	t.Headline, t.Detail = f.story(row)
	if f.by == report.ByTarget {
		t.Before, t.After = f.flows(of)
	}
	var err error
	t.LastFailure, err = f.lastFailure(row)
	return t, err
}

// title returns a target's name, safe to show.
func (t target) title() string {
	switch t.kind {
	case kindServer:
		return serverTitle(t.server)
	case kindClient:
		return clientTitle(t.name)
	}
	return strings.TrimSpace(view.Steady(t.server) + " " + view.Steady(t.name))
}

// command returns the command that shows a row's figures in a terminal. An unnamed client has none of its own.
func (r *figuresRow) command() string {
	t := r.target
	switch {
	case t.kind == kindClient && t.name != "":
		return "spanpipe report --by tool --client " + shellWord(patternOf(t.name))
	case t.kind == kindClient:
		return "spanpipe report --by client"
	case t.kind == kindServer:
		return "spanpipe report --by tool --server " + shellWord(patternOf(t.server))
	}
	return "spanpipe report --by " + t.kind + " --server " + shellWord(patternOf(t.server))
}

// errorsOf counts what went wrong, the most frequent first.
func (f *figures) errorsOf(r *figuresRow) []api.Count {
	words := map[int32]int{}
	for _, c := range r.calls {
		if c.is(failedCall) {
			words[c.word]++
		}
	}
	all := make([]api.Count, 0, len(words))
	for w, n := range words {
		all = append(all, api.Count{Label: f.words.all[w], Count: n})
	}
	slices.SortFunc(all, func(a, b api.Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Label, b.Label))
	})
	return all
}

// leftOut returns what does not count as failed.
func (r *figuresRow) leftOut() string {
	var parts []string
	if r.cancelled > 0 {
		parts = append(parts, view.Number(r.cancelled)+" cancelled")
	}
	if r.badRequests > 0 {
		parts = append(parts, view.Plural(r.badRequests, "bad request"))
	}
	return strings.Join(parts, ", ")
}

// sizes returns what results and the definition cost a context.
func (r *figuresRow) sizes() []api.Fact {
	all := []api.Fact{}
	if r.ResultP95 != nil {
		text := fmt.Sprintf("p50 %s, p95 %s, max %s tokens", estimate(r.resultP50), estimate(*r.ResultP95), estimate(r.resultMax))
		all = append(all, api.Fact{Label: "result", Text: text})
	}
	if r.large > 0 {
		all = append(all, api.Fact{Label: "large", Text: view.Plural(r.large, "result") + " over 25,000 tokens", Tone: api.Late})
	}
	if r.listed != nil {
		all = append(all, api.Fact{Label: "definition", Text: estimate(r.listed.Tokens) + " tokens, in every conversation"})
	}
	return all
}

// estimate returns a number of tokens with all that is known of it: two digits, and as many zeros.
func estimate(n int64) string {
	unit := int64(1)
	for n/unit >= 1000 {
		unit *= 10
	}
	return "≈" + view.Number(int((n+unit/2)/unit*unit))
}

// callers returns the clients that made the calls of a row, the most calls first. A client's row has none.
func (f *figures) callers(r *figuresRow) []api.Caller {
	all := []api.Caller{}
	if r.target.kind == kindClient {
		return all
	}
	at := map[string]int{}
	for _, c := range r.calls {
		name := f.sessions[c.session].Client.Name
		i, known := at[name]
		if !known {
			i = len(all)
			at[name] = i
			all = append(all, api.Caller{Client: clientTitle(name)})
		}
		all[i].Calls++
		if c.is(failedCall) {
			all[i].Failed++
		}
	}
	slices.SortFunc(all, func(a, b api.Caller) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), strings.Compare(a.Client, b.Client))
	})
	return all
}

// story says what stands out of a row: what happened, and what shows it.
func (f *figures) story(r *figuresRow) (headline, detail string) {
	var said []string
	if text := r.hanging(); text != "" && r.hungNow > 0 {
		said = append(said, text)
	}
	failures := f.failures(r)
	if failures != "" {
		said = append(said, failures)
	}
	if text := r.hanging(); text != "" && r.hungNow == 0 {
		said = append(said, text)
	}
	if failures != "" {
		said = append(said, f.retries(r)...)
	}
	if s := r.slower; s != nil {
		said = append(said, fmt.Sprintf("It has become slower: p95 %s, was %s.", secondsText(s.P95), secondsText(s.P95Before)))
	}
	if c := r.change; c != nil {
		change := record.DefinitionChange{Kind: c.Kind, Name: c.Name, Change: c.Change, Parts: c.Parts}
		said = append(said, view.DefinitionChange(change)+", "+report.Day(c.Last.In(f.until.Location()), f.until)+".")
	}
	if len(said) == 0 {
		return "", ""
	}
	return said[0], strings.Join(said[1:], " ")
}

// hanging says how many calls hung, and what was seen of them.
func (r *figuresRow) hanging() string {
	if r.Hung == 0 {
		return ""
	}
	text := fmt.Sprintf("%s of %s hung", view.Number(r.Hung), view.Plural(r.Calls+r.hungNow, "call"))
	if r.hungNow > 0 {
		text += fmt.Sprintf(", %s of them now", view.Number(r.hungNow))
	}
	if r.hung != nil {
		if why := r.hung.Why(); why != "" {
			text += ": " + why
		}
	}
	return text + "."
}

// failures says how many calls failed, why, and since when.
func (f *figures) failures(r *figuresRow) string {
	if r.Failed == 0 {
		return ""
	}
	all := f.errorsOf(r)
	text := fmt.Sprintf("%s of %s failed", view.Number(r.Failed), view.Plural(r.Calls, "call"))
	if len(all) > 1 {
		text += fmt.Sprintf(", %s of them: %s", view.Number(all[0].Count), all[0].Label)
	} else if len(all) == 1 {
		text += ": " + all[0].Label
	}
	if _, since := f.failing(r); !since.IsZero() {
		n := 0
		for _, c := range r.calls {
			if c.is(failedCall) && c.start >= since.UnixNano() {
				n++
			}
		}
		text += fmt.Sprintf("; %s of them since %s", view.Number(n), clock(since, f.until))
	}
	return text + "."
}

// retries says what the client does after a failure, if it has done it a few times.
func (f *figures) retries(r *figuresRow) []string {
	if f.by != report.ByTarget {
		return nil
	}
	failed, again := 0, 0
	var gaps []time.Duration
	for _, run := range f.runs {
		for i := 1; i < len(run); i++ {
			a, b := run[i-1], run[i]
			if a.target != b.target || !a.is(failedCall) || !a.is(chosenCall) || f.targets.all[a.target] != r.target {
				continue
			}
			gaps = append(gaps, a.gap(b))
			if b.is(failedCall) {
				again++
			}
		}
	}
	for _, c := range r.calls {
		if c.is(failedCall) {
			failed++
		}
	}
	if len(gaps) < leastOften {
		return nil
	}
	when := "After a failure"
	if 2*len(gaps) <= failed {
		when = fmt.Sprintf("After %s of %s failures", view.Number(len(gaps)), view.Number(failed))
	}
	return []string{fmt.Sprintf("%s the client tries again, mostly within %s, and in %s of %s cases it fails again.", when,
		view.Duration(median(gaps)), view.Number(again), view.Number(len(gaps)))}
}

// lastFailure reads the last call of a row that failed.
func (f *figures) lastFailure(r *figuresRow) (*api.Ended, error) {
	i := len(r.calls) - 1
	for i >= 0 && !r.calls[i].is(failedCall) {
		i--
	}
	if i < 0 {
		return nil, nil //nolint:nilnil // there is none
	}
	last := r.calls[i]
	s := &f.sessions[last.session]
	var found *api.Ended
	err := s.Digest(func(op *record.Operation) bool {
		if op.Number != last.number {
			return true
		}
		c := watch.Call{Session: &watch.Session{Session: *s}, Op: *op}
		one := endedCall(&c)
		one.Run = runID(s)
		if last.is(lateCall) {
			late := c.Outcome()
			late.Late = (&callReader{}).lateBy(s, op.Number)
			one.Outcome = outcomeOf(late)
		}
		found = &one
		return false
	})
	return found, err
}
