package cli

import (
	"log/slog"
	"strings"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// sentence returns what a log record says, in the words of the views, which say everything that its attributes do but the ids
// of spans. It returns "" for a record that is shown with its attributes.
func sentence(r *slog.Record) string {
	if r.Message != semconv.DefinitionDiffers.Message {
		return ""
	}
	all := map[string]string{}
	r.Attrs(func(a slog.Attr) bool { all[a.Key] = a.Value.Resolve().String(); return true })
	c := record.DefinitionChange{
		Change: record.DefinitionChangeKind(all[semconv.DefinitionChange]), Kind: record.DefinitionKind(all[semconv.DefinitionKind]),
		Name: all[semconv.DefinitionName], OldName: all[semconv.DefinitionOld], Pinned: all[semconv.DefinitionPinned] == "true",
	}
	for part := range strings.SplitSeq(all[semconv.DefinitionParts], ", ") {
		c.Parts = append(c.Parts, record.Part(part))
	}
	text := view.DefinitionChange(c)
	if server := view.Safe(all[semconv.ServerName]); server != "" {
		text = server + ": " + text
	}
	return text
}
