package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// board describes a dashboard, which is for one audience.
type board struct {
	name      string // of the file, and in addresses
	title     string
	about     string
	from      string // the time that it shows first, up to now
	refresh   string
	variables []variable
	price     bool // the user may enter one
	rows      []row
}

// row is a part of a dashboard with a heading. The first has none.
type row struct {
	title  string
	panels []panel
}

// boards returns the dashboards.
func boards() []board {
	return []board{operations(), development(), executive(), security(), capacity()}
}

// variable is a choice at the top of a dashboard, from the values of a label.
type variable struct{ name, label, values string }

var (
	jobs      = variable{"job", "Server", "label_values(" + metric(semconv.SessionActive) + ", job)"}
	sessions  = variable{"instance", "Session", "label_values(" + metric(semconv.SessionActive) + `{job=~"$job"}, instance)`}
	tools     = variable{"tool", "Tool", "label_values(" + grown(semconv.ServerOperationDuration) + `{job=~"$job"}, ` + tool + ")"}
	clients   = variable{"client", "Client", "label_values(" + metric(semconv.SessionActive) + `{job=~"$job"}, ` + client + ")"}
	resources = variable{"resource", "Resource", "label_values(" + grown(semconv.ResourceReads) + `{job=~"$job"}, ` + resource + ")"}
	// custom are the names of metrics that are neither spanpipe's nor Prometheus' own.
	custom = variable{"custom", "Metric of your own", `label_values({job=~"$job", job!="", __name__!~"mcp_.+|spanpipe_.+|process_.+|job.*:.+|target_info|` +
		`otel_.+|scrape_.+|up|ALERTS.*|.+_bucket"}, __name__)`}
	methods = variable{"method", "Method", "label_values(" + grown(semconv.ServerOperationDuration) + `{job=~"$job"}, ` + method + ")"}
)

func (v variable) build() cog.Builder[dashboard.VariableModel] {
	all := dashboard.VariableOption{
		Text: dashboard.StringOrArrayOfString{String: cog.ToPtr("All")}, Value: dashboard.StringOrArrayOfString{String: cog.ToPtr("$__all")},
	}
	b := dashboard.NewQueryVariableBuilder(v.name).Label(v.label).Datasource(source).
		Query(dashboard.StringOrMap{Map: map[string]any{"query": v.values, "refId": v.name, "qryType": 1}}).
		Definition(v.values).Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc).
		Multi(true).IncludeAll(true).Current(all)
	if v.name != custom.name {
		b.AllValue(".*") // also what has not been seen in the time shown; of metrics, it would be all that there are
	}
	return b
}

// build returns Grafana's dashboard.
func (d board) build() *dashboard.DashboardBuilder {
	b := dashboard.NewDashboardBuilder(d.title).Uid("spanpipe-"+d.name).Description(d.about).
		Tags([]string{"mcp", "spanpipe"}).Time(d.from, "now").Refresh(d.refresh).Timezone("browser").Readonly().
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Link(dashboard.NewDashboardLinkBuilder("MCP servers").Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{"spanpipe"}).IncludeVars(true).KeepTime(true)).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Metrics").Type("prometheus")).
		WithVariable(dashboard.NewDatasourceVariableBuilder("traces").Label("Traces").Type("jaeger")).
		WithVariable(dashboard.NewDatasourceVariableBuilder("logs").Label("Logs").Type("loki"))
	for _, v := range d.variables {
		b.WithVariable(v.build())
	}
	if d.price {
		b.WithVariable(dashboard.NewTextBoxVariableBuilder("price").Label("Price of a million input tokens").DefaultValue(dashboard.StringOrMap{String: cog.ToPtr("0")}))
	}
	b.Annotation(note("Alerts", "red", `ALERTS{alertstate="firing", job=~"$job"}`, "{{alertname}}", "{{job}} {{"+tool+"}}")).
		Annotation(note("Crashes", "orange", count(semconv.ServerSessionDuration, "1m", []string{job}, where(endedFirst))+" > 0",
			"ended before its client", "{{job}}"))
	id := uint32(0)
	for _, r := range d.rows {
		if r.title != "" {
			id++
			b.WithRow(dashboard.NewRowBuilder(r.title).Id(id))
		}
		for _, p := range r.panels {
			id++
			b.WithPanel(p.build(id))
		}
	}
	return b
}

func note(name, color, expr, title, text string) cog.Builder[dashboard.AnnotationQuery] {
	return dashboard.NewAnnotationQueryBuilder().Name(name).Datasource(source).Enable(true).IconColor(color).
		Expr(expr).Step("60s").TitleFormat(title).TextFormat(text)
}

// explore returns an address that opens Grafana's Explore with a query, for the time that the dashboard shows.
func explore(kind, uid string, query map[string]any) string {
	query["refId"] = "A"
	query["datasource"] = map[string]string{"type": kind, "uid": uid}
	pane := map[string]any{"a": map[string]any{
		"datasource": uid, "queries": []any{query}, "range": map[string]string{"from": "${__from}", "to": "${__to}"},
	}}
	text, err := json.Marshal(pane)
	if err != nil {
		panic(err) // maps and texts can be written
	}
	return "/explore?schemaVersion=1&orgId=1&panes=" + keep(strings.ReplaceAll(url.QueryEscape(string(text)), "+", "%20"))
}

// keep leaves Grafana's variables as they are: it replaces them before it opens the address, and encodes what it puts in.
func keep(escaped string) string {
	names := []string{"${__from}", "${__to}", "${traces}", "${logs}"}
	for _, from := range []string{ofSeries, ofRow} {
		names = append(names, fmt.Sprintf(from, job), fmt.Sprintf(from, tool))
	}
	for _, name := range names {
		escaped = strings.ReplaceAll(escaped, url.QueryEscape(name), name)
	}
	return escaped
}

// Where the links of a panel find a label: a table has no series, but columns.
const (
	ofSeries = "${__field.labels.%s}"
	ofRow    = "${__data.fields.%s}"
)

// drill leads from a series, or a row, to the traces and the logs of its server; with a tool, to those of its calls.
func drill(from string, withTool bool) []link {
	search := map[string]any{"queryType": "search", "service": fmt.Sprintf(from, job), "limit": 20}
	logs := `{service_name="` + fmt.Sprintf(from, job) + `"}`
	if withTool {
		search["tags"] = semconv.ToolName + "=" + fmt.Sprintf(from, tool)
		logs += " | " + tool + `="` + fmt.Sprintf(from, tool) + `"`
	}
	return []link{
		{"Traces", explore("jaeger", "${traces}", search)},
		{"Logs", explore("loki", "${logs}", map[string]any{"queryType": "range", "expr": logs})},
	}
}
