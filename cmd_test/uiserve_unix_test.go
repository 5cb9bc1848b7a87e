//go:build unix

package cmd_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// pageServer is a running "spanpipe ui".
type pageServer struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *mcptest.Buffer
	dir    string // of the store
	origin string
}

// startUI runs "spanpipe ui" with an empty store, and waits until it listens.
func startUI(t *testing.T, environ []string, flags ...string) *pageServer {
	t.Helper()
	h := newHome(t)
	p := &pageServer{t: t, stderr: &mcptest.Buffer{}, dir: filepath.Join(h.root, "store")}
	p.cmd = exec.Command(binary(t), append([]string{"ui"}, flags...)...)
	h.in(append([]string{"SPANPIPE_DIR=" + p.dir}, environ...)...)(p.cmd)
	p.cmd.Stderr = p.stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
	says := regexp.MustCompile(`spanpipe: the page is at (http://\S+) \(`)
	mcptest.Eventually(t, "spanpipe ui says where the page is", func() bool {
		m := says.FindStringSubmatch(p.stderr.String())
		if m != nil {
			p.origin = m[1]
		}
		return m != nil
	})
	return p
}

// link reads a link from stdout and returns its code.
func (p *pageServer) link() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	code, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), p.origin+"/#code=")
	if !ok {
		p.t.Fatalf("%q is no link to %s", line, p.origin)
	}
	return code
}

// exchange sends a code, and returns the token, or an empty text.
func (p *pageServer) exchange(code string) string {
	p.t.Helper()
	reply, err := http.Post(p.origin+"/api/v1/token", "application/json", strings.NewReader(fmt.Sprintf(`{"code":%q}`, code)))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	var got struct{ Token string }
	if err := json.NewDecoder(reply.Body).Decode(&got); err != nil {
		p.t.Fatal(err)
	}
	if (reply.StatusCode == http.StatusOK) != (got.Token != "") {
		p.t.Errorf("%s with token %q", reply.Status, got.Token)
	}
	return got.Token
}

// status asks for data with a token.
func (p *pageServer) status(token string) int {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.origin+"/api/v1/store", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = reply.Body.Close()
	return reply.StatusCode
}

// files returns the files that redirect.
func (p *pageServer) files() []string {
	all, err := filepath.Glob(filepath.Join(p.dir, "ui-*"))
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

// ends sends a signal, and checks the exit status, as of a shell, and that nothing is left.
func (p *pageServer) ends(s syscall.Signal, want int) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait() // its status follows
	got := p.cmd.ProcessState.ExitCode()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		got = 128 + int(status.Signal())
	}
	if got != want {
		p.t.Errorf("exit status %d, want %d; stderr: %s", got, want, p.stderr)
	}
	if left := p.files(); len(left) > 0 {
		p.t.Errorf("left behind: %v", left)
	}
}

// TestUILink: the link on stdout gives the token once; another line on stdin gives another link; Ctrl-C ends it.
func TestUILink(t *testing.T) {
	p := startUI(t, nil, "--no-open")
	code := p.link()
	token := p.exchange(code)
	if token == "" || p.status(token) == http.StatusUnauthorized {
		t.Errorf("the token %q of the code %q is not accepted", token, code)
	}
	if again := p.exchange(code); again != "" {
		t.Error("the code was exchanged twice")
	}
	if got := p.status(""); got != http.StatusUnauthorized {
		t.Errorf("without a token: status %d", got)
	}
	if _, err := io.WriteString(p.in, "\n"); err != nil {
		t.Fatal(err)
	}
	if other := p.link(); other == code || p.exchange(other) != token {
		t.Errorf("another link: %q after %q", other, code)
	}
	if len(p.files()) > 0 {
		t.Errorf("files though no browser is opened: %v", p.files())
	}
	if strings.Contains(p.stderr.String(), token) || strings.Contains(p.stderr.String(), code) {
		t.Errorf("stderr has a secret: %s", p.stderr)
	}
	p.ends(syscall.SIGINT, 0)
}

// TestUIBrowser: the browser is started with a file of the user's own, which leads to the page and is gone once it did. Variables that
// are for spanpipe alone do not reach it.
func TestUIBrowser(t *testing.T) {
	script := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ncp \"$1\" \"$0.page\" && env >\"$0.environ\" && echo \"$#\" \"$1\" >\"$0.argument\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := startUI(t, []string{"BROWSER=" + script, "SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS=authorization=secret", "OTHER=kept"})
	var argument string
	mcptest.Eventually(t, "the browser starts", func() bool {
		text, _ := os.ReadFile(script + ".argument")
		argument = string(text)
		return strings.HasSuffix(argument, "\n")
	})
	files := p.files()
	if len(files) != 1 || argument != "1 "+files[0]+"\n" {
		t.Fatalf("the browser got %q; files %v", argument, files)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's permissions: %v, %v", info, err)
	}
	environ, err := os.ReadFile(script + ".environ")
	if err != nil || strings.Contains(string(environ), "SPANPIPE_") || !strings.Contains(string(environ), "OTHER=kept\n") {
		t.Errorf("the browser's environment, %v: %s", err, environ)
	}
	page, err := os.ReadFile(script + ".page")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`url=(http://127\.0\.0\.1:\d+)/#code=([\w-]+)"`).FindStringSubmatch(string(page))
	if m == nil || m[1] != p.origin {
		t.Fatalf("the file leads to %v: %s", m, page)
	}
	if strings.Contains(argument, m[2]) {
		t.Error("the code is in the arguments of a process")
	}
	if p.exchange(m[2]) == "" {
		t.Error("the code is not accepted")
	}
	mcptest.Eventually(t, "the file is removed", func() bool { return len(p.files()) == 0 })
	p.ends(syscall.SIGINT, 0)
	if rest, _ := io.ReadAll(p.out); len(rest) > 0 {
		t.Errorf("stdout has %q", rest)
	}
}

// TestUISignals: another signal ends it as it would any program, with the file removed that was not used.
func TestUISignals(t *testing.T) {
	script := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		p := startUI(t, []string{"BROWSER=" + script})
		mcptest.Eventually(t, "the file is there", func() bool { return len(p.files()) == 1 })
		p.ends(s, 128+int(s))
	}
}

// TestUIBrowserStays: it does not wait for a browser that does not end.
func TestUIBrowserStays(t *testing.T) {
	script := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch \"$0.started\"\nuntil test -e \"$0.end\"; do sleep 0.05; done\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := startUI(t, []string{"BROWSER=" + script})
	mcptest.Eventually(t, "the browser starts", func() bool {
		_, err := os.Stat(script + ".started")
		return err == nil
	})
	p.ends(syscall.SIGINT, 0)
	if err := os.WriteFile(script+".end", nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestUIWithoutBrowser: where none can be opened, there is a link, and how to use it from another machine.
func TestUIWithoutBrowser(t *testing.T) {
	failing := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(failing, []byte("#!/bin/sh\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		environ []string
		want    string
	}{
		"no browser": {[]string{"SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22"}, "there is no browser here; open this link within 30 seconds:\nspanpipe: hint: from another machine: ssh -L "},
		"it fails":   {[]string{"BROWSER=" + failing, "SSH_CONNECTION=x"}, "cannot open the browser: " + failing + ": exit status 3; open this link"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startUI(t, test.environ)
			if p.exchange(p.link()) == "" {
				t.Error("the link is not accepted")
			}
			if !strings.Contains(p.stderr.String(), test.want) {
				t.Errorf("stderr %q, want %q in it", p.stderr, test.want)
			}
			p.ends(syscall.SIGINT, 0)
		})
	}
}

// TestUIRefused: what cannot be served is said in a line, with what to do.
func TestUIRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := startUI(t, nil, "--no-open")
	defer taken.ends(syscall.SIGINT, 0)
	port := taken.origin[strings.LastIndexByte(taken.origin, ':')+1:]
	for _, test := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--addr", "0.0.0.0:0"}, "--addr: 0.0.0.0:0 can be reached from other machines\nspanpipe: hint: for this machine alone: 127.0.0.1:0; "},
		{[]string{"--addr", "example.com:0"}, "--addr: example.com:0 can be reached from other machines\n"},
		{[]string{"--addr", "127.0.0.1"}, "--addr: \"127.0.0.1\" is not an address: want host:port\n"},
		{[]string{"--addr", "127.0.0.1:" + port}, "--addr: cannot listen on 127.0.0.1:" + port + ": address already in use\nspanpipe: hint: another port, or 0 for any that is free: "},
		{[]string{"--since", "yesterdy"}, "--since yesterdy: "},
		{[]string{"now"}, "ui takes no arguments\n"},
		{[]string{"--dir", file}, " is not a directory\n"},
		{[]string{"--prot", "1"}, "unknown flag --prot\n"},
	} {
		h := newHome(t)
		cmd := exec.Command(binary(t), slices.Concat([]string{"ui", "--no-open"}, test.flags)...)
		h.in()(cmd)
		out, _ := cmd.CombinedOutput() // its status follows
		if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(string(out), test.want) {
			t.Errorf("%v: exit code %d, %q, want %q", test.flags, code, out, test.want)
		}
	}
}

// TestUIRemote: with --allow-remote it says who can reach it.
func TestUIRemote(t *testing.T) {
	p := startUI(t, nil, "--no-open", "--allow-remote", "--addr", "0.0.0.0:0")
	if p.exchange(p.link()) == "" {
		t.Error("the link is not accepted")
	}
	if text := p.stderr.String(); !strings.Contains(text, "(other machines can reach it, too). Ctrl-C ends it\nspanpipe: hint: ") {
		t.Errorf("stderr %q", text)
	}
	p.ends(syscall.SIGINT, 0)
}

// TestUIBackground: it goes on where it may not read the terminal. A stopped process would not end by SIGINT.
func TestUIBackground(t *testing.T) {
	script := `set -m; "$0" ui --no-open >out & until grep -q code out; do sleep 0.05; done; kill -INT $!; wait $!; echo "it ended with $?"`
	w := newWindow(t, 120, 10, []string{"SPANPIPE_DIR=" + t.TempDir()}, "sh", "-c", script, binary(t))
	w.shows("the page is at http://127.0.0.1:", "it ended with 0")
}
