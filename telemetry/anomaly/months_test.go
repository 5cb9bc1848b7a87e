package anomaly_test

import (
	"cmp"
	"flag"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

var (
	worlds    = flag.Int("worlds", 4, "servers whose months are simulated, for each of the seeds")
	months    = flag.Int("months", 6, "how many months")
	seeds     = flag.Uint64("seeds", 2, "how many seeds")
	firstSeed = flag.Uint64("seed", 100, "the first of them")
	generator = flag.String("generator", "life,office", "of months: also markov, with which the thresholds were chosen")
	showFound = flag.Bool("found", false, "print each finding")
)

// liver is a server over months.
type liver interface {
	day(day int) []lived
	sameTask() bool // a scheduled agent uses it, whose task never changes
}

func newLiver(generator string, r *rand.Rand) liver {
	switch generator {
	case "markov":
		return newMarkovLife(r)
	case "office":
		return newOffice(r)
	}
	return newLife(r)
}

// months is what a server's months come to.
type monthsOf struct {
	past  *past.Past
	calls int
	found []record.Finding
	fixed bool
}

// live plays a session, and merges it.
func (m *monthsOf) live(s lived, merge bool) (found []record.Finding) {
	c := anomaly.Compare(anomaly.Limits{}, func(f record.Finding) { found = append(found, f) })
	c.Noted(record.Session{Client: record.Peer{Name: s.about.Client}, Server: record.Peer{Version: s.about.Version}})
	c.Know(m.past)
	feed(c, s.ops)
	if !merge {
		return found
	}
	sum := past.NewSession()
	ended := slices.Clone(s.ops)
	slices.SortStableFunc(ended, func(a, b *record.Operation) int { return cmp.Compare(endOf(a), endOf(b)) })
	for _, op := range ended {
		if op.IsCall() {
			m.calls++
		}
		sum.Add(op)
	}
	s.about.Findings = found
	m.past.Merge(sum, s.about)
	return found
}

func simulate(l liver, days int) *monthsOf {
	m := &monthsOf{past: past.New("server")}
	for day := range days {
		for _, s := range l.day(day) {
			m.found = append(m.found, m.live(s, true)...)
		}
	}
	return m
}

// TestMonths lives through months in which nothing is wrong, and wants at most one finding in 100,000 calls. Seeds are
// fixed, so that this either holds or does not.
func TestMonths(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, generator := range strings.Split(*generator, ",") {
		t.Run(generator, func(t *testing.T) {
			t.Parallel()
			monthsOfAll(t, generator)
		})
	}
}

func monthsOfAll(t *testing.T, generator string) {
	calls, all, size := 0, map[record.FindingKind]int{}, 0
	for seed := *firstSeed; seed < *firstSeed+*seeds; seed++ {
		ofSeed, found := 0, map[record.FindingKind]int{}
		for world := range *worlds {
			m := simulate(newLiver(generator, rand.New(rand.NewPCG(seed, uint64(world)))), 30**months)
			ofSeed += m.calls
			for _, f := range m.found {
				found[f.Kind]++
				all[f.Kind]++
				if *showFound {
					t.Logf("seed %d world %d: %s %s→%s %s seen %.3g usual %.3g since %s, %d sessions", seed, world, f.Kind, f.From,
						f.Target(), f.Side, f.Seen, f.Usual, f.Since.Format("01-02"), f.Sessions)
				}
			}
			text, err := m.past.Encode()
			if err != nil {
				t.Fatal(err)
			}
			size = max(size, len(text))
		}
		t.Logf("seed %d: %d calls, findings %v", seed, ofSeed, found)
		calls += ofSeed
	}
	n := 0
	for _, of := range slices.Sorted(maps.Keys(all)) {
		n += all[of]
	}
	t.Logf("%d calls, %d findings, %.2f in 100,000 calls: %v; the largest past has %d bytes", calls, n, float64(n)/float64(calls)*1e5, all, size)
	if float64(n) > float64(calls)/1e5 {
		t.Errorf("%d false findings in %d calls", n, calls)
	}
}
