package wrap_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func bytesRows() []row {
	return []row{
		{"NUL, CRLF, invalid UTF-8, no final newline", "the same bytes arrive in both directions", alike(testArbitraryBytes)},
		{"HTTP and Content-Length framing, JSON over many lines", "passes unchanged", alike(testOtherFraming)},
		{"random bytes in random pieces", "SHA-256 is the same in both directions", alike(testRandomPieces)},
		{"half a line", "is passed on at once, as half a line", alike(testHalfLine)},
		{"one byte at a time", "arrives one by one", alike(testByteByByte)},
		{"a million tiny lines", "all arrive, in order", alike(testTinyLines)},
		{"a line of 64 MiB each way at once", "arrives whole", alike(testBigLine)},
		{"a line of 1 GiB in each direction", "memory grows by less than 8 MiB", testGigabyteLine},
		{"a client that stops reading", "the server blocks after two more pipes' worth; memory grows by less than 8 MiB",
			testBackPressure},
		{"a server that stops reading", "the client blocks; what it wrote arrives when the server reads on", testServerStalls},
		{"stdin and stdout inherited in non-blocking mode", "bytes and end of file as always; the mode stays", testNonBlocking},
		{"stdin and stdout that are one socket", "work, as Node's hosts have it", testSocket},
		{"stdin and stdout that are files", "work", testFiles},
		{"an empty session", "ends at the end of input, with no output", alike(testEmptySession)},
	}
}

// playFlood writes until it is stopped, and prints on stderr how much it wrote.
func playFlood([]string) int {
	b, total := make([]byte, 4096), 0
	for {
		n, err := os.Stdout.Write(b)
		if err != nil {
			return 3
		}
		total += n
		fmt.Fprintln(os.Stderr, total)
	}
}

// playHash prints how much it read, and the hash.
func playHash([]string) int {
	h := sha256.New()
	n, _ := io.Copy(h, os.Stdin)
	fmt.Printf("%d %x\n", n, h.Sum(nil))
	return 0
}

// playPour writes one line of so many bytes.
func playPour(args []string) int {
	n, _ := strconv.ParseInt(args[0], 10, 64)
	if _, err := io.Copy(os.Stdout, io.LimitReader(pattern{}, n)); err != nil {
		return 1
	}
	return 0
}

// pattern is an endless line.
type pattern struct{}

func (pattern) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	return len(b), nil
}

// echo sends bytes through a cat and checks that they come back.
func echo(t *testing.T, with prefix, input io.Reader, size int) {
	t.Helper()
	want := sha256.New()
	got := sha256.New()
	s := open(t, with(as("cat")))
	go func() { // ends when the server has taken everything, or has died
		_, _ = io.Copy(s.in, io.TeeReader(input, want))
		s.in.Close()
	}()
	n, err := io.Copy(got, s.out)
	if err != nil {
		t.Fatal(err)
	}
	s.expectEnd("exit status 0")
	if n != int64(size) || !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Fatalf("%d of %d bytes came back, or not the same ones", n, size)
	}
}

func testArbitraryBytes(t *testing.T, with prefix) {
	const text = "{\"a\":\"\x00\"}\r\n\xff\xfe\xef\xbb\xbf\u2028\n\n\r\r\n no newline at the end"
	echo(t, with, strings.NewReader(text), len(text))
}

func testOtherFraming(t *testing.T, with prefix) {
	const text = "Content-Length: 17\r\n\r\n{\"jsonrpc\":\"2.0\"}POST / HTTP/1.1\r\nHost: x\r\n\r\n{\n  \"a\": [\n1\n]\n}"
	echo(t, with, strings.NewReader(text), len(text))
}

func testRandomPieces(t *testing.T, with prefix) {
	const size = 4 << 20
	random := rand.NewChaCha8([32]byte{1})
	echo(t, with, &pieces{r: io.LimitReader(random, size), n: rand.New(rand.NewPCG(1, 2))}, size)
}

// pieces reads in pieces of random length.
type pieces struct {
	r io.Reader
	n *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) {
	return p.r.Read(b[:1+p.n.IntN(len(b))])
}

func testHalfLine(t *testing.T, with prefix) {
	s := open(t, with(as("cat")))
	for _, part := range []string{`{"jsonrpc":"2.0",`, `"id":1}`, "\n"} {
		s.send(part)
		b := make([]byte, len(part))
		_ = s.out.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.ReadFull(s.out, b); err != nil || string(b) != part {
			t.Fatalf("%q came back as %q, %v", part, b, err)
		}
	}
	s.in.Close()
	s.expectEnd("exit status 0")
}

func testByteByByte(t *testing.T, with prefix) {
	s := open(t, with(as("cat")))
	for i := range 2000 {
		s.send(string(rune('a' + i%26)))
		var one [1]byte
		if _, err := io.ReadFull(s.out, one[:]); err != nil || one[0] != 'a'+byte(i%26) {
			t.Fatalf("byte %d came back as %q, %v", i, one, err)
		}
	}
	s.in.Close()
	s.expectEnd("exit status 0")
}

func testTinyLines(t *testing.T, with prefix) {
	var b bytes.Buffer
	for i := range 1_000_000 {
		fmt.Fprintln(&b, i)
	}
	echo(t, with, &b, b.Len())
}

func testBigLine(t *testing.T, with prefix) {
	const size = 64 << 20
	echo(t, with, io.LimitReader(pattern{}, size), size)
}

// memory is the most that a process has used so far, in bytes.
func memory(t *testing.T, pid int) int64 {
	t.Helper()
	return field(t, pid, "VmHWM") << 10
}

// field is a number from /proc/PID/status.
func field(t *testing.T, pid int, name string) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut("\n"+string(status), "\n"+name+":")
	if !ok {
		t.Fatalf("process %d has no %s: has it ended?\n%s", pid, name, status)
	}
	n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const growthLimit = 8 << 20

func testGigabyteLine(t *testing.T) {
	if testing.Short() || raced() {
		t.Skip("moves 2 GiB, and watches memory")
	}
	const size = 1 << 30
	s := open(t, wrapped(as("hash"), "taps"))
	s.send("{")
	before := memory(t, s.cmd.Process.Pid)
	if _, err := io.Copy(s.in, io.LimitReader(pattern{}, size)); err != nil {
		t.Fatal(err)
	}
	if grown := memory(t, s.cmd.Process.Pid) - before; grown > growthLimit {
		t.Errorf("to the server: memory has grown by %d bytes", grown)
	}
	s.in.Close()
	if got := s.line(); !strings.HasPrefix(got, strconv.Itoa(size+1)+" ") {
		t.Errorf("the server read %s", got)
	}
	s.expectEnd("exit status 0")

	s = open(t, wrapped(as("pour", strconv.Itoa(size)), "taps"))
	if _, err := io.CopyN(io.Discard, s.out, 1); err != nil {
		t.Fatal(err)
	}
	before = memory(t, s.cmd.Process.Pid)
	const rest = 1 << 20 // more than the pipes hold, so that the wrapper is still there
	if n, err := io.CopyN(io.Discard, s.out, size-1-rest); err != nil {
		t.Fatal(n, err)
	}
	if grown := memory(t, s.cmd.Process.Pid) - before; grown > growthLimit {
		t.Errorf("from the server: memory has grown by %d bytes", grown)
	}
	if n, err := io.Copy(io.Discard, s.out); n != rest || err != nil {
		t.Errorf("the rest was %d bytes, %v", n, err)
	}
	s.expectEnd("exit status 0")
}

// settled waits until a number no longer changes.
func settled(t *testing.T, value func() string) string {
	t.Helper()
	last, since := "", time.Now()
	eventually(t, "the number settles", func() bool {
		if v := value(); v != last {
			last, since = v, time.Now()
		}
		return last != "" && time.Since(since) > 300*time.Millisecond
	})
	return last
}

func testBackPressure(t *testing.T) {
	s := open(t, wrapped(as("flood"), "taps"))
	_, _ = io.CopyN(io.Discard, s.out, 1)
	before := memory(t, s.cmd.Process.Pid)
	lastLine := func() string {
		lines := strings.Fields(s.stderr.String())
		if len(lines) == 0 {
			return ""
		}
		return lines[len(lines)-1]
	}
	n, _ := strconv.Atoi(settled(t, lastLine))
	// The host's pipe, the pump's buffer, the server's pipe.
	if most := 3 * 64 << 10; n > most {
		t.Errorf("the server could write %d bytes to a client that does not read, want at most %d", n, most)
	}
	if grown := memory(t, s.cmd.Process.Pid) - before; grown > growthLimit {
		t.Errorf("memory has grown by %d bytes", grown)
	}
	s.out.Close()
	s.expectEnd("signal: broken pipe")
}

func testServerStalls(t *testing.T) {
	s := open(t, wrapped(sh("read x; echo $x; sleep 0.5; cat")))
	const size = 1 << 20
	sent := make(chan error, 1)
	go func() { // ends when the server has read everything
		_, err := io.Copy(s.in, io.MultiReader(strings.NewReader("go\n"), io.LimitReader(pattern{}, size)))
		s.in.Close()
		sent <- err
	}()
	s.expect("go")
	if n, err := io.Copy(io.Discard, s.out); n != size || err != nil {
		t.Errorf("%d bytes came back, %v", n, err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	s.expectEnd("exit status 0")
}

func testNonBlocking(t *testing.T) {
	in, out := nonBlockingPipe(t), nonBlockingPipe(t)
	cmd := command(wrapped(as("cat")))
	cmd.Stdin, cmd.Stdout = in[0], out[1]
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	const size = 3 << 20
	go func() {
		time.Sleep(50 * time.Millisecond) // so that the first read finds nothing
		_, _ = io.Copy(in[1], io.LimitReader(pattern{}, size))
		in[1].Close()
	}()
	time.Sleep(200 * time.Millisecond) // so that a write finds the pipe full
	nonBlocking := func(f *os.File) bool {
		flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
		return err == nil && flags&unix.O_NONBLOCK != 0
	}
	if !nonBlocking(in[0]) || !nonBlocking(out[1]) {
		t.Error("the wrapper has changed the mode of a descriptor that others share")
	}
	out[1].Close()
	if n, err := io.Copy(io.Discard, out[0]); n != size || err != nil {
		t.Errorf("%d bytes came back, %v", n, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// nonBlockingPipe makes a pipe whose mode Go does not change when it is handed to a child, as it would one of
// os.Pipe's.
func nonBlockingPipe(t *testing.T) [2]*os.File {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	r, w := os.NewFile(uintptr(p[0]), "r"), os.NewFile(uintptr(p[1]), "w")
	t.Cleanup(func() { r.Close(); w.Close() })
	return [2]*os.File{r, w}
}

// rawPipe makes a pipe that is closed with the test.
func rawPipe(t *testing.T) [2]*os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return [2]*os.File{r, w}
}

func testSocket(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	host, theirs := os.NewFile(uintptr(pair[0]), "host"), os.NewFile(uintptr(pair[1]), "server")
	defer host.Close()
	cmd := command(wrapped(as("cat")))
	cmd.Stdin, cmd.Stdout = theirs, theirs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	const size = 1 << 20
	go func() {
		_, _ = io.Copy(host, io.LimitReader(pattern{}, size))
		_ = unix.Shutdown(pair[0], unix.SHUT_WR)
	}()
	if n, err := io.Copy(io.Discard, host); n != size || err != nil {
		t.Errorf("%d bytes came back, %v", n, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func testFiles(t *testing.T) {
	const text = "from a file\nto a file"
	in, out := t.TempDir()+"/in", t.TempDir()+"/out"
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	line := append(sh(`exec "$@" <"$IN" >"$OUT"`), append([]string{"sh"}, wrapped(as("cat"))...)...)
	cmd := command(line)
	cmd.Env = append(os.Environ(), "IN="+in, "OUT="+out)
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(err, string(b))
	}
	if b, err := os.ReadFile(out); err != nil || string(b) != text {
		t.Errorf("%q, %v", b, err)
	}
}

func testEmptySession(t *testing.T, with prefix) {
	s := open(t, with(as("cat")))
	s.in.Close()
	if b, err := io.ReadAll(s.out); len(b) > 0 || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	s.expectEnd("exit status 0")
	if text := s.stderr.String(); text != "" {
		t.Errorf("on stderr: %s", text)
	}
}
