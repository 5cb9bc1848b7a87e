package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestPeersExampleDocker runs what examples/docker/Dockerfile starts, with the files that it copies, as process 1 of a namespace, as a
// container's is. There is no Docker here.
func TestPeersExampleDocker(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		peerMissing(t, "python3 is not installed")
	}
	i := readDockerfile(t, exampleFile(t, "docker/Dockerfile"))
	e := example{home: newHome(t), dir: t.TempDir(), bin: t.TempDir(), receiver: otlptest.Start(t, otlptest.Config{})}
	var entry []string
	if err := json.Unmarshal([]byte(i.entry), &entry); err != nil || len(entry) != 4 {
		t.Fatalf("the entry point is not in the form that starts no shell: %s", i.entry)
	}
	if i.user == "" || strings.HasPrefix(i.user, "0") || i.files["/usr/local/bin/spanpipe"] != "/spanpipe" {
		t.Errorf("the user is %q, the files are %q", i.user, i.files)
	}
	server := filepath.Join(e.dir, "server.py")
	if err := os.WriteFile(server, []byte(exampleFile(t, "cloned-server/"+i.files[entry[3]])), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary(t), filepath.Join(e.bin, entry[0])); err != nil {
		t.Fatal(err)
	}
	for n := range i.environ {
		i.environ[n] = strings.ReplaceAll(i.environ[n], "https://otel.words.example", e.receiver.Endpoint(otlptest.HTTP))
	}
	if slices.ContainsFunc(i.environ, func(v string) bool { return strings.HasPrefix(v, "SPANPIPE_TELEMETRY=") }) {
		t.Error("the image turns telemetry on by itself")
	}
	command := []string{filepath.Join(e.bin, entry[0]), entry[1], entry[2], server}
	for _, u := range []exampleUser{
		{name: "-i"}, {"-i -e SPANPIPE_TELEMETRY=otlp", []string{"SPANPIPE_TELEMETRY=otlp"}, true, true},
		{"-i -e SPANPIPE_TELEMETRY=otlp -e DO_NOT_TRACK=1", []string{"SPANPIPE_TELEMETRY=otlp", "DO_NOT_TRACK=1"}, false, false},
	} {
		u.variables = append(slices.Clone(i.environ), u.variables...)
		t.Run("docker run "+u.name, func(t *testing.T) {
			e.asPidOne = true
			e.serve(t, u, command, wordsCall)
		})
	}
	t.Run("docker stop", func(t *testing.T) {
		e.asPidOne = true
		h := mcptest.Open(t, command, e.in(append(i.environ, "SPANPIPE_TELEMETRY=otlp")...))
		mcptest.Connect(h)
		if err := h.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		wantExit(t, h, 128+int(syscall.SIGTERM))
	})
}

// pidOne makes a command process 1 of a namespace of its own.
func pidOne(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWPID | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}

// isPidOne reports whether a process is process 1 of an inner namespace.
func isPidOne(t *testing.T, pid int) bool {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^NSpid:\t\d+\t1$`).Match(status)
}
