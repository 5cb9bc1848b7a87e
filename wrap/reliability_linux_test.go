package wrap_test

import (
	"flag"
	"testing"

	"github.com/spanpipe/spanpipe/internal/reliability"
)

var _ = addRoles(map[string]role{
	"flood": playFlood, "hash": playHash, "pour": playPour, "blocking": playBlocking, "signals": playSignals, "poll": playPoll,
	"die": playDie, "ended": playEnded, "host": playHost, "fork": playFork, "pipeline": playPipeline,
	"flush": playFlush, "init": playInit, "linger": playLinger, "again": playAgain,
})

var update = flag.Bool("update", false, "rewrite docs/reliability.md")

// row is one thing that can happen to a wrapped server. Its name is the test's name and the first column of the table
// in docs/reliability.md, its outcome the second.
type row struct {
	what, outcome string
	test          func(t *testing.T)
}

type section struct {
	title string
	rows  []row
}

func TestReliability(t *testing.T) {
	for _, s := range sections() {
		t.Run(s.title, func(t *testing.T) {
			for _, r := range s.rows {
				t.Run(r.what, func(t *testing.T) {
					t.Parallel()
					r.test(t)
				})
			}
		})
	}
}

// bare leaves a command as it is: what a test compares the wrapped one with.
func bare(command []string, _ ...string) []string { return command }

// sh is a shell command.
func sh(script string) []string { return []string{"/bin/sh", "-c", script} }

// alike runs a test on the bare server and on the wrapped one: it has to see the same.
func alike(test func(t *testing.T, with prefix)) func(t *testing.T) {
	return func(t *testing.T) {
		t.Run("bare", func(t *testing.T) { test(t, bare) })
		t.Run("wrapped", func(t *testing.T) { test(t, wrapped) })
	}
}

// TestReliabilityPage keeps the page's table the same as the tests. With -update it writes the table.
func TestReliabilityPage(t *testing.T) {
	var table []reliability.Section
	for _, s := range sections() {
		rows := reliability.Section{Title: s.title}
		for _, r := range s.rows {
			rows.Rows = append(rows.Rows, reliability.Row{What: r.what, Outcome: r.outcome, Test: r.test})
		}
		table = append(table, rows)
	}
	reliability.Page(t, "../docs/reliability.md", "life of the server", table, *update)
}

func sections() []section {
	return []section{
		{"Bytes", bytesRows()},
		{"Start", startRows()},
		{"A command that cannot be started", refusedRows()},
		{"Signals", signalRows()},
		{"Streams that end", streamRows()},
		{"The end of the server", endRows()},
		{"Who ended the session", endingRows()},
		{"The death of the host", hostRows()},
		{"What outlives the server", orphanRows()},
		{"The end of the wrapper", killRows()},
		{"Taps", tapRows()},
		{"Telemetry off (exec)", execRows()},
	}
}
