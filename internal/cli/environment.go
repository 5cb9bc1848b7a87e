package cli

import (
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// getenv returns the value of a variable. The last entry of a name counts: os.Environ has each name once, and
// ownEnvironment appends the entries that take precedence.
func getenv(environ []string, name string) (string, bool) {
	for _, entry := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
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
	own := func(entry string) bool { return strings.HasPrefix(entry, "SPANPIPE_") }
	return slices.DeleteFunc(slices.Clone(environ), own)
}
