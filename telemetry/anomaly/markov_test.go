package anomaly_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/past"
)

// markovLife is a server over months with the sessions of random_test.go: any tool may follow any other, most of them
// seldom. The thresholds of comparisons with earlier sessions were chosen with it in view.
type markovLife struct {
	r     *rand.Rand
	tools []profile
	busy  float64
}

func newMarkovLife(r *rand.Rand) *markovLife {
	return &markovLife{r: r, tools: randomTools(r), busy: between(r, 1, 8)}
}

func (m *markovLife) sameTask() bool { return false }

func (m *markovLife) day(day int) (all []lived) {
	for n := int(m.busy + m.r.Float64()); n > 0; n-- {
		start := time.Duration(day)*24*time.Hour + seconds(m.r.Float64()*43200)
		s := lived{ops: sessionOf(m.r, m.tools, start, 10+m.r.IntN(200))}
		for i, op := range s.ops {
			op.Number = uint64(i) + 1
		}
		s.about = past.About{Name: fmt.Sprintf("%05d-%03d", day, n), Client: "client", Day: past.DayOf(epoch.Add(start))}
		all = append(all, s)
	}
	return all
}
