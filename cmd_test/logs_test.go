package cmd_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/schematest"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestLogLines: every line of JSON on stderr follows docs/logs.schema.json, and sessions can be had that write every record in it.
// Each has the session's id, and with local the ids of a span.
func TestLogLines(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the servers are shell scripts")
	}
	r := otlptest.Start(t, otlptest.Config{})
	r.SetFault(otlptest.Internal()) // reported, and not tried again, which would take all of longFlush
	variables := append(r.Env(otlptest.HTTP),
		"SPANPIPE_TELEMETRY=console,local,otlp", "SPANPIPE_DIR="+t.TempDir(), "SPANPIPE_LOG_FORMAT=json", "SPANPIPE_LOG_LEVEL=debug",
		"SPANPIPE_CAPTURE=messages,errors", "SPANPIPE_HANG_AFTER=1s", "SPANPIPE_TYPO=1")
	schema, seen, refused := schematest.Read(t, "../docs/logs.schema.json"), map[string]int{}, 0
	for _, play := range []func(*testing.T, ...string) string{logsOfCalls, logsOfChanges, logsOfBlockage} {
		for line := range strings.Lines(play(t, variables...)) {
			var value map[string]any
			if err := json.Unmarshal([]byte(line), &value); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("%v: %s", err, line)
			}
			event, _ := value["event"].(string)
			seen[event]++
			if event == "" {
				if value["error"] != nil {
					refused++
				}
				continue
			}
			if value["trace_id"] == nil || value["span_id"] == nil {
				t.Errorf("no span: %s", line)
			}
			known := slices.IndexFunc(semconv.Records(), func(r semconv.Record) bool { return r.Event == event })
			for key := range value { // the schema allows what later versions may add
				if !slices.Contains(semconv.Records()[known].Attributes, key) && !slices.Contains(usualMembers, key) {
					t.Errorf("%s is not in the schema: %s", key, line)
				}
			}
		}
	}
	for _, r := range semconv.Records() {
		if _, ok := seen[r.Event]; !ok && !r.Local && r.Event != semconv.ServerStderr.Event {
			t.Errorf("no line has %s, only %v", r.Event, slices.Sorted(maps.Keys(seen)))
		}
	}
	if refused == 0 {
		t.Error("no line about spanpipe itself has an error")
	}
	if schema.Validate(map[string]any{"time": "", "level": "INFO", "msg": "x", "schema": 1.0, "event": "spanpipe.unknown"}) == nil {
		t.Error("the schema accepts an event that it does not list")
	}
}

// usualMembers are those that every line may have.
var usualMembers = []string{"time", "level", "msg", "event", "schema", "service.name", "trace_id", "span_id"}

// logsOfCalls returns stderr of a session with calls that fail, repeat, hang and are answered late, stray output and a message.
func logsOfCalls(t *testing.T, variables ...string) string {
	script := `say() { printf '%s\n' "$1"; }
read -r x; say '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"scripted","version":"1"}}}'
read -r x
say 'stray output'
say '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","logger":"db","data":"slow"}}'
i=2; while [ $i -le 13 ]; do read -r x; say "{\"jsonrpc\":\"2.0\",\"id\":$i,\"result\":{\"content\":[],\"isError\":true}}"; i=$((i+1)); done
read -r x; read -r x; say '{"jsonrpc":"2.0","id":14,"result":{"content":[]}}'
while read -r x; do :; done`
	h := open(t, []string{"sh", "-c", script}, variables...)
	c := mcptest.Connect(h)
	for range 12 {
		c.Ask("tools/call", mcptest.Object{"name": "echo", "arguments": mcptest.Object{}})
	}
	mcptest.Eventually(t, "the calls are reported as a loop", func() bool { // another call between them would end it
		return strings.Contains(h.Stderr.String(), semconv.UnusualCall.Event)
	})
	late := c.Ask("tools/call", mcptest.Object{"name": "late"})
	c.Notify("notifications/cancelled", mcptest.Object{"requestId": late})
	c.Ask("tools/call", mcptest.Object{"name": "hang"})
	mcptest.Eventually(t, "the call is reported as hanging", func() bool {
		return strings.Contains(h.Stderr.String(), semconv.OperationHangs.Event)
	})
	h.CloseInput()
	h.Wait()
	return h.Stderr.String()
}

// logsOfChanges returns stderr of a session whose server describes a tool in another way than before.
func logsOfChanges(t *testing.T, variables ...string) string {
	h := openChanging(t, variables...)
	h.CloseInput()
	h.Wait()
	return h.Stderr.String()
}

// logsOfBlockage returns stderr of a session whose server does not read its input.
func logsOfBlockage(t *testing.T, variables ...string) string {
	script := `read -r x; printf '%s\n' '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"deaf","version":"1"}}}'
until [ -e "$0" ]; do sleep 0.1; done`
	file := filepath.Join(t.TempDir(), "enough")
	h := open(t, []string{"sh", "-c", script, file}, variables...)
	c := mcptest.Connect(h)
	c.Notify("notifications/roots/list_changed", mcptest.Object{"pad": strings.Repeat("x", 100<<10)}) // more than one pipe holds, and less than two
	mcptest.Eventually(t, "the stream is reported as blocked", func() bool {
		return strings.Contains(h.Stderr.String(), semconv.StreamBlocked.Event)
	})
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h.Wait()
	return h.Stderr.String()
}
