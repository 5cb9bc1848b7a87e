package cli

import (
	"errors"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/wrap"
)

// Process is what the process was started with.
type Process struct {
	Args                  []string // with the program's name
	Environ               []string
	Stdin, Stdout, Stderr *os.File
	Build                 Build
	Now                   func() time.Time    // the clock of what is shown; nil: time.Now
	Sleep                 func(time.Duration) // how install waits for clients; nil: time.Sleep
}

// Exit codes of spanpipe itself. All others are the server's.
const (
	exitUsage    = 2   // as for the builtins of a shell
	exitInternal = 125 // as env and timeout do: the wrapper itself has failed
	// 126 and 127 are those of wrap.StartError: the server cannot be run, or is not found.
)

// app is one run of the program.
type app struct {
	Process
	printer  *printer
	options  options
	settings []*setting
	named    *serverNames // for lines in JSON
	terminal bool         // stdin is one
	command  []string     // what follows "--"
	dashes   bool         // there was a "--"
	status   wrap.Status

	fleet     *fleet        // the policy of the machine's administrators; nil until it is read
	fleetWait time.Duration // how long that took

	previewing bool                          // nothing is stored, see previewCommand
	stored     atomic.Pointer[storedSession] // this process's, if it has one
	looked     *store.Store                  // was looked at by the command; else nil
}

// now returns the time that the commands that look at sessions show.
func (a *app) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

// usageError is a mistake in the command line.
type usageError struct{ message, hint string }

func (e *usageError) Error() string { return e.message }

// fail reports why a command failed and returns the exit code. No other function does.
func (a *app) fail(err error) int {
	code, hint := exitInternal, ""
	if usage, ok := errors.AsType[*usageError](err); ok {
		code, hint = exitUsage, usage.hint
	} else if start, ok := errors.AsType[*wrap.StartError](err); ok {
		code, hint = start.Code, start.Hint
	}
	a.printer.tell(&a.options, a.named, slog.LevelError, err.Error(), hint)
	return code
}

// warn reports a setting that cannot be used as it is.
func (a *app) warn(message string) {
	a.printer.tell(&a.options, a.named, slog.LevelWarn, message, "")
}

// noArguments rejects arguments of a command that takes none.
func (a *app) noArguments(c *cli.Context) error {
	if c.Args().Present() || a.dashes {
		return &usageError{c.Command.Name + " takes no arguments", "see: spanpipe help " + c.Command.Name}
	}
	return nil
}

// usageProblem turns the library's usage errors into ours. The library would print them with the help text to stdout,
// which belongs to the protocol. It recognizes them by their text, because package flag has no types for them.
func usageProblem(c *cli.Context, err error, subcommand bool) error {
	hint := "see: spanpipe help"
	if subcommand && c.Command.Name != "wrap" { // all of its flags are settings
		hint += " " + c.Command.Name
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: "); ok {
		if !subcommand || takesServer(c.Command) {
			hint += "; flags of the server go after its command, behind --"
		}
		name = strings.TrimLeft(name, "-")
		dashes := "--"
		if len(name) == 1 {
			dashes = "-"
		}
		var known []string
		for _, f := range c.Command.Flags {
			known = append(known, f.Names()[0])
		}
		if best := meant(name, known); best != "" {
			hint = strings.Replace(best, "mean ", "mean --", 1) + hint
		}
		return &usageError{"unknown flag " + dashes + name, hint}
	}
	// The library writes long flags with one dash, too, and does not say what it wants.
	want := ": want a number"
	if strings.HasPrefix(err.Error(), "invalid boolean value ") {
		want = ": want true or false"
	}
	for _, f := range c.Command.Flags {
		if _, ok := f.(*cli.DurationFlag); ok && strings.Contains(err.Error(), " -"+f.Names()[0]+":") {
			want = ": want a duration, such as 1.5s"
		}
	}
	dashes := strings.NewReplacer(" flag -", " flag --", " for -", " for --", "argument: -", "argument: --",
		": parse error", want, ": value out of range", want)
	text := regexp.MustCompile(` --([a-z])(:|$)`).ReplaceAllString(dashes.Replace(err.Error()), " -$1$2")
	return &usageError{text, hint}
}
