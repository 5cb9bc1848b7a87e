package cli

import (
	"cmp"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/compare"
	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

func (a *app) diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "compare two sessions or recordings of a server",
		UsageText: "spanpipe diff [flags] [A] B",
		Description: `Shows what differs between A and B, the earlier and the later: operations that
are new, gone, or end otherwise; sizes, tokens and the shape of results; what is
slower or faster; definitions, member by member, and what they cost; the
server's version and capabilities; violations and text on stdout.

A and B are sessions, as for "spanpipe show", or files that "spanpipe record"
wrote; "-" is a recording on stdin. With B alone, A is the session before it of
the same server; with neither, B is the last session.

   spanpipe diff                            the last session, and the one before
   spanpipe diff 5 2                        sessions of the last listing
   spanpipe diff main.jsonl branch.jsonl    two recordings
   spanpipe diff main.jsonl last --json     a recording and a session

Operations are compared by method and target: all calls of a tool with all. A
tool is slower only if statistics say so: at least 5 answered calls in each, the
median longer by the ratio and a millisecond, and a chance below 1 in 100 that
such calls differ by accident, and below 1 in 20 that those of any tool do. A
busy machine is cause enough, so durations count for the exit status only with
--slower. Recordings show most; of stored sessions neither results nor, unless
they are captured, the texts of definitions are known. Results are compared by
size and shape, and not by what is in them: spanpipe replay does that.

Exit status: 0 if nothing differs but durations, 1 if something does, or is
slower with --slower, 2 if the command line is invalid or an argument cannot be
read: as of diff(1).`,
		Flags: a.flags(
			&cli.Float64Flag{Name: "ratio", Value: compare.DefaultRatio, Usage: "slower is a median of `RATIO` times that of A"},
			&cli.BoolFlag{Name: "slower", Usage: "exit with 1 also if an operation is slower", DisableDefaultText: true},
			&cli.BoolFlag{Name: "all", Usage: "also operations without a difference, and all of each", DisableDefaultText: true},
			utcFlag, jsonFlag,
		),
		Action: a.diff,
	}
}

func (a *app) diff(c *cli.Context) error {
	if c.NArg() > 2 || a.dashes {
		return &usageError{"diff takes two sessions or recordings", "see: spanpipe help diff"}
	}
	ratio := c.Float64("ratio")
	if !(ratio > 1 && ratio <= 1000) {
		return &usageError{fmt.Sprintf("--ratio %v: want a number above 1", ratio), "1.5 is half as long again"}
	}
	if c.Args().Get(0) == "-" && c.Args().Get(1) == "-" {
		return &usageError{"stdin can be one of the two", "name a file for the other"}
	}
	p, err := a.conversations().pair(c.Args().Slice())
	if err != nil {
		return err
	}
	d := compare.Compare(p.a, p.b, compare.Options{Ratio: ratio, Slower: c.Bool("slower"), Noticed: p.noticed})
	if d.Differs {
		a.status.Code = exitDiffers
	}
	if c.Bool("json") {
		return a.writeJSON(d)
	}
	screen := a.screen()
	if c.Bool("utc") {
		screen.Zone = time.UTC
	}
	return d.Text(a.Stdout, screen, c.Bool("all"))
}

// pair is two sessions that are to be compared.
type pair struct {
	a, b    *conversation.Conversation
	noticed []record.DefinitionChange // between the two
}

// pair reads what the arguments of diff name.
func (c *conversations) pair(arguments []string) (p pair, err error) {
	if len(arguments) == 2 {
		if p.a, err = c.read(arguments[0]); err != nil {
			return p, err
		}
		if p.b, err = c.read(arguments[1]); err != nil {
			return p, err
		}
		return p, c.addKnown(&p)
	}
	asked := "last"
	if len(arguments) == 1 {
		asked = arguments[0]
	}
	if p.b, err = c.read(asked); err != nil {
		return p, err
	}
	if p.b.Recording != nil {
		return p, &usageError{"diff takes two recordings: " + asked + " is one", "for example: spanpipe diff " + asked + " last"}
	}
	before, err := c.before(p.b)
	if err != nil {
		return p, err
	}
	if p.a, err = c.ofSession(before); err != nil {
		return p, err
	}
	return p, c.addKnown(&p)
}

// before returns the session of the same server before a stored one. One without an operation has nothing to compare with.
func (c *conversations) before(of *conversation.Conversation) (*store.Session, error) {
	all, err := c.store.Sessions() // the newest first
	if err != nil {
		return nil, c.storeError(c.store, err)
	}
	found := false
	for i := range all {
		s := &all[i]
		if found && s.Service == of.Service && s.Totals.Operations > 0 {
			return s, nil
		}
		found = found || s.Name == of.Name
	}
	server := view.Safe(cmp.Or(of.Records.Session.Server.Name, of.Service))
	return nil, &usageError{fmt.Sprintf("there is no session of %s before %s", server, of.Name),
		"name both: spanpipe diff A B; they are listed by: spanpipe sessions"}
}
