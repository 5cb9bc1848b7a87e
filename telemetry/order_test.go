package telemetry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/session"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// overtake is longer than a batch of messages waits, and shorter than a message waits for what was read before it.
const overtake = 200 * time.Millisecond

// TestAnswerScannedAfterTheNextRequest: the bytes of an answer are passed on before they are scanned, so that the client's next
// request can be scanned first. Messages are taken in the order in which they were read all the same.
func TestAnswerScannedAfterTheNextRequest(t *testing.T) { inTime(t, answerScannedLate) }

func answerScannedLate(t *testing.T) (complaint string) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	s.say(`1ms > {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}`)
	s.tel.Tap(session.ToClient).Arriving()
	s.say(`3ms > {"jsonrpc":"2.0","id":2,"method":"tools/list"}`)
	time.Sleep(overtake)
	s.say(`
2ms < {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}
4ms < {"jsonrpc":"2.0","id":2,"result":{"tools":[]}}`)
	s.end(left)
	span := r.WaitSpan(t, "tools/list")
	if got := span.Attrs.String(semconv.ProtocolVersion); got != "2025-11-25" {
		return fmt.Sprintf("%s = %q, want what the answer to initialize says", semconv.ProtocolVersion, got)
	}
	return ""
}

// TestRequestScannedAfterWhatItCauses: a call has reached the server, and the server has asked the client for something in its
// course, before the call is scanned. The request of the server's is the call's child all the same.
func TestRequestScannedAfterWhatItCauses(t *testing.T) { inTime(t, requestScannedLate) }

func requestScannedLate(t *testing.T) (complaint string) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	s.tel.Tap(session.ToServer).Arriving()
	s.say(`2ms < {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}`)
	time.Sleep(overtake)
	s.say(`
1ms > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"summarize"}}
3ms > {"jsonrpc":"2.0","id":1,"result":{}}
4ms < {"jsonrpc":"2.0","id":1,"result":{"content":[]}}`)
	s.end(left)
	call, asked := r.WaitSpan(t, "tools/call summarize"), r.WaitSpan(t, "sampling/createMessage")
	if !asked.ChildOf(call) {
		return fmt.Sprintf("sampling/createMessage has the parent %s, want the call %s", asked.ParentID, call.SpanID)
	}
	return ""
}

// inTime plays a session, and again where it took longer than a message waits at most for what was read before it: a machine that
// is too busy for that shows nothing.
func inTime(t *testing.T, play func(*testing.T) string) {
	t.Helper()
	for range 5 {
		begun := time.Now()
		complaint := play(t)
		if complaint == "" {
			return
		}
		if time.Since(begun) < 800*time.Millisecond {
			t.Fatal(complaint)
		}
	}
	t.Fatal("the machine is too busy")
}

// TestBytesThatNobodyReads: what the client has written is on its way to a server that does not read, but speaks. What it says
// is not kept waiting for long.
func TestBytesThatNobodyReads(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	s.tel.Tap(session.ToServer).Arriving()
	s.say(time.Since(s.start).String() + ` < {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`)
	r.WaitSpan(t, "notifications/tools/list_changed") // before the end
	s.end(left)
}

// TestFloodPastBytesThatNobodyReads: what such a server says at a high rate is not kept waiting until there is no room.
func TestFloodPastBytesThatNobodyReads(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	s := open(t, r, otlptest.GRPC, nil)
	s.tel.Tap(session.ToServer).Arriving()
	for range 3 { // 4,500 messages, more than the queue holds, faster than one waits at most
		now := time.Since(s.start).String()
		s.say(strings.Repeat(now+` < {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}`+"\n", 1500))
		time.Sleep(overtake)
	}
	s.end(left)
	if told := s.log.String(); told != "" {
		t.Errorf("lost: %s", told)
	}
}
