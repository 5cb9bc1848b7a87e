package cmd_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// mega is a MiB, or less where the race detector makes all of them take long: it is many reads all the same.
var mega = map[bool]int{false: 1 << 20, true: 1 << 17}[raceEnabled]

// TestBytes sends what has ever hurt a relay to a server that sends it back. The long ones are of 64 MiB.
func TestBytes(t *testing.T) {
	for _, test := range []struct{ name, text string }{
		{"nothing", ""},
		{"a message", `{"jsonrpc":"2.0","id":1,"method":"ping"}` + "\n"},
		{"no final newline", `{"jsonrpc":"2.0","id":1,"method":"ping"}`},
		{"CRLF", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n\r\n"},
		{"NUL", "\x00{\"a\":\x00}\n\x00\n"},
		{"BOM and invalid UTF-8", "\ufeff{\"a\":\"\xff\xfe\xc3\"}\n\xe2\x80"},
		{"line separators of Unicode", "{\"a\":\"\u2028\u2029\u0085\"}\n"},
		{"blank lines", "\n\n \n\t\n"},
		{"no JSON", "listening on port 8080\n✨ ready\n"},
		{"Content-Length framing", "Content-Length: 40\r\n\r\n" + `{"jsonrpc":"2.0","id":1,"method":"ping"}`},
		{"braces without end", strings.Repeat("[{", mega)},
		{"a line of many MiB", `{"jsonrpc":"2.0","id":1,"result":{"content":"` + strings.Repeat("QUJD", 16*mega) + `"}}` + "\n"},
		{"many MiB without a newline", strings.Repeat("0123456789abcde ", 4*mega)},
	} {
		for _, mode := range modes {
			t.Run(test.name+", "+mode.name, func(t *testing.T) {
				h := open(t, cast.As(t, "cat"), mode.variables...)
				go func() { // ends when all is written, or with the process
					_, _ = io.WriteString(h.In, test.text) // what does not get through is missing below
					h.CloseInput()
				}()
				if got := h.Rest(); got != test.text {
					t.Errorf("%d bytes came back as %d: %s", len(test.text), len(got), difference(test.text, got))
				}
				if code := h.Wait().ExitCode(); code != 0 {
					t.Errorf("exit code %d; stderr: %s", code, h.Stderr)
				}
			})
		}
	}
}

func difference(want, got string) string {
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			return fmt.Sprintf("at %d %.40q, want %.40q", i, got[i:], want[i:])
		}
	}
	return "the longer one goes on after the shorter"
}

// TestBothWaysAtOnce fills both pipes at the same time with bytes of every value.
func TestBothWaysAtOnce(t *testing.T) {
	size := int64(24 * mega)
	want := sha256.New()
	if _, err := io.Copy(want, grist(size)); err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x", want.Sum(nil))
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			h := open(t, cast.As(t, "mill", fmt.Sprint(size)), mode.variables...)
			go func() { // ends when all is written, or with the process
				_, _ = io.Copy(h.In, grist(size)) // what does not get through is missing below
				h.CloseInput()
			}()
			got := sha256.New()
			if n, err := io.Copy(got, h.Out); n != size || err != nil {
				t.Errorf("the server said %d bytes, want %d: %v", n, size, err)
			}
			if fmt.Sprintf("%x", got.Sum(nil)) != sum {
				t.Error("what the client heard is not what the server said")
			}
			if code := h.Wait().ExitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if !strings.Contains(h.Stderr.String(), sum) {
				t.Errorf("what the server heard is not what the client said; stderr: %.400s", h.Stderr)
			}
		})
	}
}

// TestPromptness says that nothing waits for the end of a line, or for the other direction.
func TestPromptness(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			h := open(t, cast.As(t, "cat"), mode.variables...)
			for _, part := range []string{`{"jsonrpc":"2.0",`, `"id":1,`, "\"method\":\"ping\"}\n", "{", "}"} {
				h.Say(part)
				if got := h.Hear(len(part)); got != part {
					t.Fatalf("%q came back as %q", part, got)
				}
			}
			h.CloseInput()
			if got := h.Rest(); got != "" {
				t.Errorf("%q came back a second time", got)
			}
		})
	}
}

// TestSlowReader has a client that reads nothing for a while: the server must feel it as it would without us, by a full
// pipe, and lose nothing.
func TestSlowReader(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			size := int64(4 * mega) // more than all pipes on the way hold
			h := open(t, cast.As(t, "mill", fmt.Sprint(size)), mode.variables...)
			h.CloseInput()
			select {
			case <-h.Ended():
				t.Error("the server could say everything though nobody listened")
			case <-time.After(100 * time.Millisecond): // long enough for a relay that buffers without bound to show itself
			}
			want, _ := io.ReadAll(grist(size)) // never fails
			if got := h.Rest(); got != string(want) {
				t.Errorf("the client heard %d bytes of %d", len(got), size)
			}
		})
	}
}
