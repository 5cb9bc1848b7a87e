package cmd_test

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/proctree"
)

// readProcess reads what a server of the role process says.
func readProcess(t *testing.T, h *mcptest.Host) process {
	t.Helper()
	var p process
	if err := json.Unmarshal([]byte(h.Line()), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestOffIsNotThere says that without telemetry the server has taken the product's place: same process, nothing beside it.
func TestOffIsNotThere(t *testing.T) {
	for _, test := range []struct {
		name      string
		variables []string
	}{
		{"by default", nil},
		{"said", []string{"SPANPIPE_TELEMETRY=off"}},
		{"nothing understood", []string{"SPANPIPE_TELEMETRY=olpt"}},
		{"all vetoed", []string{"SPANPIPE_TELEMETRY=console,otlp", "OTEL_SDK_DISABLED=true"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := cast.As(t, "process")
			h := open(t, server, test.variables...)
			p := readProcess(t, h)
			if p.PID != h.Cmd.Process.Pid || p.Parent != os.Getpid() {
				t.Errorf("the server is process %d of parent %d, the host has started %d", p.PID, p.Parent, h.Cmd.Process.Pid)
			}
			if exe, err := os.Readlink("/proc/" + strconv.Itoa(h.Cmd.Process.Pid) + "/exe"); err != nil || exe != server[0] {
				t.Errorf("the process runs %q, want %q: %v", exe, server[0], err)
			}
			if children := proctree.Children(h.Cmd.Process.Pid); len(children) > 0 {
				t.Errorf("it has children: %v", children)
			}
		})
	}
}

// TestOffReadsNothing wants no file beside the server opened, though telemetry would name a server by one of them.
func TestOffReadsNothing(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"package.json": `{"name":"mine"}`, "node": "#!/bin/sh\n", "index.js": ""} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	watch, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(watch)
	if _, err := unix.InotifyAddWatch(watch, dir+"/package.json", unix.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	for kind, opened := range map[string]bool{"off": false, "console": true} {
		h := open(t, []string{dir + "/node", dir + "/index.js"}, "SPANPIPE_TELEMETRY="+kind)
		h.Wait()
		if n, _ := unix.Read(watch, make([]byte, 4096)); n > 0 != opened {
			t.Errorf("telemetry %s: the manifest was opened: %v, want %v", kind, n > 0, opened)
		}
	}
}

// TestOnIsOneProcess is the opposite: the test above would pass with a telemetry that is never on.
func TestOnIsOneProcess(t *testing.T) {
	h := open(t, cast.As(t, "process"), "SPANPIPE_TELEMETRY=console")
	p := readProcess(t, h)
	if p.Parent != h.Cmd.Process.Pid {
		t.Errorf("the server's parent is %d, want %d", p.Parent, h.Cmd.Process.Pid)
	}
	if children := proctree.Children(h.Cmd.Process.Pid); len(children) != 1 || children[0].PID != p.PID {
		t.Errorf("children %v, want the server %d alone", children, p.PID)
	}
}

// TestServersSurroundings checks what the server is given: arguments, directory, and the environment less what is ours.
func TestServersSurroundings(t *testing.T) {
	variables := []string{
		"OTEL_SERVICE_NAME=theirs", "OTEL_EXPORTER_OTLP_HEADERS=a=b", "SPANPIPE_OTEL_SERVICE_NAME=ours",
		"SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS=secret=1", "SPANPIPE_FLUSH_TIMEOUT=1s", "SPANPIPE_UNKNOWN=x",
		"DO_NOT_TRACK=0", "EMPTY=", "TWICE=1", "WITH_NEWLINE=a\nb",
	}
	args := []string{"--telemetry", "otlp", "--", "-h", "", "a b", "--"}
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			home := newHome(t)
			bare := readProcess(t, mcptest.Open(t, cast.As(t, "process", args...), home.in(variables...)))
			got := readProcess(t, mcptest.Open(t, wrapped(t, cast.As(t, "process", args...)), home.in(append(mode.variables, variables...)...)))
			want := slices.DeleteFunc(bare.Environ, func(v string) bool { return strings.HasPrefix(v, "SPANPIPE_") })
			if !slices.Equal(sorted(got.Environ), sorted(want)) {
				t.Errorf("environment\n%q, want\n%q", sorted(got.Environ), sorted(want))
			}
			if !slices.Equal(got.Args, args) {
				t.Errorf("arguments %q, want %q", got.Args, args)
			}
			if got.Dir != bare.Dir || got.Exe != bare.Exe {
				t.Errorf("in %s runs %s, want in %s %s", got.Dir, got.Exe, bare.Dir, bare.Exe)
			}
		})
	}
}

func sorted(s []string) []string { s = slices.Clone(s); slices.Sort(s); return s }

// TestNothingIsLeftBehind has a whole session, with all telemetry there is, and looks for what stayed.
func TestNothingIsLeftBehind(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	for _, test := range []struct {
		name      string
		variables []string
	}{
		{"off", nil},
		{"otlp", []string{"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=" + r.Endpoint(otlptest.GRPC)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			home := newHome(t)
			h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), home.in(test.variables...))
			c := mcptest.Connect(h)
			c.Tool("echo", mcptest.Object{"text": "hello"})
			c.Tool("complain", mcptest.Object{"text": "the server's own line"})
			c.Tool("fail", nil)
			if left := home.left(t); len(left) > 0 {
				t.Errorf("during the session there are %q", left)
			}
			h.CloseInput()
			if rest := h.Rest(); rest != "" {
				t.Errorf("stdout goes on with %q", rest)
			}
			h.Wait()
			if left := home.left(t); len(left) > 0 {
				t.Errorf("it leaves %q", left)
			}
			if got := h.Stderr.String(); got != "the server's own line\n" {
				t.Errorf("stderr: %q", got)
			}
		})
	}
	if len(r.SpansNamed("tools/call fail")) != 1 {
		t.Errorf("there was no telemetry to leave anything:\n%s", r.Summary())
	}
}
