package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/view"
)

// exitTried is the exit code of a try whose server could be started, but did not do what it was asked.
const exitTried = 1

const (
	tryTimeout = 30 * time.Second
	// tryPatience is how long the SDKs' clients wait at each step of ending a server.
	tryPatience = 2 * time.Second
	// tryQuiet is how long a server that a person waits for may take to answer before that is explained.
	tryQuiet = 3 * time.Second
)

func (a *app) tryCommand() *cli.Command {
	return &cli.Command{
		Name:      "try",
		Usage:     "use a server once, without a client, and draw what happened",
		UsageText: "spanpipe try [flags] [--] command [args...]",
		Description: `Starts the server behind the real relay, opens a session, asks for its tools,
resources and prompts, makes a call if you want one, ends the session, and draws
it as a tree.

   spanpipe try -- npx -y @modelcontextprotocol/server-everything
   spanpipe try --call echo --arguments '{"message":"hello"}' -- npx ...

The server's requests to a client are answered without you: no roots, and no to
everything else. Nothing is stored or sent, unless SPANPIPE_TELEMETRY asks for
it: with local, "spanpipe show last" draws the session again.

Exit status: 0 if the server did what it was asked; 1 if it did not, or the call
failed; 2 if the command line is invalid; 126 if the server cannot be run; 127
if it is not found.`,
		Flags: a.flags(
			&cli.StringFlag{Name: "call", Usage: "call the `TOOL`"},
			&cli.StringFlag{Name: "arguments", Usage: "its arguments: `JSON`, @FILE, or - to read stdin"},
			&cli.BoolFlag{Name: "result", Usage: "print the call's whole result", DisableDefaultText: true},
			&cli.DurationFlag{Name: "timeout", Value: tryTimeout, Usage: "wait this `DURATION` for each answer"},
			jsonFlag,
		),
		Action: a.try,
	}
}

func (a *app) try(c *cli.Context) error {
	command := a.serverCommand(c)
	if len(command) == 0 || command[0] == "" {
		return &usageError{"no server to try", "for example: spanpipe try -- npx -y @modelcontextprotocol/server-everything"}
	}
	v := &visit{tool: c.String("call"), timeout: c.Duration("timeout"), version: a.Build.complete().Version}
	if v.timeout <= 0 {
		return &usageError{"--timeout must be longer than 0s", "see: spanpipe help try"}
	}
	var err error
	if v.arguments, err = a.arguments(c); err != nil {
		return err
	}
	l, err := a.prepare(command, consent.Decide)
	if err != nil {
		return err
	}
	l.patience = tryPatience
	l.started, l.telemetry.Client = a.explainWait(v), nil // the client is here
	collected := &view.Collector{}
	l.telemetry.Sinks = append(l.telemetry.Sinks, collected)
	status, err := l.play(v.play)
	if err != nil {
		return err
	}
	a.printer.flush(lastLines) // the console's lines come first
	v.records, v.status, v.forced = collected.Records(a.now()), status, l.forced.Load()
	if c.Bool("json") {
		err = a.writeJSON(v.json(c.Bool("result")))
	} else {
		err = a.showVisit(v, c.Bool("result"))
	}
	a.reportVisit(v)
	return err
}

// arguments reads the call's arguments. Without any it returns an empty object: servers refuse a call without.
func (a *app) arguments(c *cli.Context) (json.RawMessage, error) {
	text, from := []byte(c.String("arguments")), "--arguments"
	if !c.IsSet("arguments") {
		return json.RawMessage("{}"), nil
	}
	if c.String("call") == "" {
		return nil, &usageError{"--arguments are those of a call, and there is none", "name a tool: --call TOOL"}
	}
	var err error
	if path, ok := strings.CutPrefix(string(text), "@"); ok {
		from = path
		text, err = os.ReadFile(path)
	} else if string(text) == "-" {
		from = "stdin"
		text, err = io.ReadAll(a.Stdin)
	}
	if err != nil {
		return nil, &usageError{fmt.Sprintf("--arguments: %v", err), "want JSON, @FILE, or - to read stdin"}
	}
	if err := checkObject(text); err != nil {
		return nil, &usageError{from + ": " + err.Error(), `for example: --arguments '{"city":"Lisbon"}'`}
	}
	return text, nil
}

// checkObject reports where a text is not a JSON object.
func checkObject(text []byte) error {
	var object map[string]json.RawMessage
	err := json.Unmarshal(text, &object)
	syntax, wrong := errors.AsType[*json.SyntaxError](err)
	switch {
	case wrong:
		before := text[:min(max(int(syntax.Offset)-1, 0), len(text))]
		line := bytes.Count(before, []byte("\n")) + 1
		column := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
		const around = 20
		near := string(before[max(0, len(before)-around):]) + "⟨here⟩" + string(text[len(before):min(len(text), len(before)+around)])
		return fmt.Errorf("no valid JSON: line %d, column %d: %w: %s", line, column, syntax, strings.ToValidUTF8(near, ""))
	case err != nil || object == nil:
		return errors.New("want a JSON object")
	}
	return nil
}

// explainWait returns what is to be called when the server has started: it explains a long wait to a person.
func (a *app) explainWait(v *visit) (started func()) {
	if !isTerminal(a.Stderr) {
		return func() {}
	}
	return func() {
		time.AfterFunc(tryQuiet, func() {
			if !v.opened.Load() {
				a.printer.lines("waiting for the server's first answer; the first time, its package may have to be fetched", "")
			}
		})
	}
}
