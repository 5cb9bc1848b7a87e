package cmd_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// jaegerConfig runs Jaeger with storage in memory and with the OTLP and query ports on the loopback interface.
const jaegerConfig = `
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {receivers: [otlp], exporters: [jaeger_storage_exporter]}
  telemetry:
    metrics: {level: none}
extensions:
  jaeger_storage:
    backends:
      memory: {memory: {max_traces: 1000}}
  jaeger_query:
    storage: {traces: memory}
    enable_tracing: false
    http: {endpoint: %[2]q}
    grpc: {endpoint: %[3]q}
receivers:
  otlp:
    protocols:
      grpc: {endpoint: %[1]q}
exporters:
  jaeger_storage_exporter: {trace_storage: memory}
`

// patience bounds how long the tests wait for a backend. Only a failing test waits that long.
const patience = 2 * time.Minute

// TestPeersJaeger tests the main job end to end: a session of the TypeScript client with server-everything is sent to a
// real Jaeger by OTLP over gRPC. Jaeger's query API must return one span per request, each a child of the session's
// span or of the call that caused it.
func TestPeersJaeger(t *testing.T) {
	p := newPeers(t)
	otlp, query := startJaeger(t)
	c := conversation{
		client: []string{p.node, p.script("client1.mjs"), "everything"},
		server: p.server("server-everything"),
	}
	got := c.run(t, p, withSpanpipe(t, map[string]string{
		"SPANPIPE_TELEMETRY": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + otlp,
	}))
	operations := got.sessions[0].operations(t)
	if len(operations) < 30 {
		t.Fatalf("recorded %d requests, want at least 30", len(operations))
	}

	var trace jaegerTrace
	waitFor(t, "the session's spans in Jaeger", func() bool {
		trace = findTrace(t, query, "server-everything")
		return len(trace.operations()) >= len(operations)
	})
	root, ok := trace.root()
	if !ok {
		t.Fatalf("the trace does not have exactly one root: %+v", trace.Spans)
	}
	spans := trace.operations()
	if len(spans) != len(operations) {
		t.Errorf("got %d spans, want one for each of %d requests", len(spans), len(operations))
	}
	// The parents of the requests that the server sends to the client.
	parents := map[string]string{
		"sampling/createMessage": "tools/call trigger-sampling-request",
		"elicitation/create":     "tools/call trigger-elicitation-request",
		"roots/list":             root.OperationName,
	}
	for _, op := range operations {
		kind := "server"
		if op.kind == otlptest.KindClient {
			kind = "client"
		}
		i := slices.IndexFunc(spans, func(s jaegerSpan) bool {
			return s.tag("jsonrpc.request.id") == op.id && s.tag("span.kind") == kind
		})
		switch {
		case i < 0:
			t.Errorf("Jaeger has no %s span of %s with id %s", kind, op.name, op.id)
		case spans[i].OperationName != op.name:
			t.Errorf("name of the span with id %s = %q, want %q", op.id, spans[i].OperationName, op.name)
		case op.kind == otlptest.KindServer && spans[i].parent() != root.SpanID:
			t.Errorf("parent of %s with id %s = %q, want the session %s",
				op.name, op.id, spans[i].parent(), root.SpanID)
		case parents[op.name] != "" && trace.name(spans[i].parent()) != parents[op.name]:
			t.Errorf("parent of %s with id %s = %q, want %q",
				op.name, op.id, trace.name(spans[i].parent()), parents[op.name])
		}
	}
}

// startJaeger starts Jaeger and returns the addresses of OTLP over gRPC and of the query API.
func startJaeger(t *testing.T) (otlp, query string) {
	t.Helper()
	binary := peerPath(t, peerJaeger)
	otlp, query = otlptest.RefusedAddr(t), otlptest.RefusedAddr(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "jaeger.yaml")
	text := fmt.Sprintf(jaegerConfig, otlp, query, otlptest.RefusedAddr(t))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "--config", "file:"+config)
	cmd.Env = cleanEnviron()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // its storage is in memory
		_ = cmd.Wait()
		_ = log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("Jaeger's log:\n%s", text)
		}
	})
	waitFor(t, "Jaeger's query API", func() bool {
		response, err := http.Get("http://" + query + "/api/services")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return otlp, query
}

// waitFor polls until ready returns true, for at most patience.
func waitFor(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ready(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", patience, what)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// jaegerTrace is a trace as Jaeger's query API returns it.
type jaegerTrace struct {
	TraceID string
	Spans   []jaegerSpan
}

type jaegerSpan struct {
	SpanID        string
	OperationName string
	References    []struct{ RefType, SpanID string }
	Tags          []struct {
		Key   string
		Value any
	}
}

func (s jaegerSpan) tag(key string) string {
	for _, tag := range s.Tags {
		if tag.Key == key {
			return fmt.Sprint(tag.Value)
		}
	}
	return ""
}

func (s jaegerSpan) parent() string {
	for _, reference := range s.References {
		if reference.RefType == "CHILD_OF" {
			return reference.SpanID
		}
	}
	return ""
}

// name returns the name of the span with an id.
func (tr jaegerTrace) name(id string) string {
	for _, span := range tr.Spans {
		if span.SpanID == id {
			return span.OperationName
		}
	}
	return ""
}

// operations returns the spans of requests.
func (tr jaegerTrace) operations() []jaegerSpan {
	var out []jaegerSpan
	for _, span := range tr.Spans {
		if span.tag("jsonrpc.request.id") != "" {
			out = append(out, span)
		}
	}
	return out
}

// root returns the one span without a parent.
func (tr jaegerTrace) root() (jaegerSpan, bool) {
	var roots []jaegerSpan
	for _, span := range tr.Spans {
		if span.parent() == "" {
			roots = append(roots, span)
		}
	}
	if len(roots) != 1 {
		return jaegerSpan{}, false
	}
	return roots[0], true
}

// findTrace returns Jaeger's trace of a service, or an empty one if there is none yet.
func findTrace(t *testing.T, query, service string) jaegerTrace {
	t.Helper()
	response, err := http.Get("http://" + query + "/api/traces?limit=10&service=" + url.QueryEscape(service))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode == http.StatusNotFound {
		return jaegerTrace{}
	}
	var decoded struct{ Data []jaegerTrace }
	if err := json.Unmarshal(body, &decoded); err != nil {
		t.Fatalf("Jaeger responded with %s %.500q: %v", response.Status, body, err)
	}
	if len(decoded.Data) > 1 {
		t.Fatalf("Jaeger has %d traces of %s, want 1", len(decoded.Data), service)
	}
	if len(decoded.Data) == 0 {
		return jaegerTrace{}
	}
	return decoded.Data[0]
}
