package mcptest_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`

// TestParseConversation checks each form of line once.
func TestParseConversation(t *testing.T) {
	c, err := mcptest.ParseConversation(`
		# a remark > with an arrow
		show sizes
		capacity 3
		show summary
		1ms > ` + ping + `
		2ms x2 < {n}{long:3}{cr}
		3ms <+ half
		3ms ! log
		@ 70s
		end server 80s
	`)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Settings["show"], []string{"sizes", "summary"}) || !slices.Equal(c.Settings["capacity"], []string{"3"}) {
		t.Errorf("settings %q", c.Settings)
	}
	want := []mcptest.Step{
		{At: time.Millisecond, Text: ping + "\n"},
		{At: 2 * time.Millisecond, From: mcptest.FromServer, Text: "0aaa\r\n"},
		{At: 2 * time.Millisecond, From: mcptest.FromServer, Text: "1aaa\r\n"},
		{At: 3 * time.Millisecond, From: mcptest.FromServer, Text: "half"},
		{At: 3 * time.Millisecond, From: mcptest.FromStderr, Text: "log\n"},
		{At: 70 * time.Second, Do: mcptest.Advance},
		{At: 80 * time.Second, Do: mcptest.End, From: mcptest.FromServer},
	}
	if !slices.Equal(c.Steps, want) {
		t.Errorf("steps\n%q, want\n%q", c.Steps, want)
	}
}

func TestParseConversationErrors(t *testing.T) {
	for _, line := range []string{"1 > x", "end everyone 1s", "end client", "end client soon", "@ soon", "5ms = x"} {
		if _, err := mcptest.ParseConversation(line); err == nil {
			t.Errorf("%q is accepted", line)
		}
	}
}

// notebook writes down what it is played.
type notebook struct{ strings.Builder }

func (n *notebook) Say(from mcptest.Source, text []byte, at time.Duration) {
	fmt.Fprintf(n, "%v %d %q\n", at, from, text)
}
func (n *notebook) Advance(at time.Duration) { fmt.Fprintf(n, "%v advance\n", at) }
func (n *notebook) End(from mcptest.Source, at time.Duration) {
	fmt.Fprintf(n, "%v end %d\n", at, from)
}

func TestConversationFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.txtar")
	text := "What it shows.\n-- conversation --\n1ms > abc\n@ 2s\nend client 3s\n-- expected --\nold\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := mcptest.ReadConversation(path)
	if err != nil {
		t.Fatal(err)
	}
	for chunk, want := range map[int]string{
		0: "1ms 0 \"abc\\n\"\n2s advance\n3s end 0\n",
		3: "1ms 0 \"abc\"\n1ms 0 \"\\n\"\n2s advance\n3s end 0\n",
	} {
		var got notebook
		if c.Play(&got, chunk); got.String() != want {
			t.Errorf("in chunks of %d:\n%s want\n%s", chunk, &got, want)
		}
	}
	if got := c.Section("expected"); got != "old\n" {
		t.Errorf("section %q", got)
	}
	if err := c.Update("expected", "new\n", "more", "x\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := strings.Replace(text, "old\n", "new\n-- more --\nx\n", 1); err != nil || string(got) != want {
		t.Errorf("the file has %q, want %q: %v", got, want, err)
	}
}

func TestPlayServer(t *testing.T) {
	c, err := mcptest.ParseConversation("1ms > hello\n2ms < wor\n2ms ! log\n3ms > bye")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		in, out, stderr string
		err             error
	}{
		{"hello\nbye\n", "wor\n", "log\n", nil},
		{"hello\n", "wor\n", "log\n", io.EOF},
		{"hello\nby", "wor\n", "log\n", io.ErrUnexpectedEOF},
		{"hallo\nbye\n", "", "", mcptest.ErrMismatch},
		{"ha", "", "", mcptest.ErrMismatch},
	} {
		var out, stderr strings.Builder
		err := mcptest.PlayServer(slices.Values(c.Steps), strings.NewReader(test.in), &out, &stderr)
		if !errors.Is(err, test.err) || out.String() != test.out || stderr.String() != test.stderr {
			t.Errorf("reading %q: stdout %q, stderr %q, error %v; want %q, %q, %v", test.in, &out, &stderr, err, test.out, test.stderr, test.err)
		}
	}
}
