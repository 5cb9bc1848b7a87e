package telemetry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestBatchesFit: batches of calls of a tool with a long name, by a server and a client with long ones, fit into 32 KiB.
// There are too few calls for the large batches of a session that falls behind.
func TestBatchesFit(t *testing.T) {
	const calls, most = 400, 32 << 10
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	var script strings.Builder
	fmt.Fprintln(&script, `0ms > {"jsonrpc":"2.0","id":-1,"method":"initialize","params":{"protocolVersion":"2025-11-25",`+
		`"capabilities":{},"clientInfo":{"name":"client-of-an-editor","version":"10.20.30"}}}`)
	fmt.Fprintln(&script, `1ms < {"jsonrpc":"2.0","id":-1,"result":{"protocolVersion":"2025-11-25",`+
		`"capabilities":{},"serverInfo":{"name":"server-for-issue-trackers","version":"10.20.30"}}}`)
	for n := range calls {
		fmt.Fprintf(&script, `%dms > {"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"search_issues_and_comments"}}`+
			"\n", 2*n+2, n)
		fmt.Fprintf(&script, `%dms < {"jsonrpc":"2.0","id":%d,"result":{"content":[]}}`+"\n", 2*n+3, n)
	}
	s.say(script.String())
	s.end(left)
	for _, signal := range []otlptest.Signal{otlptest.Traces, otlptest.Logs} {
		largest := 0
		for _, request := range r.Requests(signal) {
			largest = max(largest, len(request.Body))
		}
		if largest < most/3 || largest > most {
			t.Errorf("the largest batch of %s has %d bytes, want at most %d", signal, largest, most)
		}
	}
}
