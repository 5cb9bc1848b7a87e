package cmd_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/store"
)

// TestWine runs the Windows build in wine: how it relays, ends, finds and starts programs, and sends telemetry. It does
// not test console events, where wine differs from Windows.
func TestWine(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("takes long; the other tests cover the races")
	}
	w := newWine(t)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, w *wine)
	}{
		{"the tests of wrap that run on every system", wineWrap},
		{"the tests of the store and its locks", wineStore},
		{"a stored session", wineStored},
		{"a fleet's policy", winePolicy},
		{"NUL, CRLF, invalid UTF-8, no final newline", wineBytes},
		{"a line of 8 MiB", wineLongLine},
		{"bytes of every value, both directions at once", wineBothDirections},
		{"half a line", wineHalfLine},
		{"the client ends its input", wineEndOfInput},
		{"exit codes 0, 1, 3 and 255", wineExitCodes},
		{"a command that does not exist", wineCommandNotFound},
		{"KILL to the wrapper", wineKilled},
		{"an update while a session runs", wineUpdate},
		{"telemetry off: the server reads stdin itself", wineFilesAsStreams},
		{"a shim like npx.cmd, found in PATH", wineShim},
		{"a line break in an argument of a batch file", wineLineBreak},
		{"a collector", wineCollector},
		{"names of variables in any case", wineVariables},
		{"install, and uninstall", wineInstall},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, w) })
	}
}

// wineWrap runs the tests of package wrap, including those of batch files, which only Windows has.
func wineWrap(t *testing.T, w *wine) {
	w.build(t, "wrap.exe", "test", "-c", "../wrap")
	out, err := w.output(t, "wrap.exe", "-test.v")
	for _, name := range []string{"TestRelay", "TestExitCode", "TestConversation", "TestNotFound", "TestBatchFile"} {
		if err != nil || !strings.Contains(out, "--- PASS: "+name+" ") {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
}

// wineStore runs the tests of packages store and lockfile that need no permissions and remove nothing. Wine 8 lacks what Go
// removes files with in a directory that is open, so that the tests' own directories stay: their only failure.
func wineStore(t *testing.T, w *wine) {
	leftBehind := regexp.MustCompile(`TempDir RemoveAll cleanup: .*: Invalid function\.`)
	for name, tests := range map[string][]string{
		"lockfile": {"TestKilled", "TestLookers", "TestRead"},
		"store":    {"TestSixteen", "TestKilledAnywhere", "TestMetaOf", "TestSubkeyAtOnce", "TestReplaceWhileRead"},
	} {
		w.build(t, name+".exe", "test", "-c", "../internal/"+name)
		// How each test ended says more than the error.
		text, _ := w.output(t, name+".exe", "-test.v", "-test.short", "-test.run", "^("+strings.Join(tests, "|")+")$")
		for _, test := range tests {
			if !strings.Contains(text, "--- PASS: "+test+" ") && !strings.Contains(text, "--- FAIL: "+test+" ") {
				t.Errorf("%s has not ended:\n%s", test, text)
			}
		}
		if strings.Contains(text, "_test.go:") || strings.Count(text, "--- FAIL: ") != len(leftBehind.FindAllString(text, -1)) {
			t.Errorf("the tests of %s:\n%s", name, text)
		}
	}
}

// wineStored stores a session, reads it from this side, and with the Windows build.
func wineStored(t *testing.T, w *wine) {
	dir := t.TempDir()
	variables := []string{"SPANPIPE_TELEMETRY=local", "SPANPIPE_DIR=" + windowsPath(dir), longFlush}
	h := w.open(t, w.as(t, "server"), variables...)
	c := mcptest.Connect(h)
	if got := c.Tool("echo", mcptest.Object{"text": "still here"}).Text(); got != "still here" {
		t.Errorf(`echo("still here") = %q`, got)
	}
	endSession(t, h)
	if stderr := w.stderr(h); stderr != "" {
		t.Error(stderr)
	}
	all, err := store.Open(dir).Sessions()
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	records, err := all[0].Load()
	if err != nil || records.Damaged > 0 {
		t.Fatal(records, err)
	}
	if s := all[0]; s.State != store.Ended || s.Totals.Calls != 1 || len(records.Operations) != 2 || len(s.Lost) > 0 {
		t.Errorf("%+v, %d operations", s, len(records.Operations))
	}
	shown := mcptest.Open(t, []string{"wine", w.product, "show", "last"}, w.in(variables...))
	if got := shown.Rest(); shown.Wait().ExitCode() != 0 || !strings.Contains(got, "echo") {
		t.Errorf("exit code %d: %s%s", shown.Wait().ExitCode(), got, shown.Stderr)
	}
}

// winePolicy runs the tests of package policy, and finds a policy where the system says it is. Wine has it belong to the user, so that it
// is one that an attacker has written.
func winePolicy(t *testing.T, w *wine) {
	w.build(t, "policy.exe", "test", "-c", "../internal/policy")
	out, _ := w.output(t, "policy.exe", "-test.v", "-test.run", "^(TestPath|TestTrust)$") // how each test ended says more
	if !strings.Contains(out, "--- PASS: TestPath ") || !strings.Contains(out, "--- PASS: TestTrust ") {
		t.Errorf("the tests of policy:\n%s", out)
	}
	dir := filepath.Join(w.dir, "prefix", "drive_c", "ProgramData", "spanpipe")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // the next test would see it
	if err := os.WriteFile(filepath.Join(dir, "policy.yaml"), []byte("version: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	h := mcptest.Open(t, []string{"wine", w.product, "consent"}, w.in("SPANPIPE_TELEMETRY=otlp,console", `ProgramData=C:\elsewhere`))
	got := h.Rest()
	if stderr := w.stderr(h); !strings.Contains(stderr, "does not belong to Administrators or SYSTEM") || !strings.Contains(got, "otlp is not allowed") {
		t.Errorf("%s%s", got, stderr)
	}
}

func wineBytes(t *testing.T, w *wine) {
	// 1a ends the input of programs that read in text mode.
	w.echoes(t, "{\"a\":\"\x00\"}\r\n\n\x1a\xff\xfe\r\r\nno newline")
}

func wineLongLine(t *testing.T, w *wine) {
	w.echoes(t, `{"jsonrpc":"2.0","id":1,"result":{"content":"`+strings.Repeat("QUJD", 2<<20)+`"}}`+"\n")
}

// echoes sends a text to a server that echoes it.
func (w *wine) echoes(t *testing.T, text string) {
	t.Helper()
	for _, mode := range modes {
		h := w.open(t, w.as(t, "cat"), mode.variables...)
		go func() { // ends when everything is written, or with the process
			_, _ = io.WriteString(h.In, text) // the comparison below notices an error
			h.CloseInput()
		}()
		if got := h.Rest(); got != text {
			t.Errorf("%s: got %d bytes, want %d: %s", mode.name, len(got), len(text), difference(text, got))
		}
		if code := h.Wait().ExitCode(); code != 0 {
			t.Errorf("%s: exit code = %d, want 0; stderr: %s", mode.name, code, h.Stderr)
		}
	}
}

func wineBothDirections(t *testing.T, w *wine) {
	size := int64(8 << 20)
	text, _ := io.ReadAll(grist(size)) // never fails
	sum := fmt.Sprintf("%x", sha256.Sum256(text))
	for _, mode := range modes {
		h := w.open(t, w.as(t, "mill", fmt.Sprint(size)), mode.variables...)
		go func() { // ends when everything is written, or with the process
			_, _ = h.In.Write(text) // the comparison below notices an error
			h.CloseInput()
		}()
		if got := h.Rest(); fmt.Sprintf("%x", sha256.Sum256([]byte(got))) != sum {
			t.Errorf("%s: bytes from the server: %s", mode.name, difference(string(text), got))
		}
		if code := h.Wait().ExitCode(); code != 0 {
			t.Errorf("%s: exit code = %d, want 0", mode.name, code)
		}
		if !strings.Contains(h.Stderr.String(), sum) {
			t.Errorf("%s: digest of what the server read: got %.400s, want %s", mode.name, h.Stderr, sum)
		}
	}
}

func wineHalfLine(t *testing.T, w *wine) {
	for _, mode := range modes {
		h := w.open(t, w.as(t, "cat"), mode.variables...)
		for _, part := range []string{`{"jsonrpc":"2.0",`, `"id":1,`, "\"method\":\"ping\"}\n", "{"} {
			h.Say(part)
			if got := h.Hear(len(part)); got != part {
				t.Fatalf("%s: got %q, want %q", mode.name, got, part)
			}
		}
	}
}

// wineEndOfInput: the server receives the end of input, and spanpipe relays what the server writes after it.
func wineEndOfInput(t *testing.T, w *wine) {
	for _, mode := range modes {
		h := w.open(t, w.as(t, "mill", "2"), mode.variables...)
		if got := h.Hear(2); len(got) != 2 {
			t.Fatalf("%s: got %q from the server, want 2 bytes", mode.name, got)
		}
		select {
		case <-h.Ended():
			t.Errorf("%s: the session ended before the client's input", mode.name)
		default:
		}
		h.CloseInput()
		if code := h.Wait().ExitCode(); code != 0 {
			t.Errorf("%s: exit code = %d, want 0", mode.name, code)
		}
		if empty := fmt.Sprintf("%x", sha256.Sum256(nil)); !strings.Contains(h.Stderr.String(), empty) {
			t.Errorf("%s: stderr = %q, want the digest of no bytes", mode.name, h.Stderr)
		}
	}
}

func wineExitCodes(t *testing.T, w *wine) {
	for _, mode := range modes {
		for _, code := range []int{0, 1, 3, 255} {
			h := w.open(t, w.as(t, "exit", fmt.Sprint(code)), mode.variables...)
			got, said := h.Wait().ExitCode(), w.stderr(h)
			if ended := fmt.Sprintf(", exit %d: no calls\n", code); mode.name == "console" && strings.HasSuffix(said, ended) {
				said = "" // the summary
			}
			if got != code || said != "" {
				t.Errorf("%s: exit code = %d, want %d; stderr = %q, want none but a summary", mode.name, got, code, h.Stderr)
			}
		}
	}
}

func wineCommandNotFound(t *testing.T, w *wine) {
	const want = "spanpipe: starting \"no-such-server\": file does not exist\n" +
		"spanpipe: hint: it is not in PATH; try its full path\n"
	for _, mode := range modes {
		h := w.open(t, []string{"no-such-server"}, mode.variables...)
		if code := h.Wait().ExitCode(); code != 127 || w.stderr(h) != want {
			t.Errorf("%s: exit code %d, stderr %q; want 127, %q", mode.name, code, h.Stderr, want)
		}
		if got := h.Rest(); got != "" {
			t.Errorf("%s: stdout = %q, want nothing", mode.name, got)
		}
	}
}

// wineKilled: when the wrapper is killed, the server ends too, even one that ignores the end of its input.
func wineKilled(t *testing.T, w *wine) {
	for _, mode := range modes {
		h := w.open(t, w.as(t, "signal"), mode.variables...)
		if got := h.Line(); got != "ready" || !w.runs(t, "@signal") {
			t.Fatalf("%s: got %q from the server, want ready; it runs: %v", mode.name, got, w.runs(t, "@signal"))
		}
		if err := h.Cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		mcptest.Eventually(t, mode.name+": the server ends", func() bool { return !w.runs(t, "@signal") })
	}
}

// wineUpdate renames the program while a session runs, which Windows permits, and puts another in its place. The session goes on and is
// stored to its end, and the next one is the new program's.
func wineUpdate(t *testing.T, w *wine) {
	path := func(name string) string { return filepath.Join(w.dir, name) }
	text, err := os.ReadFile(path("spanpipe.exe"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	variables := []string{"SPANPIPE_TELEMETRY=local", "SPANPIPE_DIR=" + windowsPath(dir), longFlush}
	h := w.open(t, w.as(t, "server"), variables...)
	c := mcptest.Connect(h)
	move := mcptest.Open(t, []string{"wine", "cmd", "/c", "ren", w.product, "spanpipe.old.exe"}, w.in())
	if out := move.Rest(); move.Wait().ExitCode() != 0 {
		t.Fatalf("renaming the program: %s%s", out, move.Stderr)
	}
	if err := os.WriteFile(path("spanpipe.exe"), text, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := c.Tool("echo", mcptest.Object{"text": "still here"}).Text(); got != "still here" {
		t.Errorf(`echo("still here") = %q`, got)
	}
	endSession(t, h)
	next := w.open(t, w.as(t, "server"), variables...)
	mcptest.Connect(next)
	endSession(t, next)
	all, err := store.Open(dir).Sessions()
	if err != nil || len(all) != 2 || all[0].State != store.Ended || all[1].State != store.Ended || all[0].Totals.Calls+all[1].Totals.Calls != 1 {
		t.Errorf("stored: %+v, %v", all, err)
	}
	if err := os.Remove(path("spanpipe.old.exe")); err != nil {
		t.Error(err)
	}
}

// runs reports whether a Linux process exists that wine started with the argument.
func (w *wine) runs(t *testing.T, arg string) bool {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(lines, func(path string) bool {
		line, _ := os.ReadFile(path) // empty if the process has ended
		return bytes.Contains(line, []byte(w.server)) && bytes.Contains(line, []byte(arg))
	})
}

// wineFilesAsStreams uses files as stdin and stdout. Only the server itself reads, so spanpipe must not consume what
// the server leaves unread.
func wineFilesAsStreams(t *testing.T, w *wine) {
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
			t.Errorf("%s: read %d bytes, want %d; %v", test.server, at, test.read, err)
		}
		if got, err := os.ReadFile(out); string(got) != text[:test.read] || err != nil {
			t.Errorf("%s: output = %q, want %q; %v", test.server, got, text[:test.read], err)
		}
		_, _ = stdin.Close(), stdout.Close()
	}
}

// shim is a batch file that works like npm's npx.cmd: it looks for node.exe in its directory and passes its arguments
// on.
const shim = "@ECHO OFF\r\nSETLOCAL\r\nSET \"NODE_EXE=%~dp0\\node.exe\"\r\n" +
	"IF NOT EXIST \"%NODE_EXE%\" (\r\n  SET \"NODE_EXE=node\"\r\n)\r\n\"%NODE_EXE%\" @process %*\r\n"

// shims creates a directory with the shim and a node.exe, which is this test binary, and returns the variable that puts
// it into PATH.
func (w *wine) shims(t *testing.T) (path string) {
	t.Helper()
	dir, err := os.MkdirTemp(w.dir, "shim") // not t.TempDir: wine keeps files open that cmd.exe has read
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

// wineShim: the arguments arrive unchanged, and none runs as a command. The tests of package wrap have quotes, which Go
// parses differently when they are doubled. There are no percent signs, which wine's cmd.exe expands differently.
func wineShim(t *testing.T, w *wine) {
	path := w.shims(t)
	args := []string{"-y", "a b", "", `x & echo broken | more > out ^ ( ) ! ;,=`, `C:\dir\`, "größe"}
	cast.As(t, "process")
	for _, mode := range modes {
		h := w.open(t, append([]string{"my-npx"}, args...), append(mode.variables, path)...)
		var p process
		if err := json.Unmarshal([]byte(h.Line()), &p); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(p.Args, args) {
			t.Errorf("%s: args = %q, want %q", mode.name, p.Args, args)
		}
		h.Say("hello\r\n")
		h.CloseInput()
		if got := h.Rest(); got != "hello\r\n" {
			t.Errorf("%s: got %q, want hello", mode.name, got)
		}
		if code := h.Wait().ExitCode(); code != 0 {
			t.Errorf("%s: exit code = %d, want 0; stderr: %s", mode.name, code, h.Stderr)
		}
	}
}

// wineLineBreak: spanpipe refuses a line break in an argument of a batch file, because cmd.exe would end the command
// there.
func wineLineBreak(t *testing.T, w *wine) {
	path := w.shims(t)
	for _, mode := range modes {
		for _, arg := range []string{"a\nb", "a\r\n@process"} {
			h := w.open(t, []string{"my-npx", "fine", arg}, append(mode.variables, path)...)
			h.CloseInput()
			code, stderr := h.Wait().ExitCode(), w.stderr(h)
			oneLine := strings.Contains(stderr, "argument 2 has a line break") && strings.Count(stderr, "\n") == 1
			if code != 126 || !oneLine {
				t.Errorf("%s: %q: exit code %d, stderr %q; want 126 and one line about the argument",
					mode.name, arg, code, stderr)
			}
			if got := h.Rest(); got != "" {
				t.Errorf("%s: %q: stdout = %q, want nothing", mode.name, arg, got)
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
				t.Errorf("%s: echo = %q, want hello", p, got)
			}
		}
		h.CloseInput()
		if code := h.Wait().ExitCode(); code != 0 || w.stderr(h) != "" {
			t.Errorf("%s: exit code = %d, want 0; stderr = %q, want none", p, code, h.Stderr)
		}
		if got := len(r.SpansNamed("tools/call echo")); got != calls {
			t.Errorf("%s: got %d spans, want %d; %s", p, got, calls, r.Summary())
		}
	}
}

// wineVariables: Windows compares the names of variables without case, so spanpipe reads them so, and hides its own from
// the server.
func wineVariables(t *testing.T, w *wine) {
	r := otlptest.Start(t, otlptest.Config{})
	h := w.open(t, w.as(t, "server"), "Spanpipe_Telemetry=otlp", longFlush,
		"spanpipe_otel_exporter_otlp_endpoint="+r.Endpoint(otlptest.GRPC),
		"Spanpipe_Otel_Exporter_Otlp_Headers=authorization=secret")
	c := mcptest.Connect(h)
	if got := c.Tool("environ", nil).Text(); strings.Contains(strings.ToUpper(got), "SPANPIPE_") {
		t.Errorf("the server's environment is %s", got)
	}
	endSession(t, h)
	if requests := r.Requests(otlptest.Traces); len(requests) == 0 || requests[0].Get("authorization") != "secret" {
		t.Errorf("%d requests with traces; stderr: %s", len(requests), h.Stderr)
	}
	vetoed := mcptest.Open(t, []string{"wine", w.product, "consent"}, w.in("SPANPIPE_TELEMETRY=otlp", "do_not_track=1"))
	if got := vetoed.Rest(); vetoed.Wait().ExitCode() != 1 || !strings.Contains(got, "DO_NOT_TRACK is set") {
		t.Errorf("with do_not_track=1: %s", got)
	}
}
