package main

import (
	"fmt"
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Times that Grafana puts in. Points of a curve are a minute apart at least, which is how often growth is recorded.
const (
	step   = "$__interval" // from one point of a curve to the next
	period = "$__range"    // the time that the dashboard shows
)

// where returns a selector: what the dashboard's variables choose, and more.
func where(more ...string) string {
	return "{" + strings.Join(append([]string{`job=~"$job"`}, more...), ", ") + "}"
}

// is and its like are parts of a selector.
func is(label, value string) string     { return fmt.Sprintf("%s=%q", label, value) }
func isNot(label, value string) string  { return fmt.Sprintf("%s!=%q", label, value) }
func among(label, value string) string  { return fmt.Sprintf("%s=~%q", label, value) }
func except(label, value string) string { return fmt.Sprintf("%s!~%q", label, value) }

// noFault are classes of errors that are no fault of a server's.
const noFault = "cancelled|abandoned|invalid_params"

var (
	calls      = is(method, semconv.ToolsCall)
	chosenTool = among(tool, "$tool")
	// serverFaults are failures that a server answers for: not what users cancelled or left open, nor what a model asked wrongly.
	serverFaults = except(class, noFault)
	// endedFirst selects sessions whose server ended before the client did, and requests that it left open.
	endedFirst = is(label(semconv.ErrorType), semconv.ErrServerExit)
)

// sum returns an aggregation, with or without labels to group by.
func sum(by []string, expr string) string {
	if len(by) == 0 {
		return "sum(" + expr + ")"
	}
	return fmt.Sprintf("sum by (%s) (%s)", strings.Join(by, ", "), expr)
}

// count returns how much was counted in a time.
func count(i semconv.Instrument, time string, by []string, selector string) string {
	return sum(by, fmt.Sprintf("sum_over_time(%s%s[%s])", grown(i), selector, time))
}

// total is count of the sum of a histogram.
func total(i semconv.Instrument, time string, by []string, selector string) string {
	return sum(by, fmt.Sprintf("sum_over_time(%s%s[%s])", grownSum(i), selector, time))
}

// perSecond is count as a rate, for a curve.
func perSecond(i semconv.Instrument, by []string, selector string) string {
	return count(i, step, by, selector) + " * 1000 / $__interval_ms"
}

// quantile returns a quantile of what a histogram has taken in a time, in whichever form it is kept.
func quantile(q float64, i semconv.Instrument, time string, by []string, selector string) string {
	explicit := sum(append([]string{"le"}, by...), fmt.Sprintf("sum_over_time(%s%s[%s])", grownBuckets(i), selector, time))
	native := sum(by, fmt.Sprintf("sum_over_time(%s%s[%s])", grownHistogram(i), selector, time))
	return fmt.Sprintf("histogram_quantile(%g, %s) or histogram_quantile(%g, %s)", q, explicit, q, native)
}

// buckets returns what a heatmap shows of a histogram.
func buckets(i semconv.Instrument, selector string) string {
	return fmt.Sprintf("sum by (le) (sum_over_time(%s%s[%s])) or sum(sum_over_time(%s%s[%s]))",
		grownBuckets(i), selector, step, grownHistogram(i), selector, step)
}

// share returns a ratio. Where nothing has failed, it is 0 and not missing; where nothing was done, there is none.
func share(part, whole string, by []string) string {
	on := ""
	if len(by) > 0 {
		on = " on (" + strings.Join(by, ", ") + ")"
	}
	return fmt.Sprintf("((%s) /%s (%s > 0)) or ((%s > 0) * 0)", part, on, whole, whole)
}

// now returns a gauge over all sessions. One that was killed stops to report: its last value is left out after a minute and a
// half, which is longer than a session at rest is silent.
func now(i semconv.Instrument, by []string, selector string) string {
	return sum(by, fmt.Sprintf("last_over_time(%s%s[90s])", metric(i), selector))
}
