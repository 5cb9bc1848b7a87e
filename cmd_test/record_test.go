package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/recording"
)

// readRecording reads the recording of a session whose working directory is in a home.
func readRecording(t testing.TB, h home, name string) *recording.Recording {
	t.Helper()
	file, err := os.Open(filepath.Join(h.root, "cwd", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r, err := recording.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// spoken joins what a side has said.
func spoken(r *recording.Recording, from recording.Side) string {
	var all strings.Builder
	for i := range r.Events {
		if e := &r.Events[i]; e.From == from {
			all.Write(e.Data)
		}
	}
	return all.String()
}

// TestRecordedBytes: a recording holds the bytes of both directions, exactly, also where they are no messages, and the end.
func TestRecordedBytes(t *testing.T) {
	for name, text := range map[string]string{
		"messages":          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n{ \"id\" : 2e0 }\r\n[1]\n",
		"no final newline":  `{"jsonrpc":"2.0","id":1,"method":"ping"}`,
		"no text":           "\x00{\"a\":\x00}\n\xff\xfe\n\ufeff{}\n\n\n",
		"a line of 20 MB":   `{"jsonrpc":"2.0","id":1,"result":"` + strings.Repeat("日", 20*mega/3) + "\"}\n",
		"noise":             "listening\n<b>\u2028</b> \x1b[1m\n",
		"nothing was said":  "",
		"many small pieces": strings.Repeat("{\"id\":1}\n", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			host := mcptest.Open(t, wrapped(t, cast.As(t, "cat"), "record", "-o", recordingFile), h.in())
			go func() { // ends when everything is written, or with the process
				_, _ = host.In.Write([]byte(text)) // the comparison below notices an error
				host.CloseInput()
			}()
			if got := host.Rest(); got != text {
				t.Errorf("got %d bytes, want %d: %s", len(got), len(text), difference(text, got))
			}
			wantExit(t, host, 0)
			r := readRecording(t, h, recordingFile)
			if r.Lost() > 0 { // of a machine whose disk is slower than its pipes
				t.Fatalf("%d bytes are missing; stderr: %s", r.Lost(), host.Stderr)
			}
			for _, side := range []recording.Side{recording.Client, recording.Server} {
				if got := spoken(r, side); got != text {
					t.Errorf("%s: %d bytes recorded, want %d: %s", side, len(got), len(text), difference(text, got))
				}
			}
			if exit := r.Exit(); exit == nil || exit.Code != 0 || exit.Signal != "" {
				t.Errorf("exit %+v", exit)
			}
			info, err := os.Stat(filepath.Join(h.root, "cwd", recordingFile))
			if err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("others can read the file: %v, %v", info.Mode(), err)
			}
		})
	}
}

// TestRecordKilled: what had been said before spanpipe was killed can be read.
func TestRecordKilled(t *testing.T) {
	h := newHome(t)
	host := mcptest.Open(t, wrapped(t, cast.As(t, "cat"), "record", "-o", recordingFile), h.in())
	line := `{"jsonrpc":"2.0","id":1,"method":"ping"}` + "\n"
	host.Say(line)
	host.Hear(len(line))
	path := filepath.Join(h.root, "cwd", recordingFile)
	mcptest.Eventually(t, "the answer is in the file", func() bool {
		text, _ := os.ReadFile(path)
		return strings.Count(string(text), "ping") == 2
	})
	host.Say(`{"half":`)
	host.Hear(len(`{"half":`))
	if err := host.Cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	host.Wait()
	r := readRecording(t, h, recordingFile)
	if spoken(r, recording.Client) != line || spoken(r, recording.Server) != line || r.Exit() != nil {
		t.Errorf("recorded %+v", r.Events)
	}
}

// TestRecordingRemoved: a file that is removed while it is written is reported, and has no effect on the session.
func TestRecordingRemoved(t *testing.T) {
	h := newHome(t)
	host := mcptest.Open(t, wrapped(t, cast.As(t, "cat"), "record", "-o", recordingFile), h.in())
	host.Say("one\n")
	host.Hear(4)
	if err := os.Remove(filepath.Join(h.root, "cwd", recordingFile)); err != nil {
		t.Fatal(err)
	}
	host.Say("two\n")
	host.Hear(4)
	endSession(t, host)
	if got := host.Stderr.String(); !strings.Contains(got, "warning: the recording is lost: ") || strings.Contains(got, "recorded ") {
		t.Errorf("stderr: %s", got)
	}
}
