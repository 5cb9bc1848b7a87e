package cmd_test

import (
	"encoding/json"
	"fmt"
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

// prometheus is a real Prometheus with the configuration of deploy, which evaluates its rules more often than that says.
type prometheus struct {
	t   *testing.T
	url string
}

// startPrometheus starts one that scrapes the targets, every 200 ms.
func startPrometheus(t *testing.T, targets []string, flags ...string) prometheus {
	t.Helper()
	program, dir, address := peerPath(t, peerPrometheus), t.TempDir(), otlptest.RefusedAddr(t)
	copyDeploy(t, dir, "rules.yaml", "alerts.yaml")
	const interval = "evaluation_interval: 15s"
	config := readDeploy(t, "prometheus.yaml")
	if !strings.Contains(config, interval) {
		t.Fatalf("deploy/prometheus.yaml has no %q", interval)
	}
	writeFile(t, filepath.Join(dir, "prometheus.yaml"), strings.ReplaceAll(config, interval, "evaluation_interval: 1s"))
	if err := os.Mkdir(filepath.Join(dir, "targets"), 0o755); err != nil {
		t.Fatal(err)
	}
	if len(targets) > 0 {
		group := fmt.Sprintf("[{targets: [%s], labels: {__scrape_interval__: 200ms, __scrape_timeout__: 200ms}}]\n", strings.Join(targets, ", "))
		writeFile(t, filepath.Join(dir, "targets", "test.yaml"), group)
	}
	background(t, program, append(flags, "--config.file="+filepath.Join(dir, "prometheus.yaml"), "--web.listen-address="+address,
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.enable-otlp-receiver")...)
	p := prometheus{t: t, url: "http://" + address}
	waitFor(t, "Prometheus", func() bool { return p.get("/-/ready", nil) == nil })
	if len(targets) > 0 { // which takes it some seconds; then it asks, and nobody answers yet
		waitFor(t, "Prometheus's targets", func() bool { return p.is("count(up)", float64(len(targets))) })
	}
	return p
}

// background runs a program until the test ends, and shows what it said if the test has failed.
func background(t *testing.T, program string, args ...string) {
	t.Helper()
	var output mcptest.Buffer
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = cleanEnviron(), &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it keeps nothing that would be lost
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(program), &output)
		}
	})
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// get asks Prometheus for a page, and decodes the JSON that it answers if there is something to decode it into.
func (p prometheus) get(path string, into any) error {
	response, err := http.Get(p.url + path)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if into != nil {
		return json.NewDecoder(response.Body).Decode(into) // errors are told in JSON, too
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	return nil
}

// query evaluates an expression now, and returns its samples' values.
func (p prometheus) query(expression string) []float64 {
	p.t.Helper()
	values, err := p.try(expression)
	if err != nil {
		p.t.Error(err)
	}
	return values
}

// is says whether an expression has these values by now. For those who ask again an error is no failure.
func (p prometheus) is(expression string, want ...float64) bool {
	got, err := p.try(expression)
	return err == nil && slices.Equal(got, want)
}

// try is query without a test to fail.
func (p prometheus) try(expression string) ([]float64, error) {
	var answer struct {
		Error string
		Data  struct{ Result []struct{ Value [2]any } }
	}
	if err := p.get("/api/v1/query?query="+url.QueryEscape(expression), &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", expression, err)
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%s: %s", expression, answer.Error)
	}
	var values []float64
	for _, sample := range answer.Data.Result {
		text, _ := sample.Value[1].(string) // Prometheus writes numbers as text
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", expression, err)
		}
		values = append(values, value)
	}
	return values, nil
}

// receives is what makes a session send its metrics to Prometheus. It takes metrics alone.
func (p prometheus) receives() []string {
	return []string{
		"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT=" + p.url + "/api/v1/otlp",
		"OTEL_TRACES_EXPORTER=none", "OTEL_LOGS_EXPORTER=none",
	}
}

// Workloads, each a job of Prometheus's. All sessions last two seconds, which is less than the time between two exports.
const (
	twoAtOnce = "two at once"
	tenInARow = "ten in a row"
	tenAtOnce = "ten at once"
)

// way is a way for metrics to get into a Prometheus of its own.
type way struct {
	name string
	prometheus
	environ func(job string, n int) []string // what the nth session of a job gets
	totals  []func(selector string) string   // make of a counter's selector what sums up to its total
	scraped bool                             // what a session records after the last scrape, its end in particular, is not known
}

// play has the sessions of all three workloads, in all ways side by side.
func play(t *testing.T, ways []way) {
	t.Helper()
	together(t, ways, twoAtOnce, 0, 2)
	for n := range 10 {
		together(t, ways, tenInARow, n, 1)
	}
	together(t, ways, tenAtOnce, 0, 10)
}

// together has some sessions at the same time: the nth makes n+2 good calls, and a bad one.
func together(t *testing.T, ways []way, job string, first, count int) {
	t.Helper()
	var hosts []*mcptest.Host
	for n := first; n < first+count; n++ {
		for _, w := range ways {
			// The bound of the final flush is for one session that ends; here dozens do, on what may be two processors.
			hosts = append(hosts, open(t, cast.As(t, "server"), append(w.environ(job, n), "OTEL_SERVICE_NAME="+job, "SPANPIPE_FLUSH_TIMEOUT=20s")...))
		}
	}
	began := time.Now()
	for i, h := range hosts {
		c := mcptest.Connect(h)
		for call := range first + i/len(ways) + 2 {
			c.Tool("echo", mcptest.Object{"text": strconv.Itoa(call)}) // no two alike: they are no loop
		}
		c.Tool("fail", nil)
	}
	time.Sleep(max(time.Until(began.Add(2*time.Second)), time.Second)) // by then the last call has been counted, too
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
			t.Errorf("%s: exit code %d, stderr: %s", job, code, h.Stderr)
		}
	}
}

// played expects Prometheus to know what the workloads imply.
func (w way) played(t *testing.T, total func(selector string) string) {
	t.Helper()
	w.prometheus.t = t
	for job, want := range map[string]struct{ sessions, good float64 }{
		twoAtOnce: {2, 2 + 3}, tenInARow: {10, 10*2 + 45}, tenAtOnce: {10, 10*2 + 45},
	} {
		counters := map[string]float64{
			`mcp_server_operation_duration_seconds_count{%s, gen_ai_tool_name="echo"}`:               want.good,
			`mcp_server_operation_duration_seconds_bucket{%s, gen_ai_tool_name="echo", le="+Inf"}`:   want.good,
			`mcp_server_operation_duration_seconds_count{%s, mcp_method_name="initialize"}`:          want.sessions,
			`spanpipe_operation_errors_total{%s, spanpipe_error_class="tool_error"}`:                 want.sessions,
			`spanpipe_message_size_bytes_count{%s, spanpipe_message_kind="notification"}`:            want.sessions,
			`spanpipe_tool_transitions_total{%s, spanpipe_tool_to="fail"}`:                           want.sessions,
			`spanpipe_server_startup_duration_seconds_count{%s, spanpipe_startup_phase="handshake"}`: want.sessions,
		}
		if !w.scraped {
			counters[`spanpipe_server_exits_total{%s, spanpipe_exit_reason="ok", spanpipe_exit_in_flight="false"}`] = want.sessions
			counters[`mcp_server_session_duration_seconds_count{%s, spanpipe_client_name="mcptest"}`] = want.sessions
		}
		for counter, value := range counters {
			expression := "sum(" + total(fmt.Sprintf(counter, "job="+strconv.Quote(job))) + ")"
			if got := w.query(expression); !slices.Equal(got, []float64{value}) {
				t.Errorf("%s is %v, want %v", expression, got, value)
			}
		}
	}
}

// lastValue is the total of cumulative series that each belong to one process.
func lastValue(selector string) string { return "last_over_time(" + selector + "[30m])" }

// growth is how the rules and the dashboard tell what was counted within a window.
func growth(selector string) string {
	return "(last_over_time(" + selector + "[30m]) - last_over_time(" + selector + "[1h] offset 30m)) or last_over_time(" + selector + "[30m])"
}

// TestPeersPrometheus gets the metrics of short sessions into Prometheus in every way that gives exact totals there;
// TELEMETRY.md has the same list.
func TestPeersPrometheus(t *testing.T) {
	anchored := func(selector string) string { return "increase(" + selector + "[30m] anchored)" }
	sum := func(selector string) string { return "sum_over_time(" + selector + "[30m])" }
	ways := []way{
		byOTLP(t, "cumulative", "cumulative", "", lastValue, growth),
		byOTLP(t, "cumulative, with a zero where a series starts", "cumulative",
			"created-timestamp-zero-ingestion,promql-extended-range-selectors", lastValue, growth, anchored),
		byOTLP(t, "delta, made cumulative", "delta", "otlp-deltatocumulative", lastValue, growth),
		byOTLP(t, "delta", "delta", "otlp-native-delta-ingestion", sum),
		byScraping(t),
	}
	play(t, ways)
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			for _, total := range w.totals {
				w.played(t, total)
			}
		})
	}
	// What everybody would write first. If it were right, the rules need not be as they are.
	for name, function := range map[string]string{"increase": "increase", "rate": "1800 * rate"} {
		got := ways[0].query(`sum(` + function + `(mcp_server_operation_duration_seconds_count{job="` + tenInARow + `", gen_ai_tool_name="echo"}[30m]))`)
		if slices.Equal(got, []float64{65}) {
			t.Errorf("%s alone tells what short sessions have counted: the documentation says that it does not", name)
		}
	}
	if got := ways[0].query("sum(spanpipe_session_active) + sum(spanpipe_operation_active)"); !slices.Equal(got, []float64{0}) {
		t.Errorf("%v sessions and operations are still active", got)
	}
	if got := ways[4].query(`count({__name__=~".+", otel_scope_name!=""})`); got != nil {
		t.Errorf("%v series have labels that deploy/prometheus.yaml is to drop", got)
	}
}

// byOTLP is the way of sessions that send, with some of Prometheus's features switched on.
func byOTLP(t *testing.T, name, temporality, features string, totals ...func(string) string) way {
	t.Helper()
	p := startPrometheus(t, nil, "--enable-feature="+features)
	environ := append(p.receives(), "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE="+temporality)
	return way{name: name, prometheus: p, totals: totals, environ: func(string, int) []string { return slices.Clone(environ) }}
}

// byScraping is the way of sessions that are asked. Those in a row have one address, as a service has that is started again.
func byScraping(t *testing.T) way {
	t.Helper()
	addresses := make([]string, 10)
	for i := range addresses { // apart from 127.0.0.1, where some connection may take the port between two sessions
		_, port, _ := strings.Cut(otlptest.RefusedAddr(t), ":")
		addresses[i] = "127.0.0.2:" + port
	}
	return way{
		name: "scraped", scraped: true, prometheus: startPrometheus(t, addresses), totals: []func(string) string{lastValue, growth},
		environ: func(job string, n int) []string {
			if job == tenInARow {
				n = 0
			}
			return []string{"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR=" + addresses[n]}
		},
	}
}

// acceptedComplaints are promtool's about names that OpenTelemetry has given: Prometheus keeps "_count" for parts of
// histograms, and OpenTelemetry calls two gauges so.
var acceptedComplaints = []string{
	`process_thread_count non-histogram and non-summary metrics should not have "_count" suffix`,
	`process_unix_file_descriptor_count non-histogram and non-summary metrics should not have "_count" suffix`,
}

// TestPeersPromtool has promtool judge the page of a session that has used all instruments but those of its end.
func TestPeersPromtool(t *testing.T) {
	promtool := peerPath(t, peerPromtool)
	h := open(t, cast.As(t, "sdk"), "SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0")
	page := servedPage(t, h)
	useEveryInstrument(t, h)
	var text string
	mcptest.Eventually(t, "an answer to nothing is counted, which takes the longest", func() bool {
		_, text = page.get("localhost", "/metrics")
		return strings.Contains(text, "spanpipe_protocol_violations_total{")
	})
	for _, name := range instrumentNames() {
		if !strings.Contains(text, "# TYPE "+name+" ") && !slices.Contains(recordedAtEnd, name) {
			t.Errorf("the page has no %s", name)
		}
	}
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	output, _ := cmd.CombinedOutput() // its complaints are an error
	for line := range strings.Lines(string(output)) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(acceptedComplaints, line) {
			t.Errorf("promtool: %s", line)
		}
	}
}
