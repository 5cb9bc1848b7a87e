package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// needsSessions has panels that a gateway's metrics cannot fill, since they show single sessions, and why.
var needsSessions = map[string]string{
	"executive.json: Active users": "accounts are attributes of sessions",
	"operations.json: Memory":      "a limit is that of one session",
}

// TestPeersGatewayPanels: through the gateway, every query of every panel returns data but for those that show single sessions, as
// docs/scale.md lists them.
func TestPeersGatewayPanels(t *testing.T) {
	p, store := startPrometheus(t, nil), t.TempDir()
	g := startGateway(t, "0", p.url+"/api/v1/otlp")
	rules := filepath.Join(store, "rules.yaml")
	writeFile(t, rules, "rules: [{name: deployed.echoes, type: counter, match: {tool: echo}}]\n")
	variables := append(g.variables(store, gatewayToken), "SPANPIPE_METRIC_RULES="+rules, "SPANPIPE_USER=hash", "SPANPIPE_METRICS_CLIENT=on")
	h := open(t, cast.As(t, "sdk"), append(variables, "OTEL_METRIC_EXPORT_INTERVAL=100")...)
	useEveryInstrument(t, h)
	waitFor(t, "the running server in Prometheus", func() bool { return p.is("count(process_unix_file_descriptor_count > 0)", 1) })
	waitFor(t, "its processor time", func() bool {
		got, err := p.try("last_over_time(job:process_cpu_time_seconds_total:increase1m[5m])")
		return err == nil && len(got) > 0
	})
	runCrash(t, open(t, cast.As(t, "server"), variables...))
	changed := openChanging(t, variables...)
	endSession(t, changed)
	h.CloseInput()
	h.Wait()
	waitFor(t, "what has grown to be recorded", func() bool {
		return p.is(`sum(sum_over_time(job:spanpipe_server_exits_total:increase1m[5m]))`, 3)
	})
	document, err := os.ReadFile("../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range readDashboards(t) {
		for _, panel := range d.Panels {
			where := d.file + ": " + panel.Title
			empty := 0
			for _, target := range panel.Targets {
				if !target.Exemplar && len(p.query(grafanaVariables.Replace(target.Expr))) == 0 {
					empty++
				}
			}
			_, known := needsMore[where]
			reason, expected := needsSessions[where]
			switch {
			case empty > 0 && !known && !expected:
				t.Errorf("%s: %d queries have no data", where, empty)
			case expected && empty == 0:
				t.Errorf("%s: has data, though %s", where, reason)
			case expected && !strings.Contains(string(document), `"`+panel.Title+`"`):
				t.Errorf("%s: docs/scale.md does not mention that it is empty", where)
			}
		}
	}
}
