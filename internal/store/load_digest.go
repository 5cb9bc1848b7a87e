package store

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"slices"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Digest calls f with each operation of a session that has ended, in the order of their ends, until f returns false. The
// record has the fields that a digest holds and is valid until f returns. A list has what it defines.
//
// What a digest lacks, because it is missing or damaged, comes from the spans while these are there, without what lists
// define. Otherwise it is left out, and a session without a digest has no operations.
func (s *Session) Digest(f func(op *record.Operation) bool) error {
	file, err := s.openFile("digest")
	if err != nil {
		return err
	} else if file == nil {
		return s.rebuild(map[uint64]bool{}, f)
	}
	defer func() { _ = file.Close() }()
	stopped, read := false, 0
	err = readDigest(bufio.NewReaderSize(file, 1<<16), func(op *record.Operation) bool {
		read++
		stopped = !f(op)
		return !stopped
	})
	if stopped || err == nil || !errors.Is(err, errDigest) {
		return err
	}
	// Only now is it known that the numbers of those that were read are needed.
	known := map[uint64]bool{}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_ = readDigest(bufio.NewReader(file), func(op *record.Operation) bool { // the same error
		known[op.Number] = true
		return len(known) < read
	})
	return s.rebuild(known, f)
}

// rebuild makes the operations of a digest from spans, except for those that are known.
func (s *Session) rebuild(known map[uint64]bool, f func(op *record.Operation) bool) error {
	numbers := map[trace.SpanID]uint64{}
	err := s.eachSpan(func(span *otlpfile.Span) bool {
		if op := operation(span); op.Number > 0 {
			numbers[span.SpanID] = op.Number
		}
		return true
	})
	if err != nil || len(numbers) <= len(known) {
		return err
	}
	return s.eachSpan(func(span *otlpfile.Span) bool {
		op := operation(span)
		if op.Number == 0 || known[op.Number] {
			return true
		}
		op.Parent = numbers[span.ParentID]
		return f(&op)
	})
}

// eachSpan calls f with each span of an operation or notification, until it returns false. What is damaged is left out.
func (s *Session) eachSpan(f func(span *otlpfile.Span) bool) error {
	return s.lines("traces.jsonl", func(line []byte) error {
		_, spans, _ := otlpfile.ReadTraces(line)
		for i := range spans {
			if !isSession(&spans[i]) && !f(&spans[i]) {
				return errEnough
			}
		}
		return nil
	})
}

// addDigest adds what the digest alone has. It has every operation that has ended, and so shows which of those that were
// open for long still are, where not all spans were read.
func (l *loader) addDigest(s *Session) error {
	byNumber := make(map[uint64]int, len(l.Operations))
	for i := range l.Operations {
		byNumber[l.Operations[i].Number] = i
	}
	elsewhere := map[uint64]bool{} // those that are not of the part
	err := s.Digest(func(op *record.Operation) bool {
		if i, ok := byNumber[op.Number]; ok && !l.addEnded(&l.Operations[i], op) {
			elsewhere[op.Number] = true
		}
		return true
	})
	ended := 0
	l.Operations = slices.DeleteFunc(l.Operations, func(op record.Operation) bool {
		if op.Change == record.Ended {
			ended++
		}
		return elsewhere[op.Number]
	})
	l.Left = max(s.Totals.Operations-ended, 0)
	return err
}

// addEnded adds to an operation what the digest says of it, and returns false if it is not of the part: it looks open, since
// the spans that were read do not go back to its end.
func (l *loader) addEnded(known, op *record.Operation) bool {
	if known.Change != record.Ended { // its span was not read, is not there yet, or was lost
		if op.End.Before(l.from) {
			return false
		}
		known.Change, known.End, known.Duration, known.Wait = op.Change, op.End, op.Duration, op.Wait
		known.InputWait, known.Answered, known.Hung = op.InputWait, op.Answered, op.Hung
		known.Stall = cmp.Or(op.Stall, known.Stall)
		known.ErrorType, known.Code, known.Class = op.ErrorType, op.Code, op.Class
	}
	known.ArgumentsOf, known.ToolCount, known.DefinitionSize = op.ArgumentsOf, op.ToolCount, op.DefinitionSize
	known.DefinitionTokens = op.DefinitionTokens
	known.RequestTokens, known.ResponseTokens, known.ResponseMedia = op.RequestTokens, op.ResponseTokens, op.ResponseMedia
	known.ResponseSize = op.ResponseSize // a span has that of an answered one only
	known.Definitions = slices.Clone(op.Definitions)
	return true
}
