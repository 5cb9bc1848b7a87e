package telemetry

import (
	_ "embed"
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// unnamedService is the service.name of a server without a name that may be shown, such as a script: its path is
// private.
const unnamedService = "mcp-server"

// ServiceName derives a name for a server from its command: the package that one of the known runners starts, else
// the program's base name, else "mcp-server". It is never a path, and never an argument other than a package name: an
// unknown option may take a value, so it ends the search.
func ServiceName(command []string) string {
	if len(command) == 0 {
		return unnamedService
	}
	program := program(command[0])
	switch {
	case program == "env" || program == "cmd":
		return ServiceName(launched(program, command[1:]))
	case pythons.MatchString(program):
		return fromPath(command[1:], true)
	case slices.Contains(interpreters, program):
		return fromPath(command[1:], false)
	case isScript(command[0]):
		return unnamedService
	}
	forms, isRunner := runners()[program]
	if !isRunner {
		return valid(program)
	}
	for _, r := range forms {
		if args, ok := r.enter(command[1:]); ok {
			return r.find(args)
		}
	}
	return unnamedService
}

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

// launched returns the command that follows env's assignments or cmd's switches. An option of env may take a value, so
// it ends the search.
func launched(program string, args []string) []string {
	for i, arg := range args {
		switch {
		case strings.HasPrefix(arg, "-"):
			return nil
		case program == "env" && strings.Contains(arg, "="), program == "cmd" && strings.HasPrefix(arg, "/"):
		default:
			return args[i:]
		}
	}
	return nil
}

// interpreters run a script or module, whose name is of use only if it belongs to a package.
var (
	interpreters = strings.Fields("node nodejs tsx ts-node sh bash zsh dash fish pwsh powershell ruby perl php java " +
		"dotnet")
	pythons    = regexp.MustCompile(`^(python|pypy|py)[0-9.]*w?$`)
	scripts    = regexp.MustCompile(`(?i)\.(js|mjs|cjs|ts|mts|py|rb|pl|php|sh|bash|ps1|jar|dll|lua)$`)
	nodeModule = regexp.MustCompile(`node_modules/(?:\.bin/)?((?:@[\w.-]+/)?[\w.-]+)`)
)

func isScript(s string) bool { return scripts.MatchString(s) }

// fromPath finds the package in an interpreter's arguments: the module of -m, or the npm package that contains the
// script.
func fromPath(args []string, python bool) string {
	for i, arg := range args {
		if python && arg == "-m" && i+1 < len(args) {
			return valid(args[i+1])
		}
		if strings.HasPrefix(arg, "-") {
			continue
		}
		if m := nodeModule.FindAllStringSubmatch(strings.ReplaceAll(arg, `\`, "/"), -1); m != nil {
			return nodePackage(m[len(m)-1][1])
		}
		return unnamedService
	}
	return unnamedService
}

// runner is one way to start a package with a program.
type runner struct {
	Words   []string // subcommands that come first
	Package string   // kind of the package argument, a key of packageName
	Flags   []string // options without a value
	Values  []string // options with a value
	Names   []string // options whose value is the package
}

//go:embed runners.json
var runnersJSON []byte

// runners maps a program to its forms, which are tried in order. The table is closed: nothing else is searched for a
// name.
var runners = sync.OnceValue(func() (table map[string][]runner) {
	if err := json.Unmarshal(runnersJSON, &table); err != nil {
		panic(err) // the file is part of the program, and a test reads it
	}
	return table
})

// packageName returns the function that finds the name in a package argument of the kind.
func packageName(kind string) func(argument string) string {
	switch kind {
	case "npm":
		return nodePackage
	case "python":
		return pythonPackage
	case "image":
		return image
	case "deno":
		return denoModule
	case "go":
		return goPackage
	default: // script
		return modulePath
	}
}

// enter returns the arguments that follow a runner's subcommands.
func (r runner) enter(args []string) ([]string, bool) {
	if len(args) < len(r.Words) || !slices.Equal(args[:len(r.Words)], r.Words) {
		return nil, false
	}
	return args[len(r.Words):], true
}

// find returns the name of the package among the arguments.
func (r runner) find(args []string) string {
	name := packageName(r.Package)
	for i := 0; i < len(args); i++ {
		option, value, joined := strings.Cut(args[i], "=")
		isName := slices.Contains(r.Names, option)
		switch {
		case args[i] == "--" && i+1 < len(args):
			return name(args[i+1])
		case !strings.HasPrefix(args[i], "-"):
			return name(args[i])
		case isName && joined:
			return name(value)
		case isName && i+1 < len(args):
			return name(args[i+1])
		case joined || slices.Contains(r.Flags, option):
		case slices.Contains(r.Values, option):
			i++
		default:
			return unnamedService
		}
	}
	return unnamedService
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// valid returns a name that looks like one, else unnamedService.
func valid(name string) string {
	if !plainName.MatchString(name) {
		return unnamedService
	}
	return name
}

// nodePackage parses @scope/name@version.
func nodePackage(spec string) string {
	if strings.Contains(spec, ":") || strings.HasPrefix(spec, ".") || isScript(spec) {
		return unnamedService
	}
	if scoped, ok := strings.CutPrefix(spec, "@"); ok {
		_, name, ok := strings.Cut(scoped, "/")
		if !ok {
			return unnamedService
		}
		spec = name
	}
	name, _, _ := strings.Cut(spec, "@")
	return valid(name)
}

var pythonSpec = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)(\[[\w, .-]*\])?([=<>!~@; ].*)?$`)

// pythonPackage parses name[extra]==version and name@version.
func pythonPackage(spec string) string {
	m := pythonSpec.FindStringSubmatch(spec)
	if m == nil || isScript(spec) || pythons.MatchString(m[1]) {
		return unnamedService
	}
	return valid(m[1])
}

// image parses registry/organization/name:tag@digest.
func image(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	name, _, _ := strings.Cut(path.Base(ref), ":")
	return valid(name)
}

// denoModule parses npm:@scope/name@version and jsr:@scope/name@version.
func denoModule(spec string) string {
	for _, registry := range []string{"npm:", "jsr:"} {
		if rest, ok := strings.CutPrefix(spec, registry); ok {
			return nodePackage(strings.TrimPrefix(rest, "/"))
		}
	}
	return unnamedService
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// goPackage parses host/organization/module/cmd/name@version. A relative package is a path.
func goPackage(spec string) string {
	spec, _, _ = strings.Cut(spec, "@")
	host, _, _ := strings.Cut(spec, "/")
	isPath := strings.HasPrefix(spec, ".") || strings.HasPrefix(spec, "/") || strings.HasSuffix(spec, ".go")
	if isPath || !strings.Contains(host, ".") {
		return unnamedService
	}
	if majorVersion.MatchString(path.Base(spec)) {
		spec = path.Dir(spec)
	}
	return valid(path.Base(spec))
}

// modulePath returns the package that contains a script, if one does.
func modulePath(script string) string { return fromPath([]string{script}, false) }
