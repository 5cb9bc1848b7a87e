package session_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// randomLines is what a random session is made of: I is an id, T a task, S a state or a token.
var randomLines = []string{
	`> {"jsonrpc":"2.0","id":I,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":"S"}}}`,
	`> {"jsonrpc":"2.0","id":I,"method":"tools/call","params":{"name":"a","arguments":{"s":"S"},"task":{}}}`,
	`> {"jsonrpc":"2.0","id":I,"method":"tools/call","params":{"name":"a","inputResponses":{},"requestState":"S"}}`,
	`> {"jsonrpc":"2.0","id":I,"method":"tools/call","params":{"name":"a","inputResponses":{}}}`,
	`> {"jsonrpc":"2.0","id":I,"method":"tasks/get","params":{"taskId":"T"}}`,
	`> {"jsonrpc":"2.0","id":I,"method":"tasks/result","params":{"taskId":"T"}}`,
	`> {"jsonrpc":"2.0","id":I,"method":"tasks/cancel","params":{"taskId":"T"}}`,
	`> {"jsonrpc":"2.0","id":I,"method":"tasks/update","params":{"taskId":"T"}}`,
	`> {"jsonrpc":"2.0","id":I,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}`,
	`> {"jsonrpc":"2.0","id":I,"method":"server/discover"}`,
	`> {"jsonrpc":"2.0","id":I,"method":"subscriptions/listen"}`,
	`< {"jsonrpc":"2.0","id":I,"method":"sampling/createMessage","params":{"task":{}}}`,
	`< {"jsonrpc":"2.0","id":I,"method":"elicitation/create","params":{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"T"}}}}`,
	`< {"jsonrpc":"2.0","id":I,"result":{"resultType":"complete"}}`,
	`< {"jsonrpc":"2.0","id":I,"result":{}}`,
	`< {"jsonrpc":"2.0","id":I,"result":{"isError":true,"content":[{"text":"timed out"}]}}`,
	`< {"jsonrpc":"2.0","id":I,"error":{"code":-32603,"message":"x"}}`,
	`< {"jsonrpc":"2.0","id":I,"error":{"code":-32602}}`,
	`< {"jsonrpc":"2.0","id":I,"result":{"resultType":"input_required","requestState":"S"}}`,
	`< {"jsonrpc":"2.0","id":I,"result":{"resultType":"input_required"}}`,
	`< {"jsonrpc":"2.0","id":I,"result":{"resultType":"task","taskId":"T","status":"working"}}`,
	`< {"jsonrpc":"2.0","id":I,"result":{"task":{"taskId":"T","status":"input_required"}}}`,
	`< {"jsonrpc":"2.0","id":I,"result":{"taskId":"T","status":"completed"}}`,
	`< {"jsonrpc":"2.0","id":I,"result":{"taskId":"T","status":"failed","error":{"code":-1}}}`,
	`< {"jsonrpc":"2.0","id":I,"result":{"taskId":"T","status":"completed","result":{"isError":true}}}`,
	`< {"jsonrpc":"2.0","id":I,"result":{"taskId":"T","status":"working"}}`,
	`> {"jsonrpc":"2.0","id":I,"result":{"task":{"taskId":"T","status":"working"}}}`,
	`> {"jsonrpc":"2.0","id":I,"result":{}}`,
	`< {"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"T","status":"failed"}}`,
	`> {"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"T","status":"completed"}}`,
	`< {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"S"}}`,
	`< {"jsonrpc":"2.0","method":"notifications/message","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":I}}}`,
	`> {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":I}}`,
	`< {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":I,"reason":"timed out"}}`,
	`@`,
	`< noise`,
}

var randomIDs = []string{"0", "1", "2", `"1"`, "1.0", `"x"`, "null", "1e0", "9007199254740993", "9007199254740992", "true", `""`}

// randomText writes down the session that random bytes stand for: which messages, with which ids and names, and when.
func randomText(random []byte) string {
	var b strings.Builder
	for i := 0; i+3 < len(random); i += 4 {
		s := randomLines[int(random[i])%len(randomLines)]
		s = strings.ReplaceAll(s, `:I,`, ":"+randomIDs[int(random[i+1])%len(randomIDs)]+",")
		s = strings.ReplaceAll(s, `:I}`, ":"+randomIDs[int(random[i+1])%len(randomIDs)]+"}")
		s = strings.ReplaceAll(s, `"T"`, `"t`+strconv.Itoa(int(random[i+2])%3)+`"`)
		s = strings.ReplaceAll(s, `"S"`, `"s`+strconv.Itoa(int(random[i+2])%4)+`"`)
		fmt.Fprintf(&b, "%d %s\n", random[i+3], s)
	}
	return b.String()
}

// playText plays lines to a tracker with room for few, and checks what must always be true. A line is a number of
// milliseconds by which the clock moves, the direction and the message; a clock of 200 and more moves back.
func playText(t interface{ Errorf(string, ...any) }, text []byte, capacity int, end record.EndedBy) {
	w := newWatch(t)
	p := newPlayer(session.Config{Capacity: capacity}, w)
	var now time.Duration
	ticks := []time.Duration{20 * time.Second, 8 * time.Hour} // so that results are awaited in vain, and responses too
	for line := range bytes.Lines(text) {
		clock, rest, _ := bytes.Cut(line, []byte(" "))
		step, err := strconv.Atoi(string(clock))
		if err != nil {
			step, rest = 1, line
		}
		if step >= 200 && step < 256 {
			step = 200 - step
		}
		now = max(now+time.Duration(step)*time.Millisecond, 0)
		switch {
		case bytes.HasPrefix(rest, []byte("@")):
			now += ticks[0]
			slices.Reverse(ticks)
			p.tracker.Advance(now)
		case bytes.HasPrefix(rest, []byte("> ")):
			p.say(record.ToServer, rest[2:], now)
		case bytes.HasPrefix(rest, []byte("< ")):
			p.say(record.ToClient, rest[2:], now)
		default:
			p.say(record.ToServer, rest, now)
		}
		if open := p.tracker.Opened(); open > capacity || open != len(w.open) {
			t.Errorf("%d operations are open, of which %d have not finished; there is room for %d", open, len(w.open), capacity)
			return
		}
	}
	p.end(now)
	p.tracker.Close(now, record.Exit{EndedBy: end})
	w.closed(p.tracker)
}

func FuzzTracker(f *testing.F) {
	for _, c := range conversations(f) {
		if text := c.Section("conversation"); len(text) < 4000 {
			f.Add([]byte(strings.ReplaceAll(text, "ms ", " ")), uint8(4), true)
		}
	}
	f.Add([]byte(randomText([]byte(os.Args[0]))), uint8(2), false)
	f.Fuzz(func(t *testing.T, text []byte, capacity uint8, left bool) {
		end := record.ByServer
		if left {
			end = record.ByClient
		}
		playText(t, text, int(capacity)+1, end)
		playText(t, []byte(randomText(text[:min(len(text), 1024)])), int(capacity)+1, end)
	})
}

// TestRandomSessions is the fuzz test's property on sessions that are valid JSON-RPC and little else.
func TestRandomSessions(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 30
	}
	for seed := range seeds {
		random := make([]byte, 1600)
		r := rand.New(rand.NewPCG(seed, 1))
		for i := range random {
			random[i] = byte(r.Uint32())
		}
		text := randomText(random)
		for _, capacity := range []int{1, 2, 7, 100} {
			failed := &failure{}
			playText(failed, []byte(text), capacity, []record.EndedBy{record.ByClient, record.ByServer}[seed%2])
			if failed.text != "" {
				t.Fatalf("seed %d, room for %d: %s\n%s", seed, capacity, failed.text, text)
			}
		}
	}
}

// failure keeps the first thing that went wrong.
type failure struct{ text string }

func (f *failure) Errorf(format string, args ...any) {
	if f.text == "" {
		f.text = fmt.Sprintf(format, args...)
	}
}
