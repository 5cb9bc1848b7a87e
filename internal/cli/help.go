package cli

import (
	"strings"

	"github.com/urfave/cli/v2"
)

func (a *app) helpCommand() *cli.Command {
	return &cli.Command{
		Name:            "help",
		Usage:           "show what spanpipe and its commands can do",
		UsageText:       "spanpipe help [command]",
		HideHelpCommand: true,
		OnUsageError:    misused,
		Action: func(c *cli.Context) error {
			root := c.Lineage()[1]
			name := c.Args().First()
			if name == "" {
				return cli.ShowAppHelp(root)
			}
			if root.App.Command(name) == nil || a.dashes {
				return &usageError{"no command is called " + name, "see: spanpipe help"}
			}
			return cli.ShowCommandHelp(root, name)
		},
	}
}

// The library's templates show flags without their variables, or read the variables itself. These show the table of
// settings.

func appHelp() string {
	return `{{.Name}} - {{.Usage}}

USAGE
   {{.UsageText}}
   spanpipe COMMAND [args...]

{{.Description}}

COMMANDS{{range .VisibleCommands}}
   {{printf "%-12s" .Name}}{{.Usage}}{{end}}

FLAGS, each with its environment variable; a flag wins
` + flagHelp()
}

// commandHelp is the help of one command, with flags of its own given as name and text in turn.
func commandHelp(own ...string) string {
	text := `{{.HelpName}} - {{.Usage}}

USAGE
   {{if .UsageText}}{{.UsageText}}{{else}}{{.HelpName}} [flags]{{end}}
{{if .Description}}
{{.Description}}
{{end}}
FLAGS, each with its environment variable; a flag wins
` + flagHelp()
	for i := 0; i+1 < len(own); i += 2 {
		text += "   " + own[i] + "\n" + indented(own[i+1])
	}
	return text
}

func flagHelp() string {
	var b strings.Builder
	for _, s := range settings {
		head := "--" + s.flag
		if s.value != "" {
			head += " " + s.value
		}
		head = pad(head, 27) + "$" + s.variable
		if s.value != "" && s.initial != "" {
			head = pad(head, 57) + "default " + s.initial
		}
		b.WriteString("   " + head + "\n" + indented(s.usage))
	}
	return b.String()
}

// indented sets a text in lines of at most 100 columns.
func indented(text string) string {
	const indent, columns = "      ", 100
	line, out := indent, ""
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word)+1 > columns {
			out += strings.TrimRight(line, " ") + "\n"
			line = indent
		}
		line += word + " "
	}
	return out + strings.TrimRight(line, " ") + "\n"
}
