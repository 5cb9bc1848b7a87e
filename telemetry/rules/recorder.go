package rules

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Request is what a rule may know of a request.
type Request struct {
	Direction record.Direction
	Method    string
	Target    string // the tool or prompt
	URI       string // of a resource, as sent
	Content   Content
	Time      time.Time
}

// Recorder evaluates the rules for the calls of a session. It is for one goroutine.
type Recorder struct {
	set      *Set
	server   string // its name
	disabled []bool // by rule: it has panicked
	tallies  []Tally
	series   []map[string]bool
	arrived  []trial           // of the request that was seen last, whose operation is about to open
	calls    map[uint64]*call  // by the operation's number
	problem  func(text string) // receives each problem once
	told     map[string]bool
	skipped  atomic.Int64
}

// call is an open operation for which rules wait.
type call struct {
	name     string
	trials   []trial
	answered bool
}

// maxCalls bounds the calls that wait for their end.
const maxCalls = 2000

// NewRecorder returns a recorder. It calls problem with each problem once, in words that hold nothing of a message.
func NewRecorder(set *Set, problem func(text string)) *Recorder {
	r := &Recorder{
		set: set, disabled: make([]bool, len(set.Rules)), tallies: make([]Tally, len(set.Rules)), series: make([]map[string]bool, len(set.Rules)),
		calls: map[uint64]*call{}, problem: problem, told: map[string]bool{},
	}
	for i := range r.series {
		r.series[i] = map[string]bool{}
	}
	return r
}

// Tally is what has become of a rule's calls.
type Tally struct {
	Matched    int64 // calls
	Unmet      int64 // of these, calls that its condition left out
	NotNumbers int64 // values that were found and are no number, or no time
	Left       int64 // values or contents that were left out: too large, or not for a counter
}

// Tallies returns the tally of each rule.
func (r *Recorder) Tallies() []Tally { return slices.Clone(r.tallies) }

// ServerNamed takes the name that the server gives itself.
func (r *Recorder) ServerNamed(name string) { r.server = name }

// Skipped returns how many values could not be measured: their message was too large, came before its request, or has a
// number that a counter does not take. It is safe for concurrent use.
func (r *Recorder) Skipped() int64 { return r.skipped.Load() }

// Request looks at a request of the client. The next call of Opened is for its operation.
func (r *Recorder) Request(q Request) {
	r.arrived = nil
	if q.Direction != record.ToServer {
		return
	}
	doc := &document{Content: q.Content}
	for i, rule := range r.set.Rules {
		if r.disabled[i] || !rule.Match.matches(&q, r.server) {
			continue
		}
		r.tallies[i].Matched++
		t := trial{rule: i, labels: make([]string, len(rule.Labels))}
		if arguments, _ := rule.wants(); arguments && q.Content.TooLarge {
			r.skip(i, "arguments are larger than 256 KiB, or came too fast")
			continue
		}
		s := stage{doc: doc, name: q.Target, now: q.Time}
		r.run(&s, &t)
		r.arrived = append(r.arrived, t)
	}
}

// Matches reports whether a rule may be for a request. Of it neither the content nor the server is looked at. It is safe for
// concurrent use.
func (s *Set) Matches(q Request) bool {
	return q.Direction == record.ToServer && slices.ContainsFunc(s.Rules, func(r *Rule) bool {
		m := r.Match
		m.Server = nil
		return m.matches(&q, "")
	})
}

// matches reports whether a rule is for a request.
func (m *Match) matches(q *Request, server string) bool {
	if m.Server != nil && !m.Server.Matches(server) {
		return false
	}
	switch q.Method {
	case semconv.ToolsCall:
		if m.Tool != nil {
			return m.Tool.Matches(q.Target)
		}
	case semconv.PromptsGet:
		if m.Prompt != nil {
			return m.Prompt.Matches(q.Target)
		}
	case semconv.ResourcesRead:
		if m.Resource != nil {
			return m.Resource.Matches(q.URI)
		}
	}
	return m.Method != nil && m.Method.Matches(q.Method)
}

// Opened returns what is known of an operation from its request alone. The others wait for its end.
func (r *Recorder) Opened(op *record.Operation) []record.Measurement {
	if len(r.arrived) == 0 || op.Direction != record.ToServer {
		return nil
	}
	var done []record.Measurement
	c := &call{name: op.Target}
	for _, t := range r.arrived {
		if rule := r.set.Rules[t.rule]; rule.late() {
			c.trials = append(c.trials, t)
		} else {
			done = append(done, r.measured(&t, op, op.Start)...)
		}
	}
	r.arrived = nil
	if len(c.trials) > 0 && len(r.calls) < maxCalls {
		r.calls[op.Number] = c
	}
	return done
}

// WaitsFor reports whether a rule looks at what answers an operation.
func (r *Recorder) WaitsFor(number uint64) bool { return r.calls[number] != nil }

// Response looks at what answers an operation, before its end is known.
func (r *Recorder) Response(number uint64, content Content, now time.Time) {
	c := r.calls[number]
	if c == nil {
		return
	}
	c.answered = true
	doc := &document{Content: content}
	for i := range c.trials {
		t := &c.trials[i]
		rule := r.set.Rules[t.rule]
		if _, response := rule.wants(); response && content.TooLarge {
			t.values, t.skipped = nil, true
			r.skip(t.rule, "a result is larger than 256 KiB, or came too fast")
			continue
		}
		s := stage{doc: doc, name: c.name, now: now, late: true}
		r.run(&s, t)
	}
}

// Ended returns what was measured of an operation.
func (r *Recorder) Ended(op *record.Operation) []record.Measurement {
	c := r.calls[op.Number]
	if c == nil {
		return nil
	}
	delete(r.calls, op.Number)
	outcome := outcomeOf(op)
	var done []record.Measurement
	for i := range c.trials {
		t := &c.trials[i]
		rule := r.set.Rules[t.rule]
		if w := rule.When; w != nil && w.Source != nil && w.Source.late() && !c.answered {
			t.unmet = t.unmet || !w.Not // there is nothing in which it could be found
		}
		if rule.When != nil && rule.When.Outcome != nil {
			t.unmet = t.unmet || slices.Contains(rule.When.Outcome, outcome) == rule.When.Not
		}
		for j := range rule.Labels {
			if rule.Labels[j].Source.From == Outcome {
				t.labels[j] = rule.Labels[j].of([]any{outcome})
			}
		}
		done = append(done, r.measured(t, op, op.End)...)
	}
	return done
}

// The outcomes of a call.
var outcomes = []string{"ok", "failed", "bad_request", "cancelled"}

// outcomeOf returns how an operation has ended.
func outcomeOf(op *record.Operation) string {
	switch {
	case op.Failed():
		return "failed"
	case op.ErrorType != "":
		return "cancelled"
	case op.Code != "":
		return "bad_request"
	}
	return "ok"
}

// measured makes the measurements of a rule that has been evaluated.
func (r *Recorder) measured(t *trial, op *record.Operation, at time.Time) []record.Measurement {
	rule := r.set.Rules[t.rule]
	tally := &r.tallies[t.rule]
	tally.NotNumbers += int64(t.bad)
	if t.skipped {
		return nil
	}
	if t.unmet || r.disabled[t.rule] {
		tally.Unmet++
		return nil
	}
	labels := r.labels(t)
	var done []record.Measurement
	for _, v := range t.values {
		if rule.Form == semconv.Counter && v < 0 {
			r.skip(t.rule, "a counter does not take a number below 0")
			continue
		}
		done = append(done, record.Measurement{
			Time: at, Operation: op.Number, Rule: rule.Name, Value: v, Labels: labels,
		})
	}
	return done
}

// labels returns the labels of a rule's series. Once a rule has MaxSeries of them, all further ones share one.
func (r *Recorder) labels(t *trial) []record.Label {
	rule := r.set.Rules[t.rule]
	known := r.series[t.rule]
	key := strings.Join(t.labels, "\x00")
	if !known[key] && len(known) >= MaxSeries {
		r.tell(fmt.Sprintf("metric rule %s has %d series; further ones are counted as %q", rule.Name, MaxSeries, Other))
		key = ""
	} else {
		known[key] = true
	}
	labels := make([]record.Label, len(rule.Labels))
	for i, l := range rule.Labels {
		labels[i] = record.Label{Name: l.Name, Value: t.labels[i]}
		if key == "" || t.labels[i] == "" {
			labels[i].Value = Other
		}
	}
	return labels
}

// run evaluates what a stage can know of a rule. A panic disables the rule.
func (r *Recorder) run(s *stage, t *trial) {
	defer func() {
		if recover() != nil { // its text could quote content
			r.disabled[t.rule], t.skipped = true, true
			r.skipped.Add(1)
			r.tell("metric rule " + r.set.Rules[t.rule].Name + " is off for the rest of this session because of a defect in spanpipe")
		}
	}()
	s.run(r.set.Rules[t.rule], t)
	if s.doc.exhausted() && !t.skipped {
		t.skipped = true
		r.skip(t.rule, "the rules together are too expensive for a message of this size")
	}
}

// skip counts a value that cannot be measured.
func (r *Recorder) skip(rule int, why string) {
	r.skipped.Add(1)
	r.tallies[rule].Left++
	r.tell("metric rule " + r.set.Rules[rule].Name + " leaves a value out: " + why)
}

// Unmatched counts a response that was read before its request.
func (r *Recorder) Unmatched() { r.skipped.Add(1) }

func (r *Recorder) tell(text string) {
	if !r.told[text] && r.problem != nil {
		r.told[text] = true
		r.problem(text)
	}
}
