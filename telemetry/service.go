package telemetry

import (
	_ "embed"
	"encoding/json"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// UnnamedService is the service.name of a server without a name that may be shown, such as a lone script: its path is
// private.
const UnnamedService = "mcp-server"

// ServiceName derives a name for a server from its command: the package that one of the known runners starts, for a
// script of one's own the name in its package.json or pyproject.toml, else the program's base name, else "mcp-server".
// It is never a path or a directory, and never an argument other than a package name: an unknown option may take a
// value, so it ends the search. A manifest in the home directory belongs to no project.
func ServiceName(command []string, home string) string {
	return server{command: command, home: home}.name(maxWrappers)
}

// server is a command, and where it runs.
type server struct {
	command []string
	dir     string // relative to the present directory; "" is that one
	home    string
}

// maxWrappers bounds the programs that start one another: env, sudo, uv run, python.
const maxWrappers = 8

// name returns the server's name. The budget bounds how many programs are seen through.
func (s server) name(budget int) string {
	if len(s.command) == 0 || budget == 0 {
		return UnnamedService
	}
	program := program(s.command[0])
	if pythons.MatchString(program) {
		program = "python"
	}
	forms, isRunner := runners()[program]
	switch {
	case !isRunner && isScript(s.command[0]):
		return s.script(s.command[0])
	case !isRunner:
		return valid(program)
	}
	for _, form := range forms {
		if inner, kind, ok := form.find(s); ok {
			return inner.named(kind, budget)
		}
	}
	return UnnamedService
}

// named returns the name of what a runner starts: the first word of a command is a package of a kind, or else the
// command is one itself.
func (s server) named(kind string, budget int) string {
	if kind == "nothing" {
		return UnnamedService
	}
	if kind == "manifest" { // a script of a package is named by the package, whatever it is called
		return s.project(".")
	}
	if len(s.command) == 0 {
		return UnnamedService
	}
	word := s.command[0]
	switch kind {
	case "command":
		if len(s.command) == 1 && strings.Contains(word, " ") { // cmd /c "npx -y server"
			return s.shell(word, budget-1)
		}
		return s.name(budget - 1)
	case "shell":
		return s.shell(word, budget-1)
	case "npm":
		if name := nodePackage(word); runners()[name] == nil || strings.HasPrefix(word, "@") {
			return name // @playwright/mcp is not Python's mcp
		}
		return s.name(budget - 1) // npx tsx src/index.ts
	case "python":
		return pythonPackage(word)
	case "image":
		if name := image(word); runners()[name] == nil && !pythons.MatchString(name) {
			return name
		}
		return server{command: s.command[1:]}.name(budget - 1) // docker run node:22 npx -y server
	case "deno":
		if name := denoModule(word); name != UnnamedService {
			return name
		}
		return s.script(word)
	case "go":
		return goPackage(word)
	case "module":
		return s.module(word)
	case "archive":
		return archive(word)
	case "script-or-manifest":
		if !isScript(word) {
			return s.project(".")
		}
	}
	return s.script(word)
}

// shell returns the name of the last command of a shell's script, if that is a known runner: the first ones prepare it.
// What needs a shell to be understood is not.
func (s server) shell(script string, budget int) string {
	script = redirections.ReplaceAllString(script, "")
	if strings.ContainsAny(script, "\"'`$|<>()\\\n") {
		return UnnamedService
	}
	var last []string
	for part := range strings.FieldsFuncSeq(script, func(c rune) bool { return c == ';' || c == '&' }) {
		last = strings.Fields(part)
		if len(last) == 2 && last[0] == "cd" {
			s.dir = joined(s.dir, last[1])
		}
	}
	for len(last) > 0 && (last[0] == "exec" || assignment.MatchString(last[0])) {
		last = last[1:]
	}
	if len(last) == 0 || runners()[program(last[0])] == nil && !pythons.MatchString(program(last[0])) {
		return UnnamedService
	}
	s.command = last
	return s.name(budget)
}

// What may stand in a shell's command without changing what it starts.
var (
	redirections = regexp.MustCompile(`[ ][012]?>>?[ ]*(&[012]|[\w./~-]+)`)
	assignment   = regexp.MustCompile(`^\w+=`)
)

// program returns the base name of a program, on Unix or Windows.
func program(command string) string {
	name := path.Base(strings.ReplaceAll(command, `\`, "/"))
	for _, suffix := range []string{".exe", ".cmd", ".bat"} {
		if len(name) > len(suffix) && strings.EqualFold(name[len(name)-len(suffix):], suffix) {
			return name[:len(name)-len(suffix)]
		}
	}
	return name
}

var pythons = regexp.MustCompile(`^(python|pypy|py)[0-9.]*w?$`)

// runner is one way to start a server with a program. Lists of options are separated by spaces.
type runner struct {
	Words    string   // subcommands, among which options may stand
	Package  string   // what comes next, see server.named
	Options  []string // names of lists of options
	Flags    string   // options without a value
	Values   string   // options with a value
	Names    string   // options whose value is what comes next
	Modules  string   // options whose value is a Python module
	Commands string   // options whose value begins a command
	Shells   string   // options whose value is a shell's script
	Dirs     string   // options whose value is the directory in which the rest is meant
	Skip     int      // words that come before the package, such as the name of a container
	Dashes   bool     // everything up to -- belongs to the runner
}

//go:embed runners.json
var runnersJSON []byte

// runners maps a program to its forms, which are tried in order. The table is closed: nothing else is searched for a
// name.
var runners = sync.OnceValue(func() map[string][]runner {
	var table struct {
		Options map[string]runner
		Runners map[string][]runner
	}
	if err := json.Unmarshal(runnersJSON, &table); err != nil {
		panic(err) // the file is part of the program, and a test reads it
	}
	for _, forms := range table.Runners {
		for i := range forms {
			for _, name := range forms[i].Options {
				list := table.Options[name]
				forms[i].Flags += " " + list.Flags
				forms[i].Values += " " + list.Values
				forms[i].Dirs += " " + list.Dirs
			}
		}
	}
	return table.Runners
})

// find returns what a server's command starts in this form, of which kind it is, and whether the command has the form.
func (r runner) find(s server) (inner server, kind string, ok bool) {
	args := s.command[1:]
	from := func(rest []string) server { s.command = rest; return s }
	if r.Dashes {
		i := slices.Index(args, "--")
		return from(args[i+1:]), r.Package, i >= 0
	}
	words, skip := strings.Fields(r.Words), r.Skip
	for i := 0; i < len(args); i++ {
		option, value, given := strings.Cut(args[i], "=")
		switch {
		case args[i] == "--":
			return from(args[i+1:]), r.Package, len(words) == 0
		case len(args[i]) < 2 || args[i][0] != '-' && (args[i][0] != '/' || !has(r.Flags, args[i])):
			switch {
			case len(words) > 0 && args[i] != words[0]:
				return s, "", false
			case len(words) > 0:
				words = words[1:]
			case skip > 0 || r.Package == "command" && r.isAssignment(args[i]):
				skip--
			default:
				return from(args[i:]), r.Package, true
			}
		default:
			takes := r.takes(option)
			if takes != "" && takes != "flag" && !given {
				if i++; i == len(args) {
					return s, "", len(words) == 0
				}
				value = args[i]
			}
			rest := append([]string{value}, args[min(i+1, len(args)):]...)
			switch {
			case takes == "name":
				return from(rest), r.Package, len(words) == 0
			case takes == "module" || takes == "shell" || takes == "command":
				return from(rest), takes, len(words) == 0
			case takes == "dir":
				s.dir = joined(s.dir, value)
			case takes == "" && !given && !r.isAttached(option):
				return from(nil), r.Package, len(words) == 0 // no name
			}
		}
	}
	return from(nil), r.Package, len(words) == 0
}

// takes returns what follows an option: "flag" for nothing, "" if that is unknown.
func (r runner) takes(option string) string {
	for _, list := range []struct{ kind, options string }{
		{"name", r.Names}, {"module", r.Modules}, {"command", r.Commands}, {"shell", r.Shells},
		{"dir", r.Dirs}, {"value", r.Values}, {"flag", r.Flags},
	} {
		if has(list.options, option) {
			return list.kind
		}
	}
	if last := len(option) - 1; last > 1 && option[0] == '-' && option[1] != '-' {
		for _, letter := range option[1:last] {
			if !has(r.Flags, "-"+string(letter)) {
				return ""
			}
		}
		return r.takes("-" + option[last:]) // several in one, such as -it
	}
	return ""
}

// isAttached reports whether an argument is a short option with its value: -p8080:80, -Xmx1g. In the table, an option
// that always has its value attached ends in *.
func (r runner) isAttached(option string) bool {
	return !strings.HasPrefix(option, "--") && (has(r.Values, option[:2]) || has(r.Flags, option[:2]+"*"))
}

// isAssignment reports whether a word before a command sets a variable, as for env.
func (r runner) isAssignment(word string) bool {
	i := strings.IndexByte(word, '=')
	return i > 0 && !strings.Contains(word[:i], "/")
}

func has(list, word string) bool { return slices.Contains(strings.Fields(list), word) }

// joined returns the directory that is meant by dir in another one.
func joined(base, dir string) string {
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(base, dir)
}
