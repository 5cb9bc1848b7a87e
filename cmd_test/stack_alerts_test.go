package cmd_test

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// lossy is the configuration of a collector that cannot deliver what it receives, and has its own metrics on a page.
const lossy = `
receivers:
  otlp: {protocols: {grpc: {endpoint: RECEIVER}}}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 256}
exporters:
  otlp_http/away: {endpoint: "http://AWAY", retry_on_failure: {enabled: false}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [memory_limiter], exporters: [otlp_http/away]}
    metrics: {receivers: [otlp], processors: [memory_limiter], exporters: [otlp_http/away]}
    logs: {receivers: [otlp], processors: [memory_limiter], exporters: [otlp_http/away]}
  telemetry:
    metrics:
      readers: [{pull: {exporter: {prometheus: {host: HOST, port: PORT, without_type_suffix: false, without_units: false}}}}]
`

// TestPeersStackAlerts: the alerts about the stack know the names under which a real collector counts, and Prometheus and Alertmanager
// count themselves.
func TestPeersStackAlerts(t *testing.T) {
	dir, receiver, own, address := t.TempDir(), otlptest.RefusedAddr(t), otlptest.RefusedAddr(t), otlptest.RefusedAddr(t)
	host, port, err := net.SplitHostPort(own)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "collector.yaml"),
		adaptations(t, lossy, "RECEIVER", receiver, "AWAY", otlptest.RefusedAddr(t), "HOST", host, "PORT", port))
	background(t, peerPath(t, peerCollector), "--config="+filepath.Join(dir, "collector.yaml"))
	a := startAlertmanager(t)
	writeFile(t, filepath.Join(dir, "alerts-stack.yaml"), quick.Replace(readDeploy(t, "alerts-stack.yaml")))
	writeFile(t, filepath.Join(dir, "prometheus.yaml"), `
global: {scrape_interval: 1s}
rule_files: [alerts-stack.yaml]
scrape_configs:
  - {job_name: collector, static_configs: [{targets: ["`+own+`"]}]}
  - {job_name: alertmanager, static_configs: [{targets: ["`+a.address+`"]}]}
  - {job_name: prometheus, static_configs: [{targets: ["`+address+`"]}]}
`)
	background(t, peerPath(t, peerPrometheus), "--config.file="+filepath.Join(dir, "prometheus.yaml"),
		"--web.listen-address="+address, "--storage.tsdb.path="+filepath.Join(dir, "data"))
	p := prometheus{t: t, url: "http://" + address}
	waitFor(t, "the collector to listen", func() bool { return reachable(receiver) })
	// Of a collector that has just been started, what is counted is what comes after the first loss.
	c := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+receiver, "OTEL_METRIC_EXPORT_INTERVAL=100")
	waitFor(t, "the alert about what is lost", func() bool {
		return p.is(`count(ALERTS{alertname="McpCollectorNotSending", alertstate="firing", job="collector", exporter="otlp_http/away", signal="metric_points"})`, 1)
	})
	for _, name := range []string{
		`{__name__=~"otelcol_process_uptime.*", job="collector"}`,
		"otelcol_exporter_queue_size / otelcol_exporter_queue_capacity",
		"otelcol_receiver_refused_metric_points_total",
		"prometheus_rule_evaluation_failures_total",
		"alertmanager_notifications_failed_total",
		`ALERTS{alertname="McpWatchdog", alertstate="firing"}`,
	} {
		waitFor(t, name, func() bool {
			values, err := p.try(name)
			return err == nil && len(values) > 0
		})
	}
	for _, alert := range []string{"McpCollectorDown", "McpCollectorRefusing", "McpCollectorQueueFull", "McpStackPartDown", "McpRulesFailing", "McpNotificationsFailing"} {
		if got := p.query(`ALERTS{alertname="` + alert + `", alertstate="firing"}`); len(got) > 0 {
			t.Errorf("%s fires", alert)
		}
	}
	c.CloseInput()
	wantExit(t, c, 0)
}
