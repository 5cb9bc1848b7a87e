package cmd_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// connectionCounter accepts TCP connections, closes them and counts them.
type connectionCounter struct {
	listener net.Listener
	accepted chan net.Addr
}

func newConnectionCounter(t *testing.T) *connectionCounter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	c := &connectionCounter{listener, make(chan net.Addr, 1000)}
	go func() { // ends with the listener
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			c.accepted <- conn.RemoteAddr()
			_ = conn.Close()
		}
	}()
	return c
}

// url returns the endpoint to connect to.
func (c *connectionCounter) url() string { return "http://" + c.listener.Addr().String() }

// connections returns the number of connections so far. Connections are accepted in order, so it makes one of its own
// and counts those before it.
func (c *connectionCounter) connections(t *testing.T) int {
	t.Helper()
	conn, err := net.Dial("tcp", c.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for n := 0; ; n++ {
		if addr := <-c.accepted; addr.String() == conn.LocalAddr().String() {
			return n
		}
	}
}

// used returns what reports whether there was a connection since the last time.
func (c *connectionCounter) used(t *testing.T) func() bool {
	return func() bool { return c.connections(t) > 0 }
}

// TestNoConsentNoConnection: with every endpoint variable set, a session connects only with the user's consent.
func TestNoConsentNoConnection(t *testing.T) {
	for _, test := range []struct {
		name      string
		flags     []string
		variables []string
		want      bool
	}{
		{name: "an endpoint alone"},
		{name: "off", variables: []string{"SPANPIPE_TELEMETRY=off"}},
		{name: "console", variables: []string{"SPANPIPE_TELEMETRY=console"}},
		{name: "local", variables: []string{"SPANPIPE_TELEMETRY=local"}},
		{name: "local and DO_NOT_TRACK", variables: []string{"SPANPIPE_TELEMETRY=local,otlp,prometheus", "DO_NOT_TRACK=1"}},
		{name: "an unknown word", variables: []string{"SPANPIPE_TELEMETRY=true"}},
		{name: "off among others", variables: []string{"SPANPIPE_TELEMETRY=otlp,off"}},
		{name: "the flag wins", flags: []string{"--telemetry=console"}, variables: []string{"SPANPIPE_TELEMETRY=otlp"}},
		{name: "DO_NOT_TRACK", variables: []string{"SPANPIPE_TELEMETRY=otlp", "DO_NOT_TRACK=1"}},
		{name: "DO_NOT_TRACK with the console", variables: []string{"SPANPIPE_TELEMETRY=console,otlp",
			"DO_NOT_TRACK=true"}},
		{name: "DO_NOT_TRACK wins over a flag", flags: []string{"--telemetry=otlp"},
			variables: []string{"DO_NOT_TRACK=1"}},
		{name: "DO_NOT_TRACK over HTTP", variables: []string{"SPANPIPE_TELEMETRY=otlp", "DO_NOT_TRACK=1",
			"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"}},
		{name: "OTEL_SDK_DISABLED", variables: []string{"SPANPIPE_TELEMETRY=otlp", "OTEL_SDK_DISABLED=true"}},
		{name: "OTEL_SDK_DISABLED for spanpipe alone", variables: []string{"SPANPIPE_TELEMETRY=otlp",
			"SPANPIPE_OTEL_SDK_DISABLED=true"}},
		{name: "OTEL_SDK_DISABLED against its form for spanpipe alone", variables: []string{
			"SPANPIPE_TELEMETRY=otlp", "OTEL_SDK_DISABLED=true", "SPANPIPE_OTEL_SDK_DISABLED=false"}},
		{name: "a flag against off", flags: []string{"--telemetry=otlp"}, variables: []string{"SPANPIPE_TELEMETRY=off"}},
		{name: "a flag against off among others", flags: []string{"--telemetry=otlp"},
			variables: []string{"SPANPIPE_TELEMETRY=console, Off"}},
		{name: "every signal switched off", variables: []string{"SPANPIPE_TELEMETRY=otlp",
			"OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none"}},
		// Without these, telemetry that never sends would pass.
		{name: "consent", variables: []string{"SPANPIPE_TELEMETRY=otlp"}, want: true},
		{name: "consent by flag", flags: []string{"--telemetry", "otlp"}, want: true},
		{name: "consent, not disabled", variables: []string{"SPANPIPE_TELEMETRY=otlp", "DO_NOT_TRACK=0",
			"OTEL_SDK_DISABLED=false"}, want: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newConnectionCounter(t)
			url := c.url()
			variables := append([]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + url, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + url,
				"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT=" + url, "OTEL_EXPORTER_OTLP_INSECURE=true",
				"SPANPIPE_FLUSH_TIMEOUT=200ms",
			}, test.variables...)
			if test.want {
				variables = append(variables, "OTEL_BSP_SCHEDULE_DELAY=100")
			}
			h := mcptest.Open(t, wrapped(t, cast.As(t, "server"), test.flags...), newHome(t).in(variables...))
			mcptest.Connect(h).Tool("echo", nil)
			if test.want { // the flush bound is too short for a machine that stalls
				mcptest.Eventually(t, "the session connects", func() bool { return len(c.accepted) > 0 })
			}
			endSession(t, h)
			if n := c.connections(t); n > 0 != test.want {
				t.Errorf("%d connections, want any: %v; stderr: %s", n, test.want, h.Stderr)
			}
		})
	}
}

// decision is the output of "spanpipe consent --json".
type decision struct {
	Telemetry    bool              `json:"telemetry"`
	Reasons      []string          `json:"reasons"`
	Sinks        []string          `json:"sinks"`
	Destinations map[string]string `json:"destinations"`
	Protocols    map[string]string `json:"protocols"`
	Proxies      map[string]string `json:"proxies"`
	Store        map[string]any    `json:"store"`
	Warnings     []string          `json:"warnings"`
	Capture      []string          `json:"capture"`
	CaptureKeys  []string          `json:"capture_keys"`
	CaptureMax   int               `json:"capture_max_bytes"`
	Collected    []string          `json:"collected"`
	UnlessAsked  []string          `json:"not_collected_unless_asked"`
	Never        []string          `json:"never_collected"`
	Unknown      []struct {
		Name    string `json:"name"`
		Nearest string `json:"nearest"`
	} `json:"unknown_variables"`
}

// runConsent runs "spanpipe consent" and returns its stdout, its stderr and its exit code.
func runConsent(t *testing.T, args []string, variables ...string) (stdout, stderr string, status int) {
	t.Helper()
	place := newHome(t)
	h := mcptest.Open(t, append([]string{binary(t), "consent"}, args...), place.in(variables...))
	stdout = h.Rest()
	status = h.Wait().ExitCode()
	if left := place.left(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	return stdout, h.Stderr.String(), status
}

// TestConsentCommand checks the decision that "spanpipe consent" prints, as text and as JSON.
func TestConsentCommand(t *testing.T) {
	const (
		standard  = "http://localhost:4317"
		noContent = "no content is captured"
		noURL     = "nowhere: OTEL_EXPORTER_OTLP_ENDPOINT: not a URL such as http://localhost:4317"
	)
	otlp := map[string]string{"traces": standard, "metrics": standard, "logs": standard}
	for _, test := range []struct {
		name      string
		flags     []string
		variables []string
		sinks     []string // none if telemetry is off
		reason    string
		to        map[string]string
		capture   []string
		warning   string
	}{
		{name: "nothing set", reason: "SPANPIPE_TELEMETRY is not set"},
		{name: "an endpoint alone", variables: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317"},
			reason: "is not set"},
		{name: "off", variables: []string{"SPANPIPE_TELEMETRY=off"}, reason: "SPANPIPE_TELEMETRY is off"},
		{name: "off wins", variables: []string{"SPANPIPE_TELEMETRY=console,otlp,off"},
			reason: "SPANPIPE_TELEMETRY is off"},
		{name: "an unknown word", variables: []string{"SPANPIPE_TELEMETRY=yes"},
			reason:  `SPANPIPE_TELEMETRY has "yes", which is no destination; without a destination, telemetry is off`,
			warning: `unknown telemetry destination "yes"`},
		{name: "console", variables: []string{"SPANPIPE_TELEMETRY=console"}, sinks: []string{"console"},
			reason: "asks for console"},
		{name: "otlp", variables: []string{"SPANPIPE_TELEMETRY=otlp"}, sinks: []string{"otlp"}, to: otlp},
		{name: "the flag wins", flags: []string{"--telemetry=console"},
			variables: []string{"SPANPIPE_TELEMETRY=otlp"}, sinks: []string{"console"}},
		{name: "otlp over HTTP",
			variables: []string{"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
				"OTEL_LOGS_EXPORTER=none"},
			sinks: []string{"otlp"},
			to: map[string]string{"traces": "http://localhost:4318/v1/traces",
				"metrics": "http://localhost:4318/v1/metrics", "logs": "nowhere: OTEL_LOGS_EXPORTER is none"}},
		{name: "spanpipe's own endpoint wins",
			variables: []string{"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://theirs:1",
				"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT=http://ours:2"},
			sinks: []string{"otlp"},
			to:    map[string]string{"traces": "http://ours:2", "metrics": "http://ours:2", "logs": "http://ours:2"}},
		{name: "an invalid endpoint",
			variables: []string{"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=collector"},
			sinks:     []string{"otlp"},
			to:        map[string]string{"traces": noURL, "metrics": noURL, "logs": noURL}},
		{name: "prometheus", variables: []string{"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_DIR=/var/lib/spanpipe"},
			sinks: []string{"prometheus"},
			to: map[string]string{"metrics page": "served on localhost:9464",
				"its address": "listed for Prometheus in /var/lib/spanpipe/targets"}},
		{name: "an admin page",
			variables: []string{"SPANPIPE_TELEMETRY=console", "SPANPIPE_ADMIN_ADDR=127.0.0.1:9999"},
			sinks:     []string{"console"},
			to:        map[string]string{"metrics page": "served on 127.0.0.1:9999"}},
		{name: "DO_NOT_TRACK", variables: []string{"SPANPIPE_TELEMETRY=otlp", "DO_NOT_TRACK=1"},
			reason: "DO_NOT_TRACK is set"},
		{name: "DO_NOT_TRACK leaves the console",
			variables: []string{"SPANPIPE_TELEMETRY=console,otlp,prometheus", "DO_NOT_TRACK=true",
				"SPANPIPE_ADMIN_ADDR=:9"},
			sinks: []string{"console"}, reason: "DO_NOT_TRACK is set"},
		{name: "local", variables: []string{"SPANPIPE_TELEMETRY=local", "SPANPIPE_DIR=/var/lib/spanpipe"}, sinks: []string{"local"},
			reason: "asks for local", to: map[string]string{"local": "files in /var/lib/spanpipe/sessions"}},
		{name: "DO_NOT_TRACK leaves the store",
			variables: []string{"SPANPIPE_TELEMETRY=local,otlp", "DO_NOT_TRACK=1", "SPANPIPE_DIR=/x"},
			sinks:     []string{"local"}, reason: "DO_NOT_TRACK is set", to: map[string]string{"local": "files in /x/sessions"}},
		{name: "OTEL_SDK_DISABLED, and the store", variables: []string{"SPANPIPE_TELEMETRY=local", "OTEL_SDK_DISABLED=true"},
			reason: "OTEL_SDK_DISABLED is true"},
		{name: "DO_NOT_TRACK=0", variables: []string{"SPANPIPE_TELEMETRY=otlp", "DO_NOT_TRACK=0"},
			sinks: []string{"otlp"}, to: otlp},
		{name: "OTEL_SDK_DISABLED",
			variables: []string{"SPANPIPE_TELEMETRY=console,otlp", "OTEL_SDK_DISABLED=true"},
			reason:    "OTEL_SDK_DISABLED is true"},
		{name: "OTEL_SDK_DISABLED for spanpipe alone",
			variables: []string{"SPANPIPE_TELEMETRY=console", "SPANPIPE_OTEL_SDK_DISABLED=TRUE"},
			reason:    "OTEL_SDK_DISABLED is true"},
		{name: "content", variables: []string{"SPANPIPE_TELEMETRY=console", "SPANPIPE_CAPTURE=errors,stderr"},
			sinks: []string{"console"}, capture: []string{"errors", "stderr"}},
		{name: "definitions", variables: []string{"SPANPIPE_TELEMETRY=console", "SPANPIPE_CAPTURE=definitions"},
			sinks: []string{"console"}, capture: []string{"definitions"}},
		{name: "content without telemetry", variables: []string{"SPANPIPE_CAPTURE=errors"}, reason: "is not set"},
		{name: "content with a typo",
			variables: []string{"SPANPIPE_TELEMETRY=console", "SPANPIPE_CAPTURE=errors,argments"},
			sinks:     []string{"console"}, warning: noContent},
		{name: "content with an invalid bound",
			variables: []string{"SPANPIPE_TELEMETRY=console", "SPANPIPE_CAPTURE=errors", "SPANPIPE_CAPTURE_MAX=1"},
			sinks:     []string{"console"}, warning: noContent},
		{name: "content with an invalid rule",
			variables: []string{"SPANPIPE_TELEMETRY=console", "SPANPIPE_CAPTURE=errors", "SPANPIPE_REDACT=x=("},
			sinks:     []string{"console"}, warning: noContent},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := map[bool]int{true: 0, false: 1}[len(test.sinks) > 0]
			out, stderr, status := runConsent(t, append([]string{"--json"}, test.flags...), test.variables...)
			var d decision
			if err := json.Unmarshal([]byte(out), &d); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if status != want {
				t.Errorf("exit code = %d, want %d", status, want)
			}
			if d.Telemetry != (len(test.sinks) > 0) || !slices.Equal(d.Sinks, test.sinks) {
				t.Errorf("telemetry %v, sinks %q, want sinks %q", d.Telemetry, d.Sinks, test.sinks)
			}
			if !slices.Equal(d.Capture, test.capture) {
				t.Errorf("capture = %q, want %q", d.Capture, test.capture)
			}
			if !strings.Contains(strings.Join(d.Reasons, "; "), test.reason) {
				t.Errorf("reasons = %q, want %q in them", d.Reasons, test.reason)
			}
			if !maps.Equal(d.Destinations, test.to) {
				t.Errorf("destinations = %q, want %q", d.Destinations, test.to)
			}
			if (stderr != "") != (test.warning != "") || !strings.Contains(stderr, test.warning) {
				t.Errorf("stderr = %q, want %q in it", stderr, test.warning)
			}
			if d.Telemetry == (len(d.Collected) == 0) || len(d.Capture) > 0 != (d.CaptureMax > 0) {
				t.Errorf("collected = %q, capture_max_bytes = %d, capture = %q", d.Collected, d.CaptureMax, d.Capture)
			}
			// Each level is either captured or not collected unless asked for.
			if got, want := len(d.UnlessAsked), len(everyLevel)-len(test.capture); got != want {
				t.Errorf("%d levels are not collected, want %d: %q", got, want, d.UnlessAsked)
			}
			if slices.Contains(d.Never, "error messages") || len(d.Never) == 0 {
				t.Errorf("never collected = %q", d.Never)
			}

			text, _, status := runConsent(t, test.flags, test.variables...)
			first := "Telemetry is off: nothing is parsed, collected or sent.\n"
			if d.Telemetry {
				first = "Telemetry is on.\n"
			}
			if status != want || !strings.HasPrefix(text, first) {
				t.Errorf("exit code %d, want %d; got %q, want it to start with %q", status, want, text, first)
			}
			items := slices.Concat(d.Reasons, slices.Collect(maps.Values(d.Destinations)), d.Collected)
			if d.Telemetry {
				items = slices.Concat(items, d.UnlessAsked, d.Never)
			}
			for _, item := range items {
				if !strings.Contains(text, item) {
					t.Errorf("%q is missing in:\n%s", item, text)
				}
			}
		})
	}
}

// TestConsentOfStore: what the local store keeps, where, and for how long.
func TestConsentOfStore(t *testing.T) {
	for _, test := range []struct {
		name      string
		variables []string
		want      map[string]any // of the JSON, besides the directories
		lines     []string
		not       string
	}{
		{"standard", nil, map[string]any{"keep_age": 30 * 86400.0, "keep_size": 200e6, "keep_digest_age": 180 * 86400.0}, []string{
			"spans, log records and metrics: for 30 days, and at most 200 MB of all sessions (SPANPIPE_KEEP)",
			"without content: for 180 days", "in /x/past: until it has not been seen for 180 days (SPANPIPE_ANOMALIES=session keeps none)",
			"in /x/definitions: until you remove them", "backups, and a home directory that is synchronized",
		}, "captured content"},
		{"content", []string{"SPANPIPE_CAPTURE=errors", "SPANPIPE_KEEP=7d", "SPANPIPE_KEEP_CONTENT=90m"},
			map[string]any{"keep_age": 7 * 86400.0, "keep_content_age": 5400.0, "keep_digest_age": 180 * 86400.0}, []string{
				"metrics: for 7 days (SPANPIPE_KEEP)", "captured content: for 1h30m (SPANPIPE_KEEP_CONTENT)",
			}, "at most"},
		{"a size", []string{"SPANPIPE_KEEP=1GB"}, map[string]any{"keep_size": 1e9, "keep_digest_age": 180 * 86400.0},
			[]string{"metrics: at most 1.0 GB of all sessions"}, "metrics: for"},
		{"no past", []string{"SPANPIPE_ANOMALIES=session"},
			map[string]any{"keep_age": 30 * 86400.0, "keep_size": 200e6, "keep_digest_age": 180 * 86400.0},
			[]string{"fingerprints of definitions, and which of them you have accepted"}, "what is usual"},
		{"no limit", []string{"SPANPIPE_KEEP=forever"}, map[string]any{"keep_digest_age": 180 * 86400.0},
			[]string{"metrics: without a limit (SPANPIPE_KEEP)"}, "at most"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			variables := append([]string{"SPANPIPE_TELEMETRY=local", "SPANPIPE_DIR=/x"}, test.variables...)
			out, _, _ := runConsent(t, []string{"--json"}, variables...)
			var d decision
			if err := json.Unmarshal([]byte(out), &d); err != nil {
				t.Fatal(err)
			}
			for key, want := range map[string]string{"directory": "/x/sessions", "past": "/x/past", "definitions": "/x/definitions"} {
				if key == "past" && test.name == "no past" {
					want = ""
				}
				if got, _ := d.Store[key].(string); got != want {
					t.Errorf("%s: %v, want %q", key, d.Store[key], want)
				}
				delete(d.Store, key)
			}
			if !maps.Equal(d.Store, test.want) {
				t.Errorf("store = %v, want %v", d.Store, test.want)
			}
			text, _, _ := runConsent(t, nil, variables...)
			for _, line := range test.lines {
				if !strings.Contains(text, line) {
					t.Errorf("%q is missing in:\n%s", line, text)
				}
			}
			if strings.Contains(text, test.not) {
				t.Errorf("%q is in:\n%s", test.not, text)
			}
		})
	}
	t.Run("no home", func(t *testing.T) {
		out, _, _ := runConsent(t, nil, "SPANPIPE_TELEMETRY=local", "HOME=/does/not/exist")
		if !strings.Contains(out, "local: nowhere: there is no home directory") {
			t.Errorf("got:\n%s", out)
		}
	})
}

// TestConsentProtocols: each destination has its protocol.
func TestConsentProtocols(t *testing.T) {
	args, variables := []string{"--telemetry=otlp,prometheus"}, []string{
		"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf", "OTEL_LOGS_EXPORTER=none",
	}
	out, _, _ := runConsent(t, append(args, "--json"), variables...)
	var d decision
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"traces": "http/protobuf", "metrics": "grpc", "metrics page": "http"}
	if !maps.Equal(d.Protocols, want) {
		t.Errorf("protocols = %q, want %q", d.Protocols, want)
	}
	text, _, _ := runConsent(t, args, variables...)
	for _, line := range []string{
		"--telemetry asks for otlp", "traces: http://localhost:4318/v1/traces (http/protobuf)",
		"metrics: http://localhost:4317 (grpc)", "logs: nowhere: OTEL_LOGS_EXPORTER is none", "served on localhost:9464 (http)",
	} {
		if !strings.Contains(text, "\n   "+line+"\n") && !strings.Contains(text, line+"\n") {
			t.Errorf("%q is missing in:\n%s", line, text)
		}
	}
}

// TestConsentIsWhatTheDocumentsSay: what is never collected is the list of TELEMETRY.md.
func TestConsentIsWhatTheDocumentsSay(t *testing.T) {
	document, err := os.ReadFile("../TELEMETRY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(document), "\n## Never collected\n")
	list, _, _ = strings.Cut(list, "\n## ")
	out, _, _ := runConsent(t, []string{"--json"})
	var d decision
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	var documented []string
	for line := range strings.Lines(list) {
		if item, ok := strings.CutPrefix(line, "- "); ok {
			documented = append(documented, strings.ReplaceAll(strings.TrimSpace(item), "`", ""))
		}
	}
	if !slices.Equal(d.Never, documented) {
		t.Errorf("never collected = %q, documented is %q", d.Never, documented)
	}
}

// TestConsentShowsNoSecret puts secrets into everything that "spanpipe consent" reads.
func TestConsentShowsNoSecret(t *testing.T) {
	s := newScript(t)
	plain, key := s.around["PLAIN"], s.around["option"]
	for _, test := range []struct {
		name     string
		endpoint string
	}{
		{"userinfo and query", "http://bot:" + key + "@collector.example:4318/in?key=" + plain + "#" + plain},
		{"user info alone", "https://" + key + "@collector.example"},
		{"a path", "http://collector.example:4318/otlp/" + plain + "/v1?x"},
		{"not a URL", "http://bot:" + key + "@[::1:4318/" + plain},
		{"no scheme", "bot:" + key + "@collector.example:4318"},
		{"an invalid escape", "http://collector.example/%zz" + plain},
	} {
		for _, args := range [][]string{nil, {"--json"}} {
			t.Run(fmt.Sprint(test.name, args), func(t *testing.T) {
				t.Parallel()
				stdout, stderr, _ := runConsent(t, args,
					"SPANPIPE_TELEMETRY=otlp,console", "SPANPIPE_CAPTURE=errors", "SPANPIPE_REDACT=own="+plain,
					"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT="+test.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
					"OTEL_EXPORTER_OTLP_HEADERS=authorization="+plain, "SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS="+plain,
					"OTEL_RESOURCE_ATTRIBUTES=x="+plain, "SPANPIPE_PASSWORD="+key, "PASSWORD="+key,
					"HTTP_PROXY=http://bot:"+key+"@proxy.example:3128/"+plain, "NO_PROXY="+plain)
				newSearch(s.canaries).in(t, "consent", []byte(stdout+stderr))
			})
		}
	}
}

// TestConsentProxies: the proxy that "spanpipe consent" shows is the one that a session uses.
func TestConsentProxies(t *testing.T) {
	for p, variable := range map[otlptest.Protocol]string{otlptest.HTTP: "HTTP_PROXY", otlptest.GRPC: "HTTPS_PROXY"} {
		for name, except := range map[string]string{"used": "", "not used": "collector.example"} {
			t.Run(fmt.Sprint(p, " ", name), func(t *testing.T) {
				t.Parallel()
				asked := make(chan string, 100)
				proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked <- r.Host
					http.Error(w, "not today", http.StatusBadRequest)
				}))
				t.Cleanup(proxy.Close)
				variables := []string{"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=" + string(p),
					"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector.example:4319", variable + "=" + proxy.URL, "NO_PROXY=" + except,
					"OTEL_EXPORTER_OTLP_HEADERS=k=v", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none",
					"OTEL_EXPORTER_OTLP_TIMEOUT=2000"}
				out, _, _ := runConsent(t, []string{"--json"}, variables...)
				var d decision
				if err := json.Unmarshal([]byte(out), &d); err != nil {
					t.Fatal(err)
				}
				want := map[string]string{}
				if except == "" {
					want["traces"] = proxy.URL + " (" + variable + ")"
				}
				if !maps.Equal(d.Proxies, want) {
					t.Errorf("proxies: %q, want %q", d.Proxies, want)
				}
				if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "headers, which may hold keys, are sent to http://collector.example:4319") {
					t.Errorf("warnings: %q", d.Warnings)
				}
				text, _, _ := runConsent(t, nil, variables...)
				for _, item := range append(slices.Collect(maps.Values(want)), d.Warnings...) {
					if !strings.Contains(text, item) {
						t.Errorf("%q is missing in:\n%s", item, text)
					}
				}
				h := open(t, cast.As(t, "server"), append(variables, shortFlush)...)
				mcptest.Connect(h)
				if except == "" {
					if got := <-asked; got != "collector.example:4319" {
						t.Errorf("the proxy was asked for %s", got)
					}
				}
				endSession(t, h)
				if except != "" && len(asked) > 0 {
					t.Errorf("the proxy was asked for %s", <-asked)
				}
			})
		}
	}
}
