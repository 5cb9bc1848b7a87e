package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/wrap"
)

func (a *app) previewCommand() *cli.Command {
	return &cli.Command{
		Name:      "preview",
		Usage:     "run a server and show, instead of sending it, all that would go to a collector",
		UsageText: "spanpipe preview [flags] [--out FILE] -- command [args...]",
		Description: `The server runs as ever. Every request that would have gone to the collector, with the settings as they are, is written as
one line of OTLP JSON, taken at the transport: nothing comes after it but the network, and nothing leaves. Without --out the
lines go to stderr. SPANPIPE_CAPTURE and the other settings apply; vetoes do not, since nothing is sent.`,
		Flags:              append(flags(), &cli.StringFlag{Name: "out"}),
		HideHelpCommand:    true,
		CustomHelpTemplate: commandHelp("--out FILE", "where the records go; it is made readable for you alone, and not overwritten"),
		OnUsageError:       misused,
		Action:             a.preview,
	}
}

// previewFlush is what writing the last records may take at least. They are all that was asked for, and no host waits.
const previewFlush = 10 * time.Second

func (a *app) preview(c *cli.Context) error {
	command := a.serverCommand(c)
	if len(command) == 0 {
		return &usageError{"no server to preview", "for example: spanpipe preview -- npx -y @modelcontextprotocol/server-everything"}
	}
	o, policy, err := a.settled(c, consent.Preview)
	if err != nil {
		return err
	}
	o.flushTimeout = max(o.flushTimeout, previewFlush)
	config := a.telemetry(o, policy, command)
	config.Preview = a.say.lines
	if path := c.String("out"); path != "" {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return &usageError{fmt.Sprintf("--out: %v", err), "name a file that does not exist yet, in a directory that does"}
		}
		defer file.Close() // a write that failed has been told as a failed export
		config.Preview = io.Writer(file)
	}
	status, err := watched(wrap.Config{
		Command: command, Env: serverEnvironment(a.Environ), KeepOrphans: o.keepOrphans, Logger: config.Logger,
		Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr,
	}, config, o)
	if err != nil {
		return err
	}
	a.say.closeWithin(o.flushTimeout)
	a.status = status.Die()
	return nil
}
