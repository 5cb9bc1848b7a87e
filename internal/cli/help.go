package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/view"
)

func (a *app) helpCommand() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "show help for spanpipe or one of its commands",
		UsageText: "spanpipe help [command]",
		Action: func(c *cli.Context) error {
			root, name := c.Lineage()[1], c.Args().First()
			switch {
			case c.NArg() > 1 || a.dashes:
				return &usageError{"help takes the name of one command", "see: spanpipe help"}
			case name == "":
				return cli.ShowAppHelp(root)
			case root.App.Command(name) == nil:
				return &usageError{"unknown command " + name, meant(name, commandNames(root.App.Commands)) + "see: spanpipe help"}
			}
			return cli.ShowCommandHelp(root, name)
		},
	}
}

// programHelp is the help of the program. The library's own template would repeat all settings with each command, on
// lines of 250 columns.
const programHelp = `{{.HelpName}} - {{.Usage}}

USAGE
   {{.UsageText}}

{{.Description}}
` // the commands follow

// groups are the commands by what they are for, in the order in which help shows them.
func groups() []group {
	return []group{
		{"WRAP A SERVER", "wrap demo"},
		{"LOOK AT SESSIONS", "try sessions show tail top ui report push export prune definitions"},
		{"CLIENTS", "install uninstall clients doctor"},
		{"PRIVACY", "consent preview"},
		{"TEST A SERVER", "record replay diff check"},
		{"OPERATIONS", "metrics health"},
		{"OTHER COMMANDS", "version completion man help"}, // and what is in no group
	}
}

type group struct{ title, names string }

// commandsHelp lists the commands by their groups.
func commandsHelp(commands []*cli.Command) string {
	lines := map[string]string{}
	for _, c := range commands {
		if !c.Hidden {
			head := fmt.Sprintf("   %-12s", c.Name)
			lines[c.Name] = head + view.Fold(c.Usage, strings.Repeat(" ", len(head)), 80) + "\n"
		}
	}
	var out strings.Builder
	for _, g := range groups() {
		text := ""
		for _, name := range strings.Fields(g.names) {
			text += lines[name]
			delete(lines, name)
		}
		if text != "" {
			out.WriteString("\n" + g.title + "\n" + text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		out.WriteString(lines[name])
	}
	return out.String()
}

// overview is what a person sees who has given no command.
const overview = `spanpipe - see what a local MCP server does, without changing it

USAGE
   spanpipe -- command [args...]       wrap a server, as a client starts it
   spanpipe try -- command [args...]   use a server once, without a client
   spanpipe help [command]             the settings, and what commands do
`

// commandHelp is the help of a command. Its flags are what most people look for.
const commandHelp = `{{.HelpName}} - {{.Usage}}

USAGE
   {{or .UsageText (print .HelpName " [flags]")}}
` + flagsHelp

const flagsHelp = `
FLAGS{{range .VisibleFlags}}
   {{.}}{{end}}
`

// descriptionHelp follows the flags of a command.
const descriptionHelp = `{{with .Description}}
{{.}}
{{end}}`

// settingsHelp returns what follows the template where the settings are explained. In the help of other commands that
// have them, settingsHint follows.
func (a *app) settingsHelp() string {
	text := "\nSETTINGS, each a flag and an environment variable; the flag takes precedence\n"
	for _, s := range a.settings {
		text += "   " + s.String() + "\n"
	}
	return text
}

// settingsHint relies on settings not being visible flags.
const settingsHint = `{{if gt (len .Flags) (len .VisibleFlags)}}
The settings that "spanpipe help" lists apply as well.
{{end}}`

// commandNames returns the names of the commands that help lists.
func commandNames(commands []*cli.Command) []string {
	var names []string
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}
