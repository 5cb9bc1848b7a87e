package cmd_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// previewed has a short session with a preview, and returns the host when it is over.
func previewed(t *testing.T, flags []string, variables ...string) *mcptest.Host {
	t.Helper()
	h := mcptest.Open(t, slices.Concat([]string{binary(t), "preview"}, flags, []string{"--"}, cast.As(t, "server")), newHome(t).in(variables...))
	previewTalk(t, h)
	return h
}

// previewTalk is a session that is the same each time.
func previewTalk(t *testing.T, h *mcptest.Host) {
	t.Helper()
	c := &mcptest.Client{Host: h}
	c.Call("initialize", mcptest.Object{
		"protocolVersion": "2025-11-25", "capabilities": mcptest.Object{}, "clientInfo": mcptest.Object{"name": "mcptest", "version": "1.2.3"},
	})
	// The directions are read by two goroutines. What the answer settles must be known before the next request is seen, or
	// the two sessions may be told differently.
	time.Sleep(200 * time.Millisecond)
	c.Notify("notifications/initialized", nil)
	c.Tool("echo", mcptest.Object{"text": "hello ann@example.com"})
	c.Tool("fail", mcptest.Object{"text": "permission denied"})
	c.Call("resources/read", mcptest.Object{"uri": "note://1"})
	c.Call("no/such/method", nil)
	c.Tool("print", mcptest.Object{"raw": ""})
	c.Notify("notifications/roots/list_changed", nil)
	h.CloseInput()
	if rest := h.Rest(); rest != "" {
		t.Errorf("stdout goes on with %q", rest)
	}
	if code := h.Wait().ExitCode(); code != 0 {
		t.Fatalf("exit code %d; stderr: %s", code, h.Stderr)
	}
}

// idsOfOTLP are the fields that OTLP's JSON writes in hexadecimal and protobuf's in base64.
var idsOfOTLP = regexp.MustCompile(`"(traceId|spanId|parentSpanId)":"([^"]*)"`)

// parseOTLP reads one line of OTLP JSON as protobuf's own reader does, strictly: what it does not know is an error.
func parseOTLP(t *testing.T, line string) proto.Message {
	t.Helper()
	var message proto.Message
	switch {
	case strings.HasPrefix(line, `{"resourceSpans":`):
		message = &coltrace.ExportTraceServiceRequest{}
	case strings.HasPrefix(line, `{"resourceMetrics":`):
		message = &colmetrics.ExportMetricsServiceRequest{}
	case strings.HasPrefix(line, `{"resourceLogs":`):
		message = &collogs.ExportLogsServiceRequest{}
	default:
		t.Fatalf("a line of no signal: %.200s", line)
	}
	text := idsOfOTLP.ReplaceAllStringFunc(line, func(found string) string {
		m := idsOfOTLP.FindStringSubmatch(found)
		id, err := hex.DecodeString(m[2])
		if m[2] != "" && (err != nil || len(id) != map[string]int{"traceId": 16, "spanId": 8, "parentSpanId": 8}[m[1]]) {
			t.Fatalf("%s is no id", found)
		}
		b, err := json.Marshal(id) // base64
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%q:%s", m[1], b)
	})
	if err := protojson.Unmarshal([]byte(text), message); err != nil {
		t.Fatalf("%v: %.300s", err, line)
	}
	return message
}

// received reads a request as it came over the wire.
func received(t *testing.T, r otlptest.Request) proto.Message {
	t.Helper()
	message := map[otlptest.Signal]proto.Message{
		otlptest.Traces: &coltrace.ExportTraceServiceRequest{}, otlptest.Metrics: &colmetrics.ExportMetricsServiceRequest{},
		otlptest.Logs: &collogs.ExportLogsServiceRequest{},
	}[r.Signal]
	if err := proto.Unmarshal(r.Body, message); err != nil {
		t.Fatal(err)
	}
	return message
}

// perRun are the attributes that no two runs have in common: ids of the process, and times.
var perRun = []string{
	"service.instance.id", "mcp.session.id", "duration", "spanpipe.operation.wait", "spanpipe.operation.transfer",
}

// facts says what requests tell, a line for each span, series and log record, without times, ids, and what is measured of
// the process. Metrics are cumulative: the last request has them all, and what one before has depends on when it was made.
func facts(messages []proto.Message) []string {
	var lines []string
	var last proto.Message
	for _, message := range messages {
		if m, ok := message.(*colmetrics.ExportMetricsServiceRequest); ok {
			last = m
		}
	}
	for _, message := range messages {
		switch m := message.(type) {
		case *coltrace.ExportTraceServiceRequest:
			for _, rs := range m.GetResourceSpans() {
				for _, ss := range rs.GetScopeSpans() {
					for _, s := range ss.GetSpans() {
						lines = append(lines, fmt.Sprintf("span %s %s %s/%s %v events=%d links=%d parent=%v status=%v|%s", s.GetName(), s.GetKind(),
							ss.GetScope().GetName(), ss.GetScope().GetVersion(), pairs(s.GetAttributes()), len(s.GetEvents()), len(s.GetLinks()),
							len(s.GetParentSpanId()) > 0, s.GetStatus(), about(rs.GetResource())))
					}
				}
			}
		case *colmetrics.ExportMetricsServiceRequest:
			if message != last {
				continue
			}
			for _, rm := range m.GetResourceMetrics() {
				for _, sm := range rm.GetScopeMetrics() {
					for _, metric := range sm.GetMetrics() {
						lines = append(lines, series(metric, about(rm.GetResource()))...)
					}
				}
			}
		case *collogs.ExportLogsServiceRequest:
			for _, rl := range m.GetResourceLogs() {
				for _, sl := range rl.GetScopeLogs() {
					for _, r := range sl.GetLogRecords() {
						lines = append(lines, fmt.Sprintf("log %v %v %v trace=%v|%s", r.GetSeverityNumber(), r.GetBody(), pairs(r.GetAttributes()),
							len(r.GetTraceId()) > 0, about(rl.GetResource())))
					}
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// series says which series a metric has, and with how many values. Sums of times, CPU and memory are different each time.
func series(m *metrics.Metric, resource string) []string {
	head := fmt.Sprintf("metric %s %s %q", m.GetName(), m.GetUnit(), m.GetDescription())
	var lines []string
	add := func(attrs []*common.KeyValue, value any) {
		lines = append(lines, fmt.Sprintf("%s %v %v|%s", head, pairs(attrs), value, resource))
	}
	for _, p := range m.GetHistogram().GetDataPoints() {
		value := fmt.Sprint("n=", p.GetCount())
		if m.GetUnit() == "By" {
			value += fmt.Sprint(" sum=", p.GetSum())
		}
		add(p.GetAttributes(), value)
	}
	for _, p := range append(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()...) {
		if m.GetName() == "spanpipe.session.active" && p.GetAsInt() == 0 && !named(p.GetAttributes(), "spanpipe.server.name") {
			continue // it was exported before the handshake was looked at, which is up to the machine
		}
		if strings.HasPrefix(m.GetName(), "process.") {
			add(p.GetAttributes(), "measured")
			continue
		}
		add(p.GetAttributes(), p.GetValue())
	}
	return lines
}

func named(attrs []*common.KeyValue, key string) bool {
	return slices.ContainsFunc(attrs, func(a *common.KeyValue) bool { return a.GetKey() == key })
}

func pairs(attrs []*common.KeyValue) []string {
	var out []string
	for _, a := range attrs {
		value := a.GetValue().String()
		if slices.Contains(perRun, a.GetKey()) {
			value = "*"
		}
		out = append(out, a.GetKey()+"="+strings.Join(strings.Fields(value), " "))
	}
	slices.Sort(out)
	return out
}

func about(r *resource.Resource) string { return strings.Join(pairs(r.GetAttributes()), " ") }

// TestPreviewIsWhatIsSent has the same session twice, shown and sent, and compares what was told.
func TestPreviewIsWhatIsSent(t *testing.T) {
	for _, test := range []struct {
		name      string
		variables []string
		protocol  otlptest.Protocol
	}{
		{"by default", nil, otlptest.GRPC},
		{"with content", []string{"SPANPIPE_CAPTURE=arguments,results,errors,uris"}, otlptest.HTTP},
		{"with settings", []string{"OTEL_SERVICE_NAME=mine", "OTEL_RESOURCE_ATTRIBUTES=team=a", "SPANPIPE_TRACE_SCOPE=operation", "SPANPIPE_OTLP_LOG_LEVEL=warn"}, otlptest.GRPC},
		{"without metrics", []string{"SPANPIPE_OTEL_METRICS_EXPORTER=none"}, otlptest.HTTP},
		{"spans alone", []string{"OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none"}, otlptest.GRPC},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// One export at the end: what a gauge shows in between depends on when it is asked.
			still := append([]string{"OTEL_BSP_SCHEDULE_DELAY=60000", "OTEL_BLRP_SCHEDULE_DELAY=60000", "OTEL_METRIC_EXPORT_INTERVAL=60000", "SPANPIPE_FLUSH_TIMEOUT=20s"}, test.variables...)
			out := filepath.Join(t.TempDir(), "records")
			previewed(t, []string{"--out", out}, still...)
			text, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			var shown, sent []proto.Message
			for line := range strings.Lines(string(text)) {
				shown = append(shown, parseOTLP(t, line))
			}
			r := otlptest.Start(t, otlptest.Config{})
			previewTalk(t, mcptest.Open(t, wrapped(t, cast.As(t, "server")), newHome(t).in(slices.Concat(still, r.Env(test.protocol), []string{"SPANPIPE_TELEMETRY=otlp"})...)))
			for _, request := range r.Requests() {
				sent = append(sent, received(t, request))
			}
			shownFacts, sentFacts := facts(shown), facts(sent)
			if len(shownFacts) != len(sentFacts) || len(shownFacts) < 8 {
				t.Errorf("%d records are shown, %d sent", len(shownFacts), len(sentFacts))
			}
			for _, line := range shownFacts {
				if !slices.Contains(sentFacts, line) {
					t.Errorf("shown and not sent: %s", line)
				}
			}
			for _, line := range sentFacts {
				if !slices.Contains(shownFacts, line) {
					t.Errorf("sent and not shown: %s", line)
				}
			}
		})
	}
}

// TestPreviewConnectsNowhere has every variable point at a listener that must hear nothing, whatever else is said.
func TestPreviewConnectsNowhere(t *testing.T) {
	for _, test := range []struct {
		name      string
		variables []string
	}{
		{"by default", nil},
		{"with consent", []string{"SPANPIPE_TELEMETRY=otlp,prometheus"}},
		{"with DO_NOT_TRACK", []string{"SPANPIPE_TELEMETRY=otlp", "DO_NOT_TRACK=1"}},
		{"with OTEL_SDK_DISABLED", []string{"OTEL_SDK_DISABLED=true"}},
		{"with telemetry off", []string{"SPANPIPE_TELEMETRY=off"}},
		{"over http", []string{"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"}},
		{"with an admin page", []string{"SPANPIPE_ADMIN_ADDR=127.0.0.1:0", "SPANPIPE_LOG_LEVEL=debug"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := newEar(t)
			url := "http://" + e.listener.Addr().String()
			h := previewed(t, nil, append([]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + url, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + url, "SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT=" + url,
				"HTTP_PROXY=" + url, "HTTPS_PROXY=" + url, "ALL_PROXY=" + url,
			}, test.variables...)...)
			if n := e.connections(t); n > 0 {
				t.Errorf("%d connections", n)
			}
			signals := map[string]int{}
			for line := range strings.Lines(h.Stderr.String()) {
				if strings.HasPrefix(line, "{") {
					signals[fmt.Sprintf("%T", parseOTLP(t, line))]++
				} else if strings.Contains(line, "serving metrics") {
					t.Errorf("a preview listens: %s", line)
				}
			}
			if len(signals) != 3 {
				t.Errorf("shown are %v, want all three signals", signals)
			}
		})
	}
}

// TestPreviewFile is about the file: for its owner alone, and never one that was there.
func TestPreviewFile(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "records")
	h := previewed(t, []string{"--out", out})
	if got := h.Stderr.String(); got != "" {
		t.Errorf("stderr: %s", got)
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	if exe == "" && info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	before, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a file that exists": out, "a directory": dir, "a directory that does not exist": filepath.Join(dir, "none", "records")} {
		t.Run(name, func(t *testing.T) {
			h := mcptest.Open(t, slices.Concat([]string{binary(t), "preview", "--out", path, "--"}, cast.As(t, "server")), newHome(t).in())
			if rest := h.Rest(); rest != "" {
				t.Errorf("the server has run: %q", rest)
			}
			if code := h.Wait().ExitCode(); code != 2 {
				t.Errorf("exit code %d; stderr: %s", code, h.Stderr)
			}
		})
	}
	if after, err := os.ReadFile(out); err != nil || string(after) != string(before) {
		t.Errorf("the file has been changed (%v)", err)
	}
}
