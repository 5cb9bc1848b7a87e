package cli

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/recording"
	"github.com/spanpipe/spanpipe/internal/replay"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/wrap"
)

// exitOther is the exit code of a replay that is not the same as the recording.
const exitOther = 1

// replayTimeout is how long each answer is awaited. What was slower when it was recorded has twice the time it took.
const replayTimeout = 30 * time.Second

func (a *app) replayCommand() *cli.Command {
	return &cli.Command{
		Name:      "replay",
		Usage:     "play a recording to a server, and compare the answers",
		UsageText: "spanpipe replay [flags] FILE [--] command [args...]",
		Description: `Plays the client's side of a recording to a fresh server, and compares what the
server says with what it said then, operation by operation. Ids, times, UUIDs
and paths of temporary files may differ; one digit of a result may not.

   spanpipe record -o session.jsonl -- npx -y my-server    a client, or --script
   spanpipe replay session.jsonl -- npx -y my-server       a test, from then on

The client waits for what it waited for, and no longer; --speed 1 has its
pauses, too. Its answers to the server are the recorded ones. What the server
made up and the client sent back, such as a cursor, is that of the fresh server.
With - for FILE the recording is read from stdin.

A file of rules names what else is no difference. With --update the recording is
replaced by the fresh conversation, where the server has answered everything.
docs/replay.md has the details, and an example for continuous integration.

Exit status: 0 if both are the same, or the recording was updated; 1 if they
differ; 2 for a file that cannot be replayed and an invalid command line; 126 if
the server cannot be run, and 127 if it is not found.`,
		Flags: a.flags(
			&cli.StringFlag{Name: "rules", TakesFile: true, Usage: "what is no difference: `FILE`"},
			&cli.BoolFlag{Name: "update", DisableDefaultText: true, Usage: "replace the recording by the fresh conversation"},
			&cli.StringFlag{Name: "junit", TakesFile: true, Usage: "write a report in JUnit's XML to `FILE`"},
			&cli.Float64Flag{Name: "speed", Usage: "with the client's pauses, divided by `N`", DefaultText: "none"},
			&cli.BoolFlag{Name: "fast", DisableDefaultText: true, Usage: "without pauses, as by default"},
			&cli.DurationFlag{Name: "timeout", Value: replayTimeout, Usage: "wait this `DURATION` for each answer"},
			jsonFlag,
		),
		Action: a.replay,
	}
}

// rerun is one replay: what was asked for, and what was found.
type rerun struct {
	file    string
	header  recording.Header
	plan    *replay.Plan
	rules   *replay.Rules
	redact  func(recording.Side, []byte) []byte // nil unless the recording is redacted
	played  *replay.Played
	report  *replay.Report
	exit    recording.Exit
	updated bool
	kept    error // why the recording was not updated
}

const replayExample = "for example: spanpipe replay session.jsonl -- npx -y @modelcontextprotocol/server-everything"

func (a *app) replay(c *cli.Context) error {
	r, command, err := a.prepareReplay(c)
	if err != nil {
		return err
	}
	l, err := a.prepare(command, consent.Decide)
	if err != nil {
		return err
	}
	l.patience = r.plan.Patience()
	l.started, l.telemetry.Client = func() {}, nil // the client is here
	status, err := l.play(func(in io.Reader, out io.WriteCloser) {
		r.played = r.plan.Play(replay.Config{
			In: in, Out: out, Timeout: c.Duration("timeout"), Speed: c.Float64("speed"), Redact: r.redact,
		})
	})
	if err != nil {
		return err
	}
	a.printer.flush(lastLines)                           // the console's lines come first
	if status.End == wrap.Signaled && !l.forced.Load() { // a person has pressed Ctrl-C
		a.status = status
		return nil
	}
	r.exit = recording.Exit{Code: status.Code, Signal: status.SignalName()}
	r.report = replay.Compare(r.played, replay.Options{Rules: r.rules, Exit: &r.exit})
	if c.Bool("update") && r.report.Differences() > 0 {
		if r.kept = r.played.Whole(); r.kept == nil {
			if err := a.updateRecording(r); err != nil {
				return err
			}
		}
	}
	if r.report.Differences() > 0 && !r.updated {
		a.status.Code = exitOther
	}
	return a.reportReplay(c, r)
}

// reportReplay writes the reports that were asked for.
func (a *app) reportReplay(c *cli.Context, r *rerun) error {
	if path := c.String("junit"); path != "" {
		if err := a.writeJUnit(path, func(w io.Writer) error { return r.report.WriteJUnit(w, r.file) }); err != nil {
			return err
		}
	}
	if c.Bool("json") {
		return a.writeJSON(r.json())
	}
	_, err := io.WriteString(a.Stdout, r.text(a.screen()))
	return err
}

// prepareReplay reads the recording and the rules, and returns the server's command.
func (a *app) prepareReplay(c *cli.Context) (r *rerun, command []string, err error) {
	args := c.Args().Slice()
	if len(args) == 0 {
		return nil, nil, &usageError{"no recording to replay", replayExample}
	}
	command = args[1:]
	switch {
	case len(command) == 0:
		command = a.command
	case a.dashes:
		command = append(append(command, "--"), a.command...)
	}
	speed := c.Float64("speed")
	switch {
	case len(command) == 0 || command[0] == "":
		return nil, nil, &usageError{"no server to replay " + args[0] + " to", replayExample}
	case c.Duration("timeout") <= 0:
		return nil, nil, &usageError{"--timeout must be longer than 0s", "see: spanpipe help replay"}
	case c.Bool("update") && args[0] == "-":
		return nil, nil, &usageError{"--update needs a file, and - is stdin", "name the file of the recording"}
	case c.IsSet("speed") && c.Bool("fast"):
		return nil, nil, &usageError{"--speed and --fast exclude each other", "--speed 1 has the pauses of the recording, --fast has none"}
	case c.IsSet("speed") && (!(speed > 0) || math.IsInf(speed, 0)):
		return nil, nil, &usageError{"--speed must be more than 0", "--speed 1 has the pauses of the recording, --speed 10 a tenth of them"}
	}
	r = &rerun{file: args[0], rules: &replay.Rules{}}
	if err := r.read(a); err != nil {
		return nil, nil, err
	}
	if path := c.String("rules"); path != "" {
		if r.rules, err = readReplayRules(path); err != nil {
			return nil, nil, err
		}
	}
	if c.Bool("update") {
		err = a.mayRecord()
	}
	if r.plan.Redacted() && err == nil {
		r.redact, err = a.redactLines()
	}
	return r, command, err
}

// read reads the recording.
func (r *rerun) read(a *app) error {
	in := a.Stdin
	if r.file == "-" {
		r.file = stdinName
	} else {
		file, err := os.Open(r.file)
		if err != nil {
			return &usageError{"cannot read the recording: " + err.Error(), replayExample}
		}
		defer file.Close()
		in = file
	}
	rec, err := recording.Read(in)
	switch {
	case errors.Is(err, recording.ErrNot):
		return &usageError{r.file + ": " + err.Error(), "to make one: spanpipe record -o session.jsonl -- your-server"}
	case err != nil:
		return unreadable(r.file, err)
	case rec.Exit() == nil:
		a.warn(r.file + brokenOff)
	}
	r.header, r.plan = rec.Header, replay.NewPlan(rec)
	const again = "record the session again: spanpipe record"
	if lost := r.plan.Lost(); lost > 0 {
		return &usageError{fmt.Sprintf("%s lacks %s of the conversation, so it cannot be replayed", r.file, view.Size(lost)), again}
	}
	if r.plan.Requests() == 0 {
		return &usageError{r.file + " holds no request of a client's, so there is nothing to compare", again}
	}
	return nil
}

// readReplayRules reads a rules file.
func readReplayRules(path string) (*replay.Rules, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &usageError{"cannot read the rules: " + err.Error(), "docs/replay.md describes the file"}
	}
	rules, err := replay.ParseRules(text, meant)
	if problem, ok := errors.AsType[*replay.RulesError](err); ok {
		return nil, &usageError{path + ":" + problem.Error(), problem.Hint}
	}
	return rules, err
}

// redactLines returns what redacts lines as a recording's are.
func (a *app) redactLines() (func(recording.Side, []byte) []byte, error) {
	redactor, err := a.recordingRedactor()
	if err != nil {
		return nil, err
	}
	return recording.Redact(redactor), nil
}

// updateRecording replaces the recording by the fresh conversation.
func (a *app) updateRecording(r *rerun) error {
	fresh := r.played.Recording("spanpipe "+a.Build.complete().Version, &r.exit)
	path, err := filepath.EvalSymlinks(r.file)
	if err != nil {
		return err
	}
	before, err := os.Stat(path)
	if err != nil {
		return err
	}
	err = writeFile(path, true, func(out io.Writer) error {
		w, err := recording.NewWriter(out, fresh.Header)
		for i := 0; err == nil && i < len(fresh.Events); i++ {
			err = w.Write(&fresh.Events[i])
		}
		return err
	})
	if err != nil {
		return err
	}
	r.updated = true
	return os.Chmod(path, before.Mode().Perm()) // one that is committed may be read by others
}
