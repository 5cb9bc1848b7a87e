package otel

import "github.com/spanpipe/spanpipe/telemetry/semconv"

// Bounds for words that a peer has chosen and that become attributes of metrics.
const (
	maxTargets   = 200 // tools, and prompts, of one server
	maxTemplates = 100 // URI templates that a server has listed
	maxSchemes   = 20  // schemes of URIs for which there is no template
	maxCodes     = 30  // error codes of a server
	maxVersions  = 5   // protocol versions in one session, in which more than two would be strange
)

// names bounds the words that become values of one attribute of metrics. The words that get series of their own are
// those that the server has listed and, as long as it has not listed any, the first ones that are used. All others
// share a series.
type names struct {
	max    int
	known  map[string]bool
	listed bool
}

func newNames(most int) names { return names{max: most, known: map[string]bool{}} }

// list adds words that the server has listed.
func (n *names) list(all []string) {
	n.listed = n.listed || len(all) > 0
	for _, name := range all {
		n.add(name)
	}
}

// add reports whether a word has series of its own, after giving it some if there is room.
func (n *names) add(name string) bool {
	if !n.known[name] && len(n.known) < n.max {
		n.known[name] = true
	}
	return n.known[name]
}

// label returns the word itself, or _OTHER if it has no series of its own.
func (n *names) label(name string) string {
	if name == "" || n.known[name] || !n.listed && n.add(name) {
		return name
	}
	return semconv.Other
}
