package cmd_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

const (
	peerPrometheus = "SPANPIPE_TEST_PROMETHEUS"
	peerPromtool   = "SPANPIPE_TEST_PROMTOOL"
)

// prometheus is a real Prometheus with the configuration in deploy/, except that it evaluates its rules every second.
type prometheus struct {
	t   *testing.T
	url string
}

// quick makes rules record every five seconds what has grown in five seconds, instead of a minute. Samples still have ten seconds to
// arrive, and a busy machine has time to evaluate the rules.
var quick = strings.NewReplacer("[1m]", "[5s]", "offset 1m", "offset 5s", "interval: 1m", "interval: 5s",
	"query_offset: 15s", "query_offset: 10s", "query_offset: 20s", "query_offset: 10s", "query_offset: 30s", "query_offset: 10s")

// startPrometheus starts Prometheus, which scrapes the targets every 200 ms.
func startPrometheus(t *testing.T, targets []string, flags ...string) prometheus {
	t.Helper()
	return startPrometheusIn(t, nil, targets, flags...)
}

// startPrometheusIn starts Prometheus with other addresses of the programs around it, each after that in prometheus.yaml.
func startPrometheusIn(t *testing.T, addresses, targets []string, flags ...string) prometheus {
	t.Helper()
	program, dir, address := peerPath(t, peerPrometheus), t.TempDir(), otlptest.RefusedAddr(t)
	for _, name := range []string{"rules.yaml", "alerts.yaml"} {
		writeFile(t, filepath.Join(dir, name), quick.Replace(readDeploy(t, name)))
	}
	config := adapted(t, "prometheus.yaml",
		append(addresses, "evaluation_interval: 15s", "evaluation_interval: 1s", "localhost:9090", address)...)
	writeFile(t, filepath.Join(dir, "prometheus.yaml"), config)
	if err := os.Mkdir(filepath.Join(dir, "targets"), 0o755); err != nil {
		t.Fatal(err)
	}
	if len(targets) > 0 {
		const format = "[{targets: [%s], labels: {__scrape_interval__: 200ms, __scrape_timeout__: 200ms}}]\n"
		group := fmt.Sprintf(format, strings.Join(targets, ", "))
		writeFile(t, filepath.Join(dir, "targets", "test.yaml"), group)
	}
	background(t, program, append(flags,
		"--config.file="+filepath.Join(dir, "prometheus.yaml"), "--web.listen-address="+address,
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.enable-otlp-receiver")...)
	p := prometheus{t: t, url: "http://" + address}
	waitFor(t, "Prometheus", func() bool { return p.get("/-/ready", nil) == nil })
	if len(targets) > 0 { // loading them takes some seconds; until the sessions start, scrapes fail
		waitFor(t, "Prometheus's targets", func() bool { return p.is(`count(up{job="spanpipe"})`, float64(len(targets))) })
	}
	return p
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// get requests a path from Prometheus. It decodes the JSON response into into, unless that is nil.
func (p prometheus) get(path string, into any) error {
	response, err := http.Get(p.url + path)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if into != nil {
		return json.NewDecoder(response.Body).Decode(into) // error responses are JSON too
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	return nil
}

// query evaluates an expression and returns its samples' values. An error fails the test.
func (p prometheus) query(expression string) []float64 {
	p.t.Helper()
	values, err := p.try(expression)
	if err != nil {
		p.t.Error(err)
	}
	return values
}

// is reports whether an expression has these values now. An error does not fail the test, so that it can be polled.
func (p prometheus) is(expression string, want ...float64) bool {
	got, err := p.try(expression)
	return err == nil && slices.Equal(got, want)
}

// try is query without failing the test.
func (p prometheus) try(expression string) ([]float64, error) {
	var decoded struct {
		Error string
		Data  struct {
			Result []struct {
				Value     [2]any
				Histogram [2]json.RawMessage // of a native one, its count is taken
			}
		}
	}
	if err := p.get("/api/v1/query?query="+url.QueryEscape(expression), &decoded); err != nil {
		return nil, fmt.Errorf("%s: %w", expression, err)
	}
	if decoded.Error != "" {
		return nil, fmt.Errorf("%s: %s", expression, decoded.Error)
	}
	var values []float64
	for _, sample := range decoded.Data.Result {
		text, _ := sample.Value[1].(string) // Prometheus writes numbers as text
		var histogram struct{ Count string }
		if json.Unmarshal(sample.Histogram[1], &histogram) == nil {
			text = histogram.Count
		}
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", expression, err)
		}
		values = append(values, value)
	}
	return values, nil
}

// otlpVariables makes a session send its metrics to Prometheus, which accepts no other signals.
func (p prometheus) otlpVariables() []string {
	return []string{
		"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + p.url + "/api/v1/otlp",
		"OTEL_TRACES_EXPORTER=none", "OTEL_LOGS_EXPORTER=none",
	}
}

// The workloads are jobs in Prometheus. Every session lasts two seconds, less than the interval between two exports.
const (
	twoAtOnce = "two at once"
	tenInARow = "ten in a row"
	tenAtOnce = "ten at once"
)

// ingestion is a way of getting metrics into a Prometheus of its own.
type ingestion struct {
	name string
	prometheus
	environ func(job string, n int) []string // returns the variables of the nth session of a job
	totals  []func(selector string) string   // return expressions whose sum is the total of a counter
	scraped bool                             // what a session records after the last scrape is lost
}

// runWorkloads runs all three workloads with every ingestion at the same time.
func runWorkloads(t *testing.T, ways []ingestion) {
	t.Helper()
	runSessions(t, ways, twoAtOnce, 0, 2)
	for n := range 10 {
		runSessions(t, ways, tenInARow, n, 1)
	}
	runSessions(t, ways, tenAtOnce, 0, 10)
}

// runSessions runs sessions at the same time. The nth makes n+2 calls that succeed, and one that fails.
func runSessions(t *testing.T, ways []ingestion, job string, first, count int) {
	t.Helper()
	var hosts []*mcptest.Host
	for n := first; n < first+count; n++ {
		for _, w := range ways {
			variables := append(w.environ(job, n), "OTEL_SERVICE_NAME="+job)
			hosts = append(hosts, open(t, cast.As(t, "server"), variables...))
		}
	}
	start := time.Now()
	for i, h := range hosts {
		c := mcptest.Connect(h)
		for call := range first + i/len(ways) + 2 {
			c.Tool("echo", mcptest.Object{"text": strconv.Itoa(call)}) // all different, so that they are no loop
		}
		c.Tool("fail", nil)
	}
	time.Sleep(max(time.Until(start.Add(2*time.Second)), time.Second)) // includes the time to count the last call
	for _, w := range ways {
		if w.scraped {
			counted := float64(time.Now().UnixMilli()) / 1000
			waitFor(t, "the scrapes of "+job, func() bool {
				return w.is(fmt.Sprintf("count(timestamp(up == 1) > %f)", counted), float64(count))
			})
		}
	}
	for _, h := range hosts {
		h.CloseInput()
	}
	for _, h := range hosts {
		if code := h.Wait().ExitCode(); code != 0 || h.Stderr.String() != "" {
			t.Errorf("%s: exit code = %d, want 0; stderr = %q, want none", job, code, h.Stderr)
		}
	}
}

// check expects Prometheus to have the totals of the workloads.
func (w ingestion) check(t *testing.T, total func(selector string) string) {
	t.Helper()
	w.prometheus.t = t
	for job, want := range map[string]struct{ sessions, good float64 }{
		twoAtOnce: {2, 2 + 3}, tenInARow: {10, 10*2 + 45}, tenAtOnce: {10, 10*2 + 45},
	} {
		const duration = "mcp_server_operation_duration_seconds"
		counters := map[string]float64{
			duration + `_count{%s, gen_ai_tool_name="echo"}`:                              want.good,
			duration + `_bucket{%s, gen_ai_tool_name="echo", le="+Inf"}`:                  want.good,
			duration + `_count{%s, mcp_method_name="initialize"}`:                         want.sessions,
			`spanpipe_operation_errors_total{%s, spanpipe_error_class="tool_error"}`:      want.sessions,
			`spanpipe_message_size_bytes_count{%s, spanpipe_message_kind="notification"}`: want.sessions,
			`spanpipe_tool_transitions_total{%s, spanpipe_tool_to="fail"}`:                want.sessions,
			`spanpipe_server_startup_duration_seconds_count` +
				`{%s, spanpipe_startup_phase="handshake"}`: want.sessions,
		}
		if !w.scraped {
			maps.Copy(counters, map[string]float64{
				`spanpipe_server_exits_total` +
					`{%s, spanpipe_exit_reason="ok", spanpipe_exit_in_flight="false"}`: want.sessions,
				`mcp_server_session_duration_seconds_count{%s, spanpipe_client_name="mcptest"}`: want.sessions,
			})
		}
		for counter, value := range counters {
			expression := "sum(" + total(fmt.Sprintf(counter, "job="+strconv.Quote(job))) + ")"
			if got := w.query(expression); !slices.Equal(got, []float64{value}) {
				t.Errorf("%s = %v, want %v", expression, got, value)
			}
		}
	}
}

// lastValue returns the total of cumulative series, each of which belongs to one process.
func lastValue(selector string) string { return "last_over_time(" + selector + "[30m])" }

// growth returns the increase within a window, in the form that the rules and the dashboard use.
func growth(selector string) string {
	now := "last_over_time(" + selector + "[30m])"
	before := "last_over_time(" + selector + "[1h] offset 30m)"
	return "(" + now + " - " + before + ") or " + now
}

// TestPeersPrometheus checks every ingestion that TELEMETRY.md lists: each must give exact totals for short sessions.
func TestPeersPrometheus(t *testing.T) {
	anchored := func(selector string) string { return "increase(" + selector + "[30m] anchored)" }
	sum := func(selector string) string { return "sum_over_time(" + selector + "[30m])" }
	ways := []ingestion{
		byOTLP(t, "cumulative", "cumulative", "", lastValue, growth),
		byOTLP(t, "cumulative, with a zero at the start of a series", "cumulative",
			"created-timestamp-zero-ingestion,promql-extended-range-selectors", lastValue, growth, anchored),
		byOTLP(t, "delta, converted to cumulative", "delta", "otlp-deltatocumulative", lastValue, growth),
		byOTLP(t, "delta", "delta", "otlp-native-delta-ingestion", sum),
		byScraping(t),
	}
	runWorkloads(t, ways)
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			for _, total := range w.totals {
				w.check(t, total)
			}
		})
	}
	// The obvious functions miss the first value of a series. If they did not, the rules could be simpler.
	for name, function := range map[string]string{"increase": "increase", "rate": "1800 * rate"} {
		selector := `mcp_server_operation_duration_seconds_count{job="` + tenInARow + `", gen_ai_tool_name="echo"}`
		got := ways[0].query("sum(" + function + "(" + selector + "[30m]))")
		if slices.Equal(got, []float64{65}) {
			t.Errorf("%s alone gives the exact total of short sessions; TELEMETRY.md says that it does not", name)
		}
	}
	got := ways[0].query("sum(spanpipe_session_active) + sum(spanpipe_operation_active)")
	if !slices.Equal(got, []float64{0}) {
		t.Errorf("%v sessions and operations are active, want 0", got)
	}
	if got := ways[4].query(`count({__name__=~".+", otel_scope_name!=""})`); got != nil {
		t.Errorf("%v series have the label otel_scope_name, which deploy/prometheus.yaml should drop", got)
	}
}

// byOTLP returns an ingestion whose sessions export, with some of Prometheus's features enabled.
func byOTLP(t *testing.T, name, temporality, features string, totals ...func(string) string) ingestion {
	t.Helper()
	p := startPrometheus(t, nil, "--enable-feature="+features)
	environ := append(p.otlpVariables(), "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE="+temporality)
	return ingestion{
		name: name, prometheus: p, totals: totals,
		environ: func(string, int) []string { return slices.Clone(environ) },
	}
}

// byScraping returns an ingestion whose sessions serve their metrics. Sessions in a row share one address, like a
// service that restarts.
func byScraping(t *testing.T) ingestion {
	t.Helper()
	addresses := make([]string, 10)
	for i := range addresses { // not 127.0.0.1, where another connection may take the port between two sessions
		_, port, _ := strings.Cut(otlptest.RefusedAddr(t), ":")
		addresses[i] = "127.0.0.2:" + port
	}
	return ingestion{
		name: "scraped", scraped: true, prometheus: startPrometheus(t, addresses),
		totals: []func(string) string{lastValue, growth},
		environ: func(job string, n int) []string {
			if job == tenInARow {
				n = 0
			}
			return []string{"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR=" + addresses[n]}
		},
	}
}

// acceptedComplaints lists promtool's complaints about names that OpenTelemetry defines: two of its gauges end in
// "_count", a suffix that Prometheus reserves for histograms and summaries.
var acceptedComplaints = []string{
	`process_thread_count non-histogram and non-summary metrics should not have "_count" suffix`,
	`process_unix_file_descriptor_count non-histogram and non-summary metrics should not have "_count" suffix`,
}

// TestPeersPromtool: promtool accepts the metrics page of a session that used every instrument, with another one, except those in
// recordedAtEnd.
func TestPeersPromtool(t *testing.T) {
	promtool := peerPath(t, peerPromtool)
	variables := []string{"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0"}
	h := open(t, cast.As(t, "sdk"), variables...)
	page, changing := servedPage(t, h), servedPage(t, openChanging(t, variables...))
	useEveryInstrument(t, h)
	var text string
	mcptest.Eventually(t, "the page counts the response without a request, which takes the longest", func() bool {
		_, text = page.get("localhost", "/metrics")
		return strings.Contains(text, "spanpipe_protocol_violations_total{")
	})
	var other string
	mcptest.Eventually(t, "the other page counts a change and a call that was cancelled", func() bool {
		_, other = changing.get("localhost", "/metrics")
		return strings.Contains(other, "spanpipe_definitions_changed_total{") && strings.Contains(other, "spanpipe_operation_hangs_total{")
	})
	for _, name := range instrumentNames() {
		if name == memoryLimit && !memoryIsLimited() {
			continue
		}
		if !strings.Contains(text+other, "# TYPE "+name+" ") && !slices.Contains(recordedAtEnd, name) {
			t.Errorf("the page has no %s", name)
		}
	}
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	output, _ := cmd.CombinedOutput() // promtool exits with an error if it complains
	for line := range strings.Lines(string(output)) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(acceptedComplaints, line) {
			t.Errorf("promtool: %s", line)
		}
	}
}
