package cli

import (
	"log/slog"
	"strings"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// sentence returns what a log record says, in the words of the views, which say everything that its attributes do but the ids
// of spans. It returns "" for a record that is shown with its attributes.
func sentence(r *slog.Record) string {
	note, op := store.Logged(r)
	text := ""
	switch n := note.(type) {
	case record.DefinitionChange:
		text = view.DefinitionChange(n)
	case record.Finding:
		text = "unusual call, " + view.Finding(n)
	case record.Violation:
		text = view.Violation(n)
	case record.Blockage:
		text = strings.TrimSuffix(view.Blockage(n), ".")
	}
	if op != nil && op.Hung {
		text = view.Hanging(op)
	}
	server := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == semconv.ServerName {
			server = view.Safe(a.Value.Resolve().String())
		}
		return server == ""
	})
	if server != "" && text != "" {
		text = server + ": " + text
	}
	return text
}

func value(a slog.Attr) string { return view.Safe(a.Value.Resolve().String()) }
