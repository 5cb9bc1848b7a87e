package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

const stuckCall = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","arguments":{}}}` + "\n"

// TestStall runs servers that are stuck in every way that can be seen from outside, through the product, and finds what the
// console says of each, and what is stored. The verdict is there when the call is reported as hanging, or as soon as there
// has been time to see more.
func TestStall(t *testing.T) {
	const answers = "read x; echo '" + agreed + "'; read x; "
	for _, test := range []struct {
		name, script string
		word         string // on the console's line of the hang
		stall        string
		sentence     string // a part of it
	}{
		{"reads no more", answers + "exec sleep 1000", "server not reading", "server_not_reading",
			"The server has not read the request. The fault is on the server's side: " +
				fmt.Sprint(len(stuckCall)) + " B wait in its input"},
		{"sleeps", answers + "read x; exec sleep 1000", "server idle", "server_idle",
			"The server has read the request and does nothing. The fault is on the server's side: it used no CPU time"},
		{"works", answers + "read x; while :; do :; done", "server busy", "server_busy",
			"The server is at work. The wait is on the server's side: it used"},
		{"is stopped", answers + "read x; kill -STOP $$", "server stopped", "server_stopped",
			"The server is stopped, by a signal or a debugger. The fault is on the server's side: its only process cannot run"},
		{"waits for a child", answers + "read x; sleep 1000; :", "waiting for child", "waiting_for_child",
			"The server waits for a process that it has started. The wait is on the server's side: 1 of its 2 processes began after"},
		{"answers by half", answers + `read x; printf '{"jsonrpc":"2.0","id":1,"result":{"a":'; exec sleep 1000`,
			"answer incomplete", "answer_incomplete",
			"The server has begun an answer and not ended it. The fault is on the server's side: 38 B of it have come"},
		{"asks its client", answers + `read x; echo '{"jsonrpc":"2.0","id":7,"method":"ping"}'; exec sleep 1000`,
			"server asks client", "server_waiting_for_client", "its request ping has not been answered"},
		{"writes what is not read", answers + `read x; printf '{"jsonrpc":"2.0","id":1,"result":{"a":"'; ` +
			`head -c 400000 /dev/zero | tr '\0' a; exec sleep 1000`, "client not reading", "client_not_reading",
			"The client does not read what the server writes. The fault is on the client's side"},
		{"does not start", "exec sleep 1000", "starting", "starting", "The server is still starting, and has answered nothing so far"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // each waits for a second
			stallOf(t, []string{"/bin/sh", "-c", test.script}, test.word, test.stall, test.sentence)
		})
	}
	t.Run("is elsewhere", func(t *testing.T) {
		t.Parallel()
		shell, err := os.ReadFile("/bin/sh")
		if err != nil {
			t.Fatal(err)
		}
		docker := filepath.Join(t.TempDir(), "docker")
		if err := os.WriteFile(docker, shell, 0o755); err != nil {
			t.Fatal(err)
		}
		stallOf(t, []string{docker, "-c", answers + "read x; while read x; do :; done"}, "remote", "bridge_remote",
			"The server runs elsewhere, behind docker, and has not answered. Why cannot be seen from here")
	})
}

// stallOf calls a server and waits until the console says why there is no answer.
func stallOf(t *testing.T, server []string, word, stall, sentence string) {
	t.Helper()
	dir := t.TempDir()
	h := open(t, server, "SPANPIPE_TELEMETRY=console,local", "SPANPIPE_DIR="+dir, "SPANPIPE_HANG_AFTER=1s")
	h.Say(handshake)
	if stall != "starting" {
		h.Line()
	}
	h.Say(initialized)
	h.Say(stuckCall)
	mcptest.Eventually(t, "hung: "+word+", "+sentence, func() bool {
		text := h.Stderr.String()
		return strings.Contains(text, "hung: "+word+"\n") && strings.Contains(text, sentence)
	})
	mcptest.Eventually(t, "it is stored as "+stall, func() bool { return storedStall(t, dir) == stall })
	h.CloseInput()
	if stall == "server_stopped" {
		return // nothing but the end of the test ends it
	}
	_ = h.Cmd.Process.Signal(syscall.SIGTERM)
	h.Wait()
	if got := storedStall(t, dir); got != stall {
		t.Errorf("after its end it is stored as %q, want %q", got, stall)
	}
}

// storedStall returns the verdict of the last operation of the client's that has one, in the only session of a store.
func storedStall(t *testing.T, dir string) (stall string) {
	t.Helper()
	var shown struct {
		Operations []struct{ Direction, Stall string }
	}
	cmd := exec.Command(binary(t), "show", "--json", "1")
	cmd.Env = append(minimalEnviron(), "SPANPIPE_DIR="+dir)
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &shown)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, op := range shown.Operations {
		if op.Stall != "" && op.Direction == "to_server" {
			stall = op.Stall
		}
	}
	return stall
}
