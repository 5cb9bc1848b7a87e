package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// The scripts are generated from the tables of commands and settings. The library's own completion would run spanpipe
// for every key, and cannot complete a server's command behind "--", which is what people complete most.

func (a *app) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script for bash, zsh or fish",
		UsageText: "spanpipe completion bash|zsh|fish",
		Description: `bash:  source <(spanpipe completion bash)                                  in ~/.bashrc
zsh:   source <(spanpipe completion zsh)                                   in ~/.zshrc, after compinit
fish:  spanpipe completion fish > ~/.config/fish/completions/spanpipe.fish`,
		HideHelpCommand: true,
		OnUsageError:    usageProblem,
		Action: func(c *cli.Context) error {
			scripts := map[string]func([]*cli.Command) string{
				"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion,
			}
			script, ok := scripts[c.Args().First()]
			if !ok || c.NArg() != 1 || a.dashes {
				return &usageError{"completion takes the name of a shell", "one of: bash, zsh, fish"}
			}
			_, err := fmt.Fprint(a.Stdout, script(visibleCommands(c.App.Commands)))
			return err
		},
	}
}

func visibleCommands(all []*cli.Command) []*cli.Command {
	var shown []*cli.Command
	for _, c := range all {
		if !c.Hidden {
			shown = append(shown, c)
		}
	}
	return shown
}

// commandNames returns the names of commands, separated by spaces.
func commandNames(commands []*cli.Command) string {
	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = c.Name
	}
	return strings.Join(names, " ")
}

func bashCompletion(commands []*cli.Command) string {
	names := commandNames(commands)
	var options, values strings.Builder
	for _, s := range settings {
		options.WriteString("--" + s.flag + " ")
		if len(s.words) > 0 {
			words := strings.Join(s.words, " ")
			fmt.Fprintf(&values, "    --%s) COMPREPLY=($(compgen -W %q -- \"$cur\")); return ;;\n", s.flag, words)
		}
	}
	return `# bash completion of spanpipe
_spanpipe() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} == -- ]]; then
      if declare -F _command_offset >/dev/null; then
        _command_offset $((i + 1))
      elif ((i + 1 == COMP_CWORD)); then
        COMPREPLY=($(compgen -c -- "$cur"))
      else
        COMPREPLY=($(compgen -f -- "$cur"))
      fi
      return
    fi
  done
  case $prev in
` + values.String() + `    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$cur")); return ;;
    help) COMPREPLY=($(compgen -W "` + names + `" -- "$cur")); return ;;
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "` + options.String() + `--help" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "` + names + ` --" -- "$cur"))
  fi
}
complete -o default -F _spanpipe spanpipe
`
}

func zshCompletion(commands []*cli.Command) string {
	var b strings.Builder
	b.WriteString(`#compdef spanpipe
_spanpipe() {
  local -a commands options
  local i
  for ((i = 2; i < CURRENT; i++)); do
    if [[ $words[i] == -- ]]; then
      shift $i words; ((CURRENT -= i)); _normal; return
    fi
  done
  case $words[CURRENT-1] in
`)
	for _, s := range settings {
		if len(s.words) > 0 {
			fmt.Fprintf(&b, "    --%s) compadd -- %s; return ;;\n", s.flag, strings.Join(s.words, " "))
		}
	}
	b.WriteString("    completion) compadd -- bash zsh fish; return ;;\n  esac\n  commands=(\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "    %s\n", zshQuote(c.Name+":"+c.Usage))
	}
	b.WriteString("  )\n  options=(\n")
	for _, s := range settings {
		fmt.Fprintf(&b, "    %s\n", zshQuote("--"+s.flag+":"+s.usage))
	}
	b.WriteString(`  )
  if [[ $PREFIX == -* ]]; then _describe option options
  else _describe command commands; compadd -- --
  fi
}
compdef _spanpipe spanpipe
`)
	return b.String()
}

func zshQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func fishCompletion(commands []*cli.Command) string {
	const complete = "complete -c spanpipe -n __spanpipe_before "
	const completeWhere = "complete -c spanpipe -n '__spanpipe_before; and "
	var b strings.Builder
	b.WriteString(`# fish completion of spanpipe
complete -c spanpipe -e
function __spanpipe_before
  not contains -- -- (commandline -opc)
end
function __spanpipe_server
  __fish_complete_subcommand --fcs-skip=(math (contains -i -- -- (commandline -opc)))
end
complete -c spanpipe -n 'not __spanpipe_before' -xa '(__spanpipe_server)'
`)
	for _, c := range commands {
		fmt.Fprintf(&b, completeWhere+"__fish_use_subcommand' -xa %s -d %s\n", c.Name, fishQuote(c.Usage))
	}
	b.WriteString(completeWhere + "__fish_seen_subcommand_from completion' -xa 'bash zsh fish'\n")
	for _, s := range settings {
		fmt.Fprintf(&b, complete+"-l %s -d %s", s.flag, fishQuote(s.usage))
		if s.value != "" {
			fmt.Fprintf(&b, " -xa '%s'", strings.Join(s.words, " "))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func fishQuote(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", `\'`) + "'"
}
