package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// failures judges requests that were answered with an error. Those of classes without a line of their own are judged together.
func (j *judge) failures() {
	calls := 0
	byClass := map[string]groups{}
	counts, failedCalls := map[string]int{}, map[string]int{}
	for _, op := range requests(j.session) {
		ending := j.session.Records.Outcome(op).Ending
		if op.IsCall() && ending != view.Open && ending != view.Hung {
			calls++
		}
		if ending != view.Failed {
			continue
		}
		class := j.line(Failures, cmp.Or(string(op.Class), string(record.Internal)))
		g := byClass[class]
		g.add(view.Call(op)+" "+view.OutcomeOf(op).Long(), op.Number)
		byClass[class] = g
		counts[class]++
		if op.IsCall() {
			failedCalls[class]++
		}
	}
	for _, class := range j.lines(Failures) {
		m := measured{
			name: class, value: float64(counts[class]), details: byClass[class].lines(), operations: byClass[class].operations(),
		}
		if b := j.rules.of(Failures, class); b.Share {
			m.value = float64(failedCalls[class]) / float64(max(calls, 1))
			m.details = append([]string{fmt.Sprintf("%d of %s failed", failedCalls[class], view.Plural(calls, "call"))}, m.details...)
		}
		j.budget(Failures, m)
	}
}

// lines returns the names that have a line of their own in the rule, and "" for all others.
func (j *judge) lines(rule Name) (names []string) {
	for _, l := range j.rules.limits[rule] {
		if l.pattern == everything {
			names = append(names, "")
		} else {
			names = append(names, l.pattern)
		}
	}
	return names
}

// line returns the line for a name.
func (j *judge) line(rule Name, name string) string {
	if slices.Contains(j.lines(rule), name) {
		return name
	}
	return ""
}

func (g groups) operations() (all []uint64) {
	for _, one := range g {
		all = append(all, one.ops...)
	}
	return all
}

// unanswered judges requests without an answer, and those that hung.
func (j *judge) unanswered() {
	var hung, without groups
	for _, op := range requests(j.session) {
		switch o := j.session.Records.Outcome(op); {
		case op.Hung:
			hung.add(view.Call(op)+": "+j.waited(op, o), op.Number)
		case j.session.Records.Exit == nil && op.End.IsZero(): // it runs, or the record of it breaks off
		case o.Ending == view.TimedOut || o.Ending == view.Unanswered || o.Ending == view.Open:
			without.add(view.Call(op)+": "+j.waited(op, o), op.Number)
		}
	}
	const next = "every request needs exactly one answer, also one that fails: send an error"
	for _, one := range []struct {
		rule Name
		groups
	}{{Unanswered, without}, {Hung, hung}} {
		ops := one.operations()
		j.budget(one.rule, measured{value: float64(len(ops)), details: one.lines(), operations: ops, next: next})
	}
}

// waited says what became of a request that was not answered in time.
func (j *judge) waited(op *record.Operation, o view.Outcome) string {
	took := view.Duration(j.session.Records.Took(op))
	switch o.Ending {
	case view.TimedOut:
		text := "the client gave up after " + took
		if o.Late > 0 {
			text += ", and the answer came " + view.Duration(o.Late) + " later"
		}
		return text
	case view.Unanswered, view.Cancelled:
		return o.String() + " after " + took
	case view.Open, view.Hung:
		return "open for " + took
	default:
		return "answered after " + took
	}
}

// results judges the largest answer of each tool.
func (j *judge) results() {
	largest := map[string]map[Name]*record.Operation{}
	for _, op := range requests(j.session) {
		if !op.IsCall() || !op.Answered {
			continue
		}
		name := called(op)
		if largest[name] == nil {
			largest[name] = map[Name]*record.Operation{ResultTokens: op, ResultBytes: op}
		}
		if op.ResponseTokens > largest[name][ResultTokens].ResponseTokens {
			largest[name][ResultTokens] = op
		}
		if op.ResponseSize > largest[name][ResultBytes].ResponseSize {
			largest[name][ResultBytes] = op
		}
	}
	const next = "let the caller ask for less: a limit, a page, a part"
	for _, name := range slices.Sorted(maps.Keys(largest)) {
		for rule, op := range largest[name] {
			value := op.ResponseTokens
			if rule == ResultBytes {
				value = op.ResponseSize
			}
			j.budget(rule, measured{
				name: name, value: float64(value), operations: []uint64{op.Number}, next: next,
				details: []string{"the answer" + at([]uint64{op.Number}) + " has " + view.Size(op.ResponseSize) + ", " + view.SomeTokens(op.ResponseTokens)},
			})
		}
	}
}

// timed is the answered calls of a tool, in all sessions of a server.
type timed struct {
	calls    []*record.Operation
	of       []string // sessions, for each call
	sessions []string
}

// percentiles judges p95. A percentile takes many calls, so that those of all sessions of a server count together.
func percentiles(rules *Rules, all []*conversation.Conversation) (results []Result) {
	type key struct{ server, name string }
	tools := map[key]*timed{}
	for _, c := range all {
		for _, op := range requests(c) {
			if !op.IsCall() || !op.Answered {
				continue
			}
			k := key{c.Records.Session.Server.Name, called(op)}
			if tools[k] == nil {
				tools[k] = &timed{}
			}
			t := tools[k]
			t.calls, t.of = append(t.calls, op), append(t.of, c.Name)
			if !slices.Contains(t.sessions, c.Name) {
				t.sessions = append(t.sessions, c.Name)
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(tools), func(a, b key) int {
		return cmp.Or(strings.Compare(a.server, b.server), strings.Compare(a.name, b.name))
	})
	for _, k := range keys {
		if r, ok := tools[k].judge(rules, k.name); ok {
			results = append(results, r)
		}
	}
	return results
}

// judge judges the p95 of a tool.
func (t *timed) judge(rules *Rules, name string) (Result, bool) {
	budget, n := rules.of(P95, name), len(t.calls)
	if least := int(rules.of(MinCalls, "").Max); n < least {
		return Result{
			Rule: P95, Name: name, Sessions: t.sessions, State: NotJudged, Line: budget.Line,
			Why: fmt.Sprintf("%s, and it takes %d (min_calls)", view.Plural(n, "answered call"), least),
		}, !budget.Off
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.calls[a].Duration, t.calls[b].Duration) })
	p95 := t.calls[order[record.Rank(n, 95)-1]].Duration
	slowest := order[n-1]
	detail := fmt.Sprintf("p95 of %s, median %s; the slowest took %s%s", view.Plural(n, "call"),
		view.Duration(t.calls[order[record.Rank(n, 50)-1]].Duration), view.Duration(t.calls[slowest].Duration), at([]uint64{t.calls[slowest].Number}))
	m := measured{name: name, value: p95.Seconds(), details: []string{detail}, operations: []uint64{t.calls[slowest].Number}}
	if len(t.sessions) > 1 {
		m.details[0] += " in " + t.of[slowest]
	}
	r, ok := judged(P95, budget, m)
	r.Sessions, r.Value = t.sessions, record.Seconds(p95.Round(time.Nanosecond))
	return r, ok
}
