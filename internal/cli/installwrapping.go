package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// installedTelemetry is what install sets SPANPIPE_TELEMETRY to, unless --telemetry says something else.
const installedTelemetry = "local"

// readWrapping works out what is put in front of servers: spanpipe's path, and the variables.
func (i *installation) readWrapping(c *cli.Context, m clients.Machine) error {
	set, err := i.readSet(c)
	if err != nil {
		return err
	}
	sinks, own := installedTelemetry, i.setting("SPANPIPE_TELEMETRY").IsSet()
	if own {
		sinks = i.options.telemetry
	}
	asked, warnings := consent.Decide(consent.Request{Telemetry: sinks})
	if len(warnings) > 0 {
		return &usageError{"--telemetry: " + warnings[0].Text, "for example: --telemetry local"}
	}
	if sinks, err = i.allowed(sinks); err != nil {
		return err
	}
	if dnt, _ := getenv(i.Environ, "DO_NOT_TRACK"); dnt != "" {
		if now, _ := consent.Decide(consent.Request{Telemetry: sinks, DoNotTrack: dnt}); len(now.Sinks()) < len(asked.Sinks()) {
			i.warn("DO_NOT_TRACK is set: a client that passes it on sends nothing; see: spanpipe consent")
		}
	}
	i.wrapping.Env = []clients.Var{{Name: "SPANPIPE_TELEMETRY", Value: sinks}}
	if own { // a file that others share turns on what they have not asked for only if it is meant to
		i.shared.Env = slices.Clone(i.wrapping.Env)
	}
	if dir := i.setting("SPANPIPE_DIR"); dir.source != "" && i.options.dir != dir.Default { // what the client inherits may lack it
		path, err := filepath.Abs(i.stateDir())
		if err != nil {
			return err
		}
		i.wrapping.Env = append(i.wrapping.Env, clients.Var{Name: "SPANPIPE_DIR", Value: path})
	}
	if own {
		i.wrapping.Asked = append(i.wrapping.Asked, "SPANPIPE_TELEMETRY")
	}
	if i.setting("SPANPIPE_DIR").IsSet() {
		i.wrapping.Asked = append(i.wrapping.Asked, "SPANPIPE_DIR")
	}
	for _, v := range set {
		i.wrapping.Asked = append(i.wrapping.Asked, v.Name)
	}
	i.shared.Asked = i.wrapping.Asked
	i.wrapping.Env, i.shared.Env = merged(i.wrapping.Env, set), merged(i.shared.Env, set)
	i.shared.Program = "spanpipe" // it is elsewhere on other machines
	if slices.ContainsFunc(i.found, func(f *clients.File) bool { return f.Scope != clients.Project }) {
		i.wrapping.Program, err = i.programPath(c, m)
	}
	return err
}

// allowed returns the destinations that the policy of the machine does not forbid, as it says itself: while it cannot be used, sessions
// decide. What is left out is said where files change.
func (i *installation) allowed(sinks string) (string, error) {
	var left []string
	for sink := range strings.SplitSeq(sinks, ",") {
		if word := strings.ToLower(strings.TrimSpace(sink)); slices.Contains(i.fleet.ForbidSinks, consent.Sink(word)) {
			i.forbidden = append(i.forbidden, word)
		} else {
			left = append(left, sink)
		}
	}
	switch {
	case len(i.forbidden) == 0:
		return sinks, nil
	case len(left) == 0:
		return "", &usageError{i.fleet.file + " forbids " + joined(i.forbidden), "name what it allows, such as --telemetry otlp; see: spanpipe consent"}
	}
	return strings.Join(left, ","), nil
}

// merged returns variables with others, which take precedence.
func merged(vars, others []clients.Var) []clients.Var {
	vars = slices.DeleteFunc(slices.Clone(vars), func(v clients.Var) bool {
		return slices.ContainsFunc(others, func(o clients.Var) bool { return o.Name == v.Name })
	})
	return append(vars, others...)
}

// readSet reads the flags --set. A value that spanpipe would ignore later is refused.
func (i *installation) readSet(c *cli.Context) (vars []clients.Var, err error) {
	settings := new(options).settings()
	var known []string
	for _, s := range settings {
		known = append(known, s.Variable())
	}
	for _, name := range otlp.Variables() {
		known = append(known, "SPANPIPE_"+name)
	}
	for _, text := range *c.Generic("set").(*texts) {
		name, value, ok := strings.Cut(text, "=")
		at := slices.IndexFunc(settings, func(s *setting) bool { return s.Variable() == name })
		switch {
		case !ok || name == "":
			return nil, &usageError{"--set " + name + ": want NAME=VALUE", "for example: --set SPANPIPE_CAPTURE=errors"}
		case !strings.HasPrefix(name, "SPANPIPE_") && !strings.HasPrefix(name, "OTEL_"):
			return nil, &usageError{"--set " + name + ": want a name that begins with SPANPIPE_ or OTEL_", "a server's own variables belong in its entry: write them there"}
		case strings.HasPrefix(name, "SPANPIPE_") && !slices.Contains(known, name) && !strings.HasPrefix(name, "SPANPIPE_OTEL_"):
			return nil, &usageError{"--set " + name + ": unknown variable", meant(name, known) + "see: spanpipe help"}
		case name == "SPANPIPE_TELEMETRY":
			return nil, &usageError{"--set " + name + ": it has a flag", "for example: --telemetry local"}
		case at >= 0:
			if err := settings[at].set(value); err != nil {
				return nil, &usageError{"--set " + name + ": " + err.Error(), "see: spanpipe help"}
			}
		}
		if name == "SPANPIPE_CAPTURE" {
			asked, _ := consent.Decide(consent.Request{Telemetry: installedTelemetry, Capture: value, Fleet: consent.Fleet{
				File: i.fleet.file, Capture: i.fleet.ForbidCapture,
			}})
			if _, levels := asked.Forbidden(); len(levels) > 0 {
				return nil, &usageError{"--set " + name + ": " + i.fleet.file + " forbids to capture " + wordList(levels), "leave it out"}
			}
		}
		vars = append(vars, clients.Var{Name: name, Value: value})
	}
	return vars, nil
}

// installers are how to install spanpipe with what has started it from a cache. A link to a path in a cache does not last either.
var installers = map[string]string{
	"npx":      "npm install --global spanpipe",
	"pnpm dlx": "pnpm add --global spanpipe",
	"uvx":      "uv tool install spanpipe",
	"pipx run": "pipx install spanpipe",
}

// programPath returns the path of spanpipe that files of this user alone get.
func (i *installation) programPath(c *cli.Context, m clients.Machine) (string, error) {
	if path := c.String("program"); path != "" {
		base := strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".exe")
		if base != "spanpipe" {
			return "", &usageError{"--program " + path + ": want a program whose name is spanpipe",
				"uninstall recognizes wrapped servers by it; a link will do"}
		}
		if path == filepath.Base(path) {
			return path, nil // the client looks it up in its PATH
		}
		abs, err := filepath.Abs(path)
		if err == nil {
			_, err = os.Stat(abs)
		}
		if err != nil {
			return "", &usageError{fmt.Sprintf("--program: %v", err), "want the path of spanpipe"}
		}
		return abs, nil
	}
	executable, err := os.Executable()
	if err != nil {
		return "", &usageError{"the path of spanpipe is not known: " + err.Error(), "name it: --program PATH"}
	}
	path, by := clients.Lasting(m, executable, clients.SameFile)
	if path == "" {
		hint := "put a link to it at ~/.local/bin/spanpipe, with that directory in your PATH, or name another path: --program PATH"
		if command := installers[by]; command != "" {
			hint = "install it, and let that one do it: " + command
		} else if runtime.GOOS == "windows" {
			hint = "name a path that stays: --program PATH"
		}
		return "", &usageError{fmt.Sprintf("spanpipe is in a place that does not last (%s): %s", by, i.tilde(executable)), hint}
	}
	return path, nil
}
