package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/demo"
	"github.com/spanpipe/spanpipe/internal/view"
)

// demoDelay is how long the demo's slow call takes; everything else in it takes a fraction of that.
const demoDelay = 800 * time.Millisecond

// exitNotSent is the exit code of a demo whose spans should have been sent and were not.
const exitNotSent = 1

func delayFlag() cli.Flag {
	return &cli.DurationFlag{Name: "delay", Value: demoDelay,
		Usage: "let the slow call take this `DURATION`"}
}

func (a *app) demoCommand() *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "draw the spans of a session with a small built-in server",
		Description: `Starts a built-in MCP server behind the real relay, lets an agent plan a trip
with it, and draws the session's spans as a tree. Nothing leaves this machine
unless SPANPIPE_TELEMETRY=otlp also sends the spans to a collector.

Exit status: 0; 1 if they could not all be sent; 2 if the command line is
invalid.`,
		Flags:  a.flags(delayFlag()),
		Action: a.demo,
	}
}

// demoServerCommand is the server's side of the demo: this binary again.
func (a *app) demoServerCommand() *cli.Command {
	return &cli.Command{
		Name: "demo-server", Hidden: true,
		Flags:  []cli.Flag{delayFlag()},
		Action: func(c *cli.Context) error { return demo.Serve(a.Stdin, a.Stdout, c.Duration("delay")) },
	}
}

const demoLegend = `
→ requests from the client; ← from the server, below the call that caused them.
`

func (a *app) demo(c *cli.Context) error {
	delay := c.Duration("delay")
	if delay < 0 || delay > time.Minute {
		return &usageError{fmt.Sprintf("invalid value %q for flag --delay: want a duration from 0s to 1m", delay),
			"see: spanpipe help demo"}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	l, err := a.prepare([]string{"demo-server"}, consent.Decide) // names the service
	if err != nil {
		return err
	}
	collected := &view.Collector{}
	l.server.Command = []string{self, "demo-server", "--delay", delay.String()}
	l.started, l.telemetry.Client = func() {}, nil // the client is here
	l.telemetry.Sinks = append(l.telemetry.Sinks, collected)
	fmt.Fprint(a.Stdout, "Running: spanpipe -- demo-server\n\n")
	var playing error
	if _, err := l.play(func(in io.Reader, out io.WriteCloser) {
		playing = demo.Play(in, out, delay)
		_ = out.Close() // ends the session
	}); err != nil {
		return err
	}
	if playing != nil {
		return fmt.Errorf("playing the demo: %w", playing)
	}
	a.printer.flush(lastLines) // the console's lines come first
	tree := view.NewTree(collected.Records(time.Now()), view.Choice{})
	if err := tree.Draw(a.Stdout, a.screen()); err != nil {
		return err
	}
	_, err = fmt.Fprint(a.Stdout, demoLegend+a.sent(l))
	return err
}

// sent returns a text about whether the spans have reached a collector. If they should have and have not, it reports
// that and sets the exit code.
func (a *app) sent(l *launch) string {
	d, policy := a.explain(l.telemetry.Policy), l.telemetry.Policy
	to, all := d.Destination["traces"], l.sentSpans+l.notSent
	var problem string
	hint := "spanpipe consent explains the settings"
	switch {
	case !policy.Has(consent.OTLP) && !strings.Contains(strings.ToLower(a.options.telemetry), string(consent.OTLP)):
		return "To send them to a collector:  SPANPIPE_TELEMETRY=otlp spanpipe demo\n" +
			"To see a server of yours:     spanpipe try -- your-server\n"
	case !policy.Has(consent.OTLP):
		problem = "no spans were sent: " + strings.Join(d.Reasons, "; ")
	case d.Protocol["traces"] == "":
		problem = "no spans were sent: " + strings.TrimPrefix(to, "nowhere: ")
	case all == 0:
		problem = "no spans were sent: OTEL_TRACES_SAMPLER leaves them all out"
	case l.notSent > 0:
		problem = fmt.Sprintf("%d of %d spans were sent to the collector at %s", l.sentSpans, all, to)
		hint = "" // the warning of the failed delivery has one that fits the cause
	default:
		return fmt.Sprintf("The same %d spans were sent to the collector at %s: look for the service %s.\n",
			l.sentSpans, to, a.named.service())
	}
	a.printer.tell(&a.options, a.named, slog.LevelError, problem, hint)
	a.status.Code = exitNotSent
	return ""
}
