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

// patience is how long a Host waits for what must come: only a test that fails spends it.
const patience = 30 * time.Second

// Host is a host's side of a command: its process, and the other ends of its standard streams.
type Host struct {
	Cmd    *exec.Cmd
	In     *os.File // the command's stdin
	Out    *os.File // the command's stdout
	Stderr *Buffer  // what it has written to stderr

	t     testing.TB
	ended chan struct{}
	rest  []byte // read from Out and not yet asked for
}

// Open starts a command with pipes, as hosts do. The process is killed at the test's end if it has not ended by then.
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
	go func() { // ends with the process, which Cleanup kills, and waits for
		_ = h.Cmd.Wait() // the state says it all
		close(h.ended)
	}()
	t.Cleanup(func() {
		_ = h.Cmd.Process.Kill() // it has ended, if the test went well
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

// Say writes a text to the command, as it is.
func (h *Host) Say(text string) {
	h.t.Helper()
	if err := h.In.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.In.WriteString(text); err != nil {
		h.t.Fatalf("writing %.80q: %v; stderr: %s", text, err, h.Stderr)
	}
}

// CloseInput is what a client does first when it leaves.
func (h *Host) CloseInput() { _ = h.In.Close() } // Cleanup closes it a second time, which is an error of no interest

// Hear waits for the next bytes, up to n of them, and returns them with those that have already been read.
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

// Line waits for the next line and returns it without its end.
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

// Rest waits for the end of the output and returns all that comes until then.
func (h *Host) Rest() string {
	h.t.Helper()
	for h.read() {
	}
	text := string(h.rest)
	h.rest = nil
	return text
}

// read reads once, and says whether there may be more.
func (h *Host) read() bool {
	h.t.Helper()
	if err := h.Out.SetReadDeadline(time.Now().Add(patience)); err != nil {
		h.t.Fatal(err)
	}
	b := make([]byte, 64<<10)
	n, err := h.Out.Read(b)
	h.rest = append(h.rest, b[:n]...)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		h.t.Fatalf("nothing more comes after %.200q; stderr: %s", h.rest, h.Stderr)
	}
	return err == nil
}

// Wait waits for the process's end.
func (h *Host) Wait() *os.ProcessState {
	h.t.Helper()
	select {
	case <-h.ended:
	case <-time.After(patience):
		h.t.Fatalf("the process does not end; stderr: %s", h.Stderr)
	}
	return h.Cmd.ProcessState
}

// Ended is closed when the process has ended.
func (h *Host) Ended() <-chan struct{} { return h.ended }

// Eventually waits for what other processes are about to do and nothing announces.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("did not happen: %s", what)
		}
	}
}

// Buffer may be read while a process still writes to it.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Buffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what has been written so far.
func (l *Buffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
