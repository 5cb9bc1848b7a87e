package cli

import (
	"github.com/urfave/cli/v2"
)

func (a *app) helpCommand() *cli.Command {
	return &cli.Command{
		Name:            "help",
		Usage:           "show what spanpipe and its commands can do",
		ArgsUsage:       "[command]",
		HideHelpCommand: true,
		OnUsageError:    misused,
		Action: func(c *cli.Context) error {
			name := c.Args().First()
			if name == "" {
				return cli.ShowAppHelp(c)
			}
			if c.App.Command(name) == nil {
				return &usageError{"no command is called " + name, "see: spanpipe help"}
			}
			return cli.ShowCommandHelp(c.Lineage()[1], name)
		},
	}
}
