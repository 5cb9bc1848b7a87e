package recording_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
)

// TestFormat1: a recording as version 0.1.0 wrote it can be read. The file is never written anew: such files are in the
// repositories of servers.
func TestFormat1(t *testing.T) {
	file, err := os.Open("testdata/format1.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := recording.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 11, 28, 14, 25, 22, 315863071, time.UTC); !r.Started.Equal(want) || r.By != "spanpipe 0.1.0" || r.Redacted {
		t.Errorf("the header is %+v", r.Header)
	}
	var sent bytes.Buffer
	lines := r.Lines()
	for _, line := range lines {
		if line.From == recording.Client {
			sent.Write(line.Data)
		}
	}
	const want = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"claude-code","version":"2.1.240"}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"get_forecast","arguments":{"city":"Lisbon"}}}
no message
` + "\xff\n" + `{"jsonrpc": "2.0", "id": 3, "method": "ping"}
`
	if sent.String() != want || len(lines) != 10 {
		t.Errorf("%d lines; the client's are\n%q", len(lines), sent.String())
	}
	if r.Lost() != 12 || r.Exit() == nil || r.Exit().Code != 0 || r.Events[1].At != 128074*time.Microsecond {
		t.Errorf("%d bytes are lost, the exit is %v", r.Lost(), r.Exit())
	}
}

// TestLaterFormat: a recording of a later version is refused in one line that names the version, whatever is in it.
func TestLaterFormat(t *testing.T) {
	_, err := recording.Read(strings.NewReader("{\"spanpipe\":\"recording\",\"version\":2,\"by\":\"spanpipe 2.0.0\"}\n{\"new\":{}}\n"))
	syntax, ok := errors.AsType[*recording.SyntaxError](err)
	if !ok || syntax.Line != 1 || !strings.Contains(err.Error(), "version 2 ") {
		t.Errorf("the error is %v", err)
	}
}
