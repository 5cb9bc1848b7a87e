package web

import (
	"math"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/web/api"
)

// latencyLimits are where the buckets of api.ToolFigures.Latency begin, but for the first.
var latencyLimits = limits(api.LatencyPerDecade, api.LatencyBuckets)

// limits returns where the second bucket and those after it begin.
func limits(perDecade, buckets int) []time.Duration {
	all := make([]time.Duration, buckets-1)
	for i := range all {
		factor := math.Pow(10, float64(i+1)/float64(perDecade))
		all[i] = time.Duration(math.Round(api.LatencyFrom * float64(time.Second) * factor))
	}
	return all
}

// bucket returns the bucket of a duration.
func bucket(limits []time.Duration, d time.Duration) int {
	i, found := slices.BinarySearch(limits, d)
	if found {
		i++
	}
	return i
}

// latencyOf counts durations by buckets.
func latencyOf(all []time.Duration) []int {
	counts := make([]int, api.LatencyBuckets)
	for _, d := range all {
		counts[bucket(latencyLimits, d)]++
	}
	return counts
}

// Rows of a heat map: two in each factor of ten, up to 100 s and what is longer.
const (
	heatPerDecade = 2
	heatRows      = 11
	mostHeatSlots = 30
)

var heatLimits = limits(heatPerDecade, heatRows)

// slotWidths are those of the columns of a heat map.
var slotWidths = []time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour,
	6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 2 * 24 * time.Hour, 7 * 24 * time.Hour,
}

// slots returns when the columns of a heat map begin. They begin with a day of the time zone or divide one.
func slots(from, until time.Time) (all []time.Time, width time.Duration) {
	width = slotWidths[len(slotWidths)-1]
	for _, w := range slotWidths {
		if until.Sub(from)/w < mostHeatSlots-1 {
			width = w
			break
		}
	}
	for until.Sub(from)/width >= mostHeatSlots-1 {
		width *= 2
	}
	y, m, d := from.Date()
	first := time.Date(y, m, d, 0, 0, 0, 0, from.Location())
	first = first.Add(from.Sub(first).Truncate(width))
	for t := first; t.Before(until); t = t.Add(width) {
		all = append(all, t)
	}
	return all, width
}

// heat counts calls by when they started and how long they took.
func (f *figures) heat(calls []*call) api.Heat {
	starts, width := slots(f.from.In(f.until.Location()), f.until)
	h := api.Heat{Slots: starts, Labels: slotLabels(starts, width), Rows: []api.HeatRow{}, Failed: make([]int, len(starts))}
	var rows [heatRows][]int
	lowest, highest := heatRows, -1
	for _, c := range calls {
		slot := int(f.time(c.start).Sub(starts[0]) / width)
		if slot < 0 || slot >= len(starts) {
			continue
		}
		if c.is(failedCall) {
			h.Failed[slot]++
		}
		if !c.is(timedCall) {
			continue
		}
		row := bucket(heatLimits, time.Duration(c.took))
		if rows[row] == nil {
			rows[row] = make([]int, len(starts))
		}
		rows[row][slot]++
		lowest, highest = min(lowest, row), max(highest, row)
	}
	for i := highest; i >= lowest; i-- {
		one := api.HeatRow{Counts: rows[i]}
		if one.Counts == nil {
			one.Counts = make([]int, len(starts))
		}
		if i > 0 {
			one.From = heatLimits[i-1].Seconds()
		}
		if i < len(heatLimits) {
			one.To = heatLimits[i].Seconds()
		}
		h.Rows = append(h.Rows, one)
	}
	return h
}

// slotLabels names the first column of each day, or columns of one day by their time.
func slotLabels(starts []time.Time, width time.Duration) []string {
	all := make([]string, len(starts))
	days := 0
	for i, t := range starts {
		if i > 0 && t.Day() != starts[i-1].Day() {
			days++
		}
	}
	last := -1
	for i, t := range starts {
		switch {
		case days < 2 && width < 24*time.Hour:
			if last < 0 || i-last >= 6 {
				all[i], last = t.Format("15:04"), i
			}
		case i > 0 && t.Day() == starts[i-1].Day():
		case i == 0 && len(starts) > 2 && starts[2].Day() != t.Day() && width < 24*time.Hour: // no room beside the next
		case days < 10:
			all[i] = t.Format("Mon")
		case last < 0 || i-last >= 5:
			all[i], last = t.Format("2 Jan"), i
		}
	}
	return all
}
