package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/spanpipe/spanpipe/consent"
)

func (a *app) previewCommand() *cli.Command {
	return &cli.Command{
		Name:      "preview",
		Usage:     "run a server and show what would be sent, without sending it",
		UsageText: "spanpipe preview [flags] -- command [args...]",
		Description: `Runs the server as usual. What would be sent to the collector with the current
settings is shown on stderr instead, and nothing leaves this machine: in a
terminal as text, else as OTLP JSON, one line for each request. SPANPIPE_CAPTURE
and the other settings apply; DO_NOT_TRACK and OTEL_SDK_DISABLED do not, because
nothing is sent.

` + serverStatus,
		Flags: a.flags(
			&cli.BoolFlag{Name: "json", Usage: "show OTLP JSON, also in a terminal", DisableDefaultText: true},
			&cli.StringFlag{Name: "out", TakesFile: true,
				Usage: "write OTLP JSON to a new `FILE` that only you can read"},
		),
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
	a.previewing = true
	l, err := a.prepare(command, consent.Preview)
	if err != nil {
		return err
	}
	l.flushTimeout = max(l.flushTimeout, previewFlush)
	switch path := c.String("out"); {
	case path != "":
		return a.previewTo(path, l)
	case c.Bool("json") || a.Stderr == nil || !term.IsTerminal(int(a.Stderr.Fd())):
		l.telemetry.Preview = a.printer
		a.status, err = l.run()
	default:
		text := &previewText{out: a.printer, paint: painter(a.Stderr, a.Environ), width: width(a.Stderr, pageWidth)}
		l.telemetry.Preview = text
		if a.status, err = l.run(); err == nil {
			text.finish(a.explain(l.telemetry.Policy).where())
		}
	}
	a.printer.flush(l.flushTimeout)
	return err
}

// previewTo runs a preview that is written to a file.
func (a *app) previewTo(path string, l *launch) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &usageError{fmt.Sprintf("--out: %v", err), "name a new file in an existing directory"}
	}
	l.telemetry.Preview = file
	a.status, err = l.run()
	_ = file.Close() // a failed write has been reported as a failed export
	if err != nil {  // the server did not start, and the next try needs the name
		_ = os.Remove(path)
	}
	return err
}
