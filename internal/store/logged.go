package store

import (
	"log/slog"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Logged returns what a record of the program's own log was made of: a note, or an operation that was open. Both are nil for other
// records. It has the messages and attributes of those that are stored.
func Logged(r *slog.Record) (record.Note, *record.Operation) {
	stored := otlpfile.LogRecord{Body: r.Message}
	r.Attrs(func(a slog.Attr) bool { stored.Attributes = append(stored.Attributes, keyValue(a)); return true })
	if op, ok := opened(&stored); ok {
		return nil, &op
	}
	return note(&stored, 0), nil
}

// keyValue converts an attribute back to what package otel has made it of.
func keyValue(a slog.Attr) attribute.KeyValue {
	key, v := attribute.Key(a.Key), a.Value.Resolve()
	switch v.Kind() {
	case slog.KindInt64:
		return key.Int64(v.Int64())
	case slog.KindFloat64:
		return key.Float64(v.Float64())
	case slog.KindBool:
		return key.Bool(v.Bool())
	}
	return key.String(v.String())
}
