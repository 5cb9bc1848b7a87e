package otel

import "github.com/spanpipe/spanpipe/telemetry/semconv"

// Bounds for names that a peer has chosen and that become attributes of metrics. Each is for one session.
const (
	maxTargets   = 200 // tools, and likewise prompts
	maxTemplates = 100 // URI templates that a server has listed
	maxSchemes   = 20  // schemes of URIs for which there is no template
	maxCodes     = 30  // error codes
	maxVersions  = 5   // protocol versions: more than two would be strange
	maxPeers     = 9   // names of client and server together: a peer may send another one with each message
)

// names bounds the values of one attribute of metrics. The names that have series of their own are those that the
// server has listed or, if it has not listed any, the first ones that are used. All others share one series.
type names struct {
	max    int
	known  map[string]bool
	listed bool
}

func newNames(most int) names { return names{max: most, known: map[string]bool{}} }

// list adds names that the server has listed.
func (n *names) list(all []string) {
	n.listed = n.listed || len(all) > 0
	for _, name := range all {
		n.add(name)
	}
}

// add gives a name series of its own if there is room, and reports whether it has them.
func (n *names) add(name string) bool {
	if !n.known[name] && len(n.known) < n.max {
		n.known[name] = true
	}
	return n.known[name]
}

// label returns the name itself, or _OTHER if it has no series of its own.
func (n *names) label(name string) string {
	if name == "" || n.known[name] || !n.listed && n.add(name) {
		return name
	}
	return semconv.Other
}
