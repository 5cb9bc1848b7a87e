//go:build unix

package browser_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/browser"
	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// TestMain makes the test binary a browser, if the environment asks for one.
func TestMain(m *testing.M) {
	switch os.Getenv("BROWSER_ROLE") {
	case "":
		os.Exit(m.Run())
	case "opens": // notes its arguments
		text := fmt.Sprintf("%q", os.Args[1:])
		if err := os.WriteFile(os.Getenv("BROWSER_OUT"), []byte(text), 0o600); err != nil {
			os.Exit(3)
		}
	case "stays": // as a browser in the foreground does, until a file is there
		if err := os.WriteFile(os.Getenv("BROWSER_OUT"), nil, 0o600); err != nil {
			os.Exit(3)
		}
		for {
			if _, err := os.Stat(os.Getenv("BROWSER_OUT") + ".end"); err == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	case "fails":
		os.Exit(3)
	}
}

// environ is that of a browser with a role. The test's binary must have a path without spaces, as on CI.
func environ(t *testing.T, role string, more ...string) (env []string, out string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out = filepath.Join(t.TempDir(), "out")
	env = []string{"BROWSER=" + self, "BROWSER_ROLE=" + role, "BROWSER_OUT=" + out}
	return append(env, more...), out
}

func wrote(t *testing.T, out string) string {
	t.Helper()
	var text []byte
	mcptest.Eventually(t, "the browser starts", func() bool {
		var err error
		text, err = os.ReadFile(out)
		return err == nil && len(text) > 0
	})
	return string(text)
}

// TestOpen: the browser gets the path and nothing else, however it reads to a shell.
func TestOpen(t *testing.T) {
	const file = "/tmp/$(touch x); ui-1.html"
	for name, test := range map[string]struct {
		browser, want string
	}{
		"alone":             {"SELF", fmt.Sprintf("%q", []string{file})},
		"with arguments":    {"SELF --profile x", fmt.Sprintf("%q", []string{"--profile", "x", file})},
		"with a place":      {"SELF --to=%s --new", fmt.Sprintf("%q", []string{"--to=" + file, "--new"})},
		"the second of two": {"/nowhere/browser:SELF", fmt.Sprintf("%q", []string{file})},
	} {
		t.Run(name, func(t *testing.T) {
			env, out := environ(t, "opens")
			env[0] = strings.ReplaceAll("BROWSER="+test.browser, "SELF", strings.TrimPrefix(env[0], "BROWSER="))
			if err := browser.Open(t.Context(), file, env); err != nil {
				t.Fatal(err)
			}
			if got := wrote(t, out); got != test.want {
				t.Errorf("arguments %s, want %s", got, test.want)
			}
		})
	}
}

// TestOpenFails: a browser that fails is reported.
func TestOpenFails(t *testing.T) {
	env, _ := environ(t, "fails", "SSH_CONNECTION=x") // so that there is no other one
	if err := browser.Open(t.Context(), "/tmp/x.html", env); err == nil || errors.Is(err, browser.ErrNone) || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("error %v", err)
	}
}

// TestOpenStays: a browser that runs on is not waited for longer than wanted.
func TestOpenStays(t *testing.T) {
	env, out := environ(t, "stays")
	defer func() { _ = os.WriteFile(out+".end", nil, 0o600) }()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- browser.Open(ctx, "/tmp/x.html", env) }()
	mcptest.Eventually(t, "the browser starts", func() bool {
		_, err := os.Stat(out)
		return err == nil
	})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestNone: where one is connected from another machine, or has no desktop, nothing is started.
func TestNone(t *testing.T) {
	env := []string{"PATH=" + os.Getenv("PATH"), "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22"}
	if err := browser.Open(t.Context(), filepath.Join(t.TempDir(), "x.html"), env); !errors.Is(err, browser.ErrNone) {
		t.Errorf("error %v", err)
	}
	if runtime.GOOS == "linux" {
		if err := browser.Open(t.Context(), "/tmp/x.html", slices.Clone(env[:1])); !errors.Is(err, browser.ErrNone) {
			t.Errorf("without a desktop: error %v", err)
		}
	}
}
