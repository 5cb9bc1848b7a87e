package cli

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/view"
)

func (a *app) helpCommand() *cli.Command {
	return &cli.Command{
		Name:            "help",
		Usage:           "show help for spanpipe or one of its commands",
		UsageText:       "spanpipe help [command]",
		HideHelpCommand: true,
		OnUsageError:    usageProblem,
		Action: func(c *cli.Context) error {
			root := c.Lineage()[1]
			name := c.Args().First()
			if name == "" {
				return cli.ShowAppHelp(root)
			}
			if root.App.Command(name) == nil || a.dashes {
				return &usageError{"unknown command " + name, "see: spanpipe help"}
			}
			return cli.ShowCommandHelp(root, name)
		},
	}
}

// The library's templates cannot show a flag's variable unless the library reads it. These show the table of settings.

func appHelp() string {
	return `{{.Name}} - {{.Usage}}

USAGE
   {{.UsageText}}
   spanpipe COMMAND [args...]

{{.Description}}

COMMANDS{{range .VisibleCommands}}
   {{printf "%-12s" .Name}}{{.Usage}}{{end}}

FLAGS, each with its environment variable; a flag takes precedence
` + flagHelp()
}

// commandHelp returns the help of one command, whose own flags are given as pairs of name and text.
func commandHelp(own ...string) string {
	text := `{{.HelpName}} - {{.Usage}}

USAGE
   {{if .UsageText}}{{.UsageText}}{{else}}{{.HelpName}} [flags]{{end}}
{{if .Description}}
{{.Description}}
{{end}}
FLAGS, each with its environment variable; a flag takes precedence
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
		head = view.Right(head, 27) + "$" + s.variable
		if s.value != "" && s.initial != "" {
			head = view.Right(head, 57) + "default " + s.initial
		}
		b.WriteString("   " + head + "\n" + indented(s.usage))
	}
	return b.String()
}

// indented breaks a text into indented lines of at most 100 columns.
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
