package compare

import (
	"cmp"
	"time"

	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Group is the operations of one method and target, in both sessions.
type Group struct {
	Direction record.Direction `json:"direction"`
	Method    string           `json:"method"`
	Name      string           `json:"name,omitempty"`     // of the tool or prompt
	Resource  string           `json:"resource,omitempty"` // the template that a URI matches, or its scheme

	Change      GroupChange  `json:"change,omitempty"`      // absent if nothing differs
	Differences []Difference `json:"differences,omitempty"` // of a changed one
	Before      *Figures     `json:"before,omitempty"`      // absent if there were none
	After       *Figures     `json:"after,omitempty"`

	Shape    []Shape  `json:"shape,omitempty"`   // of results, if both sessions are recordings
	Duration Duration `json:"duration,omitzero"` // if there are operations in both
}

// GroupChange is how a group of operations differs.
type GroupChange string

// The changes of a group.
const (
	Added   GroupChange = "added"
	Gone    GroupChange = "gone"
	Changed GroupChange = "changed"
)

// Difference is something in which a group differs.
type Difference string

// The differences.
const (
	Calls    Difference = "calls"    // how many operations there were
	Outcome  Difference = "outcome"  // how they ended
	Hung     Difference = "hung"     // how many were reported as not answered in time
	ShapeOf  Difference = "shape"    // of results
	Request  Difference = "request"  // its size
	Response Difference = "response" // its size, or tokens
	Time     Difference = "duration" // slower or faster
)

// Figures are what the operations of a group add up to in one session.
type Figures struct {
	Calls    int            `json:"calls"`
	Failed   int            `json:"failed"`
	Hung     int            `json:"hung,omitempty"`
	Outcomes map[string]int `json:"outcomes"` // by the outcome, and what went wrong behind a space
	P50      float64        `json:"p50,omitempty"`
	P95      float64        `json:"p95,omitempty"`

	// What one request or answer takes in the mean.
	RequestSize    int64 `json:"request_size,omitempty"`
	ResponseSize   int64 `json:"response_size,omitempty"`
	ResponseTokens int64 `json:"response_tokens,omitempty"`

	durations           []time.Duration // of those that were answered
	requests, responses []int64         // sizes; responses are those of answered operations that did not fail
	tokens              int64           // of these responses
	shape               shape
}

// Duration is what the durations of a group say.
type Duration struct {
	Verdict Verdict `json:"verdict,omitempty"`
	P       float64 `json:"p,omitempty"` // of the test, if there were enough calls

	// Adjusted is P for one of as many operations as were judged.
	Adjusted float64 `json:"p_adjusted,omitempty"`
}

// groupKey is what operations of one group have in common.
type groupKey struct {
	direction                record.Direction
	method, target, resource string
}

// compareOperations compares all groups of operations.
func compareOperations(a, b *conversation.Conversation, ratio float64) []Group {
	var keys []groupKey
	sides := [2]map[groupKey]*Figures{{}, {}}
	for i, c := range []*conversation.Conversation{a, b} {
		for j := range c.Records.Operations {
			op := &c.Records.Operations[j]
			key := groupKey{op.Direction, op.Method, op.Target, op.Resource}
			if sides[0][key] == nil && sides[1][key] == nil {
				keys = append(keys, key)
			}
			f := sides[i][key]
			if f == nil {
				f = &Figures{Outcomes: map[string]int{}, shape: shape{}}
				sides[i][key] = f
			}
			f.add(c, op)
		}
	}
	all := make([]Group, len(keys))
	for i, key := range keys {
		g := &all[i]
		*g = Group{Direction: key.direction, Method: key.method, Name: key.target, Resource: key.resource, Before: sides[0][key], After: sides[1][key]}
		for _, f := range []*Figures{g.Before, g.After} {
			if f != nil {
				f.sum()
			}
		}
		g.compare()
	}
	judgeGroups(all, ratio)
	return all
}

// add adds an operation.
func (f *Figures) add(c *conversation.Conversation, op *record.Operation) {
	o := c.Records.Outcome(op)
	word := string(o.Ending)
	if what := cmp.Or(string(op.Class), op.Code); what != "" && o.Ending != view.Cancelled && o.Ending != view.Unanswered {
		word += " " + what
	}
	f.Calls++
	f.Outcomes[word]++
	if o.Failed() {
		f.Failed++
	}
	if op.Hung {
		f.Hung++
	}
	f.requests = append(f.requests, op.RequestSize)
	if !op.Answered {
		return
	}
	f.durations = append(f.durations, op.Duration)
	if o.Ending != view.OK {
		return
	}
	f.responses = append(f.responses, op.ResponseSize)
	f.tokens += op.ResponseTokens
	if a, ok := c.Answer(op.Number); ok {
		f.shape.add(a.Result)
	}
}

// sum computes the figures.
func (f *Figures) sum() {
	f.P50, f.P95 = record.Seconds(percentile(f.durations, 50)), record.Seconds(percentile(f.durations, 95))
	f.RequestSize, f.ResponseSize = mean(f.requests), mean(f.responses)
	if n := int64(len(f.responses)); n > 0 {
		f.ResponseTokens = (f.tokens + n/2) / n
	}
}

// compare finds what differs.
func (g *Group) compare() {
	a, b := g.Before, g.After
	switch {
	case a == nil:
		g.Change = Added
		return
	case b == nil:
		g.Change = Gone
		return
	}
	differs := func(is bool, d Difference) {
		if is {
			g.differs(d)
		}
	}
	differs(a.Calls != b.Calls, Calls)
	differs(outcomesDiffer(a, b), Outcome)
	differs(a.Hung != b.Hung && (a.Calls == b.Calls || a.Hung == 0 || b.Hung == 0), Hung)
	if !isList(g.Method) { // what it lists is compared as definitions
		g.Shape = compareShapes(a.shape, b.shape)
		differs(len(g.Shape) > 0, ShapeOf)
		differs(sizesDiffer(a.requests, b.requests), Request)
		differs(sizesDiffer(a.responses, b.responses), Response)
	}
}

// differs notes a difference of operations that are in both sessions.
func (g *Group) differs(d Difference) { g.Change, g.Differences = Changed, append(g.Differences, d) }

// counts reports whether something differs that is a difference of the sessions. How long operations take is one only where what is
// slower is asked for: another load of the machine is enough for it.
func (g *Group) counts(slower bool) bool {
	switch {
	case g.Change != Changed:
		return g.Change != ""
	case len(g.Differences) > 1 || g.Differences[0] != Time:
		return true
	}
	return slower && g.Duration.Verdict == Slower
}

// judgeGroups sets what the durations of all groups say that are in both sessions.
func judgeGroups(all []Group, ratio float64) {
	var both []*Group
	var of []durations
	for i := range all {
		if g := &all[i]; g.Before != nil && g.After != nil {
			both, of = append(both, g), append(of, durations{g.Before.durations, g.After.durations})
		}
	}
	for i, d := range judge(of, ratio) {
		if both[i].Duration = d; d.Verdict == Slower || d.Verdict == Faster {
			both[i].differs(Time)
		}
	}
}

// outcomesDiffer reports whether operations ended in other ways. If there were more in one session, more of them may have failed there:
// then only an outcome that the other session does not have is a difference.
func outcomesDiffer(a, b *Figures) bool {
	for _, pair := range [][2]map[string]int{{a.Outcomes, b.Outcomes}, {b.Outcomes, a.Outcomes}} {
		for word, n := range pair[0] {
			if other := pair[1][word]; other == 0 || a.Calls == b.Calls && other != n {
				return true
			}
		}
	}
	return false
}
