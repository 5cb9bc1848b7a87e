package telemetry_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// everything is a session that, with loops, records something with every instrument.
const everything = `
0ms   > {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test-client","version":"1.0"}}}
20ms  < {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"test-server","version":"2.0"}}}
21ms  > {"jsonrpc":"2.0","method":"notifications/initialized"}
30ms  > {"jsonrpc":"2.0","id":1,"method":"tools/list"}
40ms  < {"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"search","inputSchema":{"type":"object"}},{"name":"fetch","inputSchema":{"type":"object"}}]}}
50ms  > {"jsonrpc":"2.0","id":2,"method":"resources/templates/list"}
60ms  < {"jsonrpc":"2.0","id":2,"result":{"resourceTemplates":[{"uriTemplate":"note://{id}","name":"note"}]}}
100ms > {"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"search","arguments":{"q":"a"},"_meta":{"progressToken":"p"}}}
120ms < {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1}}
130ms < {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":[]}}
330ms > {"jsonrpc":"2.0","id":1,"result":{"role":"assistant","model":"m","content":{"type":"text","text":"x"}}}
400ms < {"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"found"}]}}
500ms > {"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"fetch","arguments":{}}}
600ms < {"jsonrpc":"2.0","id":4,"result":{"isError":true,"content":[{"type":"text","text":"429 Too Many Requests"}]}}
700ms > {"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"invented","arguments":{}}}
710ms < {"jsonrpc":"2.0","id":5,"error":{"code":-32602,"message":"Unknown tool: invented"}}
800ms > {"jsonrpc":"2.0","id":6,"method":"resources/read","params":{"uri":"note://4711"}}
850ms < {"jsonrpc":"2.0","id":6,"result":{"contents":[{"uri":"note://4711","text":"x"}]}}
900ms > {"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"file:///home/ann/private"}}
950ms < {"jsonrpc":"2.0","id":7,"error":{"code":-32002,"message":"Resource not found"}}
1000ms > {"jsonrpc":"2.0","id":8,"method":"vendor/secret-method"}
1001ms < {"jsonrpc":"2.0","id":8,"result":{}}
1010ms < a banner that does not belong here
1020ms < {"jsonrpc":"2.0","id":99,"result":{}}
1030ms > {"jsonrpc":"2.0","id":10,"method":"prompts/get","params":{"name":"slow"}}
1050ms > {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":10}}
2400ms > {"jsonrpc":"2.0","id":12,"method":"resources/templates/list"}
2410ms < {"jsonrpc":"2.0","id":12,"result":{"resourceTemplates":[{"uriTemplate":"note://{id}","name":"memo"}]}}
2500ms > {"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"search","arguments":{"q":"b"}}}
`

// loops returns ten calls of the same tool with the same arguments, which are an anomaly.
func loops() string {
	var b strings.Builder
	for i := range 10 {
		at := 1100 + 100*i
		const call = `%dms > {"jsonrpc":"2.0","id":%d,"method":"tools/call",` +
			`"params":{"name":"search","arguments":{"q":"same"}}}` + "\n"
		fmt.Fprintf(&b, call, at, 100+i)
		fmt.Fprintf(&b, `%dms < {"jsonrpc":"2.0","id":%d,"result":{"content":[]}}`+"\n", at+10, 100+i)
	}
	return b.String()
}

// TestEveryInstrument plays a session that uses every instrument, and checks the values that follow from the session.
func TestEveryInstrument(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	script := strings.Replace(everything, "2500ms >", loops()+"2500ms >", 1)
	s.say(script)
	// The CPU time at the exit of a server replaces earlier readings if it is larger, as here.
	s.end(record.Exit{EndedBy: record.ByServer, Signal: "SIGSEGV", UserTime: 3 * time.Hour, SystemTime: 2 * time.Hour})

	// size returns the size on the wire of the lines that contain a fragment.
	size := func(fragment string) float64 {
		total := 0
		for line := range strings.Lines(script) {
			if strings.Contains(line, fragment) {
				_, rest, _ := strings.Cut(line, " ")
				total += len(strings.TrimSpace(rest)) - 2
			}
		}
		return float64(total)
	}
	call := func(tool string) otlptest.Attrs {
		return otlptest.Attrs{semconv.MethodName: "tools/call", semconv.ToolName: tool}
	}
	histograms := []struct {
		instrument semconv.Instrument
		match      otlptest.Attrs
		count      uint64
		total      float64 // not checked if negative
	}{
		{semconv.ServerOperationDuration,
			otlptest.Attrs{semconv.MethodName: "initialize", semconv.ProtocolVersion: "2025-11-25",
				semconv.NetworkTransport: "pipe"}, 1, 0.02},
		{semconv.ServerOperationDuration,
			otlptest.Attrs{semconv.MethodName: "tools/call", semconv.ToolName: "fetch",
				semconv.OperationName: "execute_tool", semconv.ErrorType: "tool_error"}, 1, 0.1},
		{semconv.ServerOperationDuration,
			otlptest.Attrs{semconv.ToolName: "_OTHER", semconv.StatusCode: "-32602"}, 1, 0.01},
		{semconv.ServerOperationDuration,
			otlptest.Attrs{semconv.ToolName: "search", semconv.ErrorType: "server_exit"}, 1, -1},
		{semconv.ServerOperationDuration, otlptest.Attrs{semconv.MethodName: "_OTHER"}, 1, 0.001},
		{semconv.ServerOperationDuration, nil, 22, -1},
		{semconv.ClientOperationDuration, otlptest.Attrs{semconv.MethodName: "sampling/createMessage"}, 1, 0.2},
		{semconv.ServerSessionDuration,
			otlptest.Attrs{semconv.ErrorType: "server_exit", semconv.ClientName: "test-client",
				semconv.ClientVersion: "1.0", semconv.ServerName: "test-server", semconv.ServerVersion: "2.0",
				semconv.ProtocolVersion: "2025-11-25"}, 1, -1},
		{semconv.MessageSize,
			otlptest.Attrs{semconv.Direction: "to_client", semconv.Kind: "request"}, 1, size("sampling/createMessage")},
		{semconv.MessageSize, otlptest.Attrs{semconv.Direction: "to_client", semconv.Kind: "other"}, 1, size("banner")},
		{semconv.MessageSize,
			otlptest.Attrs{semconv.Direction: "to_client", semconv.Kind: "error"}, 2,
			size("Unknown tool") + size("Resource not found")},
		{semconv.MessageSize,
			otlptest.Attrs{semconv.Kind: "notification", semconv.Direction: "to_client"}, 1, size("notifications/progress")},
		{semconv.MessageSize, nil, 49, -1},
		{semconv.OperationRequestSize,
			otlptest.Attrs{semconv.MethodName: "tools/call"}, 14, size(`"method":"tools/call"`)},
		{semconv.OperationResponseSize, call("fetch"), 1, size("429 Too Many")},
		{semconv.StartupDuration, otlptest.Attrs{semconv.Phase: "process"}, 1, -1},
		{semconv.StartupDuration, otlptest.Attrs{semconv.Phase: "handshake"}, 1, 0.02},
		{semconv.StartupDuration, otlptest.Attrs{semconv.Phase: "tools"}, 1, 0.04},
		{semconv.ResourceSize, otlptest.Attrs{semconv.Resource: "note://{id}"}, 1, size(`"contents"`)},
	}
	for _, h := range histograms {
		p := r.Histogram(h.instrument.Name, h.match)
		if p.Count != h.count || h.total >= 0 && math.Abs(p.Total-h.total) > 0.001*max(h.total, 1) {
			t.Errorf("%s %v: count %d, total %v; want %d, %v",
				h.instrument.Name, h.match, p.Count, p.Total, h.count, h.total)
		}
	}
	values := []struct {
		instrument semconv.Instrument
		match      otlptest.Attrs
		want       float64
	}{
		{semconv.SessionActive, otlptest.Attrs{semconv.ClientName: "test-client", semconv.ServerVersion: "2.0"}, 0},
		{semconv.OperationActive, nil, 0},
		{semconv.OperationErrors, otlptest.Attrs{semconv.ErrorClass: "rate_limited", semconv.ToolName: "fetch"}, 1},
		{semconv.OperationErrors, otlptest.Attrs{semconv.ErrorClass: "invalid_params", semconv.ToolName: "_OTHER"}, 1},
		{semconv.OperationErrors,
			otlptest.Attrs{semconv.ErrorClass: "not_found", semconv.MethodName: "resources/read"}, 1},
		{semconv.OperationErrors, otlptest.Attrs{semconv.ErrorClass: "unavailable", semconv.ToolName: "search"}, 1},
		{semconv.OperationErrors, nil, 5},
		{semconv.Notifications, otlptest.Attrs{semconv.MethodName: "notifications/progress"}, 1},
		{semconv.Notifications, nil, 3},
		{semconv.ResourceReads, otlptest.Attrs{semconv.Resource: "note://{id}"}, 1},
		{semconv.ResourceReads, otlptest.Attrs{semconv.Resource: "file"}, 1},
		{semconv.ResourceReads, nil, 2},
		{semconv.ToolTransitions, otlptest.Attrs{semconv.FromTool: "search", semconv.ToTool: "fetch"}, 1},
		{semconv.ToolTransitions, otlptest.Attrs{semconv.FromTool: "fetch", semconv.ToTool: "_OTHER"}, 1},
		{semconv.ToolTransitions, nil, 13},
		{semconv.Anomalies, otlptest.Attrs{semconv.Anomaly: "loop", semconv.ToolName: "search"}, 1},
		{semconv.Anomalies, nil, 1},
		{semconv.ToolsDefinitionSize,
			nil, float64(len(`[{"name":"search","inputSchema":{"type":"object"}},{"name":"fetch","inputSchema":{"type":"object"}}]`))},
		{semconv.ToolsListed, nil, 2},
		{semconv.DefinitionsChanged, otlptest.Attrs{semconv.DefinitionChange: "changed"}, 1},
		{semconv.DefinitionsChanged, nil, 1},
		{semconv.ServerExits,
			otlptest.Attrs{semconv.Exit: "signal", semconv.Signal: "SIGSEGV", semconv.InFlight: true}, 1},
		{semconv.ServerExits, nil, 1},
		{semconv.ProtocolViolations, otlptest.Attrs{semconv.Violation: "noise", semconv.Direction: "to_client"}, 1},
		{semconv.ProtocolViolations,
			otlptest.Attrs{semconv.Violation: "orphan_response", semconv.Direction: "to_client"}, 1},
		{semconv.ProtocolViolations, nil, 2},
		{semconv.ProcessCPUTime, otlptest.Attrs{semconv.CPUMode: "user"}, 3 * 3600},
		{semconv.ProcessCPUTime, otlptest.Attrs{semconv.CPUMode: "system"}, 2 * 3600},
		{semconv.TelemetryDropped, nil, 0},
	}
	for _, v := range values {
		if len(r.Series(v.instrument.Name, v.match)) == 0 {
			t.Errorf("%s %v: no series, want one", v.instrument.Name, v.match)
		} else if got := r.Value(v.instrument.Name, v.match); got != v.want {
			t.Errorf("%s %v = %v, want %v", v.instrument.Name, v.match, got, v.want)
		}
	}
	// These are measured in this process and do not follow from the session.
	for _, i := range []semconv.Instrument{
		semconv.ProcessMemoryUsage, semconv.ProcessFileDescriptors, semconv.ProcessThreads,
		semconv.ProcessUptime, semconv.ProcessStartTime,
	} {
		if r.Value(i.Name, nil) <= 0 {
			t.Errorf("%s = %v, want more than 0", i.Name, r.Value(i.Name, nil))
		}
	}
	limit := float64(proctree.MemoryLimit(os.Getpid()))
	for _, i := range semconv.Instruments() {
		if i.Name == semconv.MemoryLimit.Name && limit == 0 {
			if len(r.Series(i.Name, nil)) > 0 {
				t.Errorf("%s = %v, want none without a limit", i.Name, r.Value(i.Name, nil))
			}
			continue
		}
		checkDescription(t, r, i)
		checkExample(t, r, i)
	}
	if t.Failed() {
		t.Log(r.Summary())
	}
}

// checkDescription compares an instrument's description with the series that arrived.
func checkDescription(t *testing.T, r *otlptest.Receiver, i semconv.Instrument) {
	t.Helper()
	series := r.Series(i.Name, nil)
	if len(series) == 0 {
		t.Errorf("%s did not arrive", i.Name)
		return
	}
	forms := map[semconv.Form]otlptest.MetricType{
		semconv.Histogram: otlptest.Histogram, semconv.Counter: otlptest.Sum,
		semconv.UpDownCounter: otlptest.Sum, semconv.Gauge: otlptest.Gauge,
	}
	allowed := map[string]bool{}
	for _, a := range i.Attributes {
		allowed[a] = true
	}
	for _, p := range series {
		if p.Unit != i.Unit || p.Description != i.Description {
			t.Errorf("%s: unit %q, description %q; want %q, %q", i.Name, p.Unit, p.Description, i.Unit, i.Description)
		}
		if counter := i.Form == semconv.Counter; p.Type != forms[i.Form] || p.Monotonic != counter {
			t.Errorf("%s: type %s, monotonic %v; want %s, %v", i.Name, p.Type, p.Monotonic, forms[i.Form], counter)
		}
		for key := range p.Attrs {
			if !allowed[key] {
				t.Errorf("%s has the attribute %s, which semconv does not list for it", i.Name, key)
			}
		}
	}
}

// checkExample expects an instrument's example in TELEMETRY.md among the series that arrived. It ignores values that
// depend on the machine.
func checkExample(t *testing.T, r *otlptest.Receiver, i semconv.Instrument) {
	t.Helper()
	machine := strings.HasPrefix(i.Name, "process.") || i.Name == semconv.MemoryLimit.Name || i.Name == semconv.ServerSessionDuration.Name
	var all []string
	for _, p := range r.Series(i.Name, nil) {
		all = append(all, exampleOf(p, i.Attributes))
	}
	matches := func(got string) bool {
		want := i.Example
		if machine {
			got, want = got[:strings.LastIndexByte(got, '}')], want[:strings.LastIndexByte(want, '}')]
		}
		return got == want
	}
	if !slices.ContainsFunc(all, matches) {
		t.Errorf("%s: got\n%s\nwant the example %q among them", i.Name, strings.Join(all, "\n"), i.Example)
	}
}

// exampleOf formats a series as in TELEMETRY.md: the attributes in the instrument's order, then the value.
func exampleOf(p otlptest.Point, attributes []string) string {
	var kv []string
	for _, key := range attributes {
		if value, ok := p.Attrs[key]; ok {
			kv = append(kv, fmt.Sprintf("%s=%v", key, value))
		}
	}
	value := fmt.Sprint(p.Value)
	if p.Type == otlptest.Histogram {
		value = fmt.Sprintf("count=%d sum=%.4g", p.Count, p.Total)
	}
	return "{" + strings.Join(kv, " ") + "} " + value
}
