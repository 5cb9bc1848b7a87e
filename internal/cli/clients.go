package cli

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/clients"
)

func (a *app) clientsCommand() *cli.Command {
	return &cli.Command{
		Name:      "clients",
		Usage:     "list the MCP clients here and their servers",
		UsageText: "spanpipe clients [flags] [CLIENT...]",
		Description: `Looks for the configuration files of the MCP clients that spanpipe knows: of
this user, of the working directory and of the repository it is in. Lists their
servers, whether they are wrapped, and what telemetry each of them would have.
It changes nothing.

   spanpipe clients
   spanpipe clients vscode cursor
   spanpipe clients --json | jq -r '.files[].path'

wrapped      spanpipe is in front of the server's command
not wrapped  it is not: spanpipe install puts it there
remote       the server has a URL and no command; as a local server it can be
             wrapped, too: see docs/clients.md
unsupported  the entry cannot be edited, for the reason that follows

A file that cannot be read is listed with the reason: spanpipe doctor fails for
it.

Exit status: 0; 2 if the command line is invalid.`,
		Flags:  a.flags(jsonFlag),
		Action: a.listClients,
	}
}

// clientList is what "spanpipe clients" shows.
type clientList struct {
	*app
	asked []*clients.Client // empty: all
	files []*clients.File
}

func (a *app) listClients(c *cli.Context) error {
	if a.dashes {
		return &usageError{"clients takes names of clients", "see: spanpipe help clients"}
	}
	l := &clientList{app: a}
	for _, name := range c.Args().Slice() {
		client, err := knownClient(c.Command.Name, name)
		if err != nil {
			return err
		}
		l.asked = append(l.asked, client)
	}
	m := a.machine()
	for _, f := range clients.Find(m) {
		if len(l.asked) == 0 || slices.ContainsFunc(l.asked, func(c *clients.Client) bool { return f.For(c.ID) }) {
			l.files = append(l.files, f)
		}
	}
	a.obey()
	if c.Bool("json") {
		return a.writeJSON(l.json())
	}
	if side := clients.Side(m); side != "" {
		a.printer.lines(side, "")
	}
	return l.write()
}

// looked returns how many clients were looked for.
func (l *clientList) looked() int {
	if len(l.asked) > 0 {
		return len(l.asked)
	}
	return len(clients.Table())
}

// decide makes the decision that a wrapped server makes, from its entry and the policy of the machine. What else its client
// passes on is not known here.
func (l *clientList) decide(s *clients.Server) consent.Policy {
	r := consent.Request{Fleet: l.fleet.consent()}
	for _, v := range s.Env {
		switch v.Name {
		case "SPANPIPE_TELEMETRY":
			r.Telemetry, r.Variable = v.Value, v.Value
		case "DO_NOT_TRACK":
			r.DoNotTrack = v.Value
		case "OTEL_SDK_DISABLED", "SPANPIPE_OTEL_SDK_DISABLED":
			r.SDKDisabled = append(r.SDKDisabled, v.Value)
		}
	}
	for i, arg := range s.Own {
		flag, value, given := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if flag != "telemetry" || arg == flag {
			continue
		}
		if !given && i+1 < len(s.Own) {
			value = s.Own[i+1]
		}
		r.Telemetry = value
	}
	policy, _ := consent.Decide(r) // wrapping a server shows its warnings
	return policy
}
