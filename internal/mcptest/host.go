package mcptest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// patience is how long a Host waits for output or an exit. Only a failing test takes that long.
const patience = 90 * time.Second

// Host is the client's side of a command: its process, and the other ends of its standard streams.
type Host struct {
	Cmd    *exec.Cmd
	In     *os.File // the command's stdin
	Out    *os.File // the command's stdout
	Stderr *Buffer  // what the command has written to stderr

	t     testing.TB
	ended chan struct{}
	rest  []byte // read from Out, not yet returned
}

// Open starts a command with pipes, as MCP hosts do. A process that still runs at the end of the test is killed.
func Open(t testing.TB, line []string, change ...func(*exec.Cmd)) *Host {
	t.Helper()
	stdin, in := pipe(t)
	out, stdout := pipe(t)
	h := &Host{Cmd: exec.Command(line[0], line[1:]...), In: in, Out: out, Stderr: &Buffer{}, t: t, ended: make(chan struct{})}
	h.Cmd.Stdin, h.Cmd.Stdout, h.Cmd.Stderr = stdin, stdout, h.Stderr
	h.Cmd.WaitDelay = patience
	for _, f := range change {
		f(h.Cmd)
	}
	err := h.Cmd.Start()
	_, _ = stdin.Close(), stdout.Close()
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the process; Cleanup kills the process and waits
		_ = h.Cmd.Wait() // ProcessState has the result
		close(h.ended)
	}()
	t.Cleanup(func() {
		_ = h.Cmd.Process.Kill() // fails after a successful test: the process has ended
		<-h.ended
		_, _ = in.Close(), out.Close()
	})
	return h
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// Say writes text to the command, unchanged.
func (h *Host) Say(text string) {
	h.t.Helper()
	if err := h.In.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.In.WriteString(text); err != nil {
		h.t.Fatalf("writing %.80q: %v; stderr: %s", text, err, h.Stderr)
	}
}

// CloseInput closes the command's stdin, the first step of a client that leaves.
func (h *Host) CloseInput() { _ = h.In.Close() } // Cleanup closes it again and ignores the error

// Hear waits for the next n bytes of the command's output and returns them.
func (h *Host) Hear(n int) string {
	h.t.Helper()
	for len(h.rest) < n {
		if !h.read() {
			h.t.Fatalf("waiting for %d bytes after %.200q: end of output; stderr: %s", n, h.rest, h.Stderr)
		}
	}
	text := string(h.rest[:n])
	h.rest = h.rest[n:]
	return text
}

// Line waits for the next line and returns it without its newline.
func (h *Host) Line() string {
	h.t.Helper()
	for {
		if line, after, ok := bytes.Cut(h.rest, []byte("\n")); ok {
			h.rest = after
			return string(line)
		}
		if !h.read() {
			h.t.Fatalf("waiting for a line after %.200q: end of output; stderr: %s", h.rest, h.Stderr)
		}
	}
}

// Rest waits for the end of the output and returns all of it.
func (h *Host) Rest() string {
	h.t.Helper()
	for h.read() {
	}
	text := string(h.rest)
	h.rest = nil
	return text
}

// read reads once, and reports whether there may be more.
func (h *Host) read() bool {
	h.t.Helper()
	if err := h.Out.SetReadDeadline(time.Now().Add(patience)); err != nil {
		h.t.Fatal(err)
	}
	b := make([]byte, 64<<10)
	n, err := h.Out.Read(b)
	h.rest = append(h.rest, b[:n]...)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		h.t.Fatalf("no more output after %.200q; stderr: %s", h.rest, h.Stderr)
	}
	return err == nil
}

// Wait waits for the process to end.
func (h *Host) Wait() *os.ProcessState {
	h.t.Helper()
	select {
	case <-h.ended:
	case <-time.After(patience):
		h.t.Fatalf("the process does not end; stderr: %s", h.Stderr)
	}
	return h.Cmd.ProcessState
}

// Ended returns a channel that is closed when the process has ended.
func (h *Host) Ended() <-chan struct{} { return h.ended }

// Eventually polls ok until it returns true: for what another process does without any event to wait for.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("did not happen: %s", what)
		}
	}
}

// Buffer is a bytes.Buffer that may be read while other goroutines still write to it.
type Buffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Buffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns everything written so far.
func (l *Buffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
