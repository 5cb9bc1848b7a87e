package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

func (a *app) reportCommand() *cli.Command {
	return &cli.Command{
		Name:  "report",
		Usage: "figures over weeks: calls, failures, durations, trends",
		Description: `Adds up the calls of all stored sessions: how many failed and why, how long they
took, what is slower than in the window before, and which tools are listed and
never called. A call counts for the time when it started. A failure is the
server's: neither a call that was cancelled nor a bad request is one. Durations
are those of calls that were answered or timed out. RESULT is the median of what
an answer takes, in tokens; CONTEXT are the tokens of a server's definitions and
instructions, which are in every conversation. Tokens are estimates, within
10 %; sessions of earlier versions have bytes in their place. The SESSIONS of a
day are those that made a call on it.

   spanpipe report                               the last 7 days, by tool
   spanpipe report --since 1d --by server
   spanpipe report --by day --client 'claude*'
   spanpipe report --failed --all                all tools that have failed
   spanpipe report --since 30d --format csv > calls.csv

Exit status: 0; 2 if the command line is invalid or there is nothing to show,
except that JSON and CSV of nothing are just empty.`,
		Flags: a.flags(
			sinceOr(listedDays),
			oneOf{
				&cli.StringFlag{Name: "by", Usage: "rows by `KIND`: tool, prompt, resource, server, client, day"},
				"tool prompt resource server client day",
			},
			serverFlag, clientFlag,
			&cli.BoolFlag{Name: "failed", Usage: "only rows with failures, those with the most first", DisableDefaultText: true},
			&cli.BoolFlag{Name: "all", Usage: "all rows, and all that is said below the table", DisableDefaultText: true},
			utcFlag,
			oneOf{
				&cli.StringFlag{Name: "format", DefaultText: "table", Usage: "print `FORMAT`: table, json, csv or markdown"},
				"table json csv markdown",
			},
			jsonFlag,
		),
		Action: a.report,
	}
}

func (a *app) report(c *cli.Context) error {
	now := a.nowFor(c)
	chosen, err := reportOptions(c, now)
	if err != nil {
		return err
	}
	s, err := a.look()
	if err != nil {
		return err
	}
	all, err := s.Sessions()
	if err != nil {
		return a.storeError(s, err)
	}
	for i := range all {
		if chosen.Stored.IsZero() || all[i].Launched.Before(chosen.Stored) {
			chosen.Stored = all[i].Launched
		}
	}
	chosen.Price, chosen.Currency = a.options.tokenPrice.amount, a.options.tokenPrice.currency
	of := choose(all, chosen.filter)
	chosen.Changes = changesOf(s, chosen.filter)
	r := report.Make(sources(of), chosen.Options)
	a.tellUnread(r)
	a.tellLater(of)
	if program := chosen.format == "json" || chosen.format == "csv"; !program && r.Total.Calls+r.Total.Hung == 0 {
		if len(all) == 0 {
			return a.nothingStored(s)
		}
		return chosen.nothing(all, r, now)
	}
	return a.writeReport(r, chosen)
}

// changesOf returns how definitions have changed, by server. Where that cannot be read, spanpipe definitions says why.
func changesOf(s *store.Store, f store.Filter) map[string][]record.DefinitionChange {
	all, err := s.Defined()
	if err != nil || f.Client != "" { // it is not known to which clients
		return nil
	}
	changes := map[string][]record.DefinitionChange{}
	for _, d := range all {
		if f.Server == "" || store.Matches(f.Server, d.Service) {
			changes[d.Service] = append(changes[d.Service], d.Changes...)
		}
	}
	return changes
}

// reportChoice is what the command line asks for.
type reportChoice struct {
	report.Options
	filter store.Filter
	format string
	all    bool
}

func reportOptions(c *cli.Context, now time.Time) (*reportChoice, error) {
	f, err := filter(c, now, listedDays)
	if err != nil {
		return nil, err
	}
	if !f.Since.Before(now) {
		return nil, &usageError{"--since " + c.String("since") + ": that is not before now", "for example: --since " + listedDays}
	}
	by, ok := report.ParseBy(cmp.Or(c.String("by"), string(report.ByTool)))
	if !ok {
		return nil, &usageError{"--by " + c.String("by") + ": want tool, prompt, resource, server, client or day", ""}
	}
	chosen := &reportChoice{format: cmp.Or(c.String("format"), "table"), all: c.Bool("all"), filter: f, Options: report.Options{
		Window: report.Window{Since: f.Since, Until: now}, By: by, Failed: f.Failed, Location: now.Location(),
	}}
	chosen.filter.Failed = false // of rows, and not of sessions
	chosen.filter.Since = chosen.Before()
	switch {
	case c.Bool("json") && !c.IsSet("format"):
		chosen.format = "json"
	case c.Bool("json") && chosen.format != "json":
		return nil, &usageError{"--json and --format " + chosen.format + " contradict each other", "leave one of them out"}
	}
	switch chosen.format {
	case "table", "json", "csv", "markdown":
		return chosen, nil
	}
	return nil, &usageError{"--format " + chosen.format + ": want table, json, csv or markdown", ""}
}

// sources returns stored sessions as a report takes them.
func sources(of []store.Session) []report.Session {
	all := make([]report.Session, len(of))
	for i := range of {
		s := &of[i]
		all[i] = report.Session{
			Name: s.Name, Server: s.ServerName(), Client: s.Client.Name, Launched: s.Launched, Ended: s.Ended,
			Live: s.State == store.Live, Digest: s.Digest, Findings: s.Findings,
		}
		if s.State != store.Ended {
			all[i].Open = s.OpenOperations
		}
	}
	return all
}

// tellUnread warns about sessions that are in the report only in part.
func (a *app) tellUnread(r *report.Report) {
	const most = 3
	for i, one := range r.Unread {
		if i == most {
			a.warn("and " + view.Plural(len(r.Unread)-most, "more session"))
			return
		}
		a.warn(fmt.Sprintf("session %s could be read only in part: %v", one.Name, one.Err))
	}
}

// tellLater warns about sessions whose digests may hold more than this version knows.
func (a *app) tellLater(of []store.Session) {
	n := 0
	for i := range of {
		if of[i].Later() {
			n++
		}
	}
	if n > 0 {
		a.warn(view.Plural(n, "session") + " of a later version of spanpipe: figures may lack what this version cannot read")
	}
}

func (a *app) writeReport(r *report.Report, chosen *reportChoice) error {
	switch chosen.format {
	case "json":
		return a.writeJSON(r)
	case "csv":
		return r.CSV(a.Stdout)
	case "markdown":
		return r.Markdown(a.Stdout, chosen.Location)
	}
	screen := a.screen()
	screen.Zone = chosen.Location
	return r.Text(a.Stdout, screen, chosen.all)
}

// nothing returns the error of a report without calls, which says when there were some.
func (chosen *reportChoice) nothing(all []store.Session, r *report.Report, now time.Time) error {
	calls := "calls"
	switch chosen.By {
	case report.ByTool, report.ByPrompt:
		calls = string(chosen.By) + " calls"
	case report.ByResource:
		calls = "resources read"
	}
	if f := chosen.filter; f.Server != "" || f.Client != "" {
		calls += " of " + strings.TrimSpace(f.Server+" "+f.Client)
	}
	last := r.LastCall
	if last.IsZero() { // they may be older than the window before
		window := report.Window{Since: chosen.Since, Until: chosen.Until}
		f := chosen.filter
		f.Since = time.Time{}
		last = report.Make(sources(choose(all, f)), report.Options{Window: window, By: chosen.By}).LastCall
	}
	if last.IsZero() {
		return &usageError{"no " + calls + " are stored", "what is stored: spanpipe sessions"}
	}
	days := int(now.Sub(last).Hours()/24) + 1
	if usual := 7; days < usual {
		days = usual
	} else if usual = 30; days < usual {
		days = usual
	}
	return &usageError{
		fmt.Sprintf("no %s %s; the last was %s", calls, chosen.During(chosen.Location), report.When(last.In(chosen.Location), now)),
		fmt.Sprintf("a longer window: --since %dd", days),
	}
}

// choose returns the sessions that may have calls in the windows.
func choose(all []store.Session, f store.Filter) []store.Session {
	return slices.DeleteFunc(slices.Clone(all), func(s store.Session) bool { return !f.Session(&s) })
}
