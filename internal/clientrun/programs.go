package clientrun

import (
	_ "embed" // programs.txt
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/spanpipe/spanpipe/internal/proctree"
)

// kind is what a program is to the search. Everything that programs.txt does not list is a client.
type kind string

const (
	client      kind = ""
	shell       kind = "shells"
	launcher    kind = "launchers"
	script      kind = "scripts"
	interpreter kind = "interpreters"
	end         kind = "ends"
)

//go:embed programs.txt
var programsText string

// programs returns the kinds by name.
var programs = sync.OnceValue(func() map[string]kind {
	kinds, now := map[string]kind{}, client
	for line := range strings.Lines(programsText) {
		if heading, ok := strings.CutPrefix(line, "["); ok {
			word, _, _ := strings.Cut(heading, ":")
			now = kind(word)
		} else if !strings.HasPrefix(line, "#") {
			for _, name := range strings.Fields(line) {
				kinds[name] = now
			}
		}
	}
	return kinds
})

// kindOf returns what a process is: a client, a launcher, or an end.
func kindOf(p proctree.Info) kind {
	name := nameOf(p.Program)
	switch found := programs()[name]; found {
	case shell:
		if isInteractive(p.Args) {
			return end
		}
		return launcher
	case script:
		return launcher
	case interpreter:
		if programs()[scriptOf(name, p.Args)] == script {
			return launcher
		}
		return client
	default:
		return found
	}
}

// nameOf returns a program's name as programs.txt has it: of /usr/bin/python3.12 and of npx-cli.js.
func nameOf(file string) string {
	name := strings.ToLower(path.Base(strings.ReplaceAll(file, `\`, "/")))
	for _, extension := range []string{".exe", ".cmd", ".ps1", ".js", ".cjs", ".mjs", ".py", ".phar"} {
		name = strings.TrimSuffix(name, extension)
	}
	if versioned := strings.TrimRight(name, "0123456789.-"); programs()[versioned] != client {
		return versioned
	}
	return name
}

// Options of interpreters that are followed by their value, and those that are followed by a program.
var (
	valued = strings.Fields("-r --require --import --loader --experimental-loader -C --conditions -X -W --title --env-file")
	inline = strings.Fields("-e -c -p --eval --print")
)

// scriptOf returns the name of what an interpreter runs. npm writes its own name over its command line, like many a client.
func scriptOf(interpreter string, args []string) string {
	if len(args) == 0 {
		return ""
	}
	if title, _, _ := strings.Cut(args[0], " "); nameOf(title) != interpreter {
		return nameOf(title)
	}
	for i := 1; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "-m" && i+1 < len(args): // python -m pipx
			return nameOf(args[i+1])
		case slices.Contains(valued, arg):
			i++
		case strings.HasPrefix(arg, "-"):
			if slices.Contains(inline, arg) {
				return ""
			}
		case interpreter == "bun" && arg == "x":
			return "bunx"
		case (interpreter == "bun" || interpreter == "deno") && arg == "run":
		default:
			return nameOf(arg)
		}
	}
	return ""
}

// isInteractive reports whether a shell reads commands from a person: it was given neither a command nor a script.
func isInteractive(args []string) bool {
	if len(args) == 0 {
		return false // they could not be read
	}
	for i := 1; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--rcfile" || arg == "--init-file" || arg == "--init-command":
			i++
		case !strings.HasPrefix(arg, "-") || strings.HasPrefix(arg, "--command"):
			return false // a script; or an option of cmd, which begin with a slash
		case !strings.HasPrefix(arg, "--") && strings.Contains(arg, "c"):
			return false // -c, also among others: -ilc
		}
	}
	return true
}
