package cli

import (
	"embed"
	"slices"
	"strings"
	"text/template"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/clients"
)

// scripts are templates of the completion scripts, to be filled from the tables of commands and settings. The library's
// own completion would run spanpipe for every key, and cannot complete a server's command behind "--", which is what
// people complete most.
//
//go:embed completion
var scripts embed.FS

const shells = "bash zsh fish powershell"

func (a *app) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script for bash, zsh, fish, PowerShell",
		UsageText: "spanpipe completion " + strings.ReplaceAll(shells, " ", "|"),
		Description: `In ~/.bashrc:                 source <(spanpipe completion bash)
In ~/.zshrc, after compinit:  source <(spanpipe completion zsh)
For fish:  spanpipe completion fish > ~/.config/fish/completions/spanpipe.fish
In $PROFILE of PowerShell:    spanpipe completion powershell | Out-String | iex

Exit status: 0; 2 if the command line is invalid.`,
		Action: func(c *cli.Context) error {
			shell := c.Args().First()
			quote := map[string]*strings.Replacer{ // inside single quotes
				"bash":       strings.NewReplacer(), // its script has no free text
				"zsh":        strings.NewReplacer("'", `'\''`),
				"fish":       strings.NewReplacer(`\`, `\\`, "'", `\'`),
				"powershell": strings.NewReplacer("'", "''"),
			}[shell]
			if quote == nil || c.NArg() != 1 || a.dashes {
				return &usageError{"completion takes the name of a shell",
					"one of: " + strings.ReplaceAll(shells, " ", ", ")}
			}
			functions := template.FuncMap{"quote": func(s string) string { return "'" + quote.Replace(s) + "'" }}
			script, err := template.New(shell).Funcs(functions).ParseFS(scripts, "completion/"+shell)
			if err != nil {
				return err
			}
			return script.Execute(a.Stdout, completionsOf(c.App))
		},
	}
}

// oneOf is a flag that takes one of a few words, which are completed.
type oneOf struct {
	*cli.StringFlag
	words string
}

// completions is what a completion script is made of.
type completions struct {
	Commands []completedCommand // the first, without a name, is the program itself
	Values   []completedFlag    // the flags of any command that take a value
	Valued   string             // their names, as a pattern of a shell
}

type completedCommand struct {
	Name, Usage string
	Words       string // its arguments, if they are few
	Files       bool   // they may be files as well
	Flags       []completedFlag
}

// completedFlag is one name of a flag.
type completedFlag struct {
	Name, Usage string
	Value       bool   // it takes one
	Words       string // the values, if they are few
	File        bool   // the value is a file
}

// Fish returns the flag as options of fish's command complete.
func (f completedFlag) Fish() string {
	if long, ok := strings.CutPrefix(f.Name, "--"); ok {
		return "-l " + long
	}
	return "-s " + strings.TrimPrefix(f.Name, "-")
}

// completionsOf describes a program. What it shows in help is what is completed.
func completionsOf(program *cli.App) completions {
	var names, valued []string
	for _, c := range program.VisibleCommands() {
		names = append(names, c.Name)
	}
	all := completions{Commands: []completedCommand{
		{Words: strings.Join(names, " ") + " --", Flags: completedFlags(program.Flags)},
	}}
	var known []string
	for _, c := range clients.Table() {
		known = append(known, c.ID)
	}
	ids := strings.Join(known, " ")
	for _, c := range program.VisibleCommands() {
		words := map[string]string{
			"clients": ids, "install": ids, "uninstall": ids, "doctor": ids,
			"completion": shells, "help": strings.Join(names, " "), "show": "last", "push": "last", "export": "last", "metrics": "check",
			"diff": "last", "check": "last",
		}[c.Name]
		files := c.Name == "metrics" || c.Name == "diff" || c.Name == "check"
		all.Commands = append(all.Commands, completedCommand{c.Name, c.Usage, words, files, completedFlags(c.Flags)})
	}
	for _, c := range all.Commands {
		for _, f := range c.Flags {
			if i := slices.Index(valued, f.Name); i >= 0 { // of another command, too
				all.Values[i].Words = union(all.Values[i].Words, f.Words)
			} else if f.Value {
				all.Values, valued = append(all.Values, f), append(valued, f.Name)
			}
		}
	}
	all.Valued = strings.Join(valued, "|")
	return all
}

// union returns the words that are in either of two lists.
func union(a, b string) string {
	words := strings.Fields(a)
	for _, word := range strings.Fields(b) {
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// completedFlags describes the flags of a command. The library adds the flag for help only when a command runs.
func completedFlags(flags []cli.Flag) (all []completedFlag) {
	if !slices.Contains(flags, cli.HelpFlag) {
		flags = append(slices.Clone(flags), cli.HelpFlag)
	}
	for _, f := range flags {
		for _, name := range f.Names() {
			c := completedFlag{Name: "--" + name}
			if len(name) == 1 {
				c.Name = "-" + name
			}
			if l, is := f.(listedFlag); is {
				f = l.setting
			}
			switch f := f.(type) {
			case *setting:
				c.Usage, c.Value, c.Words, c.File = f.Usage, f.Value != "", f.OneOf+f.Words, f.File
			case oneOf:
				c.Usage, c.Value, c.Words = strings.ReplaceAll(f.Usage, "`", ""), true, f.words
			case cli.DocGenerationFlag:
				c.Usage, c.Value = strings.ReplaceAll(f.GetUsage(), "`", ""), f.TakesValue()
			}
			if f, ok := f.(*cli.StringFlag); ok {
				c.File = f.TakesFile
			}
			all = append(all, c)
		}
	}
	return all
}
