package store_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestMain makes the test binary the process of a session, if a test wants one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("STORE_TEST_DIR"); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

// child stores a session as the lines on its stdin ask:
//
//	call N    N operations, as fast as possible
//	flush     writes what waits, and prints "flushed SPANS LOGS", which are lost
//	limit N   no file may become larger than N bytes, see limitFiles
//	mask N    the umask, in octal
//	close     ends the session
//
// Problems that the writer reports are printed to stderr. Without "close", the process ends with its stdin like one that
// was killed.
func child(dir string) {
	var w *store.Writer
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.ParseInt(rest, 0, 64)
		switch {
		case word == "limit":
			limitFiles(uint64(n))
		case word == "mask":
			setMask(int(n))
		case w == nil:
			w = newWriter(dir, slog.New(slog.NewTextHandler(os.Stderr, nil)))
			fallthrough
		default:
			obey(w, word, int(n))
		}
	}
}

func obey(w *store.Writer, word string, n int) {
	switch word {
	case "call":
		for range n {
			play(w, 1)
		}
	case "flush":
		w.Flush(context.Background())
		spans, records := w.Lost()
		fmt.Println("flushed", spans, records)
	case "close":
		w.Noted(record.Exit{Time: time.Now(), EndedBy: record.ByClient, Cause: record.ClientLeft})
		w.Close(context.Background(), nil)
		spans, records := w.Lost()
		fmt.Println("closed", spans, records)
	}
}

// newWriter starts a session.
func newWriter(dir string, logger *slog.Logger) *store.Writer {
	return store.Create(store.Config{
		Dir: dir, Logger: logger, Origin: origin(),
		Meta: store.Meta{ID: "id", Version: "1", Launched: time.Now(), Service: "service"},
	})
}

func origin() *otlpfile.Origin {
	return &otlpfile.Origin{Resource: []attribute.KeyValue{attribute.String("service.name", "service")}, ScopeName: "spanpipe"}
}

// play stores n operations. Each has a span, a log record, a line of metrics and a place in the digest.
func play(w *store.Writer, n int) {
	for range n {
		now := time.Now()
		op := &record.Operation{
			Change: record.Ended, Number: 1, Direction: record.ToServer, Method: semconv.ToolsCall, Target: "search", RoundTrips: 1,
			Start: now, End: now.Add(time.Millisecond), Duration: time.Millisecond, Answered: true, RequestSize: 200, ResponseSize: 3000,
		}
		w.Span(newSpan(op, attribute.String(semconv.ToolCallArguments, `{"query":"secret"}`)))
		w.LogRecord(&otlpfile.LogRecord{Time: now, Body: "unusual call", Severity: 9})
		_, _ = w.Metrics().Write([]byte(`{"resourceMetrics":[]}` + "\n"))
		w.Changed(op)
	}
}

// newSpan returns a span of an operation with as many attributes as usual.
func newSpan(op *record.Operation, more ...attribute.KeyValue) *otlpfile.Span {
	return &otlpfile.Span{
		TraceID: [16]byte{1, 2}, SpanID: [8]byte{3, 4}, ParentID: [8]byte{5}, Name: op.Method + " " + op.Target,
		Start: op.Start, End: op.End, Attributes: append([]attribute.KeyValue{
			attribute.String(semconv.NetworkTransport, semconv.TransportPipe), attribute.String(semconv.ProtocolVersion, "2025-11-25"),
			attribute.String(semconv.SessionID, "00000000-0000-4000-8000-000000000001"),
			attribute.String(semconv.MethodName, op.Method), attribute.Int64(semconv.Number, int64(op.Number)),
			attribute.String(semconv.ToolName, op.Target), attribute.String(semconv.OperationName, semconv.ExecuteTool),
			attribute.String(semconv.RequestID, "4711"), attribute.Int64(semconv.RequestSize, op.RequestSize),
			attribute.Int64(semconv.ResponseSize, op.ResponseSize), attribute.Float64(semconv.Wait, 0.00087),
			attribute.Float64(semconv.Transfer, 0.00013), attribute.String(semconv.ServerName, "server"),
		}, more...),
	}
}

// process is a child.
type process struct {
	*exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// start starts a process that stores a session. change may change the command.
func start(t *testing.T, dir string, change func(*exec.Cmd)) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0])}
	p.Env = append(os.Environ(), "STORE_TEST_DIR="+dir)
	p.Stderr = &p.stderr
	var err error
	if p.in, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if change != nil {
		change(p.Cmd)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill() // it has ended, as a rule
		_ = p.Wait()
	})
	return p
}

// say asks the process for something.
func (p *process) say(lines ...string) {
	for _, line := range lines {
		_, _ = io.WriteString(p.in, line+"\n") // fails if the process was killed
	}
}

// hear returns the next line that the process prints.
func (p *process) hear(t *testing.T) string {
	t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%v; %s", err, p.stderr.String())
	}
	return strings.TrimSpace(line)
}

// end waits for the process to end and returns what it has written to stderr.
func (p *process) end() string {
	_ = p.in.Close()
	_ = p.Wait() // it may have been killed
	return p.stderr.String()
}

// only returns the one session of a store.
func only(t *testing.T, dir string) store.Session {
	t.Helper()
	all, err := store.Open(dir).Sessions()
	if err != nil || len(all) != 1 {
		t.Fatalf("%d sessions, %v", len(all), err)
	}
	return all[0]
}

// checkFiles checks that each line of a session's files is whole, except for the last one if torn allows it. It returns the
// number of spans.
func checkFiles(t *testing.T, dir string, torn bool) (spans int) {
	t.Helper()
	for _, name := range []string{"traces.jsonl", "logs.jsonl", "metrics.jsonl", "content.jsonl"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(err) && torn {
			continue
		} else if err != nil {
			t.Error(err)
		}
		lines := strings.SplitAfter(string(text), "\n")
		if last := lines[len(lines)-1]; last != "" && !torn {
			t.Errorf("%s ends with %q", name, last)
		}
		for i, line := range lines[:len(lines)-1] {
			if !valid(name, line, &spans) {
				t.Errorf("line %d of %s is damaged: %.200q", i+1, name, line)
			}
		}
	}
	return spans
}
