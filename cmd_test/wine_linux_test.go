package cmd_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// wine is a new wine prefix, with the product and this test binary built for Windows.
type wine struct {
	env             []string
	dir             string
	product, server string
	opened          int // sessions
}

// newWine creates the prefix. That takes ten seconds and 700 MB, so all tests share one.
func newWine(t *testing.T) *wine {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("wine runs only programs for the machine's own architecture, and these are for amd64")
	}
	for _, name := range []string{"wine", "wineboot", "wineserver"} {
		if _, err := exec.LookPath(name); err != nil {
			peerMissing(t, name+" is not installed: it runs the Windows program")
		}
	}
	w := &wine{dir: t.TempDir()}
	prefix, home := filepath.Join(w.dir, "prefix"), filepath.Join(w.dir, "home")
	if err := errors.Join(os.Mkdir(prefix, 0o755), os.Mkdir(home, 0o755)); err != nil {
		t.Fatal(err)
	}
	w.env = append(minimalEnviron(), "WINEPREFIX="+prefix, "HOME="+home, "LC_ALL=C.UTF-8", "WINEDEBUG=-all",
		"WINEDLLOVERRIDES=mscoree=;mshtml=;winemenubuilder.exe=") // without .NET, browser and desktop files
	w.host(t, "wineserver", "-p30") // keep it between the tests; it exits by itself after 30 idle seconds
	t.Cleanup(func() {
		end := exec.Command("wineserver", "-k")
		end.Env = w.env
		_ = end.Run() // fails if it has exited already
		w.host(t, "wineserver", "-w")
	})
	w.host(t, "wineboot", "-i")
	w.addRandom(t, filepath.Join(prefix, "drive_c/windows/system32/bcryptprimitives.dll"))
	w.product = w.build(t, "spanpipe.exe", "build", "..")
	w.server = w.build(t, "server.exe", "test", "-c", ".")
	return w
}

// addRandom builds the library that provides random bytes to Go programs, if this wine lacks it.
func (w *wine) addRandom(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	const compiler = "x86_64-w64-mingw32-gcc"
	if _, err := exec.LookPath(compiler); err != nil {
		peerMissing(t, compiler+" is not installed: this wine lacks a library that Go programs need")
	}
	w.host(t, compiler, "-O", "-Wall", "-Werror", "-shared", "-nostdlib", "-Wl,-e,0", "-o", path,
		"testdata/wine/bcryptprimitives.c", "-ladvapi32")
}

// build builds a program for Windows, with the flags of a release, and returns its path there.
func (w *wine) build(t *testing.T, name, command string, args ...string) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	cmd := exec.Command("go", slices.Concat([]string{command, "-trimpath", "-o", path}, args)...)
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, out)
	}
	return windowsPath(path)
}

// windowsPath converts a path to a Windows path. Wine's drive Z: is the whole file system.
func windowsPath(path string) string { return "Z:" + strings.ReplaceAll(path, "/", `\`) }

// host runs a Linux program.
func (w *wine) host(t *testing.T, line ...string) {
	t.Helper()
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = w.env
	out, err := os.CreateTemp(w.dir, "output") // not a pipe, which a background process would hold open
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		output, _ := os.ReadFile(out.Name()) // the error of Run matters more
		t.Fatalf("%s: %v\n%s", line, err, output)
	}
}

// wine returns a command that runs one of the built programs.
func (w *wine) wine(name string, args ...string) *exec.Cmd {
	cmd := exec.Command("wine", append([]string{windowsPath(filepath.Join(w.dir, name))}, args...)...)
	cmd.Env = w.env
	return cmd
}

// output runs one of the built programs, again if wine could not start what it started, and returns its output.
func (w *wine) output(t *testing.T, name string, args ...string) (text string, err error) {
	t.Helper()
	for range 3 {
		out, err := w.wine(name, args...).CombinedOutput()
		if text = string(out); !strings.Contains(text, notStarted) {
			return text, err
		}
		t.Logf("wine could not start a program of %s:\n%s", name, text)
	}
	return text, errors.New("wine could not start a program, three times")
}

// as returns the command line of a role in wine.
func (w *wine) as(t *testing.T, role string, args ...string) []string {
	t.Helper()
	return append([]string{w.server}, cast.As(t, role, args...)[1:]...)
}

// in returns a function that makes a command run in this prefix, with the given variables.
func (w *wine) in(variables ...string) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) { cmd.Env = slices.Concat(w.env, variables) }
}

// wrapped returns the command line that wraps a server.
func (w *wine) wrapped(server ...string) []string {
	return slices.Concat([]string{"wine", w.product, "--"}, server)
}

// notStarted is wine's answer if a new process has died before the program in it began, which is wine's own failure. It is
// rare, and comes on busy machines. A test that runs in wine prints what its processes wrote, so that it is found.
const notStarted = "Internal error."

// open starts a wrapped server, and starts it again if wine could not.
func (w *wine) open(t *testing.T, server []string, variables ...string) *mcptest.Host {
	t.Helper()
	for range 3 {
		w.opened++
		mark := fmt.Sprintf("OPENED_AS=%d.", w.opened)
		h := mcptest.Open(t, w.wrapped(server...), w.in(append(variables, mark)...))
		ended := false
		mcptest.Eventually(t, "the server runs, or the session ends", func() bool {
			select {
			case <-h.Ended():
				ended = true
			default:
			}
			return ended || w.serves(t, mark)
		})
		if !ended || !strings.Contains(h.Stderr.String(), notStarted) {
			return h
		}
		t.Logf("wine could not start the server: %s", h.Stderr)
	}
	t.Fatal("wine could not start the server, three times")
	return nil
}

// serves reports whether a program other than the wrapper runs in wine with a variable.
func (w *wine) serves(t *testing.T, variable string) bool {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(dirs, func(dir string) bool {
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))    // empty if the process has ended
		environ, _ := os.ReadFile(filepath.Join(dir, "environ")) // likewise, or if it is another account's
		program, _, _ := bytes.Cut(line, []byte{0})
		return bytes.Contains(program, []byte(`:\`)) && string(program) != w.product &&
			bytes.Contains(environ, []byte(variable))
	})
}

// wineError matches a message that wine 8 writes to stderr if a thread is still running when the process exits. The
// exit code is right all the same.
var wineError = regexp.MustCompile(`(?m)^wine client error:.*\n?`)

// stderr waits for the end of a process and returns its stderr, without wine's own messages.
func (w *wine) stderr(h *mcptest.Host) string {
	h.Wait()
	return wineError.ReplaceAllString(h.Stderr.String(), "")
}
