package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
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
		Flags: a.flags(&cli.StringFlag{Name: "out",
			Usage: "a new `FILE` for the records, readable only by you; an existing file is never overwritten"}),
		Action: a.preview,
	}
}

// previewFlush is the least time for writing the last records: the user asked for nothing else, and no host waits.
const previewFlush = 10 * time.Second

func (a *app) preview(c *cli.Context) error {
	command := a.serverCommand(c)
	if len(command) == 0 || command[0] == "" {
		return &usageError{"no server to preview",
			"for example: spanpipe preview -- npx -y @modelcontextprotocol/server-everything"}
	}
	l, err := a.prepare(command, consent.Preview)
	if err != nil {
		return err
	}
	l.flushTimeout = max(l.flushTimeout, previewFlush)
	l.telemetry.Preview = a.printer
	if path := c.String("out"); path != "" {
		var file *os.File
		if file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return &usageError{fmt.Sprintf("--out: %v", err), "name a new file in an existing directory"}
		}
		defer func() {
			_ = file.Close() // a failed write has been reported as a failed export
			if err != nil {  // the server did not start, and the next try needs the name
				_ = os.Remove(path)
			}
		}()
		l.telemetry.Preview = file
	}
	a.status, err = l.run()
	a.printer.flush(l.flushTimeout)
	return err
}
