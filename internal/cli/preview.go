package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/wrap"
)

func (a *app) previewCommand() *cli.Command {
	return &cli.Command{
		Name:      "preview",
		Usage:     "run a server and show what would be sent to a collector, instead of sending it",
		UsageText: "spanpipe preview [flags] [--out FILE] -- command [args...]",
		Description: `Runs the server as usual. Every request that would be sent to the collector with the current
settings is written as one line of OTLP JSON instead, and nothing leaves this machine. Without --out
the lines go to stderr. SPANPIPE_CAPTURE and the other settings apply; DO_NOT_TRACK and
OTEL_SDK_DISABLED do not, because nothing is sent.`,
		Flags:           append(flags(), &cli.StringFlag{Name: "out"}),
		HideHelpCommand: true,
		CustomHelpTemplate: commandHelp(
			"--out FILE", "a new file for the records, readable for you alone; never overwritten"),
		OnUsageError: usageProblem,
		Action:       a.preview,
	}
}

// previewFlush is the minimum time for writing the last records. The user asked for nothing else, and no host waits.
const previewFlush = 10 * time.Second

func (a *app) preview(c *cli.Context) error {
	command := a.serverCommand(c)
	if len(command) == 0 {
		return &usageError{"no server to preview",
			"for example: spanpipe preview -- npx -y @modelcontextprotocol/server-everything"}
	}
	o, policy, err := a.decide(c, consent.Preview)
	if err != nil {
		return err
	}
	o.flushTimeout = max(o.flushTimeout, previewFlush)
	config := a.telemetry(o, policy, command)
	config.Preview = a.print.out
	if path := c.String("out"); path != "" {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return &usageError{fmt.Sprintf("--out: %v", err), "name a new file in an existing directory"}
		}
		defer file.Close() // a failed write has been reported as a failed export
		config.Preview = file
	}
	status, err := watch(wrap.Config{
		Command: command, Env: serverEnvironment(a.Environ), KeepOrphans: o.keepOrphans, Logger: config.Logger,
		Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr,
	}, config, o)
	if err != nil {
		return err
	}
	a.print.closeWithin(o.flushTimeout)
	a.status = status.Die()
	return nil
}
