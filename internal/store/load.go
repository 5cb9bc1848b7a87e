package store

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Records are a session's, in the order of time.
type Records struct {
	Session record.Session
	// Operations are in the order of their numbers. Those that are still open, or were when the process was killed, have no
	// End, and StillOpen or Hanging for their Change. What only the digest has, such as the names of listed tools, is there, too.
	Operations []record.Operation
	Notes      []record.Note      // notifications, violations, findings, lines, blockages
	Exit       *record.Exit       // nil while it runs, and if the process was killed
	Spans      map[uint64]SpanIDs // of the operations, by number
	Damaged    int                // lines that could not be read
	Left       int                // operations that a Range leaves out, if the session's totals are known
}

// SpanIDs names a span.
type SpanIDs struct {
	TraceID trace.TraceID
	SpanID  trace.SpanID
}

// Range chooses the end of a session, so that a long one need not be read as a whole. Empty fields choose all. Operations
// that are still open are part of every end.
type Range struct {
	Since time.Time // operations that had not ended before
	Last  int       // so many operations, by their ends
}

// Load reads a session's records.
func (s *Session) Load() (*Records, error) { return s.LoadPart(Range{}) }

// firstPart is how many bytes of spans a Range first reads: those of some hundred operations.
const firstPart = 1 << 18

// LoadPart reads the records of a part of a session. Of the spans and of captured content, which are nearly all of it, it
// reads no more than the part.
func (s *Session) LoadPart(part Range) (*Records, error) {
	l, err := s.collect(part)
	if err != nil {
		return nil, err
	}
	if err := l.readContent(s); err != nil {
		return nil, err
	}
	l.assemble(part)
	return &l.Records, l.addDigest(s)
}

// collect reads the spans of a part, and all log records.
func (s *Session) collect(part Range) (*loader, error) {
	l := &loader{Records: Records{Session: s.Record(), Exit: s.ExitRecord()}}
	if err := s.lines("logs.jsonl", l.logLine); err != nil {
		return nil, err
	}
	size := int64(firstPart)
	if part.Since.IsZero() && part.Last == 0 {
		size = maxFile
	}
	for ; ; size *= 4 {
		l.spans, l.damagedSpans = nil, 0
		all, err := s.lastLines("traces.jsonl", size, l.traceLine)
		if err != nil {
			return nil, err
		}
		l.decode()
		if l.whole = all; all || l.covers(part) {
			return l, nil
		}
	}
}

// maxFile is more than any file has.
const maxFile = 1 << 60

// loader collects what the files hold until all of it is known: a log record refers to a span, a span to its parent, which
// ends later.
type loader struct {
	Records
	logs         []otlpfile.LogRecord
	lines        [][]byte    // of spans, to be decoded
	waiting      int         // bytes of them
	readers      sync.Pool   // of *otlpfile.Reader
	spans        [][]decoded // by line
	whole        bool        // these are all spans of the session
	from         time.Time   // what ended before it is not of the part
	content      Content
	hangs        []hang
	damagedSpans int
}

// decoded is what a span says. Attributes take many times the memory, so they are not kept.
type decoded struct {
	op      record.Operation
	ids     SpanIDs
	parent  trace.SpanID
	session *otlpfile.Span // of a span about the session as a whole, which has no operation
}

// hang is an operation as it was when it had not been answered for long.
type hang struct {
	at time.Time
	op record.Operation
}

func (l *loader) logLine(line []byte) error {
	_, records, err := otlpfile.ReadLogs(line)
	if err != nil {
		l.Damaged++
	}
	l.logs = append(l.logs, records...)
	return nil
}

// traceLine keeps a line of spans. To decode is nearly all of the work, so it is done on all processors.
func (l *loader) traceLine(line []byte) error {
	l.lines, l.waiting = append(l.lines, bytes.Clone(line)), l.waiting+len(line)
	if len(l.lines) == maxLines || l.waiting >= maxLine {
		l.decode()
	}
	return nil
}

// maxLines bounds the lines that wait to be decoded. So does maxLine, by their bytes.
const maxLines = 32

// decode decodes the lines that wait, in their order.
func (l *loader) decode() {
	spans := make([][]decoded, len(l.lines))
	each(len(l.lines), func(i int) { spans[i] = l.decodeLine(l.lines[i]) })
	for _, all := range spans {
		if all == nil {
			l.damagedSpans++
		} else if len(all) > 0 {
			l.spans = append(l.spans, all)
		}
	}
	l.lines, l.waiting = l.lines[:0], 0
}

// decodeLine returns what the spans of a line say; nil if it is damaged.
func (l *loader) decodeLine(line []byte) []decoded {
	r, _ := l.readers.Get().(*otlpfile.Reader)
	if r == nil {
		r = &otlpfile.Reader{}
	}
	defer l.readers.Put(r)
	_, spans, err := r.Traces(line)
	if err != nil {
		return nil
	}
	all := make([]decoded, len(spans))
	for i := range spans {
		s := &spans[i]
		all[i].ids, all[i].parent = SpanIDs{s.TraceID, s.SpanID}, s.ParentID
		if isSession(s) {
			all[i].session = s
			all[i].op.End = s.End
		} else {
			all[i].op = operation(s)
		}
	}
	return all
}

// count returns how many operations the spans that were read are of; the others are notifications'.
func (l *loader) count() (n int) {
	for _, line := range l.spans {
		for i := range line {
			if line[i].op.Number > 0 {
				n++
			}
		}
	}
	return n
}

// first returns the end of the span that was read first; zero if none was.
func (l *loader) first() time.Time {
	if len(l.spans) == 0 {
		return time.Time{}
	}
	return l.spans[0][0].op.End
}

// slack is for operations that ended at about the same time, see covers.
const slack = 100

// covers reports whether the spans that were read include the part. They are in the order of their ends, but for
// milliseconds.
func (l *loader) covers(part Range) bool {
	if part.Last > 0 && l.count() > part.Last+slack {
		return true
	}
	return !part.Since.IsZero() && len(l.spans) > 0 && l.first().Before(part.Since.Add(-time.Second))
}

// assemble makes the records.
func (l *loader) assemble(part Range) {
	l.Damaged += l.damagedSpans
	n := l.count()
	l.Spans = make(map[uint64]SpanIDs, n)
	a := assembler{numbers: make(map[trace.SpanID]uint64, n), open: map[trace.SpanID]*record.Operation{}}
	l.opened(&a)
	l.ended(&a, part)
	for _, op := range a.open {
		l.Operations = append(l.Operations, *op)
	}
	slices.SortFunc(l.Operations, func(a, b record.Operation) int { return cmp.Compare(a.Number, b.Number) })
	for i := range l.Operations { // the session's span ends early
		op := &l.Operations[i]
		l.Session.Requested = cmp.Or(op.Requested, l.Session.Requested) // the last one
		refused := op.Requested != "" && op.Code != ""
		l.Session.Ready = l.Session.Ready || op.Answered && op.Direction == record.ToServer && !refused
	}
	l.noted(&a, part)
}

// assembler knows the operations of spans.
type assembler struct {
	numbers map[trace.SpanID]uint64
	open    map[trace.SpanID]*record.Operation
}

// opened takes the operations that were open for long.
func (l *loader) opened(a *assembler) {
	for i := range l.logs {
		r := &l.logs[i]
		op, ok := opened(r)
		if !ok {
			continue
		}
		if known := a.open[r.SpanID]; known != nil {
			update(known, &op)
			op = *known
		} else if op.Number > 0 {
			a.open[r.SpanID], a.numbers[r.SpanID] = &op, op.Number
			l.Spans[op.Number] = SpanIDs{r.TraceID, r.SpanID}
		}
		if op.Change == record.Hanging {
			l.hangs = append(l.hangs, hang{r.Time, op})
		}
	}
}

// ended takes the operations and notifications that have spans. A parent ends after its children.
func (l *loader) ended(a *assembler, part Range) {
	for _, line := range l.spans {
		for i := range line {
			d := &line[i]
			if d.session != nil {
				l.about(d.session)
				continue
			}
			delete(a.open, d.ids.SpanID)
			if d.op.Number > 0 {
				a.numbers[d.ids.SpanID], l.Spans[d.op.Number] = d.op.Number, d.ids
			}
		}
	}
	l.Operations = make([]record.Operation, 0, len(l.Spans))
	for n, line := range l.spans {
		for i := range line {
			if d := &line[i]; d.session == nil && !d.op.End.Before(part.Since) {
				l.take(d, a.numbers[d.parent])
			}
		}
		l.spans[n] = nil // releases the memory
	}
	l.from = part.Since
	if n := len(l.Operations) - part.Last; part.Last > 0 && n > 0 {
		l.Operations = slices.Delete(l.Operations, 0, n)
		l.from = l.Operations[0].End
	}
}

// take takes an operation or notification that has ended.
func (l *loader) take(d *decoded, parent uint64) {
	if captured := l.content.spans[d.ids.SpanID]; captured != nil {
		d.op.Content = content(captured)
	}
	if d.op.Number == 0 {
		l.Notes = append(l.Notes, notification(&d.op, parent))
		return
	}
	d.op.Parent = parent
	l.Operations = append(l.Operations, d.op)
}

// about takes what a span about the session as a whole has.
func (l *loader) about(s *otlpfile.Span) {
	all := attributes(s.Attributes)
	l.Session.Requested = cmp.Or(all.text(semconv.Requested), l.Session.Requested)
	l.Session.Protocol = cmp.Or(l.Session.Protocol, all.text(semconv.ProtocolVersion))
	switch all.text(semconv.SessionUntil) {
	case semconv.UntilFirstResponse:
		l.Session.Ready, l.Session.Time = true, s.End
	case semconv.UntilSilence:
		l.Session.Silent, l.Session.Time = true, s.End
	}
}

// noted takes what log records tell, and sorts all notes by time.
func (l *loader) noted(a *assembler, part Range) {
	for i := range l.logs {
		r := &l.logs[i]
		if r.Time.Before(part.Since) {
			continue
		}
		if n := note(r, a.numbers[r.SpanID]); n != nil {
			l.Notes = append(l.Notes, n)
		}
	}
	slices.SortStableFunc(l.Notes, func(a, b record.Note) int { return TimeOf(a).Compare(TimeOf(b)) })
}

// TimeOf returns when a note was made.
func TimeOf(n record.Note) time.Time {
	switch n := n.(type) {
	case record.Session:
		return n.Time
	case record.Message:
		return n.Time
	case record.Notification:
		return n.Time
	case record.Violation:
		return n.Time
	case record.Finding:
		return n.Time
	case record.DefinitionChange:
		return n.Time
	case record.LogLine:
		return n.Time
	case record.Blockage:
		return n.Time
	case record.Exit:
		return n.Time
	}
	return time.Time{}
}

// Record returns what session.json says of the session.
func (s *Session) Record() record.Session {
	return record.Session{
		ID: s.ID, Launched: s.Launched, Started: s.Started, PID: s.Process.ServerPID, Protocol: s.Protocol,
		Client: s.Client, Server: s.Server,
	}
}

// ExitRecord returns how the session ended; nil if session.json does not say so.
func (s *Session) ExitRecord() *record.Exit {
	e := s.Meta.Exit
	if e == nil {
		return nil
	}
	out := &record.Exit{
		Time: s.Ended, EndedBy: e.EndedBy, Cause: e.Cause, Code: e.Code, Signal: e.Signal, Reason: e.Reason, Open: e.Open,
	}
	if !s.Started.IsZero() {
		out.Lifetime = s.Ended.Sub(s.Started)
	}
	return out
}
