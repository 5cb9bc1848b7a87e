package admin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/admin"
)

// TestHealthPages asks for the health pages in text and JSON, by GET and HEAD.
func TestHealthPages(t *testing.T) {
	started := time.Now().Add(-time.Hour)
	well := admin.Health{Version: "1.2.3", Started: started, OpenCalls: 2, Alive: true, Answered: true}
	silent, ended := well, well
	silent.Answered, ended.Alive = false, false
	for _, test := range []struct {
		health       admin.Health
		path         string
		code         int
		text, status string
		checks       string
		uptime       bool
	}{
		{well, "/healthz", 200, "the server is running", "ok", "process", true},
		{well, "/ready", 200, "the server has answered a request", "ok", "process answered", true},
		{silent, "/health", 200, "the server is running", "ok", "process", true},
		{silent, "/readyz", 503, "no response from the server yet", "failed", "process -answered", true},
		{ended, "/healthz", 503, "the server has ended", "failed", "-process", false},
		{ended, "/readyz", 503, "the server has ended", "failed", "-process answered", false},
	} {
		s := serve(t, "127.0.0.1:0", func() admin.Health { return test.health })
		ask := func(method, suffix, accept string) (*http.Response, string) {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Addr().String()+test.path+suffix, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept", accept)
			r.Close = true
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			text, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != test.code {
				t.Errorf("%s %s: %d, %v; want %d", method, test.path, response.StatusCode, err, test.code)
			}
			return response, string(text)
		}
		for _, accept := range []string{"", "*/*", "text/html,*/*"} {
			if r, text := ask(http.MethodGet, "", accept); text != test.text+"\n" || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
				t.Errorf("%s for %q: %q, %s", test.path, accept, text, r.Header)
			}
		}
		if _, text := ask(http.MethodHead, "", ""); text != "" {
			t.Errorf("HEAD %s: %q", test.path, text)
		}
		for _, form := range [][2]string{{"", "application/json"}, {"?format=json", ""}} {
			r, text := ask(http.MethodGet, form[0], form[1])
			var report admin.Report
			if err := json.Unmarshal([]byte(text), &report); err != nil || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s%s: %q, %v, %v", test.path, form[0], text, r.Header, err)
			}
			if report.Status != test.status || report.Version != "1.2.3" || report.OpenCalls != 2 || checks(report) != test.checks ||
				(report.Uptime >= 3600) != test.uptime {
				t.Errorf("%s: %+v, want %s and checks %s", test.path, report, test.status, test.checks)
			}
		}
		s.Close(t.Context())
	}
}

// checks returns the names of a report's checks, those that do not hold with a minus.
func checks(report admin.Report) string {
	var names []string
	for _, c := range report.Checks {
		if !c.OK {
			c.Name = "-" + c.Name
		}
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

// TestOtherMethods: the pages only answer questions.
func TestOtherMethods(t *testing.T) {
	s := serve(t, "127.0.0.1:0", well)
	for _, path := range []string{"/", "/metrics", "/healthz", "/readyz"} {
		response, err := http.Post("http://"+s.Addr().String()+path, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, response.StatusCode)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
