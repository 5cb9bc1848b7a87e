package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/demo"
)

// demoDelay is how long the demo's slow call takes; everything else in it takes a fraction of that.
const demoDelay = 800 * time.Millisecond

func delayFlag() cli.Flag {
	return &cli.DurationFlag{Name: "delay", Value: demoDelay,
		Usage: "the `DURATION` of the slow call; the others take a fraction of it"}
}

func (a *app) demoCommand() *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "run a session with a small built-in server and show its spans; needs nothing installed",
		Description: `Starts a built-in MCP server behind the real relay, lets an agent plan a trip with it, and
draws the session's spans as a tree. Nothing leaves this machine unless SPANPIPE_TELEMETRY=otlp also
sends the spans to a collector.`,
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

func (a *app) demo(c *cli.Context) error {
	delay := c.Duration("delay")
	if delay < 0 || delay > time.Minute {
		return &usageError{"invalid --delay: want a duration from 0s to 1m", "see: spanpipe help demo"}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	l, err := a.prepare([]string{self, "demo-server", "--delay", delay.String()}, consent.Decide)
	if err != nil {
		return err
	}
	tree := &demo.Tree{}
	l.telemetry.Command = []string{"demo-server"} // names the service
	l.telemetry.Sinks = append(l.telemetry.Sinks, tree)
	fmt.Fprint(a.Stdout, "Running: spanpipe -- demo-server\n\n")
	if err := play(l, delay); err != nil {
		return err
	}
	if err := tree.Draw(a.Stdout, width(a.Stdout), painter(a.Stdout, a.Environ)); err != nil {
		return err
	}
	_, err = fmt.Fprint(a.Stdout, demoEpilogue(l.telemetry.Policy))
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

// play runs the server behind the relay, with the agent as its client. The relay takes files and not readers, because a
// session's streams are descriptors: so the two are connected by pipes of the system, as with a real client.
func play(l *launch, delay time.Duration) error {
	toServer, fromClient, err := os.Pipe()
	if err != nil {
		return err
	}
	fromServer, toClient, err := os.Pipe()
	if err != nil {
		return err
	}
	defer fromServer.Close() // read to its end
	l.server.Stdin, l.server.Stdout = toServer, toClient
	played := make(chan error, 1)
	go func() { // ends with the agent's last call; waited for below
		played <- demo.Play(fromServer, fromClient, delay)
		_ = fromClient.Close() // ends the session
	}()
	if _, err := l.run(); err != nil {
		return err
	}
	if err := <-played; err != nil {
		return fmt.Errorf("playing the demo: %w", err)
	}
	return nil
}
