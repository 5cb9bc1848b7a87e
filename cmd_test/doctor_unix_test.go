//go:build unix

package cmd_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctorProgress: a terminal shows what is waited for, and nothing of it is left at the end.
func TestDoctorProgress(t *testing.T) {
	const clear = "\r\x1b[K"
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"doctor"}, []string{"reading the clients' files, asking the collector"}},
		{append([]string{"doctor", "--"}, demoServer(t)...), []string{"starting the server, for a session", "tools/list", "ending the server",
			"starting the server, for protocol version 2099-12-31"}},
	} {
		cmd := exec.Command(binary(t), test.args...)
		newHome(t).in("TERM=xterm")(cmd)
		text := atTerminal(t, cmd, func(*os.File) {})
		for _, want := range test.want {
			if !strings.Contains(text, clear+"doctor: "+want+"…") {
				t.Errorf("%v: the terminal shows %q, want %q", test.args[:1], text, want)
			}
		}
		if !strings.HasSuffix(text, clear) {
			t.Errorf("%v: the terminal shows %q to the end", test.args[:1], text)
		}
	}
}

// TestDoctorFollows: what doctor says of an entry follows what is done with it, and what it says to do helps.
func TestDoctorFollows(t *testing.T) {
	h := newHome(t)
	home := filepath.Join(h.root, "home")
	program, file, script := filepath.Join(home, "spanpipe"), filepath.Join(home, ".claude.json"), filepath.Join(home, "other")
	server := cast.As(t, "unruly", "describes", "1025")
	quoted, err := json.Marshal(server[1:])
	if err != nil {
		t.Fatal(err)
	}
	plain := `{"mcpServers": {"beds": {"command": "` + server[0] + `", "args": ` + string(quoted) + `}}}`
	write := func(path, text string, mode os.FileMode) {
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(binary(t), program); err != nil {
		t.Fatal(err)
	}
	write(file, plain, 0o600)
	write(script, "#!/bin/sh\n", 0o700)
	must := func(args ...string) {
		if stdout, stderr, code := h.spanpipe(t, nil, args...); code != 0 {
			t.Fatalf("%v: exit code %d: %s%s", args, code, stdout, stderr)
		}
	}
	// says runs doctor, and wants its group of clients and that of telemetry to have one text, and not another.
	says := func(after, want, missing string, code int, variables ...string) (stdout string) {
		t.Helper()
		stdout, stderr, got := h.spanpipe(t, variables, "doctor", "claude-code")
		if got != code || !strings.Contains(stdout, want) || missing != "" && strings.Contains(stdout, missing) {
			t.Errorf("%s: exit code %d, want %d, %q and not %q: %s%s", after, got, code, want, missing, stdout, stderr)
		}
		return stdout
	}
	const (
		never, lost = "  warn  Claude Code: beds is not wrapped\n        to wrap it: spanpipe install claude-code\n", "  warn  Claude Code: beds is not wrapped any more: "
		unused, cut = "  warn  Claude Code, beds: no session is stored yet\n", "  warn  Claude Code, beds: 1 description over 2,048 characters, Claude Code cuts them: book_hotel\n"
		whole       = "  ok    1 of 1 wrapped server: paths exist, nothing is wrapped twice\n"
		large       = "  warn  the store has more details of sessions than SPANPIPE_KEEP allows\n"
		kept        = "  warn  Claude Code: none of its servers is wrapped any more, and what its file was is still kept\n"
		removing    = "once you are sure that you do not need it: "
	)
	says("at first", never, whole, 0)
	must("install", "claude-code", "--yes", "--program", program)
	says("installed", whole, never, 0)
	says("installed", unused, cut, 0)

	session := exec.Command(program, append([]string{"--"}, server...)...)
	h.in("SPANPIPE_TELEMETRY=local")(session)
	session.Stdin = strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},` +
		`"clientInfo":{"name":"claude-code","version":"2.1.240"}}}` + "\n" + `{"jsonrpc":"2.0","id":2,"method":"tools/list"}` + "\n")
	if out, err := session.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	says("used", cut, unused, 0)
	const little = "SPANPIPE_KEEP=30d,1B"
	says("used, and little may be kept", large, "", 0, little)
	if stdout, stderr, code := h.spanpipe(t, []string{little}, "prune"); code != 0 {
		t.Errorf("prune: exit code %d: %s%s", code, stdout, stderr)
	}
	says("pruned", whole, large, 0, little)

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(file, strings.Replace(string(text), program, script, 1), 0o600)
	says("another program", lost, whole, 0) // by its name it is not spanpipe
	write(file, strings.Replace(string(text), program, filepath.Join(home, "gone", "spanpipe"), 1), 0o600)
	says("a program that is gone", "  fail  Claude Code, beds: spanpipe is not at ~/gone/spanpipe any more\n", whole, 1)
	must("install", "claude-code", "--yes", "--program", program)
	says("installed again", whole, "any more", 0)

	write(file, plain, 0o600)
	says("the client has written its file", lost, never, 0)
	_, command, _ := strings.Cut(says("the client has written its file", kept, whole, 0), removing)
	command, _, _ = strings.Cut(command, "\n")
	shell := exec.Command("sh", "-c", command)
	h.in()(shell)
	if out, err := shell.CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", command, err, out)
	}
	says("what was kept is removed", lost, kept, 0)

	says("a file for a store", "  fail  ~/other: it is not a directory\n", "  ok    ~/", 1, "SPANPIPE_DIR="+script)
	says("a store that cannot be made", "  fail  ~/other/x: ", "", 1, "SPANPIPE_DIR="+filepath.Join(script, "x"))
}
