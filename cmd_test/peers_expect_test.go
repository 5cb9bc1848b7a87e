package cmd_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// message is a JSON-RPC message. The tests parse it with encoding/json, independently of the product's scanner.
type message struct {
	ID     json.RawMessage
	Method string
	Params struct {
		Name, URI string
		RequestID json.RawMessage
		Meta      struct {
			Version string `json:"io.modelcontextprotocol/protocolVersion"`
		} `json:"_meta"`
	}
	Result *struct {
		IsError         bool
		ProtocolVersion string
		Tools           []struct{ Name string }
	}
	Error *struct{ Code int }
}

// operation is a request of a recorded session and the span expected for it.
type operation struct {
	name     string
	kind     otlptest.SpanKind
	id       string
	attrs    otlptest.Attrs
	absent   []string // attributes that the span must not have
	status   otlptest.SpanStatus
	failed   bool   // it has an error.type that the conventions do not define
	resource string // its URI, of which the span shows the template or the scheme
}

// handled lists the error codes that do not make a SERVER span an error, according to the conventions.
var handled = []int{-32700, -32600, -32601, -32602, -32002}

// operations derives the expected operations from a recorded session.
func (s session) operations(t *testing.T) []operation {
	t.Helper()
	toServer, toClient := parse(t, s.in), parse(t, s.out)
	version := negotiated(toServer, toClient)
	var out []operation
	for _, request := range toServer {
		if request.isRequest() {
			out = append(out, expect(request, responseTo(request, toClient), otlptest.KindServer, version))
		}
	}
	for _, request := range toClient {
		if request.isRequest() {
			out = append(out, expect(request, responseTo(request, toServer), otlptest.KindClient, version))
		}
	}
	return out
}

func parse(t *testing.T, lines []string) []message {
	t.Helper()
	var out []message
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("recorded %.200q: %v", line, err)
		}
		out = append(out, m)
	}
	return out
}

func (m message) isRequest() bool { return m.Method != "" && m.ID != nil }

// text returns the id in the form of the attribute jsonrpc.request.id.
func (m message) text() string { return strings.Trim(string(m.ID), `"`) }

func responseTo(request message, messages []message) *message {
	for i, m := range messages {
		if m.Method == "" && string(m.ID) == string(request.ID) {
			return &messages[i]
		}
	}
	return nil
}

// negotiated returns the protocol version that initialize agreed on, or "".
func negotiated(toServer, toClient []message) string {
	for _, m := range toServer {
		if m.Method == "initialize" {
			if response := responseTo(m, toClient); response != nil && response.Result != nil {
				return response.Result.ProtocolVersion
			}
		}
	}
	return ""
}

func expect(request message, response *message, kind otlptest.SpanKind, version string) operation {
	op := operation{
		name: request.Method, kind: kind, id: request.text(), status: otlptest.StatusUnset,
		attrs: otlptest.Attrs{
			"mcp.method.name": request.Method, "jsonrpc.request.id": request.text(), "network.transport": "pipe",
		},
		// The first two are content, the default version 2.0 of JSON-RPC is omitted, and stdio has no Mcp-Session-Id.
		absent: []string{
			"gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "jsonrpc.protocol.version", "mcp.session.id",
		},
	}
	if request.Params.Meta.Version != "" {
		version = request.Params.Meta.Version
	}
	if version != "" {
		op.attrs["mcp.protocol.version"] = version
	}
	switch request.Method {
	case "tools/call":
		op.name += " " + request.Params.Name
		op.attrs["gen_ai.tool.name"], op.attrs["gen_ai.operation.name"] = request.Params.Name, "execute_tool"
	case "prompts/get":
		op.name += " " + request.Params.Name
		op.attrs["gen_ai.prompt.name"] = request.Params.Name
	case "resources/read", "resources/subscribe", "resources/unsubscribe":
		op.absent = append(op.absent, "mcp.resource.uri") // a URI is content
		op.resource = request.Params.URI
	}
	op.answered(response)
	return op
}

// answered adds what follows from the response. It is nil if there was none.
func (op *operation) answered(response *message) {
	switch {
	case response == nil:
		op.status, op.failed = otlptest.StatusError, true
	case response.Error != nil:
		code := fmt.Sprint(response.Error.Code)
		op.attrs["rpc.response.status_code"] = code
		if op.kind == otlptest.KindServer && slices.Contains(handled, response.Error.Code) {
			op.absent = append(op.absent, "error.type")
			return
		}
		op.status, op.attrs["error.type"] = otlptest.StatusError, code
	case response.Result != nil && response.Result.IsError:
		op.status, op.attrs["error.type"] = otlptest.StatusError, "tool_error"
	default:
		op.absent = append(op.absent, "error.type", "rpc.response.status_code")
	}
}

// check compares an operation with its span, which must be a child of one of parents.
func (op operation) check(t *testing.T, span, root otlptest.Span, parents []otlptest.Span) {
	t.Helper()
	name := fmt.Sprintf("%s %s (id %s)", op.kind, op.name, op.id)
	if span.Name != op.name {
		t.Errorf("%s: span name = %q", name, span.Name)
	}
	if span.Status != op.status {
		t.Errorf("%s: status = %s, want %s", name, span.Status, op.status)
	}
	if span.StatusText != "" {
		t.Errorf("%s: status description = %q, want none", name, span.StatusText)
	}
	for key, want := range op.attrs {
		if got := span.Attrs[key]; got != want {
			t.Errorf("%s: %s = %#v, want %#v", name, key, got, want)
		}
	}
	for _, key := range op.absent {
		if span.Attrs.Has(key) {
			t.Errorf("%s: %s = %#v, want none", name, key, span.Attrs[key])
		}
	}
	if op.failed && span.Attrs.String("error.type") == "" {
		t.Errorf("%s: no error.type, though it has no response", name)
	}
	if !slices.ContainsFunc(parents, span.ChildOf) {
		t.Errorf("%s: parent = %s, want one of %v", name, span.ParentID, parents)
	}
	if shown := span.Attrs.String("spanpipe.resource"); op.resource != "" && !shows(shown, op.resource) {
		t.Errorf("%s: spanpipe.resource = %q, want a template or scheme of %q", name, shown, op.resource)
	}
	if span.End.Before(span.Start) || span.Start.Before(root.Start) {
		t.Errorf("%s: start %v, end %v; the session starts at %v", name, span.Start, span.End, root.Start)
	}
}

// shows reports whether label is the scheme of a URI or a template that matches it.
func shows(label, uri string) bool {
	scheme, _, _ := strings.Cut(uri, ":")
	if label == scheme {
		return true
	}
	prefix, _, isTemplate := strings.Cut(label, "{")
	return isTemplate && strings.HasPrefix(uri, prefix)
}

// tools returns the names in the server's tools/list results.
func (s session) tools(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	for _, m := range parse(t, s.out) {
		if m.Result != nil {
			for _, tool := range m.Result.Tools {
				names[tool.Name] = true
			}
		}
	}
	return names
}
