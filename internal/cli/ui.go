package cli

import (
	"cmp"
	"errors"
	"io"
	"log/slog"
	"net"
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
		Description: `Serves a page over the stored sessions and opens it in the browser: sessions with
their calls on a time axis, tools, what servers put into the model's context, and
what happens now. It needs sessions that were wrapped with SPANPIPE_TELEMETRY=local,
and only reads what they store. The page fetches nothing from elsewhere and sends
nothing.

   spanpipe ui                          the page, in the browser
   spanpipe ui --no-open                a link instead, to open by hand
   spanpipe ui --addr 127.0.0.1:7777    at a port of your choice

Only this machine can reach the page, and only a browser with a link: it is valid
for 30 seconds, and once. Enter makes another one. To look from another machine,
forward the port: ssh -L 7777:127.0.0.1:7777 that-machine.

Exit status: 0 after Ctrl-C; 2 if the command line is invalid, the address cannot
be listened on, or the store cannot be read. Another signal ends it as it would
any program.`,
		Flags: a.flags(
			&cli.StringFlag{Name: "addr", Value: "127.0.0.1:0", Usage: "listen on `HOST:PORT`; port 0 is any that is free"},
			&cli.BoolFlag{Name: "no-open", DisableDefaultText: true, Usage: "print a link and open no browser"},
			sinceOr(listedDays),
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
	f, err := filter(c, now, listedDays)
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
	sig, err := serve.Run(l, a.serving(c, s, f.Since, l))
	if sig != nil && sig != syscall.SIGINT {
		a.status = wrap.Status{Signal: sig.(syscall.Signal)} //nolint:forcetypeassert // package os has no others
	}
	return err
}

// serving describes the page and what is written to the terminal beside it.
func (a *app) serving(c *cli.Context, s *store.Store, since time.Time, l net.Listener) serve.Config {
	asked := cmp.Or(c.String("since"), listedDays)
	if _, err := store.ParseAge(asked); err != nil { // a time of day, or a date
		asked = since.Format(time.RFC3339)
	}
	config := serve.Config{
		Page: web.Config{
			Store: s, Dir: a.tilde(s.Dir), Since: asked, HangAfter: a.options.hangAfter, Version: a.Build.Version, Zone: a.now().Location(),
			Logger: slog.New(slog.NewTextHandler(a.printer, nil)),
		},
		Addr: c.String("addr"), StoreDir: s.Dir, Open: !c.Bool("no-open"), Environ: a.Environ,
		At: func(origin string) {
			ends := "Ctrl-C ends it"
			if isTerminal(a.Stdin) {
				ends = "Enter opens it again, Ctrl-C ends it"
			}
			a.printer.lines("the page is at "+origin+" (this machine alone). "+ends, "")
		},
		Link: func(url string) { _, _ = io.WriteString(a.Stdout, url+"\n") },
		None: func(err error) {
			if errors.Is(err, browser.ErrNone) {
				a.printer.lines("there is no browser here; open this link within 30 seconds", "")
				return
			}
			a.printer.lines("cannot open a browser: "+view.Safe(err.Error())+"; open this link within 30 seconds", "")
		},
	}
	if a.Stdin != nil {
		config.In = a.Stdin
	}
	return config
}
