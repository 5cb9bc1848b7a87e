package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
)

func (a *app) pruneCommand() *cli.Command {
	return &cli.Command{
		Name:      "prune",
		Usage:     "remove stored sessions",
		UsageText: "spanpipe prune [flags]",
		Description: `Without flags, applies the limits of SPANPIPE_KEEP and SPANPIPE_KEEP_CONTENT.
That also happens by itself, about once an hour, while sessions run or are
looked at. With --older-than, --session or --all it removes the sessions that
these choose, whole: reports do not count them any more, and new sessions are
not compared with them. What you have accepted of definitions stays, see
spanpipe definitions.

Asks nothing, and says what it has removed. Sessions that are running are left,
and named.

   spanpipe prune --dry-run            what the limits would remove now
   spanpipe prune --older-than 7d      sessions that ended more than 7 days ago
   spanpipe prune --session last       the newest one
   spanpipe prune --all

Exit status: 0 if everything that was chosen is removed, or there is nothing; 1
if some of it is left; 2 if the command line is invalid.`,
		Flags: a.flags(
			&cli.StringFlag{Name: "older-than", Usage: "sessions that ended longer ago than `AGE`, such as 12h or 7d"},
			&cli.GenericFlag{Name: "session", Value: &texts{}, Usage: "the `SESSION`, as for show; may be repeated"},
			&cli.BoolFlag{Name: "all", Usage: "all sessions", DisableDefaultText: true},
			&cli.BoolFlag{Name: "dry-run", Usage: "remove nothing, and say what would be removed", DisableDefaultText: true},
			jsonFlag,
		),
		Action: a.prune,
	}
}

// texts is the value of a flag that may be repeated. The library's writes two lines' worth of help.
type texts []string

// Set implements cli.Generic.
func (t *texts) Set(one string) error {
	*t = append(*t, one)
	return nil
}

// String implements cli.Generic. There is no default to show.
func (t *texts) String() string { return "" }

// exitLeft is the exit code of "spanpipe prune" if something that was chosen is left.
const exitLeft = 1

func (a *app) prune(c *cli.Context) error {
	if c.Args().Present() || a.dashes {
		return &usageError{"prune takes no arguments", "one session: spanpipe prune --session " + c.Args().First()}
	}
	s, err := a.look()
	if err != nil {
		return err
	}
	a.looked = nil // this command removes what it reports, and nothing else
	plan := store.Plan{Keep: a.options.keep, DryRun: c.Bool("dry-run"), Now: time.Now()}
	if plan.Whole, err = a.pruneChoice(c, s, plan.Now); err != nil {
		return err
	}
	report, err := s.Prune(context.Background(), plan)
	if errors.Is(err, store.ErrPruning) {
		return fmt.Errorf("%w; try again in a moment", err)
	} else if err != nil {
		return a.storeError(s, err)
	}
	if plan.Whole != nil && len(report.Left) > 0 {
		a.status.Code = exitLeft
	}
	if c.Bool("json") {
		return a.writeJSON(newPruneJSON(report, plan.DryRun))
	}
	text := a.pruneText(s, report, plan)
	if c.Bool("all") {
		text += a.keptText(s)
	}
	_, err = io.WriteString(a.Stdout, text)
	return err
}

// keptText says what is left of a store without sessions: what servers offered, so that it is noticed if they offer something
// else the next time, and above all what the user has accepted.
func (a *app) keptText(s *store.Store) string {
	all, err := s.Defined()
	if err != nil || len(all) == 0 {
		return ""
	}
	return a.screen().Text(fmt.Sprintf("Kept: fingerprints of what %s offered, and what you accepted of it.\n"+
		"To forget that, too, remove %s\n", view.Plural(len(all), "server"), a.tilde(filepath.Join(s.Dir, store.DefinitionsName))))
}

// pruneChoice returns which sessions the flags choose, and nil if the limits do.
func (a *app) pruneChoice(c *cli.Context, s *store.Store, now time.Time) (func(store.Pruned) bool, error) {
	if err := exclusive(c, "older-than", "session", "all"); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, one := range *c.Generic("session").(*texts) {
		if one == "" { // find would take it for the newest
			return nil, &usageError{"--session: want a number, a name or last", "list them: spanpipe sessions"}
		}
		found, err := a.findSession(s, one)
		if err != nil {
			return nil, err
		}
		names[found.Name] = true
	}
	switch {
	case len(names) > 0:
		return func(p store.Pruned) bool { return names[p.Name] }, nil
	case c.Bool("all"):
		return func(store.Pruned) bool { return true }, nil
	case c.IsSet("older-than"):
		age, err := store.ParseAge(c.String("older-than"))
		if err != nil {
			return nil, &usageError{"--older-than " + c.String("older-than") + ": " + err.Error(), ""}
		}
		return func(p store.Pruned) bool { return now.Sub(p.Ended) > age }, nil
	}
	return nil, nil //nolint:nilnil // no choice is a choice: that of the limits
}

// Widths of the tables' columns.
const (
	nameWidth   = 23
	restOfPrune = nameWidth + len("  ") + len("  123456789  WOULD REMOVE") // beside the server's name
)

// pruneRows returns what the rows of the tables begin with, after their heading: sessions and their servers. On a terminal
// the names are cut.
func (a *app) pruneRows(all []store.Pruned) []string {
	screen, width := a.screen(), len("SERVER")
	for _, p := range all {
		width = max(width, view.Width(view.Safe(cmp.Or(p.Server, "–"))))
	}
	if screen.Columns > 0 {
		width = min(width, max(screen.Columns-restOfPrune, leastServer))
	}
	rows := []string{fmt.Sprintf("%-*s  %s", nameWidth, "SESSION", view.Pad("SERVER", width))}
	for _, p := range all {
		server := view.Safe(cmp.Or(p.Server, "–"))
		if screen.Columns > 0 {
			server = view.Cut(server, width)
		}
		rows = append(rows, fmt.Sprintf("%-*s  %s", nameWidth, p.Name, view.Pad(server, width)))
	}
	return rows
}

// pruneText describes what was removed.
func (a *app) pruneText(s *store.Store, r *store.Report, plan store.Plan) string {
	var b strings.Builder
	words := map[store.Part]string{
		store.WholePart: "all", store.DetailPart: "details", store.ContentPart: "captured content",
	}
	verb, are := "Removed", map[bool]string{true: "is", false: "are"}[r.Count == 1]
	if plan.DryRun {
		verb, are = "Would remove", "would be"
	}
	if len(r.Removed) > 0 {
		rows := a.pruneRows(r.Removed)
		fmt.Fprintf(&b, "%s  %9s  %s\n", rows[0], "SIZE", strings.ToUpper(verb))
		for i, p := range r.Removed {
			fmt.Fprintf(&b, "%s  %9s  %s\n", rows[i+1], view.Size(p.Size), words[p.Part])
		}
		b.WriteByte('\n')
	}
	if len(r.Left) > 0 {
		rows := a.pruneRows(r.Left)
		fmt.Fprintf(&b, "%s  LEFT\n", rows[0])
		for i, p := range r.Left {
			fmt.Fprintf(&b, "%s  %s\n", rows[i+1], view.Safe(p.Left))
		}
		b.WriteByte('\n')
	}
	if len(r.Removed) == 0 {
		fmt.Fprintf(&b, "Nothing to remove in %s", a.tilde(s.Dir))
	} else {
		fmt.Fprintf(&b, "%s %s of %s", verb, view.Size(r.Freed), view.Plural(len(r.Removed), "session"))
	}
	fmt.Fprintf(&b, "; %s, %s, %s left.\n", view.Plural(r.Count, "session"), view.Size(r.Stored), are)
	return a.screen().Text(b.String())
}

// pruneJSON is what "spanpipe prune --json" prints, see docs/json.md.
type pruneJSON struct {
	Version int          `json:"version"`
	DryRun  bool         `json:"dry_run"`
	Removed []prunedJSON `json:"removed"`
	Left    []prunedJSON `json:"left"`
	Freed   int64        `json:"freed"`
	Stored  struct {
		Sessions int   `json:"sessions"`
		Size     int64 `json:"size"`
	} `json:"stored"`
}

type prunedJSON struct {
	Session string     `json:"session"`
	Server  string     `json:"server,omitempty"`
	Started time.Time  `json:"started"`
	Part    store.Part `json:"part,omitempty"`
	Size    int64      `json:"size"`
	Reason  string     `json:"reason,omitempty"`
}

func newPruneJSON(r *store.Report, dryRun bool) pruneJSON {
	out := pruneJSON{Version: jsonVersion, DryRun: dryRun, Freed: r.Freed, Removed: []prunedJSON{}, Left: []prunedJSON{}}
	out.Stored.Sessions, out.Stored.Size = r.Count, r.Stored
	convert := func(p store.Pruned) prunedJSON {
		return prunedJSON{p.Name, p.Server, p.Started.UTC(), p.Part, p.Size, p.Left}
	}
	for _, p := range r.Removed {
		out.Removed = append(out.Removed, convert(p))
	}
	for _, p := range r.Left {
		out.Left = append(out.Left, convert(p))
	}
	return out
}

// retainPatience bounds for how long a command waits for the retention.
const retainPatience = 500 * time.Millisecond

// retain applies the limits of what is kept to the store that a command has looked at, if that is due. The command has
// printed what it had to say; this bounds for how long the shell waits for its prompt.
func (a *app) retain() {
	if a.looked == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), retainPatience)
	defer cancel()
	_, _ = a.looked.Retain(ctx, time.Now()) // "spanpipe prune" reports what cannot be removed
}
