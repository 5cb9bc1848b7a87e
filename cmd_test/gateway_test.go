package cmd_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// gateway is a real OpenTelemetry collector with deploy/collector/gateway.yaml, between sessions, a receiver that records traces and
// logs, and a real Prometheus. Only addresses and intervals are changed.
type gateway struct {
	t            *testing.T
	config       string
	grpc         string
	directory    string // of the certificate, the tokens and the queues
	backend      *otlptest.Receiver
	log          mcptest.Buffer
	cmd          *exec.Cmd
	share        string
	metrics      string // where they go
	healthy      string
	certificates string
}

const gatewayToken = "a-token-of-the-fleet"

// startGateway starts a gateway that keeps a share, in per cent, of the traces in which nothing failed, and sends metrics to an URL, or
// without one to the receiver, too.
func startGateway(t *testing.T, share, metrics string) *gateway {
	t.Helper()
	g := &gateway{
		t: t, directory: t.TempDir(), share: share, metrics: metrics, backend: otlptest.Start(t, otlptest.Config{}),
		grpc: otlptest.RefusedAddr(t), healthy: otlptest.RefusedAddr(t),
	}
	if metrics == "" {
		g.metrics = g.backend.Endpoint(otlptest.HTTP)
	}
	g.certificates = selfSigned(t, g.directory)
	writeFile(t, filepath.Join(g.directory, "token"), "an-earlier-token\n"+gatewayToken+"\n")
	host, port, _ := net.SplitHostPort(otlptest.RefusedAddr(t)) // of its own metrics
	text := readDeploy(t, "collector/gateway.yaml")
	for from, to := range map[string]string{
		"0.0.0.0:4317": g.grpc, "0.0.0.0:4318": otlptest.RefusedAddr(t), "0.0.0.0:13133": g.healthy,
		"host: 0.0.0.0, port: 8888": "host: " + host + ", port: " + port,
		"interval: 15s":             "interval: 500ms", "interval: 60s": "interval: 1s",
	} {
		if strings.Count(text, from) != 1 {
			t.Fatalf("gateway.yaml does not have %q once", from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	g.config = filepath.Join(g.directory, "gateway.yaml")
	writeFile(t, g.config, text)
	g.run()
	return g
}

// run starts the collector, and ends it with the test.
func (g *gateway) run() {
	g.t.Helper()
	_, traces, _ := strings.Cut(g.backend.Endpoint(otlptest.GRPC), "://")
	cmd := exec.Command(peerPath(g.t, peerCollector), "--config", g.config)
	cmd.Env = append(cleanEnviron(),
		"GATEWAY_TRACES_ENDPOINT="+traces, "GATEWAY_METRICS_ENDPOINT="+g.metrics,
		"GATEWAY_LOGS_ENDPOINT="+g.backend.Endpoint(otlptest.HTTP), "GATEWAY_SHARE="+g.share, "GATEWAY_TLS="+g.directory,
		"GATEWAY_TOKEN="+filepath.Join(g.directory, "token"), "GATEWAY_STORAGE="+filepath.Join(g.directory, "queue"))
	cmd.Stdout, cmd.Stderr = &g.log, &g.log
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	g.cmd = cmd
	g.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill() // its data is temporary
			_ = cmd.Wait()
		}
		if g.t.Failed() {
			g.t.Logf("the gateway's log:\n%s", &g.log)
		}
	})
	waitFor(g.t, "the gateway to be ready", func() bool {
		if strings.HasPrefix(g.log.String(), "Error:") {
			g.t.Fatal("the gateway does not start")
		}
		return reachable(g.grpc) && reachable(g.healthy)
	})
}

// stop ends the collector as an orchestrator does.
func (g *gateway) stop() {
	g.t.Helper()
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		g.t.Fatal(err)
	}
	if err := g.cmd.Wait(); err != nil {
		g.t.Errorf("the gateway ended with %v", err)
	}
}

// variables are a session's: those that docs/scale.md asks for, all content, and a store that has the truth.
func (g *gateway) variables(store, token string) []string {
	headers := filepath.Join(g.directory, "headers-"+token)
	writeFile(g.t, headers, "authorization=Bearer "+token+"\n")
	return []string{
		"SPANPIPE_TELEMETRY=otlp,local", "SPANPIPE_DIR=" + store, "OTEL_SERVICE_NAME=fleet",
		"OTEL_EXPORTER_OTLP_ENDPOINT=https://" + g.grpc, "OTEL_EXPORTER_OTLP_CERTIFICATE=" + g.certificates,
		"SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS_FILE=" + headers,
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta", aggregateBy("base2_exponential_bucket_histogram"),
		"OTEL_METRICS_EXEMPLAR_FILTER=always_off", "SPANPIPE_TRACE_SCOPE=operation", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip",
		"SPANPIPE_CAPTURE=arguments,results,errors,prompts,uris,messages,stderr", "SPANPIPE_HANG_AFTER=1s",
	}
}

// TestPeersGateway runs sessions that overlap, fail, hang and end at different times through a real gateway, which is restarted in
// between while its backend is down. Prometheus has what the sessions have stored, to the call, in series without a session; every
// trace that failed or hung is there and no other; and no content is.
func TestPeersGateway(t *testing.T) {
	p, store := startPrometheus(t, nil), t.TempDir()
	g := startGateway(t, "0", p.url+"/api/v1/otlp")
	const canary = "kingfisher"
	session := func() *mcptest.Client {
		return mcptest.Connect(open(t, cast.As(t, "server"), g.variables(store, gatewayToken)...))
	}
	calls := func(c *mcptest.Client, n int) {
		for range n {
			c.Tool("echo", mcptest.Object{"text": canary})
		}
	}
	second, first := session(), session() // the one that sends later counts from an earlier time
	calls(first, 3)
	calls(second, 5)
	first.Tool("fail", mcptest.Object{"text": canary})
	first.CloseInput()
	wantExit(t, first.Host, 0)
	failed := g.backend.WaitSpan(t, "tools/call fail")
	if failed.Attrs.String("error.type") != "tool_error" {
		t.Errorf("the failed call has the attributes %v", failed.Attrs)
	}
	waitFor(t, "the first session in Prometheus", func() bool { return p.is(gatewayCalls, 4+5) })

	// What the backend does not take waits in the queue, also while the gateway is restarted.
	g.backend.SetFault(otlptest.Unavailable())
	hung := second.Ask("tools/call", mcptest.Object{"name": "hang", "arguments": mcptest.Object{"text": canary}})
	waitFor(t, "the hang on stderr", func() bool { return strings.Contains(second.Stderr.String(), "hang") })
	second.Notify("notifications/cancelled", mcptest.Object{"requestId": hung})
	calls(second, 2)
	second.CloseInput()
	wantExit(t, second.Host, 0)
	waitFor(t, "the second session in Prometheus", func() bool { return p.is(gatewayCalls, 4+8) })
	waitFor(t, "the hung call at the backend", func() bool { return refusedSpan(g.backend, "hang") })
	g.stop()
	g.backend.SetFault(otlptest.Accept())
	g.run()
	kept := g.backend.WaitSpan(t, "tools/call hang")
	if hung, _ := kept.Attrs["spanpipe.operation.hung"].(bool); !hung {
		t.Errorf("the call that hung has the attributes %v", kept.Attrs)
	}

	// The same series after the restart, which must not take the new values for what has grown since the old ones.
	runCrash(t, open(t, cast.As(t, "server"), g.variables(store, gatewayToken)...))
	third := session()
	calls(third, 2)
	endSession(t, third.Host)
	waitFor(t, "all calls in Prometheus", func() bool { return p.is(gatewayCalls, 4+8+4) })
	waitFor(t, "what has grown to be recorded", func() bool {
		return p.is(`sum(sum_over_time(job:mcp_server_operation_duration_seconds_count:increase1m{mcp_method_name="tools/call"}[10m]))`, 4+8+4)
	})
	checkTruth(t, p, store)
	waitFor(t, "no open session", func() bool { return p.is("sum(spanpipe_session_active)", 0) })
	checkFleetSeries(t, p)
	g.checkSpans(t)
	for _, content := range []string{canary, "403 Forbidden"} {
		if g.backend.Contains([]byte(content)) {
			t.Errorf("content passed the gateway: %s", content)
		}
	}
	g.checkLog()
}

// gatewayCalls is the number of tool calls of all sessions, as Prometheus has it.
const gatewayCalls = `sum(histogram_count(last_over_time(mcp_server_operation_duration_seconds{mcp_method_name="tools/call"}[1h])))`

// refusedSpan reports whether a request for traces names a tool, whether the backend took it or not.
func refusedSpan(r *otlptest.Receiver, tool string) bool {
	for _, request := range r.Requests(otlptest.Traces) {
		if strings.Contains(string(request.Body), "tools/call "+tool) {
			return true
		}
	}
	return false
}

// checkFleetSeries expects no series of a session's own, nor what only has a meaning for one.
func checkFleetSeries(t *testing.T, p prometheus) {
	t.Helper()
	const all = `{job="fleet", __name__=~"(mcp|spanpipe|process)_.+"}`
	for expression, what := range map[string]string{
		`count(last_over_time({job="fleet", __name__=~"(mcp|spanpipe|process)_.+", instance!~"gateway(-[0-9]+)?"}[1h]))`: "series of a session's own",
		`count(last_over_time(spanpipe_memory_limit_bytes[1h]))`:                                                         "limits of memory",
		`count(last_over_time(target_info{job="fleet"}[1h]))`:                                                            "target_info",
	} {
		if got := p.query(expression); len(got) > 0 {
			t.Errorf("Prometheus has %v %s", got, what)
		}
	}
	if got := p.query("count(last_over_time(" + all + "[1h]))"); len(got) == 0 || got[0] < 20 {
		t.Errorf("Prometheus has %v series of the fleet, want 20 at least", got)
	}
}

// checkSpans expects all that failed or hung, and nothing else: the sessions called fail twice, hang and exit once, and one of them
// failed itself.
func (g *gateway) checkSpans(t *testing.T) {
	t.Helper()
	want := map[string]int{"tools/call fail": 2, "tools/call hang": 1, "tools/call exit": 1, "mcp.session.failed": 1}
	traces, bad := map[string][]string{}, map[string]bool{}
	g.backend.WaitSpan(t, "tools/call exit")
	g.backend.WaitSpan(t, "mcp.session.failed")
	for _, span := range g.backend.Spans() {
		traces[span.TraceID] = append(traces[span.TraceID], span.Name)
		if _, expected := want[span.Name]; expected {
			bad[span.TraceID] = true
			want[span.Name]--
		}
	}
	for name, missing := range want {
		if missing != 0 {
			t.Errorf("%d spans %q are missing", missing, name)
		}
	}
	for id, names := range traces {
		if !bad[id] {
			t.Errorf("a trace was kept in which nothing failed: %v", names)
		}
	}
}

// checkLog expects no warning of the gateway about its configuration.
func (g *gateway) checkLog() {
	g.t.Helper()
	for line := range strings.Lines(g.log.String()) {
		if strings.Contains(line, "deprecated") || strings.Contains(line, `"level":"error"`) && !strings.Contains(line, "otlp_") {
			g.t.Errorf("the gateway's log has %s", line)
		}
	}
}

// TestPeersGatewayShare: of the traces in which nothing failed, all are kept if the share is 100 per cent, each whole.
func TestPeersGatewayShare(t *testing.T) {
	g, store := startGateway(t, "100", ""), t.TempDir()
	c := mcptest.Connect(open(t, cast.As(t, "server"), g.variables(store, gatewayToken)...))
	for range 7 {
		c.Tool("echo", nil)
	}
	endSession(t, c.Host)
	g.backend.Wait(t, patience, "seven calls", func() bool { return len(g.backend.SpansNamed("tools/call echo")) == 7 })
}

// TestPeersGatewayToken: without a token of the gateway's nothing is taken, the session says so and counts what it lost, and the relay
// is not concerned.
func TestPeersGatewayToken(t *testing.T) {
	g, page := startGateway(t, "100", ""), otlptest.RefusedAddr(t)
	c := mcptest.Connect(open(t, cast.As(t, "server"), append(g.variables(t.TempDir(), "not-the-token"),
		"SPANPIPE_TELEMETRY=otlp,prometheus", "SPANPIPE_ADMIN_ADDR="+page)...))
	c.Tool("echo", nil)
	waitFor(t, "lost spans to be counted", func() bool { return lostSpans(page) > 0 })
	endSession(t, c.Host)
	stderr := c.Stderr.String()
	for _, part := range []string{"https://" + g.grpc, "Unauthenticated", "OTEL_EXPORTER_OTLP_HEADERS"} {
		if !strings.Contains(stderr, part) {
			t.Errorf("stderr does not mention %q:\n%s", part, stderr)
		}
	}
	if strings.Contains(stderr, "not-the-token") {
		t.Errorf("stderr has the token:\n%s", stderr)
	}
	// A session with the token, whose spans would come after those of the other.
	c = mcptest.Connect(open(t, cast.As(t, "server"), append(g.variables(t.TempDir(), gatewayToken), "OTEL_SERVICE_NAME=accepted")...))
	c.Tool("echo", nil)
	endSession(t, c.Host)
	g.backend.WaitSpan(t, "tools/call echo")
	for _, span := range g.backend.Spans() {
		if span.Origin.Service() != "accepted" {
			t.Errorf("a span of %s was taken", span.Origin.Service())
		}
	}
}

// lostSpans returns how many spans a session counts as not sent, on its page of metrics.
func lostSpans(page string) (count float64) {
	if found := lostSpan.FindStringSubmatch(fetchText("http://" + page + "/metrics")); found != nil {
		count, _ = strconv.ParseFloat(found[1], 64)
	}
	return count
}

var lostSpan = regexp.MustCompile(`(?m)^spanpipe_telemetry_dropped_total\{.*spanpipe_reason="span".*\} (\S+)$`)

// selfSigned writes tls.crt and tls.key for this machine, and returns the path of the certificate.
func selfSigned(t *testing.T, dir string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(127, 0, 0, 2)}, IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "tls.crt")
	for name, block := range map[string]*pem.Block{
		path: {Type: "CERTIFICATE", Bytes: certificate}, filepath.Join(dir, "tls.key"): {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}
