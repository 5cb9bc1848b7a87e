package cmd_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// mega is a MiB, or less under the race detector, which is slow. Even the smaller size takes many reads.
var mega = map[bool]int{false: 1 << 20, true: 1 << 17}[raceEnabled]

// TestBytes sends texts that have broken relays to a server that echoes them. The long ones have 64 MiB.
func TestBytes(t *testing.T) {
	for _, test := range []struct{ name, text string }{
		{"nothing", ""},
		{"a message", `{"jsonrpc":"2.0","id":1,"method":"ping"}` + "\n"},
		{"no final newline", `{"jsonrpc":"2.0","id":1,"method":"ping"}`},
		{"CRLF", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n\r\n"},
		{"NUL", "\x00{\"a\":\x00}\n\x00\n"},
		{"BOM and invalid UTF-8", "\ufeff{\"a\":\"\xff\xfe\xc3\"}\n\xe2\x80"},
		{"Unicode line separators", "{\"a\":\"\u2028\u2029\u0085\"}\n"},
		{"blank lines", "\n\n \n\t\n"},
		{"not JSON", "listening on port 8080\n✨ ready\n"},
		{"Content-Length framing", "Content-Length: 40\r\n\r\n" + `{"jsonrpc":"2.0","id":1,"method":"ping"}`},
		{"unclosed brackets", strings.Repeat("[{", mega)},
		{"a line of many MiB", `{"jsonrpc":"2.0","id":1,"result":{"content":"` + strings.Repeat("QUJD", 16*mega) + `"}}` + "\n"},
		{"many MiB without a newline", strings.Repeat("0123456789abcde ", 4*mega)},
	} {
		for _, mode := range allModes() {
			t.Run(test.name+", "+mode.name, func(t *testing.T) {
				h := mode.open(t, cast.As(t, "cat"))
				go func() { // ends when everything is written, or with the process
					_, _ = io.WriteString(h.In, test.text) // the comparison below notices an error
					h.CloseInput()
				}()
				if got := h.Rest(); got != test.text {
					t.Errorf("got %d bytes, want %d: %s", len(got), len(test.text), difference(test.text, got))
				}
				wantExit(t, h, 0)
			})
		}
	}
}

// difference describes where two different strings differ first.
func difference(want, got string) string {
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			return fmt.Sprintf("at %d got %.40q, want %.40q", i, got[i:], want[i:])
		}
	}
	return "the shorter is the beginning of the longer"
}

// TestBothDirectionsAtOnce fills both pipes at the same time with bytes of every value.
func TestBothDirectionsAtOnce(t *testing.T) {
	size := int64(24 * mega)
	want := sha256.New()
	if _, err := io.Copy(want, grist(size)); err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x", want.Sum(nil))
	for _, mode := range allModes() {
		t.Run(mode.name, func(t *testing.T) {
			h := mode.open(t, cast.As(t, "mill", fmt.Sprint(size)))
			go func() { // ends when everything is written, or with the process
				_, _ = io.Copy(h.In, grist(size)) // the server's digest below notices an error
				h.CloseInput()
			}()
			got := sha256.New()
			if n, err := io.Copy(got, h.Out); n != size || err != nil {
				t.Errorf("got %d bytes from the server, want %d: %v", n, size, err)
			}
			if fmt.Sprintf("%x", got.Sum(nil)) != sum {
				t.Error("the client did not receive the bytes that the server wrote")
			}
			wantExit(t, h, 0)
			if !strings.Contains(h.Stderr.String(), sum) {
				t.Errorf("the server did not receive the bytes that the client wrote; stderr: %.400s", h.Stderr)
			}
		})
	}
}

// TestPromptness: bytes are forwarded without waiting for the end of a line or for the other direction.
func TestPromptness(t *testing.T) {
	for _, mode := range allModes() {
		t.Run(mode.name, func(t *testing.T) {
			h := mode.open(t, cast.As(t, "cat"))
			for _, part := range []string{`{"jsonrpc":"2.0",`, `"id":1,`, "\"method\":\"ping\"}\n", "{", "}"} {
				h.Say(part)
				if got := h.Hear(len(part)); got != part {
					t.Fatalf("got %q, want %q", got, part)
				}
			}
			h.CloseInput()
			if got := h.Rest(); got != "" {
				t.Errorf("got %q after the end of input, want nothing", got)
			}
		})
	}
}

// TestSlowReader: a client reads nothing for a while. The server must block on a full pipe, as it would without
// spanpipe, and no byte may be lost.
func TestSlowReader(t *testing.T) {
	for _, mode := range allModes() {
		t.Run(mode.name, func(t *testing.T) {
			size := int64(4 * mega) // more than all pipes in between can hold
			h := mode.open(t, cast.As(t, "mill", fmt.Sprint(size)))
			h.CloseInput()
			select {
			case <-h.Ended():
				t.Error("the server could write everything before the client read anything")
			case <-time.After(100 * time.Millisecond): // enough for a relay with an unbounded buffer to read it all
			}
			want, _ := io.ReadAll(grist(size)) // never fails
			if got := h.Rest(); got != string(want) {
				t.Errorf("the client received %d bytes, want %d: %s", len(got), size, difference(string(want), got))
			}
		})
	}
}
