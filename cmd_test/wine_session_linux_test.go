package cmd_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestWine runs the product that is built for Windows, as far as wine can be trusted to be one: how it relays, ends, finds
// and starts programs, and sends telemetry. Console events are not among it.
func TestWine(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("starts a whole Windows; what is raced over is in the other tests as well")
	}
	w := newWine(t)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, w *wine)
	}{
		{"the tests of wrap that run on every system", wineWrap},
		{"NUL, CRLF, invalid UTF-8, no final newline", wineBytes},
		{"a line of 8 MiB", wineLongLine},
		{"bytes of every value, both ways at once", wineBothWays},
		{"half a line", wineHalfLine},
		{"the client ends its input", wineEndOfInput},
		{"exit codes 0, 1, 3 and 255", wineExitCodes},
		{"a command that is not there", wineNotThere},
		{"KILL to the wrapper", wineKilled},
		{"telemetry off: the standard streams", wineHandedOver},
		{"a shim as npx.cmd is one, found in PATH", wineShim},
		{"a batch file's argument with a line break", wineRefused},
		{"a collector", wineCollector},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, w) })
	}
}

// wineWrap runs the relay's own tests, with those of batch files, which no other system has.
func wineWrap(t *testing.T, w *wine) {
	w.build(t, "wrap.exe", "test", "-c", "../wrap")
	out, err := w.wine("wrap.exe", "-test.v").CombinedOutput()
	for _, name := range []string{"TestRelay", "TestExitCode", "TestConversation", "TestNotFound", "TestBatchFile"} {
		if err != nil || !strings.Contains(string(out), "--- PASS: "+name+" ") {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
}

func wineBytes(t *testing.T, w *wine) {
	w.echoes(t, "{\"a\":\"\x00\"}\r\n\n\x1a\xff\xfe\r\r\nno newline") // 1a ends a text for those who read in text mode
}

func wineLongLine(t *testing.T, w *wine) {
	w.echoes(t, `{"jsonrpc":"2.0","id":1,"result":{"content":"`+strings.Repeat("QUJD", 2<<20)+`"}}`+"\n")
}

// echoes sends a text to a server that sends it back.
func (w *wine) echoes(t *testing.T, text string) {
	t.Helper()
	for _, mode := range modes {
		h := w.open(t, w.as(t, "cat"), mode.variables...)
		go func() { // ends when all is written, or with the process
			_, _ = io.WriteString(h.In, text) // what does not get through is missing below
			h.CloseInput()
		}()
		if got := h.Rest(); got != text {
			t.Errorf("%s: %d bytes came back as %d: %s", mode.name, len(text), len(got), difference(text, got))
		}
		if code := h.Wait().ExitCode(); code != 0 {
			t.Errorf("%s: exit code %d; stderr: %s", mode.name, code, h.Stderr)
		}
	}
}

func wineBothWays(t *testing.T, w *wine) {
	size := int64(8 << 20)
	text, _ := io.ReadAll(grist(size)) // never fails
	sum := fmt.Sprintf("%x", sha256.Sum256(text))
	for _, mode := range modes {
		h := w.open(t, w.as(t, "mill", fmt.Sprint(size)), mode.variables...)
		go func() { // ends when all is written, or with the process
			_, _ = h.In.Write(text) // what does not get through is missing below
			h.CloseInput()
		}()
		if got := h.Rest(); fmt.Sprintf("%x", sha256.Sum256([]byte(got))) != sum {
			t.Errorf("%s: what the client heard is not what the server said: %s", mode.name, difference(string(text), got))
		}
		if code := h.Wait().ExitCode(); code != 0 {
			t.Errorf("%s: exit code %d", mode.name, code)
		}
		if !strings.Contains(h.Stderr.String(), sum) {
			t.Errorf("%s: what the server heard is not what the client said; stderr: %.400s", mode.name, h.Stderr)
		}
	}
}

func wineHalfLine(t *testing.T, w *wine) {
	for _, mode := range modes {
		h := w.open(t, w.as(t, "cat"), mode.variables...)
		for _, part := range []string{`{"jsonrpc":"2.0",`, `"id":1,`, "\"method\":\"ping\"}\n", "{"} {
			h.Say(part)
			if got := h.Hear(len(part)); got != part {
				t.Fatalf("%s: %q came back as %q", mode.name, part, got)
			}
		}
	}
}

// wineEndOfInput has the server say something after the end of its input: the end goes through, and cuts nothing off.
func wineEndOfInput(t *testing.T, w *wine) {
	for _, mode := range modes {
		h := w.open(t, w.as(t, "mill", "2"), mode.variables...)
		if got := h.Hear(2); len(got) != 2 {
			t.Fatalf("%s: the server said %q", mode.name, got)
		}
		select {
		case <-h.Ended():
			t.Errorf("%s: ended before the client's input has", mode.name)
		default:
		}
		h.CloseInput()
		if code := h.Wait().ExitCode(); code != 0 {
			t.Errorf("%s: exit code %d", mode.name, code)
		}
		if nothing := fmt.Sprintf("%x", sha256.Sum256(nil)); !strings.Contains(h.Stderr.String(), nothing) {
			t.Errorf("%s: the server has heard something, or not said what; stderr: %s", mode.name, h.Stderr)
		}
	}
}

func wineExitCodes(t *testing.T, w *wine) {
	for _, mode := range modes {
		for _, code := range []int{0, 1, 3, 255} {
			h := w.open(t, w.as(t, "exit", fmt.Sprint(code)), mode.variables...)
			if got := h.Wait().ExitCode(); got != code || w.stderr(h) != "" {
				t.Errorf("%s: %d instead of %d; stderr: %s", mode.name, got, code, h.Stderr)
			}
		}
	}
}

func wineNotThere(t *testing.T, w *wine) {
	const want = "spanpipe: starting \"no-such-server\": file does not exist\n" +
		"spanpipe: hint: it is not in PATH; try its full path\n"
	for _, mode := range modes {
		h := w.open(t, []string{"no-such-server"}, mode.variables...)
		if code := h.Wait().ExitCode(); code != 127 || w.stderr(h) != want {
			t.Errorf("%s: exit code %d; stderr: %s", mode.name, code, h.Stderr)
		}
		if got := h.Rest(); got != "" {
			t.Errorf("%s: stdout: %q", mode.name, got)
		}
	}
}

// wineKilled says that a killed wrapper takes along a server that does not care for the end of its input.
func wineKilled(t *testing.T, w *wine) {
	for _, mode := range modes {
		h := w.open(t, w.as(t, "signal"), mode.variables...)
		if got := h.Line(); got != "ready" || !w.runs(t, "@signal") {
			t.Fatalf("%s: the server said %q, and is among the processes: %v", mode.name, got, w.runs(t, "@signal"))
		}
		if err := h.Cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		mcptest.Eventually(t, "the server's end, "+mode.name, func() bool { return !w.runs(t, "@signal") })
	}
}

// runs says whether there is a process of this system that was started in wine with the argument.
func (w *wine) runs(t *testing.T, arg string) bool {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(lines, func(path string) bool {
		line, _ := os.ReadFile(path) // nothing, if it has ended
		return bytes.Contains(line, []byte(w.server)) && bytes.Contains(line, []byte(arg))
	})
}

// wineHandedOver has files as standard streams: only the server itself reads, and what it leaves unread stays so.
func wineHandedOver(t *testing.T, w *wine) {
	const text = "one\r\ntwo\x00"
	for _, test := range []struct {
		server []string
		read   int64
	}{
		{w.as(t, "cat"), int64(len(text))},
		{w.as(t, "exit", "0"), 0},
	} {
		in, out := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "out")
		if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		stdin, err1 := os.Open(in)
		stdout, err2 := os.Create(out)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		cmd := w.wine("spanpipe.exe", append([]string{"--"}, test.server...)...)
		cmd.Stdin, cmd.Stdout = stdin, stdout
		if err := cmd.Run(); err != nil {
			t.Error(err)
		}
		if at, err := stdin.Seek(0, io.SeekCurrent); at != test.read || err != nil {
			t.Errorf("%s: %d bytes have been read, want %d; %v", test.server, at, test.read, err)
		}
		if got, err := os.ReadFile(out); string(got) != text[:test.read] || err != nil {
			t.Errorf("%s: %q, %v", test.server, got, err)
		}
		_, _ = stdin.Close(), stdout.Close()
	}
}

// shim is a batch file with what npm's npx.cmd does: it looks for node.exe beside itself, and hands its arguments on.
const shim = "@ECHO OFF\r\nSETLOCAL\r\nSET \"NODE_EXE=%~dp0\\node.exe\"\r\n" +
	"IF NOT EXIST \"%NODE_EXE%\" (\r\n  SET \"NODE_EXE=node\"\r\n)\r\n\"%NODE_EXE%\" @process %*\r\n"

// shims is a directory with the shim and a node.exe, which is this test binary, as PATH would have it.
func (w *wine) shims(t *testing.T) (path string) {
	t.Helper()
	dir, err := os.MkdirTemp(w.dir, "shim") // not the test's own: wine holds what a cmd.exe has read
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "my-npx.cmd"), []byte(shim), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(w.dir, "server.exe"), filepath.Join(dir, "node.exe")); err != nil {
		t.Fatal(err)
	}
	return "WINEPATH=" + windowsPath(dir)
}

// wineShim wants the arguments as they were given, and none as a command. Quotes are among them in the tests of wrap:
// Go reads doubled ones differently from others. Percent signs are left out: wine's cmd.exe expands them in another way.
func wineShim(t *testing.T, w *wine) {
	path, args := w.shims(t), []string{"-y", "a b", "", `x & echo broken | more > out ^ ( ) ! ;,=`, `C:\dir\`, "größe"}
	cast.As(t, "process")
	for _, mode := range modes {
		h := w.open(t, append([]string{"my-npx"}, args...), append(mode.variables, path)...)
		var p process
		if err := json.Unmarshal([]byte(h.Line()), &p); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(p.Args, args) {
			t.Errorf("%s: the server got %q, want %q", mode.name, p.Args, args)
		}
		h.Say("hello\r\n")
		h.CloseInput()
		if got := h.Rest(); got != "hello\r\n" {
			t.Errorf("%s: the shim's output: %q", mode.name, got)
		}
		if code := h.Wait().ExitCode(); code != 0 {
			t.Errorf("%s: exit code %d; stderr: %s", mode.name, code, h.Stderr)
		}
	}
}

func wineRefused(t *testing.T, w *wine) {
	path := w.shims(t)
	for _, mode := range modes {
		for _, arg := range []string{"a\nb", "a\r\n@process"} {
			h := w.open(t, []string{"my-npx", "fine", arg}, append(mode.variables, path)...)
			h.CloseInput()
			code, said := h.Wait().ExitCode(), w.stderr(h)
			if code != 126 || !strings.Contains(said, "argument 2 has a line break") || strings.Count(said, "\n") != 1 {
				t.Errorf("%s: %q: exit code %d; stderr: %s", mode.name, arg, code, said)
			}
			if got := h.Rest(); got != "" {
				t.Errorf("%s: %q: something has run: %s", mode.name, arg, got)
			}
		}
	}
}

func wineCollector(t *testing.T, w *wine) {
	const calls = 20
	for _, p := range []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP} {
		r := otlptest.Start(t, otlptest.Config{})
		h := w.open(t, w.as(t, "server"), append(r.Env(p), "SPANPIPE_TELEMETRY=otlp", longFlush)...)
		c := mcptest.Connect(h)
		for range calls {
			if got := c.Tool("echo", mcptest.Object{"text": "hello"}).Text(); got != "hello" {
				t.Errorf("%s: the server said %q", p, got)
			}
		}
		h.CloseInput()
		if code := h.Wait().ExitCode(); code != 0 || w.stderr(h) != "" {
			t.Errorf("%s: exit code %d; stderr: %s", p, code, h.Stderr)
		}
		if got := len(r.SpansNamed("tools/call echo")); got != calls {
			t.Errorf("%s: %d spans of %d calls; %s", p, got, calls, r.Summary())
		}
	}
}
