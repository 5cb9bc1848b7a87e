package cmd_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// greedy is rules that look at all that rules can look at, and that would export whatever they find.
const greedy = `
rules:
  - name: greedy.arguments
    type: counter
    match: {tool: "*"}
    labels:
      - {name: a, from: arguments, path: "$..*", values: [x]}
      - {name: b, from: text, regex: '(?s).+', values: [x]}
      - {name: c, from: error, regex: '\S+', values: [x]}
      - {name: d, from: name, values: [x]}
      - {name: e, from: result, path: "$..*", values: [x]}
  - {name: greedy.numbers, type: gauge, match: {method: "*"}, value: {from: result, path: "$..*"}}
  - {name: greedy.ages, type: histogram, unit: s, match: {method: "*"}, value: {from: arguments, path: "$..*", as: age}}
  - {name: greedy.reads, type: histogram, match: {resource: "*"}, value: {from: text, path: "$..*", as: count}}
  - {name: greedy.prompts, type: counter, match: {prompt: "*"}, labels: [{name: a, from: arguments, path: "$.*", values: [x]}]}
`

// TestCanaryRules has the session that is full of secrets with rules that look everywhere: none gets out, by any way.
func TestCanaryRules(t *testing.T) {
	s := newScript(t)
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte(greedy), 0o600); err != nil {
		t.Fatal(err)
	}
	r := otlptest.Start(t, otlptest.Config{})
	h, place := s.run(t, []string{binary(t), "--log-level=debug"}, append(r.Env(otlptest.HTTP),
		"SPANPIPE_TELEMETRY=otlp,console,prometheus,local", "SPANPIPE_METRIC_RULES="+rules, "SPANPIPE_OTLP_LOG_LEVEL=debug",
		"SPANPIPE_ADMIN_ADDR=127.0.0.1:0", "SPANPIPE_FLUSH_TIMEOUT=20s")...)
	page := metricsPage(t, h)
	s.end(t, h)

	secrets := newSearch(append(s.machine(place), s.canaries...))
	var sent bytes.Buffer
	for _, request := range r.Requests() {
		sent.Write(request.Body)
		secrets.in(t, string(request.Signal), request.Body)
	}
	secrets.in(t, "stderr", s.ours(t, h))
	secrets.in(t, "/metrics", page)
	s.arrived(t, "OTLP", sent.Bytes(), nil, false)
	for _, name := range []string{"greedy.arguments", "greedy.prompts", "greedy.reads"} {
		if len(r.Series(name, nil)) == 0 {
			t.Errorf("%s has no values: nothing was tried", name)
		}
	}
	if got := r.Value("greedy.arguments", otlptest.Attrs{"a": "other", "b": "other", "c": "other", "d": "other", "e": "other"}); got < 10 {
		t.Errorf("%v calls have no label but other", got)
	}
}

// TestRulesOnMetricsPage: the metrics page has the metrics of rules, as Prometheus names them.
func TestRulesOnMetricsPage(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	file := "rules:\n- {name: own.calls, description: Calls., type: counter, match: {method: \"*\"}}\n" +
		"- {name: own.pause, type: histogram, unit: s, match: {method: \"*\"}, value: 0.5}\n"
	if err := os.WriteFile(rules, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0",
		"SPANPIPE_LOG_LEVEL=info", "SPANPIPE_METRIC_RULES="+rules)
	page := servedPage(t, h)
	c := mcptest.Connect(h)
	c.Tool("echo", nil)
	for _, want := range []string{"# HELP own_calls_total Calls.", "# TYPE own_calls_total counter", "own_pause_seconds_sum{"} {
		mcptest.Eventually(t, "the page has "+want, func() bool {
			_, text := page.get("localhost", "/metrics")
			return strings.Contains(text, want)
		})
	}
	h.CloseInput()
	h.Wait()
}
