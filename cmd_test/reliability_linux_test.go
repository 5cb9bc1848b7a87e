package cmd_test

import (
	"flag"
	"testing"

	"github.com/spanpipe/spanpipe/internal/reliability"
)

var update = flag.Bool("update", false, "rewrite this package's sections of docs/reliability.md")

// TestTelemetryFaults runs sessions with faults of telemetry: the collector, the network, the machine.
// docs/reliability.md lists them.
func TestTelemetryFaults(t *testing.T) { reliability.Run(t, inParallel(telemetryFaults())) }

// TestPeerFaults runs sessions in which a client or a server breaks the protocol. docs/reliability.md lists them.
func TestPeerFaults(t *testing.T) { reliability.Run(t, inParallel(peerFaults())) }

// inParallel makes the rows run in parallel, because they mostly wait.
func inParallel(sections []reliability.Section) []reliability.Section {
	for _, s := range sections {
		for i, r := range s.Rows {
			s.Rows[i].Test = func(t *testing.T) { t.Parallel(); r.Test(t) }
		}
	}
	return sections
}

// TestReliabilityPage compares the page's tables with the tests. With -update it rewrites them.
func TestReliabilityPage(t *testing.T) {
	const page = "../docs/reliability.md"
	reliability.Page(t, page, "faults of telemetry", telemetryFaults(), *update)
	reliability.Page(t, page, "faults of the peers", peerFaults(), *update)
}
