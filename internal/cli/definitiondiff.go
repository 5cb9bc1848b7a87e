package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// definitionDiff is a definition that has changed, with its texts as far as they are kept.
type definitionDiff struct {
	known         *definitions.Known
	parts         []record.Part
	before, after *definitions.Text // nil if it is not kept
}

// diffsOf returns the definitions of a server that have changed.
func diffsOf(s *store.Store, d *store.Defined, now time.Time) ([]definitionDiff, error) {
	texts, err := s.DefinitionTexts(d.ID, now)
	if err != nil {
		return nil, err
	}
	var all []definitionDiff
	for i := range d.Known {
		k := &d.Known[i]
		before, changed := k.Before()
		if !changed {
			continue
		}
		one := definitionDiff{known: k, parts: k.Last.Differs(&before)}
		if t, ok := texts[definitions.Form{Kind: k.Kind, Fingerprint: before}]; ok {
			one.before = &t
		}
		if t, ok := texts[definitions.Form{Kind: k.Kind, Fingerprint: k.Last}]; ok {
			one.after = &t
		}
		all = append(all, one)
	}
	return all, nil
}

// diffDefinitions writes what has changed in the texts of servers' definitions.
func (a *app) diffDefinitions(s *store.Store, chosen []store.Defined, t *definitionTable) error {
	var out strings.Builder
	missing := false
	for i := range chosen {
		diffs, err := diffsOf(s, &chosen[i], time.Now())
		if err != nil {
			a.warn(err.Error())
		}
		for j := range diffs {
			if out.Len() > 0 {
				out.WriteString("\n")
			}
			missing = missing || !diffs[j].kept()
			t.diff(&out, &chosen[i], &diffs[j])
		}
	}
	if out.Len() == 0 {
		out.WriteString("Nothing has changed since it was seen first.\n")
	}
	if missing {
		out.WriteString("\n" + view.Fold("Texts are kept, redacted, only where SPANPIPE_CAPTURE=definitions is set for a session with "+
			"SPANPIPE_TELEMETRY=local, and then for as long as SPANPIPE_KEEP_CONTENT says. With it, the next change has a diff.", "",
			t.screen.Columns) + "\n")
	}
	_, err := fmt.Fprint(a.Stdout, t.screen.Text(out.String()))
	return err
}

func (d *definitionDiff) kept() bool { return d.before != nil && d.after != nil }

// diff writes the difference of one definition.
func (t *definitionTable) diff(out *strings.Builder, server *store.Defined, d *definitionDiff) {
	change := record.DefinitionChange{
		Change: record.DefinitionChanged, Kind: d.known.Kind, Name: d.known.Name, Parts: d.parts, Pinned: d.known.Unaccepted(),
	}
	fmt.Fprintf(out, "%s: %s\n", view.Safe(server.Service), view.DefinitionChange(change))
	switch {
	case d.before == nil && d.after == nil:
		out.WriteString("  no diff: neither the text before nor the text after is kept\n")
		return
	case d.before == nil:
		out.WriteString("  no diff: the text before is not kept\n")
		return
	case d.after == nil:
		out.WriteString("  no diff: the text after is not kept\n")
		return
	}
	lines := view.DefinitionDiff(d.before.Text, d.after.Text)
	if lines == nil {
		out.WriteString("  no diff: the texts are equal once they are redacted or cut\n")
		return
	}
	for i, line := range lines {
		switch {
		case i == 0:
			line += "  " + t.seen(d.before)
		case i == 1:
			line += "   " + t.seen(d.after)
		case strings.HasPrefix(line, "-"):
			line = t.screen.Paint(view.Red, line)
		case strings.HasPrefix(line, "+"):
			line = t.screen.Paint(view.Green, line)
		}
		out.WriteString(line + "\n")
	}
}

// seen says when a text was captured, and whether it is whole.
func (t *definitionTable) seen(text *definitions.Text) string {
	seen := "seen last on " + text.Captured.In(t.screen.Zone).Format("Mon 2 Jan 15:04")
	if text.Cut {
		seen += ", cut at 64 KiB"
	}
	return seen
}

// jsonText is a text of a definition.
type jsonText struct {
	Captured time.Time `json:"captured"`
	Text     string    `json:"text"`
	Cut      bool      `json:"cut,omitempty"`
}

func newTextJSON(t *definitions.Text) *jsonText {
	if t == nil {
		return nil
	}
	return &jsonText{utc(t.Captured), t.Text, t.Cut}
}

// addTexts adds the texts of definitions that have changed to what newDefinitionsJSON returns for the same servers.
func (a *app) addTexts(s *store.Store, chosen []store.Defined, to *jsonDefinitions) {
	for i := range chosen {
		diffs, err := diffsOf(s, &chosen[i], time.Now())
		if err != nil {
			a.warn(err.Error())
		}
		for _, d := range diffs {
			for j := range chosen[i].Known {
				if &chosen[i].Known[j] == d.known {
					one := &to.Servers[i].Definitions[j]
					one.Before, one.After = newTextJSON(d.before), newTextJSON(d.after)
				}
			}
		}
	}
}
