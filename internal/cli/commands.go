// Package cli is spanpipe's command line: the commands, one file each, the settings that flags and environment
// variables make, the exit codes, and every line that a person reads.
//
// It connects wrap, telemetry and consent and holds none of their logic. Lines for people go to stderr, and to stdout
// only if a person asked for them with a command such as help or version: with a wrapped server, stdout belongs to the
// protocol. Only main may import this package.
//
// A new command is a file with a method that returns its description to the library, and an entry in app.program. Help,
// completion, usage errors and exit codes follow from these. A command that runs a server calls app.prepare and
// launch.run, one that only needs the settings app.decide or app.resolve.
package cli

import (
	"cmp"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/wrap"
)

// Main runs spanpipe and returns its exit code, unless the server replaces it or it dies as the server did.
func Main(p Process) int {
	a := &app{Process: p, printer: newPrinter(p.Stderr), named: &serverNames{service: func() string { return "" }}}
	a.settings = a.options.settings()
	// The library would take a server's name for a command of ours and its "--" for its own, so the server's command is
	// cut off before the library sees it.
	own := p.Args
	if i := slices.Index(p.Args, "--"); i > 0 {
		own, a.command, a.dashes = p.Args[:i], p.Args[i+1:], true
	}
	program := a.program()
	if err := program.Run(flagsFirst(program, own)); err != nil {
		a.status = wrap.Status{Code: a.fail(err)}
	}
	a.retain()
	a.printer.flush(lastLines)
	return a.status.Die()
}

// program describes the command line to the library. A command that names no arguments in its UsageText takes none.
func (a *app) program() *cli.App {
	commands := []*cli.Command{
		a.wrapCommand(), a.demoCommand(), a.consentCommand(), a.previewCommand(), a.versionCommand(),
		a.completionCommand(), a.manCommand(), a.helpCommand(), a.demoServerCommand(),
		a.tryCommand(),
		a.sessionsCommand(), a.tailCommand(),
		a.pruneCommand(), a.definitionsCommand(),
		a.showCommand(),
		a.pushCommand(), a.exportCommand(),
		a.reportCommand(),
		a.topCommand(), a.uiCommand(),
		a.metricsCommand(),
		a.healthCommand(),
		a.installCommand(), a.uninstallCommand(), a.clientsCommand(),
		a.doctorCommand(),
		a.recordCommand(), a.replayCommand(), a.diffCommand(), a.checkCommand(),
	}
	for _, c := range commands {
		c.HideHelpCommand = true // the library's would answer to a server's argument "help"
		c.CustomHelpTemplate = cmp.Or(c.CustomHelpTemplate, commandHelp+descriptionHelp+settingsHint)
		c.OnUsageError = usageProblem
		if c.UsageText == "" {
			c.Before = a.noArguments
		}
	}
	return &cli.App{
		Name:                  "spanpipe",
		Usage:                 "see what a local MCP server does, without changing it",
		UsageText:             "spanpipe [flags] -- command [args...]\n   spanpipe COMMAND [args...]",
		Description:           description,
		HideHelpCommand:       true, // ours is in the table
		HideVersion:           true,
		CustomAppHelpTemplate: programHelp + commandsHelp(commands) + flagsHelp + a.settingsHelp(),
		Writer:                a.Stdout,
		ErrWriter:             io.Discard,                   // the library's messages; fail writes ours
		ExitErrHandler:        func(*cli.Context, error) {}, // the library's calls os.Exit
		OnUsageError:          usageProblem,
		Flags:                 a.flags(versionFlag, cli.HelpFlag), // the library adds none without its own help command
		Action:                a.wrapRoot,
		Commands:              commands,
	}
}

const description = `spanpipe starts the server as its child process, forwards stdin and stdout byte
for byte, and reads a copy. Put it in front of the server's command in your MCP
client's configuration:

   "command": "spanpipe",
   "args": ["--", "npx", "-y", "@modelcontextprotocol/server-everything"],
   "env": { "SPANPIPE_TELEMETRY": "local" }

Then "spanpipe show" draws what the client does, and "spanpipe push" sends it to
an OpenTelemetry collector. With otlp instead of local it is sent at once.

Telemetry is off until SPANPIPE_TELEMETRY (or --telemetry) turns it on. While it
is off, spanpipe replaces itself with the server. When it is on, spanpipe
records names, sizes, durations and codes, and content only if you ask for it.
Every setting has an environment variable, because that is what a client's
configuration can set. OpenTelemetry's own variables also apply;
SPANPIPE_OTEL_... sets one of them for spanpipe but not for the server.

To try it with nothing else installed:   spanpipe demo
To see a server of your own:             spanpipe try -- command [args...]

` + serverStatus
