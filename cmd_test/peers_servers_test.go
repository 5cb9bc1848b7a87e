package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestPeers has the same conversations without spanpipe, with it, and with it and telemetry on: every byte in either
// direction, the exit status, stderr and what the client made of it have to be the same; and the spans have to be those
// of the requests that were recorded.
func TestPeers(t *testing.T) {
	p := newPeers(t)
	state := t.TempDir() // what the servers read and write; the same path for every run of a conversation
	for _, test := range []struct {
		name    string
		service string
		c       conversation
	}{
		{"everything with client 1", "server-everything", conversation{
			client: []string{p.node, p.script("client1.mjs"), "everything"},
			server: p.server("server-everything"),
			env:    map[string]string{"OTEL_SERVICE_NAME": "", "ANYTHING": "else"},
		}},
		// npx is a process that starts a shell that starts the server. It does not hand SIGTERM on, so the server has to be
		// one that ends with its input, or the bare run would leave it behind.
		{"memory by npx", "server-memory", conversation{
			client: []string{p.node, p.script("client1.mjs"), "memory"},
			server: []string{"npx", "--no-install", "@modelcontextprotocol/server-memory"},
			// Now and then npm says on stderr that there is a newer npm.
			env:     map[string]string{"MEMORY_FILE_PATH": filepath.Join(state, "memory.json"), "npm_config_update_notifier": "false"},
			prepare: func(t *testing.T) { t.Helper(); emptyDirectory(t, state) },
		}},
		{"filesystem with client 1", "server-filesystem", conversation{
			client: []string{p.node, p.script("client1.mjs"), "filesystem"},
			server: p.server("server-filesystem", state),
			prepare: func(t *testing.T) {
				t.Helper()
				emptyDirectory(t, state)
				t.Setenv("PEER_DIRECTORY", state)
			},
		}},
		{"memory with client 1", "server-memory", conversation{
			client:  []string{p.node, p.script("client1.mjs"), "memory"},
			server:  p.server("server-memory"),
			env:     map[string]string{"MEMORY_FILE_PATH": filepath.Join(state, "memory.json")},
			prepare: func(t *testing.T) { t.Helper(); emptyDirectory(t, state) },
		}},
		{"2026-07-28 found by a probe", "mcp-server", conversation{
			client: []string{p.node, p.script("client2.mjs"), "auto"},
			server: []string{p.node, p.script("server2.mjs")},
		}},
		{"2026-07-28 insisted on", "mcp-server", conversation{
			client: []string{p.node, p.script("client2.mjs"), "2026-07-28"},
			server: []string{p.node, p.script("server2.mjs")},
		}},
		{"client 2 with initialize", "mcp-server", conversation{
			client: []string{p.node, p.script("client2.mjs"), "legacy"},
			server: []string{p.node, p.script("server2.mjs")},
		}},
		{"client 2 probes an older server", "server-memory", conversation{
			client: []string{p.node, p.script("client2.mjs"), "auto"},
			server: p.server("server-memory"),
			env:    map[string]string{"MEMORY_FILE_PATH": filepath.Join(state, "memory.json")},
		}},
		{"Inspector lists tools", "server-memory", inspect(p, state, "--method", "tools/list")},
		{"Inspector calls a tool", "server-memory", inspect(p, state,
			"--tool-arg", "query=anything", "--tool-name", "search_nodes", "--method", "tools/call")},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := exec.LookPath(test.c.server[0]); err != nil {
				peerMissing(t, test.c.server[0]+" is not installed")
			}
			testConversation(t, p, test.c, test.service)
		})
	}
}

// inspect is a conversation of the MCP Inspector's command line.
func inspect(p peers, state string, options ...string) conversation {
	inspector := filepath.Join(p.packages, "@modelcontextprotocol", "inspector", "clients", "launcher", "build", "index.js")
	return conversation{
		client: append([]string{p.node, inspector, "--cli"}, options...),
		arguments: func(env map[string]string, server []string) []string {
			var args []string
			for _, key := range sortedKeys(env) {
				args = append(args, "-e", key+"="+env[key])
			}
			return append(append(args, "--"), server...) // its parser takes the first "--" for itself
		},
		server:  p.server("server-memory"),
		env:     map[string]string{"MEMORY_FILE_PATH": filepath.Join(state, "memory.json")},
		prepare: func(t *testing.T) { t.Helper(); emptyDirectory(t, state) },
	}
}

func testConversation(t *testing.T, p peers, c conversation, service string) {
	t.Helper()
	want := c.hold(t, p, bare)
	if len(want.sessions[0].operations(t)) == 0 {
		t.Fatal("nothing was said")
	}

	if d := want.diff(c.hold(t, p, spanpiped(t, nil)), normalise); d != "" {
		t.Errorf("bare and wrapped without telemetry differ: %s", d)
	}

	r := otlptest.Start(t, otlptest.Config{})
	got := c.hold(t, p, spanpiped(t, telemetryTo(r)))
	if d := want.diff(got, normalise); d != "" {
		t.Errorf("bare and wrapped with telemetry differ: %s", d)
	}
	checkSessions(t, r, got.sessions, service)
	checkPrivacy(t, r, p.scripts, p.node, p.packages)
}

// telemetryTo switches telemetry on with variables that never reach the server, so that servers which show their
// environment show the same.
func telemetryTo(r *otlptest.Receiver) map[string]string {
	return map[string]string{
		"SPANPIPE_TELEMETRY":                   "otlp",
		"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT": r.Endpoint(otlptest.GRPC),
	}
}

// clockTime is the only thing in the conversations that changes from run to run.
var clockTime = regexp.MustCompile(`created at \d{1,2}:\d\d:\d\d [AP]M`)

func normalise(line string) string { return clockTime.ReplaceAllString(line, "created at TIME") }

// checkSessions compares all that was received with all that was recorded.
func checkSessions(t *testing.T, r *otlptest.Receiver, sessions []session, service string) {
	t.Helper()
	var count int
	for _, s := range sessions {
		count += len(s.operations(t))
	}
	r.Wait(t, 0, fmt.Sprintf("the spans of %d requests and %d sessions", count, len(sessions)), func() bool {
		return len(requestSpans(r.Spans())) >= count && len(rootSpans(r.Spans())) >= len(sessions)
	})
	roots := rootSpans(r.Spans())
	if len(roots) != len(sessions) {
		t.Fatalf("%d session spans for %d sessions:\n%s", len(roots), len(sessions), r.Summary())
	}
	sort.Slice(roots, func(i, j int) bool { return roots[i].Start.Before(roots[j].Start) })
	for i, s := range sessions {
		checkSession(t, r, s, roots[i], service)
	}
}

func checkSession(t *testing.T, r *otlptest.Receiver, s session, root otlptest.Span, service string) {
	t.Helper()
	instance := root.Resource.String("service.instance.id")
	if instance == "" || root.Service() != service {
		t.Errorf("the session's resource is %v, want service.name %q and a service.instance.id", root.Resource, service)
	}
	var spans []otlptest.Span
	for _, span := range r.Spans() {
		if span.Resource.String("service.instance.id") == instance {
			spans = append(spans, span)
			if span.Service() != service || span.TraceID != root.TraceID {
				t.Errorf("%q is of %q in trace %s, the session of %q in %s",
					span.Name, span.Service(), span.TraceID, service, root.TraceID)
			}
		}
	}
	requests, operations := requestSpans(spans), s.operations(t)
	if len(requests) != len(operations) {
		t.Errorf("%d spans for %d requests", len(requests), len(operations))
	}
	for _, op := range operations {
		var found []otlptest.Span
		for _, span := range requests {
			if span.Kind == op.kind && span.Attrs.String("jsonrpc.request.id") == op.id {
				found = append(found, span)
			}
		}
		if len(found) != 1 {
			t.Errorf("%d spans for %s %s with id %s, want 1", len(found), op.kind, op.name, op.id)
			continue
		}
		op.check(t, found[0], root, parents(found[0], root, requests))
	}
	checkDurations(t, r, operations, s.tools(t), instance)
}

// parents are the spans that a request's span may be a child of: the session's; and where the server asks while it
// works on one call of the client, that call.
func parents(span, root otlptest.Span, requests []otlptest.Span) []otlptest.Span {
	if span.Kind != otlptest.KindClient {
		return []otlptest.Span{root}
	}
	var at []otlptest.Span
	for _, call := range requests {
		if call.Kind == otlptest.KindServer && !call.Start.After(span.Start) && !call.End.Before(span.Start) {
			at = append(at, call)
		}
	}
	if len(at) == 1 {
		return at
	}
	return []otlptest.Span{root}
}

// checkDurations compares the operations counted by the duration metrics with those recorded, by method and by those
// tools that the server lists; what else a peer may call a tool is no label.
func checkDurations(t *testing.T, r *otlptest.Receiver, operations []operation, tools map[string]bool, instance string) {
	t.Helper()
	type key struct{ metric, method, tool string }
	counts := make(map[key]uint64)
	for _, op := range operations {
		metric := "mcp.server.operation.duration"
		if op.kind == otlptest.KindClient {
			metric = "mcp.client.operation.duration"
		}
		method, tool := op.attrs.String("mcp.method.name"), op.attrs.String("gen_ai.tool.name")
		counts[key{metric, method, ""}]++
		if tools[tool] {
			counts[key{metric, method, tool}]++
		}
	}
	for k, want := range counts {
		match := otlptest.Attrs{"mcp.method.name": k.method}
		if k.tool != "" {
			match["gen_ai.tool.name"] = k.tool
		}
		var got uint64
		for _, point := range r.Series(k.metric, match) {
			if point.Resource.String("service.instance.id") == instance {
				got += point.Count
			}
		}
		if got != want {
			t.Errorf("%s counts %d of %s %s, want %d", k.metric, got, k.method, k.tool, want)
		}
	}
}

// content is what the conversations are about. None of it may be in telemetry that nobody asked to have content.
var content = []string{
	"grüße", "Echo:", "sum of 2", "Light rain", "answer to 1 message", "hello", "changed my mind", "file:///project", "Ulm",
	"features.md", "plaintext resource", "second", "line of text", "/etc/passwd", "likes numbers", "Ada", "Nobody", "anything",
	"no luck", "What is this?", "Input validation", "not found",
}

func checkPrivacy(t *testing.T, r *otlptest.Receiver, secrets ...string) {
	t.Helper()
	for _, text := range append(secrets, content...) {
		if r.Contains([]byte(text)) {
			t.Errorf("%q was sent to the collector", text)
		}
	}
}

func requestSpans(spans []otlptest.Span) []otlptest.Span {
	var out []otlptest.Span
	for _, span := range spans {
		if span.Attrs.Has("jsonrpc.request.id") {
			out = append(out, span)
		}
	}
	return out
}

// rootSpans are the sessions' spans: without a parent, and no operations.
func rootSpans(spans []otlptest.Span) []otlptest.Span {
	var out []otlptest.Span
	for _, span := range spans {
		if span.ParentID == "" && !span.Attrs.Has("mcp.method.name") {
			out = append(out, span)
		}
	}
	return out
}

func emptyDirectory(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
}
