package cmd_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// A session of a thousand calls, in bursts, so that it spans several exports. The bare server provides the expected
// responses, byte for byte.
const (
	calls    = 1000
	burst    = 25
	lull     = 20 * time.Millisecond
	exitCode = 7
	// Two session spans (a new one starts after 1,000 operations), initialize, initialized, the call of exit, and the
	// session's failure. A session that the client ends has no such call and no failure.
	exitSpans = calls + 6
)

// thousand returns what the client sends, burst by burst.
var thousand = sync.OnceValue(func() []exchange {
	bursts := []exchange{{said: `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{` +
		`"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"thousand","version":"1"}}}` + "\n" +
		`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n"}}
	for id := 1; id <= calls; {
		var b strings.Builder
		for range burst {
			tool, argument := "echo", fmt.Sprintf(`"text":"call %d ✓"`, id)
			switch id % 10 {
			case 3:
				tool = "fail"
			case 7:
				tool, argument = "size", `"bytes":`+fmt.Sprint(id)
			}
			b.WriteString(toolCall(id, tool, argument))
			id++
		}
		bursts = append(bursts, exchange{said: b.String()})
	}
	return bursts
})

// toolCall returns a line with a call of a tool. Its arguments are the members of a JSON object.
func toolCall(id int, tool, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call",`+
		`"params":{"name":"%s","arguments":{%s}}}`+"\n", id, tool, arguments)
}

// exchange is what the client sends and what the server sends back.
type exchange struct{ said, answered string }

// unwrapped returns the thousand calls with the bare server's responses.
func unwrapped(t *testing.T) []exchange {
	t.Helper()
	bareResponses.once.Do(func() {
		h := mcptest.Open(t, cast.As(t, "server"))
		for _, e := range thousand() {
			h.Say(e.said)
			var responses strings.Builder
			for range strings.Count(e.said, `"id":`) {
				responses.WriteString(h.Line() + "\n")
			}
			bareResponses.list = append(bareResponses.list, exchange{e.said, responses.String()})
		}
	})
	if len(bareResponses.list) != 1+calls/burst {
		t.Fatal("the bare server did not respond") // the first test that called it reports why
	}
	return bareResponses.list
}

var bareResponses struct {
	once sync.Once
	list []exchange
}

// ending is the way in which a session of a thousand calls ends.
type ending uint8

const (
	leave ending = iota // the client closes its output
	quit                // the server exits on its own, with exitCode
)

// ended is the result of a session.
type ended struct {
	stderr string
	took   time.Duration // from the last message of the client to the exit
}

// talk makes the thousand calls to a wrapped server. It fails the test if a byte or the exit status differs from those
// of the bare server. After each burst it calls pause, unless that is nil.
func talk(t *testing.T, line []string, end ending, pause func(n int), change ...func(*exec.Cmd)) ended {
	t.Helper()
	h := mcptest.Open(t, line, change...)
	for n, e := range unwrapped(t) {
		h.Say(e.said)
		if got := h.Hear(len(e.answered)); got != e.answered {
			t.Fatalf("response to burst %d: %s", n, difference(e.answered, got))
		}
		if pause != nil {
			pause(n)
		}
		time.Sleep(lull)
	}
	last, code := time.Now(), 0
	if end == quit {
		code = exitCode
		h.Say(toolCall(calls+1, "exit", fmt.Sprintf(`"code":%d`, code)))
	} else {
		h.CloseInput()
	}
	if rest := h.Rest(); rest != "" {
		t.Errorf("got %q on stdout after the last response", rest)
	}
	state := h.Wait()
	took := time.Since(last)
	if state.ExitCode() != code {
		t.Errorf("the process ended with %v, want exit code %d", state, code)
	}
	return ended{h.Stderr.String(), took}
}

// logged is what the product logged to stderr as JSON.
type logged struct {
	warnings int
	lost     losses
	text     string // the warnings
}

// losses are the losses that the product reports.
type losses struct {
	Spans    int
	Messages int // not processed in time; only some of them would have made spans
}

// readLog parses stderr, every line of which must be JSON.
func readLog(t *testing.T, stderr string) logged {
	t.Helper()
	var log logged
	for line := range strings.Lines(stderr) {
		var r struct {
			Level, Msg string
			losses
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Errorf("got %q on stderr, want JSON", line)
			continue
		}
		if r.Level != "INFO" {
			log.warnings++
			log.text += line
		}
		if strings.HasPrefix(r.Msg, "some telemetry of this session was lost") {
			log.lost = r.losses
		}
	}
	return log
}
