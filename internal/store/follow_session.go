package store

import (
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// followed is a session that is live, or was when Follow looked last.
type followed struct {
	session      *Session  // nil until its session.json can be read
	found        *Session  // what is known before that
	meta         fileStamp // of session.json
	logs, traces appended
	looked       time.Time // at its lock

	open  map[trace.SpanID]*record.Operation // records are replaced, never changed
	ended map[trace.SpanID]uint64            // numbers of operations that have ended lately

	shown bool    // the filter has chosen it
	held  []Event // until its peers are known, so that the filter can choose
}

// Bounds of what is remembered of a session.
const (
	maxEnded = 4096
	maxHeld  = 4096
)

// Times in the life of a session.
const (
	lookEvery = time.Second      // at its lock, and at its directory
	startTime = 10 * time.Second // until it has written its session.json, at the latest
)

func newFollowed(s *Session) *followed {
	return &followed{
		found: s, logs: appended{name: "logs.jsonl"}, traces: appended{name: "traces.jsonl"},
		open: map[trace.SpanID]*record.Operation{}, ended: map[trace.SpanID]uint64{},
	}
}

// begin reports a session that is live already, and what is open in it. What has ended before is skipped.
func (f *followed) begin() []Event {
	s := f.found
	s.Sum() // its session.json is read once more by look: it may have been replaced since it was read
	f.session, f.looked = s, time.Now()
	f.traces.skip(s)
	var logs []otlpfile.LogRecord
	f.logs.read(s, func(line []byte) { logs = appendLogs(logs, line) })
	var events []Event
	for i := range logs {
		events = append(events, f.opened(&logs[i])...)
	}
	f.forgetEnded(s)
	open := map[uint64]bool{}
	for _, op := range f.open {
		open[op.Number] = true
	}
	events = slices.DeleteFunc(events, func(e Event) bool { return !open[e.Operation.Number] })
	events = append([]Event{{Kind: SessionStarted, Time: s.Launched, Session: s}}, events...)
	for i := range events {
		events[i].Before = true
	}
	return events
}

// forgetEnded removes operations that have ended from those that were open. The digest has nearly all of them; the last ones
// may be written as spans only.
func (f *followed) forgetEnded(s *Session) {
	if len(f.open) == 0 {
		return
	}
	ended := map[uint64]bool{}
	_ = s.Digest(func(op *record.Operation) bool { // what is damaged is left out
		ended[op.Number] = true
		return true
	})
	_, _ = s.lastLines("traces.jsonl", firstPart, func(line []byte) error {
		_, spans, _ := otlpfile.ReadTraces(line)
		for i := range spans {
			delete(f.open, spans[i].SpanID)
		}
		return nil
	})
	for id, op := range f.open {
		if ended[op.Number] {
			delete(f.open, id)
		}
	}
}

// look reports what has happened since, and whether nothing more can happen.
func (f *followed) look(now time.Time) (events []Event, over bool) {
	events = f.lookAtMeta()
	if f.session == nil { // it is starting
		if now.Sub(f.looked) < lookEvery {
			return nil, false
		}
		f.looked = now
		return f.lookAtStart(now)
	}
	// The state comes first: once its process has ended, what is read after that is all there is.
	if state := f.session.State; state == Ended || now.Sub(f.looked) >= lookEvery {
		f.looked = now
		if _, err := os.Lstat(f.session.Dir); errors.Is(err, os.ErrNotExist) {
			return append(events, Event{Kind: SessionRemoved, Time: now, Session: f.session}), true
		}
		latest := *f.session
		if latest.look(); latest.State == Ended || latest.State == Killed {
			over = true
			latest.Sum()
			latest.measure()
			f.session = &latest
		}
	}
	events = append(events, f.read()...)
	if over {
		end := f.session.Ended
		if end.IsZero() {
			end = now
		}
		events = append(events, Event{Kind: SessionEnded, Time: end, Session: f.session})
	}
	return events, over
}

// lookAtMeta takes a session.json that is new.
func (f *followed) lookAtMeta() []Event {
	at, err := stampOf(f.found.file("session.json"))
	if err != nil || at == f.meta {
		return nil
	}
	f.meta = at
	latest := *f.found
	if latest.readMeta(); latest.Problem != "" {
		return nil // it is being replaced, or damaged
	}
	before := f.session
	if latest.State = Live; latest.Exit != nil {
		latest.State = Ended
	}
	if f.session = &latest; before == nil {
		return []Event{{Kind: SessionStarted, Time: latest.Launched, Session: &latest}}
	}
	if latest.State == Live { // the file has those of the start
		latest.Totals = before.Totals
	}
	if before.Server != latest.Server || before.Client != latest.Client || before.Protocol != latest.Protocol || before.Run != latest.Run {
		return []Event{{Kind: SessionChanged, Time: time.Now(), Session: &latest}}
	}
	return nil
}

// isNew reports whether a session's directory is so new that its files may not be there yet: neither its session.json nor its lock.
func (s *Session) isNew() bool {
	info, err := os.Lstat(s.Dir)
	return err == nil && time.Since(info.ModTime()) < startTime
}

// lookAtStart looks at a session without a session.json. If its process has ended, or has not written one for long, what the
// other files say is all that will be known.
func (f *followed) lookAtStart(now time.Time) (events []Event, over bool) {
	if f.found.isNew() {
		return nil, false
	}
	if _, err := os.Lstat(f.found.Dir); err != nil {
		return nil, true // removed
	}
	f.found.readMeta()
	f.found.look()
	if f.session = f.found; f.session.State == Live {
		return []Event{{Kind: SessionStarted, Time: f.session.Launched, Session: f.session}}, false
	}
	events = append([]Event{{Kind: SessionStarted, Time: f.session.Launched, Session: f.session}}, f.read()...)
	return append(events, Event{Kind: SessionEnded, Time: now, Session: f.session}), true
}

// read reads what was appended. An operation's log records come before its span, and refer to it.
func (f *followed) read() []Event {
	var logs []otlpfile.LogRecord
	var spans []otlpfile.Span
	f.logs.read(f.session, func(line []byte) { logs = appendLogs(logs, line) })
	f.traces.read(f.session, func(line []byte) {
		if _, more, err := otlpfile.ReadTraces(line); err == nil { // a damaged line is left out
			spans = append(spans, more...)
		}
	})
	var events []Event
	for i := range logs {
		events = append(events, f.opened(&logs[i])...)
	}
	for i := range spans {
		events = append(events, f.finished(&spans[i])...)
	}
	for i := range logs {
		if n := note(&logs[i], f.number(logs[i].SpanID)); n != nil {
			events = append(events, Event{Kind: Noted, Time: TimeOf(n), Session: f.session, Note: n})
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return a.Time.Compare(b.Time) })
	return events
}

// opened takes a log record about an operation that is open.
func (f *followed) opened(r *otlpfile.LogRecord) []Event {
	op, ok := opened(r)
	if _, over := f.ended[r.SpanID]; !ok || over {
		return nil
	}
	e := Event{Kind: OperationOpen, Time: r.Time, Session: f.session, Operation: &op}
	if op.Change == record.Hanging {
		e.Kind = OperationHangs
	}
	if known := f.open[r.SpanID]; known != nil {
		latest := *known
		update(&latest, &op)
		e.Operation = &latest
	}
	f.open[r.SpanID] = e.Operation
	return []Event{e}
}

// finished takes a span.
func (f *followed) finished(s *otlpfile.Span) []Event {
	if isSession(s) {
		return nil
	}
	op := operation(s)
	op.Parent = f.number(s.ParentID)
	if op.Number == 0 {
		return []Event{{Kind: Noted, Time: op.Start, Session: f.session, Note: notification(&op, op.Parent)}}
	}
	delete(f.open, s.SpanID)
	if len(f.ended) >= maxEnded {
		clear(f.ended)
	}
	f.ended[s.SpanID] = op.Number
	return []Event{{Kind: OperationEnded, Time: op.End, Session: f.session, Operation: &op}}
}

// number returns the number of an operation that is open or has ended lately.
func (f *followed) number(id trace.SpanID) uint64 {
	if op := f.open[id]; op != nil {
		return op.Number
	}
	return f.ended[id]
}

// keep returns the events that the filter chooses. While the session's peers are not known, so that it may still be chosen,
// they are held back.
func (f *followed) keep(filter Filter, events []Event) []Event {
	events = slices.DeleteFunc(events, func(e Event) bool {
		return e.Kind == OperationEnded && !filter.Operation(e.Operation) || e.Kind == Noted && filter.Failed
	})
	s := f.session
	if s == nil {
		return nil
	}
	if f.shown = f.shown || filter.peers(s); f.shown {
		events = append(f.held, events...)
		f.held = nil
		return events
	}
	if s.Server.Name == "" || s.Client.Name == "" {
		if f.held = append(f.held, events...); len(f.held) <= maxHeld {
			return nil
		}
	}
	f.held = nil
	return nil
}

// appended reads what is appended to a file.
type appended struct {
	name   string
	offset int64 // of what has not been read; the file may have more, which is not a whole line
	size   int64 // of the file when it was read
}

// skip skips what is there.
func (a *appended) skip(s *Session) { a.read(s, func([]byte) {}) }

// read calls f with each line that is new. A file that has become shorter is another one.
func (a *appended) read(s *Session, f func(line []byte)) {
	info, err := os.Lstat(s.file(a.name))
	if err != nil || info.Size() == a.size {
		return
	}
	if info.Size() < a.offset {
		a.offset = 0
	}
	file, err := s.openFile(a.name)
	if file == nil || err != nil {
		return // tried again at the next look
	}
	defer func() { _ = file.Close() }()
	n, _ := readLines(io.NewSectionReader(file, a.offset, info.Size()-a.offset), func(line []byte) error {
		f(line)
		return nil
	})
	a.offset, a.size = a.offset+n, info.Size()
}

// fileStamp tells a file that was replaced from the one before.
type fileStamp struct {
	modified time.Time
	size     int64
}

func stampOf(path string) (fileStamp, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return fileStamp{}, err
	}
	return fileStamp{info.ModTime(), info.Size()}, nil
}

// appendLogs appends the records of a line. One that is damaged is left out.
func appendLogs(to []otlpfile.LogRecord, line []byte) []otlpfile.LogRecord {
	_, more, err := otlpfile.ReadLogs(line)
	if err != nil {
		return to
	}
	return append(to, more...)
}
