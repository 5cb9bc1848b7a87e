package rules_test

import (
	"math"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/rules"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// FuzzRules: whatever the file and the content of a call are, nothing panics, and only numbers and listed words come out.
func FuzzRules(f *testing.F) {
	f.Add(gauge(`{from: result, path: "$..n"}`), `{}`, `{"n":1e999}`)
	f.Add(gauge(`{from: text, path: "$.a[?@.b > 1].c", as: age}`), `{"a":1}`, text(`{"a":[{"b":2,"c":"2026-11-26"}]}`))
	f.Add(gauge(`{from: text, regex: "(?i)(\\d+) left", scale: 0.001}`), `[]`, text("5 LEFT"))
	f.Add("rules: [{name: x, type: counter, match: {tool: '*'}, when: {from: error, contains: [a]}, labels: ["+
		"{name: l, from: arguments, path: $.l, values: [a, 1]}]}]", `{"l":"\ud800"}`, `{"isError":true,"content":[{"text":"a"}]}`)
	for _, m := range mistakes {
		f.Add(m.file, `{}`, `{}`)
	}
	f.Fuzz(func(t *testing.T, file, arguments, result string) {
		set, problems := rules.Parse([]byte(file))
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Text == "" {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
		if len(set.Rules) > rules.MaxRules {
			t.Errorf("%d rules", len(set.Rules))
		}
		r := rules.NewRecorder(set, func(text string) { // a rule that was read does not panic
			if len(text) > 400 {
				t.Errorf("a long problem: %s", text)
			}
		})
		op := &record.Operation{Number: 1, Direction: record.ToServer, Method: semconv.ToolsCall, Target: "t", Answered: true}
		r.Request(rules.Request{Direction: op.Direction, Method: op.Method, Target: "t", Content: rules.Content{Arguments: []byte(arguments)}})
		all := r.Opened(op)
		r.Response(1, rules.Content{Result: []byte(result)}, noon)
		for _, m := range append(all, r.Ended(op)...) {
			check(t, set, m)
		}
	})
}

// check checks that a measurement is one that a rule allows.
func check(t *testing.T, set *rules.Set, m record.Measurement) {
	t.Helper()
	if math.IsNaN(m.Value) || math.Abs(m.Value) > 1e100 {
		t.Errorf("%s is %v", m.Rule, m.Value)
	}
	for _, r := range set.Rules {
		if r.Name != m.Rule {
			continue
		}
		for i, l := range m.Labels {
			listed := l.Value == rules.Other
			for _, word := range r.Labels[i].Values {
				listed = listed || word == l.Value
			}
			if !listed || l.Name != r.Labels[i].Name {
				t.Errorf("label %s of %s is %q", l.Name, m.Rule, l.Value)
			}
		}
	}
}
