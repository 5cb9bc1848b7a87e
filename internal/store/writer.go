package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/internal/lockfile"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// flushDelay is how long the first record waits for others before all are written.
const flushDelay = 200 * time.Millisecond

// Writer keeps one session. It implements telemetry.Store. What it is given it encodes at once; files are written by
// timers, which run only while something waits.
type Writer struct {
	dir  string // of the session
	lock *os.File
	lost [2]atomic.Int64 // spans, log records

	mu      sync.Mutex
	meta    Meta
	totals  record.Totals
	traces  lineBuffer
	logs    lineBuffer
	content []byte
	digest  []byte
	rows    digestWriter
	span    otlpfile.Span // the last one: of the operation whose record follows
	flush   *time.Timer
	closed  bool
}

// lineBuffer collects items of one line.
type lineBuffer struct {
	before, after []byte
	items         []byte
}

func (b *lineBuffer) add(encode func([]byte) []byte) {
	if len(b.items) > 0 {
		b.items = append(b.items, ',')
	}
	b.items = encode(b.items)
}

func (b *lineBuffer) take() []byte {
	if len(b.items) == 0 {
		return nil
	}
	line := append(append(append(make([]byte, 0, len(b.before)+len(b.items)+len(b.after)), b.before...), b.items...), b.after...)
	b.items = b.items[:0]
	return line
}

// Create makes the directory of a session that is about to start. Of the meta data it needs what is known by then.
func Create(dir string, meta Meta, origin *otlpfile.Origin) (*Writer, error) {
	var suffix [3]byte
	_, _ = rand.Read(suffix[:])
	name := meta.Launched.UTC().Format("20060102T150405Z") + fmt.Sprintf("-%x", suffix)
	w := &Writer{dir: filepath.Join(dir, "sessions", name), meta: meta}
	w.meta.Format, w.meta.Process.PID = Format, os.Getpid()
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if w.lock, err = os.OpenFile(filepath.Join(w.dir, "session.lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, err
	}
	if err := lockfile.Try(w.lock); err != nil {
		return nil, err
	}
	w.traces.before, w.traces.after = otlpfile.Traces(origin)
	w.logs.before, w.logs.after = otlpfile.Logs(origin)
	w.digest = w.rows.header(nil)
	w.flush = time.AfterFunc(time.Hour, w.write)
	w.flush.Stop()
	return w, w.writeMeta()
}

// Span implements otel.Recorder.
func (w *Writer) Span(s *otlpfile.Span) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.traces.add(func(b []byte) []byte { return otlpfile.AppendSpan(b, s) })
	w.wait()
}

// LogRecord implements otel.Recorder.
func (w *Writer) LogRecord(r *otlpfile.LogRecord) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logs.add(func(b []byte) []byte { return otlpfile.AppendLogRecord(b, r) })
	w.wait()
}

// wait makes what was added be written soon.
func (w *Writer) wait() { w.flush.Reset(flushDelay) }

// Opened implements session.Sink. An operation that stays open comes as a log record.
func (w *Writer) Opened(*record.Operation) {}

// Changed implements session.Sink.
func (w *Writer) Changed(op *record.Operation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if op.Change != record.Ended {
		return
	}
	w.totals.Add(op)
	if op.Hung {
		w.meta.Totals.Hung++
	}
	sent, received := op.RequestSize, op.ResponseSize
	if op.Direction == record.ToClient {
		sent, received = received, sent
	}
	w.meta.Totals.Sent += sent
	w.meta.Totals.Received += received
	w.digest = w.rows.append(w.digest, op)
	w.wait()
}

// Noted implements session.Sink.
func (w *Writer) Noted(n record.Note) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch n := n.(type) {
	case record.Session:
		changed := n.Server != w.meta.Server || n.Client != w.meta.Client || !n.Started.Equal(w.meta.Started)
		w.meta.Started, w.meta.Server, w.meta.Client, w.meta.Protocol = n.Started, n.Server, n.Client, n.Protocol
		w.meta.Process.ServerPID = n.PID
		if changed {
			_ = w.writeMeta()
		}
	case record.Exit:
		w.meta.Ended = n.Time
		w.meta.Exit = &Exit{EndedBy: n.EndedBy, Cause: n.Cause, Code: n.Code, Signal: n.Signal, Reason: n.Reason, Open: n.Open}
	}
}

// write writes what waits.
func (w *Writer) write() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.append("traces.jsonl", w.traces.take())
	w.append("logs.jsonl", w.logs.take())
	w.append("digest", w.digest)
	w.digest = w.digest[:0]
}

func (w *Writer) append(name string, data []byte) {
	if len(data) == 0 {
		return
	}
	f, err := os.OpenFile(filepath.Join(w.dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, _ = f.Write(data)
	_ = f.Close()
}

func (w *Writer) writeMeta() error {
	text, err := json.MarshalIndent(w.meta, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(w.dir, "session.json")
	if err := os.WriteFile(path+".tmp", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// Metrics implements telemetry.Store.
func (w *Writer) Metrics() io.Writer { return metricsWriter{w} }

type metricsWriter struct{ *Writer }

// Write implements io.Writer: one line.
func (m metricsWriter) Write(line []byte) (int, error) {
	m.append("metrics.jsonl", line)
	return len(line), nil
}

// Lost implements telemetry.Store.
func (w *Writer) Lost() (spans, logRecords int64) { return w.lost[0].Load(), w.lost[1].Load() }

// Close implements telemetry.Store.
func (w *Writer) Close(_ context.Context, lost map[string]int64) {
	w.write()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.flush.Stop()
	w.meta.Lost = lost
	t := &w.meta.Totals
	t.Calls, t.Failed, t.Cancelled, t.Abandoned = w.totals.Calls, w.totals.Failed, w.totals.Cancelled, w.totals.Abandoned
	t.P95 = w.totals.P95().Seconds()
	_ = w.writeMeta()
	_ = w.lock.Close()
}

// Abandon leaves the session as a process that is killed does, with what was recorded so far. It is for tests.
func (w *Writer) Abandon() {
	w.write()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.flush.Stop()
	_ = w.lock.Close()
}
