package cmd_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// probe runs spanpipe health in an environment, and returns its exit code and what it prints.
func probe(t *testing.T, home home, variables []string, flags ...string) (code int, stdout string) {
	t.Helper()
	cmd := exec.Command(binary(t), append([]string{"health", "--timeout=30s"}, flags...)...)
	home.in(variables...)(cmd)
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	_ = cmd.Run() // the code says more
	if stderr.Len() > 0 {
		t.Errorf("stderr of health: %s", &stderr)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// wantProbe expects an exit code, and what the line begins with.
func wantProbe(t *testing.T, home home, variables []string, flags []string, code int, text string) {
	t.Helper()
	if got, stdout := probe(t, home, variables, flags...); got != code || !strings.HasPrefix(stdout, text) {
		t.Errorf("health %v: exit code %d, %q; want %d, %q", flags, got, stdout, code, text)
	}
}

// TestHealth probes a session from its start to its end, by each kind of address.
func TestHealth(t *testing.T) {
	for _, test := range []struct{ name, address string }{
		{"address", otlptest.RefusedAddr(t)}, {"unix socket", "unix:" + socketPath(t)}, {"listed", "127.0.0.1:0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			home := newHome(t)
			variables := []string{"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR=" + test.address}
			h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), home.in(variables...))
			mcptest.Eventually(t, "the session serves its page", func() bool {
				code, text := probe(t, home, variables)
				return code == 0 && strings.HasPrefix(text, "healthy: ")
			})
			wantProbe(t, home, variables, []string{"--ready"}, 1, "not healthy: ")
			mcptest.Connect(h)
			mcptest.Eventually(t, "the session is ready", func() bool {
				code, _ := probe(t, home, variables, "--ready")
				return code == 0
			})
			code, text := probe(t, home, variables, "--ready", "--json")
			if code != 0 {
				t.Errorf("health --ready --json: exit code %d", code)
			}
			wantHealthJSON(t, text)
			h.CloseInput()
			h.Rest()
			wantExit(t, h, 0)
			if test.name == "listed" { // no address is left to ask
				wantProbe(t, home, variables, nil, 0, "not checked: ")
			} else {
				wantProbe(t, home, variables, nil, 1, "not healthy: no session answers at ")
			}
		})
	}
}

// wantHealthJSON compares what programs get with an example in docs/json.md.
func wantHealthJSON(t *testing.T, got string) {
	t.Helper()
	for pattern, with := range map[string]string{
		`("address": )"[^"]*"`: `${1}"127.0.0.1:9464"`, `("version": )"[^"]*"`: `${1}"0.1.0"`, `("uptime": )[\d.e-]+`: `${1}12.5`,
	} {
		got = regexp.MustCompile(pattern).ReplaceAllString(got, with)
	}
	golden := filepath.Join("testdata", "json", "health.json")
	if *updateJSON {
		writeFile(t, golden, got)
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != got {
		t.Errorf("%v; if that is meant: go test ./cmd_test -run TestHealth -update-json\ngot:\n%s\nwant:\n%s", err, got, want)
	}
}

// TestHealthOfOthers: a page that is not a session's is not healthy, nor is one that does not answer in time; a session with
// other settings passes, since nothing is known of it.
func TestHealthOfOthers(t *testing.T) {
	home := newHome(t)
	other := http.Server{Handler: http.NotFoundHandler()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = other.Serve(listener) }() // ends with Close
	defer func() { _ = other.Close() }()
	variables := []string{"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR=" + listener.Addr().String()}
	wantProbe(t, home, variables, nil, 1, "not healthy: the answer of "+listener.Addr().String()+" is not a session's")

	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	wantProbe(t, home, variables, []string{"--timeout=50ms", "--addr=" + silent.Addr().String()}, 1, "not healthy: asking ")

	if runtime.GOOS != "linux" {
		return // other systems do not tell a process's environment
	}
	nowhere := []string{"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR=" + otlptest.RefusedAddr(t)}
	wantProbe(t, home, nowhere, nil, 1, "not healthy: no session answers at ")
	h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), home.in("SPANPIPE_TELEMETRY=console"))
	mcptest.Connect(h)
	wantProbe(t, home, nowhere, nil, 0, "not checked: a session with other settings is running, process ")
	h.CloseInput()
	h.Wait()
}
