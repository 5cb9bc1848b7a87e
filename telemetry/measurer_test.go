package telemetry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/rules"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// arcade is rules of each form, for a server whose calls they look into.
const arcade = `
rules:
  - name: arcade.grabs
    description: Grabs of the claw.
    unit: "{grab}"
    type: counter
    match: {tool: grab}
    labels:
      - {name: level, from: arguments, path: $.level, values: [easy, hard]}
      - {name: caught, from: text, regex: '(?i)(caught|missed)', values: [caught, missed]}
      - {name: outcome, from: outcome}
  - {name: arcade.coins.left, type: gauge, match: {tool: grab}, value: {from: text, regex: '([\d.]+) coins'}}
  - {name: arcade.force, unit: "1", type: histogram, match: {tool: grab}, value: {from: arguments, path: $.force}}
  - {name: note.size, unit: By, type: histogram, match: {resource: "note://*"}, value: {from: text, regex: 'size=(\d+)'}}
  - {name: greetings, type: counter, match: {prompt: greet}, labels: [{name: style, from: arguments, path: $.style, values: [formal]}]}
`

// withRules adds rules to a configuration.
func withRules(t *testing.T, file string) func(*telemetry.Config) {
	t.Helper()
	set, problems := rules.Parse([]byte(file))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return func(cfg *telemetry.Config) { cfg.Rules = set }
}

const grabs = `
> {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}
< {"jsonrpc":"2.0","id":1,"result":{"serverInfo":{"name":"arcade","version":"1"}}}
> {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"arguments":{"level":"hard","force":0.75,"coin":"a secret coin"},"name":"grab"}}
< {"jsonrpc":"2.0","id":"2","result":{"content":[{"type":"text","text":"Caught! 12.5 coins, and a secret word"}]}}
> {"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"grab","arguments":{"level":"a secret level","force":0.25}}}
< {"jsonrpc":"2.0","id":3,"error":{"code":-32603,"message":"a secret error"}}
> {"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"grab","arguments":{"level":"easy"}}}
> {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}
> {"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"other","arguments":{"level":"hard","force":1}}}
< {"jsonrpc":"2.0","id":5,"result":{"content":[{"type":"text","text":"missed, 99 coins"}]}}
> {"jsonrpc":"2.0","id":6,"method":"resources/read","params":{"uri":"note://a/secret"}}
< {"jsonrpc":"2.0","id":6,"result":{"contents":[{"uri":"note://a/secret","text":"size=4096 and a secret"}]}}
> {"jsonrpc":"2.0","id":7,"method":"prompts/get","params":{"name":"greet","arguments":{"style":"formal","who":"a secret"}}}
< {"jsonrpc":"2.0","id":7,"result":{"messages":[]}}
`

// timed gives each line of a conversation a time, a millisecond after the one before.
func timed(talk string) string {
	var b strings.Builder
	at := 0
	for line := range strings.Lines(strings.TrimSpace(talk)) {
		at++
		fmt.Fprintf(&b, "%dms %s", at, line)
	}
	return b.String() + "\n"
}

// TestRules: what rules find in the calls of a session is exported, and nothing else of them.
func TestRules(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.HTTP, withRules(t, arcade))
	s.say(timed(grabs))
	s.end(left)
	for _, want := range []struct {
		name   string
		labels otlptest.Attrs
		value  float64 // or the sum
	}{
		{"arcade.grabs", otlptest.Attrs{"level": "hard", "caught": "caught", "outcome": "ok"}, 1},
		{"arcade.grabs", otlptest.Attrs{"level": "other", "caught": "other", "outcome": "failed"}, 1},
		{"arcade.grabs", otlptest.Attrs{"level": "easy", "caught": "other", "outcome": "cancelled"}, 1},
		{"arcade.coins.left", otlptest.Attrs{}, 12.5},
		{"arcade.force", otlptest.Attrs{}, 1},
		{"note.size", otlptest.Attrs{}, 4096},
		{"greetings", otlptest.Attrs{"style": "formal"}, 1},
	} {
		want.labels[semconv.ServerName] = "arcade"
		got := r.Value(want.name, want.labels)
		if h := r.Histogram(want.name, want.labels); h.Count > 0 {
			got = h.Total
		}
		if got != want.value {
			t.Errorf("%s%v is %v, want %v", want.name, want.labels, got, want.value)
		}
	}
	if got := r.Value(semconv.TelemetryDropped.Name, otlptest.Attrs{semconv.LossReason: semconv.LostMeasurement}); got != 0 {
		t.Errorf("%v values were left out", got)
	}
	if r.Contains([]byte("secret")) {
		t.Error("content has left")
	}
	if strings.Contains(s.log.String(), "rule") {
		t.Errorf("logged:\n%s", s.log)
	}
}

// TestRulesAndTasks: the result of a call that becomes a task is the task's.
func TestRulesAndTasks(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.HTTP, withRules(t, `rules: [{name: x, type: counter, match: {tool: slow}, value: {from: text, regex: '\d+'}},
{name: y, type: counter, match: {tool: slow}, value: {from: error, regex: '\d+'}}]`))
	s.say(timed(`
> {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","task":{}}}
< {"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":"a","status":"working"},"content":[{"type":"text","text":"1"}]}}
> {"jsonrpc":"2.0","id":2,"method":"tasks/result","params":{"taskId":"a"}}
< {"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"20"}]}}
> {"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"slow"}}
< {"jsonrpc":"2.0","id":3,"result":{"resultType":"task","taskId":"b","status":"working"}}
> {"jsonrpc":"2.0","id":4,"method":"tasks/get","params":{"taskId":"b"}}
< {"jsonrpc":"2.0","id":4,"result":{"taskId":"b","status":"working"}}
> {"jsonrpc":"2.0","id":5,"method":"tasks/get","params":{"taskId":"b"}}
< {"jsonrpc":"2.0","id":5,"result":{"taskId":"b","status":"completed","result":{"content":[{"type":"text","text":"300"}]}}}
> {"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"slow"}}
< {"jsonrpc":"2.0","id":6,"result":{"resultType":"input_required","requestState":"s","content":[{"type":"text","text":"1"}]}}
> {"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"slow","requestState":"s","inputResponses":{}}}
< {"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"4000"}]}}
> {"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"slow"}}
< {"jsonrpc":"2.0","id":8,"result":{"resultType":"task","taskId":"c","status":"working"}}
< {"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"c","status":"working"}}
< {"jsonrpc":"2.0","params":{"taskId":"c","status":"completed","result":{"content":[{"type":"text","text":"50000"}]}},"method":"notifications/tasks"}
< {"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"c","status":"completed","result":{"content":[{"type":"text","text":"1"}]}}}
< {"jsonrpc":"2.0","method":"notifications/message","params":{"taskId":"c","result":{"content":[{"type":"text","text":"1"}]}}}
> {"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"slow"}}
< {"jsonrpc":"2.0","id":9,"result":{"resultType":"task","taskId":"d","status":"working"}}
< {"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"d","status":"failed","error":{"code":-32603,"message":"9 retries"}}}
`))
	s.end(left)
	if got := r.Value("x", nil); got != 54320 {
		t.Errorf("x is %v, want 54320", got)
	}
	if got := r.Value("y", nil); got != 9 {
		t.Errorf("y is %v, want 9", got)
	}
}

// TestLargeContentForRules: what is too large is not looked at. It is counted, and named once.
func TestLargeContentForRules(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.HTTP, withRules(t, `rules: [{name: x, type: counter, match: {tool: t}, value: {from: text, regex: '^\d+'}}]`))
	var lines strings.Builder
	for i, size := range []int{rules.MaxContent - 100, rules.MaxContent, rules.MaxContent} {
		text := "7" + strings.Repeat(" ", size)
		fmt.Fprintf(&lines, `> {"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"t"}}`+"\n", i)
		fmt.Fprintf(&lines, `< {"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"%s"}]}}`+"\n", i, text)
	}
	s.say(timed(lines.String()))
	s.end(left)
	if got := r.Value("x", nil); got != 7 {
		t.Errorf("x is %v, want 7", got)
	}
	if got := r.Value(semconv.TelemetryDropped.Name, otlptest.Attrs{semconv.LossReason: semconv.LostMeasurement}); got != 2 {
		t.Errorf("%v values were left out, want 2", got)
	}
	if n := strings.Count(s.log.String(), "metric rule x leaves a value out"); n != 1 {
		t.Errorf("named %d times:\n%s", n, s.log)
	}
}

// TestRulesNeedConsent: without telemetry no rule runs.
func TestRulesNeedConsent(t *testing.T) {
	measured := 0
	s := openTo(t, consent.Request{Telemetry: "off"}, func(cfg *telemetry.Config) {
		withRules(t, arcade)(cfg)
		cfg.Sinks = append(cfg.Sinks, measurements(func() { measured++ }))
	})
	s.say(timed(grabs))
	s.end(left)
	if measured != 0 {
		t.Errorf("%d values were measured", measured)
	}
}

// measurements is a sink that calls a function for each measurement.
type measurements func()

func (measurements) Opened(*record.Operation)  {}
func (measurements) Changed(*record.Operation) {}
func (f measurements) Noted(n record.Note) {
	if _, ok := n.(record.Measurement); ok {
		f()
	}
}

// TestRulesRequestScannedLate: a call reaches the server before it is scanned, and the response is scanned first. Nothing says
// yet that a rule is for it, and still it is measured.
func TestRulesRequestScannedLate(t *testing.T) {
	retryIfSlow(t, func(t *testing.T) (failure string) {
		r := otlptest.Start(t, otlptest.Config{})
		s := open(t, r, otlptest.HTTP,
			withRules(t, `rules: [{name: x, type: counter, match: {tool: t}, value: {from: text, regex: '\d+'}}]`))
		s.tel.Tap(record.ToServer).Arriving()
		s.say(`2ms < {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"40"}]}}`)
		s.say(`1ms > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}`)
		s.say(`
3ms > {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t"}}
4ms < {"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"2"}]}}`)
		s.end(left)
		if got := r.Value("x", nil); got != 42 {
			return fmt.Sprintf("x is %v, want 42", got)
		}
		return ""
	})
}
