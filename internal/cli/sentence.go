package cli

import (
	"log/slog"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// sentence returns what a log record says, in the words of the views, which say everything that its attributes do but the ids
// of spans. It returns "" for a record that is shown with its attributes.
func sentence(r *slog.Record) string {
	var all []attribute.KeyValue
	server := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == semconv.ServerName {
			server = value(a)
		}
		all = append(all, keyValue(a))
		return true
	})
	text := ""
	switch n := store.NoteOf(r.Message, all).(type) {
	case record.DefinitionChange:
		text = view.DefinitionChange(n)
	case record.Finding:
		text = "unusual call, " + view.Finding(n)
	case record.Blockage:
		text = strings.TrimSuffix(view.Blockage(n), ".")
	default:
		if op, ok := store.OpenOperationOf(r.Message, all); ok && op.Hung {
			text = view.Hanging(&op)
		}
	}
	if server != "" && text != "" {
		text = server + ": " + text
	}
	return text
}

// keyValue converts an attribute of a log record back to what package otel has made it of.
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
