package cmd_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// stackSession is a session whose telemetry goes into the stack, and into a directory of its own for the truth.
type stackSession struct {
	service, dir string
	variables    map[string]string
}

func (s *stack) session(service string) stackSession {
	dir := s.t.TempDir()
	return stackSession{service: service, dir: dir, variables: map[string]string{
		"SPANPIPE_TELEMETRY": "otlp,local", "SPANPIPE_DIR": dir, "OTEL_SERVICE_NAME": service,
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + s.at("collector:4317"), "SPANPIPE_HANG_AFTER": "100ms",
	}}
}

func (s stackSession) open(t *testing.T) *mcptest.Host {
	t.Helper()
	var variables []string
	for name, value := range s.variables {
		variables = append(variables, name+"="+value)
	}
	return open(t, cast.As(t, "server"), variables...)
}

// TestPeersStack runs sessions whose telemetry goes through the stack of compose.yaml, each program with its own configuration. What
// Jaeger, Prometheus and Loki have afterwards is what the sessions themselves have stored; the links by which Grafana leads from one
// to the other find it; an alert reaches Alertmanager. Then Jaeger and the collector are restarted.
func TestPeersStack(t *testing.T) {
	p, s, started := newPeers(t), startStack(t), time.Now()
	everything, crashing, hanging := s.session("everything"), s.session("crashing"), s.session("hanging")
	c := conversation{
		client: []string{p.node, p.script("client1.mjs"), "everything"},
		server: p.server("server-everything"),
	}
	c.run(t, p, withSpanpipe(t, everything.variables))
	runCrash(t, crashing.open(t))
	h := hanging.open(t)
	client := mcptest.Connect(h)
	id := client.Ask("tools/call", mcptest.Object{"name": "hang"})
	const hangs = `{service_name="hanging"} |= "operation has not been answered yet"`
	waitFor(t, "the hang in Loki", func() bool { return len(s.logs(hangs, started, time.Now())) > 0 })
	client.Notify("notifications/cancelled", mcptest.Object{"requestId": id})
	endSession(t, h)

	for _, session := range []stackSession{everything, crashing, hanging} {
		s.checkTraces(session)
		s.checkLogs(session, started)
		s.checkMetrics(session)
	}
	s.checkSelf()
	links := readLinks(t)
	s.checkLogLinks(links, hanging)
	s.checkMetricLinks(links, everything)
	s.checkDashboardLinks(hanging)
	s.checkAlerts("McpServerCrashed", "crashing")
	s.checkRestart(everything, crashing, hanging)
}

// checkTraces expects Jaeger to have the spans that the session has stored, with the same ids, names, times and attributes.
func (s *stack) checkTraces(session stackSession) {
	s.t.Helper()
	want, got := map[string]string{}, map[string]string{}
	files, err := filepath.Glob(filepath.Join(session.dir, "sessions", "*", "traces.jsonl"))
	if err != nil || len(files) != 1 {
		s.t.Fatalf("%s has stored %d sessions: %v", session.service, len(files), err)
	}
	for _, line := range fileLines(s.t, files[0]) {
		asInJaeger(s.t, line, want)
	}
	waitFor(s.t, "the spans of "+session.service+" in Jaeger", func() bool {
		jaegerSpans(s.t, s.jaegerPage("/api/traces?limit=10&service="+session.service), got)
		return len(got) >= len(want)
	})
	compareSpans(s.t, got, want)
}

// checkLogs expects Loki to have the log records that the session has stored, with the same trace ids. It has no "operation finished",
// which repeats a span, and the collector does not get "operation open".
func (s *stack) checkLogs(session stackSession, from time.Time) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(session.dir, "sessions", "*", "logs.jsonl"))
	if err != nil || len(files) != 1 {
		s.t.Fatalf("%s has stored %d sessions: %v", session.service, len(files), err)
	}
	want := map[string]int{}
	for _, line := range fileLines(s.t, files[0]) {
		var data struct {
			ResourceLogs []struct {
				ScopeLogs []struct {
					LogRecords []struct {
						TraceID string
						Body    struct{ StringValue string }
					}
				}
			}
		}
		if err := json.Unmarshal(line, &data); err != nil {
			s.t.Fatal(err)
		}
		for _, record := range data.ResourceLogs[0].ScopeLogs[0].LogRecords {
			if record.Body.StringValue != "operation open" {
				want[record.TraceID+" "+record.Body.StringValue]++
			}
		}
	}
	got := map[string]int{}
	waitFor(s.t, "the log records of "+session.service+" in Loki", func() bool {
		clear(got)
		for _, record := range s.logs(`{service_name="`+session.service+`"} != "operation finished"`, from, time.Now()) {
			got[record.labels["trace_id"]+" "+record.line]++
		}
		return maps.Equal(got, want)
	})
}

// checkMetrics expects the panels of tools to show what "spanpipe report" says of the session.
func (s *stack) checkMetrics(session stackSession) {
	s.t.Helper()
	stdout, stderr, code := reported(s.t, session.dir, "--json")
	var truth struct {
		Rows []struct {
			Tool          string
			Calls, Failed float64
		}
		Errors []struct {
			Tool  string
			Class string `json:"error_class"`
			Count float64
		}
	}
	if err := json.Unmarshal([]byte(stdout), &truth); err != nil || code != 0 || len(truth.Rows) == 0 {
		s.t.Fatalf("spanpipe report: %v, exit code %d, %s", err, code, stderr)
	}
	table := findPanel(s.t, "Tools, in the last 24 hours")
	for _, row := range truth.Rows {
		for _, e := range truth.Errors {
			if e.Tool == row.Tool && e.Class == "invalid_params" {
				row.Failed -= e.Count // the panel has these in its next column: they are the model's mistake
			}
		}
		for query, want := range map[int]float64{0: row.Calls, 1: row.Failed} {
			expr := grafanaVariables.Replace(strings.ReplaceAll(table.Targets[query].Expr, "$job", session.service))
			waitFor(s.t, fmt.Sprintf("%v in column %d of %s, %s", want, query, session.service, row.Tool), func() bool {
				return s.prometheus.byLabel(s.t, expr, "gen_ai_tool_name")[row.Tool] == want
			})
		}
	}
}

// checkSelf expects Prometheus to see all programs of the stack, and the collector to have passed on what it has taken, without a
// warning.
func (s *stack) checkSelf() {
	s.t.Helper()
	waitFor(s.t, "the stack in Prometheus", func() bool { return s.prometheus.is(`count(up{job!="grafana"} == 1)`, 5) })
	for _, kind := range []string{"spans", "log_records", "metric_points"} {
		waitFor(s.t, "the collector to have sent all "+kind, func() bool {
			return s.prometheus.is(fmt.Sprintf(`count(sum(otelcol_exporter_sent_%[1]s_total{job="collector"}) == `+
				`sum(otelcol_receiver_accepted_%[1]s_total{job="collector"}) > 0)`, kind), 1)
		})
	}
	lost := `sum({__name__=~"otelcol_(receiver_refused|exporter_send_failed|exporter_enqueue_failed)_.*", job="collector"}) or vector(0)`
	if got := s.prometheus.query(lost); !slices.Equal(got, []float64{0}) {
		s.t.Errorf("the collector has lost %v", got)
	}
	if warning := regexp.MustCompile(`(?m)^.*\t(warn|error)\t.*$`).FindString(s.collector.output.String()); warning != "" {
		s.t.Errorf("the collector warns: %s", warning)
	}
	var decoded struct{ Data []string }
	if err := getJSON("http://"+s.at("loki:3100")+"/loki/api/v1/labels", &decoded); err != nil {
		s.t.Fatal(err)
	}
	if !slices.Equal(decoded.Data, []string{"service_name"}) {
		s.t.Errorf("Loki's index has the labels %v, want service_name alone", decoded.Data)
	}
}

// checkAlerts expects Alertmanager to have an alert of a server.
func (s *stack) checkAlerts(name, job string) {
	s.t.Helper()
	waitFor(s.t, name+" in Alertmanager", func() bool {
		var alerts []struct{ Labels map[string]string }
		if err := getJSON("http://"+s.at("alertmanager:9093")+"/api/v2/alerts", &alerts); err != nil {
			s.t.Fatal(err)
		}
		return slices.ContainsFunc(alerts, func(a struct{ Labels map[string]string }) bool {
			return a.Labels["alertname"] == name && a.Labels["job"] == job
		})
	})
}

// checkRestart stops Jaeger while a session runs, and lets the collector crash before Jaeger is there again. No span is lost, neither
// of earlier sessions nor of that one.
func (s *stack) checkRestart(earlier ...stackSession) {
	s.t.Helper()
	s.jaeger.stop()
	if s.health("jaeger") == nil {
		s.t.Error("Jaeger has stopped, and its health check passes")
	}
	outage := s.session("outage")
	h := outage.open(s.t)
	mcptest.Connect(h).Tool("echo", nil)
	endSession(s.t, h)
	if stderr := h.Stderr.String(); stderr != "" {
		s.t.Errorf("the session notices that Jaeger is down: %s", stderr)
	}
	s.collector.kill()
	if s.health("collector-health") == nil {
		s.t.Error("the collector has ended, and its health check passes")
	}
	s.jaeger.start()
	s.collector.start()
	for _, name := range []string{"jaeger", "collector-health"} {
		waitFor(s.t, name+" after its restart", func() bool { return s.health(name) == nil })
	}
	for _, session := range append(earlier, outage) {
		s.checkTraces(session)
	}
	s.checkMetrics(outage)
}
