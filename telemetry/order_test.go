package telemetry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// overtake is longer than a batch of messages waits, and shorter than a message waits for messages that were read
// before it.
const overtake = 200 * time.Millisecond

// TestResponseScannedLate: spanpipe forwards the bytes of a response before it scans them, so the client's next request
// may be scanned first. The tracker must still receive the messages in the order in which they were read.
func TestResponseScannedLate(t *testing.T) { retryIfSlow(t, responseScannedLate) }

func responseScannedLate(t *testing.T) (failure string) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	s.say(`1ms > {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}`)
	s.tel.Tap(record.ToClient).Arriving()
	s.say(`3ms > {"jsonrpc":"2.0","id":2,"method":"tools/list"}`)
	time.Sleep(overtake)
	s.say(`
2ms < {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}
4ms < {"jsonrpc":"2.0","id":2,"result":{"tools":[]}}`)
	s.end(left)
	span := r.WaitSpan(t, "tools/list")
	if got := span.Attrs.String(semconv.ProtocolVersion); got != "2025-11-25" {
		return fmt.Sprintf("%s = %q, want 2025-11-25 as in the response to initialize", semconv.ProtocolVersion, got)
	}
	return ""
}

// TestRequestScannedLate: before a call is scanned, it reaches the server, and the server sends a request to the
// client. The span of the server's request must still be a child of the call's span.
func TestRequestScannedLate(t *testing.T) { retryIfSlow(t, requestScannedLate) }

func requestScannedLate(t *testing.T) (failure string) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	s.tel.Tap(record.ToServer).Arriving()
	s.say(`2ms < {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}`)
	time.Sleep(overtake)
	s.say(`
1ms > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"summarize"}}
3ms > {"jsonrpc":"2.0","id":1,"result":{}}
4ms < {"jsonrpc":"2.0","id":1,"result":{"content":[]}}`)
	s.end(left)
	call, sampling := r.WaitSpan(t, "tools/call summarize"), r.WaitSpan(t, "sampling/createMessage")
	if !sampling.ChildOf(call) {
		return fmt.Sprintf("parent of sampling/createMessage = %s, want the call %s", sampling.ParentID, call.SpanID)
	}
	return ""
}

// retryIfSlow runs a test again if it failed and took so long that a message may have stopped waiting for those before
// it. On such a busy machine the failure means nothing.
func retryIfSlow(t *testing.T, play func(*testing.T) string) {
	t.Helper()
	for range 5 {
		start := time.Now()
		failure := play(t)
		if failure == "" {
			return
		}
		if time.Since(start) < 800*time.Millisecond {
			t.Fatal(failure)
		}
	}
	t.Fatal("the machine is too busy")
}

// TestUnreadInput: the client's bytes wait for a server that does not read but writes. Its messages are not held back
// for long.
func TestUnreadInput(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	s.tel.Tap(record.ToServer).Arriving()
	s.say(time.Since(s.start).String() + ` < {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`)
	r.WaitSpan(t, "notifications/tools/list_changed") // before the session ends
	s.end(left)
}

// TestFloodDuringUnreadInput: when such a server writes at a high rate, its messages are processed before the queue is
// full.
func TestFloodDuringUnreadInput(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	s.tel.Tap(record.ToServer).Arriving()
	s.say(time.Since(s.start).String() + ` > {"jsonrpc":"2.0","id":1,"method":"tools/call",` +
		`"params":{"name":"a","_meta":{"progressToken":1}}}`)
	for range 3 { // 4,500 messages, more than the queue holds, within the time that a message may wait
		line := time.Since(s.start).String() + ` < {"jsonrpc":"2.0","method":"notifications/progress",` +
			`"params":{"progressToken":1,"progress":1}}` + "\n"
		s.say(strings.Repeat(line, 1500))
		time.Sleep(overtake)
	}
	s.end(left)
	if log := s.log.String(); log != "" {
		t.Errorf("log = %q, want no losses", log)
	}
}
