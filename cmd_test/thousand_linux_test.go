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

// A session of a thousand calls, in bursts, so that it lasts as long as a few exports. What the server has to say to each is
// known from the bare server, byte for byte.
const (
	calls     = 1000
	burst     = 25
	lull      = 20 * time.Millisecond
	exitCode  = 7
	exitSpans = calls + 5 // and the two sessions (one more after 1,000), initialize, initialized, the call that ends the server
)

// thousand is what the client says, burst by burst, and what the server has to answer.
var thousand = sync.OnceValue(func() []exchange {
	bursts := []exchange{{said: `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",` +
		`"capabilities":{},"clientInfo":{"name":"thousand","version":"1"}}}` + "\n" +
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
			fmt.Fprintf(&b, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"%s","arguments":{%s}}}`+"\n", id, tool, argument)
			id++
		}
		bursts = append(bursts, exchange{said: b.String()})
	}
	return bursts
})

type exchange struct{ said, answered string }

// unwrapped is the thousand calls with the bare server's answers.
func unwrapped(t *testing.T) []exchange {
	t.Helper()
	bareAnswers.once.Do(func() {
		h := mcptest.Open(t, cast.As(t, "server"))
		for _, e := range thousand() {
			h.Say(e.said)
			var answers strings.Builder
			for range strings.Count(e.said, `"id":`) {
				answers.WriteString(h.Line() + "\n")
			}
			bareAnswers.list = append(bareAnswers.list, exchange{e.said, answers.String()})
		}
	})
	if len(bareAnswers.list) != 1+calls/burst {
		t.Fatal("the bare server has not answered") // the test that asked it says why
	}
	return bareAnswers.list
}

var bareAnswers struct {
	once sync.Once
	list []exchange
}

// ending is how a session of a thousand calls is brought to its end.
type ending uint8

const (
	leave ending = iota // the client closes its end
	quit                // the server exits on its own, and not with 0
)

// ended is what is known after the session.
type ended struct {
	stderr string
	took   time.Duration // from the last word to the exit
}

// talk has the thousand calls with the server behind a command, and fails the test where a byte or the exit status is
// not what it is without us. Between the bursts it calls pause, if that is not nil.
func talk(t *testing.T, line []string, end ending, pause func(n int), change ...func(*exec.Cmd)) ended {
	t.Helper()
	h := mcptest.Open(t, line, change...)
	for n, e := range unwrapped(t) {
		h.Say(e.said)
		if got := h.Hear(len(e.answered)); got != e.answered {
			t.Fatalf("burst %d is answered with other bytes: %s", n, difference(e.answered, got))
		}
		if pause != nil {
			pause(n)
		}
		time.Sleep(lull)
	}
	last, code := time.Now(), 0
	if end == quit {
		code = exitCode
		h.Say(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"exit","arguments":{"code":%d}}}`+"\n", calls+1, code))
	} else {
		h.CloseInput()
	}
	if rest := h.Rest(); rest != "" {
		t.Errorf("stdout goes on with %q", rest)
	}
	state := h.Wait()
	took := time.Since(last)
	if state.ExitCode() != code {
		t.Errorf("the end is %v, want exit code %d", state, code)
	}
	return ended{h.Stderr.String(), took}
}

// said is the records that the product has written to stderr as JSON, and how many of them are warnings.
type said struct {
	warnings int
	lost     losses
	text     string
}

// losses is what the product says that it has lost.
type losses struct {
	Spans    int
	Messages int // which nobody had the time to look at: each may have been a span's, and some of them were not
}

func readSaid(t *testing.T, stderr string) said {
	t.Helper()
	var s said
	for line := range strings.Lines(stderr) {
		var r struct {
			Level, Msg string
			losses
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Errorf("on stderr there is %q", line)
			continue
		}
		if r.Level != "INFO" {
			s.warnings++
			s.text += line
		}
		if strings.HasPrefix(r.Msg, "some telemetry of this session was lost") {
			s.lost = r.losses
		}
	}
	return s
}
