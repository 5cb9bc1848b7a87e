package cli

import (
	"cmp"
	"errors"
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
of lines of JSON, byte for byte and with times: docs/recordings.md describes it.

   spanpipe record -o session.jsonl -- npx -y @modelcontextprotocol/server-...

In a client's configuration, put it in the place of spanpipe. A client starts
its servers again and again: {time} in the name gives each start its own file,
and {pid} is the number of the process.

   "args": ["record", "-o", "/tmp/everything-{time}.jsonl", "--", "npx", ...]

A recording holds everything, secrets included. The file can be read by you
alone, and none is replaced without --force. With --redact, texts that look like
secrets or personal data are replaced before they are written; read the file
before you commit it. Telemetry is as SPANPIPE_TELEMETRY says.

Exit status: that of the server, as with "spanpipe --"; 2 if the file exists or
the machine's administrators forbid to capture content, 125 if it cannot be
written.`,
		Flags: a.flags(
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, TakesFile: true, Usage: "write to `FILE`"},
			&cli.BoolFlag{Name: "redact", DisableDefaultText: true, Usage: "replace secrets and personal data"},
			&cli.BoolFlag{Name: "force", DisableDefaultText: true, Usage: "replace a file that exists"},
		),
		Action: a.record,
	}
}

func (a *app) record(c *cli.Context) error {
	command := a.serverCommand(c)
	if len(command) == 0 || command[0] == "" {
		return &usageError{"no server to record", "for example: spanpipe record -o session.jsonl -- npx -y @modelcontextprotocol/server-everything"}
	}
	if c.String("out") == "" || c.String("out") == "-" {
		return &usageError{"no file to record to; stdout is the protocol's", "for example: spanpipe record -o session.jsonl -- " + command[0]}
	}
	l, err := a.prepareRecording(c, command)
	if err != nil {
		return err
	}
	a.status, err = l.run()
	if err == nil {
		a.sayWhere()
	}
	return err
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
	cfg := recording.Config{By: "spanpipe " + a.Build.complete().Version}
	if c.Bool("redact") {
		if cfg.Redactor, err = a.recordingRedactor(); err != nil {
			return nil, err
		}
	}
	if !wrap.Found(command, l.server.Env) {
		return l, nil // nothing to record: starting it says why
	}
	l.recording, err = a.createRecording(c.String("out"), c.Bool("force"), cfg)
	return l, err
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
func (a *app) createRecording(name string, force bool, cfg recording.Config) (*recorder, error) {
	cfg.Started = time.Now()
	path, file, err := createUnique(name, cfg.Started, force)
	if errors.Is(err, fs.ErrExist) {
		return nil, &usageError{path + " exists",
			"name another file, replace it: --force, or let each start have its own: -o " + withTime(name)}
	} else if err != nil {
		return nil, &usageError{"cannot record: " + err.Error(), "name a file in a directory that exists"}
	}
	r := &recorder{app: a, path: path, file: file}
	cfg.Out, cfg.Failed = file, r.failed
	if r.Recorder, err = recording.NewRecorder(cfg); err != nil {
		_, _ = file.Close(), os.Remove(path)
		return nil, err
	}
	a.printer.tell(&a.options, a.named, slog.LevelInfo, "recording this session, with its content, to "+path, "")
	return r, nil
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
