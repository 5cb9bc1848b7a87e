package cmd_test

import (
	"encoding/json"
	"html"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

const (
	peerAlertmanager = "SPANPIPE_TEST_ALERTMANAGER"
	peerAmtool       = "SPANPIPE_TEST_AMTOOL"
)

// TestAlertmanagerSecrets: no secret stands in alertmanager.yaml, and its head lists each file that has one.
func TestAlertmanagerSecrets(t *testing.T) {
	config := readDeploy(t, "alertmanager.yaml")
	if inline := regexp.MustCompile(`(?m)\b(api_url|api_key|routing_key|service_key|password|secret|token|url|credentials):.*`).FindString(config); inline != "" {
		t.Errorf("%q should be in a file", inline)
	}
	files := regexp.MustCompile(`_file: (\S+)`).FindAllStringSubmatch(config, -1)
	for _, file := range files {
		if !strings.Contains(config, "#      "+file[1]+" ") {
			t.Errorf("the head does not list %s", file[1])
		}
	}
	if len(files) != 5 {
		t.Errorf("%d files of secrets, want 5", len(files))
	}
}

// TestPeersAlertmanagerRoutes: amtool accepts alertmanager.yaml as it stands, and routes alerts by severity.
func TestPeersAlertmanagerRoutes(t *testing.T) {
	amtool := peerPath(t, peerAmtool)
	run := func(args ...string) string {
		cmd := exec.Command(amtool, args...)
		cmd.Dir, cmd.Env = "../deploy", cleanEnviron()
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("amtool %s: %v\n%s", strings.Join(args, " "), err, output)
		}
		return strings.TrimSpace(string(output))
	}
	run("check-config", "alertmanager.yaml")
	for labels, want := range map[string]string{
		"alertname=McpToolBroken severity=critical":           "page",
		"alertname=McpSuccessBurningFast severity=critical":   "page",
		"alertname=McpCollectorDown severity=critical":        "page",
		"alertname=McpToolFailing severity=warning":           "chat",
		"alertname=McpDefinitionChanged severity=warning":     "chat",
		"alertname=McpAnomaly severity=info":                  "info",
		"alertname=McpWatchdog severity=none":                 "heartbeat",
		"alertname=McpNotificationsFailing severity=critical": "chat,page",
		"alertname=Other severity=none":                       "nowhere",
		"alertname=Other severity=unheard-of":                 "chat",
		"alertname=Other":                                     "chat",
	} {
		args := append([]string{"config", "routes", "test", "--config.file=alertmanager.yaml"}, strings.Fields(labels)...)
		if got := run(args...); got != want {
			t.Errorf("%s goes to %q, want %q", labels, got, want)
		}
	}
}

// adaptations replaces each first text by the second, which must be there.
func adaptations(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("there is no %q", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// alertmanager is a real Alertmanager with the configuration in deploy/. Its receivers are in the test, its groups wait for a second,
// and it is always working hours.
type alertmanager struct {
	address string
	inbox   *inbox
}

func startAlertmanager(t *testing.T) alertmanager {
	t.Helper()
	dir, a := t.TempDir(), alertmanager{otlptest.RefusedAddr(t), openInbox(t)}
	secrets := filepath.Join(dir, "secret-")
	for name, secret := range map[string]string{
		"pagerduty-routing-key": "the-routing-key", "opsgenie-api-key": "the-api-key", "smtp-password": smtpPassword,
		"slack-webhook-url": a.inbox.url + "/slack", "heartbeat-url": a.inbox.url + "/heartbeat",
	} {
		writeFile(t, secrets+name, secret)
	}
	config := adaptations(t, readDeploy(t, "alertmanager.yaml"),
		"/etc/alertmanager/secrets/", secrets,
		"smtp.example.com:587", a.inbox.smtp,
		"global:\n", "global:\n  smtp_require_tls: false\n  pagerduty_url: "+a.inbox.url+"/pagerduty\n  opsgenie_api_url: "+a.inbox.url+"/opsgenie/\n",
		`["monday:friday"]`, `["sunday:saturday"]`, `"08:00"`, `"00:00"`, `"18:00"`, `"24:00"`,
		"group_wait: 30s", "group_wait: 1s", "group_wait: 15s", "group_wait: 1s", "group_wait: 5m", "group_wait: 1s",
		"group_interval: 5m", "group_interval: 1s", "group_interval: 1m", "group_interval: 1s")
	writeFile(t, filepath.Join(dir, "alertmanager.yaml"), config)
	writeFile(t, filepath.Join(dir, "alertmanager.tmpl"), readDeploy(t, "alertmanager.tmpl"))
	background(t, peerPath(t, peerAlertmanager), "--config.file="+filepath.Join(dir, "alertmanager.yaml"),
		"--storage.path="+filepath.Join(dir, "data"), "--web.listen-address="+a.address, "--cluster.listen-address=")
	waitFor(t, "Alertmanager", func() bool { return prometheus{t: t, url: "http://" + a.address}.get("/-/ready", nil) == nil })
	return a
}

// mutes reports whether Alertmanager has an alert and mutes it because of another.
func (a alertmanager) mutes(t *testing.T, alert string) bool {
	t.Helper()
	var alerts []struct {
		Status struct {
			State       string
			InhibitedBy []string
		}
	}
	api := prometheus{t: t, url: "http://" + a.address}
	if err := api.get("/api/v2/alerts?filter="+url.QueryEscape("alertname="+alert), &alerts); err != nil {
		return false
	}
	return len(alerts) == 1 && alerts[0].Status.State == "suppressed" && len(alerts[0].Status.InhibitedBy) > 0
}

// startAlerting starts Prometheus with all alerts, which go to Alertmanager. Only McpToolBroken fires sooner than it does elsewhere.
func startAlerting(t *testing.T, alertmanager string) prometheus {
	t.Helper()
	dir, address := t.TempDir(), otlptest.RefusedAddr(t)
	for _, name := range []string{"rules.yaml", "alerts.yaml", "alerts-stack.yaml"} {
		text := quick.Replace(readDeploy(t, name))
		if name == "alerts.yaml" {
			broken := regexp.MustCompile(`(alert: McpToolBroken\n(?: {8}.*\n)*? {8}for: )5m`)
			if text = broken.ReplaceAllString(text, "${1}1s"); !strings.Contains(text, "for: 1s") {
				t.Fatal("McpToolBroken does not wait for five minutes")
			}
		}
		writeFile(t, filepath.Join(dir, name), text)
	}
	config := regexp.MustCompile(`(?m)^(rule_files|alerting|scrape_configs):.*\n(?:[ #].*\n|\n)*`).ReplaceAllString(readDeploy(t, "prometheus.yaml"), "")
	config = adaptations(t, config, "evaluation_interval: 15s", "evaluation_interval: 1s") +
		"rule_files: [rules.yaml, alerts.yaml, alerts-stack.yaml]\n" +
		"alerting:\n  alertmanagers:\n    - static_configs: [{targets: [\"" + alertmanager + "\"]}]\n"
	writeFile(t, filepath.Join(dir, "prometheus.yaml"), config)
	background(t, peerPath(t, peerPrometheus), "--config.file="+filepath.Join(dir, "prometheus.yaml"),
		"--web.listen-address="+address, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.enable-otlp-receiver")
	p := prometheus{t: t, url: "http://" + address}
	waitFor(t, "Prometheus", func() bool { return p.get("/-/ready", nil) == nil })
	return p
}

// TestPeersAlertmanager: alerts about real sessions go from a real Prometheus through a real Alertmanager to the receivers for their
// severity, with the server's own name and links; one that is muted goes nowhere.
func TestPeersAlertmanager(t *testing.T) {
	a := startAlertmanager(t)
	p := startAlerting(t, a.address)
	variables := append(p.otlpVariables(), "OTEL_SERVICE_NAME=alerted")

	c := mcptest.Connect(open(t, cast.As(t, "server"), append(variables, "OTEL_METRIC_EXPORT_INTERVAL=100")...))
	c.List("tools/list")
	for range 4 {
		c.Tool("fail", nil)
	}
	const broken = "critical: fail of mcptest-server fails for most"
	waitFor(t, "the page by PagerDuty", func() bool { return a.inbox.has("/pagerduty", broken) })
	waitFor(t, "the page by Opsgenie", func() bool { return a.inbox.has("/opsgenie/v2/alerts", broken) })
	a.inbox.checkPage(t)

	// As the tool is broken, it is no news that it times out, too.
	for range 3 {
		c.Tool("fail", mcptest.Object{"text": "timed out"})
	}
	waitFor(t, "the alert that is muted", func() bool { return a.mutes(t, "McpCallsTimingOut") })
	suppressed := regexp.MustCompile(`(?m)^alertmanager_notifications_suppressed_total\{reason="inhibition"\} [1-9]`)
	waitFor(t, "the notification that is held back", func() bool {
		return suppressed.MatchString(fetchText("http://" + a.address + "/metrics"))
	})

	changed := openChanging(t, variables...)
	changed.Say(`{"jsonrpc":"2.0","id":987,"result":{}}` + "\n") // a response without a request
	changed.CloseInput()
	wantExit(t, changed, 0)
	const differs = "warning: mcptest-server does not offer what it did: a tool was changed"
	waitFor(t, "the warning in the chat", func() bool { return a.inbox.has("/slack #mcp-alerts", differs) })
	waitFor(t, "the warning by mail", func() bool { return a.inbox.has("mail mcp-team@example.com", "Subject: "+differs) })
	waitFor(t, "the note in the chat", func() bool { return a.inbox.has("/slack #mcp-info", "orphan_response on the wire") })
	waitFor(t, "the heartbeat", func() bool { return a.inbox.has("/heartbeat", "McpWatchdog") })
	a.inbox.checkWarning(t)
	for place, texts := range a.inbox.all() {
		for _, text := range texts {
			if strings.Contains(text, "McpCallsTimingOut") {
				t.Errorf("%s received what is muted: %s", place, text)
			}
			if pages := strings.HasPrefix(place, "/pagerduty") || strings.HasPrefix(place, "/opsgenie"); pages != strings.Contains(text, "McpToolBroken.md") {
				t.Errorf("%s received %s", place, text)
			}
		}
	}
}

// checkPage checks what PagerDuty receives.
func (i *inbox) checkPage(t *testing.T) {
	t.Helper()
	var event struct {
		RoutingKey  string `json:"routing_key"`
		EventAction string `json:"event_action"`
		Payload     struct {
			Severity, Class, Component string
			CustomDetails              struct{ Text string } `json:"custom_details"`
		}
		Links []struct{ Text, Href string }
	}
	if err := json.Unmarshal([]byte(i.all()["/pagerduty"][0]), &event); err != nil {
		t.Fatal(err)
	}
	if event.RoutingKey != "the-routing-key" || event.EventAction != "trigger" || event.Payload.Severity != "critical" ||
		event.Payload.Class != "McpToolBroken" || event.Payload.Component != "mcptest-server" {
		t.Errorf("PagerDuty received %+v", event)
	}
	const runbook = "https://github.com/spanpipe/spanpipe/blob/main/docs/runbooks/McpToolBroken.md"
	dashboard := regexp.MustCompile(`^http://localhost:3000/d/spanpipe-operations\?var-job=alerted&from=\d{13}&to=now$`)
	if len(event.Links) != 2 || event.Links[0].Href != runbook || !dashboard.MatchString(event.Links[1].Href) {
		t.Errorf("links = %+v", event.Links)
	}
	text := regexp.MustCompile(`^fail of mcptest-server fails for most\n100% of its calls .*\nSince .* UTC\nRunbook: ` + regexp.QuoteMeta(runbook) +
		`\nDashboard: http://localhost:3000/d/.*\nTraces: http://localhost:16686/search\?service=alerted&limit=20&lookback=custom` +
		`&tags=%7B%22gen_ai.tool.name%22%3A%22fail%22%7D&start=\d{16}&end=\d{16}\n*$`)
	if !text.MatchString(event.Payload.CustomDetails.Text) {
		t.Errorf("text = %q", event.Payload.CustomDetails.Text)
	}
}

// checkWarning checks the links in a warning's mail, which is HTML, and in the chat.
func (i *inbox) checkWarning(t *testing.T) {
	t.Helper()
	for place, links := range map[string][]string{
		"mail mcp-team@example.com": {
			`<a href="https://github.com/spanpipe/spanpipe/blob/main/docs/runbooks/McpDefinitionChanged.md">Runbook</a>`,
			`<a href="http://localhost:3000/d/spanpipe-security?var-job=alerted&from=`,
			`<a href="http://localhost:16686/search?service=alerted&limit=20&lookback=custom&start=`,
		},
		"/slack #mcp-alerts": {
			"Runbook: https://github.com/spanpipe/spanpipe/blob/main/docs/runbooks/McpDefinitionChanged.md",
			"Dashboard: http://localhost:3000/d/spanpipe-security?var-job=alerted",
			"Traces: http://localhost:16686/search?service=alerted",
		},
	} {
		text := html.UnescapeString(strings.Join(i.all()[place], "\n"))
		for _, link := range links {
			if !strings.Contains(text, link) {
				t.Errorf("%s lacks %s: %s", place, link, text)
			}
		}
	}
}
