package cmd_test

import (
	"flag"
	"testing"

	"github.com/spanpipe/spanpipe/internal/reliability"
)

var update = flag.Bool("update", false, "write this package's sections of docs/reliability.md anew")

// TestTelemetryFaults has sessions in which something goes wrong with telemetry; TestPeerFaults such in which a peer does
// what it should not. docs/reliability.md lists them.
func TestTelemetryFaults(t *testing.T) { reliability.Run(t, sideBySide(telemetryFaults())) }

func TestPeerFaults(t *testing.T) { reliability.Run(t, sideBySide(peerFaults())) }

// sideBySide lets the rows run in parallel: most of their time is spent in waiting.
func sideBySide(sections []reliability.Section) []reliability.Section {
	for _, s := range sections {
		for i, r := range s.Rows {
			s.Rows[i].Test = func(t *testing.T) { t.Parallel(); r.Test(t) }
		}
	}
	return sections
}

// TestReliabilityPage keeps the page's tables the same as the tests. With -update it writes them.
func TestReliabilityPage(t *testing.T) {
	const page = "../docs/reliability.md"
	reliability.Page(t, page, "faults of telemetry", telemetryFaults(), *update)
	reliability.Page(t, page, "faults of the peers", peerFaults(), *update)
}
