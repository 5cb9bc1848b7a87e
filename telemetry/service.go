package telemetry

import (
	"path"
	"regexp"
	"slices"
	"strings"
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
		return ServiceName(launched(command[1:]))
	case slices.Contains(interpreters, program) || pythons.MatchString(program):
		return fromPath(command[1:])
	case isScript(command[0]):
		return unnamedService
	}
	forms, isRunner := runners[program]
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

// launched returns the command that follows env's assignments or cmd's switches.
func launched(args []string) []string {
	for i, arg := range args {
		if !strings.Contains(arg, "=") && !strings.HasPrefix(arg, "/") && !strings.HasPrefix(arg, "-") {
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
func fromPath(args []string) string {
	for i, arg := range args {
		if arg == "-m" && i+1 < len(args) {
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

// runner describes one way to start a package.
type runner struct {
	words   []string            // subcommands that come first
	flags   string              // options without a value, separated by blanks
	values  string              // options with a value
	names   string              // options whose value is the package
	resolve func(string) string // returns the name in a package argument
}

const (
	npmFlags = "-y --yes -q --quiet -s --silent --no --no-install --prefer-offline --prefer-online --offline " +
		"--ignore-scripts --bun -v --verbose --shell-mode -c"
	uvFlags = "-q --quiet -v --verbose -n --no-cache --isolated --refresh -U --upgrade --offline --native-tls " +
		"--no-config --no-progress --no-project --no-dev --frozen --locked --no-sync --exact --all-extras " +
		"--active --no-env-file --prerelease --system-certs"
	uvValues = "--with --with-editable --with-requirements -p --python --index --default-index -i --index-url " +
		"--extra-index-url -f --find-links --cache-dir --env-file --directory --project --extra --group " +
		"--refresh-package --reinstall-package -P --upgrade-package -w -c --constraints --overrides --package " +
		"--config-file --exclude-newer"
	runFlags = "-i -t -it -ti --interactive --tty --rm -d --detach --init --privileged --read-only -q --quiet -P " +
		"--publish-all --no-healthcheck --sig-proxy --replace"
	runTakes = "-e --env --env-file -v --volume --mount --name --network --net -p --publish -w --workdir -u --user " +
		"--entrypoint --platform --add-host -h --hostname -l --label --label-file -m --memory --memory-swap " +
		"--cpus --cpu-shares --pull --security-opt --cap-add --cap-drop --log-driver --log-opt --dns --tmpfs " +
		"--ulimit --device --gpus --ipc --pid --userns --runtime --restart --shm-size --stop-signal " +
		"--stop-timeout --ip --link --expose --group-add --cgroup-parent --cidfile --volumes-from " +
		"--annotation --uts --cpuset-cpus --pids-limit"
	denoFlag = "-A --allow-all --allow-net --allow-read --allow-env --allow-run --allow-write --allow-sys " +
		"--allow-ffi --allow-import -N -R -E -W -S -q --quiet --no-prompt --no-check --no-lock " +
		"--node-modules-dir --unstable -r --reload --cached-only --no-config"
)

// runners maps a program to its forms, which are tried in order. The table is closed: what is not in it is not
// searched.
var runners = map[string][]runner{
	"npx": {{
		flags: npmFlags, names: "-p --package", values: "--cache --registry -w --workspace --prefix", resolve: nodePackage,
	}},
	"bunx": {{flags: npmFlags, names: "-p --package", resolve: nodePackage}},
	"pnpx": {{flags: npmFlags, names: "--package", resolve: nodePackage}},
	"bun": {
		{words: []string{"x"}, flags: npmFlags, names: "-p --package", resolve: nodePackage},
		{words: []string{"run"}, flags: npmFlags, resolve: modulePath},
	},
	"npm": {
		{words: []string{"exec"}, flags: npmFlags, names: "--package", resolve: nodePackage},
		{words: []string{"x"}, flags: npmFlags, names: "--package", resolve: nodePackage},
	},
	"pnpm": {
		{words: []string{"dlx"}, flags: npmFlags, names: "--package", resolve: nodePackage},
		{words: []string{"exec"}, flags: npmFlags, resolve: nodePackage},
	},
	"yarn": {{words: []string{"dlx"}, flags: npmFlags, names: "-p --package", resolve: nodePackage}},
	"uvx":  {{flags: uvFlags, values: uvValues, names: "--from", resolve: pythonPackage}},
	"uv": {
		{words: []string{"tool", "run"}, flags: uvFlags, values: uvValues, names: "--from", resolve: pythonPackage},
		{words: []string{"run"}, flags: uvFlags, values: uvValues, names: "-m --module", resolve: pythonPackage},
	},
	"pipx": {{
		words: []string{"run"}, flags: "--no-cache --quiet -q --verbose -v --path --pypackages",
		values: "--python --index-url -i --pip-args --backend", names: "--spec", resolve: pythonPackage,
	}},
	"docker": {
		{words: []string{"run"}, flags: runFlags, values: runTakes, resolve: image},
		{words: []string{"container", "run"}, flags: runFlags, values: runTakes, resolve: image},
	},
	"podman": {{words: []string{"run"}, flags: runFlags, values: runTakes, resolve: image}},
	"deno": {{
		words: []string{"run"}, flags: denoFlag, resolve: denoModule,
		values: "--config -c --import-map --env-file --lock --cert --location",
	}},
	"go": {{
		words: []string{"run"}, flags: "-race -v -x -a -n -trimpath -buildvcs",
		values: "-tags -mod -modfile -ldflags -gcflags -C -exec -p", resolve: goPackage,
	}},
}

// enter returns the arguments that follow a runner's subcommands.
func (r runner) enter(args []string) ([]string, bool) {
	if len(args) < len(r.words) || !slices.Equal(args[:len(r.words)], r.words) {
		return nil, false
	}
	return args[len(r.words):], true
}

// find returns the name of the package among the arguments.
func (r runner) find(args []string) string {
	for i := 0; i < len(args); i++ {
		option, value, joined := strings.Cut(args[i], "=")
		switch {
		case args[i] == "--":
			if i+1 < len(args) {
				return r.resolve(args[i+1])
			}
			return unnamedService
		case !strings.HasPrefix(args[i], "-"):
			return r.resolve(args[i])
		case has(r.names, option) && joined:
			return r.resolve(value)
		case has(r.names, option) && i+1 < len(args):
			return r.resolve(args[i+1])
		case joined || has(r.flags, option):
		case has(r.values, option):
			i++
		default:
			return unnamedService
		}
	}
	return unnamedService
}

func has(options, option string) bool { return slices.Contains(strings.Fields(options), option) }

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
func modulePath(script string) string { return fromPath([]string{script}) }
