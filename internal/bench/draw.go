//go:build unix

package main

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// The plots are SVG written by hand: two kinds of bars need no library. Colours are those of Okabe and Ito, which people
// who see colours differently can tell apart; text takes the colour of its surroundings, light or dark.

var colours = []string{"#999999", "#000000", "#56b4e9", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"}

// draw writes latency.svg and throughput.svg.
func draw(dir string, r *Result) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // to be read by others
		return err
	}
	latencies := chart{
		title:  "One small call at a time, µs (logarithmic)",
		groups: []string{"p50", "p90", "p99", "p99.9"}, log: true,
		value: func(group, subject string) (float64, bool) { return valueOf(r.find("small call", subject), group) },
	}
	rates := chart{
		title:  "Throughput, × cat | server | cat",
		groups: []string{"pipelined", "1 MiB answer", "1 MiB request", "64 MiB answer", "64 MiB request"}, line: 1,
		value: func(group, subject string) (float64, bool) {
			row := r.find(group, subject)
			if row == nil {
				return 0, false
			}
			if row.Unit == "µs" { // a latency: the throughput is its inverse
				return 1 / row.ToFloor["p50"], row.ToFloor["p50"] > 0
			}
			return row.ToFloor["median"], row.ToFloor["median"] > 0
		},
	}
	for name, c := range map[string]chart{"latency.svg": latencies, "throughput.svg": rates} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(c.svg(r.Subjects)), 0o644); err != nil { //nolint:gosec // to be read by others
			return err
		}
	}
	return nil
}

func valueOf(row *Row, statistic string) (float64, bool) {
	if row == nil {
		return 0, false
	}
	v, ok := row.Values[statistic]
	return v, ok
}

// chart is groups of bars, one for each subject.
type chart struct {
	title  string
	groups []string
	log    bool
	line   float64 // a value that is marked across
	value  func(group, subject string) (float64, bool)
}

const (
	width, height          = 820, 320
	left, top, base, right = 60, 40, 250, 810
)

func (c chart) svg(subjects []Subject) string {
	low, high := c.extent(subjects)
	y := func(v float64) float64 {
		if c.log {
			return base - (base-top)*math.Log(v/low)/math.Log(high/low)
		}
		return base - (base-top)*(v-low)/(high-low)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" fill="currentColor">`+"\n", width, height)
	fmt.Fprintf(&b, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n<g fill=\"#222222\">\n<text x=\"%d\" y=\"20\" font-size=\"15\">%s</text>\n", width, height, left, c.title)
	for _, tick := range c.ticks(low, high) {
		fmt.Fprintf(&b, "<path d=\"M%d %.1fH%d\" stroke=\"#cccccc\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", left, y(tick), right, left-6, y(tick)+4, tick)
	}
	slot := float64(right-left) / float64(len(c.groups))
	bar := slot * 0.8 / float64(len(subjects))
	for g, group := range c.groups {
		at := left + slot*float64(g)
		for i, s := range subjects {
			v, ok := c.value(group, s.Name)
			if !ok {
				continue
			}
			x, to := at+slot*0.1+bar*float64(i), y(min(v, high))
			fmt.Fprintf(&b, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"><title>%s %s: %s</title></rect>\n",
				x, to, bar-1, base-to, colours[i%len(colours)], s.Name, group, figure(v))
			fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"9\" text-anchor=\"middle\">%s</text>\n", x+bar/2, to-3, figure(v))
		}
		fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", at+slot/2, base+18, group)
	}
	if c.line > 0 {
		fmt.Fprintf(&b, "<path d=\"M%d %.1fH%d\" stroke=\"#222222\" stroke-dasharray=\"5 4\"/>\n", left, y(c.line), right)
	}
	for i, s := range subjects {
		x := left + float64(i)*float64(right-left)/float64(len(subjects))
		fmt.Fprintf(&b, "<rect x=\"%.1f\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/><text x=\"%.1f\" y=\"%d\">%s</text>\n", x, base+40, colours[i%len(colours)], x+17, base+50, s.Name)
	}
	return b.String() + "</g>\n</svg>\n"
}

// extent finds what the axis has to hold.
func (c chart) extent(subjects []Subject) (low, high float64) {
	low, high = math.Inf(1), 0
	for _, group := range c.groups {
		for _, s := range subjects {
			if v, ok := c.value(group, s.Name); ok {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if !c.log {
		return 0, min(high, 3) * 1.08 // what is far off the scale is written at its bar
	}
	return math.Pow(10, math.Floor(math.Log10(cmp.Or(low, 1)))), high * 1.3
}

func (c chart) ticks(low, high float64) (ticks []float64) {
	if c.log {
		for t := low; t <= high; t *= 10 {
			ticks = append(ticks, t)
		}
		return ticks
	}
	for t := 0.0; t <= high; t += 0.5 {
		ticks = append(ticks, t)
	}
	return ticks
}
