package cmd_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestPeersCollectorContent runs a session that captures all content through the collector with each configuration that promises to
// let none through: the gateway's, and that of the stack after following its comment.
func TestPeersCollectorContent(t *testing.T) {
	t.Run("gateway.yaml", func(t *testing.T) {
		g := startGateway(t, "100", "")
		checkNoContent(t, g.backend, g.variables(t.TempDir(), gatewayToken))
	})
	t.Run("stack.yaml", func(t *testing.T) {
		backend := otlptest.Start(t, otlptest.Config{})
		n := network{t, map[string]string{"jaeger:4317": backend.Addr(otlptest.GRPC), "loki:3100": backend.Addr(otlptest.HTTP)}}
		_, block, _ := strings.Cut(readDeploy(t, "collector/stack.yaml"), "uncomment this")
		_, block, _ = strings.Cut(block, "#\n")
		block, _, _ = strings.Cut(block, "\n\n")
		const none = "\n      receivers: [otlp]\n      processors: [memory_limiter"
		startCollector(n, t.TempDir(), block, strings.ReplaceAll(block, "  # ", "  "), "/otlp\n", "\n",
			"traces:"+none, "traces:"+none+", transform/content", "logs:"+none, "logs:"+none+", transform/content")
		waitFor(t, "the collector", func() bool { return reachable(n.at("collector:4317")) })
		checkNoContent(t, backend, []string{
			"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + n.at("collector:4317"),
			"SPANPIPE_CAPTURE=arguments,results,errors,prompts,uris,messages,stderr",
		})
	})
}

// checkNoContent runs a session with content of every kind and expects all of its records, and none of the content.
func checkNoContent(t *testing.T, backend *otlptest.Receiver, variables []string) {
	t.Helper()
	const canary = "kingfisher"
	h := open(t, cast.As(t, "server"), variables...)
	c := mcptest.Connect(h)
	c.Tool("echo", mcptest.Object{"text": canary})
	c.Tool("complain", mcptest.Object{"text": canary})
	c.Tool("fail", mcptest.Object{"text": canary})
	c.Call("prompts/get", mcptest.Object{"name": "birds", "arguments": mcptest.Object{"bird": canary}})
	c.Call("resources/read", mcptest.Object{"uri": "memo://" + canary})
	c.Ask("tools/call", mcptest.Object{"name": "print", "arguments": mcptest.Object{
		"raw": `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","logger":"` + canary + `","data":"` + canary + `"}}` + "\n",
	}})
	h.Line()
	h.Line()
	endSession(t, h)
	for _, span := range []string{"tools/call echo", "tools/call fail", "prompts/get birds", "resources/read"} {
		backend.WaitSpan(t, span)
	}
	for _, record := range []string{"server stderr", "server message"} {
		waitFor(t, "the record "+record, func() bool {
			for _, r := range backend.Records() {
				if r.Body == record {
					return true
				}
			}
			return false
		})
	}
	for _, request := range backend.Requests() {
		if body := string(request.Body); strings.Contains(body, canary) {
			t.Errorf("content passed the collector, in %s: %q", request.Signal, body)
		}
	}
}
