package evidence_test

import (
	"os/exec"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/evidence"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// TestLook checks what a look returns, and that it rests: at least 100 ms, and a hundred times as long as looking took. One look
// that took long may have waited for a processor: it takes several to rest for so long.
func TestLook(t *testing.T) {
	now, looks := 10*time.Second, 0
	w := evidence.New(7, func() time.Duration { return now })
	w.Scripted(func() []evidence.Process {
		looks++
		now += 20 * time.Millisecond // it takes so long
		return []evidence.Process{
			{PID: 7, Parent: 1, Age: 5 * time.Second, CPU: time.Second, Running: true},
			{PID: 8, Parent: 7, Age: 2 * time.Second, CPU: 2 * time.Second, Stopped: true},
		}
	})
	want := w.Look()
	if !reflect.DeepEqual(want, session.Tree{
		At: 10 * time.Second, Processes: 2, Stopped: 1, Running: 1, CPU: 3 * time.Second, Started: []time.Duration{8 * time.Second},
	}) {
		t.Errorf("%+v", want)
	}
	at := want.At
	for i, ms := range []int{200, 400, 800, 1600, 2000, 2000} {
		rest := time.Duration(ms) * time.Millisecond
		now += rest - 1
		if again := w.Look(); looks != i+1 || again.At != at {
			t.Errorf("%d looks within %v, of %v", looks, rest, again.At)
		}
		now++
		at = now
		if again := w.Look(); looks != i+2 || again.At != at {
			t.Errorf("%d looks, of %v", looks, again.At)
		}
	}
}

// TestBridge: a server runs elsewhere if the first process leads there, or one that launchers have started; not if it has
// started such a program itself.
func TestBridge(t *testing.T) {
	type all = []evidence.Process
	for _, test := range []struct {
		name      string
		processes all
		want      string
	}{
		{"docker", all{{PID: 7, Program: "docker", Args: []string{"docker", "run", "-i", "mcp/time"}}}, "docker"},
		{"docker.exe", all{{PID: 7, Program: "Docker.EXE", Args: []string{`C:\Program Files\Docker\docker.exe`}}}, "docker"},
		{"ssh below a shell", all{
			{PID: 7, Program: "dash", Args: []string{"sh", "-c", "ssh host server; true"}},
			{PID: 8, Parent: 7, Program: "ssh", Args: []string{"ssh", "host", "server"}},
		}, "ssh"},
		{"mcp-remote by npx", all{
			{PID: 7, Program: "node", Args: []string{"npm exec mcp-remote https://example.com/mcp"}},
			{PID: 8, Parent: 7, Program: "dash", Args: []string{"sh", "-c", "mcp-remote https://example.com/mcp"}},
			{PID: 9, Parent: 8, Program: "node", Args: []string{"node", "/home/a/.npm/_npx/1/node_modules/.bin/mcp-remote", "https://example.com"}},
		}, "mcp-remote"},
		{"mcp-proxy by uvx", all{
			{PID: 7, Program: "uv", Args: []string{"uv", "tool", "uvx", "mcp-proxy"}},
			{PID: 8, Parent: 7, Program: "python3.12", Args: []string{"/x/bin/python3", "-u", "/x/bin/mcp-proxy", "https://example.com"}},
		}, "mcp-proxy"},
		{"a server that uses ssh", all{
			{PID: 7, Program: "node", Args: []string{"node", "/x/server.js"}},
			{PID: 8, Parent: 7, Program: "ssh", Args: []string{"ssh", "git@example.com"}},
		}, ""},
		{"a server by npx that uses docker", all{
			{PID: 7, Program: "node", Args: []string{"npm exec files"}},
			{PID: 8, Parent: 7, Program: "node", Args: []string{"node", "/x/.bin/files", "docker"}},
			{PID: 9, Parent: 8, Program: "docker", Args: []string{"docker", "ps"}},
		}, ""},
		{"none", nil, ""},
	} {
		w := evidence.New(7, func() time.Duration { return time.Second })
		w.Scripted(func() []evidence.Process { return test.processes })
		if got := w.Look().Bridge; got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestLookAtReal looks at processes of the system.
func TestLookAtReal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has no cat")
	}
	cmd := exec.Command("/bin/sh", "-c", "exec 3<&0; cat <&3 & echo; wait") // cat ends with the input
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	if _, err := out.Read(make([]byte, 1)); err != nil { // the child has been started
		t.Fatal(err)
	}
	start := time.Now()
	tree := evidence.New(cmd.Process.Pid, func() time.Duration { return time.Since(start) + time.Hour }).Look()
	if tree.Processes != 2 || len(tree.Started) != 1 || tree.Started[0] < time.Hour-time.Minute || tree.Bridge != "" {
		t.Errorf("%+v", tree)
	}
	if tree := evidence.New(0, func() time.Duration { return time.Hour }).Look(); tree.Processes != 0 {
		t.Errorf("of no process: %+v", tree)
	}
}
