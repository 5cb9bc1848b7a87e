package cli

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// getenv returns the value of a variable. The last entry of a name counts: os.Environ has each name once, and
// ownEnvironment appends the entries that take precedence.
func getenv(environ []string, name string) (string, bool) {
	for _, entry := range slices.Backward(environ) {
		if value, ok := otlp.CutVariable(entry, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// ownEnvironment looks variables up as they apply to spanpipe: SPANPIPE_OTEL_X takes precedence over OTEL_X.
func ownEnvironment(environ []string) func(string) (string, bool) {
	own := slices.Concat(environ, otlp.OwnVariables(environ))
	return func(name string) (string, bool) { return getenv(own, name) }
}

// serverEnvironment returns a copy of an environment without the variables that are for spanpipe alone: they may hold
// the collector's credentials.
func serverEnvironment(environ []string) []string {
	own := func(entry string) bool { _, ok := otlp.CutVariable(entry, "SPANPIPE_"); return ok }
	return slices.DeleteFunc(slices.Clone(environ), own)
}

// defaultDir is the default of SPANPIPE_DIR. It does not depend on XDG variables: clients strip them, and a reader of the
// files would look elsewhere.
const defaultDir = "~/.local/state/spanpipe"

// errNoHome is the error of a store without a place.
var errNoHome = errors.New("there is no home directory")

// stateDir returns the directory of SPANPIPE_DIR as it applies here, or "".
func (a *app) stateDir() string {
	return stateDirOn(runtime.GOOS, a.options.dir, ownEnvironment(a.Environ))
}

// stateDirOn returns the directory for files of spanpipe's own.
func stateDirOn(goos, dir string, lookup func(string) (string, bool)) string {
	if goos == "windows" && dir == defaultDir {
		return below("LOCALAPPDATA", "spanpipe", lookup)
	}
	return expandHome(goos, dir, lookup)
}

// expandHome returns a path of a setting. A client does not expand the "~/" that a user writes into its configuration.
func expandHome(goos, path string, lookup func(string) (string, bool)) string {
	rest, ok := strings.CutPrefix(path, "~/")
	switch {
	case !ok:
		return path
	case goos == "windows":
		return below("USERPROFILE", rest, lookup)
	}
	return below("HOME", rest, lookup)
}

// below returns a path below the directory that a variable names. It returns "" if there is no such directory, which is not for
// spanpipe to make.
func below(variable, rest string, lookup func(string) (string, bool)) string {
	home, _ := lookup(variable)
	if info, err := os.Stat(home); err != nil || !info.IsDir() {
		return ""
	}
	return filepath.Join(home, rest)
}
