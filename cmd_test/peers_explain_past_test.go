package cmd_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pastSessions is how often the agent of the story has done its task before.
const pastSessions = 12

// pastAgent is a scheduled agent with server-filesystem behind spanpipe.
type pastAgent struct {
	t      *testing.T
	in     io.WriteCloser
	out    *bufio.Reader
	id     int
	stderr bytes.Buffer
	cmd    *exec.Cmd
	files  string
}

// pastSession starts a session of the agent.
func pastSession(t *testing.T, p peers, h home, dir, files string) *pastAgent {
	t.Helper()
	a := &pastAgent{t: t, files: files}
	a.cmd = exec.Command(binary(t), append([]string{"--"}, p.server("server-filesystem", files)...)...)
	h.in("SPANPIPE_TELEMETRY=local", "SPANPIPE_DIR="+dir, "SPANPIPE_ANOMALIES=past,chance=0.1,sessions=10", "SPANPIPE_FLUSH_TIMEOUT=1m")(a.cmd)
	a.cmd.Stderr = &a.stderr
	in, err := a.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a.in, a.out = in, bufio.NewReaderSize(out, 1<<20)
	a.ask("initialize", map[string]any{"protocolVersion": "2025-06-18", "capabilities": map[string]any{},
		"clientInfo": map[string]any{"name": "nightly-report", "version": "1.4.0"}})
	a.send(map[string]any{"jsonrpc": "2.0", "method": "notifications/initialized"})
	a.ask("tools/list", map[string]any{})
	return a
}

func (a *pastAgent) send(message map[string]any) {
	a.t.Helper()
	line, err := json.Marshal(message)
	if err == nil {
		_, err = a.in.Write(append(line, '\n'))
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

// ask sends a request and waits for the answer.
func (a *pastAgent) ask(method string, params map[string]any) {
	a.t.Helper()
	a.id++
	a.send(map[string]any{"jsonrpc": "2.0", "id": a.id, "method": method, "params": params})
	for {
		line, err := a.out.ReadBytes('\n')
		if err != nil {
			a.t.Fatalf("%s was not answered: %v\n%s", method, err, a.stderr.String())
		}
		var answer struct{ ID any }
		if json.Unmarshal(line, &answer) == nil && fmt.Sprint(answer.ID) == fmt.Sprint(a.id) {
			return
		}
	}
}

// call calls a tool about a file of the agent's directory.
func (a *pastAgent) call(tool, file string, content ...string) {
	a.t.Helper()
	arguments := map[string]any{"path": filepath.Join(a.files, file)}
	for _, text := range content {
		arguments["content"] = text
	}
	a.ask("tools/call", map[string]any{"name": tool, "arguments": arguments})
}

// report is what the agent does five times in each session.
func (a *pastAgent) report() {
	a.t.Helper()
	a.call("list_directory", ".")
	for _, notes := range []string{"monday.txt", "tuesday.txt", "wednesday.txt"} {
		a.call("read_text_file", notes)
	}
	a.call("get_file_info", "report.txt")
	a.call("write_file", "report.txt", "three days, nothing to report\n")
}

// end closes the session and returns what spanpipe wrote to stderr.
func (a *pastAgent) end() string {
	a.t.Helper()
	_ = a.in.Close()
	if _, err := io.Copy(io.Discard, a.out); err != nil {
		a.t.Fatal(err)
	}
	if err := a.cmd.Wait(); err != nil {
		a.t.Fatalf("%v\n%s", err, a.stderr.String())
	}
	return a.stderr.String()
}

// pastFiles makes the notes that the agent reads.
func pastFiles(t *testing.T) string {
	t.Helper()
	files, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"monday.txt", "tuesday.txt", "wednesday.txt", "report.txt"} {
		if err := os.WriteFile(filepath.Join(files, name), []byte("nothing\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// pastShown replaces what differs from run to run: times, dates, durations.
func pastShown(text string) string {
	for _, r := range []struct{ from, to string }{
		{`\d\d:\d\d:\d\d`, "10:41:07"}, {`\d{1,2} [A-Z][a-z]{2} \d{4}`, "27 Nov 2026"}, {`\d{4}-\d\d-\d\d`, "2026-11-27"},
		{`after [\d.]+ m?s`, "after 1.2 s"}, {`(?m)[ \t]+$`, ""},
	} {
		text = regexp.MustCompile(r.from).ReplaceAllString(text, r.to)
	}
	return strings.TrimSpace(text)
}

// TestPeersExplainPast lets an agent do its task in many sessions, and something else in the last. What spanpipe prints of
// that is what docs/explain.md has.
func TestPeersExplainPast(t *testing.T) {
	p, h, dir, files := newPeers(t), newHome(t), t.TempDir(), pastFiles(t)
	for i := range pastSessions {
		a := pastSession(t, p, h, dir, files)
		for range 5 {
			a.report()
		}
		if said := a.end(); strings.Contains(said, "unusual") {
			t.Fatalf("session %d: %s", i, said)
		}
	}
	a := pastSession(t, p, h, dir, files)
	a.call("list_directory", ".")
	a.call("read_text_file", "monday.txt")
	stolen := strings.Repeat("0123456789abcdef", 15_000)
	a.call("write_file", "public.txt", stolen)
	a.call("write_file", "public.txt", stolen)
	for _, name := range []string{"monday.txt", "tuesday.txt", "wednesday.txt"} {
		if err := os.Remove(filepath.Join(files, name)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		a.report()
	}
	if said := a.end(); strings.Count(said, "unusual call") != 3 {
		t.Errorf("stderr: %s", said)
	}
	show := exec.Command(binary(t), "show", "last")
	h.in("SPANPIPE_DIR="+dir, "TZ=UTC")(show)
	out, err := show.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	page, err := os.ReadFile("../docs/explain.md")
	if err != nil {
		t.Fatal(err)
	}
	var remarks []string
	for line := range strings.Lines(pastShown(string(out))) {
		if strings.Contains(line, "session") && strings.Contains(line, "since") {
			remarks = append(remarks, strings.TrimSpace(line))
		}
	}
	if len(remarks) != 3 {
		t.Errorf("got %d remarks, want 3", len(remarks))
	}
	for _, line := range remarks {
		if !strings.Contains(string(page), line) {
			t.Errorf("docs/explain.md lacks: %s", line)
		}
	}
	if t.Failed() {
		t.Logf("stderr:\n%s\nshown:\n%s", a.stderr.String(), out)
	}
}
