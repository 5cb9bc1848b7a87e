package wrap_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/reliability.md anew")

// row is one thing that can happen to a wrapped server. Its name is the test's name and the first column of the table in
// docs/reliability.md, its outcome the second.
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
func alike(test func(t *testing.T, with front)) func(t *testing.T) {
	return func(t *testing.T) {
		t.Run("bare", func(t *testing.T) { test(t, bare) })
		t.Run("wrapped", func(t *testing.T) { test(t, wrapped) })
	}
}

const (
	reliabilityPage = "../docs/reliability.md"
	begin, end      = "<!-- begin: life of the server (generated) -->\n", "<!-- end: life of the server -->\n"
)

// TestReliabilityPage keeps the page's table the same as the tests. With -update it writes it.
func TestReliabilityPage(t *testing.T) {
	var b strings.Builder
	for _, s := range sections() {
		fmt.Fprintf(&b, "\n### %s\n\n| what happens | what comes of it |\n|---|---|\n", s.title)
		for _, r := range s.rows {
			fmt.Fprintf(&b, "| %s | %s |\n", r.what, r.outcome)
		}
	}
	page, err := os.ReadFile(reliabilityPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(page), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has lost its marks", reliabilityPage)
	}
	want := head + begin + b.String() + "\n" + end + tail
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the tests say; run: go test ./wrap -run TestReliabilityPage -update", reliabilityPage)
	}
	if err := os.WriteFile(reliabilityPage, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func sections() []section {
	return []section{
		{"Bytes", bytesRows()},
		{"Start", startRows()},
		{"A command that cannot be started", refusedRows()},
		{"Signals", signalRows()},
		{"Streams that end", streamRows()},
		{"The end of the server", endRows()},
		{"What outlives the server", orphanRows()},
		{"The end of the wrapper", killRows()},
		{"Taps", tapRows()},
		{"Telemetry off (exec)", execRows()},
	}
}
