package cmd_test

import (
	"log/slog"
	"maps"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// A remote parent, in the format of W3C trace context.
const (
	remoteTrace       = "0af7651916cd43dd8448eb211c80319c"
	remoteSpan        = "b7ad6b7169203331"
	remoteTraceparent = "00-" + remoteTrace + "-" + remoteSpan + "-01"
)

// TestSDK runs the official Go SDK on both sides, in every protocol version that it supports. It compares every span
// and every duration with the calls.
func TestSDK(t *testing.T) {
	for i, version := range mcp.SupportedProtocolVersions() {
		protocol := []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP}[i%2]
		t.Run(version+" over "+string(protocol), func(t *testing.T) {
			t.Parallel()
			r := otlptest.Start(t, otlptest.Config{})
			stateless := version >= "2026-07-28"
			talkSDK(t, r, protocol, version)

			want := expectedSpans()
			if stateless {
				maps.Copy(want, expectedStateless())
			} else {
				maps.Copy(want, expectedWithSession())
			}
			checkSpans(t, r, want, version)
			checkMetrics(t, r, want)
			checkNoViolations(t, r)
		})
	}
}

// talkSDK runs the whole conversation and returns after the product has exited.
func talkSDK(t *testing.T, r *otlptest.Receiver, protocol otlptest.Protocol, version string) {
	t.Helper()
	line := wrapped(t, cast.As(t, "sdk"))
	cmd := exec.Command(line[0], line[1:]...)
	newHome(t).in("SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT="+r.Endpoint(protocol),
		"OTEL_EXPORTER_OTLP_PROTOCOL="+string(protocol))(cmd)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	c := sdkConnect(t, cmd, version)
	if got := c.InitializeResult().ProtocolVersion; got != version {
		t.Errorf("protocol version = %s, want %s", got, version)
	}
	c.everyVersion()
	if version < "2026-07-28" {
		c.withSession()
	}
	c.tool("grow", nil)
	c.await("the notification that the list of tools changed", c.changed)
	if err := c.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr = %q, want none", &stderr)
	}
}

// sdkSpan is an expected span. The zero value is a successful call whose parent is the session's span.
type sdkSpan struct {
	count  int // 0 means 1
	kind   otlptest.SpanKind
	parent string // the parent's name; empty for the session's span
	attrs  otlptest.Attrs
	failed string // error.type
	note   bool   // a notification
}

// expectedSpans returns the spans of sdkClient.everyVersion and of the tool grow.
func expectedSpans() map[string]sdkSpan {
	return map[string]sdkSpan{
		"tools/list":               {},
		"prompts/list":             {},
		"resources/list":           {},
		"resources/templates/list": {},
		"prompts/get greet":        {attrs: otlptest.Attrs{"gen_ai.prompt.name": "greet"}},
		"resources/read":           {count: 2},
		"completion/complete":      {attrs: otlptest.Attrs{"gen_ai.prompt.name": "greet"}},
		"tools/call echo": {
			count: 2, attrs: otlptest.Attrs{"gen_ai.tool.name": "echo", "gen_ai.operation.name": "execute_tool"},
		},
		"tools/call broken":   {failed: "tool_error"},
		"tools/call nothing":  {attrs: otlptest.Attrs{"rpc.response.status_code": "-32602"}},
		"tools/call crash":    {attrs: otlptest.Attrs{"rpc.response.status_code": "0"}, failed: "0"},
		"tools/call ask":      {},
		"tools/call progress": {attrs: otlptest.Attrs{"spanpipe.operation.progress.count": 3}},
		"tools/call wait":     {failed: "cancelled"},
		"tools/call grow":     {},
		"notifications/tools/list_changed": {
			kind: otlptest.KindClient, note: true,
		},
	}
}

// expectedStateless returns the other spans of a protocol version without sessions.
func expectedStateless() map[string]sdkSpan {
	return map[string]sdkSpan{
		"server/discover": {},
		// It stays open as long as the session, which is not an error.
		"subscriptions/listen":                     {},
		"notifications/subscriptions/acknowledged": {kind: otlptest.KindClient, note: true},
		"tools/call ask":                           {attrs: otlptest.Attrs{"spanpipe.operation.round_trips": 2}},
	}
}

// expectedWithSession returns the other spans of a protocol version with sessions.
func expectedWithSession() map[string]sdkSpan {
	client := otlptest.KindClient
	return map[string]sdkSpan{
		"initialize":                       {},
		"notifications/initialized":        {note: true},
		"notifications/roots/list_changed": {note: true},
		"ping":                             {},
		"client ping":                      {kind: client, parent: "tools/call ping"},
		"logging/setLevel":                 {},
		"resources/subscribe":              {},
		"resources/unsubscribe":            {},
		"tools/call sample":                {},
		"sampling/createMessage":           {kind: client, parent: "tools/call sample"},
		"tools/call splurge":               {failed: "tool_error"},
		"failed sampling/createMessage": {
			kind: client, parent: "tools/call splurge", failed: "0",
			attrs: otlptest.Attrs{"rpc.response.status_code": "0"},
		},
		"tools/call elicit":  {},
		"elicitation/create": {count: 2, kind: client, parent: "tools/call elicit"},
		"tools/call roots":   {},
		"roots/list":         {kind: client, parent: "tools/call roots"},
		"tools/call ping":    {},
		"tools/call log":     {},
	}
}

func checkSpans(t *testing.T, r *otlptest.Receiver, want map[string]sdkSpan, version string) {
	t.Helper()
	roots := r.SpansNamed("mcp.session")
	if len(roots) != 1 {
		t.Fatalf("got %d session spans, want 1:\n%s", len(roots), r.Summary())
	}
	root := roots[0]
	checkSDKSession(t, root, version)
	found := map[string][]otlptest.Span{}
	for _, span := range r.Spans() {
		if span.SpanID != root.SpanID {
			found[sdkKey(span)] = append(found[sdkKey(span)], span)
		}
	}
	for name, spans := range found {
		if _, ok := want[name]; !ok {
			t.Errorf("got %d spans %q, want none", len(spans), name)
		}
	}
	for name, w := range want {
		if n := max(w.count, 1); len(found[name]) != n {
			t.Errorf("got %d spans %q, want %d", len(found[name]), name, n)
			continue
		}
		for _, span := range found[name] {
			w.check(t, span, root, found, version)
		}
	}
	local := func(s otlptest.Span) bool { return s.ParentID != remoteSpan }
	if n := len(slices.DeleteFunc(found["tools/call echo"], local)); n != 1 {
		t.Errorf("%d spans have the remote parent, want 1", n)
	}
}

// sdkKey returns a span's name, with a prefix where different spans have the same name.
func sdkKey(span otlptest.Span) string {
	switch {
	case span.Name == "ping" && span.Kind == otlptest.KindClient:
		return "client ping"
	case span.Kind == otlptest.KindClient && span.Attrs.Has("error.type"):
		return "failed " + span.Name
	}
	return span.Name
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func checkSDKSession(t *testing.T, root otlptest.Span, version string) {
	t.Helper()
	if service, want := root.Service(), filepath.Base(cast.As(t, "sdk")[0]); service != want {
		t.Errorf("service.name = %q, want %q", service, want)
	}
	if id := root.Resource.String("service.instance.id"); !uuid.MatchString(id) {
		t.Errorf("service.instance.id = %q, want a random UUID", id)
	}
	for key, want := range map[string]string{
		"mcp.protocol.version": version, "network.transport": "pipe", "spanpipe.client.name": "sdk-client",
		"spanpipe.client.version": "4.5.6", "spanpipe.server.name": "sdk-server", "spanpipe.server.version": "7.8.9",
	} {
		if got := root.Attrs.String(key); got != want {
			t.Errorf("mcp.session: %s = %q, want %q", key, got, want)
		}
	}
	if root.ParentID != "" || root.Kind != otlptest.KindInternal || root.Status != otlptest.StatusUnset {
		t.Errorf("mcp.session: parent %q, kind %s, status %s; want none, internal, unset",
			root.ParentID, root.Kind, root.Status)
	}
}

func (w sdkSpan) check(t *testing.T, span, root otlptest.Span, all map[string][]otlptest.Span, version string) {
	t.Helper()
	kind := w.kind
	if kind == "" {
		kind = otlptest.KindServer
	}
	if span.Kind != kind {
		t.Errorf("%q: kind = %s, want %s", span.Name, span.Kind, kind)
	}
	w.checkParent(t, span, root, all)
	status := otlptest.StatusUnset
	if w.failed != "" {
		status = otlptest.StatusError
	}
	if got := span.Attrs.String("error.type"); got != w.failed || span.Status != status || span.StatusText != "" {
		t.Errorf("%q: error.type %q, status %s %q; want %q, %s",
			span.Name, got, span.Status, span.StatusText, w.failed, status)
	}
	attrs := maps.Clone(w.attrs)
	if attrs == nil {
		attrs = otlptest.Attrs{}
	}
	attrs["mcp.method.name"], _, _ = strings.Cut(span.Name, " ")
	attrs["network.transport"], attrs["mcp.protocol.version"] = "pipe", version
	if !span.Attrs.Match(attrs) {
		t.Errorf("%q: attributes = %v, want %v", span.Name, span.Attrs, attrs)
	}
	for key, want := range map[string]bool{
		"jsonrpc.request.id": !w.note, "spanpipe.session.id": true, "mcp.session.id": false,
		"gen_ai.tool.call.arguments": false, "gen_ai.tool.call.result": false, "jsonrpc.protocol.version": false,
	} {
		if span.Attrs.Has(key) != want {
			t.Errorf("%q: has %s = %v, want %v", span.Name, key, !want, want)
		}
	}
}

func (w sdkSpan) checkParent(t *testing.T, span, root otlptest.Span, all map[string][]otlptest.Span) {
	t.Helper()
	if span.ParentID == remoteSpan {
		if span.TraceID != remoteTrace || span.Name != "tools/call echo" {
			t.Errorf("%q in trace %s has the remote parent, want only tools/call echo in %s",
				span.Name, span.TraceID, remoteTrace)
		}
		toSession := func(l otlptest.Link) bool { return l.TraceID == root.TraceID && l.SpanID == root.SpanID }
		if !slices.ContainsFunc(span.Links, toSession) {
			t.Errorf("%q with the remote parent has no link to the session", span.Name)
		}
		return
	}
	parents := []otlptest.Span{root}
	if w.parent != "" {
		parents = append(slices.Clone(all[w.parent]), all["tools/call ask"]...)
	}
	if w.note { // any span: notifications race with responses, so a call may have ended or not
		for _, spans := range all {
			parents = append(parents, spans...)
		}
	}
	if !slices.ContainsFunc(parents, span.ChildOf) {
		t.Errorf("%q: parent = %s, want %q", span.Name, span.ParentID, w.parent)
	}
}

// checkNoViolations checks that nothing in a session of official SDKs is taken for a fault. An older version than the
// one asked for is none, nor is an answer that crosses a cancellation.
func checkNoViolations(t *testing.T, r *otlptest.Receiver) {
	t.Helper()
	for _, p := range r.Series(semconv.ProtocolViolations.Name, nil) {
		kind := p.Attrs.String(semconv.Violation)
		if semconv.ViolationOf(kind).Level == slog.LevelWarn.String() {
			t.Errorf("violation %s: %s", kind, r.Summary())
		}
	}
}

// checkMetrics compares the counts of the duration metrics with the calls.
func checkMetrics(t *testing.T, r *otlptest.Receiver, want map[string]sdkSpan) {
	t.Helper()
	counts := map[string]uint64{"mcp.server.session.duration ": 1}
	for name, w := range want {
		if w.note {
			continue
		}
		metric := "mcp.server.operation.duration "
		if w.kind == otlptest.KindClient {
			metric = "mcp.client.operation.duration "
		}
		method, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(name, "client "), "failed "), " ")
		counts[metric+method] += uint64(max(w.count, 1))
	}
	for key, n := range counts {
		metric, method, _ := strings.Cut(key, " ")
		match := otlptest.Attrs{"network.transport": "pipe"}
		if method != "" {
			match["mcp.method.name"] = method
		}
		h := r.Histogram(metric, match)
		if h.Count != n || h.Type != otlptest.Histogram || h.Unit != "s" {
			t.Errorf("%s of %q: %s, unit %q, count %d; want a histogram, s, %d",
				metric, method, h.Type, h.Unit, h.Count, n)
		}
		bounds := semconv.DurationBuckets()
		if metric == semconv.ServerSessionDuration.Name {
			bounds = semconv.SessionBuckets()
		}
		if !slices.Equal(h.Bounds, bounds) {
			t.Errorf("%s: bounds = %v, want %v", metric, h.Bounds, bounds)
		}
		for _, bound := range []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300} { // the conventions'
			if !slices.Contains(h.Bounds, bound) {
				t.Errorf("%s has no bound %v", metric, bound)
			}
		}
	}
	const duration = "mcp.server.operation.duration"
	failed := otlptest.Attrs{"gen_ai.tool.name": "broken", "error.type": "tool_error"}
	if n := r.Histogram(duration, failed).Count; n != 1 {
		t.Errorf("%s %v: count = %d, want 1", duration, failed, n)
	}
	var spent float64
	for _, span := range r.SpansNamed("tools/call echo") {
		spent += span.Duration().Seconds()
	}
	h := r.Histogram(duration, otlptest.Attrs{"gen_ai.tool.name": "echo"})
	if math.Abs(h.Total-spent) > 1e-6 {
		t.Errorf("%s of echo = %v s, want %v s as in the spans", duration, h.Total, spent)
	}
	for _, point := range r.Points() {
		for _, key := range []string{"jsonrpc.request.id", "spanpipe.session.id", "mcp.resource.uri"} {
			if point.Attrs.Has(key) {
				t.Errorf("%s has the attribute %s, whose values are unbounded", point.Name, key)
			}
		}
	}
}
