package cli

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// How much of a session is shown unless a flag asks for more.
const (
	shownRows    = 40
	shownRemarks = 12
	shownLines   = 10 // of what the server has logged, if that is captured
	// readRows bounds what is read of a long session, so that its end appears at once. What went wrong before is not shown
	// then, but counted.
	readRows = 5000
)

func (a *app) showCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "draw a stored session: what was called, when, what went wrong",
		UsageText: "spanpipe show [flags] [SESSION]",
		Description: `Draws a session as a tree of its operations, each with its duration, a bar on an
axis of time, and its outcome. Times in which nothing starts or ends are folded.
Below the tree stands what needs a look: failures, calls that hang, violations
of the protocol, unusual calls, and how the session ended.

SESSION is a number of the last "spanpipe sessions", the beginning of a
session's name or id, or "last", the newest, which is also the default.

   spanpipe show                   the newest session
   spanpipe show 3 --failed        what did not go well in session 3
   spanpipe show 3 --operation 42  one call whole: times, sizes, attributes
   spanpipe show 3 --run           all servers of its client on one axis of time
   spanpipe show 3 --otlp | jq .   its spans, log records and metrics as stored

Marks: ━ waiting for the answer  ─ the answer's transfer   · too short for a bar
       ━× failed or refused      ━┤ cancelled, timed out   ━╴ never answered
       ━▶ still open, or hung    ░ a person was asked      ┊ ┿ folded time

Exit status: 0; 2 if the command line is invalid, or there is no such session or
operation.`,
		Flags: a.flags(
			&cli.Uint64Flag{Name: "operation", DefaultText: "none", Usage: "show the operation `NUMBER` whole"},
			&cli.BoolFlag{Name: "run", DisableDefaultText: true, Usage: "all servers of the session's client on one axis"},
			sinceFlag, failedFlag,
			&cli.IntFlag{Name: "n", Value: shownRows, Usage: "the last `ROWS`, and before them what failed"},
			&cli.BoolFlag{Name: "all", DisableDefaultText: true, Usage: "all of a long session"},
			&cli.BoolFlag{Name: "otlp", DisableDefaultText: true, Usage: "the stored OTLP JSON: spans, log records, metrics"},
			utcFlag, jsonFlag,
		),
		Action: a.show,
	}
}

// shown is a session that is about to be shown.
type shown struct {
	*app
	store   *store.Store
	session store.Session
	records *store.Records
	asked   string // what the command line calls it; empty if nothing
	choice  view.Choice
	all     bool
	screen  *view.Screen
	out     *bufio.Writer
}

func (a *app) show(c *cli.Context) error {
	if c.NArg() > 1 || a.dashes {
		return &usageError{"show takes one session", "see: spanpipe help show"}
	}
	if c.Int("n") < 1 {
		return &usageError{fmt.Sprintf("-n %d: want a number of rows from 1", c.Int("n")), "for all rows: --all"}
	}
	if err := exclusive(c, "operation", "run", "otlp"); err != nil {
		return err
	}
	stored, err := a.look()
	if err != nil {
		return err
	}
	now := a.nowFor(c)
	f, err := filter(c, now, "")
	if err != nil {
		return err
	}
	s := &shown{
		app: a, store: stored, asked: c.Args().First(), all: c.Bool("all"), screen: a.screen(),
		choice: view.Choice{Since: f.Since, Failed: f.Failed, Last: c.Int("n")}, out: bufio.NewWriter(a.Stdout),
	}
	if s.all {
		s.choice.Last = 0
	}
	if c.Bool("utc") {
		s.screen.Zone = time.UTC
	}
	if s.session, err = a.findSession(stored, s.asked); err != nil {
		return err
	}
	if err := s.print(c); err != nil {
		return err
	}
	return s.out.Flush()
}

// print prints what the flags ask for.
func (s *shown) print(c *cli.Context) error {
	switch {
	case c.Bool("otlp"):
		return s.readError(s.exportTo(plainJSON{s.out}, "otlp", &s.session, false))
	case c.Bool("run"):
		return s.run(s.part(c), c.Bool("json"))
	}
	if err := s.load(s.part(c)); err != nil {
		return err
	}
	if number := c.Uint64("operation"); c.IsSet("operation") {
		return s.operation(number, c.Bool("json"))
	}
	if c.Bool("json") {
		return s.json()
	}
	return s.tree()
}

// part returns what has to be read of a session for what the flags ask for.
func (s *shown) part(c *cli.Context) store.Range {
	if s.all || s.choice.Failed || c.Bool("json") || c.IsSet("operation") {
		return store.Range{Since: s.choice.Since}
	}
	return store.Range{Since: s.choice.Since, Last: max(readRows, s.choice.Last)}
}

// load reads the session's records, and says what of them cannot be read.
func (s *shown) load(part store.Range) error {
	var err error
	s.session.Sum() // also says how many operations are left out
	s.records, err = s.session.LoadPart(part)
	if err != nil {
		return s.readError(err)
	}
	if n := s.records.Damaged; n > 0 {
		s.warn(fmt.Sprintf("%d damaged lines of session %s are left out", n, s.session.Name))
	}
	if s.session.Problem != "" {
		s.warn("session " + s.session.Name + ": " + s.session.Problem)
	}
	return nil
}

func (s *shown) readError(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return s.storeError(s.store, err)
	case err != nil:
		return fmt.Errorf("reading session %s: %w", s.session.Name, err)
	}
	return nil
}

// viewed returns the records as package view takes them.
func (s *shown) viewed() *view.Records {
	r := s.records
	v := &view.Records{
		Session: r.Session, Operations: r.Operations, Notes: r.Notes, Exit: r.Exit, State: view.State(s.session.State), Last: s.now(),
	}
	if v.State != view.Live {
		v.Last = lastKnown(r)
		if seen := s.session.LastSeen(); seen.After(v.Last) {
			v.Last = seen
		}
	}
	return v
}

// lastKnown returns the latest time in records.
func lastKnown(r *store.Records) time.Time {
	last := r.Session.Launched
	take := func(t time.Time) {
		if t.After(last) {
			last = t
		}
	}
	for i := range r.Operations {
		take(r.Operations[i].Start)
		take(r.Operations[i].End)
	}
	for _, n := range r.Notes {
		take(store.TimeOf(n))
	}
	return last
}

// name returns what the command line may call the session.
func (s *shown) name() string { return cmp.Or(s.asked, "last") }

func (s *shown) printf(format string, values ...any) { fmt.Fprintf(s.out, format, values...) }

// sentence prints a text, in lines that fit.
func (s *shown) sentence(text string) {
	s.printf("%s\n", view.Fold(s.screen.Text(text), "  ", s.screen.Columns))
}

// tree prints the session as a tree, and below it what needs a look.
func (s *shown) tree() error {
	r := s.viewed()
	s.heading(r)
	s.printf("\n")
	if !s.session.Detail && s.session.Totals.Operations > 0 {
		s.sentence("Its operations have been removed (SPANPIPE_KEEP); what they add up to is in: spanpipe report")
		return nil
	}
	t := view.NewTree(r, s.choice)
	left := t.LeftOut + s.records.Left
	if unseen := s.records.Left > 0 && s.choice.Since.IsZero(); t.Shown == 0 && left > 0 && !unseen {
		s.sentence(s.noneChosen(left))
		return s.below(r)
	}
	if err := t.Draw(s.out, s.screen); err != nil {
		return err
	}
	if left > 0 {
		s.printf("\n")
		s.sentence(s.leftOut(left, left+t.Shown, t.Trouble))
		if s.records.Left > 0 && s.choice.Since.IsZero() {
			s.sentence(fmt.Sprintf("The first %s have not been looked at.", view.Number(s.records.Left)))
		}
	}
	return s.below(r)
}

// noneChosen says that the flags have left out everything.
func (s *shown) noneChosen(all int) string {
	text := "Nothing has happened in it"
	if s.choice.Failed {
		text = "Nothing has failed in it"
	}
	if since := s.choice.Since; !since.IsZero() {
		text += " since " + report.When(since.In(s.screen.Zone), s.now().In(s.screen.Zone))
	}
	return fmt.Sprintf("%s. All of its %s: spanpipe show %s --all", text, view.Plural(all, "row"), s.name())
}

// leftOut says what is not shown, and how to see it.
func (s *shown) leftOut(n, all, trouble int) string {
	text := fmt.Sprintf("%s of %s rows are left out", view.Number(n), view.Number(all))
	if trouble > 0 {
		text += fmt.Sprintf(", %s of what went wrong among them", view.Number(trouble))
	}
	if s.choice.Failed || !s.choice.Since.IsZero() {
		return text + ". All: spanpipe show " + s.name() + " --all"
	}
	return fmt.Sprintf("%s. More: -n %d, --failed, or --all", text, 5*s.choice.Last)
}

// heading prints what session it is.
func (s *shown) heading(r *view.Records) {
	head := s.server(&s.session)
	if v := r.Session.Server.Version; v != "" {
		head += " " + view.Safe(v)
	}
	if _, err := strconv.Atoi(s.asked); err == nil {
		head += ", session " + s.asked
	}
	s.sentence(head + ", " + s.state(r) + ": " + s.counts(r).String())
	about := []string{peer(r.Session.Client), r.Session.Launched.In(s.screen.Zone).Format("Mon 2 Jan 2006 15:04:05"), s.session.Name}
	if p := r.Session.Protocol; p != "" {
		about = slices.Insert(about, 1, "protocol "+view.Safe(p))
	}
	s.sentence(strings.Join(slices.DeleteFunc(about, func(t string) bool { return t == "" }), ", "))
}

// counts returns what the whole session adds up to, also where only a part of it has been read.
func (s *shown) counts(r *view.Records) view.Counts {
	if !s.session.Detail || s.records.Left > 0 {
		return counts(&s.session)
	}
	return view.Count(r)
}

// counts returns what is known of a session without its operations.
func counts(s *store.Session) view.Counts {
	t := &s.Totals
	return view.Counts{Calls: t.Calls, Failed: t.Failed, FailedCalls: t.FailedCalls, Hung: t.Hung}
}

// server returns what a person calls a session's server.
func (s *shown) server(session *store.Session) string {
	return cmp.Or(view.Safe(session.ServerName()), "a server without a name")
}

// state says how long the session has lasted, and how it stands.
func (s *shown) state(r *view.Records) string {
	lasted := view.Duration(r.End().Sub(r.Begin()))
	switch word, _ := r.Ending(); {
	case r.State == view.Live:
		return "live for " + lasted
	case r.Exit != nil && r.Exit.Cause == record.NotStarted:
		return word
	default:
		return word + " after " + lasted
	}
}

// below prints what stands below a tree.
func (s *shown) below(records ...*view.Records) error {
	var remarks []view.Remark
	for _, r := range records {
		remarks = append(remarks, r.Remarks()...)
	}
	remarks = slices.DeleteFunc(remarks, func(m view.Remark) bool { return m.Time.Before(s.choice.Since) })
	slices.SortStableFunc(remarks, func(a, b view.Remark) int { return b.Time.Compare(a.Time) })
	most := shownRemarks
	if s.all {
		most = 0
	}
	if len(remarks) > 0 {
		s.printf("\n")
	}
	left, err := view.DrawRemarks(s.out, remarks, most, s.screen)
	if left > 0 {
		s.sentence(fmt.Sprintf("%d earlier remarks: --all", left))
	}
	if len(records) == 1 {
		s.lines(records[0])
		s.closer(records[0])
	}
	return err
}

// lines prints the last lines of what the server has logged, if that is captured.
func (s *shown) lines(r *view.Records) {
	var lines []record.LogLine
	for _, n := range r.Notes {
		if l, ok := n.(record.LogLine); ok {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return
	}
	left := max(0, len(lines)-shownLines)
	if s.all {
		left = 0
	}
	s.printf("\n")
	s.sentence(fmt.Sprintf("What the server has logged, %d of %d lines:", len(lines)-left, len(lines)))
	for _, l := range lines[left:] {
		s.sentence(l.Time.In(s.screen.Zone).Format("15:04:05") + "  " + strings.TrimSpace(view.Safe(l.Level)+" "+view.Safe(l.Text)))
	}
}

// closer says how to see one of the operations whole: the last that did not go well, else the last.
func (s *shown) closer(r *view.Records) {
	if len(r.Operations) == 0 {
		return
	}
	number := r.Operations[len(r.Operations)-1].Number
	for i := range slices.Backward(r.Operations) {
		if r.Trouble(&r.Operations[i]) {
			number = r.Operations[i].Number
			break
		}
	}
	s.printf("\n")
	s.sentence(fmt.Sprintf("Closer: spanpipe show %s --operation %d", s.name(), number))
}
