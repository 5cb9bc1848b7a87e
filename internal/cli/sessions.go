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
)

// listedSessions is how many sessions a listing has, unless -n asks for more: with their headings they fit a screen.
const listedSessions = 12

// listedDays is how far back commands look that take many sessions, unless --since asks for more.
const listedDays = "7d"

func (a *app) sessionsCommand() *cli.Command {
	return &cli.Command{
		Name:      "sessions",
		Usage:     "list the stored sessions, live and ended, the newest first",
		UsageText: "spanpipe sessions [flags]",
		Description: `Lists what SPANPIPE_TELEMETRY=local has stored on this machine: a line for each
server that ran, below the client that started it. The number of a line is good
for other commands, such as "spanpipe show 3", until the next listing.

   spanpipe sessions
   spanpipe sessions --since 30d --server 'git*' --failed
   spanpipe sessions --flat | sort -k6 -n | tail
   spanpipe sessions --json | jq '.sessions[] | select(.state == "live")'

CALLS     uses of tools, prompts and resources that have ended
FAILED    requests of either side that ended with an error, without what the
          client took back and what the server had reason to refuse
HUNG      requests that were not answered within SPANPIPE_HANG_AFTER
P95       95 of 100 answered calls took at most this long
RECEIVED  bytes that the server sent to the client
END       live; closed (by the client); exit or a signal, if the server ended
          by itself; never (it did not start); killed (spanpipe itself was)

Exit status: 0; 2 if the command line is invalid or there is nothing to list,
except that JSON of nothing is an empty list.`,
		Flags: a.flags(
			&cli.IntFlag{Name: "n", DefaultText: "12; with --json all", Usage: "list `COUNT` sessions, 0 for all"},
			since(listedDays), serverFlag, clientFlag, failedFlag,
			&cli.BoolFlag{Name: "flat", DisableDefaultText: true, Usage: "leave out the grouping by client, for sort and awk"},
			utcFlag, jsonFlag,
		),
		Action: a.listSessions,
	}
}

// since returns the flag --since with a default.
func since(days string) cli.Flag {
	f := *sinceFlag
	f.Value, f.DefaultText = days, days // the library would put it in quotes
	return &f
}

// sinceOr returns the flag --since of a command that chooses by itself if it is not given.
func sinceOr(days string) cli.Flag {
	f := *sinceFlag
	f.DefaultText = days
	return &f
}

// utcFlag is shared by commands that show times.
var utcFlag = &cli.BoolFlag{Name: "utc", DisableDefaultText: true, Usage: "show times in UTC"}

func (a *app) listSessions(c *cli.Context) error {
	if c.Args().Present() || a.dashes {
		return &usageError{"sessions takes no arguments", "one session: spanpipe show " + c.Args().First()}
	}
	n := c.Int("n")
	if n < 0 {
		return &usageError{fmt.Sprintf("-n %d: want a number of sessions, or 0 for all", n), ""}
	}
	if !c.IsSet("n") && !c.Bool("json") {
		n = listedSessions
	}
	now := a.nowFor(c)
	f, err := filter(c, now, "")
	if err != nil {
		return err
	}
	stored, err := a.look()
	if err != nil {
		return err
	}
	chosen, err := stored.Select(f)
	if err != nil {
		return a.storeError(stored, err)
	}
	if len(chosen) == 0 && !c.Bool("json") {
		return a.noneChosen(stored, c, f.Since, now)
	}
	l := listing{now: now, since: f.Since, older: longer(c), matched: len(chosen)}
	if n > 0 && len(chosen) > n {
		chosen = chosen[:n]
	}
	for i := range chosen {
		chosen[i].Sum()
	}
	l.runs = store.Group(chosen)
	if l.sessions = store.Numbered(l.runs); c.Bool("flat") {
		l.sessions = chosen
	}
	if len(l.sessions) > 0 {
		if err := stored.List(l.sessions); err != nil { // the numbers will be those of the listing before
			a.warn("the numbers of this listing cannot be used: " + err.Error())
		}
	}
	if c.Bool("json") {
		return a.writeJSON(l.json())
	}
	t := sessionTable{listing: &l, screen: a.screen()}
	if t.screen.Zone = now.Location(); c.Bool("flat") {
		return t.flat(a.Stdout)
	}
	return t.grouped(a.Stdout)
}

// noneChosen is the error of a command whose flags choose no session.
func (a *app) noneChosen(s *store.Store, c *cli.Context, since, now time.Time) error {
	all, err := s.Sessions()
	if err != nil {
		return a.storeError(s, err)
	}
	if len(all) == 0 {
		return a.nothingStored(s)
	}
	var has, hints []string
	if name := c.String("server"); name != "" {
		has = append(has, "server "+name)
		hints = append(hints, "the servers are "+names(all, (*store.Session).ServerName))
	}
	if name := c.String("client"); name != "" {
		has = append(has, "client "+name)
		hints = append(hints, "the clients are "+names(all, func(s *store.Session) string { return s.Client.Name }))
	}
	if c.Bool("failed") {
		has = append(has, "an operation that failed")
	}
	message := "no session " + during(since, now)
	if len(has) > 0 {
		message += " has " + strings.Join(has, " and ")
	} else {
		hints = append(hints, "the newest started "+report.When(all[0].Launched.In(now.Location()), now))
	}
	return &usageError{message, strings.Join(append(hints, "older sessions: "+longer(c)), "; ")}
}

// names returns the different names of sessions, in a sentence.
func names(all []store.Session, name func(*store.Session) string) string {
	var list []string
	for i := range all {
		if n := name(&all[i]); n != "" {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	const most = 12
	if len(list) > most {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d others", len(list)-most)
	}
	return cmp.Or(joined(list), "not known")
}

// longer returns the flag that reaches further back.
func longer(c *cli.Context) string {
	if cmp.Or(c.String("since"), listedDays) == listedDays {
		return "--since 30d"
	}
	return "a longer --since"
}
