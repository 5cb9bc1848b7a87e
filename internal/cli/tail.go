package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
)

// tailedOperations is how many operations come first that are over.
const tailedOperations = 20

func (a *app) tailCommand() *cli.Command {
	return &cli.Command{
		Name:      "tail",
		Usage:     "show what happens now in all sessions, a line for each operation",
		UsageText: "spanpipe tail [flags]",
		Description: `Follows all stored sessions, those that start later included: a line for each
operation that ends, and one for each that has not been answered for long, again
each time that has doubled. A session that starts or ends has a line, too.
Ctrl-C ends it.

   spanpipe tail
   spanpipe tail --server 'git*' --failed
   spanpipe tail --json | jq -c 'select(.outcome == "hung")'
   spanpipe tail -n 100 | grep search_code

A line has the time, the server, the operation (→ asked by the client, ← by the
server), how long it took, the size of the answer, and the outcome. With
--failed there are only operations that failed or hang.

Without a session it waits for one.

Exit status: 130 after Ctrl-C, as usual; 2 if the command line is invalid or the
store cannot be read.`,
		Flags: a.flags(
			&cli.IntFlag{Name: "n", Value: tailedOperations, Usage: "begin with the last `COUNT` operations"},
			serverFlag, clientFlag, failedFlag, utcFlag,
			&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print a JSON object a line, whose shape docs/json.md describes"},
		),
		Action: a.tail,
	}
}

func (a *app) tail(c *cli.Context) error {
	if c.Args().Present() || a.dashes {
		return &usageError{"tail takes no arguments", "a server's sessions: spanpipe tail --server " + c.Args().First()}
	}
	if n := c.Int("n"); n < 0 {
		return &usageError{fmt.Sprintf("-n %d: want a number of operations from 0", n), ""}
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
	lines := newTailTable(a.screen(), now).lines
	if c.Bool("json") {
		lines = tailJSON
	}
	return a.follow(c.Context, stored, store.Following{Filter: f, Last: c.Int("n")}, now, lines)
}

// follow writes what happens from now on, in lines. A reader that has left, as "| head" does, ends it without an error.
func (a *app) follow(
	ctx context.Context, s *store.Store, what store.Following, now time.Time, lines func(*store.Event) string,
) error {
	first, closed := true, false
	err := s.Follow(ctx, what, func(events []store.Event) error {
		if first {
			first = false
			a.waiting(s, &what.Filter, events, now)
		}
		for i := range events {
			if _, err := io.WriteString(a.Stdout, lines(&events[i])); err != nil {
				closed = true
				return err
			}
		}
		return nil
	})
	if closed {
		return nil
	}
	return a.storeError(s, err)
}

// waiting reports that nothing can be seen at once, and why, if no session that is to be followed is live.
func (a *app) waiting(s *store.Store, f *store.Filter, events []store.Event, now time.Time) {
	for i := range events {
		if events[i].Kind == store.SessionStarted {
			return
		}
	}
	of := ""
	switch {
	case f.Server != "":
		of = " of " + f.Server
	case f.Client != "":
		of = " of client " + f.Client
	}
	last := ""
	all, _ := s.Select(store.Filter{Server: f.Server, Client: f.Client}) // an error would be Follow's
	var end time.Time
	for i := range all {
		if at := all[i].LastSeen(); at.After(end) {
			end = at
		}
	}
	if !end.IsZero() {
		last = ". The last ended " + report.When(end.In(now.Location()), now)
	}
	hint := ""
	if len(all) == 0 {
		hint = "a session is stored if SPANPIPE_TELEMETRY=local is set where a client starts its server"
	}
	a.printer.lines("waiting; no session"+of+" is live"+last+". Ctrl-C ends this", hint)
}
