package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/demo"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/wrap"
)

// demoDelay is how long the demo's slow call takes; everything else in it takes a fraction of that.
const demoDelay = 800 * time.Millisecond

func delayFlag() cli.Flag {
	return &cli.DurationFlag{Name: "delay", Value: demoDelay}
}

func (a *app) demoCommand() *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "run a session with a small built-in server and show its spans; needs nothing installed",
		Description: `Starts a built-in MCP server behind the real relay, lets an agent plan a trip with it, and
draws the session's spans as a tree. Nothing leaves this machine unless SPANPIPE_TELEMETRY=otlp also
sends the spans to a collector.`,
		Flags:           append(flags(), delayFlag()),
		HideHelpCommand: true,
		CustomHelpTemplate: commandHelp("--delay DURATION",
			"how long the slow call takes, default "+view.Short(demoDelay)+"; the rest is in proportion"),
		OnUsageError: usageProblem,
		Action:       a.demo,
	}
}

// demoServerCommand is the server's side of the demo: this binary again.
func (a *app) demoServerCommand() *cli.Command {
	return &cli.Command{
		Name: "demo-server", Hidden: true, HideHelpCommand: true, OnUsageError: usageProblem,
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
		return &usageError{"invalid --delay: want a duration from 0s to 1m", "see: spanpipe help demo"}
	}
	o, policy, err := a.decide(c, consent.Decide)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	tree := &demo.Tree{}
	config := a.telemetry(o, policy, []string{"demo-server"})
	config.Sinks = append(config.Sinks, tree)
	fmt.Fprint(a.Stdout, "Running: spanpipe -- demo-server\n\n")
	server := wrap.Config{
		Command: []string{self, "demo-server", "--delay", delay.String()}, Env: serverEnvironment(a.Environ),
		Stderr: a.Stderr, Logger: config.Logger,
	}
	if err := play(server, config, o, delay); err != nil {
		return err
	}
	style := demo.Style{Width: a.width(), Paint: painter(a.Stdout, environment(a.Environ))}
	if err := tree.Draw(a.Stdout, style); err != nil {
		return err
	}
	_, err = fmt.Fprint(a.Stdout, demoEpilogue(policy))
	return err
}

func demoEpilogue(p consent.Policy) string {
	text := "\n→ requests from the client; ← requests from the server, below the call that caused them.\n"
	if p.Has(consent.OTLP) {
		return text + "The same spans were sent to the collector: look for the service demo-server.\n"
	}
	return text + "To send them to a collector, too:   SPANPIPE_TELEMETRY=otlp spanpipe demo\n" +
		"To see the calls of your server:     SPANPIPE_TELEMETRY=console spanpipe -- your-server\n"
}

// play runs the server behind the relay, with the agent as its client.
func play(cfg wrap.Config, config telemetry.Config, o *options, delay time.Duration) error {
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
		_ = fromClient.Close() // ends the session
	}()
	if _, err := watch(cfg, config, o); err != nil {
		return err
	}
	if err := <-played; err != nil {
		return fmt.Errorf("playing the demo: %w", err)
	}
	return nil
}

// width returns the terminal's width, or a common one.
func (a *app) width() int {
	if w, _, err := term.GetSize(int(a.Stdout.Fd())); err == nil {
		return w
	}
	return 120
}
