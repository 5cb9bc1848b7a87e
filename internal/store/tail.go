package store

import (
	"bytes"
	"context"
	"runtime"
	"sync"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Tail reads what a session's files hold, and later what was appended to them. Of what it has read it keeps ids, so that a
// session of any length takes little memory. It is for one goroutine.
type Tail struct {
	logs, traces appended
	readers      sync.Pool               // of *otlpfile.Reader
	lines        [][]byte                // of spans, to be decoded
	waiting      int                     // bytes of them
	ended        map[trace.SpanID]uint64 // numbers of operations
	open         map[trace.SpanID]*record.Operation
	damaged      int
}

// Ref names a span whose operation may not have been read yet: a parent ends after those that it has caused.
type Ref struct{ id trace.SpanID }

// Taker takes what a Tail reads. Records are valid until its methods return.
type Taker interface {
	// Ended takes an operation that has ended, or a notification, which has no number. Its parent is named by the Ref alone.
	Ended(op *record.Operation, parent Ref)
	// Noted takes what was logged.
	Noted(n record.Note)
}

// NewTail returns a Tail that begins with what is there.
func NewTail() *Tail {
	return &Tail{
		logs: appended{name: "logs.jsonl"}, traces: appended{name: "traces.jsonl"},
		ended: map[trace.SpanID]uint64{}, open: map[trace.SpanID]*record.Operation{},
	}
}

// Read hands over what is new in the files of the session, which must be the same each time. If the context ends first, the
// Tail is of no use any more.
func (t *Tail) Read(ctx context.Context, s *Session, to Taker) error {
	const some = 4 << 20 // bytes
	t.traces.read(s, func(line []byte) {
		if ctx.Err() != nil {
			return
		}
		t.lines, t.waiting = append(t.lines, bytes.Clone(line)), t.waiting+len(line)
		if len(t.lines) == runtime.GOMAXPROCS(0) || t.waiting >= some {
			t.decode(to)
		}
	})
	t.decode(to)
	t.logs.read(s, func(line []byte) {
		if ctx.Err() == nil {
			t.records(line, to)
		}
	})
	return ctx.Err()
}

// decode decodes the lines that wait, on all processors, and hands over what they hold, in their order.
func (t *Tail) decode(to Taker) {
	spans, errs := make([][]otlpfile.Span, len(t.lines)), make([]error, len(t.lines))
	each(len(t.lines), func(i int) {
		r, _ := t.readers.Get().(*otlpfile.Reader)
		if r == nil {
			r = &otlpfile.Reader{}
		}
		defer t.readers.Put(r)
		_, spans[i], errs[i] = r.Traces(t.lines[i])
	})
	for i := range spans {
		if errs[i] != nil {
			t.damaged++
		}
		t.take(spans[i], to)
	}
	clear(t.lines)
	t.lines, t.waiting = t.lines[:0], 0
}

func (t *Tail) take(spans []otlpfile.Span, to Taker) {
	for i := range spans {
		span := &spans[i]
		if isSession(span) {
			continue
		}
		op := operation(span)
		if op.Number > 0 {
			t.ended[span.SpanID] = op.Number
			delete(t.open, span.SpanID)
		}
		to.Ended(&op, Ref{span.ParentID})
	}
}

// records takes log records. One that says that an operation is open may follow its span, which was read first.
func (t *Tail) records(line []byte, to Taker) {
	_, records, err := otlpfile.ReadLogs(line)
	if err != nil {
		t.damaged++
		return
	}
	for i := range records {
		r := &records[i]
		if op, ok := opened(r); ok {
			t.opened(r.SpanID, &op)
		} else if n := note(r, t.Number(Ref{r.SpanID})); n != nil {
			to.Noted(n)
		}
	}
}

func (t *Tail) opened(id trace.SpanID, op *record.Operation) {
	if known := t.open[id]; known != nil {
		update(known, op)
	} else if _, over := t.ended[id]; !over && op.Number > 0 {
		t.open[id] = op
	}
}

// Number returns the number of the operation that a Ref names, and 0 while that is not known.
func (t *Tail) Number(of Ref) uint64 {
	if op := t.open[of.id]; op != nil {
		return op.Number
	}
	return t.ended[of.id]
}

// Open yields the operations that have been open for a second and had not ended when the files were read.
func (t *Tail) Open(yield func(op *record.Operation) bool) {
	for _, op := range t.open {
		if !yield(op) {
			return
		}
	}
}

// Damaged returns how many lines could not be read.
func (t *Tail) Damaged() int { return t.damaged }
