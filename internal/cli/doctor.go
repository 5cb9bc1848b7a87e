package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/doctor"
	"github.com/spanpipe/spanpipe/internal/view"
)

func (a *app) doctorCommand() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "find out what is wrong with clients, servers and telemetry",
		UsageText: "spanpipe doctor [flags] [CLIENT...] [-- command [args...]]",
		Description: `Checks the configuration of MCP clients, where telemetry goes, and this machine.
Each problem is a warning or a failure, with what to do on the line below it.

   spanpipe doctor                          clients, telemetry, this machine
   spanpipe doctor codex cursor             of the clients, only these two
   spanpipe doctor -- npx -y some-server    a server
   spanpipe doctor --json | jq .failed      how many checks failed

A server is started several times, without telemetry: for a session; to ask it
for an unknown protocol version, and to send it SIGTERM; and, unless it leaves
processes behind, for each other version of MCP. No tool is called. At most 20
characters of what it writes are shown, with secrets masked.

Where telemetry is to be sent, each signal gets one empty request, which says
nothing but that spanpipe can reach the collector. No client's file is changed.
In the store, a file is created and removed at once, to see that this works.

Exit status: 0 if nothing failed; 1 if something did; 2 if the command line is
invalid. Warnings do not change it.`,
		Flags: a.flags(
			&cli.DurationFlag{Name: "timeout", Value: tryTimeout, Usage: "wait this `DURATION` per answer and list"},
			&cli.DurationFlag{Name: "grace", Value: tryPatience, Usage: "let a server end in this `DURATION`"},
			jsonFlag,
		),
		Action: a.doctor,
	}
}

// exitUnwell is the exit code of "spanpipe doctor" if a check has failed.
const exitUnwell = 1

// doctorJSON is what "spanpipe doctor --json" prints, see docs/json.md.
type doctorJSON struct {
	Version  int            `json:"version"`
	Failed   int            `json:"failed"`
	Warnings int            `json:"warnings"`
	Groups   []doctor.Group `json:"groups"`
}

func (a *app) doctor(c *cli.Context) error {
	for _, name := range []string{"timeout", "grace"} {
		if c.Duration(name) <= 0 {
			return &usageError{"--" + name + " must be longer than 0s", "see: spanpipe help doctor"}
		}
	}
	if a.dashes && (len(a.command) == 0 || a.command[0] == "") {
		return &usageError{"no server to check behind --", "for example: spanpipe doctor -- npx -y @modelcontextprotocol/server-everything"}
	}
	var chosen []*clients.Client
	for _, name := range c.Args().Slice() {
		client, err := knownClient("doctor", name)
		if err != nil {
			return err
		}
		chosen = append(chosen, client)
	}
	began := time.Now()
	var groups []doctor.Group
	if len(a.command) == 0 || len(chosen) > 0 {
		surroundings, err := a.checkSurroundings(chosen)
		if err != nil {
			return err
		}
		groups = surroundings
	} else {
		a.resolve()
	}
	if len(a.command) > 0 {
		server, ok := a.examine(examination{app: a, command: a.command, timeout: c.Duration("timeout"), grace: c.Duration("grace")})
		if !ok {
			return nil
		}
		groups = append(groups, server.Check())
	}
	hideSecrets(groups)
	result := doctorJSON{jsonVersion, doctor.Count(groups, doctor.Fail), doctor.Count(groups, doctor.Warn), groups}
	if result.Failed > 0 {
		a.status.Code = exitUnwell
	}
	if c.Bool("json") {
		return a.writeJSON(result)
	}
	_, err := io.WriteString(a.Stdout, a.doctorText(&result, time.Since(began)))
	return err
}

// hideSecrets masks what looks like a secret in all that is shown: commands, arguments, paths and names may contain one. The user's
// own name and addresses stay.
func hideSecrets(groups []doctor.Group) {
	r, err := redact.New(redact.Config{Secrets: true})
	if err != nil {
		r = nil // which lets nothing through
	}
	hide := func(text *string) { *text = r.Text([]byte(*text), false, len(*text)*redactedGrowth+redactedGrowth) }
	for _, g := range groups {
		for i := range g.Checks {
			c := &g.Checks[i]
			hide(&c.Text)
			for _, all := range [][]string{c.Servers, c.Remedy} {
				for j := range all {
					hide(&all[j])
				}
			}
		}
	}
}

// doctorText returns what a person reads.
func (a *app) doctorText(d *doctorJSON, took time.Duration) string {
	screen := a.screen()
	var out strings.Builder
	for _, g := range d.Groups {
		out.WriteString(screen.Text(view.Safe(g.Name)) + "\n")
		for i := range g.Checks {
			out.WriteString(checkText(screen, &g.Checks[i]))
		}
	}
	out.WriteString("\n")
	what := "Nothing failed"
	if d.Failed > 0 {
		what = view.Number(d.Failed) + " failed"
	}
	if d.Warnings > 0 {
		what += ", " + view.Plural(d.Warnings, "warning")
	}
	what += ". Checked in " + view.Duration(took) + ", no client's file was changed."
	if len(a.command) > 0 {
		what += " What a server writes is shown up to 20 characters, with secrets masked."
	}
	if d.Failed+d.Warnings > 0 {
		what += " What each check means: docs/doctor.md."
	}
	out.WriteString(view.Fold(what, "", min(screen.Columns, pageWidth)) + "\n")
	return out.String()
}

// checkText returns the lines of a check.
func checkText(screen *view.Screen, c *doctor.Check) string {
	const indent = "        "
	color := map[doctor.Status]view.Color{doctor.OK: view.Green, doctor.Warn: view.Yellow, doctor.Fail: view.Red}[c.Status]
	columns := min(screen.Columns, pageWidth) // 0 outside of a terminal
	fold := func(text, indent string) string {
		return view.Fold(view.Safe(screen.Text(text)), indent, columns) + "\n"
	}
	lines := "  " + screen.Paint(color, fmt.Sprintf("%-4s", c.Status)) + "  " + fold(c.Line(), indent)
	for _, r := range c.Remedy {
		if r != "" {
			lines += indent + fold(r, indent+"  ")
		}
	}
	return lines
}

// progress draws what is waited for on the line of a terminal; "" clears it.
func (a *app) progress(what string) {
	if !isTerminal(a.Stderr) {
		return
	}
	line := clearLine
	if what != "" {
		line += view.CutEnd("doctor: "+what+"…", width(a.Stderr, pageWidth)-1)
	}
	_, _ = a.printer.Write([]byte(line)) // never fails
}
