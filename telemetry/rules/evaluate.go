package rules

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// trial is a rule that is being evaluated for a call: what has been found so far. It holds no content.
type trial struct {
	rule    int
	values  []float64
	labels  []string // in the order of the rule's; "" for those that are not known yet
	skipped bool     // what it looks at was not there to be looked at
	unmet   bool     // its condition is known not to hold
	bad     int      // what was found and is no number
}

// stage is one of the two moments at which a rule looks at a call.
type stage struct {
	doc  *document
	name string // of the tool or prompt
	now  time.Time
	late bool // the call has been answered, or has ended
}

// run evaluates what a stage can know of a rule.
func (s *stage) run(r *Rule, t *trial) {
	if r.When != nil && r.When.Source != nil && r.When.Source.late() == s.late {
		found := s.find(r.When.Source)
		s.doc.spend(r.When.cost(found))
		t.unmet = t.unmet || !s.doc.exhausted() && r.When.holds(found) == r.When.Not
	}
	for i := range r.Labels {
		if l := &r.Labels[i]; l.Source.late() == s.late && l.Source.From != Outcome {
			t.labels[i] = l.of(s.find(&l.Source))
		}
	}
	switch {
	case r.Value.Constant != nil:
		if !s.late {
			t.values = []float64{*r.Value.Constant}
		}
	case r.Value.Source.late() == s.late:
		if r.Value.As == AsCount {
			if s.doc.has(r.Value.Source.From) { // none were found where there is nothing to look at
				t.values = []float64{float64(s.doc.count(&r.Value.Source)) * r.Value.Scale}
			}
			return
		}
		t.values, t.bad = r.Value.of(s.find(&r.Value.Source), s.now)
	}
}

func (s *stage) find(source *Source) []any {
	if source.From == Name {
		return []any{s.name}
	}
	return s.doc.find(source)
}

// of makes numbers of what was found, and counts what is none.
func (v *Value) of(found []any, now time.Time) (values []float64, bad int) {
	for _, one := range found {
		number, ok := numberOf(one)
		if v.As == AsAge {
			number, ok = ageOf(one, now)
		}
		if number *= v.Scale; !ok || math.Abs(number) > maxNumber {
			bad++
			continue
		}
		values = append(values, number)
	}
	return values, bad
}

// cost returns what it costs to look for the condition's words, in steps.
func (c *Condition) cost(found []any) (steps int) {
	for _, v := range found {
		steps += len(textOf(v)) * (1 + len(c.Contains)) / 4
	}
	return steps
}

// holds reports whether something that was found is what the condition asks for.
func (c *Condition) holds(found []any) bool {
	if c.Contains == nil && c.Equals == nil {
		return len(found) > 0
	}
	return slices.ContainsFunc(found, func(v any) bool {
		text := strings.ToLower(textOf(v))
		contained := slices.ContainsFunc(c.Contains, func(w string) bool { return strings.Contains(text, strings.ToLower(w)) })
		return contained || slices.ContainsFunc(c.Equals, func(w string) bool { return text == strings.ToLower(w) })
	})
}

// of returns the label's value for what was found: the listed word that the first of it is, whatever its case, or Other.
func (l *Label) of(found []any) string {
	if len(found) > 0 {
		text := strings.TrimSpace(textOf(found[0]))
		for _, word := range l.Values {
			if strings.EqualFold(word, text) {
				return word
			}
		}
	}
	return Other
}

// textOf returns a JSON value that is no object or array as text.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return string(v)
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}
