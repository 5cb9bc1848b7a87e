package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/demo"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/wrap"
)

// demoDelay is what the demo's slow call takes; all else in it is a fraction of that.
const demoDelay = 800 * time.Millisecond

func delayFlag() cli.Flag {
	return &cli.DurationFlag{Name: "delay", Value: demoDelay, Usage: "how long the slow call takes; the rest is in proportion"}
}

func (a *app) demoCommand() *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "wrap a small built-in server, play a session with it, and show its spans; needs nothing installed",
		Description: `Starts a built-in MCP server behind the real relay, lets an agent plan a trip with it, and draws the spans of
the session as a tree. Nothing leaves this machine, unless SPANPIPE_TELEMETRY=otlp sends the same spans to a collector too.`,
		Flags:              append(flags(), delayFlag()),
		HideHelpCommand:    true,
		CustomHelpTemplate: commandHelp("--delay DURATION", "how long the slow call takes, default "+short(demoDelay)+"; the rest is in proportion"),
		OnUsageError:       misused,
		Action:             a.demo,
	}
}

// demoServerCommand is the server's side of the demo: this binary again.
func (a *app) demoServerCommand() *cli.Command {
	return &cli.Command{
		Name: "demo-server", Hidden: true, HideHelpCommand: true, OnUsageError: misused,
		Flags:  []cli.Flag{delayFlag()},
		Action: func(c *cli.Context) error { return demo.Serve(a.Stdin, a.Stdout, c.Duration("delay")) },
	}
}

func (a *app) demo(c *cli.Context) error {
	if err := a.noArguments(c); err != nil {
		return err
	}
	delay := c.Duration("delay")
	if delay < 0 || delay > time.Minute {
		return &usageError{"--delay must be from 0s to 1m", "see: spanpipe help demo"}
	}
	o, policy, err := a.settled(c, consent.Decide)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	tree := &demo.Tree{}
	config := a.telemetry(o, policy, []string{"demo-server"})
	config.Spans = []sdktrace.SpanProcessor{tree}
	fmt.Fprintf(a.Stdout, "Running: %s\n\n", "spanpipe -- demo-server")
	if err := a.play(wrap.Config{
		Command: []string{self, "demo-server", "--delay", delay.String()}, Env: serverEnvironment(a.Environ),
		Stderr: a.Stderr, Logger: config.Logger,
	}, config, o, delay); err != nil {
		return err
	}
	if err := tree.Draw(a.Stdout, demo.Style{Width: a.width(), Paint: painter(a.Stdout, environment(a.Environ)), Took: took}); err != nil {
		return err
	}
	_, err = fmt.Fprint(a.Stdout, demoEpilogue(policy))
	return err
}

func demoEpilogue(p consent.Policy) string {
	text := "\n→ asked by the client, ← asked by the server, below the call in whose course it asked.\n"
	if p.Has(consent.OTLP) {
		return text + "The same spans have been sent to the collector: look for the service demo-server.\n"
	}
	return text + "To send them to a collector too:   SPANPIPE_TELEMETRY=otlp spanpipe demo\n" +
		"To see your own server's calls:     SPANPIPE_TELEMETRY=console spanpipe -- your-server\n"
}

// play runs the server behind the relay and the agent before it.
func (a *app) play(cfg wrap.Config, config telemetry.Config, o *options, delay time.Duration) error {
	toServer, fromClient, err := os.Pipe()
	if err != nil {
		return err
	}
	fromServer, toClient, err := os.Pipe()
	if err != nil {
		return err
	}
	defer fromServer.Close() // read to its end
	cfg.Stdin, cfg.Stdout = toServer, toClient
	played := make(chan error, 1)
	go func() { // ends with the agent's last call; waited for below
		played <- demo.Play(fromServer, fromClient, delay)
		_ = fromClient.Close() // the session's end
	}()
	if _, err := watched(cfg, config, o); err != nil {
		return err
	}
	if err := <-played; err != nil {
		return fmt.Errorf("playing the demo: %w", err)
	}
	return nil
}

// width is the terminal's, or what most have.
func (a *app) width() int {
	if w, _, err := term.GetSize(int(a.Stdout.Fd())); err == nil {
		return w
	}
	return 120
}
