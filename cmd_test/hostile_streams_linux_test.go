package cmd_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// stream is a large number of bytes that both sides send to each other at once.
type stream struct {
	what, outcome string
	name          string // the argument of generate
	heavy         bool   // skipped with -short
	room          int    // memory above an idle session, if more than room
	ready         func(r *otlptest.Receiver) bool
	check         func(t *testing.T, r *otlptest.Receiver)
}

const million = 1_000_000

// streams lists the streams; docs/reliability.md has the same table.
func streams() []stream {
	return []stream{
		{name: "deep", what: "a message nested 16 million deep", outcome: "a message like any other",
			check: wantSpans("tools/call deep", 1)},
		{name: "open", what: "16 million brackets that are never closed", outcome: "counted as invalid_json",
			check: wantViolations("invalid_json to_server", 1, "invalid_json to_client", 1)},
		{name: "gigabyte", what: "a line of 1 GiB in each direction at once", outcome: "a message like any other",
			heavy: true, check: wantSpans("tools/call big", 1)},
		{name: "tiny", what: "a million tiny lines in each direction",
			outcome: "each is counted as noise or as a dropped message",
			ready:   accounted("noise", 2*million)},
		{name: "bytewise", what: "one byte at a time", outcome: "messages like any other",
			check: wantSpans("ping", 2*bytewise)},
		{name: "random", what: "random bytes mixed with parts of JSON", outcome: "counted as noise or as invalid_json",
			check: wantNoiseAndInvalidJSON},
		{name: "http", what: "HTTP, one request after another", outcome: "counted as foreign_framing and noise",
			check: wantViolations("foreign_framing to_server", 2*httpRequests, "noise to_server", 2*httpRequests,
				"foreign_framing to_client", 2*httpRequests, "noise to_client", 2*httpRequests)},
		{name: "flood", what: "a million unanswered requests in each direction",
			outcome: "beyond 2,000 open requests the oldest ends as expired; " +
				"each is counted as a call or as a dropped message; memory grows by up to 16 MiB",
			heavy: true, room: floodRoom, ready: floodAccounted},
		{name: "longids", what: "a thousand unanswered requests with ids of a megabyte",
			outcome: "calls like any other", heavy: true,
			check: wantSpans("tools/list", 2000)},
	}
}

const (
	bytewise     = 500
	httpRequests = 100
)

// generate returns a new reader of the named stream. Both sides and the test each make their own, so that none has to
// hold it in memory.
func generate(name string) io.Reader {
	text := strings.NewReader
	long := func(b byte, n int64) io.Reader {
		return io.LimitReader(&repeat{pool: []byte(strings.Repeat(string(b), 1<<16))}, n)
	}
	times := func(line string, n int) io.Reader {
		pool := []byte(line)
		return io.LimitReader(&repeat{pool: pool}, int64(n*len(pool)))
	}
	const begin = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":`
	switch name {
	case "deep":
		return io.MultiReader(text(begin+`"deep","arguments":`), long('[', 16<<20), long(']', 16<<20), text("}}\n"))
	case "open":
		return io.MultiReader(text(begin+`"deep","arguments":`), long('[', 16<<20), text("\n"))
	case "gigabyte":
		return io.MultiReader(text(begin+`"big","arguments":{"a":"`), long('x', 1<<30), text("\"}}}\n"))
	case "tiny":
		return times("x\n", million)
	case "bytewise":
		return iotest.OneByteReader(numbered(`{"jsonrpc":"2.0","id":%d,"method":"ping"}`+"\n", bytewise))
	case "random":
		return grist(32 << 20)
	case "http":
		return times("POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello\n", httpRequests)
	case "flood":
		return numbered(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"t"}}`+"\n", million)
	case "longids":
		return numbered(`{"jsonrpc":"2.0","id":"`+strings.Repeat("i", 1<<20)+`%d","method":"tools/list"}`+"\n", 1000)
	}
	panic("no such stream: " + name)
}

// numbered returns n lines, each with its number.
func numbered(format string, n int) io.Reader {
	return &lines{format: format, left: n}
}

type lines struct {
	format string
	left   int
	rest   []byte
}

// Read implements io.Reader.
func (l *lines) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.left == 0 {
			return 0, io.EOF
		}
		for len(l.rest) < 1<<15 && l.left > 0 {
			l.rest = fmt.Appendf(l.rest, l.format, l.left)
			l.left--
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// digest returns the length and the hash of a stream.
func digest(r io.Reader) (n int64, sum string) {
	h := sha256.New()
	n, _ = io.Copy(h, r) // never fails
	return n, fmt.Sprintf("%x", h.Sum(nil))
}

// playSpout writes a stream and reads one of the same length at the same time. Then it prints the digest of what it
// read and waits for the end of input.
func playSpout(args []string) int {
	written := make(chan error, 1)
	go func() { // ends when everything is written; waited for below
		_, err := io.Copy(os.Stdout, plain{generate(args[0])})
		written <- err
	}()
	size, _ := digest(generate(args[0]))
	h := sha256.New()
	if _, err := io.CopyN(h, os.Stdin, size); err != nil {
		return 1
	}
	if err := <-written; err != nil {
		return 2
	}
	fmt.Fprintf(os.Stderr, "%x\n", h.Sum(nil))
	if n, _ := io.Copy(io.Discard, os.Stdin); n > 0 {
		return 3
	}
	return 0
}

// plain hides all methods but Read, so that io.Copy uses Read and Write.
type plain struct{ io.Reader }

// test sends the stream in both directions, and checks the bytes, the memory and the telemetry.
func (s stream) test(t *testing.T) {
	if s.heavy && (testing.Short() || raceEnabled) {
		t.Skip("takes long: not with -short, and not with the race detector")
	}
	r := otlptest.Start(t, otlptest.Config{})
	h := watched(t, r, cast.As(t, "spout", s.name), "SPANPIPE_LOG_LEVEL=error", "SPANPIPE_HANG_AFTER=24h")
	go func() { _, _ = io.Copy(h.In, plain{generate(s.name)}) }() // ends when the server has read it or has exited
	size, want := digest(generate(s.name))
	got := sha256.New()
	if n, err := io.CopyN(got, h.Out, size); err != nil {
		t.Fatalf("the client received %d bytes, want %d: %v; stderr: %s", n, size, err, h.Stderr)
	}
	if sum := fmt.Sprintf("%x", got.Sum(nil)); sum != want {
		t.Error("the client did not receive the bytes that the server wrote")
	}
	mcptest.Eventually(t, "the server prints its digest", func() bool {
		return strings.Contains(h.Stderr.String(), "\n")
	})
	if got := strings.TrimSpace(h.Stderr.String()); got != want {
		t.Errorf("digest of what the server read = %s, want %s", got, want)
	}
	if s.ready != nil {
		r.Wait(t, time.Minute, "every message is counted", func() bool { return s.ready(r) })
	}
	fits(t, h, max(room, s.room))
	endQuietly(t, h)
	if s.check != nil {
		s.check(t, r)
	}
	violations(t, r)
}

// wantSpans expects at least n operations, and n spans with a name.
func wantSpans(name string, n int) func(t *testing.T, r *otlptest.Receiver) {
	return func(t *testing.T, r *otlptest.Receiver) {
		t.Helper()
		// Both directions have the same unanswered requests, so each counts some operations.
		if got := endedOperations(r); got < n {
			t.Errorf("%d operations, want at least %d", got, n)
		}
		if got := len(r.SpansNamed(name)); got < n {
			t.Errorf("%d spans %q, want at least %d", got, name, n)
		}
	}
}

// endedOperations returns the number of operations that have ended, in both directions.
func endedOperations(r *otlptest.Receiver) int {
	toServer := r.Histogram("mcp.server.operation.duration", nil).Count
	toClient := r.Histogram("mcp.client.operation.duration", nil).Count
	return int(toServer + toClient)
}

// wantViolations expects each kind of violation as often as the number after it.
func wantViolations(want ...any) func(t *testing.T, r *otlptest.Receiver) {
	return func(t *testing.T, r *otlptest.Receiver) {
		t.Helper()
		got := violations(t, r)
		for i := 0; i < len(want); i += 2 {
			if got[want[i].(string)] != want[i+1].(int) {
				t.Errorf("violations %v, want %v", got, want)
			}
		}
	}
}

// wantNoiseAndInvalidJSON expects both kinds of violations in both directions.
func wantNoiseAndInvalidJSON(t *testing.T, r *otlptest.Receiver) {
	t.Helper()
	got := violations(t, r)
	for _, kind := range []string{
		"noise to_server", "noise to_client", "invalid_json to_server", "invalid_json to_client",
	} {
		if got[kind] == 0 {
			t.Errorf("violations %v, want %s too", got, kind)
		}
	}
}

// dropped returns the number of messages that the queue had no room for.
func dropped(r *otlptest.Receiver) int {
	return int(r.Value("spanpipe.telemetry.dropped", otlptest.Attrs{"spanpipe.reason": "message"}))
}

// accounted returns a function that reports whether n messages are counted, as violations or as dropped.
func accounted(kind string, n int) func(r *otlptest.Receiver) bool {
	return func(r *otlptest.Receiver) bool {
		counted := r.Value("spanpipe.protocol.violations", otlptest.Attrs{"spanpipe.violation.kind": kind})
		return int(counted)+dropped(r) == n
	}
}

// floodAccounted reports whether every request of the flood is counted: as ended, as still open, or as dropped.
func floodAccounted(r *otlptest.Receiver) bool {
	open := r.Value("spanpipe.operation.active", nil)
	return endedOperations(r)+int(open)+dropped(r) == 2*million
}
