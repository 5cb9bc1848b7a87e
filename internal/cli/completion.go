package cli

import (
	"embed"
	"strings"
	"text/template"

	"github.com/urfave/cli/v2"
)

// scripts are templates of the completion scripts, to be filled from the tables of commands and settings. The library's
// own completion would run spanpipe for every key, and cannot complete a server's command behind "--", which is what
// people complete most.
//
//go:embed completion
var scripts embed.FS

func (a *app) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script for bash, zsh or fish",
		UsageText: "spanpipe completion bash|zsh|fish",
		Description: `bash:  source <(spanpipe completion bash)                                  in ~/.bashrc
zsh:   source <(spanpipe completion zsh)                                   in ~/.zshrc, after compinit
fish:  spanpipe completion fish > ~/.config/fish/completions/spanpipe.fish`,
		Action: func(c *cli.Context) error {
			shell := c.Args().First()
			quote := map[string]*strings.Replacer{ // inside single quotes
				"bash": strings.NewReplacer(), // its script has no free text
				"zsh":  strings.NewReplacer("'", `'\''`),
				"fish": strings.NewReplacer(`\`, `\\`, "'", `\'`),
			}[shell]
			if quote == nil || c.NArg() != 1 || a.dashes {
				return &usageError{"completion takes the name of a shell", "one of: bash, zsh, fish"}
			}
			functions := template.FuncMap{"quote": func(s string) string { return "'" + quote.Replace(s) + "'" }}
			script, err := template.New(shell).Funcs(functions).ParseFS(scripts, "completion/"+shell)
			if err != nil {
				return err
			}
			return script.Execute(a.Stdout, map[string]any{"Commands": c.App.VisibleCommands(), "Settings": a.settings})
		},
	}
}
