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
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// runPreview runs a short session with "spanpipe preview".
func runPreview(t *testing.T, flags []string, variables ...string) *mcptest.Host {
	t.Helper()
	line := slices.Concat([]string{binary(t), "preview"}, flags, []string{"--"}, cast.As(t, "server"))
	h := mcptest.Open(t, line, newHome(t).in(variables...))
	talkForPreview(t, h)
	return h
}

// talkForPreview runs a session that is the same each time.
func talkForPreview(t *testing.T, h *mcptest.Host) {
	t.Helper()
	c := &mcptest.Client{Host: h}
	c.Call("initialize", mcptest.Object{
		"protocolVersion": "2025-11-25", "capabilities": mcptest.Object{},
		"clientInfo": mcptest.Object{"name": "mcptest", "version": "1.2.3"},
	})
	// A goroutine per direction reads the messages. The response must be processed before the next request; otherwise
	// two sessions may differ in what they know about the server.
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
		t.Errorf("got %q on stdout after the last response", rest)
	}
	if code := h.Wait().ExitCode(); code != 0 {
		t.Fatalf("exit code = %d, want 0; stderr: %s", code, h.Stderr)
	}
}

// idsOfOTLP matches the fields that OTLP's JSON writes in hexadecimal, and protobuf's JSON in base64.
var idsOfOTLP = regexp.MustCompile(`"(traceId|spanId|parentSpanId)":"([^"]*)"`)

// parseOTLP parses one line of OTLP JSON with protobuf's own parser, which rejects unknown fields.
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
		t.Fatalf("a line that is no OTLP request: %.200s", line)
	}
	text := idsOfOTLP.ReplaceAllStringFunc(line, func(found string) string {
		m := idsOfOTLP.FindStringSubmatch(found)
		id, err := hex.DecodeString(m[2])
		size := map[string]int{"traceId": 16, "spanId": 8, "parentSpanId": 8}[m[1]]
		if m[2] != "" && (err != nil || len(id) != size) {
			t.Fatalf("%s is not an id of %d bytes", found, size)
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

// decodeRequest decodes the body of a received request.
func decodeRequest(t *testing.T, r otlptest.Request) proto.Message {
	t.Helper()
	message := map[otlptest.Signal]proto.Message{
		otlptest.Traces:  &coltrace.ExportTraceServiceRequest{},
		otlptest.Metrics: &colmetrics.ExportMetricsServiceRequest{},
		otlptest.Logs:    &collogs.ExportLogsServiceRequest{},
	}[r.Signal]
	if err := proto.Unmarshal(r.Body, message); err != nil {
		t.Fatal(err)
	}
	return message
}

// perRun lists the attributes that differ in every run: ids of the process, and times.
var perRun = []string{
	"service.instance.id", "spanpipe.session.id", "duration", "p95", "spanpipe.operation.wait",
	"spanpipe.operation.transfer",
}

// facts describes requests with one line for each span, series and log record, without times, ids and measurements of
// the process. Metrics are cumulative: the last request has all of them, and the contents of earlier ones depend on
// when they were made.
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
						const format = "span %s %s %s/%s %v events=%d links=%d parent=%v status=%v|%s"
						lines = append(lines, fmt.Sprintf(format,
							s.GetName(), s.GetKind(), ss.GetScope().GetName(), ss.GetScope().GetVersion(),
							attributeTexts(s.GetAttributes()), len(s.GetEvents()), len(s.GetLinks()),
							len(s.GetParentSpanId()) > 0, s.GetStatus(), resourceText(rs.GetResource())))
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
						lines = append(lines, series(metric, resourceText(rm.GetResource()))...)
					}
				}
			}
		case *collogs.ExportLogsServiceRequest:
			for _, rl := range m.GetResourceLogs() {
				for _, sl := range rl.GetScopeLogs() {
					for _, r := range sl.GetLogRecords() {
						lines = append(lines, fmt.Sprintf("log %v %v %v trace=%v|%s",
							r.GetSeverityNumber(), r.GetBody(), attributeTexts(r.GetAttributes()),
							len(r.GetTraceId()) > 0, resourceText(rl.GetResource())))
					}
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// series describes the series of a metric and their values. It omits times, CPU and memory, which differ in every run.
func series(m *metrics.Metric, resource string) []string {
	head := fmt.Sprintf("metric %s %s %q", m.GetName(), m.GetUnit(), m.GetDescription())
	var lines []string
	add := func(attrs []*common.KeyValue, value any) {
		lines = append(lines, fmt.Sprintf("%s %v %v|%s", head, attributeTexts(attrs), value, resource))
	}
	for _, p := range m.GetHistogram().GetDataPoints() {
		value := fmt.Sprint("n=", p.GetCount())
		if m.GetUnit() == "By" {
			value += fmt.Sprint(" sum=", p.GetSum())
		}
		add(p.GetAttributes(), value)
	}
	for _, p := range append(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()...) {
		if m.GetName() == "spanpipe.session.active" && p.GetAsInt() == 0 &&
			!hasAttribute(p.GetAttributes(), "spanpipe.server.name") {
			continue // whether an export happens before the handshake is processed depends on the machine
		}
		if m.GetName() == semconv.MemoryLimit.Name {
			continue // not every machine has one
		}
		if strings.HasPrefix(m.GetName(), "process.") {
			add(p.GetAttributes(), "measured")
			continue
		}
		add(p.GetAttributes(), p.GetValue())
	}
	return lines
}

func hasAttribute(attrs []*common.KeyValue, key string) bool {
	return slices.ContainsFunc(attrs, func(a *common.KeyValue) bool { return a.GetKey() == key })
}

func attributeTexts(attrs []*common.KeyValue) []string {
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

func resourceText(r *resource.Resource) string {
	return strings.Join(attributeTexts(r.GetAttributes()), " ")
}

// TestPreviewIsWhatIsSent runs the same session twice, with preview and with a receiver, and compares the telemetry.
func TestPreviewIsWhatIsSent(t *testing.T) {
	for _, test := range []struct {
		name      string
		variables []string
		protocol  otlptest.Protocol
	}{
		{"by default", nil, otlptest.GRPC},
		{"with content", []string{"SPANPIPE_CAPTURE=arguments,results,errors,uris"}, otlptest.HTTP},
		{"with settings", []string{"OTEL_SERVICE_NAME=mine", "OTEL_RESOURCE_ATTRIBUTES=team=a",
			"SPANPIPE_TRACE_SCOPE=operation", "SPANPIPE_OTLP_LOG_LEVEL=warn"}, otlptest.GRPC},
		{"without metrics", []string{"SPANPIPE_OTEL_METRICS_EXPORTER=none"}, otlptest.HTTP},
		{"spans alone", []string{"OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none"}, otlptest.GRPC},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// A single export at the end: the value of a gauge before that depends on the moment.
			variables := append([]string{
				"OTEL_BSP_SCHEDULE_DELAY=60000", "OTEL_BLRP_SCHEDULE_DELAY=60000", "OTEL_METRIC_EXPORT_INTERVAL=60000",
			}, test.variables...)
			out := filepath.Join(t.TempDir(), "records")
			runPreview(t, []string{"--out", out}, variables...)
			text, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			var shown, sent []proto.Message
			for line := range strings.Lines(string(text)) {
				shown = append(shown, parseOTLP(t, line))
			}
			r := otlptest.Start(t, otlptest.Config{})
			variables = slices.Concat(variables, r.Env(test.protocol), []string{"SPANPIPE_TELEMETRY=otlp"})
			talkForPreview(t, open(t, cast.As(t, "server"), variables...))
			for _, request := range r.Requests() {
				sent = append(sent, decodeRequest(t, request))
			}
			shownFacts, sentFacts := facts(shown), facts(sent)
			if len(shownFacts) != len(sentFacts) || len(shownFacts) < 8 {
				t.Errorf("preview shows %d records, the receiver got %d; want equal numbers of at least 8",
					len(shownFacts), len(sentFacts))
			}
			for _, line := range shownFacts {
				if !slices.Contains(sentFacts, line) {
					t.Errorf("shown but not sent: %s", line)
				}
			}
			for _, line := range sentFacts {
				if !slices.Contains(shownFacts, line) {
					t.Errorf("sent but not shown: %s", line)
				}
			}
		})
	}
}

// TestPreviewNoConnection: preview connects to nothing, whatever the variables say.
func TestPreviewNoConnection(t *testing.T) {
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
			c := newConnectionCounter(t)
			url := c.url()
			h := runPreview(t, nil, append([]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + url, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + url,
				"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT=" + url,
				"HTTP_PROXY=" + url, "HTTPS_PROXY=" + url, "ALL_PROXY=" + url,
			}, test.variables...)...)
			if n := c.connections(t); n > 0 {
				t.Errorf("%d connections, want none", n)
			}
			signals := map[string]int{}
			for line := range strings.Lines(h.Stderr.String()) {
				if strings.HasPrefix(line, "{") {
					signals[fmt.Sprintf("%T", parseOTLP(t, line))]++
				} else if strings.Contains(line, "serving metrics") {
					t.Errorf("preview serves an admin page: %s", line)
				}
			}
			if len(signals) != 3 {
				t.Errorf("preview shows %v, want all three signals", signals)
			}
		})
	}
}

// TestPreviewFile: preview creates the file with mode 0600, and refuses to overwrite one.
func TestPreviewFile(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "records")
	h := runPreview(t, []string{"--out", out})
	if got := h.Stderr.String(); got != "" {
		t.Errorf("stderr = %q, want none", got)
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	if exe == "" && info.Mode() != 0o600 {
		t.Errorf("mode = %v, want 0600", info.Mode())
	}
	before, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a file that exists": out, "a directory": dir,
		"a directory that does not exist": filepath.Join(dir, "none", "records"),
	} {
		t.Run(name, func(t *testing.T) {
			line := append([]string{binary(t), "preview", "--out", path, "--"}, cast.As(t, "server")...)
			h := mcptest.Open(t, line, newHome(t).in())
			if rest := h.Rest(); rest != "" {
				t.Errorf("the server ran: stdout = %q", rest)
			}
			wantExit(t, h, 2)
		})
	}
	if after, err := os.ReadFile(out); err != nil || string(after) != string(before) {
		t.Errorf("the existing file has changed (%v)", err)
	}
}
