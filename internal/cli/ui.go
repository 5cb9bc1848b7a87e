package cli

import (
	"errors"
	"io"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/browser"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/serve"
	"github.com/spanpipe/spanpipe/wrap"
)

func (a *app) uiCommand() *cli.Command {
	return &cli.Command{
		Name:  "ui",
		Usage: "look at sessions in the browser, live",
		Description: `Serves a page over the stored sessions and opens it in the browser: sessions
with their calls on a time axis, tools, what servers put into the model's
context, and what happens now. It needs sessions that were wrapped with
SPANPIPE_TELEMETRY=local. It changes none of them; when it ends, it removes what
is over SPANPIPE_KEEP. The page loads nothing from elsewhere and sends nothing.

   spanpipe ui                          the page, in the browser
   spanpipe ui --no-open                a link instead, to open by hand
   spanpipe ui --addr 127.0.0.1:7777    at a port of your choice

Only this machine can reach the page, and only a browser with a link, which
works once, within 30 seconds. Enter makes another one. To look from another
machine, choose the port here, as above, and forward it there:
ssh -L 7777:127.0.0.1:7777 this-machine.

Exit status: 0 after Ctrl-C; 2 if the command line is invalid, the address is in
use, or the store cannot be read. Another signal ends it as it would any
program.`,
		Flags: a.flags(
			&cli.StringFlag{Name: "addr", Value: "127.0.0.1:0", DefaultText: "127.0.0.1:0", Usage: "listen on `HOST:PORT`, 0 for any port"},
			&cli.BoolFlag{Name: "no-open", DisableDefaultText: true, Usage: "print a link and open no browser"},
			since(listedDays),
			&cli.BoolFlag{Name: "allow-remote", DisableDefaultText: true, Usage: "--addr may be one that other machines can reach"},
		),
		Action: a.ui,
	}
}

func (a *app) ui(c *cli.Context) error {
	s, err := a.look()
	if err != nil {
		return err
	}
	now := a.now()
	f, err := filter(c, now, "")
	if err != nil {
		return err
	}
	if err := s.Readable(); err != nil { // the page says the rest
		return a.storeError(s, err)
	}
	l, err := serve.Listen(c.String("addr"), c.Bool("allow-remote"))
	if refused, ok := errors.AsType[*serve.AddressError](err); ok {
		return &usageError{"--addr: " + refused.Text, refused.Hint}
	} else if err != nil {
		return err
	}
	sig, err := serve.Run(l, a.serving(c, s, f.Since))
	if sig != nil && sig != syscall.SIGINT {
		a.status = wrap.Status{Signal: sig.(syscall.Signal)} //nolint:forcetypeassert // package os has no others
	}
	return err
}

// serving describes the page and what is written to the terminal beside it.
func (a *app) serving(c *cli.Context, s *store.Store, since time.Time) serve.Config {
	asked := c.String("since")
	if _, err := store.ParseAge(asked); err != nil { // a time of day, or a date
		asked = since.Format(time.RFC3339)
	}
	lines := &uiLines{app: a, opens: !c.Bool("no-open"), typed: isTerminal(a.Stdin)}
	config := serve.Config{
		Page: web.Config{
			Store: s, Dir: a.tilde(s.Dir), Since: asked, HangAfter: a.options.hangAfter,
			Zone: a.now().Location(), Logger: a.printer.logger(&a.options, a.named),
		},
		Addr: c.String("addr"), Dir: s.Dir, Open: lines.opens, Environ: serverEnvironment(a.Environ),
		At: lines.at, Unopened: lines.unopened, Link: lines.link,
	}
	if a.Stdin != nil {
		config.In = a.Stdin
	}
	return config
}

// uiLines are what "spanpipe ui" writes to the terminal.
type uiLines struct {
	*app
	opens bool // the browser
	typed bool // stdin is a terminal
	place serve.Place
}

// at says where the page is.
func (u *uiLines) at(p serve.Place) {
	u.place = p
	reach, hint, enter := "this machine alone", "", ""
	if p.Remote {
		reach, hint = "other machines can reach it, too", "what they receive is not encrypted; ssh -L is safer, see docs/ui.md"
	}
	switch {
	case u.typed && u.opens:
		enter = "Enter opens it again, "
	case u.typed:
		enter = "Enter prints another link, "
	}
	u.printer.lines("the page is at "+p.Origin+" ("+reach+"). "+enter+"Ctrl-C ends it", hint)
}

// unopened says why the page is not in the browser.
func (u *uiLines) unopened(err error) {
	const link = "open this link within 30 seconds:"
	switch {
	case errors.Is(err, browser.ErrNone):
		u.printer.lines("there is no browser here; "+link, "from another machine: "+u.place.Tunnel())
	case errors.Is(err, serve.ErrUnseen) && u.typed:
		u.printer.lines(err.Error()+"; Enter prints a link to open by hand", "")
	case errors.Is(err, serve.ErrUnseen):
		u.printer.lines(err.Error(), "for a link to open by hand: spanpipe ui --no-open")
	default:
		u.printer.lines("cannot open the browser: "+view.Safe(err.Error())+"; "+link, "")
	}
}

// link writes a link.
func (u *uiLines) link(url string) {
	u.printer.flush(lastLines)                // what belongs before it
	_, _ = io.WriteString(u.Stdout, url+"\n") // without a reader there is nothing to do but to go on
}
