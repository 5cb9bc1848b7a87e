package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Span returns a stored span; nil if there is none, as of an operation that is still open.
func (s *Session) Span(ids SpanIDs) (*otlpfile.Span, error) {
	var found *otlpfile.Span
	id := []byte(ids.SpanID.String())
	err := s.lines("traces.jsonl", func(line []byte) error {
		if !bytes.Contains(line, id) {
			return nil
		}
		_, spans, _ := otlpfile.ReadTraces(line) // Load counts one that is damaged
		for i := range spans {
			if spans[i].SpanID == ids.SpanID && spans[i].TraceID == ids.TraceID {
				found = &spans[i]
				return errEnough
			}
		}
		return nil
	})
	return found, err
}

// Operation returns one operation with its captured content and the ids of its span. It is nil if there is none that has ended.
// One whose detail was removed has what its digest holds.
func (s *Session) Operation(ctx context.Context, number uint64) (*record.Operation, SpanIDs, error) {
	op, ids, err := s.operation(ctx, number)
	if err != nil {
		return nil, ids, err
	}
	if op != nil {
		if op.Content, err = s.content(ctx, ids.SpanID); err != nil {
			return nil, ids, err
		}
	}
	err = s.Digest(func(in *record.Operation) bool {
		switch {
		case in.Number != number:
		case op == nil:
			one := *in
			one.Definitions = slices.Clone(in.Definitions)
			op = &one
		default:
			op.Parent = in.Parent
			(&loader{}).addEnded(op, in)
		}
		return in.Number != number && ctx.Err() == nil
	})
	return op, ids, cmp.Or(ctx.Err(), err)
}

// operation returns an operation that has a span.
func (s *Session) operation(ctx context.Context, number uint64) (found *record.Operation, ids SpanIDs, err error) {
	some, reader := fmt.Appendf(nil, `"%d"`, number), otlpfile.Reader{}
	err = s.lines(fileNames[tracesFile], func(line []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !bytes.Contains(line, some) {
			return nil
		}
		_, spans, _ := reader.Traces(line) // Load counts one that is damaged
		for i := range spans {
			span := &spans[i]
			if attributes(span.Attributes).get(semconv.Number).AsInt64() != int64(number) || isSession(span) {
				continue
			}
			op := operation(span)
			found, ids = &op, SpanIDs{span.TraceID, span.SpanID}
			return errEnough
		}
		return nil
	})
	return found, ids, err
}

// content returns what was captured of an operation.
func (s *Session) content(ctx context.Context, id trace.SpanID) (found record.Content, err error) {
	dir, err := s.Files()
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	} else if err != nil {
		return found, err
	}
	defer func() { _ = dir.Close() }()
	some := []byte(id.String())
	err = dir.Lines(fileNames[contentFile], func(line []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !bytes.Contains(line, some) {
			return nil
		}
		spans, _, _ := dir.readContent(line)
		for i := range spans {
			if spans[i].SpanID == id {
				found = content(&spans[i])
				return errEnough
			}
		}
		return nil
	})
	return found, err
}
