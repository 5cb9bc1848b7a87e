package cmd_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// playClient is an MCP client's process, and no more of it: it starts each command that it reads from stdin, a line of JSON,
// and goes on. They live until its input ends, as their input does.
func playClient([]string) int {
	var servers []*exec.Cmd
	var inputs []interface{ Close() error }
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var line []string
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			return 99
		}
		cmd := exec.Command(line[0], line[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 99
		}
		servers, inputs = append(servers, cmd), append(inputs, in)
	}
	for i, cmd := range servers {
		_ = inputs[i].Close() // it may have ended
		if err := cmd.Wait(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}

// storedMeta is what a test reads of session.json.
type storedMeta struct {
	Service       string
	Run           string
	ClientSession string `json:"client_session"`
}

// stored reads the sessions that are stored in a home.
func (h home) stored(t testing.TB) (all []storedMeta) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(h.root, "home/.local/state/spanpipe/sessions/*/session.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var m storedMeta
		if json.Unmarshal(text, &m) == nil { // else it is being replaced
			all = append(all, m)
		}
	}
	return all
}

// TestClientRun: the servers of one client have the same run however they are started, and one after the other; those of
// another client have another. The variable in which Claude Code passes its session's id joins sessions by a hash, and is
// found nowhere itself.
func TestClientRun(t *testing.T) {
	const secret = "64934702-935c-4825-8945-0b8b72042b42"
	r := otlptest.Start(t, otlptest.Config{})
	home, line := newHome(t), wrapped(t, cast.As(t, "cat"))
	place := home.in(append(r.Env(otlptest.HTTP), "SPANPIPE_TELEMETRY=local,otlp", "CLAUDE_CODE_SESSION_ID="+secret)...)
	command := "'" + strings.Join(line, "' '") + "'"
	script := filepath.Join(t.TempDir(), "server.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"+command+"\nexit $?\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ways := [][]string{
		line, {"sh", "-c", command + "; exit $?"}, {script}, {"env", "A=b", "sh", "-c", "true && " + command + " || exit 1"},
		{"sh", "-c", "sh -c \"$0\"; exit $?", command + "; exit $?"},
	}
	if node := os.Getenv(peerNode); node != "" { // npm's packages start their program like this
		shim := filepath.Join(t.TempDir(), "spanpipe.js")
		text := `const [line] = process.argv.slice(2); const [file, ...args] = JSON.parse(line);
require("child_process").spawn(file, args, { stdio: "inherit" }).on("exit", (code) => process.exit(code));`
		if err := os.WriteFile(shim, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		encoded, _ := json.Marshal(line) // never fails
		ways = append(ways, []string{node, shim, string(encoded)})
	}
	runs := map[string]int{}
	for client := range 2 {
		h := mcptest.Open(t, cast.As(t, "client"), place)
		for n, way := range ways {
			encoded, _ := json.Marshal(way) // never fails
			h.Say(string(encoded) + "\n")
			want := client*len(ways) + n + 1
			mcptest.Eventually(t, fmt.Sprintf("session %d is stored", want), func() bool { return len(home.stored(t)) == want })
		}
		h.CloseInput()
		wantExit(t, h, 0)
	}
	sessions := home.stored(t)
	for _, s := range sessions {
		runs[s.Run]++
		if s.ClientSession == "" || s.ClientSession != sessions[0].ClientSession {
			t.Errorf("the client's session is %q, and that of another server %q", s.ClientSession, sessions[0].ClientSession)
		}
	}
	if len(runs) != 2 || runs[""] > 0 || runs[sessions[0].Run] != len(ways) {
		t.Errorf("servers by run: %v; want %d of each of two", runs, len(ways))
	}
	for _, span := range r.Spans() {
		if run, _ := span.Resource["spanpipe.client.run"].(string); runs[run] == 0 {
			t.Errorf("a span was sent with the run %q, which is none of %v", run, runs)
		}
	}
	if r.Contains([]byte(secret)) {
		t.Error("the client's id was sent")
	}
	err := filepath.WalkDir(home.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("the client's id is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestClientRunNeedsAStore: without a store there is no key, and so no hash.
func TestClientRunNeedsAStore(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	h := mcptest.Open(t, cast.As(t, "client"), newHome(t).in(append(r.Env(otlptest.HTTP),
		"SPANPIPE_TELEMETRY=otlp", "CLAUDE_CODE_SESSION_ID=64934702")...))
	line, _ := json.Marshal(wrapped(t, cast.As(t, "cat"))) // never fails
	h.Say(string(line) + "\n")
	h.CloseInput()
	wantExit(t, h, 0)
	span := r.WaitSpan(t, "mcp.session")
	for _, key := range []string{"spanpipe.client.run", "spanpipe.client.session"} {
		if got, ok := span.Resource[key]; ok {
			t.Errorf("%s is %v, want none", key, got)
		}
	}
}

// TestClientRunOfAPerson: an interactive shell is no client.
func TestClientRunOfAPerson(t *testing.T) {
	home := newHome(t)
	cmd := exec.Command("sh", "-i")
	home.in("SPANPIPE_TELEMETRY=local")(cmd)
	cmd.Stdin = strings.NewReader("'" + strings.Join(wrapped(t, cast.As(t, "exit", "0")), "' '") + "' </dev/null\nexit\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := home.stored(t); len(got) != 1 || got[0].Run != "" || !slices.ContainsFunc(home.left(t), func(path string) bool {
		return strings.HasSuffix(path, "/key")
	}) {
		t.Errorf("stored is %+v, want a session without a run", got)
	}
}
