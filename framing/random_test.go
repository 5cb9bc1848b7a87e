package framing_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/spanpipe/spanpipe/framing"
)

var rounds = flag.Int("rounds", 1000, "lines that TestRandom makes up")

// TestRandom is FuzzGenerated and FuzzSplit on lines made of random choices: as many as wanted, without the
// fuzzer's search for new ones.
func TestRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(uint64(*rounds), 1))
	scanners := newReused()
	for range *rounds {
		choices := make([]byte, random.IntN(600))
		for i := range choices {
			choices[i] = byte(random.Uint32())
		}
		line := generate(choices)
		agree(t, line)
		if random.IntN(3) == 0 { // and one that is broken, which must break the same way however it is cut
			line[random.IntN(len(line))] = `"\{}[],:0a`[random.IntN(10)]
		}
		for i, with := range tables {
			scanners[i].check(t, line)
			whole := showAll(timeless(scan(with.table, line)))
			for _, size := range []int{1, 2 + random.IntN(100)} {
				if got := showAll(timeless(scan(with.table, pieces(line, size)...))); got != whole {
					t.Fatalf("%s table, %q in pieces of %d:\n%s\nin one:\n%s", with.name, line, size, got, whole)
				}
			}
		}
	}
}

// reused is a scanner that has scanned many lines, which must make no difference to the next one.
type reused struct {
	*framing.Scanner
	table *framing.Table
	got   []framing.Message
}

// newReused returns one for each table.
func newReused() []*reused {
	var all []*reused
	for _, with := range tables {
		v := &reused{table: with.table}
		v.Scanner = framing.NewScanner(with.table, func(m *framing.Message) { v.got = append(v.got, keep(m)) })
		all = append(all, v)
	}
	return all
}

// check scans a line twice, and compares the messages with those of a new scanner.
func (v *reused) check(t *testing.T, line []byte) {
	t.Helper()
	want := showAll(scan(v.table, line))
	for range 2 {
		v.got = nil
		v.Write(append(bytes.Clone(line), '\n'), epoch)
		if got := showAll(v.got); got != want {
			t.Fatalf("%q after many others:\n%s\nat first:\n%s", line, got, want)
		}
	}
}
