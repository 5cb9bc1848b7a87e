package cmd_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// aggregations are the two forms of histograms, with the series that a session with server-everything may have: each of its
// 13 tools is called once.
var aggregations = []struct {
	name      string
	maxSeries float64
	scraped   string // chooses scraped series that have exemplars: Prometheus 3.15 reads few of those of native histograms
}{
	{"explicit_bucket_histogram", 1500, `gen_ai_tool_name="echo"`},
	{"base2_exponential_bucket_histogram", 150, ""},
}

// aggregateBy returns the variable that chooses the form of histograms.
func aggregateBy(aggregation string) string {
	return "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION=" + aggregation
}

// TestPeersPrometheusSeries runs a rich session, whose metrics one Prometheus receives and another one scrapes. Both have
// the same series, with the same labels and bounds, and not too many of them; and both link them to the traces.
func TestPeersPrometheusSeries(t *testing.T) {
	p := newPeers(t)
	for _, aggregation := range aggregations {
		t.Run(aggregation.name, func(t *testing.T) {
			_, port, _ := strings.Cut(otlptest.RefusedAddr(t), ":")
			address := "127.0.0.2:" + port
			const exemplars = "--enable-feature=exemplar-storage"
			pushed, scraped := startPrometheus(t, nil, exemplars), startPrometheus(t, []string{address}, exemplars)
			traces := otlptest.Start(t, otlptest.Config{})
			h := open(t, p.server("server-everything"), append(pushed.otlpVariables(),
				"SPANPIPE_TELEMETRY=otlp,prometheus", "SPANPIPE_ADMIN_ADDR="+address, "OTEL_SERVICE_NAME=rich",
				"OTEL_METRIC_EXPORT_INTERVAL=100", aggregateBy(aggregation.name),
				"OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc",
				"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="+traces.Endpoint(otlptest.GRPC))...)
			useEverything(t, h)
			var one, other []string
			defer func() {
				if t.Failed() {
					t.Logf("pushed alone: %q\nscraped alone: %q", without(one, other), without(other, one))
				}
			}()
			waitFor(t, "the same series in both", func() bool {
				one, other = pushed.labels(t), scraped.labels(t)
				return len(one) > 20 && slices.Equal(one, other)
			})
			if scraped.is(`count({job="rich", le="1048576"})`) == (aggregation.name == "explicit_bucket_histogram") {
				t.Error("no bucket ends at 1 MiB, or one does although there are none")
			}
			waitFor(t, "exemplars", func() bool {
				return pushed.exemplars(t, `gen_ai_tool_name="echo"`, traces) && scraped.exemplars(t, aggregation.scraped, traces)
			})
			if err := h.Cmd.Process.Signal(os.Interrupt); err != nil { // its timers outlive its input
				t.Fatal(err)
			}
			h.Wait()
			waitFor(t, "the end of the session", func() bool {
				return pushed.is("count(mcp_server_session_duration_seconds)", 1) ||
					pushed.is("count(mcp_server_session_duration_seconds_count)", 1)
			})
			got := pushed.query(`count({job="rich", __name__!~"` + ofRules + `"})`)
			t.Logf("%v series", got)
			if got[0] > aggregation.maxSeries {
				t.Errorf("%v series, want at most %v", got, aggregation.maxSeries)
			}
		})
	}
}

// useEverything calls each tool of server-everything, and whatever else a client does with it.
func useEverything(t *testing.T, h *mcptest.Host) {
	t.Helper()
	c := &mcptest.Client{Host: h}
	call := func(method string, params mcptest.Object) (result mcptest.Object) {
		t.Helper()
		id := fmt.Sprint(c.Ask(method, params))
		for { // notifications come in between
			var m mcptest.Message
			if err := json.Unmarshal([]byte(h.Line()), &m); err != nil {
				t.Fatal(err)
			}
			if string(m.ID) == id {
				_ = json.Unmarshal(m.Result, &result) // an error has none
				return result
			}
		}
	}
	call("initialize", mcptest.Object{
		"protocolVersion": "2025-11-25", "capabilities": mcptest.Object{},
		"clientInfo": mcptest.Object{"name": "rich", "version": "1"},
	})
	c.Notify("notifications/initialized", nil)
	call("tools/list", nil)
	for _, tool := range []struct {
		name      string
		arguments mcptest.Object
	}{
		{"echo", mcptest.Object{"message": "x"}}, {"get-sum", mcptest.Object{"a": 1, "b": 2}}, {"get-env", nil},
		{"get-annotated-message", mcptest.Object{"messageType": "error"}}, {"get-tiny-image", nil},
		{"get-resource-links", mcptest.Object{"count": 2}}, {"gzip-file-as-resource", nil},
		{"get-resource-reference", mcptest.Object{"resourceType": "Text", "resourceId": 1}},
		{"get-structured-content", mcptest.Object{"location": "Chicago"}}, {"toggle-simulated-logging", nil},
		{"toggle-subscriber-updates", nil}, {"simulate-research-query", mcptest.Object{"topic": "x"}},
		{"trigger-long-running-operation", mcptest.Object{"duration": 0.1, "steps": 2}},
	} {
		if tool.arguments == nil {
			tool.arguments = mcptest.Object{}
		}
		call("tools/call", mcptest.Object{
			"name": tool.name, "arguments": tool.arguments, "_meta": mcptest.Object{"progressToken": tool.name},
		})
	}
	call("resources/list", nil)
	call("resources/templates/list", nil)
	call("resources/read", mcptest.Object{"uri": "demo://resource/dynamic/text/1"})
	call("resources/read", mcptest.Object{"uri": "demo://resource/static/document/architecture.md"})
	call("prompts/list", nil)
	for _, prompt := range []string{"simple-prompt", "args-prompt", "completable-prompt", "resource-prompt"} {
		call("prompts/get", mcptest.Object{"name": prompt, "arguments": mcptest.Object{
			"city": "x", "state": "y", "department": "Engineering", "name": "Alice", "resourceType": "Text", "resourceId": "1",
		}})
	}
	call("logging/setLevel", mcptest.Object{"level": "error"})
}

// ofRules matches the names of series that rules make.
const ofRules = "ALERTS.*|.+:.+"

// labels returns the series of the rich session as text, without those that only a scrape makes. Prometheus knows the
// resource of pushed metrics, so target_info differs.
func (p prometheus) labels(t *testing.T) (all []string) {
	t.Helper()
	var decoded struct{ Data []map[string]string }
	selector := `{job="rich", __name__!~"target_info|up|scrape_.+|` + ofRules + `"}`
	if err := p.get("/api/v1/series?match[]="+url.QueryEscape(selector), &decoded); err != nil {
		return nil
	}
	for _, labels := range decoded.Data {
		all = append(all, fmt.Sprint(labels)) // sorted by key
	}
	slices.Sort(all)
	return all
}

// without returns the elements of a list that are not in another one.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// exemplars reports whether Prometheus has exemplars of durations, and all of them lead to spans of the series' method.
func (p prometheus) exemplars(t *testing.T, selector string, traces *otlptest.Receiver) bool {
	t.Helper()
	var decoded struct {
		Data []struct {
			SeriesLabels map[string]string
			Exemplars    []struct{ Labels map[string]string }
		}
	}
	query := url.Values{
		"query": {`{__name__=~"mcp_server_operation_duration_seconds(_bucket)?", ` + selector + `}`},
		"start": {"2020-01-01T00:00:00Z"}, "end": {"2100-01-01T00:00:00Z"},
	}
	if err := p.get("/api/v1/query_exemplars?"+query.Encode(), &decoded); err != nil || len(decoded.Data) == 0 {
		return false
	}
	for _, series := range decoded.Data {
		for _, exemplar := range series.Exemplars {
			if !isSpan(traces, exemplar.Labels["trace_id"], exemplar.Labels["span_id"], series.SeriesLabels["mcp_method_name"]) {
				return false
			}
		}
	}
	return true
}

// isSpan reports whether a span with these ids has arrived, for a request of the method.
func isSpan(traces *otlptest.Receiver, trace, span, method string) bool {
	return slices.ContainsFunc(traces.Spans(), func(s otlptest.Span) bool {
		return s.TraceID == trace && s.SpanID == span && s.Attrs[semconv.MethodName] == method
	})
}
