package cli

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/push"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

func (a *app) pushCommand() *cli.Command {
	return &cli.Command{
		Name:      "push",
		Usage:     "send stored sessions to an OpenTelemetry collector",
		UsageText: "spanpipe push [flags] [SESSION...]",
		Description: `Sends the spans and log records of stored sessions over OTLP, to where the same
OTEL_... and SPANPIPE_OTEL_... variables send those of a wrapped server; without
any, to http://localhost:4317. Without a SESSION it sends those of the last 7
days, whole. For example:

   spanpipe push last
   OTEL_EXPORTER_OTLP_ENDPOINT=https://otlp.example spanpipe push --since 30d

What a destination has acknowledged is not sent there again: after an
interruption, or while a session is live, the next push goes on where this one
ends. Where it is not known whether something has arrived it is sent again, with
the same ids. SPANPIPE_TELEMETRY need not have otlp; its off, DO_NOT_TRACK and
OTEL_SDK_DISABLED forbid this command as they forbid every connection.

Captured content stays on this machine unless you say --content.

Exit status: 0 if everything is delivered; 1 if not; 2 if the command line is
invalid, there is nothing to send, or a setting forbids it.`,
		Flags: a.flags(
			sinceOr(listedDays), serverFlag, clientFlag, failedFlag,
			&cli.BoolFlag{Name: "metrics", DisableDefaultText: true, Usage: "send the metrics as well, with their own times"},
			&cli.BoolFlag{Name: "content", DisableDefaultText: true, Usage: "send captured content as well"},
			&cli.BoolFlag{Name: "again", DisableDefaultText: true, Usage: "also send what was sent there before"},
			&cli.BoolFlag{Name: "dry-run", DisableDefaultText: true, Usage: "say what would be sent, and connect to nothing"},
			jsonFlag,
		),
		Action: a.push,
	}
}

// exitUndelivered is the exit code of a push that has not delivered everything.
const exitUndelivered = 1

func (a *app) push(c *cli.Context) error {
	stored, err := a.look()
	if err != nil {
		return err
	}
	sessions, err := a.pushed(c, stored)
	if err != nil {
		return err
	}
	policy, err := a.decide(func(r consent.Request) (consent.Policy, []consent.Warning) {
		r.Telemetry += "," + string(consent.OTLP) // asked for by the command; an "off" beside it still counts
		return consent.Decide(r)
	})
	if err != nil {
		return err
	}
	if dry := c.Bool("dry-run"); !dry && !policy.Has(consent.OTLP) {
		reasons := a.reasons(policy)
		reason := cmp.Or(policy.Veto(consent.OTLP), reasons[len(reasons)-1]) // without a veto, it is off
		return &usageError{"nothing is sent: " + reason, "to see what would be sent: spanpipe push --dry-run"}
	}
	if c.Bool("content") && len(a.fleet.ForbidCapture) > 0 { // it may have been captured before
		return &usageError{"--content: " + a.fleet.file + " forbids to capture " + wordList(a.fleet.ForbidCapture), "leave out --content"}
	}
	key, err := stored.Subkey("push")
	if err != nil {
		return fmt.Errorf("reading the key of %s: %w", a.tilde(stored.Dir), err)
	}
	cfg := push.Config{
		Sessions: sessions, Senders: a.senders(c.Bool("metrics")), Key: key, Level: a.options.otlpLogLevel,
		Content: c.Bool("content"), Again: c.Bool("again"), DryRun: c.Bool("dry-run"),
	}
	progress := a.newProgress()
	cfg.Progress = progress.draw
	report, err := push.Run(context.Background(), cfg)
	progress.clear()
	for _, s := range cfg.Senders {
		s.Close()
	}
	if err != nil {
		return err
	}
	if !cfg.DryRun && !report.Complete() {
		a.status.Code = exitUndelivered
	}
	if c.Bool("json") {
		return a.writeJSON(newPushJSON(&cfg, report))
	}
	text := pushText{report: report, dry: cfg.DryRun}
	_, err = fmt.Fprint(a.Stdout, text.String())
	a.explainPush(report)
	return err
}

// pushed returns the sessions that a push sends: those that its arguments name, else those that its flags choose, of the
// last 7 days unless --since says otherwise.
func (a *app) pushed(c *cli.Context, stored *store.Store) ([]store.Session, error) {
	if c.Args().Present() {
		for _, name := range []string{"since", "server", "client", "failed"} {
			if c.IsSet(name) {
				return nil, &usageError{"--" + name + " chooses sessions, and so do the arguments",
					"give one of the two; see: spanpipe help push"}
			}
		}
		var named []store.Session
		for _, arg := range c.Args().Slice() {
			one, err := a.findSession(stored, arg)
			if err != nil {
				return nil, err
			}
			named = append(named, one)
		}
		return named, nil
	}
	now := a.now()
	f, err := filter(c, now, listedDays)
	if err != nil {
		return nil, err
	}
	chosen, err := stored.Select(f)
	if err != nil {
		return nil, a.storeError(stored, err)
	}
	if len(chosen) == 0 {
		return nil, a.noneChosen(stored, c, f.Since, now)
	}
	slices.Reverse(chosen) // the oldest first
	return chosen, nil
}

// senders returns the senders of the signals that a push sends.
func (a *app) senders(metrics bool) []*otlp.Sender {
	a.setEnvironment() // gRPC reads the variables of proxies itself
	all := otlp.Senders(otlp.Config{
		Lookup: a.lookup(), Logger: a.printer.logger(&a.options, a.named), Broken: func(any) {}, Supplier: a.fleet.supplier(),
	}, a.Build.complete().Version)
	return slices.DeleteFunc(all, func(s *otlp.Sender) bool { return s.Route.Signal == "metrics" && !metrics })
}

// explainPush says on stderr what was not delivered and why: each cause once, since the signals often share it.
func (a *app) explainPush(r *push.Report) {
	told := map[string]bool{}
	tell := func(level slog.Level, message, hint string) {
		if !told[message] {
			told[message] = true
			a.printer.tell(&a.options, a.named, level, message, hint)
		}
	}
	for _, w := range r.Warnings {
		tell(slog.LevelWarn, w, "")
	}
	for i := range r.Sessions {
		one := &r.Sessions[i]
		if one.Problem != "" {
			tell(slog.LevelWarn, "session "+one.Session.Name+" was not sent: "+one.Problem, "")
		}
		if one.Damaged > 0 {
			tell(slog.LevelWarn, fmt.Sprintf("session %s: %s could not be read", one.Session.Name, view.Plural(one.Damaged, "line")), "")
		}
		if one.WithoutContent {
			tell(slog.LevelWarn, "session "+one.Session.Name+" was sent there before without its content",
				"to send it once more, with it: spanpipe push --again --content "+one.Session.Name)
		}
	}
	for _, d := range r.Destinations {
		if d.Problem != "" && !d.Unsupported && !d.Off {
			tell(slog.LevelError, "not everything is delivered: "+d.Problem, d.Hint)
		}
	}
}

// pushProgress draws how far a push has come on one line of a terminal.
type pushProgress struct {
	out   *printer // nil where stderr is no terminal
	width int
	last  time.Time
}

func (a *app) newProgress() *pushProgress {
	if !isTerminal(a.Stderr) {
		return &pushProgress{}
	}
	return &pushProgress{out: a.printer, width: width(a.Stderr, pageWidth)}
}

// redraw is how often the line changes at most, apart from a wait.
const redraw = 100 * time.Millisecond

const clearLine = "\r\x1b[K"

func (p *pushProgress) draw(now push.Progress) {
	if p.out == nil || now.Waiting == 0 && time.Since(p.last) < redraw {
		return
	}
	p.last = time.Now()
	line := fmt.Sprintf("sending: session %d of %d, %s sent", now.Session, now.Of, view.Number(int(now.Sent)))
	if now.Waiting > 0 {
		line = fmt.Sprintf("next attempt in %s: %s", view.Duration(now.Waiting), view.Safe(now.Cause))
	}
	_, _ = p.out.Write([]byte(clearLine + view.CutEnd(line, p.width-1))) // never fails
}

func (p *pushProgress) clear() {
	if p.out != nil && !p.last.IsZero() {
		_, _ = p.out.Write([]byte(clearLine))
	}
}
