package cmd_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// adminPage is a client of a session's admin page.
type adminPage struct {
	t       *testing.T
	address string // host:port, or the path of a unix socket
}

// servedPage waits until a session with the log level info tells where its page is.
func servedPage(t *testing.T, h *mcptest.Host) adminPage {
	t.Helper()
	page := adminPage{t: t}
	mcptest.Eventually(t, "the session says where its metrics are", func() bool {
		for line := range strings.Lines(h.Stderr.String()) {
			if address, ok := strings.CutPrefix(line, "spanpipe: serving metrics address="); ok {
				page.address = strings.TrimSuffix(address, "\n")
			}
		}
		return page.address != ""
	})
	return page
}

func (p adminPage) dial(ctx context.Context) (net.Conn, error) {
	network := "tcp"
	if filepath.IsAbs(p.address) {
		network = "unix"
	}
	return new(net.Dialer).DialContext(ctx, network, p.address)
}

// get asks for a path, by a host name of its own choosing. The status is 0 if nobody answers.
func (p adminPage) get(host, path string) (status int, body string) {
	p.t.Helper()
	conn, err := p.dial(p.t.Context())
	if err != nil {
		return 0, ""
	}
	defer func() { _ = conn.Close() }()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://"+host+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Close = true
	if request.Write(conn) != nil {
		return 0, ""
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return 0, "" // it was closed before it answered
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, ""
	}
	return response.StatusCode, string(text)
}

// status asks as a local tool does.
func (p adminPage) status(path string) int {
	p.t.Helper()
	status, _ := p.get("localhost", path)
	return status
}

// socketPath is a path for a unix socket: short, because the system bounds its length, in a directory of its own.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "admin")
}

// TestAdminPage asks for the page's three paths through the life of a session, wherever it is served, whatever sink it is
// served beside.
func TestAdminPage(t *testing.T) {
	for _, test := range []struct{ name, address, sink string }{
		{"free port", "127.0.0.1:0", "prometheus"},
		{"port of a name", "localhost:0", "console"},
		{"unix socket", "unix:" + socketPath(t), "prometheus"},
		{"path of a socket", socketPath(t), "otlp"},
		{"address of OpenTelemetry's variables", "", "prometheus"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY="+test.sink, "SPANPIPE_LOG_LEVEL=info",
				"SPANPIPE_ADMIN_ADDR="+test.address, "OTEL_EXPORTER_OTLP_ENDPOINT="+otlptest.Start(t, otlptest.Config{}).Endpoint(otlptest.GRPC),
				"OTEL_EXPORTER_PROMETHEUS_HOST=127.0.0.1", "OTEL_EXPORTER_PROMETHEUS_PORT=0")
			page := servedPage(t, h)
			if got := page.status("/healthz"); got != http.StatusOK {
				t.Errorf("/healthz of a running server: %d", got)
			}
			if got := page.status("/readyz"); got != http.StatusServiceUnavailable {
				t.Errorf("/readyz before the handshake: %d", got)
			}
			for path, want := range map[string]int{"/": http.StatusNotFound, "/debug/pprof/": http.StatusNotFound} {
				if got := page.status(path); got != want {
					t.Errorf("%s: %d", path, got)
				}
			}
			if _, text := page.get("localhost", "/metrics"); sampled(text, "spanpipe_session_active", "") != "1" {
				t.Error("before the handshake the session is not among the active ones")
			}
			c := mcptest.Connect(h)
			mcptest.Eventually(t, "/readyz after the handshake", func() bool { return page.status("/readyz") == http.StatusOK })
			c.Tool("echo", nil)
			c.Tool("echo", nil)
			mcptest.Eventually(t, "two calls on /metrics", func() bool {
				_, text := page.get("localhost", "/metrics")
				return sampled(text, "mcp_server_operation_duration_seconds_count", `gen_ai_tool_name="echo"`) == "2"
			})
			_, text := page.get("localhost", "/metrics")
			// It is one session, under its last name; under the one it had before the handshake it is none.
			if named := sampled(text, "spanpipe_session_active", `spanpipe_server_name="mcptest-server"`); named != "1" {
				t.Errorf("%q sessions of the server are active", named)
			}
			samples := regexp.MustCompile(`(?m)^spanpipe_session_active\{.*\} (\d)$`).FindAllStringSubmatch(text, -1)
			if len(samples) < 2 || slices.IndexFunc(samples, func(s []string) bool { return s[1] == "0" }) < 0 {
				t.Errorf("the session is not taken back under its former name: %q", samples)
			}
			h.CloseInput()
			h.Rest()
			if code := h.Wait().ExitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if got := page.status("/healthz"); got != 0 {
				t.Errorf("/healthz after the end: %d", got)
			}
		})
	}
}

// sampled is the value of the one sample of a page that has a name and a label.
func sampled(text, name, label string) string {
	var value string
	for line := range strings.Lines(text) {
		series, sample, _ := strings.Cut(strings.TrimSpace(line), "} ")
		if strings.HasPrefix(series, name+"{") && strings.Contains(series, label) {
			if value != "" {
				return "more than one"
			}
			value = sample
		}
	}
	return value
}

// TestAdminHealthWithOrphan has a server leave a process behind that does not want to end. That is none of the server's health.
func TestAdminHealthWithOrphan(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("orphans are waited for on Linux alone")
	}
	var got int
	for range 3 { // the page is there for a second more, in which a busy machine may not get round to asking
		if got = healthWithOrphan(t); got != 0 {
			break
		}
	}
	if got != http.StatusServiceUnavailable {
		t.Errorf("/healthz while the orphan is waited for: %d", got)
	}
}

// healthWithOrphan is the first status of /healthz that is not that of a running server; 0 if the page is gone by then.
func healthWithOrphan(t *testing.T) int {
	t.Helper()
	h := open(t, []string{"sh", "-c", `(trap "" TERM; exec sleep 60) </dev/null >/dev/null 2>&1 & read line`},
		"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0")
	page := servedPage(t, h)
	h.CloseInput()
	var got int
	mcptest.Eventually(t, "/healthz is no longer good", func() bool { got = page.status("/healthz"); return got != http.StatusOK })
	h.Wait()
	return got
}

// TestAdminHealthAfterServer has a collector hold the exit: the server is gone then, and the page must not say otherwise.
func TestAdminHealthAfterServer(t *testing.T) {
	hanging := otlptest.Start(t, otlptest.Config{})
	hanging.SetFault(otlptest.Hang())
	h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=otlp", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0",
		"OTEL_EXPORTER_OTLP_ENDPOINT="+hanging.Endpoint(otlptest.GRPC), "OTEL_EXPORTER_OTLP_TIMEOUT=60000",
		"SPANPIPE_FLUSH_TIMEOUT=60s")
	page := servedPage(t, h)
	mcptest.Connect(h).Ask("tools/call", mcptest.Object{"name": "exit", "arguments": mcptest.Object{"code": 3}})
	h.Rest()
	mcptest.Eventually(t, "/healthz is no longer good", func() bool { return page.status("/healthz") != http.StatusOK })
	select {
	case <-h.Ended():
		t.Error("the session did not wait for its collector: there was nothing to test")
	default:
	}
	if err := h.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := h.Wait().ExitCode(); code != 3 {
		t.Errorf("exit code %d", code)
	}
}

// TestAdminIdleClients has clients that are connected and ask nothing, or half a question: the final flush must have its time.
func TestAdminIdleClients(t *testing.T) {
	for name, question := range map[string]string{"silent": "", "half a request": "GET /metrics HTTP/1.1\r\nHost: lo"} {
		t.Run(name, func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=otlp", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0",
				"OTEL_EXPORTER_OTLP_ENDPOINT="+r.Endpoint(otlptest.GRPC))
			page := servedPage(t, h)
			mcptest.Connect(h)
			conn, err := page.dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if _, err := io.WriteString(conn, question); err != nil {
				t.Fatal(err)
			}
			page.status("/healthz") // connections are accepted in their order: it has ours now
			h.CloseInput()
			h.Wait()
			if got := r.Value("spanpipe.server.exits", nil); got != 1 {
				t.Errorf("the collector has heard of %v ends of the server; stderr: %s", got, h.Stderr)
			}
			if strings.Contains(h.Stderr.String(), "warning") {
				t.Errorf("stderr: %s", h.Stderr)
			}
		})
	}
}

// TestAdminSocketFile is about the file of a unix socket: for the user alone, gone at the end, and never another's.
func TestAdminSocketFile(t *testing.T) {
	session := func(t *testing.T, path string) *mcptest.Host {
		t.Helper()
		return open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=unix:"+path)
	}
	// serves expects the session to serve the path, and to leave nothing there.
	serves := func(t *testing.T, path string) {
		t.Helper()
		h := session(t, path)
		if page := servedPage(t, h); page.status("/healthz") != http.StatusOK {
			t.Error("the page does not answer")
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode(); runtime.GOOS != "windows" && mode != os.ModeSocket|0o600 {
			t.Errorf("the socket's mode is %v", mode)
		}
		h.CloseInput()
		h.Wait()
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("after the end the socket is still there (%v)", err)
		}
	}
	// refuses expects a warning, and a session that goes on.
	refuses := func(t *testing.T, path string) {
		t.Helper()
		h := session(t, path)
		warnedOnce(t, h)
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("what was there is gone: %v", err)
		}
	}
	t.Run("new", func(t *testing.T) { serves(t, socketPath(t)) })
	t.Run("left behind", func(t *testing.T) {
		path := socketPath(t)
		listenUnix(t, path).Close()
		if _, err := os.Lstat(path); err != nil {
			t.Fatalf("no socket was left: %v", err)
		}
		serves(t, path)
	})
	t.Run("in use", func(t *testing.T) {
		path := socketPath(t)
		listener := listenUnix(t, path)
		defer listener.Close()
		refuses(t, path)
		if conn, err := net.Dial("unix", path); err != nil {
			t.Errorf("its owner has lost it: %v", err)
		} else {
			_ = conn.Close()
		}
	})
	t.Run("not a socket", func(t *testing.T) {
		path := socketPath(t)
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		refuses(t, path)
		if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
			t.Errorf("the file holds %q (%v)", text, err)
		}
	})
	t.Run("no such directory", func(t *testing.T) { warnedOnce(t, session(t, filepath.Join(t.TempDir(), "none", "admin"))) })
}

// socket is a unix socket that stays when it is closed.
type socket struct{ *net.UnixListener }

func (s socket) Close() { _ = s.UnixListener.Close() } // the file stays, which is the point

func listenUnix(t *testing.T, path string) socket {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	return socket{l}
}

// warnedOnce expects a session whose page cannot be served to say so in one warning, with what helps, and to go on.
func warnedOnce(t *testing.T, h *mcptest.Host) {
	t.Helper()
	c := mcptest.Connect(h)
	if got := c.Tool("echo", mcptest.Object{"text": "still here"}).Text(); got != "still here" {
		t.Errorf("the tool answers %q", got)
	}
	h.CloseInput()
	if code := h.Wait().ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	said := h.Stderr.String()
	if strings.Count(said, "spanpipe: warning: ") != 1 || !strings.Contains(said, "metrics are not served") ||
		!strings.Contains(said, "hint: SPANPIPE_ADMIN_ADDR") {
		t.Errorf("stderr, which should have one warning with a hint: %s", said)
	}
}

func TestAdminPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for name, address := range map[string]string{"taken": taken.Addr().String(), "no port": "127.0.0.1", "no address": "what is this"} {
		t.Run(name, func(t *testing.T) {
			warnedOnce(t, open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR="+address))
		})
	}
}

// TestAdminHostName is a web page's attempt to read the metrics by a name of its own that leads to this machine.
func TestAdminHostName(t *testing.T) {
	h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0")
	page := servedPage(t, h)
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:9464": 200, "127.0.0.1": 200, page.address: 200, "127.8.8.8:1": 200, "[::1]:9464": 200,
		"attacker.example": 403, "attacker.example:9464": 403, "localhost.attacker.example": 403, "192.0.2.1:9464": 403,
		"127.0.0.1.attacker.example": 403, "0.0.0.0:9464": 403,
	} {
		for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
			got, text := page.get(host, path)
			if path == "/readyz" && want == 200 {
				want = 503 // no handshake yet
			}
			if got != want {
				t.Errorf("%s by the name %s: %d, want %d", path, host, got, want)
			}
			if want == 403 && strings.Contains(text, "spanpipe_") {
				t.Errorf("%s by the name %s tells: %.200q", path, host, text)
			}
		}
	}
}

// TestAdminVetoed has sessions that may open nothing: no socket is made, at any time.
func TestAdminVetoed(t *testing.T) {
	for _, test := range []struct {
		name      string
		variables []string
	}{
		{"telemetry is off", nil},
		{"off is said", []string{"SPANPIPE_TELEMETRY=prometheus,off"}},
		{"OTEL_SDK_DISABLED", []string{"SPANPIPE_TELEMETRY=prometheus", "OTEL_SDK_DISABLED=true"}},
		{"DO_NOT_TRACK", []string{"SPANPIPE_TELEMETRY=prometheus,console", "DO_NOT_TRACK=1"}},
		{"DO_NOT_TRACK, with no other sink", []string{"SPANPIPE_TELEMETRY=prometheus", "DO_NOT_TRACK=1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := socketPath(t)
			before, err := os.Stat(filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			h := open(t, cast.As(t, "server"), append(test.variables, "SPANPIPE_ADMIN_ADDR=unix:"+path, "SPANPIPE_LOG_LEVEL=info")...)
			mcptest.Connect(h).Tool("echo", nil)
			h.CloseInput()
			if code := h.Wait().ExitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if strings.Contains(h.Stderr.String(), "metrics") {
				t.Errorf("stderr: %s", h.Stderr)
			}
			after, err := os.Stat(filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			if after.ModTime() != before.ModTime() { // to make a socket and to remove it both change it
				t.Error("something was made in the socket's directory")
			}
		})
	}
}
