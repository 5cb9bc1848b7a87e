package cmd_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/internal/demo"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
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

// TestDoctorPolicy: a policy that applies is said, one that cannot be used is a failure, and what it forbids is not asked.
func TestDoctorPolicy(t *testing.T) {
	collector := otlptest.Start(t, otlptest.Config{})
	for _, test := range []struct {
		name, policy, want string
		code               int
	}{
		{"applies", "version: 1\nlocks: {keep: 7d}\n", "  ok    the policy " + policyFile + " applies; ", 0},
		{"is broken", "version: 1\nlocks: {kept: 7d}\n", "  fail  the policy " + policyFile + " cannot be used: ", 1},
		{"forbids", "version: 1\nlocks: {forbid_sinks: [otlp]}\n", "  warn  nothing may be sent, and no collector was asked: ", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t, test.policy)
			stdout, stderr, code := m.run(t, append(collector.Env(otlptest.HTTP), "SPANPIPE_TELEMETRY=otlp"), "doctor")
			if code != test.code || !strings.Contains(stdout, test.want) {
				t.Errorf("exit code %d, want %d and %q: %s%s", code, test.code, test.want, stdout, stderr)
			}
			if asked := strings.Contains(stdout, "accepts an empty request"); asked != (test.name == "applies") {
				t.Errorf("the collector was asked: %v\n%s", asked, stdout)
			}
		})
	}
}

// TestDoctorHealth: a live session with a metrics page is healthy, and what is not a session's page is not.
func TestDoctorHealth(t *testing.T) {
	home := newHome(t)
	address := otlptest.RefusedAddr(t)
	variables := []string{"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR=" + address}
	h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), home.in(variables...))
	mcptest.Eventually(t, "doctor finds a healthy session", func() bool {
		stdout, _, code := home.spanpipe(t, variables, "doctor")
		return code == 0 && strings.Contains(stdout, "  ok    1 live session with a metrics page, healthy\n")
	})
	h.CloseInput()
	h.Wait()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	address = other.Listener.Addr().String()
	stdout, stderr, code := home.spanpipe(t, []string{"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR=" + address}, "doctor")
	if code != 0 || !strings.Contains(stdout, "  warn  the session at "+address+" is not healthy: ") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}
