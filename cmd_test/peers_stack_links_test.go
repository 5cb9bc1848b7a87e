package cmd_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// grafanaLinks is what provisioning tells Grafana about ways from one data source to another.
type grafanaLinks struct {
	logs       string // the query for a span's log records
	before     time.Duration
	after      time.Duration
	traceLabel string // the label of a log record that has the id of its trace
	exemplar   string // the label of an exemplar that has it
	tags       []struct{ Key, Value string }
	queries    []struct{ Name, Query string }
}

func readLinks(t *testing.T) grafanaLinks {
	t.Helper()
	var decoded struct {
		DataSources []struct {
			UID      string
			JSONData struct {
				ExemplarTraceIDDestinations []struct{ Name, DataSourceUID string }
				TracesToLogsV2              struct{ DataSourceUID, SpanStartTimeShift, SpanEndTimeShift, Query string }
				TracesToMetrics             struct {
					DataSourceUID string
					Tags          []struct{ Key, Value string }
					Queries       []struct{ Name, Query string }
				}
				DerivedFields []struct{ MatcherType, MatcherRegex, URL, DataSourceUID string }
			}
		}
	}
	readYAML(t, "grafana/provisioning/datasources/spanpipe.yaml", &decoded)
	if len(decoded.DataSources) != 4 {
		t.Fatalf("there are %d data sources, want 4", len(decoded.DataSources))
	}
	prometheus, jaeger, loki := decoded.DataSources[0].JSONData, decoded.DataSources[1].JSONData, decoded.DataSources[2].JSONData
	exemplar, field := prometheus.ExemplarTraceIDDestinations[0], loki.DerivedFields[0]
	for _, link := range []struct{ from, to, want string }{
		{"Prometheus", exemplar.DataSourceUID, decoded.DataSources[1].UID},
		{"Jaeger", jaeger.TracesToLogsV2.DataSourceUID, decoded.DataSources[2].UID},
		{"Jaeger", jaeger.TracesToMetrics.DataSourceUID, decoded.DataSources[0].UID},
		{"Loki", field.DataSourceUID, decoded.DataSources[1].UID},
	} {
		if link.to != link.want || link.to == "" {
			t.Errorf("%s leads to %q, want %q", link.from, link.to, link.want)
		}
	}
	if field.MatcherType != "label" || field.URL != "$${__value.raw}" {
		t.Errorf("the link of a log record is %+v, want that of a label's value", field)
	}
	links := grafanaLinks{
		logs: jaeger.TracesToLogsV2.Query, traceLabel: field.MatcherRegex, exemplar: exemplar.Name,
		tags: jaeger.TracesToMetrics.Tags, queries: jaeger.TracesToMetrics.Queries,
	}
	var err error
	if links.before, err = time.ParseDuration(jaeger.TracesToLogsV2.SpanStartTimeShift); err != nil {
		t.Fatal(err)
	}
	if links.after, err = time.ParseDuration(jaeger.TracesToLogsV2.SpanEndTimeShift); err != nil {
		t.Fatal(err)
	}
	return links
}

// linkedSpan is a span with what Grafana's links use of it.
type linkedSpan struct {
	jaegerSpan
	TraceID             string
	StartTime, Duration int64 // µs
}

// callsOf returns the spans of a tool's calls, as the data source's search finds them.
func (s *stack) callsOf(service, tool string) []linkedSpan {
	s.t.Helper()
	query := url.Values{"service": {service}, "limit": {"20"}, "tags": {asJSON(s.t, map[string]string{semconv.ToolName: tool})}}
	var decoded struct {
		Data []struct{ Spans []linkedSpan }
	}
	if err := json.Unmarshal(s.jaegerPage("/api/traces?"+query.Encode()), &decoded); err != nil {
		s.t.Fatal(err)
	}
	var calls []linkedSpan
	for _, trace := range decoded.Data {
		for _, span := range trace.Spans {
			if span.tag(semconv.ToolName) == tool {
				calls = append(calls, span)
			}
		}
	}
	if len(calls) == 0 {
		s.t.Fatalf("Jaeger finds no call of %s in %s", tool, service)
	}
	return calls
}

// checkLogLinks follows the link from the span of a call that hung to its log records, and back.
func (s *stack) checkLogLinks(links grafanaLinks, session stackSession) {
	s.t.Helper()
	span := s.callsOf(session.service, "hang")[0]
	query := strings.ReplaceAll(links.logs, "$${__span.traceId}", span.TraceID)
	start, end := time.UnixMicro(span.StartTime), time.UnixMicro(span.StartTime+span.Duration)
	bodies := map[string]int{}
	for _, record := range s.logs(query, start.Add(links.before), end.Add(links.after)) {
		if record.labels["service_name"] != session.service {
			s.t.Errorf("the link leads to a record of %s", record.labels["service_name"])
		}
		if strings.HasPrefix(record.line, "operation has not") && record.labels["span_id"] != span.SpanID {
			s.t.Errorf("the hang is one of span %s, want %s", record.labels["span_id"], span.SpanID)
		}
		bodies[record.line]++
		back := map[string]string{}
		jaegerSpans(s.t, s.jaegerPage("/api/traces/"+record.labels[links.traceLabel]), back)
		if back[span.SpanID] == "" {
			s.t.Errorf("%q does not lead back to the span", record.line)
		}
	}
	for _, want := range []string{"session started", "operation has not been answered yet", "session ended"} {
		if bodies[want] == 0 {
			s.t.Errorf("%s finds %v, want %q too", query, bodies, want)
		}
	}
}

// checkMetricLinks follows the links from a span to the metrics of its tool, and from an exemplar of a metric to its trace.
func (s *stack) checkMetricLinks(links grafanaLinks, session stackSession) {
	s.t.Helper()
	span := s.callsOf(session.service, "echo")[0]
	var tags []string
	for _, tag := range links.tags {
		tags = append(tags, fmt.Sprintf("%s=%q", tag.Value, span.tag(tag.Key)))
	}
	for i, link := range links.queries {
		expr := strings.ReplaceAll(link.Query, "$$__tags", strings.Join(tags, ", "))
		got := s.prometheus.query("max_over_time((" + expr + ")[10m:1s])")
		if none := len(got) == 0 || got[0] == 0; none == (i == 0) { // no call of echo has failed
			s.t.Errorf("%s: %v, for %s", link.Name, got, expr)
		}
	}
	var decoded struct {
		Data []struct {
			Exemplars []struct{ Labels map[string]string }
		}
	}
	expr := `mcp_server_operation_duration_seconds_bucket{job="` + session.service + `"}`
	path := fmt.Sprintf("/api/v1/query_exemplars?query=%s&start=%d&end=%d", url.QueryEscape(expr), time.Now().Unix()-600, time.Now().Unix()+1)
	if err := s.prometheus.get(path, &decoded); err != nil || len(decoded.Data) == 0 {
		s.t.Fatalf("%d series have exemplars: %v", len(decoded.Data), err)
	}
	if got := decoded.Data[0].Exemplars[0].Labels[links.exemplar]; got != span.TraceID {
		s.t.Errorf("an exemplar leads to trace %q, want %s", got, span.TraceID)
	}
}

// checkDashboardLinks follows the links from a tool in a dashboard to its traces and its log records.
func (s *stack) checkDashboardLinks(session stackSession) {
	s.t.Helper()
	for _, link := range findPanel(s.t, "Tools, in the last 24 hours").FieldConfig.Defaults.Links {
		address := strings.NewReplacer("${__field.labels.job}", session.service, "${__data.fields.job}", session.service,
			"${__field.labels.gen_ai_tool_name}", "hang", "${__data.fields.gen_ai_tool_name}", "hang").Replace(link.URL)
		parsed, err := url.Parse(address)
		if err != nil {
			s.t.Fatal(err)
		}
		var panes map[string]struct {
			Queries []struct{ Expr, Service, Tags string }
		}
		if err := json.Unmarshal([]byte(parsed.Query().Get("panes")), &panes); err != nil {
			s.t.Fatal(err)
		}
		switch query := panes["a"].Queries[0]; {
		case query.Expr != "":
			if len(s.logs(query.Expr, time.Now().Add(-time.Hour), time.Now())) == 0 {
				s.t.Errorf("Loki finds nothing for %s", query.Expr)
			}
		default:
			if want := semconv.ToolName + "=hang"; query.Tags != want || query.Service != session.service {
				s.t.Errorf("the link to Jaeger searches %+v, want %s", query, want)
			}
			s.callsOf(query.Service, "hang")
		}
	}
}
