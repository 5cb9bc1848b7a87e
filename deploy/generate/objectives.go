package main

import (
	"fmt"
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// windows are those of multi-window, multi-burn-rate alerts (Google's SRE Workbook, chapter 5).
var windows = []string{"5m", "30m", "1h", "6h", "3d"}

// objectives returns the group of rules that has the objectives, and how far calls are from them. A user changes them there.
func objectives() string {
	const head = `  # The objectives: so many calls of each tool succeed, and so many are answered within %d s. Change them here: the first two rules, and
  # the boundary in the third, which has to be one of the histogram's.
  - name: spanpipe-objectives
    interval: 1m
    query_offset: 20s
    rules:
`
	var b strings.Builder
	fmt.Fprintf(&b, head, latencyObjective)
	write := func(record, expr string) {
		fmt.Fprintf(&b, "      - record: %s\n        expr: |\n%s", record, indent(expr))
	}
	write("spanpipe:objective_success:ratio", fmt.Sprintf("vector(%g)", successObjective))
	write("spanpipe:objective_quick:ratio", fmt.Sprintf("vector(%g)", quickObjective))
	h := semconv.ServerOperationDuration
	native := grownHistogram(h) + "{" + calls + "}"
	bucket := fmt.Sprintf("sum by (%s) (%s{%s, le=%q})", strings.Join(byTool, ", "), grownBuckets(h), calls, fmt.Sprint(latencyObjective))
	write("job_tool:spanpipe_calls_quick:increase1m", fmt.Sprintf("%s\nor sum by (%s) (histogram_fraction(0, %d, %s) * histogram_count(%s))",
		bucket, strings.Join(byTool, ", "), latencyObjective, native, native))
	for _, w := range windows {
		write("job_tool:spanpipe_calls_failed:ratio"+w, failures(w)+"\n  / "+attempts(w))
		write("job_tool:spanpipe_calls_slow:ratio"+w, fmt.Sprintf("1 - sum by (%s) (sum_over_time(job_tool:spanpipe_calls_quick:increase1m[%s]))\n  / %s",
			strings.Join(byTool, ", "), w, attempts(w)))
	}
	return b.String()
}

// burning returns alerts for objectives that are being missed: how much of what they allow in 30 days is used up, and how fast.
func burning() []alert {
	var alerts []alert
	for _, o := range []struct{ name, ratio, objective, what string }{
		{"Success", "job_tool:spanpipe_calls_failed:ratio", "spanpipe:objective_success:ratio", "failed"},
		{"Latency", "job_tool:spanpipe_calls_slow:ratio", "spanpipe:objective_quick:ratio", "took too long"},
	} {
		for _, s := range []struct {
			name, severity, long, short string
			rate                        float64
			lasts                       string
		}{
			{"Fast", "critical", "1h", "5m", 14.4, "2m"},
			{"Steady", "critical", "6h", "30m", 6, "5m"},
			{"Slow", "warning", "3d", "6h", 1, "1h"},
		} {
			limit := fmt.Sprintf(" > %g * (1 - scalar(%s))", s.rate, o.objective)
			alerts = append(alerts, alert{
				name: "Mcp" + o.name + "Burning" + s.name, severity: s.severity, lasts: s.lasts, dashboard: "executive",
				expr:        all(o.ratio+s.long+limit, o.ratio+s.short+limit, attempts(s.long)+" >= 20"),
				summary:     toolOf + " misses its objective",
				description: "{{ $value | humanizePercentage }} of its calls in the last " + s.long + " " + o.what + ", and it goes on.",
			})
		}
	}
	return alerts
}
