package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/player"
	"github.com/spanpipe/spanpipe/internal/script"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/wrap"
)

// exitPlayed is the exit code of a script that was not played to its end.
const exitPlayed = 1

// recordScript records a session of a client that does what a file says.
func (a *app) recordScript(c *cli.Context, command []string) error {
	s, err := a.readScript(c.String("script"))
	if err != nil {
		return err
	}
	timeout := c.Duration("timeout")
	if timeout <= 0 {
		return &usageError{"--timeout must be longer than 0s", "see: spanpipe help record"}
	}
	l, err := a.prepareRecording(c, command)
	if err != nil {
		return err
	}
	l.patience = tryPatience
	l.started, l.telemetry.Client = func() {}, nil // the client is here
	var played script.Played
	var playing error
	status, err := l.play(func(in io.Reader, out io.WriteCloser) {
		played, playing = s.Play(context.Background(), player.Config{ // each answer has a timeout
			In: in, Out: out, Name: "spanpipe-record", Version: a.Build.complete().Version, Timeout: timeout,
		}, a.showSteps())
	})
	if err != nil {
		return err
	}
	if playing == nil {
		if !l.recording.report(describePlayed(played)) {
			a.status.Code = exitInternal
		}
		return nil
	}
	_ = l.recording.report("")                           // what follows counts more
	if status.End == wrap.Signaled && !l.forced.Load() { // a person has pressed Ctrl-C
		a.status = status
		return nil
	}
	message, hint := playing.Error(), "what the server wrote to stderr, if anything, is above"
	if _, late := errors.AsType[*player.NoAnswerError](playing); late {
		hint = "is it an MCP server that speaks over stdin and stdout? One that is slow to start may need longer: --timeout 2m"
	} else if signal := status.SignalName(); signal != "" {
		message += "; it was killed by " + signal
	} else if status.Code != 0 {
		message += fmt.Sprintf("; it exited with status %d", status.Code)
	}
	a.printer.tell(&a.options, a.named, slog.LevelError, message, hint)
	a.status.Code = exitPlayed
	return nil
}

// readScript reads a file of calls.
func (a *app) readScript(path string) (*script.Script, error) {
	var in io.Reader = a.Stdin
	if path == "-" {
		path = "stdin"
	} else {
		file, err := os.Open(path)
		if err != nil {
			return nil, &usageError{"the script cannot be read: " + err.Error(), "it is a file of calls, see: spanpipe help record"}
		}
		defer func() { _ = file.Close() }() // was only read
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, script.MaxFile+1))
	if err != nil {
		return nil, &usageError{"the script cannot be read: " + err.Error(), "it is a file of calls, see: spanpipe help record"}
	}
	s, err := script.Parse(text)
	if wrong, ok := errors.AsType[*script.Error](err); ok {
		return nil, &usageError{path + ":" + wrong.Error(), meant(wrong.Word, wrong.Known) + "see: spanpipe help record"}
	}
	return s, err
}

// showSteps returns what shows a person what a script does.
func (a *app) showSteps() func(step string) {
	if !isTerminal(a.Stderr) {
		return func(string) {}
	}
	return func(step string) { a.printer.lines(view.Safe(step), "") }
}

// describePlayed sums up what a script has done.
func describePlayed(p script.Played) string {
	text := view.Plural(p.Lists, "list") + " and " + view.Plural(p.Calls, "call")
	var but []string
	if p.Failed > 0 {
		but = append(but, view.Number(p.Failed)+" failed")
	}
	if p.Unanswered > 0 {
		but = append(but, view.Number(p.Unanswered)+" without an answer")
	}
	if but != nil {
		text += " (" + strings.Join(but, ", ") + ")"
	}
	return text
}
