package framing_test

import "github.com/spanpipe/spanpipe/framing"

const each = framing.Each

// The tables that the tests scan with.
var (
	telemetryTable = framing.Compile(telemetryPaths...)
	awkwardTable   = framing.Compile(awkwardPaths...)
	tables         = []struct {
		name  string
		table *framing.Table
		paths []framing.Path
	}{{"telemetry", telemetryTable, telemetryPaths}, {"awkward", awkwardTable, awkwardPaths}}
)

// telemetryPaths is a table like the one that package telemetry uses.
var telemetryPaths = []framing.Path{
	text(128, "params", "name"),
	text(512, "params", "uri"),
	text(32, "params", "level"),
	text(128, "params", "taskId"),
	text(64, "params", "requestId"),
	text(64, "params", "progressToken"),
	text(32, "params", "ref", "type"),
	text(128, "params", "ref", "name"),
	text(512, "params", "ref", "uri"),
	text(32, "params", "mode"),
	text(32, "params", "status"),
	text(64, "params", "logger"),
	text(32, "params", "protocolVersion"),
	text(128, "params", "clientInfo", "name"),
	text(64, "params", "clientInfo", "version"),
	text(64, "params", "_meta", "progressToken"),
	text(64, "params", "_meta", "traceparent"),
	text(512, "params", "_meta", "tracestate"),
	text(32, "params", "_meta", "io.modelcontextprotocol/protocolVersion"),
	text(128, "params", "_meta", "io.modelcontextprotocol/clientInfo", "name"),
	text(64, "params", "_meta", "io.modelcontextprotocol/clientInfo", "version"),
	text(128, "params", "_meta", "io.modelcontextprotocol/related-task", "taskId"),
	{Keys: []string{"params", "task"}},
	{Keys: []string{"params", "arguments"}, Want: framing.Hash},
	{Keys: []string{"params", "inputResponses"}},
	text(8, "result", "isError"),
	text(32, "result", "resultType"),
	text(32, "result", "protocolVersion"),
	text(128, "result", "serverInfo", "name"),
	text(64, "result", "serverInfo", "version"),
	text(128, "result", "task", "taskId"),
	text(32, "result", "task", "status"),
	text(128, "result", "taskId"),
	text(32, "result", "status"),
	text(32, "result", "supportedVersions", each),
	{Keys: []string{"result", "tools"}},
	text(128, "result", "tools", each, "name"),
	text(512, "result", "resourceTemplates", each, "uriTemplate"),
	text(512, "result", "content", each, "text"),
	text(128, "result", "_meta", "io.modelcontextprotocol/serverInfo", "name"),
	text(64, "result", "_meta", "io.modelcontextprotocol/serverInfo", "version"),
	text(16, "error", "code"),
	text(512, "error", "message"),
	{Keys: []string{"error", "data"}},
}

// awkwardPaths is a table with everything that telemetryPaths lacks: values inside values that are kept, several
// paths to one place, small bounds, arrays in arrays, top-level members.
var awkwardPaths = []framing.Path{
	{Keys: []string{"params"}, Want: framing.Raw | framing.Hash, Max: 20},
	{Keys: []string{"params", "name"}, Want: framing.Text, Max: 5},
	{Keys: []string{"params", "name"}, Want: framing.Raw | framing.Hash, Max: 9},
	{Keys: []string{"params", "name"}, Want: framing.Text, Max: 3},
	{Keys: []string{"params", "a", each}, Want: framing.Text | framing.Hash, Max: 7},
	{Keys: []string{"params", "a", each, each}, Want: framing.Raw, Max: 4},
	{Keys: []string{"params", "a", each, "n"}, Want: framing.Text, Max: 4},
	{Keys: []string{"params", "a"}, Want: framing.Hash},
	{Keys: []string{"params", "none"}, Want: framing.Text},
	{Keys: []string{"result"}, Want: framing.Hash},
	{Keys: []string{"result", "a"}, Want: framing.Raw, Max: 1 << 10},
	{Keys: []string{"result", "é"}, Want: framing.Text, Max: 6},
	{Keys: []string{"error", "name", "n"}, Want: framing.Text, Max: 6},
	{Keys: []string{"id"}, Want: framing.Raw | framing.Hash, Max: 6},
	{Keys: []string{"id", "n"}, Want: framing.Text, Max: 6},
	{Keys: []string{"method"}, Want: framing.Text, Max: 200},
	{Keys: []string{"jsonrpc"}, Want: framing.Raw, Max: 2},
}

func text(limit int, keys ...string) framing.Path {
	return framing.Path{Keys: keys, Want: framing.Text, Max: limit}
}
