package cmd_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// consoleLine matches a line: time, server, direction, name, duration, size of the response, outcome.
var consoleLine = regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3} mcptest-server ([→←]) (\S+(?: \S+)*) +` +
	`(\d+µs|\d\.\dms|\d{2,3}ms|\d+\.\d\ds) +(?:(\S+ [kMG]?B)  )? *(\S.*)$`)

// consoleSummary matches the line of a session that has ended: by whom, duration, exit, totals.
var consoleSummary = regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3} (\S+) +■ session ended( by the server)? after ` +
	`(\d+µs|\d\.\dms|\d{2,3}ms|\d+\.\d\ds), ([^:]+): (.+)$`)

var atLeast30ms = regexp.MustCompile(`^(?:(?:[3-9]\d|\d{3})ms|\d+\.\d\ds)$`)

// TestConsole checks the line that the console prints for each operation of a session.
func TestConsole(t *testing.T) {
	h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=console")
	c := mcptest.Connect(h)
	c.Tool("echo", mcptest.Object{"text": "secret content"})
	c.Tool("fail", mcptest.Object{"text": "permission denied: /secret/path"})
	c.Tool("no such", nil)
	c.Tool("size", mcptest.Object{"bytes": 1 << 20})
	c.Tool("sleep", mcptest.Object{"ms": 30})
	c.Call("resources/read", mcptest.Object{"uri": "file:///secret/resource"})
	c.Call("no/such/method", nil)
	c.Ask("tools/call", mcptest.Object{"name": "hang"})
	cancelled := c.Ask("tools/call", mcptest.Object{"name": "hang"})
	c.Notify("notifications/cancelled", mcptest.Object{"requestId": cancelled, "reason": "secret reason"})
	c.Call("ping", nil)
	h.CloseInput()
	h.Wait()

	want := []struct{ name, size, outcome string }{
		{"initialize", `\d+ B`, "ok"},
		{"tools/call echo", `\d+ B`, "ok"},
		{"tools/call fail", `\d+ B`, "failed: permission"},
		{"tools/call no such", `\d+ B`, "bad request: -32602"},
		{"tools/call size", `1\.0 MB`, `ok, ≈\d+\.\dk tokens`},
		{"tools/call sleep", `\d+ B`, "ok"},
		{"resources/read", `\d+ B`, "ok"},
		{"no/such/method", `\d+ B`, "bad request: -32601"},
		{"tools/call hang", "", "cancelled"},
		{"ping", `\d+ B`, "ok"},
		{"tools/call hang", "", "unanswered: the client left"},
	}
	lines := strings.Split(strings.TrimSuffix(h.Stderr.String(), "\n"), "\n")
	if len(lines) != len(want)+1 {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want)+1, h.Stderr)
	}
	m := consoleSummary.FindStringSubmatch(lines[len(want)])
	if m == nil || !matches(`8 calls, 1 failed, 1 cancelled, 1 unanswered, p95 \S+`, m[5]) {
		t.Errorf("the last line is %q", lines[len(want)])
	}
	for i, w := range want {
		m := consoleLine.FindStringSubmatch(lines[i])
		if m == nil {
			t.Errorf("%q does not match %s", lines[i], consoleLine)
			continue
		}
		if m[1] != "→" || m[2] != w.name || !matches(w.size, m[4]) || !matches(w.outcome, m[5]) {
			t.Errorf("got %q, want → %s %s %s", lines[i], w.name, w.size, w.outcome)
		}
		if w.name == "tools/call sleep" && !atLeast30ms.MatchString(m[3]) {
			t.Errorf("duration of a call that sleeps 30 ms = %s", m[3])
		}
	}
	if strings.Contains(h.Stderr.String(), "secret") {
		t.Errorf("the console shows content:\n%s", h.Stderr)
	}
	if strings.Contains(h.Stderr.String(), "\x1b") {
		t.Error("the console uses colors on a pipe")
	}
}

// TestConsoleHang: where the console shows a call that hangs, no warning repeats it.
func TestConsoleHang(t *testing.T) {
	for telemetry, warns := range map[string]bool{"console,local": false, "local": true} {
		h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY="+telemetry, "SPANPIPE_DIR="+t.TempDir(), "SPANPIPE_HANG_AFTER=1s")
		c := mcptest.Connect(h)
		hung := c.Ask("tools/call", mcptest.Object{"name": "hang"})
		mcptest.Eventually(t, "the call is reported as hanging", func() bool { return strings.Contains(h.Stderr.String(), "hang") })
		c.Notify("notifications/cancelled", mcptest.Object{"requestId": hung})
		endSession(t, h)
		if stderr := h.Stderr.String(); strings.Contains(stderr, "warning: ") != warns {
			t.Errorf("with %s, want a warning: %t:\n%s", telemetry, warns, stderr)
		}
	}
}

func matches(pattern, s string) bool {
	return regexp.MustCompile("^(?:" + pattern + ")$").MatchString(s)
}

// TestConsoleEscapes: a peer cannot send control characters to the terminal or forge a line.
func TestConsoleEscapes(t *testing.T) {
	h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=console")
	c := mcptest.Connect(h)
	c.Tool("red\x1b[31m\nspanpipe: forged line\x07", nil)
	c.Call("method\x1b]0;title\x07\r\n", nil)
	c.Tool(strings.Repeat("long", 5000), nil)
	h.CloseInput()
	h.Wait()
	text := h.Stderr.String()
	if strings.ContainsAny(text, "\x1b\x07\r") || strings.Contains(text, "\nspanpipe: forged") {
		t.Errorf("stderr has control characters or a forged line: %q", text)
	}
	if got := strings.Count(text, "\n"); got != 5 {
		t.Errorf("%d lines, want 5: %q", got, text)
	}
	for line := range strings.Lines(text) {
		if len(line) > 1000 {
			t.Errorf("a line has %d bytes, want at most 1000", len(line))
		}
	}
}

// TestConsoleUnreadStderr: a client that does not read stderr must not stall its calls.
func TestConsoleUnreadStderr(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	line := wrapped(t, cast.As(t, "server"))
	h := mcptest.Open(t, line, newHome(t).in("SPANPIPE_TELEMETRY=console"), func(cmd *exec.Cmd) { cmd.Stderr = w })
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := mcptest.Connect(h)
	for range 3000 { // about 200 kB of lines; a pipe holds 64
		c.Call("ping", nil)
	}
	endSession(t, h)
}

// TestConsoleCountsLostLines: lines that were not read are counted where the rest of the telemetry goes.
func TestConsoleCountsLostLines(t *testing.T) {
	reader, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	r := otlptest.Start(t, otlptest.Config{})
	variables := append(r.Env(otlptest.GRPC), "SPANPIPE_TELEMETRY=console,otlp")
	h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), newHome(t).in(variables...),
		func(cmd *exec.Cmd) { cmd.Stderr = w })
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := mcptest.Connect(h)
	for range 3000 { // about 200 kB of lines; a pipe holds 64, and the queue 1,024 lines
		c.Call("ping", nil)
	}
	endSession(t, h)
	lost := r.Value("spanpipe.telemetry.dropped", otlptest.Attrs{"spanpipe.reason": "console_line"})
	if lost == 0 {
		t.Error("no lost line is counted")
	}
}

// TestConsoleSummary: a session ends with a line that says how the server ended, also one that crashes at once.
func TestConsoleSummary(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the servers are shell scripts")
	}
	for _, test := range []struct{ name, script, by, exit, server string }{
		{"a server that obeys", "cat >/dev/null", "", "exit 0", "mcp-server"},
		{"one that fails at the end", "cat >/dev/null; exit 3", "", "exit 3", "mcp-server"},
		{"one that crashes", "exit 3", " by the server", "exit 3", "mcp-server"},
		{"one that is killed", "kill -SEGV $$", " by the server", "killed by SIGSEGV", "mcp-server"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := open(t, []string{"sh", "-c", test.script}, "SPANPIPE_TELEMETRY=console")
			if test.by == "" {
				h.CloseInput()
			}
			h.Wait()
			m := consoleSummary.FindStringSubmatch(strings.TrimSuffix(h.Stderr.String(), "\n"))
			if m == nil || m[1] != test.server || m[2] != test.by || m[4] != test.exit || m[5] != "no calls" {
				t.Errorf("stderr = %q", h.Stderr)
			}
		})
	}
}

// TestConsoleAsJSON: with SPANPIPE_LOG_FORMAT=json, stderr has nothing but JSON. Every line names the server, and the
// session's start and end are among them.
func TestConsoleAsJSON(t *testing.T) {
	h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=console", "SPANPIPE_LOG_FORMAT=json",
		"SPANPIPE_HANG_AFTER=1x", "OTEL_SERVICE_NAME=files")
	c := mcptest.Connect(h)
	c.Tool("echo", mcptest.Object{"text": "secret content"})
	c.Tool("fail", mcptest.Object{"text": "permission denied: /secret/path"})
	h.CloseInput()
	h.Wait()
	var messages []string
	var last map[string]any
	for line := range strings.Lines(h.Stderr.String()) {
		last = nil
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		messages = append(messages, strings.Fields(last["msg"].(string))...)
		if last["service.name"] != "files" {
			t.Errorf("service.name is missing: %s", line)
		}
		if last["level"] == "WARN" { // about a setting, before there is a server
			continue
		}
		if last["spanpipe.server.name"] != "mcptest-server" || last["spanpipe.server.version"] != "4.5.6" {
			t.Errorf("the server is missing: %s", line)
		}
	}
	text := strings.Join(messages, " ")
	if !matches("invalid SPANPIPE_HANG_AFTER .* session started( operation finished){3} session ended", text) {
		t.Errorf("the messages are %s", text)
	}
	if last["calls"] != 2.0 || last["failures"] != 1.0 || last["p95"] == nil || last["spanpipe.exit.code"] != "0" {
		t.Errorf("the last line is %v", last)
	}
	if strings.Contains(h.Stderr.String(), "secret") {
		t.Errorf("the log shows content:\n%s", h.Stderr)
	}
}

// TestLogFormat: SPANPIPE_LOG_FORMAT=json writes warnings as JSON.
func TestLogFormat(t *testing.T) {
	h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=console,otlp", "SPANPIPE_LOG_FORMAT=json",
		"OTEL_EXPORTER_OTLP_ENDPOINT=nonsense")
	mcptest.Connect(h)
	h.CloseInput()
	h.Wait()
	if got := h.Stderr.String(); !regexp.MustCompile(`(?m)^\{"time":".*"level":"WARN","msg":".*"\}$`).MatchString(got) {
		t.Errorf("stderr has no warning as JSON: %s", got)
	}
}
