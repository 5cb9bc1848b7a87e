package wrap_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/wrap"
)

func tapRows() []row {
	return []row{
		{"taps on all three streams", "see every byte once it is forwarded, in order, with times, and one end each", testTaps},
		{"a tap that panics", "is dropped and reported once; the bytes keep flowing", testPanics},
		{"stderr with a tap", "is relayed byte for byte, and stays open for our own lines", testErrorsTap},
		{"servers in one process, one after the other", "leave no goroutine and no descriptor", testInProcess},
		{"the host's end of input", "closes InputEnded at once, while the server still runs", testInputEnded},
		{"a tap and the end of input", "the tap is notified before the server", testEndIsAnnounced},
	}
}

// inProcess starts a server from this process. What it returns are the client's ends.
func inProcess(t *testing.T, cfg wrap.Config) (s *wrap.Server, in, out *os.File) {
	t.Helper()
	inPipe, outPipe := rawPipe(t), rawPipe(t)
	cfg.Stdin, cfg.Stdout, cfg.Env = inPipe[0], outPipe[1], os.Environ()
	cfg.KeepOrphans = true // this process has other children
	s, err := wrap.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, inPipe[1], outPipe[0]
}

// TestTaken: what waits in the server's pipe is known without reading it: the bytes that a server has not taken, and that it has
// taken them once it has.
func TestTaken(t *testing.T) {
	goOn := filepath.Join(t.TempDir(), "go on")
	s, in, out := inProcess(t, wrap.Config{Command: sh(`read start; dd bs=1 count=50 of=/dev/null 2>/dev/null; echo half; ` +
		`until [ -e '` + goOn + `' ]; do sleep 0.05; done; cat >/dev/null`)})
	if sent, taken := s.Taken(); sent != 0 || taken != 0 {
		t.Errorf("before anything was sent: %d, %d", sent, taken)
	}
	taken := func(what string, wantSent, wantTaken int64) {
		t.Helper()
		mcptest.Eventually(t, what, func() bool {
			sent, taken := s.Taken()
			return sent == wantSent && taken == wantTaken
		})
	}
	_, _ = in.WriteString("x\n") // read takes one byte at a time
	taken("the first line", 2, 2)
	_, _ = in.WriteString(strings.Repeat("y", 100))
	if _, err := io.ReadFull(out, make([]byte, len("half\n"))); err != nil {
		t.Fatal(err)
	}
	taken("half of what was sent", 102, 52)
	if err := os.WriteFile(goOn, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken("all of it", 102, 102)
	in.Close()
	s.Wait()
	s.Close()
}

func testTaps(t *testing.T) {
	input, output, errs := countingTap(), countingTap(), countingTap()
	stderr := rawPipe(t)
	s, in, out := inProcess(t, wrap.Config{
		Command: sh(`tee /dev/stderr`), Stderr: stderr[1], StdinTap: input, StdoutTap: output, StderrTap: errs,
	})
	if s.Pid() == 0 || time.Since(s.Started()) > time.Minute {
		t.Error(s.Pid(), s.Started())
	}
	text := strings.Repeat("{\"a\":1}\r\n\x00", 10_000)
	go func() {
		_, _ = in.WriteString(text)
		in.Close()
	}()
	received := make(chan string, 1)
	go func() {
		var b bytes.Buffer
		_, _ = io.CopyN(&b, stderr[0], int64(len(text)))
		received <- b.String()
	}()
	if b, err := io.ReadAll(out); string(b) != text || err != nil {
		t.Errorf("%d bytes on stdout, %v", len(b), err)
	}
	got := s.Wait()
	if got.UserTime+got.SystemTime <= 0 {
		t.Errorf("the server's CPU time is %v and %v", got.UserTime, got.SystemTime)
	}
	got.UserTime, got.SystemTime = 0, 0
	if got != (wrap.Status{End: wrap.ClientLeft}) {
		t.Errorf("%+v", got)
	}
	s.Close()
	if got := <-received; got != text {
		t.Errorf("%d bytes on stderr", len(got))
	}
	sum := sha256.Sum256([]byte(text))
	for name, tap := range map[string]*tap{"input": input, "output": output, "errors": errs} {
		if tap.sum() != hex.EncodeToString(sum[:]) || tap.ended != 1 || tap.early {
			t.Errorf("%s: %d bytes in %d calls, ended %d times, out of order: %v", name, tap.bytes, tap.calls, tap.ended, tap.early)
		}
	}
}

func testPanics(t *testing.T) {
	s := open(t, wrapped(as("cat"), "panics"))
	for _, text := range []string{"one", "two"} {
		s.send(text + "\n")
		s.expect(text)
	}
	s.in.Close()
	s.expectEnd("exit status 0")
	if n := strings.Count(s.stderr.String(), "tap failed: in the tap\n"); n != 2 || strings.Count(s.stderr.String(), "\n") != 2 {
		t.Errorf("want one line for each of two taps: %s", s.stderr)
	}
}

func testErrorsTap(t *testing.T) {
	s := open(t, wrapped(sh(`printf 'no \000 newline' >&2; exit 4`), "taps"))
	s.expectEnd("exit status 4")
	if got := s.stderr.String(); got != "no \x00 newline" {
		t.Errorf("%q", got)
	}
}

func testInProcess(t *testing.T) {
	if out, err := command(as("again", as("exit", "11")...)).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// playAgain wraps a command many times in one process, and prints what that leaves behind.
func playAgain(args []string) int {
	again := func() {
		in, inW, _ := os.Pipe()
		outR, out, _ := os.Pipe()
		s, err := wrap.Start(wrap.Config{Command: args, Env: os.Environ(), Stdin: in, Stdout: out, Stderr: os.Stderr})
		if err != nil {
			fmt.Println(err)
			return
		}
		if status := s.Wait(); status.Code != 11 {
			fmt.Printf("%+v\n", status)
		}
		s.Close()
		if b, err := io.ReadAll(outR); len(b) > 0 || err != nil {
			fmt.Printf("%q, %v\n", b, err)
		}
		inW.Close()
		outR.Close()
	}
	again() // the runtime opens what it needs once
	before := descriptors()
	for range 20 {
		again()
	}
	after := descriptors()
	for range 500 { // a pump that a busy machine keeps from running lets go a moment after it was stopped
		if after <= before {
			break
		}
		time.Sleep(10 * time.Millisecond)
		after = descriptors()
	}
	if after > before {
		fmt.Printf("descriptors before: %d, after: %d\n", before, after)
	}
	if kids := childrenOf(os.Getpid()); len(kids) > 0 {
		fmt.Println("children:", kids)
	}
	if err := goleak.Find(); err != nil {
		fmt.Println(err)
	}
	return 0
}

func descriptors() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

func testInputEnded(t *testing.T) {
	s, in, out := inProcess(t, wrap.Config{Command: sh(`cat; sleep 0.3; echo end`), Stderr: os.Stderr})
	select {
	case <-s.InputEnded():
		t.Error("notified too early")
	case <-time.After(20 * time.Millisecond):
	}
	in.Close()
	<-s.InputEnded()
	if b, err := io.ReadAll(out); string(b) != "end\n" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	s.Wait()
	s.Close()
}

// testEndIsAnnounced has a server that answers the end.
func testEndIsAnnounced(t *testing.T) {
	tap := &firstHand{answered: make(chan struct{})}
	s, in, out := inProcess(t, wrap.Config{Command: sh("cat; echo end"), Stderr: os.Stderr, StdinTap: tap})
	go func() {
		_, _ = io.ReadAll(out)
		close(tap.answered)
	}()
	in.Close()
	s.Wait()
	s.Close()
	if tap.calls != 1 || tap.late {
		t.Errorf("announced %d times; the server had answered before: %v", tap.calls, tap.late)
	}
}

// firstHand is a tap that gives the server time to answer what it should only receive afterwards.
type firstHand struct {
	answered chan struct{}
	calls    int
	late     bool
}

func (f *firstHand) Arriving() {
	f.calls++
	select {
	case <-f.answered:
		f.late = true
	case <-time.After(100 * time.Millisecond):
	}
}

func (*firstHand) Forwarded([]byte, time.Time) {}
func (*firstHand) Ended(time.Time, bool)       {}
