package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/internal/recording"
	"github.com/spanpipe/spanpipe/wrap"
)

func (a *app) recordCommand() *cli.Command {
	return &cli.Command{
		Name:      "record",
		Usage:     "wrap a server and record the conversation, content included",
		UsageText: "spanpipe record [flags] -o FILE [--] command [args...]",
		Description: `Runs the server as "spanpipe --" does and writes what both sides say to a file
of lines of JSON, byte for byte and with times. Replay it against the next
version of the server: spanpipe replay FILE -- command.

   spanpipe record -o session.jsonl -- npx -y @modelcontextprotocol/server-...

In a client's configuration it stands in the place of spanpipe. A client starts
its servers again and again: {time} in the name gives each start its own file,
and {pid} is the number of the process.

   "args": ["record", "-o", "/tmp/everything-{time}.jsonl", "--", "npx", ...]

With --script no client is needed: spanpipe opens a session, asks for the lists
of what the server offers, makes the calls of the file, and ends the session.
Without -o the recording goes to stdout.

   calls:
     - call: echo
       arguments: {message: hello}
     - prompt: simple-prompt
     - resource: demo://resource/static/document/features.md

A recording holds everything that was said, secrets included. The file can be
read by you alone, and none is replaced without --force. With --redact, texts
that look like secrets or personal data are replaced before they are written, by
the built-in rules and those of SPANPIPE_REDACT. Read the file before you commit
it. Telemetry is as SPANPIPE_TELEMETRY says.

Exit status: that of the server, as with "spanpipe --". With --script it is 0 if
all was asked that the file says, whatever the server answered, and 1 if it did
not open the session or ended too early; 125 if the recording is incomplete. 2
if the file exists, the script has a mistake, or the machine's administrators
forbid to capture content.`,
		Flags: a.flags(
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, TakesFile: true, Usage: "write to `FILE`; - is stdout, with --script"},
			&cli.StringFlag{Name: "script", TakesFile: true, Usage: "play the calls of this `FILE`, with no client; - is stdin"},
			&cli.BoolFlag{Name: "redact", DisableDefaultText: true, Usage: "replace secrets and personal data"},
			&cli.BoolFlag{Name: "force", DisableDefaultText: true, Usage: "replace a file that exists"},
			&cli.DurationFlag{Name: "timeout", Value: tryTimeout, Usage: "wait `DURATION` for each answer to --script"},
		),
		Action: a.record,
	}
}

func (a *app) record(c *cli.Context) error {
	command, out := a.serverCommand(c), c.String("out")
	switch {
	case len(command) == 0 || command[0] == "":
		return &usageError{"no server to record", "for example: spanpipe record -o session.jsonl -- npx -y @modelcontextprotocol/server-everything"}
	case c.IsSet("script"):
		return a.recordScript(c, command)
	case c.IsSet("timeout"):
		return &usageError{"--timeout is for the calls of --script; a client waits as long as it likes", "see: spanpipe help record"}
	case out == "" || out == "-":
		return &usageError{"no file to record to; stdout is the protocol's", "put -o FILE in front of the command: spanpipe record -o session.jsonl -- …"}
	}
	l, err := a.prepareRecording(c, command)
	if err != nil {
		return err
	}
	if a.status, err = l.run(); err != nil {
		return err
	}
	_ = l.recording.report("") // the exit status is the server's
	a.sayWhere()
	return nil
}

// prepareRecording resolves the settings and creates the file.
func (a *app) prepareRecording(c *cli.Context, command []string) (*launch, error) {
	l, err := a.prepare(command, consent.Decide)
	if err != nil {
		return nil, err
	}
	if err := a.mayRecord(); err != nil {
		return nil, err
	}
	cfg := recording.Config{By: "spanpipe " + a.Build.complete().Version, Started: time.Now()}
	if c.Bool("redact") {
		if cfg.Redactor, err = a.recordingRedactor(); err != nil {
			return nil, err
		}
	}
	if !wrap.Found(command, l.server.Env) {
		return l, nil // nothing to record: starting it says why
	}
	r := &recorder{app: a, file: a.Stdout}
	if out := c.String("out"); out != "" && out != "-" {
		if r.path, r.file, err = createRecording(out, cfg.Started, c.Bool("force")); err != nil {
			return nil, err
		}
		a.printer.tell(&a.options, a.named, slog.LevelInfo, "recording this session, with its content, to "+r.path, "")
	}
	cfg.Out, cfg.Failed = r.file, r.failed
	if r.Recorder, err = recording.NewRecorder(cfg); err != nil {
		r.discard()
		return nil, fmt.Errorf("writing the recording: %w", err)
	}
	l.recording = r
	return l, nil
}

// mayRecord returns an error if the administrators of the machine forbid to capture any of what a recording holds.
func (a *app) mayRecord() error {
	a.obey()
	for _, level := range consent.Levels() {
		if level == consent.Stderr { // which is not recorded
			continue
		}
		if why := a.fleet.forbids(level); why != "" {
			return &usageError{"a recording holds " + string(level) + why, "to look at a session without content: spanpipe try"}
		}
	}
	return nil
}

// recordingRedactor returns what redacts as captured content is redacted.
func (a *app) recordingRedactor() (*redact.Redactor, error) {
	get := func(name string) string { v, _ := getenv(a.Environ, name); return v }
	policy, warnings := consent.Decide(consent.Request{
		Telemetry: string(consent.Console), Capture: string(consent.Errors), Redact: a.options.redact,
		Home: cmp.Or(get("HOME"), get("USERPROFILE")), User: cmp.Or(get("USER"), get("USERNAME")),
	})
	if len(warnings) > 0 { // else less is redacted than the user wants
		return nil, &usageError{warnings[0].Variable + ": " + warnings[0].Text, "see: spanpipe help"}
	}
	capture := policy.Capture()
	cfg := redact.Config{Home: capture.Home(), User: capture.User()}
	for _, p := range capture.Patterns() {
		cfg.Patterns = append(cfg.Patterns, redact.Pattern(p))
	}
	return redact.New(cfg)
}

// createRecording creates the file, under a name that no other process has.
func createRecording(name string, now time.Time, force bool) (path string, file *os.File, err error) {
	path, file, err = createUnique(name, now, force)
	switch {
	case errors.Is(err, fs.ErrExist) && force:
		err = &usageError{path + " exists, and is no file that can be replaced", "name another file"}
	case errors.Is(err, fs.ErrExist):
		err = &usageError{path + " exists", "name another file, replace it: --force, or let each start have its own: -o " + withTime(name)}
	case err != nil:
		err = &usageError{"the recording cannot be written: " + err.Error(), "name a file in a directory that exists and is yours"}
	}
	return path, file, err
}

// createUnique creates a file for the user alone, and returns its name with the placeholders replaced. Another one that is
// replaced is removed and not written to: it may be one of a recording that is not over.
func createUnique(name string, now time.Time, force bool) (path string, file *os.File, err error) {
	const tries = 1000
	for try := range tries {
		at := now.Add(time.Duration(try) * time.Millisecond).UTC()
		path = strings.NewReplacer(
			"{time}", at.Format("20060102T150405.000Z"), "{pid}", strconv.Itoa(os.Getpid()),
		).Replace(name)
		if absolute, err := filepath.Abs(path); err == nil {
			path = absolute
		}
		if info, err := os.Lstat(path); force && err == nil && info.Mode().IsRegular() {
			if err := os.Remove(path); err != nil {
				return path, nil, err
			}
		}
		file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if !errors.Is(err, fs.ErrExist) || !strings.Contains(name, "{time}") {
			break
		}
	}
	return path, file, err
}

// withTime returns a name with a placeholder before its ending.
func withTime(name string) string {
	ending := filepath.Ext(name)
	return strings.TrimSuffix(name, ending) + "-{time}" + ending
}
