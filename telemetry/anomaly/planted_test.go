package anomaly_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// planter puts a fault into an ordinary session of a server whose past is known. It returns false if the server has no
// place for it.
type planter func(r *rand.Rand, m *monthsOf, s *lived) bool

// known returns the targets that were called in many sessions, in the order of their names.
func knownTargets(m *monthsOf, kind past.Kind) (all []past.Key) {
	for key, t := range m.past.Targets {
		if t.Sessions >= 30 && (kind == "" || key.Kind == kind) {
			all = append(all, key)
		}
	}
	slices.SortFunc(all, func(a, b past.Key) int {
		at, bt := m.past.Targets[a], m.past.Targets[b]
		if at.Calls != bt.Calls {
			return bt.Calls - at.Calls
		}
		return len(a.Name) - len(b.Name)
	})
	return all
}

// appendCalls appends calls to a session, a second apart.
func (s *lived) appendCalls(n int, call func(i int, at time.Duration, number uint64) *record.Operation) {
	at := endOf(s.ops[len(s.ops)-1]) + time.Minute
	for i := range n {
		op := call(i, at, uint64(len(s.ops)+1))
		s.ops = append(s.ops, op)
		at = endOf(op) + time.Second
	}
}

// typical is a call of a target as it usually is.
func typical(m *monthsOf, key past.Key, at time.Duration, number uint64) *record.Operation {
	t := m.past.Targets[key]
	took := time.Duration(t.Duration.All.Quantile(0.5)) * time.Microsecond
	return callOf(key, at, took, int64(t.Response.All.Quantile(0.5)), number)
}

// plants are the faults, and the least share of them that must be found.
var plants = []struct {
	name  string
	kind  record.FindingKind
	share float64
	plant planter
}{
	{"a sequence that never was", record.UnseenSequence, 0, unseen},
	{"the same, of an agent whose task stays the same", record.UnseenSequence, 0, func(r *rand.Rand, m *monthsOf, s *lived) bool {
		return m.fixed && unseen(r, m, s)
	}},
	{"thousands of calls", record.Rate, 0.9, func(r *rand.Rand, m *monthsOf, s *lived) bool {
		all := knownTargets(m, past.Tool)
		if len(all) == 0 {
			return false
		}
		key := all[r.IntN(len(all))]
		s.appendCalls(3000, func(_ int, at time.Duration, n uint64) *record.Operation {
			op := typical(m, key, at, n)
			place(op, at, 10*time.Millisecond)
			return op
		})
		return true
	}},
	{"a tool ten times as slow, and a second at least", record.Slow, 0.6, func(r *rand.Rand, m *monthsOf, s *lived) bool {
		return often(r, m, s, 15, func(op *record.Operation) { place(op, startOf(op), 10*op.Duration+time.Second) })
	}},
	{"requests with 200 KB more", record.Large, 0.7, func(r *rand.Rand, m *monthsOf, s *lived) bool {
		return often(r, m, s, 8, func(op *record.Operation) { op.RequestSize += 200_000 })
	}},
	{"responses with 2 MB more", record.Large, 0.6, func(r *rand.Rand, m *monthsOf, s *lived) bool {
		return often(r, m, s, 8, func(op *record.Operation) { op.ResponseSize += 2_000_000 })
	}},
	{"a tool that fails", record.Failures, 0.9, func(r *rand.Rand, m *monthsOf, s *lived) bool {
		return often(r, m, s, 8, func(op *record.Operation) { op.ErrorType = semconv.ErrTool })
	}},
	{"all tools fail", record.FailingTogether, 0.9, func(r *rand.Rand, m *monthsOf, s *lived) bool {
		all := knownTargets(m, "")
		if len(all) < 3 {
			return false
		}
		s.appendCalls(8, func(i int, at time.Duration, n uint64) *record.Operation {
			op := typical(m, all[i%len(all)], at, n)
			op.ErrorType = semconv.ErrTool
			return op
		})
		return true
	}},
	{"a secret read and sent in 30 small pieces, by tools that follow each other", record.UnseenSequence, 0, pieces},
	{"a tool that was not listed", record.Unlisted, 1, func(_ *rand.Rand, _ *monthsOf, s *lived) bool {
		s.appendCalls(1, func(_ int, at time.Duration, n uint64) *record.Operation {
			return callOf(past.Key{Kind: past.Tool, Name: "hidden"}, at, time.Millisecond, 10, n)
		})
		return true
	}},
}

// unseen calls a target after one that it never followed.
func unseen(r *rand.Rand, m *monthsOf, s *lived) bool {
	all := knownTargets(m, "")
	for range 200 {
		if len(all) < 2 {
			return false
		}
		a, b := all[r.IntN(len(all))], all[r.IntN(len(all))]
		if m.past.Targets[a].Next[b] != nil {
			continue
		}
		s.appendCalls(2, func(i int, at time.Duration, n uint64) *record.Operation {
			return typical(m, []past.Key{a, b}[i], at, n)
		})
		return true
	}
	return false
}

// pieces reads and sends in turn, with tools of which the second often follows the first. Other arguments each time, and 2 KB.
func pieces(r *rand.Rand, m *monthsOf, s *lived) bool {
	var pairs [][2]past.Key
	for _, a := range knownTargets(m, past.Tool) {
		for _, b := range knownTargets(m, past.Tool) {
			if f := m.past.Targets[a].Next[b]; a != b && f != nil && f.Count >= 20 && m.past.Targets[b].Next[a] != nil {
				pairs = append(pairs, [2]past.Key{a, b})
			}
		}
	}
	if len(pairs) == 0 {
		return false
	}
	pair := pairs[r.IntN(len(pairs))]
	s.appendCalls(60, func(i int, at time.Duration, n uint64) *record.Operation {
		op := typical(m, pair[i%2], at, n)
		op.RequestSize += int64(i%2) * 2000
		return op
	})
	return true
}

// often calls a target that is known well, with a fault.
func often(r *rand.Rand, m *monthsOf, s *lived, n int, fault func(op *record.Operation)) bool {
	all := knownTargets(m, past.Tool)
	if len(all) == 0 {
		return false
	}
	key := all[r.IntN(len(all))]
	s.appendCalls(n, func(_ int, at time.Duration, number uint64) *record.Operation {
		op := typical(m, key, at, number)
		fault(op)
		return op
	})
	return true
}

// drifted is a fault that comes slowly.
const drifted = "a tool that becomes slower by 3 % each day, for 90 days"

// drift lives on with a tool that becomes slower, and reports whether that was found. All these sessions are remembered. A tool
// that takes less than 100 ms is left out: even then it is too fast for anyone to mind.
func drift(r *rand.Rand, l liver, m *monthsOf) (found, ok bool) {
	all := slices.DeleteFunc(knownTargets(m, past.Tool), func(key past.Key) bool {
		return m.past.Targets[key].Duration.All.Quantile(0.5) < 100_000
	})
	if len(all) == 0 {
		return false, false
	}
	key, factor := all[r.IntN(len(all))], 1.0
	for day := range 90 {
		factor *= 1.03
		for _, s := range l.day(30**months + 10 + day) {
			for _, op := range s.ops {
				if of, _ := past.KeyOf(op); of == key {
					place(op, startOf(op), time.Duration(float64(op.Duration)*factor))
				}
			}
			for _, f := range m.live(s, true) {
				found = found || f.Kind == record.Slow && f.Tool == key.Name
			}
		}
	}
	return found, true
}

// TestPlanted plants faults into the last session of months, and wants most of them found in those of life. What is found in the
// others is printed.
func TestPlanted(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, generator := range strings.Split(*generator, ",") {
		t.Run(generator, func(t *testing.T) {
			t.Parallel()
			planted(t, generator)
		})
	}
}

func planted(t *testing.T, generator string) {
	tried, hit := map[string]int{}, map[string]int{}
	for seed := *firstSeed; seed < *firstSeed+*seeds; seed++ {
		for world := range *worlds {
			l := newLiver(generator, rand.New(rand.NewPCG(seed, uint64(world))))
			m := simulate(l, 30**months)
			m.fixed = l.sameTask()
			r := rand.New(rand.NewPCG(seed, uint64(world)+1000))
			for _, p := range plants {
				for range 3 {
					s := lastSession(l, 30**months)
					if !p.plant(r, m, &s) {
						continue
					}
					tried[p.name]++
					if slices.ContainsFunc(m.live(s, false), func(f record.Finding) bool { return f.Kind == p.kind }) {
						hit[p.name]++
					}
				}
			}
			if found, ok := drift(r, l, m); ok {
				tried[drifted]++
				if found {
					hit[drifted]++
				}
			}
		}
	}
	t.Logf("%s: %d of %d found as %s", drifted, hit[drifted], tried[drifted], record.Slow)
	for _, p := range plants {
		t.Logf("%s: %d of %d found as %s", p.name, hit[p.name], tried[p.name], p.kind)
		if generator == "life" && float64(hit[p.name]) < p.share*float64(tried[p.name]) {
			t.Errorf("%s: fewer than %.0f %% found", p.name, 100*p.share)
		}
	}
}

// lastSession returns a session of a day, which may be the next one with any.
func lastSession(l liver, day int) lived {
	for ; ; day++ {
		if all := l.day(day); len(all) > 0 {
			return all[0]
		}
	}
}
