package framing_test

import (
	"flag"
	"math/rand/v2"
	"testing"
)

var rounds = flag.Int("rounds", 1000, "lines that TestRandom makes up")

// TestRandom is FuzzGenerated and FuzzSplit on lines made of random choices: as many as one likes, without the fuzzer's search
// for new ones.
func TestRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(uint64(*rounds), 1))
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
		for _, with := range tables {
			whole := showAll(timeless(scan(with.table, line)))
			for _, size := range []int{1, 2 + random.IntN(100)} {
				if got := showAll(timeless(scan(with.table, pieces(line, size)...))); got != whole {
					t.Fatalf("%s table, %q in pieces of %d:\n%s\nin one:\n%s", with.name, line, size, got, whole)
				}
			}
		}
	}
}
