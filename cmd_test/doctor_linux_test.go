package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/internal/demo"
	"github.com/spanpipe/spanpipe/internal/proctree"
)

// playDaemon starts a process in a session of its own, as daemons are, and is a server otherwise. It adds the daemon's id to a file.
func playDaemon(args []string) int {
	daemon := exec.Command(os.Args[0], "@unruly", "deaf")
	daemon.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	file, err := os.OpenFile(args[0], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		err = daemon.Start()
	}
	if err == nil {
		_, err = file.WriteString(strconv.Itoa(daemon.Process.Pid) + "\n")
	}
	if err == nil {
		err = demo.Serve(os.Stdin, os.Stdout, 0)
	}
	if err != nil {
		return 1
	}
	return 0
}

// TestDoctorDaemon: a process that a server has left in a session of its own is found, a warning, and ended.
func TestDoctorDaemon(t *testing.T) {
	ids := filepath.Join(t.TempDir(), "ids")
	stdout, stderr, code := doctorOn(t, nil, cast.As(t, "daemon", ids)...)
	if code != 0 || !strings.Contains(stdout, "  warn  leaves 1 process behind: ") || !strings.Contains(stdout, ", in a session of its own\n") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	text, err := os.ReadFile(ids)
	if daemons := strings.Fields(string(text)); err != nil || len(daemons) != 2 {
		t.Fatalf("the daemons are %q, %v, want those of two starts", daemons, err)
	}
	for id := range strings.FieldsSeq(string(text)) {
		pid, _ := strconv.Atoi(id)
		if s, ok := proctree.StateOf(pid); ok && s.Letter != 'Z' && s.Letter != 'X' {
			t.Errorf("daemon %d still runs", pid)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
