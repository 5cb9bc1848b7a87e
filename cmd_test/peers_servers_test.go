package cmd_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestPeers runs the same conversations without spanpipe, with it, and with telemetry on. Every byte in each direction,
// the exit status, stderr and the client's output must be the same, and each recorded request must have its span.
func TestPeers(t *testing.T) {
	p := newPeers(t)
	state := t.TempDir() // the servers' files; every run of a conversation needs the same path
	memory := map[string]string{"MEMORY_FILE_PATH": filepath.Join(state, "memory.json")}
	// npm sometimes reports a newer version of itself on stderr.
	memoryByNpx := maps.Clone(memory)
	memoryByNpx["npm_config_update_notifier"] = "false"
	emptyState := func(t *testing.T) { t.Helper(); emptyDirectory(t, state) }
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
		// npx starts a shell that starts the server. It does not forward SIGTERM, so this needs a server that ends with
		// its input; otherwise the bare run would leave the server behind.
		{"memory by npx", "server-memory", conversation{
			client:  []string{p.node, p.script("client1.mjs"), "memory"},
			server:  []string{"npx", "--no-install", "@modelcontextprotocol/server-memory"},
			env:     memoryByNpx,
			prepare: emptyState,
		}},
		{"filesystem with client 1", "server-filesystem", conversation{
			client: []string{p.node, p.script("client1.mjs"), "filesystem"},
			server: p.server("server-filesystem", state),
			prepare: func(t *testing.T) {
				t.Helper()
				emptyState(t)
				t.Setenv("PEER_DIRECTORY", state)
			},
		}},
		{"memory with client 1", "server-memory", conversation{
			client:  []string{p.node, p.script("client1.mjs"), "memory"},
			server:  p.server("server-memory"),
			env:     memory,
			prepare: emptyState,
		}},
		{"2026-07-28 found by a probe", "mcp-server", conversation{
			client: []string{p.node, p.script("client2.mjs"), "auto"},
			server: []string{p.node, p.script("server2.mjs")},
		}},
		{"2026-07-28 required", "mcp-server", conversation{
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
			env:    memory,
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

// inspect returns a conversation of the MCP Inspector's command line client with server-memory.
func inspect(p peers, state string, options ...string) conversation {
	inspector := filepath.Join(p.packages, "@modelcontextprotocol/inspector/clients/launcher/build/index.js")
	return conversation{
		client: append([]string{p.node, inspector, "--cli"}, options...),
		arguments: func(env map[string]string, server []string) []string {
			var args []string
			for _, key := range slices.Sorted(maps.Keys(env)) {
				args = append(args, "-e", key+"="+env[key])
			}
			return append(append(args, "--"), server...) // its parser removes the first "--"
		},
		server:  p.server("server-memory"),
		env:     map[string]string{"MEMORY_FILE_PATH": filepath.Join(state, "memory.json")},
		prepare: func(t *testing.T) { t.Helper(); emptyDirectory(t, state) },
	}
}

func testConversation(t *testing.T, p peers, c conversation, service string) {
	t.Helper()
	if d, _ := c.difference(t, p, func() map[string]string { return nil }); d != "" {
		t.Errorf("bare and wrapped sessions differ with telemetry off: %s", d)
	}

	var r *otlptest.Receiver
	d, got := c.difference(t, p, func() map[string]string {
		r = otlptest.Start(t, otlptest.Config{})
		return telemetryTo(r)
	})
	if d != "" {
		t.Errorf("bare and wrapped sessions differ with telemetry on: %s", d)
	}
	checkSessions(t, r, got.sessions, service)
	checkNoViolations(t, r)
	checkPrivacy(t, r, p.scripts, p.node, p.packages)
}

// difference runs the conversation bare and wrapped, and describes in what they differ. Clients kill a server that does not
// end within a second, bare or not, which happens on a busy machine: a difference counts only if it comes each time.
func (c conversation) difference(t *testing.T, p peers, variables func() map[string]string) (d string, wrapped outcome) {
	t.Helper()
	for range 3 {
		bareOne := c.run(t, p, bare)
		if len(bareOne.sessions[0].operations(t)) == 0 {
			t.Fatal("the conversation has no requests")
		}
		wrapped = c.run(t, p, withSpanpipe(t, variables()))
		if d = bareOne.diff(wrapped, normalise); d == "" {
			break
		}
	}
	return d, wrapped
}

// telemetryTo returns variables that turn telemetry on. spanpipe does not pass them to the server, so servers that
// print their environment print the same.
func telemetryTo(r *otlptest.Receiver) map[string]string {
	return map[string]string{
		"SPANPIPE_TELEMETRY":                   "otlp",
		"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT": r.Endpoint(otlptest.GRPC),
	}
}

// clockTime matches the only part of the conversations that changes from run to run.
var clockTime = regexp.MustCompile(`created at \d{1,2}:\d\d:\d\d [AP]M`)

func normalise(line string) string { return clockTime.ReplaceAllString(line, "created at TIME") }

// checkSessions compares the received spans with the recorded sessions.
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
		t.Fatalf("got %d session spans, want %d:\n%s", len(roots), len(sessions), r.Summary())
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
		t.Errorf("resource of the session = %v, want service.name %q and a service.instance.id", root.Resource, service)
	}
	var spans []otlptest.Span
	for _, span := range r.Spans() {
		if span.Resource.String("service.instance.id") == instance {
			spans = append(spans, span)
			if span.Service() != service || span.TraceID != root.TraceID {
				t.Errorf("%q: service %q, trace %s; want %q, %s",
					span.Name, span.Service(), span.TraceID, service, root.TraceID)
			}
		}
	}
	requests, operations := requestSpans(spans), s.operations(t)
	if len(requests) != len(operations) {
		t.Errorf("got %d spans, want one for each of %d requests", len(requests), len(operations))
	}
	for _, op := range operations {
		var found []otlptest.Span
		for _, span := range requests {
			if span.Kind == op.kind && span.Attrs.String("jsonrpc.request.id") == op.id {
				found = append(found, span)
			}
		}
		if len(found) != 1 {
			t.Errorf("got %d spans of %s %s with id %s, want 1", len(found), op.kind, op.name, op.id)
			continue
		}
		op.check(t, found[0], root, parents(found[0], root, requests))
	}
	checkDurations(t, r, operations, s.tools(t), instance)
}

// parents returns the spans that may be the parent of a request's span: the session's, or, if the server sent the
// request during exactly one call of the client, that call.
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

// checkDurations compares the counts of the duration metrics with the recorded operations, by method and by tool. Only
// tools that the server lists are labels.
func checkDurations(
	t *testing.T, r *otlptest.Receiver, operations []operation, tools map[string]bool, instance string,
) {
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
			t.Errorf("%s counts %d operations %s %s, want %d", k.metric, got, k.method, k.tool, want)
		}
	}
}

// content lists words of the conversations. None may be in telemetry unless content is captured.
var content = []string{
	"grüße", "Echo:", "sum of 2", "Light rain", "answer to 1 message", "hello", "changed my mind", "file:///project",
	"Ulm", "features.md", "plaintext resource", "second", "line of text", "/etc/passwd", "likes numbers", "Ada",
	"Hedy", "anything", "no luck", "What is this?", "Input validation", "not found",
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

// rootSpans returns the sessions' spans: those without a parent that are no operations.
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
