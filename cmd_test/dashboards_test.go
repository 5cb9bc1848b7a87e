package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// dashboard has the parts of Grafana's JSON that the tests check.
type dashboard struct {
	file   string
	UID    string
	Title  string
	Panels []dashboardPanel
	Links  []struct {
		Tags        []string
		IncludeVars bool
	}
	Templating struct{ List []struct{ Name, Type string } }
}

type dashboardPanel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ H, W, X, Y int }
	FieldConfig              struct {
		Defaults struct {
			Unit, NoValue string
			Min           *float64
			Links         []struct{ URL string }
		}
	}
	Targets []struct {
		Expr, RefID string
		Exemplar    bool
	}
}

func readDashboards(t *testing.T) []dashboard {
	t.Helper()
	files, err := filepath.Glob("../deploy/grafana/dashboards/*.json")
	if err != nil || len(files) != 5 {
		t.Fatalf("there are %d dashboards (%v), want 5", len(files), err)
	}
	var all []dashboard
	for _, file := range files {
		text, err := os.ReadFile(file)
		d := dashboard{file: filepath.Base(file)}
		if err == nil {
			err = json.Unmarshal(text, &d)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// findPanel returns the first panel with a title.
func findPanel(t *testing.T, title string) dashboardPanel {
	t.Helper()
	for _, d := range readDashboards(t) {
		for _, panel := range d.Panels {
			if panel.Title == title {
				return panel
			}
		}
	}
	t.Fatalf("no dashboard has a panel %q", title)
	return dashboardPanel{}
}

// TestDeployDashboards checks the dashboards by the rules of Grafana's dashboard linter: each panel has a title, a description and
// a unit; data come from the variable; nothing is covered; each instrument is shown.
func TestDeployDashboards(t *testing.T) {
	var expressions strings.Builder
	for _, d := range readDashboards(t) {
		variables := map[string]string{}
		for _, v := range d.Templating.List {
			variables[v.Name] = v.Type
		}
		if variables["datasource"] != "datasource" || variables["job"] != "query" {
			t.Errorf("%s lacks the variables datasource and job", d.file)
		}
		if len(d.Links) != 1 || !d.Links[0].IncludeVars {
			t.Errorf("%s does not link to the others", d.file)
		}
		cells, ids := map[[2]int]string{}, map[int]bool{}
		for _, p := range d.Panels {
			where := d.file + ": " + p.Title
			if ids[p.ID] || p.ID == 0 {
				t.Errorf("%s: id %d is not unique", where, p.ID)
			}
			ids[p.ID] = true
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					if other, taken := cells[[2]int{x, y}]; taken || x >= 24 {
						t.Fatalf("%s overlaps %q or is outside the grid", where, other)
					}
					cells[[2]int{x, y}] = p.Title
				}
			}
			if p.Type == "row" {
				continue
			}
			if defaults := p.FieldConfig.Defaults; p.Title == "" || p.Description == "" || defaults.Unit == "" || defaults.NoValue == "" {
				t.Errorf("%s: no title, description, unit or text without data", where)
			}
			for _, link := range p.FieldConfig.Defaults.Links {
				if !strings.HasPrefix(link.URL, "/explore?") {
					t.Errorf("%s: a link to %s", where, link.URL)
				}
			}
			for i, target := range p.Targets {
				if target.RefID != string(rune('A'+i)) {
					t.Errorf("%s: query %d is named %q", where, i, target.RefID)
				}
				for _, v := range variable.FindAllStringSubmatch(target.Expr, -1) {
					if _, known := variables[v[1]]; !known && !strings.HasPrefix(v[1], "__") {
						t.Errorf("%s: unknown variable %s", where, v[1])
					}
				}
				expressions.WriteString(target.Expr + "\n")
			}
		}
	}
	for _, name := range instrumentNames() {
		if !regexp.MustCompile(`\b` + name + `(_bucket|_count|_sum)?(:increase1m)?(\[|\{)`).MatchString(expressions.String()) {
			t.Errorf("no panel shows %s", name)
		}
	}
}

var variable = regexp.MustCompile(`\$(\w+)`)

// grafanaVariables replaces Grafana's variables, for a time range of half an hour.
var grafanaVariables = strings.NewReplacer(
	":1m]", ":1s]", "$__interval_ms", "1800000", "$__interval", "30m", "$__range", "30m",
	"$job", ".*", "$tool", ".*", "$client", ".*", "$resource", ".*", "$method", ".*", "$instance", ".*", "$price", "3", "$custom", "deployed_echoes_total")

// needsMore has panels that sessions of a few seconds cannot fill, and why.
var needsMore = map[string]string{
	"capacity.json: Telemetry lost":                       "none is",
	"operations.json: Telemetry lost":                     "likewise",
	"executive.json: This week against the last":          "a week",
	"executive.json: Calls a day, this week and the last": "a week",
	"capacity.json: Sessions":                             "a straight line needs hours",
	"capacity.json: Calls a second":                       "likewise",
	"capacity.json: Memory":                               "likewise",
	"capacity.json: Processors":                           "likewise",
	"capacity.json: Records and samples a second":         "Prometheus and the collector scrape themselves in a deployment",
}

// checkPanels expects every query of every panel to return data.
func checkPanels(t *testing.T, p prometheus) {
	t.Helper()
	for _, d := range readDashboards(t) {
		for _, panel := range d.Panels {
			where := d.file + ": " + panel.Title
			filled := 0
			for _, target := range panel.Targets {
				expr := grafanaVariables.Replace(target.Expr)
				if strings.Contains(expr, memoryLimit) && !memoryIsLimited() {
					continue
				}
				got := p.query(expr)
				if len(got) > 0 || target.Exemplar {
					filled++
				} else if _, ok := needsMore[where]; !ok {
					t.Errorf("%s: no data for\n%s", where, expr)
				}
			}
		}
	}
}

// checkTruth compares what panels show of each tool with what the sessions have stored.
func checkTruth(t *testing.T, p prometheus, dir string) {
	t.Helper()
	stdout, stderr, code := reported(t, dir, "--json")
	var truth struct {
		Rows []struct {
			Tool           string
			Calls, Failed  float64
			ResponseTokens float64 `json:"response_tokens"`
		}
	}
	if err := json.Unmarshal([]byte(stdout), &truth); err != nil || code != 0 || len(truth.Rows) == 0 {
		t.Fatalf("spanpipe report: %v, exit code %d, %s", err, code, stderr)
	}
	table, tokens := findPanel(t, "Tools, in the last 24 hours"), findPanel(t, "Results")
	read := func(panel dashboardPanel, query int) map[string]float64 {
		return p.byLabel(t, grafanaVariables.Replace(panel.Targets[query].Expr), "gen_ai_tool_name")
	}
	calls, failed, answers := read(table, 0), read(table, 1), read(tokens, 0)
	for _, row := range truth.Rows {
		if calls[row.Tool] != row.Calls || failed[row.Tool] != row.Failed || answers[row.Tool] != row.ResponseTokens {
			t.Errorf("%s: panels show %v calls, %v failed, %v tokens; want %+v", row.Tool, calls[row.Tool], failed[row.Tool], answers[row.Tool], row)
		}
	}
}

// weekTest is a unit test of promtool for an expression, two weeks long.
const weekTest = `
evaluation_interval: 1d
tests:
  - interval: 1h
    input_series:
      - {series: '%[1]s{job="grown", mcp_method_name="tools/call"}', values: "1x168 2x169"}
      - {series: '%[1]s{job="fallen", mcp_method_name="tools/call"}', values: "4x168 1x169"}
      - {series: '%[1]s{job="gone", mcp_method_name="tools/call"}', values: "4x168 _x169"}
      - {series: '%[1]s{job="new", mcp_method_name="tools/call"}', values: "_x170 1x169"}
    promql_expr_test:
      - expr: '%[2]s'
        eval_time: 336h
        exp_samples:
          - {labels: '{job="grown"}', value: 1}
          - {labels: '{job="fallen"}', value: -0.75}
          - {labels: '{job="gone"}', value: -1}
`

// TestPeersDashboardWeek: the panel that compares weeks shows what has grown, what has fallen, and what is used no longer.
func TestPeersDashboardWeek(t *testing.T) {
	panel := findPanel(t, "This week against the last")
	if least := panel.FieldConfig.Defaults.Min; least == nil || *least != -1 {
		t.Errorf("bars begin at %v, want -1: what has fallen would not be seen", least)
	}
	file := filepath.Join(t.TempDir(), "week_test.yaml")
	expr := grafanaVariables.Replace(panel.Targets[0].Expr)
	writeFile(t, file, fmt.Sprintf(weekTest, "job:mcp_server_operation_duration_seconds_count:increase1m", expr))
	if output, err := exec.Command(peerPath(t, peerPromtool), "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, output)
	}
}
