package wrap_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
)

// These tests run on every system, also on those that docs/reliability.md does not cover.

func TestRelay(t *testing.T) {
	for name, prefix := range map[string]prefix{"wrapped": wrapped, "exec": asExec} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat("{\"a\":\"\x00\"}\r\n\xff", 50_000) + "no newline"
			cmd := command(prefix(as("cat")))
			cmd.Stdin = strings.NewReader(text)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil || string(out) != text {
				t.Errorf("%d of %d bytes came back, %v", len(out), len(text), err)
			}
		})
	}
}

func asExec(line []string, _ ...string) []string { return as("exec", line...) }

func TestExitCode(t *testing.T) {
	for _, code := range []int{0, 1, 7, 255} {
		for name, prefix := range map[string]prefix{"wrapped": wrapped, "exec": asExec} {
			cmd := command(prefix(as("exit", strconv.Itoa(code))))
			out, _ := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != code {
				t.Errorf("%s: %d instead of %d: %s", name, got, code, out)
			}
		}
	}
}

func TestConversation(t *testing.T) {
	s := open(t, wrapped(as("cat"), "taps"))
	for _, text := range []string{"one", "two"} {
		s.send(text + "\n")
		s.expect(text)
	}
	s.in.Close()
	if b, err := io.ReadAll(s.out); len(b) > 0 || err != nil && !errors.Is(err, os.ErrClosed) {
		t.Errorf("%q, %v", b, err)
	}
	s.expectEnd("exit status 0")
}

func TestNotFound(t *testing.T) {
	for name, prefix := range map[string]prefix{"wrapped": wrapped, "exec": asExec} {
		cmd := command(prefix([]string{"no-such-server"}))
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 127 || !bytes.Contains(out, []byte("no-such-server")) {
			t.Errorf("%s: %v: %s", name, cmd.ProcessState, out)
		}
	}
}
