package main

import (
	"fmt"
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// quickCalls is the record of calls that were answered in time, as the objective has it.
const quickCalls = "job_tool:spanpipe_calls_quick:increase1m"

// windows are those of multi-window, multi-burn-rate alerts (Google's SRE Workbook, chapter 5).
var windows = []string{"5m", "30m", "1h", "6h", "3d"}

// objectives returns the group of rules that has the objectives, and how far calls are from them. A user changes them there.
func (p preset) objectives() string {
	const head = `  # The objectives: so many calls of each tool succeed, and so many are answered within %d s. Change them here: the first two rules, and
  # the boundary in the third, which has to be one of the histogram's.
  - name: spanpipe-objectives
    interval: 1m
    query_offset: 20s
    rules:
`
	var b strings.Builder
	fmt.Fprintf(&b, head, p.within)
	write := func(record, expr string) {
		fmt.Fprintf(&b, "      - record: %s\n        expr: |\n%s", record, indent(expr))
	}
	write("spanpipe:objective_success:ratio", fmt.Sprintf("vector(%g)", p.success))
	write("spanpipe:objective_quick:ratio", fmt.Sprintf("vector(%g)", quickObjective))
	h := semconv.ServerOperationDuration
	native := grownHistogram(h) + "{" + calls + "}"
	// The two forms are added: a tool may have calls in both. Of a minute without calls, the fraction is not a number.
	write(quickCalls, fmt.Sprintf("sum by (%s) (\n  %s{%s, le=%q}\n  or histogram_fraction(0, %d, %s) * (histogram_count(%s) > 0)\n)",
		strings.Join(byTool, ", "), grownBuckets(h), calls, fmt.Sprint(p.within), p.within, native, native))
	for _, w := range windows {
		write("job_tool:spanpipe_calls_failed:ratio"+w, failures(w)+"\n  / "+attempts(w))
		write("job_tool:spanpipe_calls_slow:ratio"+w, fmt.Sprintf("1 - sum by (%s) (sum_over_time("+quickCalls+"[%s]))\n  / %s",
			strings.Join(byTool, ", "), w, attempts(w)))
	}
	return b.String()
}

// enough is how many calls have to miss an objective. Where there are few calls, one or two are chance.
const enough = 10

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
				name: "Mcp" + o.name + "Burning" + s.name, severity: s.severity, lasts: s.lasts, dashboard: "operations",
				expr:        all(o.ratio+s.long+limit, o.ratio+s.short+limit, fmt.Sprintf("round(%s * %s) >= %d", o.ratio+s.long, attempts(s.long), enough)),
				summary:     toolOf + " misses its objective",
				description: "{{ $value | humanizePercentage }} of its calls in the last " + s.long + " " + o.what + ", and it goes on.",
			})
		}
	}
	return alerts
}
