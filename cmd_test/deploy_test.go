package cmd_test

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

func readDeploy(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// instrumentNames returns the instruments' names in Prometheus.
func instrumentNames() []string {
	var names []string
	for _, i := range semconv.Instruments() {
		name := strings.ReplaceAll(i.Name, ".", "_") + map[string]string{"s": "_seconds", "By": "_bytes"}[i.Unit]
		if i.Form == semconv.Counter {
			name += "_total"
		}
		names = append(names, name)
	}
	return names
}

// recordedAtEnd lists the metrics that a session records only at its end.
var recordedAtEnd = []string{"mcp_server_session_duration_seconds", "spanpipe_server_exits_total"}

// memoryLimit is the metric that a session has only where its memory is limited.
const memoryLimit = "spanpipe_memory_limit_bytes"

// memoryIsLimited reports whether sessions of the tests have it.
func memoryIsLimited() bool { return proctree.MemoryLimit(os.Getpid()) > 0 }

// useEveryInstrument runs a session with the SDK server in which every instrument records something, except
// those in recordedAtEnd.
func useEveryInstrument(t *testing.T, h *mcptest.Host) {
	t.Helper()
	c := mcptest.Connect(h)
	c.Call("tools/list", nil)
	c.Call("resources/read", mcptest.Object{"uri": "memo://one"})
	c.Ask("resources/read", mcptest.Object{"uri": "memo://none"})
	h.Line() // an error
	c.Tool("broken", nil)
	for range 12 { // ten equal calls are a loop
		c.Tool("echo", nil)
	}
	h.Say(`{"jsonrpc":"2.0","id":987,"result":{}}` + "\n") // a response without a request
	id := c.Ask("tools/call", mcptest.Object{"name": "roots"})
	var request mcptest.Message
	if err := json.Unmarshal([]byte(h.Line()), &request); err != nil || request.Method != "roots/list" {
		t.Fatalf("the server sent %+v (%v), want a roots/list request", request, err)
	}
	h.Say(`{"jsonrpc":"2.0","id":` + string(request.ID) + `,"result":{"roots":[]}}` + "\n")
	var decoded mcptest.Message
	if err := json.Unmarshal([]byte(h.Line()), &decoded); err != nil || decoded.Error != nil {
		t.Fatalf("response to call %d = %+v (%v), want a result", id, decoded, err)
	}
}

// runCrash runs a session in which a call is refused, and whose server exits during another.
func runCrash(t *testing.T, h *mcptest.Host) {
	t.Helper()
	c := mcptest.Connect(h)
	c.Tool("fail", mcptest.Object{"text": "403 Forbidden"})
	c.Ask("tools/call", mcptest.Object{"name": "exit", "arguments": mcptest.Object{"code": 7}})
	h.Rest()
	wantExit(t, h, 7)
}

// openChanging starts a session with a call that its client cancels, whose server describes a tool in another way than before.
func openChanging(t *testing.T, variables ...string) *mcptest.Host {
	t.Helper()
	file := filepath.Join(t.TempDir(), "offers.json")
	h := open(t, cast.As(t, "offers", file), variables...)
	c := mcptest.Connect(h)
	cancelled := c.Ask("tools/call", mcptest.Object{"name": "hang"})
	c.Notify("notifications/cancelled", mcptest.Object{"requestId": cancelled})
	for _, description := range []string{"Adds.", "Adds two numbers."} {
		offers := `{"tools":[{"name":"add","description":"` + description + `"}]}`
		if err := os.WriteFile(file, []byte(offers), 0o600); err != nil {
			t.Fatal(err)
		}
		c.List("tools/list")
	}
	return h
}

// alertFiles are the files of alerts, without those for services.
var alertFiles = []string{"alerts.yaml", "alerts-strict.yaml", "alerts-relaxed.yaml"}

// alertTests returns the names of the unit tests of alerts.
func alertTests(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("../deploy/alerts*_test.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("there are no unit tests of alerts: ", err)
	}
	for i, name := range names {
		names[i] = filepath.Base(name)
	}
	return names
}

// TestPeersDeployRules: promtool accepts the configuration and the rules, and the alerts pass their unit tests.
func TestPeersDeployRules(t *testing.T) {
	promtool := peerPath(t, peerPromtool)
	rules := []string{"check", "rules", "--lint-fatal", "rules.yaml", "alerts-services.yaml", "alerts-stack.yaml", "alerts-gateway.yaml"}
	commands := [][]string{{"check", "config", "prometheus.yaml"}, append(rules, alertFiles...)}
	for _, file := range alertTests(t) {
		commands = append(commands, []string{"test", "rules", file})
	}
	for _, args := range commands {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel() // the tests of days take half a minute each
			cmd := exec.Command(promtool, args...)
			cmd.Dir = "../deploy"
			if output, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("promtool: %v\n%s", err, output)
			}
		})
	}
}

// TestDeployAlerts: a unit test makes each alert fire, and each has a runbook.
func TestDeployAlerts(t *testing.T) {
	var tests strings.Builder
	for _, file := range alertTests(t) {
		tests.WriteString(readDeploy(t, file))
	}
	name := regexp.MustCompile(`(?m)- alert: (\S+)$`)
	usual := name.FindAllStringSubmatch(readDeploy(t, "alerts.yaml"), -1)
	others := readDeploy(t, "alerts-services.yaml") + readDeploy(t, "alerts-stack.yaml") + readDeploy(t, "alerts-gateway.yaml")
	for _, alert := range append(usual, name.FindAllStringSubmatch(others, -1)...) {
		if !strings.Contains(tests.String(), `ALERTS{alertstate="firing", alertname="`+alert[1]+`"`) {
			t.Errorf("no unit test makes %s fire", alert[1])
		}
		if text, err := os.ReadFile("../docs/runbooks/" + alert[1] + ".md"); err != nil || !strings.HasPrefix(string(text), "# "+alert[1]+"\n") {
			t.Errorf("%s has no runbook: %v", alert[1], err)
		}
	}
	for _, file := range alertFiles {
		if got := name.FindAllStringSubmatch(readDeploy(t, file), -1); len(got) == 0 || !slices.EqualFunc(got, usual, slices.Equal) {
			t.Errorf("%s has other alerts than alerts.yaml", file)
		}
	}
}

// TestPeersDeploy sends sessions through a real collector to a real Jaeger and a real Prometheus. Afterwards every query of the
// dashboards and every rule must return data, whether histograms are explicit or exponential.
func TestPeersDeploy(t *testing.T) {
	for _, aggregation := range aggregations {
		t.Run(aggregation.name, func(t *testing.T) { testDeployment(t, aggregation.name) })
	}
}

func testDeployment(t *testing.T, aggregation string) {
	t.Helper()
	p := startPrometheus(t, nil)
	jaeger, query := startJaeger(t)
	n := network{t, map[string]string{"jaeger:4317": jaeger, "prometheus:9090": strings.TrimPrefix(p.url, "http://")}}
	startCollector(n, t.TempDir()) // what is for Loki stays in its queue
	// A session that starts before the collector listens would be refused once and give up.
	otlp := n.at("collector:4317")
	waitFor(t, "the collector to listen", func() bool { return reachable(otlp) })

	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yaml")
	writeFile(t, rules, "rules: [{name: deployed.echoes, type: counter, match: {tool: echo}}]\n")
	variables := []string{
		"SPANPIPE_TELEMETRY=otlp,local", "SPANPIPE_DIR=" + dir,
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + otlp, "OTEL_SERVICE_NAME=deployed",
		aggregateBy(aggregation), "SPANPIPE_USER=hash", "SPANPIPE_METRICS_CLIENT=on", "SPANPIPE_METRIC_RULES=" + rules,
	}
	// The metrics of the server's process exist only while it runs, so they must be exported before it ends.
	h := open(t, cast.As(t, "sdk"), append(slices.Clone(variables), "OTEL_METRIC_EXPORT_INTERVAL=100")...)
	useEveryInstrument(t, h)
	waitFor(t, "the running server in Prometheus", func() bool {
		return p.is("count(process_unix_file_descriptor_count > 0)", 1)
	})
	crashed := open(t, cast.As(t, "server"), variables...)
	runCrash(t, crashed)
	changed := openChanging(t, variables...)
	changed.CloseInput()
	wantExit(t, changed, 0)
	h.CloseInput()
	h.Wait()
	for _, host := range []*mcptest.Host{h, crashed, changed} {
		if stderr := host.Stderr.String(); strings.Contains(stderr, "telemetry") {
			t.Errorf("stderr mentions telemetry: %s", stderr)
		}
	}
	waitFor(t, "the ends of all sessions in Prometheus", func() bool {
		return p.is(`sum(last_over_time(spanpipe_server_exits_total{job="deployed"}[5m]))`, 3)
	})
	waitFor(t, "the traces in Jaeger", func() bool { return jaegerHas(query, "deployed") })
	waitFor(t, "what has grown to be recorded", func() bool {
		return p.is(`sum(sum_over_time(job:spanpipe_server_exits_total:increase1m{job="deployed"}[5m]))`, 3)
	})
	otherForm := regexp.MustCompile("_bucket:|:resumed$") // no session has slept
	if aggregation == "explicit_bucket_histogram" {
		otherForm = regexp.MustCompile("(_seconds|_bytes):|:resumed$")
	}
	checkRules(t, p, otherForm) // some take their time
	checkPanels(t, p)
	checkTruth(t, p, dir)
}

// checkRules expects every rule to be evaluated without an error, every recording rule but those for the other form of histograms to
// have data, and exactly those
// alerts to fire that the two sessions should cause.
func checkRules(t *testing.T, p prometheus, otherForm *regexp.Regexp) {
	t.Helper()
	var decoded struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Type, State, Health, LastError string }
			}
		}
	}
	state := func(name string) string {
		for _, group := range decoded.Data.Groups {
			for _, rule := range group.Rules {
				if rule.Name == name {
					return rule.State
				}
			}
		}
		return "missing"
	}
	for _, alert := range []string{"McpServerCrashed", "McpProtocolViolation", "McpAnomaly"} {
		waitFor(t, alert, func() bool {
			return p.get("/api/v1/rules", &decoded) == nil && state(alert) == "firing"
		})
	}
	for _, alert := range []string{"McpTelemetryDropped", "McpToolSlow", "McpCallHanging", "McpToolFailing"} {
		if got := state(alert); got != "inactive" {
			t.Errorf("state of %s = %s, want inactive", alert, got)
		}
	}
	recordings := 0
	for _, group := range decoded.Data.Groups {
		for _, rule := range group.Rules {
			if rule.Health != "ok" {
				t.Errorf("health of %s = %s, want ok: %s", rule.Name, rule.Health, rule.LastError)
			}
			if rule.Type == "recording" {
				recordings++
				if !otherForm.MatchString(rule.Name) {
					waitFor(t, rule.Name, func() bool { return len(p.query("last_over_time("+rule.Name+"[5m])")) > 0 })
				}
			}
		}
	}
	if recordings == 0 {
		t.Error("rules.yaml has no recording rules")
	}
}

// reachable reports whether a TCP address accepts connections.
func reachable(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// jaegerHas reports whether Jaeger has traces of a service.
func jaegerHas(query, service string) bool {
	response, err := http.Get("http://" + query + "/api/services")
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	var decoded struct{ Data []string }
	return json.NewDecoder(response.Body).Decode(&decoded) == nil && slices.Contains(decoded.Data, service)
}
