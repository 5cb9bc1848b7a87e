package telemetry_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestAnswerScannedAfterTheNextRequest: the bytes of an answer are passed on before they are scanned, so that the client's next
// request can be scanned first. Messages are taken in the order in which they were read all the same.
func TestAnswerScannedAfterTheNextRequest(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	s.say(`
1ms > {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}
3ms > {"jsonrpc":"2.0","id":2,"method":"tools/list"}
2ms < {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}
4ms < {"jsonrpc":"2.0","id":2,"result":{"tools":[]}}`)
	s.end(left)
	span := r.WaitSpan(t, "tools/list")
	if got := span.Attrs.String(semconv.ProtocolVersion); got != "2025-11-25" {
		t.Errorf("%s = %q, want what the answer to initialize says", semconv.ProtocolVersion, got)
	}
}
