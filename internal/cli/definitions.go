package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

func (a *app) definitionsCommand() *cli.Command {
	return &cli.Command{
		Name:      "definitions",
		Usage:     "list what servers offer, and what has changed in it",
		UsageText: "spanpipe definitions [flags] [SERVER]",
		Description: `Lists the tools, prompts, resource templates and instructions of the servers
that ran with SPANPIPE_TELEMETRY=local, and which are not what they were. What
is seen first is trusted; a change is a warning in the session that notices it.
Of what was accepted, every difference is a warning, in each session, until it
is accepted, too. A change names parts. Texts, redacted, are kept for --diff
only where SPANPIPE_CAPTURE has definitions, for as long as
SPANPIPE_KEEP_CONTENT says.

   spanpipe definitions
   spanpipe definitions 'server-git*'
   spanpipe definitions server-github --diff
   spanpipe definitions server-github --accept

STATE     changed (since it was seen first), accepted, DIFFERS (from what was
          accepted, or is new since), gone (the server no longer lists it)
TOKENS    an estimate of what it costs a model's context

Exit status: 0; 1 if something differs from what was accepted; 2 if the command
line is invalid or there is nothing to list, except that JSON of nothing is an
empty list.`,
		Flags: a.flags(
			&cli.BoolFlag{Name: "accept", DisableDefaultText: true,
				Usage: "accept what SERVER offers now, and warn of differences"},
			&cli.BoolFlag{Name: "diff", DisableDefaultText: true,
				Usage: "show the texts before and after, as far as they are kept"},
			&cli.BoolFlag{Name: "all", DisableDefaultText: true, Usage: "list all definitions and changes"},
			utcFlag, jsonFlag,
		),
		Action: a.definitions,
	}
}

// exitDiffers is the exit code of "spanpipe definitions" when something is not what was accepted.
const exitDiffers = 1

func (a *app) definitions(c *cli.Context) error {
	if c.NArg() > 1 || a.dashes {
		return &usageError{"definitions takes the name of one server", "see: spanpipe help definitions"}
	}
	asked := c.Args().First()
	if c.Bool("accept") && asked == "" {
		return &usageError{"--accept needs the name of a server", "for example: spanpipe definitions server-github --accept"}
	}
	s, err := a.look()
	if err != nil {
		return err
	}
	all, err := s.Defined()
	if err != nil {
		return a.storeError(s, err)
	}
	chosen := a.chosenDefinitions(all, asked)
	if len(chosen) == 0 && !c.Bool("accept") {
		chosen = calledDefinitions(s, all, asked)
	}
	if len(chosen) == 0 && !c.Bool("json") {
		return a.noDefinitions(s, all, asked)
	}
	if c.Bool("accept") {
		return a.accept(s, chosen)
	}
	for i := range chosen {
		if slices.ContainsFunc(chosen[i].Known, func(k definitions.Known) bool { return chosen[i].Differs(&k) }) {
			a.status.Code = exitDiffers
		}
	}
	if c.Bool("json") {
		out := newDefinitionsJSON(chosen)
		if c.Bool("diff") {
			a.addTexts(s, chosen, &out)
		}
		return a.writeJSON(out)
	}
	t := definitionTable{screen: a.screen(), now: a.nowFor(c), all: c.Bool("all")}
	t.screen.Zone = t.now.Location()
	if c.Bool("diff") {
		return a.diffDefinitions(s, chosen, &t)
	}
	_, err = fmt.Fprint(a.Stdout, t.text(chosen))
	return err
}

// chosenDefinitions returns the servers that are asked for, by name. What cannot be read is reported.
func (a *app) chosenDefinitions(all []store.Defined, asked string) (chosen []store.Defined) {
	for _, d := range all {
		switch {
		case d.Problem != nil:
			a.warn(d.Problem.Error())
		case len(d.Known) > 0 && (asked == "" || store.Matches(asked, d.Service) || asked == d.ID):
			d.Sort()
			chosen = append(chosen, d)
		}
	}
	slices.SortFunc(chosen, func(a, b store.Defined) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.ID, b.ID))
	})
	return chosen
}

// calledDefinitions returns the servers that call themselves what is asked for, as sessions shows it. That is enough to look at
// them and not to accept what they offer: any server can call itself so.
func calledDefinitions(s *store.Store, all []store.Defined, asked string) (chosen []store.Defined) {
	sessions, _ := s.Select(store.Filter{Server: asked}) // without any, nothing is called so
	for _, d := range all {
		if len(d.Known) > 0 && slices.ContainsFunc(sessions, func(one store.Session) bool { return one.Service == d.Service }) {
			d.Sort()
			chosen = append(chosen, d)
		}
	}
	return chosen
}

// noDefinitions is the error of a command that has nothing to show, with the next step.
func (a *app) noDefinitions(s *store.Store, all []store.Defined, asked string) error {
	if len(all) > 0 && asked != "" {
		return &usageError{"no server is called " + view.Safe(asked), "list them: spanpipe definitions"}
	}
	return &usageError{"no definitions are known in " + a.tilde(s.Dir),
		"to get some: SPANPIPE_TELEMETRY=local spanpipe try -- your-server; or set that variable where your client starts it"}
}

// accept pins what servers offer.
func (a *app) accept(s *store.Store, chosen []store.Defined) error {
	for _, d := range chosen {
		pinned, err := s.Accept(d.ID)
		if err != nil {
			return fmt.Errorf("accepting the definitions of %s: %w", view.Safe(d.Service), err)
		}
		_, err = fmt.Fprintf(a.Stdout, "Accepted %s of %s. Every difference is a warning from now on, in sessions that start now.\n",
			view.Plural(pinned, "definition"), view.Safe(d.Service))
		if err != nil {
			return err
		}
	}
	return nil
}

// definitionTable writes what servers offer, for people.
type definitionTable struct {
	screen *view.Screen
	now    time.Time
	all    bool
	shared bool // several servers have one name, and are told apart by their ids
	server int  // widths of the columns
	name   int
}

// Widths of the table. With names of restOfDefinitions columns less than 80 it fits a terminal.
const (
	leastDefinition   = 10
	mostDefinition    = 40
	restOfDefinitions = 54
	shownDefinitions  = 60
	shownChanges      = 30
)

func (t *definitionTable) text(servers []store.Defined) string {
	names := map[string]int{}
	for i := range servers {
		names[servers[i].Service]++
		t.shared = t.shared || names[servers[i].Service] > 1
	}
	t.server, t.name = 6, leastDefinition
	for i := range servers {
		t.server = max(t.server, view.Width(t.called(&servers[i])))
		for k := range servers[i].Known {
			t.name = max(t.name, view.Width(view.Safe(servers[i].Known[k].Name)))
		}
	}
	t.server, t.name = min(t.server, 16), min(t.name, mostDefinition)
	if columns := t.screen.Columns; columns > 0 {
		t.name = min(t.name, max(columns-restOfDefinitions-t.server, leastDefinition))
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s  KIND      %s  FIRST   CHANGED    SIZE TOKENS  STATE\n",
		view.Pad("SERVER", t.server), view.Pad("NAME", t.name))
	rows := 0
	for i := range servers {
		for j := range servers[i].Known {
			k := &servers[i].Known[j]
			if rows++; t.all || rows <= shownDefinitions {
				out.WriteString(t.row(t.called(&servers[i]), k, servers[i].Differs(k)) + "\n")
			}
		}
	}
	if more := rows - shownDefinitions; more > 0 && !t.all {
		fmt.Fprintf(&out, "%s more: --all\n", view.Number(more))
	}
	t.changes(&out, servers)
	return t.screen.Text(out.String())
}

// called returns what a server is called: by its id as well, if another one has the same name.
func (t *definitionTable) called(d *store.Defined) string {
	if t.shared {
		return view.Safe(d.Service) + " " + d.ID[:min(len(d.ID), 4)]
	}
	return view.Safe(d.Service)
}

func (t *definitionTable) row(server string, k *definitions.Known, differs bool) string {
	kind := map[record.DefinitionKind]string{
		record.TemplateDefinition: "template", record.InstructionsDefinition: "instruct.",
	}[k.Kind]
	changed, tokens := "–", "–"
	if k.Since.After(k.First) {
		changed = t.date(k.Since)
	}
	if k.Tokens > 0 {
		tokens = "≈" + view.Number(int(k.Tokens))
	}
	state, color := stateOf(k, differs)
	return strings.TrimRight(fmt.Sprintf("%s  %-9s %s  %6s  %7s %7s %6s  ", view.Pad(view.Cut(server, t.server), t.server),
		cmp.Or(kind, view.Safe(string(k.Kind))), view.Pad(view.Cut(view.Safe(cmp.Or(k.Name, "–")), t.name), t.name),
		t.date(k.First), changed, size(k.Size), tokens)+t.screen.Paint(color, state), " ")
}

// date returns a day in six columns.
func (t *definitionTable) date(at time.Time) string {
	at = at.In(t.screen.Zone)
	if at.Year() != t.now.Year() {
		return at.Format("Jan 06")
	}
	return at.Format("2 Jan")
}

// stateOf returns the state of a definition in a word.
func stateOf(k *definitions.Known, differs bool) (word string, color view.Color) {
	switch {
	case !k.Gone.IsZero():
		return "gone", view.Dim
	case differs:
		return "DIFFERS", view.Yellow
	case k.Pinned():
		return "accepted", view.Green
	case k.Since.After(k.First):
		return "changed", view.Yellow
	}
	return "", view.Dim
}

// changes writes the latest changes, and what to do about them.
func (t *definitionTable) changes(out *strings.Builder, servers []store.Defined) {
	type change struct {
		server string
		record.DefinitionChange
	}
	var all []change
	next := ""
	for i := range servers {
		for _, c := range servers[i].Changes {
			all = append(all, change{t.called(&servers[i]), c})
			if !c.Harmless() && next == "" && !settled(&servers[i], &c) {
				next = servers[i].Service
			}
		}
	}
	if len(all) == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b change) int { return b.Since.Compare(a.Since) })
	out.WriteString("\n")
	for i, c := range all {
		if i == shownChanges && !t.all {
			fmt.Fprintf(out, "and %s more: --all\n", view.Number(len(all)-i))
			break
		}
		at := c.Since.In(t.screen.Zone).Format("Mon 2 Jan 15:04")
		indent := strings.Repeat(" ", len("Mon 24 Nov 15:04")+2)
		text := view.Fold(c.server+": "+view.DefinitionChange(c.DefinitionChange), indent, t.screen.Columns)
		if !c.Harmless() {
			text = t.screen.Paint(view.Yellow, text)
		}
		fmt.Fprintf(out, "%-16s  %s\n", at, text)
	}
	if next != "" {
		fmt.Fprintf(out, "\nLook at it first. To accept it: spanpipe definitions %s --accept\n", view.Safe(next))
	}
}

// settled reports whether nothing is left to do about a change: what the server offers now is accepted, or it no longer offers
// that.
func settled(d *store.Defined, c *record.DefinitionChange) bool {
	for i := range d.Known {
		if k := &d.Known[i]; k.Kind == c.Kind && k.Name == c.Name {
			return !k.Gone.IsZero() || k.Pinned() && !d.Differs(k)
		}
	}
	return false
}

// The shapes of definitions --json; see docs/json.md.
type jsonDefinitions struct {
	Version int                   `json:"version"`
	Servers []jsonDefiningService `json:"servers"`
}

type jsonDefiningService struct {
	ID          string                    `json:"id"`
	Service     string                    `json:"service"`
	Definitions []jsonDefinition          `json:"definitions"`
	Changes     []record.DefinitionChange `json:"changes"`
}

type jsonDefinition struct {
	Kind     record.DefinitionKind `json:"kind"`
	Name     string                `json:"name,omitempty"`
	First    time.Time             `json:"first"`
	Since    time.Time             `json:"since"`
	Gone     time.Time             `json:"gone,omitzero"`
	Size     int64                 `json:"size"`
	Tokens   int64                 `json:"tokens,omitempty"`
	Parts    []record.Part         `json:"changed_parts,omitempty"`
	Accepted bool                  `json:"accepted,omitempty"`
	Differs  bool                  `json:"differs,omitempty"`

	// With --diff, of what has changed, as far as its texts are kept.
	Before *jsonText `json:"before,omitempty"`
	After  *jsonText `json:"after,omitempty"`
}

func newDefinitionsJSON(servers []store.Defined) jsonDefinitions {
	out := jsonDefinitions{Version: jsonVersion, Servers: []jsonDefiningService{}}
	for i := range servers {
		d := &servers[i]
		one := jsonDefiningService{
			ID: d.ID, Service: d.Service, Definitions: []jsonDefinition{}, Changes: append([]record.DefinitionChange{}, d.Changes...),
		}
		for j := range d.Known {
			k := &d.Known[j]
			one.Definitions = append(one.Definitions, jsonDefinition{
				Kind: k.Kind, Name: k.Name, First: utc(k.First), Since: utc(k.Since), Gone: utc(k.Gone), Size: k.Size, Tokens: k.Tokens,
				Parts: k.Parts, Accepted: k.Pinned(), Differs: d.Differs(k),
			})
		}
		out.Servers = append(out.Servers, one)
	}
	return out
}
