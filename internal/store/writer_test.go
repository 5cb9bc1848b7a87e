package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

var _ telemetry.Store = (*store.Writer)(nil)

// hanging is a logger's handler that does not return, as a disk that hangs does not.
type hanging struct {
	slog.Handler
	reached chan string
	release chan struct{}
}

func (h hanging) Enabled(context.Context, slog.Level) bool { return true }

func (h hanging) Handle(_ context.Context, r slog.Record) error {
	h.reached <- r.Message
	close(h.reached)
	<-h.release
	return nil
}

// TestHang: while the goroutine that writes hangs, callers go on, and what does not fit into memory is counted. Close does
// not wait longer than it may, and then counts what has not been written.
func TestHang(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // it is no directory, which is reported
		t.Fatal(err)
	}
	h := hanging{slog.DiscardHandler, make(chan string, 1), make(chan struct{})}
	w := newWriter(dir, slog.New(h))
	if said := <-h.reached; said != "this session is not stored" { // nor will it be tried again
		t.Error(said)
	}
	const calls = 20_000
	play(w, calls)
	if spans, records := w.Lost(); spans < calls/2 || spans >= calls || records < calls/2 {
		t.Errorf("%d spans and %d log records are lost", spans, records)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.Flush(ctx)
	w.Close(ctx, nil)
	if spans, records := w.Lost(); spans != calls || records != calls {
		t.Errorf("after the end, %d spans and %d log records are lost", spans, records)
	}
	close(h.release)
	w.Close(context.Background(), nil) // the goroutine would write where the test's directory is being removed
}

// TestSoon: what was recorded is in the files soon after, without another record that pushes it.
func TestSoon(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(dir, nil)
	defer w.Close(t.Context(), nil)
	for n := 1; n <= 3; n++ {
		play(w, 1)
		mcptest.Eventually(t, "the files have the operation", func() bool {
			all, err := store.Open(dir).Sessions()
			return err == nil && len(all) == 1 && lines(all[0].Dir, "traces.jsonl") == n && lines(all[0].Dir, "logs.jsonl") == n
		})
	}
}

func lines(dir, name string) int {
	text, _ := os.ReadFile(filepath.Join(dir, name)) // it may not exist yet
	return bytes.Count(text, []byte("\n"))
}

// TestMetaOf: session.json has what is known of the session, at its start and at its end.
func TestMetaOf(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(dir, nil)
	w.Flush(t.Context())
	s := only(t, dir)
	if s.ID != "id" || s.State != store.Live || s.Process.PID != os.Getpid() || s.Format != store.Format {
		t.Errorf("at the start: %+v", s)
	}
	now := time.Now()
	w.Noted(record.Session{
		Started: now, PID: 4711, Protocol: "2025-11-25", Client: record.Peer{Name: "client"}, Server: record.Peer{Name: "server"},
	})
	w.Flush(t.Context())
	if s = only(t, dir); s.Client.Name != "client" || s.ServerName() != "server" || s.Process.ServerPID != 4711 {
		t.Errorf("once its peers are known: %+v", s)
	}
	play(w, 3)
	w.Changed(&record.Operation{ // of the server's
		Number: 4, Change: record.Ended, Direction: record.ToClient, Method: "ping", Answered: true, RequestSize: 7, ResponseSize: 5,
	})
	w.Noted(record.Exit{Time: now.Add(time.Minute), EndedBy: record.ByServer, Cause: record.ServerEnded, Code: 3, Open: 1})
	w.Close(t.Context(), map[string]int64{"message": 2, "span": 0})
	s = only(t, dir)
	if s.State != store.Ended || s.Exit.Code != 3 || s.Exit.Open != 1 || !s.Ended.Equal(now.Add(time.Minute)) {
		t.Errorf("at the end: %+v", s)
	}
	if s.Totals.Calls != 3 || s.Totals.Sent != 605 || s.Totals.Received != 9007 || s.Totals.P95 != 0.001 {
		t.Errorf("%+v", s.Totals)
	}
	if len(s.Lost) != 1 || s.Lost["message"] != 2 {
		t.Errorf("lost %v", s.Lost)
	}
}

// TestNoExit: a session that does not say how it ended is one that was killed.
func TestNoExit(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(dir, nil)
	w.Close(t.Context(), nil)
	if s := only(t, dir); s.State != store.Killed {
		t.Errorf("it is %s", s.State)
	}
}

// TestLimit: a session does not grow beyond what is kept of all sessions. Its digest goes on.
func TestLimit(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	w := store.Create(store.Config{
		Dir: dir, Origin: origin(), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Keep: store.Keep{Size: 50_000}, Meta: store.Meta{Launched: time.Now()},
	})
	for range 10 {
		play(w, 50)
		w.Flush(t.Context())
	}
	w.Close(t.Context(), nil)
	s := only(t, dir)
	stored := checkFiles(t, s.Dir, false)
	lost, _ := w.Lost()
	if stored+int(lost) != 500 || stored == 0 || s.Size > 150_000 {
		t.Errorf("%d spans are stored and %d lost; %d bytes", stored, lost, s.Size)
	}
	if rows := countDigest(t, &s); rows != 500 {
		t.Errorf("%d operations in the digest", rows)
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "SPANPIPE_KEEP") {
		t.Error(text)
	}
}

// TestContentApart: captured content is in content.jsonl alone, under the ids of its span, and the span has all the rest.
func TestContentApart(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(dir, nil)
	op := &record.Operation{Method: semconv.ToolsCall, Target: "search", Start: time.Unix(1, 0), End: time.Unix(2, 0)}
	plain := newSpan(op)
	var content []attribute.KeyValue
	for _, a := range semconv.ContentAttributes() {
		content = append(content, attribute.String(a.Key, "secret of "+a.Key))
	}
	whole := newSpan(op, content...)
	whole.SpanID, whole.Status, whole.Message = [8]byte{7}, codes.Error, "secret message"
	session := newSpan(op)
	session.Name, session.Status, session.Message = semconv.SessionFailed, codes.Error, "exit code 1"
	w.Span(plain)
	w.Span(whole)
	w.Span(session)
	w.LogRecord(&otlpfile.LogRecord{Time: time.Unix(3, 0), Body: "unusual call", Attributes: []attribute.KeyValue{
		attribute.String(semconv.ToolName, "search"),
	}})
	line := &otlpfile.LogRecord{Time: time.Unix(4, 0), Body: semconv.ServerStderr.Message, Attributes: []attribute.KeyValue{
		attribute.String(semconv.Data, "secret line"),
	}}
	w.LogRecord(line)
	w.Close(t.Context(), nil)

	s := only(t, dir)
	for _, name := range []string{"traces.jsonl", "logs.jsonl", "digest", "session.json"} {
		if text, err := os.ReadFile(filepath.Join(s.Dir, name)); err != nil || bytes.Contains(text, []byte("secret")) {
			t.Errorf("%s has content: %s %v", name, text, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(s.Dir, "traces.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	_, spans, err := otlpfile.ReadTraces(text)
	if err != nil || len(spans) != 3 || len(spans[1].Attributes) != len(plain.Attributes) || spans[1].Status != codes.Error {
		t.Errorf("%+v, %v", spans, err)
	}
	if spans[2].Message != "exit code 1" {
		t.Errorf("the session's status is %q", spans[2].Message)
	}
	checkContent(t, &s, text, whole, line)
}

// checkContent joins content with the session's line of spans, of which the second is a whole one, and reads its log record.
func checkContent(t *testing.T, s *store.Session, traces []byte, whole *otlpfile.Span, record *otlpfile.LogRecord) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, "content.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var raw struct {
		TimeUnixNano      string
		Spans, LogRecords json.RawMessage
	}
	if err := json.Unmarshal(text, &raw); err != nil || raw.TimeUnixNano == "" {
		t.Fatal(raw, err)
	}
	dir, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dir.Close() }()
	content, err := dir.Content(time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	joined, err := content.Traces(traces)
	if err != nil {
		t.Fatal(err)
	}
	stored, spans, err := otlpfile.ReadTraces(joined)
	if err != nil || len(spans) != 3 || spans[0].Message != "" || len(spans[1].Attributes) != len(whole.Attributes) {
		t.Fatal(spans, err)
	}
	if got := spans[1]; got.Message != whole.Message || !reflect.DeepEqual(sorted(got.Attributes), sorted(whole.Attributes)) {
		t.Errorf("%+v", got)
	}
	logs, err := dir.CapturedLogs(text)
	if err != nil {
		t.Fatal(err)
	}
	from, records, err := otlpfile.ReadLogs(logs)
	if err != nil || len(records) != 1 || !reflect.DeepEqual(from, stored) {
		t.Fatal(from, records, err)
	}
	if r := records[0]; r.Body != record.Body || len(r.Attributes) != 1 || r.Attributes[0] != record.Attributes[0] {
		t.Errorf("%+v", r)
	}
}

// TestContentOfTheFutureExpires: content that was captured while the clock was far ahead is not kept until that time.
func TestContentOfTheFutureExpires(t *testing.T) {
	dir := t.TempDir()
	w := store.Create(store.Config{
		Dir: dir, Origin: origin(), Keep: store.Keep{Content: 2 * time.Second}, Meta: store.Meta{Launched: time.Now()},
	})
	play(w, 5)
	w.Flush(t.Context())
	path := filepath.Join(only(t, dir).Dir, "content.jsonl")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(`{"timeUnixNano":"8`), 0); err != nil { // the year 2250 or so
		t.Fatal(err)
	}
	_ = f.Close() // it was written
	mcptest.Eventually(t, "content.jsonl is removed", func() bool {
		_, err := os.Stat(path)
		return errors.Is(err, os.ErrNotExist)
	})
	w.Close(t.Context(), nil)
}

// TestContentExpires: a session that goes on removes content that is old, and keeps the rest.
func TestContentExpires(t *testing.T) {
	dir := t.TempDir()
	w := store.Create(store.Config{
		Dir: dir, Origin: origin(), Keep: store.Keep{Content: 100 * time.Millisecond}, Meta: store.Meta{Launched: time.Now()},
	})
	play(w, 5)
	w.Flush(t.Context())
	s := only(t, dir)
	path := filepath.Join(s.Dir, "content.jsonl")
	mcptest.Eventually(t, "content.jsonl is removed", func() bool {
		_, err := os.Stat(path)
		return errors.Is(err, os.ErrNotExist)
	})
	play(w, 5)
	w.Flush(t.Context())
	w.Close(t.Context(), nil)
	if n := lines(s.Dir, "content.jsonl"); n > 1 {
		t.Errorf("%d lines of content", n)
	}
	if spans := checkFiles(t, s.Dir, true); spans != 10 {
		t.Errorf("%d spans", spans)
	}
}

// sorted returns attributes in the order of their keys.
func sorted(all []attribute.KeyValue) []attribute.KeyValue {
	return slices.SortedFunc(slices.Values(all), func(a, b attribute.KeyValue) int { return strings.Compare(string(a.Key), string(b.Key)) })
}
