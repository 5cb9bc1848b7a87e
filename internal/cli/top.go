package cli

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/top"
	"github.com/spanpipe/spanpipe/internal/top/terminal"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/wrap"
)

func (a *app) topCommand() *cli.Command {
	return &cli.Command{
		Name:  "top",
		Usage: "watch sessions, calls and tools in the terminal, as they happen",
		Description: `Shows the stored sessions of the last week and what happens in them now: which
calls are open, which hang, which tools fail or are slow. It needs sessions that
were wrapped with SPANPIPE_TELEMETRY=local. It changes none of them; when it
ends, it removes what is over SPANPIPE_KEEP.

   spanpipe top                     the view; ? lists its keys, q quits
   spanpipe top --server github     sessions of one server
   spanpipe top --filter 'hung'     with a filter from the start
   spanpipe top --plain             sentences instead of a screen

--plain is for screen readers and logs: it says what changes, line by line, and
answers to words (type help), until the word q or the end of its input: without
any, as from /dev/null, it says how things stand. It is chosen by itself in a
terminal that can do no more (TERM=dumb). Into a pipe it says only what fails or
hangs.

NO_COLOR turns colors off. Without UTF-8 in LC_ALL, LC_CTYPE or LANG, the screen
is drawn in ASCII.

Exit status: 0, also without a session; 2 without a terminal, or if the command
line is invalid or the store cannot be read. A signal ends it as it would any
program, with the terminal restored.`,
		Flags: a.flags(sinceOr(listedDays), serverFlag, clientFlag, failedFlag,
			&cli.StringFlag{Name: "filter", Usage: "begin with the filter `WORDS`, as behind /"},
			&cli.BoolFlag{Name: "plain", DisableDefaultText: true, Usage: "sentences and commands instead of a screen"},
			&cli.BoolFlag{Name: "still", DisableDefaultText: true, Usage: "no clock, no ages: change only when something happens"}),
		Action: a.top,
	}
}

func (a *app) top(c *cli.Context) error {
	s, err := a.look()
	if err != nil {
		return err
	}
	now := time.Now()
	f, err := filter(c, now, listedDays)
	if err != nil {
		return err
	}
	words := c.String("filter")
	if f.Failed {
		f.Failed, words = false, strings.TrimSpace("failed "+words)
	}
	if _, err := watch.ParseFilter(words); err != nil {
		return &usageError{"--filter " + view.Safe(words) + ": " + view.Safe(err.Error()), "see: spanpipe help top"}
	}
	if err := s.Readable(); err != nil { // the view says the rest
		return a.storeError(s, err)
	}
	config := terminal.Config{
		Source: s, Filter: f, In: a.Stdin, Out: a.Stdout, Environ: a.Environ, Still: c.Bool("still"),
		Color: painted(a.Stdout, a.Environ),
		Top: top.Config{
			Now: now, HangAfter: a.options.hangAfter, Dir: a.tilde(s.Dir), Filter: words,
			ASCII: !isUTF8(a.Environ, runtime.GOOS),
		},
	}
	if dumb, _ := getenv(a.Environ, "TERM"); c.Bool("plain") || dumb == "dumb" {
		err = a.topTalk(config)
	} else {
		err = a.topScreen(config)
	}
	if signaled, ok := errors.AsType[*terminal.SignalError](err); ok {
		a.status = wrap.Status{Signal: signaled.Signal}
		return nil
	}
	return err
}

// topScreen shows the view on a terminal.
func (a *app) topScreen(c terminal.Config) error {
	for _, stream := range []struct {
		name string
		file *os.File
	}{{"stdin", a.Stdin}, {"stdout", a.Stdout}} {
		if !isTerminal(stream.file) {
			return &usageError{"top needs a terminal on " + stream.name,
				"to follow without one: spanpipe tail, or spanpipe top --plain"}
		}
	}
	return terminal.Run(c)
}

// topTalk says what happens, line by line.
func (a *app) topTalk(c terminal.Config) error {
	in, out := isTerminal(a.Stdin), isTerminal(a.Stdout)
	t := terminal.TalkConfig{Config: c, Invite: in, Prompt: in && out}
	if out {
		t.Width = width(a.Stdout, 80) - 2
	}
	return terminal.Talk(t)
}

// painted reports whether colors may be used on a stream.
func painted(f *os.File, environ []string) bool {
	return painter(f, environ)(view.Red, "") != ""
}
