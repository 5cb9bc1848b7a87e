package cmd_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
)

// labels are those of an alert.
type labels map[string]string

// TestPeersAlertmanagerMutes: a real Alertmanager mutes an alert because of another one of the same cause, and only then.
func TestPeersAlertmanagerMutes(t *testing.T) {
	a := startAlertmanager(t)
	tool := func(job, name, severity, tool string) labels {
		return labels{"alertname": name, "severity": severity, "job": job, "spanpipe_server_name": "Web", "gen_ai_tool_name": tool}
	}
	const warning, critical, info = "warning", "critical", "info"
	tests := []struct {
		name         string
		cause, other labels
		muted        bool
	}{
		{"hangs", tool("1", "McpToolHanging", warning, "fetch"), tool("1", "McpCallHanging", warning, "fetch"), true},
		{"hangs the other way", tool("2", "McpCallHanging", warning, "fetch"), tool("2", "McpToolHanging", warning, "fetch"), false},
		{"clients that give up", tool("3", "McpToolHanging", warning, "fetch"), tool("3", "McpCallsTimingOut", warning, "fetch"), true},
		{"another tool hangs", tool("4", "McpToolHanging", warning, "fetch"), tool("4", "McpCallHanging", warning, "read"), false},
		{"a page", tool("5", "McpToolBroken", critical, "fetch"), tool("5", "McpToolHanging", warning, "fetch"), true},
		{"a page, and security", tool("6", "McpToolBroken", critical, "fetch"), tool("6", "McpAccessRefused", warning, "fetch"), false},
		{"a session's memory", labels{"alertname": "McpMemoryNearLimit", "severity": warning, "job": "7", "instance": "a"},
			labels{"alertname": "McpMemoryHigh", "severity": warning, "job": "7", "instance": "a"}, true},
		{"another session's memory", labels{"alertname": "McpMemoryNearLimit", "severity": warning, "job": "8", "instance": "a"},
			labels{"alertname": "McpMemoryHigh", "severity": warning, "job": "8", "instance": "b"}, false},
		{"the protocol", labels{"alertname": "McpProtocolErrorsRising", "severity": warning, "job": "9", "spanpipe_server_name": "Web"},
			labels{"alertname": "McpProtocolViolation", "severity": info, "job": "9", "spanpipe_server_name": "Web", "spanpipe_violation_kind": "not_json"}, true},
		{"a server that is down", labels{"alertname": "McpServerDown", "severity": critical, "job": "10"}, tool("10", "McpToolBroken", critical, "fetch"), true},
		{"another that is down", labels{"alertname": "McpServerDown", "severity": critical, "job": "other"}, tool("11", "McpToolFailing", warning, "fetch"), false},
		{"tools together", labels{"alertname": "McpToolsFailingTogether", "severity": warning, "job": "12", "spanpipe_server_name": "Web"},
			tool("12", "McpToolFailing", warning, "fetch"), true},
		{"budgets of both kinds", tool("14", "McpSuccessBurningFast", critical, "fetch"), tool("14", "McpLatencyBurningFast", critical, "fetch"), false},
		{"budgets", tool("13", "McpSuccessBurningFast", critical, "fetch"), tool("13", "McpSuccessBurningSteady", critical, "fetch"), true},
		{"budgets of latency", tool("15", "McpLatencyBurningFast", critical, "fetch"), tool("15", "McpLatencyBurningSteady", critical, "fetch"), true},
		{"a broken tool's budget", tool("16", "McpToolBroken", critical, "fetch"), tool("16", "McpSuccessBurningFast", critical, "fetch"), true},
		{"no collector", labels{"alertname": "McpCollectorDown", "severity": critical, "job": "collector"},
			labels{"alertname": "McpServerDown", "severity": critical, "job": "17"}, true},
	}
	for _, test := range tests {
		a.post(t, test.cause, test.other)
	}
	// Alertmanager takes alerts in their order. The last one is muted, so that it has then seen all.
	for _, test := range tests {
		if test.muted {
			waitFor(t, test.name+": the alert to be muted", func() bool { return a.state(t, test.other) == "suppressed" })
		}
	}
	for _, test := range tests {
		if !test.muted {
			waitFor(t, test.name+": the alert to be there", func() bool { return a.state(t, test.other) != "unprocessed" })
			if got := a.state(t, test.other); got != "active" {
				t.Errorf("%s: %s is %s, want active", test.name, test.other["alertname"], got)
			}
		}
	}
}

// post sends alerts, as Prometheus does. The first is there before the second, so that it can mute it.
func (a alertmanager) post(t *testing.T, alerts ...labels) {
	t.Helper()
	for _, alert := range alerts {
		body, err := json.Marshal([]any{map[string]labels{"labels": alert}})
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.Post("http://"+a.address+"/api/v2/alerts", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("Alertmanager answers %s", response.Status)
		}
	}
}

// state returns the state of an alert: active, suppressed, or unprocessed, also while Alertmanager does not have it.
func (a alertmanager) state(t *testing.T, alert labels) string {
	t.Helper()
	var got []struct {
		Labels labels
		Status struct{ State string }
	}
	api := prometheus{t: t, url: "http://" + a.address}
	if err := api.get("/api/v2/alerts?filter=job="+alert["job"]+"&filter=alertname="+alert["alertname"], &got); err != nil || len(got) != 1 {
		return "unprocessed"
	}
	return got[0].Status.State
}
