package top

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
)

// latencyLabels returns the heading of the axis of latencies.
func latencyLabels(n int) string {
	out := []rune(strings.Repeat(" ", n))
	end := 0
	for i, label := range []string{"1ms", "10", "100", "1s", "10", "100"} {
		at := i * n / decades
		if n < 24 && i != 0 && i != 3 || at < end || at+len(label) > n {
			continue
		}
		copy(out[at:], []rune(label))
		end = at + len(label) + 1
	}
	if n < 24 && end <= n-4 {
		copy(out[n-4:], []rune("100s"))
	}
	return string(out)
}

func (r *toolRow) line(c toolColumns) Line {
	l := text(Plain, " ")
	st := Plain
	if r.Failed > 0 && r.Rate() >= 0.05 {
		st = Bad
	}
	l.left(Plain, r.label, c.name).right(Plain, view.Number(r.Calls), 7).right(st, view.Share(r.Failed, r.Calls), 7)
	l.right(Plain, lengthOf(r.p50), 7).right(Plain, lengthOf(r.p95), 7)
	if c.p99 > 0 {
		l.right(Plain, lengthOf(r.p99), c.p99)
	}
	l.space(1)
	if c.axis > 0 {
		l.left(Work, drawDistribution(&r.Took, c.axis), c.axis)
	}
	size := "–"
	if r.Took.N > 0 {
		size = view.Size(r.big)
		if r.tokens > 0 {
			size = view.Tokens(r.tokens)
		}
	}
	l.right(Plain, size, 8)
	if c.remark > 0 {
		l.space(2).add(Dim, view.CutEnd(r.remark(), c.remark))
	}
	return l
}

func lengthOf(d int64) string {
	if d == 0 {
		return "–"
	}
	return view.Duration(time.Duration(d))
}

// remark says what the columns do not.
func (r *toolRow) remark() string {
	var parts []string
	if r.Hung > 0 {
		parts = append(parts, fmt.Sprintf("%d hung", r.Hung))
	}
	if why, n := r.mostly(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", n, why))
	}
	if r.Cancelled > 0 {
		parts = append(parts, fmt.Sprintf("%d cancelled", r.Cancelled))
	}
	if r.Refused > 0 {
		parts = append(parts, plural(r.Refused, "bad request"))
	}
	return strings.Join(parts, ", ")
}

// mostly returns the most frequent reason of failures.
func (r *toolRow) mostly() (why string, n int) {
	for _, word := range slices.Sorted(maps.Keys(r.Why)) {
		if r.Why[word] > n {
			why, n = word, r.Why[word]
		}
	}
	return why, n
}

// The axis of latencies: from a millisecond to 100 seconds, on a logarithmic scale.
const decades = 5

// latencyColumn returns the column of a duration on an axis of n.
func latencyColumn(d time.Duration, n int) int {
	if d <= time.Millisecond {
		return 0
	}
	c := int(math.Log10(float64(d)/float64(time.Millisecond)) / decades * float64(n))
	return min(max(c, 0), n-1)
}

// drawDistribution returns the distribution of durations on an axis of n columns. The highest column is full, and one call in a
// thousand still shows.
func drawDistribution(f *watch.Figures, n int) string {
	columns := make([]int, n)
	most := 0
	for v, count := range f.Counts {
		c := latencyColumn(time.Duration(v), n)
		columns[c] += count
		most = max(most, columns[c])
	}
	out := make([]rune, n)
	for i, count := range columns {
		out[i] = ' '
		if count > 0 {
			out[i] = blocks[(count*len(blocks)-1)/most]
		}
	}
	return string(out)
}
