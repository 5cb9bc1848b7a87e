package cli

import (
	"io"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/wrap"
)

// serverStatus is what the exit status of a command means that runs a server in its place.
const serverStatus = `Exit status: that of the server; if a signal kills the server, spanpipe is
killed by the same signal. spanpipe's own are 2 if the command line is invalid,
125 for an internal error, 126 if the server cannot be run, and 127 if it is not
found.`

func (a *app) wrapCommand() *cli.Command {
	return &cli.Command{
		Name:               "wrap",
		Usage:              "wrap a server; the same as giving no subcommand",
		UsageText:          "spanpipe wrap [flags] [--] command [args...]",
		Description:        serverStatus,
		Flags:              a.flags(),
		CustomHelpTemplate: commandHelp + descriptionHelp + a.settingsHelp(),
		Action:             func(c *cli.Context) error { return a.wrap(a.serverCommand(c)) },
	}
}

// wrapRoot runs when no command was given.
func (a *app) wrapRoot(c *cli.Context) error {
	if c.Bool(versionFlag.Name) {
		return a.showVersion(false)
	}
	if word := c.Args().First(); word != "" {
		return &usageError{"unknown command " + word, meant(word, commandNames(c.App.Commands)) +
			"to wrap a server, put -- before its command: spanpipe -- " + word + " ..."}
	}
	if len(a.Args) == 1 && isTerminal(a.Stdin) && isTerminal(a.Stdout) {
		a.status.Code = exitUsage
		_, err := io.WriteString(a.Stdout, overview+commandsHelp(c.App.Commands))
		return err
	}
	return a.wrap(a.command)
}

// serverCommand returns the server's command: what follows "--", or all arguments if the server's name came first, in
// which case the "--" is the server's own.
func (a *app) serverCommand(c *cli.Context) []string {
	command := c.Args().Slice()
	switch {
	case len(command) == 0:
		return a.command
	case a.dashes:
		return append(append(command, "--"), a.command...)
	}
	return command
}

// wrap runs one server to its end.
func (a *app) wrap(command []string) error {
	if len(command) == 0 || command[0] == "" {
		return &usageError{"no server to wrap",
			"for example: spanpipe -- npx -y @modelcontextprotocol/server-everything; or see: spanpipe help"}
	}
	l, err := a.prepare(command, consent.Decide)
	if err != nil {
		return err
	}
	if l.telemetry.Policy.On() {
		if a.status, err = l.run(); err == nil {
			a.sayWhere()
		}
		return err
	}
	if wrap.Found(l.server.Command, l.server.Env) {
		a.explainTerminal()
	}
	a.printer.flush(lastLines) // the server is about to replace this process where the system can do that
	a.status, err = wrap.Exec(l.server.Command, l.server.Env)
	return err
}

// sayWhere says how to look at the session that has ended and was stored, where a person reads that: not in a client's log.
func (a *app) sayWhere() {
	if id, ok := a.storedID(); ok && isTerminal(a.Stderr) {
		a.printer.tell(&a.options, a.named, slog.LevelInfo, "this session is stored; to look at it: spanpipe show "+id, "")
	}
}
