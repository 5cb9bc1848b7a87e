// Package cli is spanpipe's command line: the commands, one file each, the settings that flags and environment variables
// make, the exit codes, and every line that a person reads.
//
// It wires wrap, telemetry and consent together and holds no logic of theirs. Lines for people go to stderr, and to stdout
// only where a person has asked for them with a command such as help or version: with a wrapped server stdout is the
// protocol's. Nothing may import this package but main.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/wrap"
)

// Process is what the process has been given.
type Process struct {
	Args                  []string // with the program's name
	Environ               []string
	Stdin, Stdout, Stderr *os.File
	Build                 Build
}

// Exit codes of spanpipe's own. All others are the server's.
const (
	exitOK       = 0
	exitUsage    = 2
	exitInternal = 125 // as of env and timeout: the wrapper itself has failed
	// 126 and 127 are those of wrap.StartError: the server cannot be run, is not found.
)

// usageError is a mistake in the command line.
type usageError struct{ message, hint string }

func (e *usageError) Error() string { return e.message }

// app is one run of the program.
type app struct {
	Process
	say     *speaker
	command []string // what stands behind "--"
	dashes  bool     // there was a "--"
	status  int
}

// Main runs spanpipe and returns its exit code, unless it is replaced by the server or dies as the server did.
func Main(p Process) int {
	a := &app{Process: p, say: newSpeaker(p.Stderr)}
	defer func() { a.say.close() }() // the one that is there at the end: wrap may replace it
	// The library would take a server's name for a command of ours and its "--" for its own, so the server's command is cut
	// off before the library sees it.
	own := p.Args
	if i := slices.Index(p.Args, "--"); i > 0 {
		own, a.command, a.dashes = p.Args[:i], p.Args[i+1:], true
	}
	if err := a.program().Run(own); err != nil {
		return a.failed(err)
	}
	return a.status
}

// failed says what went wrong and maps it to an exit code: the one place that does.
func (a *app) failed(err error) int {
	var usage *usageError
	var start *wrap.StartError
	switch {
	case errors.As(err, &usage):
		a.say.fail(usage.message, usage.hint)
		return exitUsage
	case errors.As(err, &start):
		a.say.fail(start.Error(), start.Hint)
		return start.Code
	}
	a.say.fail(err.Error(), "")
	return exitInternal
}

// program is the command line as the library wants it told.
func (a *app) program() *cli.App {
	return &cli.App{
		Name:                  "spanpipe",
		Usage:                 "see what a local MCP server does: OpenTelemetry for stdio servers, nothing changed in either",
		UsageText:             "spanpipe [flags] -- command [args...]",
		Description:           description,
		HideHelpCommand:       true, // ours is a command like the others: the library's would answer to a server's argument "help"
		HideVersion:           true,
		CustomAppHelpTemplate: appHelp(),
		Writer:                a.Stdout,
		ErrWriter:             io.Discard,                   // the library's own complaints; ours are said once, by failed
		ExitErrHandler:        func(*cli.Context, error) {}, // the library's calls os.Exit
		OnUsageError:          misused,
		Flags:                 append(flags(), cli.HelpFlag), // with a help command of ours, the library adds no flag
		Action:                a.wrapRoot,
		Commands: []*cli.Command{
			a.wrapCommand(), a.demoCommand(), a.consentCommand(), a.previewCommand(), a.versionCommand(), a.completionCommand(), a.helpCommand(),
			a.demoServerCommand(),
		},
	}
}

// misused turns the library's usage errors into ours. The library prints them with the help text to stdout otherwise.
func misused(_ *cli.Context, err error, _ bool) error {
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: "); ok {
		return &usageError{"unknown flag --" + strings.TrimLeft(name, "-"), "the flags are listed by: spanpipe help; a server's flags belong behind its command, after --"}
	}
	message := strings.Replace(err.Error(), " -", " --", 1) // the library writes its flags with one dash
	return &usageError{message, "see: spanpipe help"}
}

// noArguments refuses arguments of commands that have none.
func (a *app) noArguments(c *cli.Context) error {
	if c.Args().Present() || a.dashes {
		return &usageError{fmt.Sprintf("%s takes no arguments", c.Command.Name), "see: spanpipe help " + c.Command.Name}
	}
	return nil
}

const description = `spanpipe starts the server as its child, hands stdin and stdout on byte for byte, and reads a copy of
what passes. Put it in front of the server's command in your MCP client's configuration:

   "command": "spanpipe",
   "args": ["--", "npx", "-y", "@modelcontextprotocol/server-everything"],
   "env": { "SPANPIPE_TELEMETRY": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317" }

Telemetry is off until SPANPIPE_TELEMETRY (or --telemetry) turns it on: spanpipe then replaces itself with the server and
nothing of it is left. On, it holds names, sizes, durations and codes, never content. Every flag has an environment
variable, which is what a client's configuration can set; a flag wins. OpenTelemetry's own variables are honoured, and
each can be given as SPANPIPE_OTEL_... to be spanpipe's alone.

Try it with nothing installed:   spanpipe demo

Exit status: the server's own; a signal that kills the server kills spanpipe too. Of spanpipe itself: 2 for a wrong
command line, 125 for a failure of its own, 126 for a server that cannot be run, 127 for one that is not found.`
