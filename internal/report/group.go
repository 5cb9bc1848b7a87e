package report

import (
	"math"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// group is a row in the making: the groups of the window and of the one before.
type group struct {
	name        Name
	now, before []*figures
}

// rowsBy sorts the finest groups into rows. Those that name leaves out are in none.
func (c *collection) rowsBy(name func(key) (Name, bool)) map[Name]*group {
	all := map[Name]*group{}
	for k, f := range c.groups {
		n, ok := name(k)
		if !ok {
			continue
		}
		g := all[n]
		if g == nil {
			g = &group{name: n}
			all[n] = g
		}
		if k.before {
			g.before = append(g.before, f)
		} else {
			g.now = append(g.now, f)
		}
	}
	return all
}

// row makes the row of a group.
func (g *group) row() Row {
	f := sum(g.now)
	r := Row{Name: g.name, Sessions: len(f.sessions), Counts: f.Counts, Sent: f.Sent, Received: f.Received}
	r.Durations, r.Tokens = f.durations, f.tokens
	r.RequestTokens, r.ResponseTokens = f.RequestTokens, f.ResponseTokens
	if f.Calls > 0 {
		r.FailureRate = new(rounded(f.rate()))
	}
	for p, to := range map[int]**float64{50: &r.P50, 95: &r.P95, 99: &r.P99, 100: &r.Max} {
		*to = seconds(f.durations, p)
	}
	if size, ok := percentile(f.results, 50); ok {
		r.ResultSize = &size
	}
	if tokens, ok := percentile(f.tokens, 50); ok {
		r.ResultTokens = &tokens
	}
	if g.before == nil {
		return r
	}
	past := sum(g.before)
	r.Before = &Past{Calls: past.Calls, Failed: past.Failed, FailureRate: rounded(past.rate()), P95: seconds(past.durations, 95)}
	if past.Calls > 0 {
		r.Trend = new(rounded(float64(f.Calls)/float64(past.Calls) - 1))
	}
	return r
}

// rounded returns a share with six digits: more would only be hard to read.
func rounded(share float64) float64 { return math.Round(share*1e6) / 1e6 }

// seconds returns a percentile of sorted durations; nil if there are none.
func seconds(sorted []time.Duration, p int) *float64 {
	if d, ok := percentile(sorted, p); ok {
		return new(record.Seconds(d))
	}
	return nil
}
