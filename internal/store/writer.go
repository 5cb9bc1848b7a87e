package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

const (
	// flushDelay is how long the first record waits for others before all are written.
	flushDelay = 200 * time.Millisecond
	// flushSize is how many bytes are written without waiting for more.
	flushSize = 1 << 17
	// maxWaiting bounds the bytes that wait while others are being written. What does not fit is lost.
	maxWaiting = 2 << 20
)

// Config describes a Writer.
type Config struct {
	Dir    string           // of the store
	Meta   Meta             // what is known of the session: at least Launched
	Origin *otlpfile.Origin // of its spans and log records
	Keep   Keep             // the retention, which runs once in a while beside the session
	Logger *slog.Logger     // receives problems, each once; nil discards
	// Past adds the session at its end to what is remembered of its server, see Store.Past.
	Past bool
}

// Writer keeps one session. It implements telemetry.Store.
//
// Callers encode into memory. One goroutine writes, so that a disk that is full, slow or hangs delays no caller: the memory
// for what waits is bounded, and what does not fit is counted as lost. The goroutine sleeps unless something waits to be
// written. What could not be written is tried again, unless it never will be: because the directory was removed, belongs to
// another user, or has a symbolic link in it.
type Writer struct {
	timer   *time.Timer // when to write
	flushes chan chan struct{}
	stop    context.CancelFunc
	done    chan struct{}
	disk    disk // belongs to the goroutine that writes

	// By file: what callers have offered, what was dropped for want of room, and what was written.
	offered, dropped, stored [fileCount]atomic.Int64
	over                     atomic.Bool // what has not been written will not be

	mu      sync.Mutex
	encoder encoder
	queue   *batch // what waits
	waiting bool   // the timer is set
	hurried bool   // to an early time, or not to be
	refused [fileCount]bool
	meta    Meta
	changed bool // meta is to be written
	totals  record.Totals

	findings []record.Finding // of those that compare with earlier sessions
}

// maxFindings bounds the findings that are remembered.
const maxFindings = 100

// Create starts to keep a session. It returns at once: the session's directory is made by the goroutine that writes, which
// reports what goes wrong to the logger.
func Create(cfg Config) *Writer {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Writer{
		timer: time.NewTimer(0), flushes: make(chan chan struct{}), done: make(chan struct{}),
		disk:  disk{cfg: cfg, batch: &batch{}, expiry: time.NewTimer(time.Hour)},
		queue: &batch{}, waiting: true, meta: cfg.Meta, changed: true,
	}
	w.disk.expiry.Stop()
	w.encoder = newEncoder(cfg.Origin, w.queue)
	w.meta.Format, w.meta.Process, w.meta.Launched = Format, thisProcess(), written(cfg.Meta.Launched)
	var ctx context.Context
	ctx, w.stop = context.WithCancel(context.Background())
	go w.run(ctx) // ends with stop; Close waits for it
	return w
}

// Span implements otel.Recorder.
func (w *Writer) Span(s *otlpfile.Span) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.admit(tracesFile) && w.encoder.span(w.queue, s) {
		w.offered[contentFile].Add(1)
	}
}

// LogRecord implements otel.Recorder.
func (w *Writer) LogRecord(r *otlpfile.LogRecord) {
	w.mu.Lock()
	defer w.mu.Unlock()
	file := logsFile
	if isContentRecord(r) {
		file = contentFile
	}
	if w.admit(file) {
		w.encoder.logRecord(w.queue, r, file)
	}
}

// Opened implements session.Sink. An operation that stays open comes as a log record.
func (w *Writer) Opened(*record.Operation) {}

// Changed implements session.Sink.
func (w *Writer) Changed(op *record.Operation) {
	if op.Change != record.Ended {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.totals.Add(op)
	w.meta.Totals.add(op)
	if w.admit(digestFile) {
		w.encoder.operation(w.queue, op)
	}
}

// Noted implements session.Sink.
func (w *Writer) Noted(n record.Note) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := &w.meta
	switch n := n.(type) {
	case record.Session:
		started := written(n.Started)
		if n.Server == m.Server && n.Client == m.Client && n.Protocol == m.Protocol && started.Equal(m.Started) {
			return
		}
		m.Started, m.Server, m.Client, m.Protocol, m.Process.ServerPID = started, n.Server, n.Client, n.Protocol, n.PID
		w.changed = true
		w.wake()
	case record.Finding:
		if n.Kind.OfPast() && len(w.findings) < maxFindings {
			w.findings = append(w.findings, n)
		}
	case record.Exit: // Close writes it
		m.Ended = written(n.Time)
		m.Exit = &Exit{EndedBy: n.EndedBy, Cause: n.Cause, Code: n.Code, Signal: n.Signal, Reason: n.Reason, Open: n.Open}
	}
}

// Metrics implements telemetry.Store.
func (w *Writer) Metrics() io.Writer { return metricsWriter{w} }

type metricsWriter struct{ *Writer }

// Write implements io.Writer: one line.
func (m metricsWriter) Write(line []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.admit(metricsFile) {
		m.encoder.metrics(m.queue, line)
	}
	return len(line), nil
}

// admit reports whether there is room for one more item of a file, and makes it be written soon. Without room it is lost.
func (w *Writer) admit(file int) bool {
	w.offered[file].Add(1)
	limit, size := maxWaiting, w.queue.size()
	if file == digestFile {
		limit += flushSize // rows are small, and counts the last thing to lose
	}
	if w.refused[file] || size >= limit {
		w.dropped[file].Add(1)
		return false
	}
	if size >= flushSize && !w.hurried {
		w.hurried = true
		w.timer.Reset(0)
	}
	w.wake()
	return true
}

// wake makes the goroutine write soon.
func (w *Writer) wake() {
	if !w.waiting {
		w.waiting = true
		w.timer.Reset(flushDelay)
	}
}

// Lost implements telemetry.Store. It does not count captured content.
func (w *Writer) Lost() (spans, logRecords int64) { return w.lostOf(tracesFile), w.lostOf(logsFile) }

func (w *Writer) lostOf(file int) int64 {
	if w.over.Load() {
		return w.offered[file].Load() - w.stored[file].Load()
	}
	return w.dropped[file].Load()
}

// Flush writes what waits, without the usual delay, until the context is done.
func (w *Writer) Flush(ctx context.Context) {
	written := make(chan struct{})
	select {
	case w.flushes <- written:
	case <-w.done:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-written:
	case <-w.done: // a panic has ended the writing
	case <-ctx.Done():
	}
}

// Close implements telemetry.Store. A session whose Exit was not noted is left as one whose process was killed.
func (w *Writer) Close(ctx context.Context, lost map[string]int64) {
	w.mu.Lock()
	w.meta.Totals.take(&w.totals)
	w.meta.Lost = lost
	w.refuse(tracesFile, logsFile, contentFile, metricsFile, digestFile)
	w.mu.Unlock()
	w.stop()
	select {
	case <-w.done:
	case <-ctx.Done(): // the disk hangs, and the process will not wait for it
	}
	w.over.Store(true)
}

// refuse drops further items of files.
func (w *Writer) refuse(files ...int) {
	for _, file := range files {
		w.refused[file] = true
	}
}

// run writes what waits, until it is stopped.
func (w *Writer) run(ctx context.Context) {
	defer close(w.done)
	defer func() {
		if r := recover(); r != nil {
			w.broken(r)
		}
	}()
	for {
		select {
		case <-w.timer.C:
			w.flush(ctx)
		case written := <-w.flushes:
			w.flush(ctx)
			close(written)
		case <-w.disk.expiry.C:
			w.disk.expire()
		case <-ctx.Done():
			w.finish(ctx)
			return
		}
	}
}

// broken gives up the rest of the session after a panic, which would end the process and with it the session. The lock stays
// until the process ends, so that the session is shown as killed then.
func (w *Writer) broken(recovered any) {
	w.over.Store(true)
	w.mu.Lock()
	w.refuse(tracesFile, logsFile, contentFile, metricsFile, digestFile)
	w.mu.Unlock()
	w.disk.reportPanic("the rest of this session is not stored because of a defect in spanpipe", recovered)
}

// flush writes what waits, and plans the next attempt if that fails.
func (w *Writer) flush(ctx context.Context) {
	if w.disk.hopeless {
		w.take() // releases the memory
		w.disk.batch.reset()
		return
	}
	err := w.write(ctx)
	if err == nil {
		w.disk.succeeded()
		if w.disk.full() {
			w.mu.Lock()
			w.refuse(tracesFile, logsFile, contentFile, metricsFile)
			w.mu.Unlock()
		}
		return
	}
	again := w.disk.failed(err)
	w.mu.Lock()
	defer w.mu.Unlock()
	if again > 0 {
		w.waiting, w.hurried = true, true
		w.timer.Reset(again)
	} else {
		w.refuse(tracesFile, logsFile, contentFile, metricsFile, digestFile)
	}
}

// write writes what could not be written before, and what waits.
func (w *Writer) write(ctx context.Context) error {
	if err := w.disk.open(ctx); err != nil {
		return err
	}
	if err := w.disk.write(&w.stored); err != nil {
		return err
	}
	meta, changed := w.take()
	if err := w.disk.write(&w.stored); err != nil {
		w.keep(changed)
		return err
	}
	if !changed {
		return nil
	}
	err := w.disk.writeMeta(&meta)
	w.keep(err != nil)
	return err
}

// take takes what waits: into the disk's batch, which is empty, and the meta data if they have changed.
func (w *Writer) take() (meta Meta, changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.encoder.finish(w.queue, time.Now())
	w.queue, w.disk.batch = w.disk.batch, w.queue
	meta, changed = w.meta, w.changed
	w.waiting, w.hurried, w.changed = false, false, false
	return meta, changed
}

// keep notes that the meta data are still to be written.
func (w *Writer) keep(changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed = w.changed || changed
}

// finish writes all that is left, and how the session ended.
func (w *Writer) finish(ctx context.Context) {
	if !w.disk.hopeless {
		if err := w.write(ctx); err != nil {
			w.disk.failedLast(err)
		}
	}
	w.over.Store(true)
	w.mu.Lock()
	meta, findings := w.meta, w.findings
	w.mu.Unlock()
	meta.Lost = w.addLost(meta.Lost)
	w.disk.finish(&meta)
	w.disk.remember(&meta, findings)
}

// addLost adds what this store has lost to what the session has lost.
func (w *Writer) addLost(all map[string]int64) map[string]int64 {
	sum := map[string]int64{}
	for reason, n := range all {
		if n > 0 {
			sum[reason] = n
		}
	}
	for file, reason := range lostReasons {
		if n := w.lostOf(file); n > 0 {
			sum[reason] = n
		}
	}
	return sum
}

// lostReasons are the words for what a file lacks: values of spanpipe.reason, as far as telemetry counts them.
var lostReasons = [fileCount]string{
	"stored_span", "stored_log_record", "stored_content", "stored_metrics", "stored_operation",
}

// isHopeless reports whether a directory that could not be opened never can be.
func isHopeless(err error) bool {
	for _, never := range []error{
		fs.ErrPermission, errLink, syscall.EROFS, syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG,
	} {
		if errors.Is(err, never) {
			return true
		}
	}
	return false
}
