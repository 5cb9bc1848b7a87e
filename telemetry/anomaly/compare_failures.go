package anomaly

import (
	"math"

	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// recent are the latest calls of all targets.
type recent struct {
	last [past.RunLength]outcomeOf
	n    int
}

// outcomeOf is a call that has ended.
type outcomeOf struct {
	key    past.Key
	failed bool
}

func (r *recent) add(o outcomeOf) {
	r.last[r.n%len(r.last)] = o
	r.n++
}

// failures finds a target that fails although it did not, and several of them that begin to fail together.
func (c *Comparison) failures(op *record.Operation, key past.Key, now *current, failed bool) {
	seen := now.run.Add(failed)
	c.all.add(outcomeOf{key, failed})
	if !failed {
		return
	}
	c.together(op, key)
	t, ok := c.known.steady(key)
	if !ok {
		return
	}
	usual, sessions := t.Runs.Common(singleShare)
	if sessions < c.limits.Sessions || seen < usual+moreFailures {
		return
	}
	if logChoose(seen)+float64(seen)*math.Log(failureShare(t)) > math.Log(failureChance) {
		return
	}
	c.find(op, key, op.End, record.Finding{
		Kind: record.Failures, Seen: float64(seen), Usual: float64(usual), Unit: "{call}",
		Since: t.Since.Time(), Sessions: sessions,
	})
}

// together looks at the latest calls of all targets.
func (c *Comparison) together(op *record.Operation, key past.Key) {
	usual, sessions := c.known.Runs.Common(singleShare)
	if sessions < c.limits.Sessions {
		return
	}
	targets, seen, chance := map[past.Key]bool{}, 0, 0.0
	for _, o := range c.all.last {
		if !o.failed {
			continue
		}
		seen++
		targets[o.key] = true
		chance += math.Log(failureShare(c.known.Targets[o.key]))
	}
	if len(targets) < togetherFrom || seen < usual+moreFailures || logChoose(seen)+chance > math.Log(failureChance) {
		return
	}
	c.find(op, key, op.End, record.Finding{
		Kind: record.FailingTogether, Seen: float64(seen), Usual: float64(usual), Unit: "{call}",
		Since: c.known.Since.Time(), Sessions: sessions,
	})
}

// failureShare returns the share of a target's calls that fail, as one more failure would make it. Of one that is not
// known it is a half.
func failureShare(t *past.Target) float64 {
	if t == nil {
		return 0.5
	}
	return float64(t.Failed+1) / float64(t.Calls+2)
}

// logChoose returns the logarithm of the number of ways to choose so many of the latest calls.
func logChoose(k int) float64 {
	ways := 1.0
	for i := range k {
		ways *= float64(past.RunLength-i) / float64(i+1)
	}
	return math.Log(ways)
}
