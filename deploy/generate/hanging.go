package main

import (
	"fmt"
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Records of calls that hang, over all sessions of a server: what a gateway leaves of them, too.
const (
	stuckCalls = "job_tool:spanpipe_calls_stuck:increase1m" // have begun to hang
	lateCalls  = "job_tool:spanpipe_calls_late:increase1m"  // were answered later than that
)

// hangAfter is the default of SPANPIPE_HANG_AFTER, in seconds, and a boundary of the histogram.
const hangAfter = 30

// atWork are the verdicts of which a call is no hang: the server works on it, nothing is known but that the client gave up, or the
// answer came after all.
const atWork = "server_busy|waiting_for_child|client_gave_up|answered_late"

var (
	// leftOpen are the ends of calls that were not answered. OperationHangCount has them, too, however soon they came.
	leftOpen = strings.Join([]string{semconv.ErrCancelled, semconv.ErrTimeout, semconv.ErrAbandoned}, "|")
	openEnds = calls + ", " + among(label(semconv.ErrorType), leftOpen)
	// answers are calls that ended otherwise.
	answers = calls + ", " + except(label(semconv.ErrorType), leftOpen)
)

// inTime returns a selection of calls that took no longer than others that hang, in either form of the histogram.
func inTime(selector string) string {
	native := grownHistogram(semconv.ServerOperationDuration) + "{" + selector + "}"
	return fmt.Sprintf("%s{%s, le=\"%d\"}\n  or histogram_fraction(0, %[3]d, %s) * (histogram_count(%[4]s) > 0)",
		grownBuckets(semconv.ServerOperationDuration), selector, hangAfter, native)
}

// stuck returns an expression for the calls that have begun to hang in a minute, less those that users gave up sooner, which count as
// hanging, too. The terms have different labels, so that "or" joins them.
func stuck() string {
	hung := grown(semconv.OperationHangCount) + "{" + calls + ", " + isNot(tool, "") + ", " + except(label(semconv.Stall), atWork) + "}"
	return sum(byTool, "\n  "+hung+"\n  or -("+inTime(openEnds)+")\n")
}

// late returns an expression for the calls that were answered in a minute, after they had begun to hang. It has the method, so that its
// labels are not those of stuck.
func late() string {
	by := append([]string{method}, byTool...)
	return sum(by, grown(semconv.ServerOperationDuration)+"{"+answers+"}") + "\n- " + sum(by, "\n  "+inTime(answers)+"\n")
}

// hanging returns the alert for a tool of which many calls hang, in whichever sessions. A tool that takes minutes has ten to answer a
// call before that counts: what was answered since then is subtracted.
func (p preset) hanging() alert {
	const then = "[15m] offset 10m"
	open := sum(byTool, "\n  sum_over_time("+stuckCalls+then+")\n  or -sum_over_time("+lateCalls+"[25m])\n")
	answered := sum(byTool, "sum_over_time("+grown(semconv.ServerOperationDuration)+"{"+answers+"}"+then+")")
	return alert{
		name: "McpToolHanging", severity: "warning", dashboard: "operations",
		expr:    fmt.Sprintf("%s >= %d\nunless %[1]s <= %[3]g * %s", open, stuckAtLeast, p.failing, answered),
		summary: toolOf + " hangs for many",
		description: "{{ $value }} calls that began to hang 10 to 25 minutes ago have not been answered, in whichever sessions: more than " +
			fmt.Sprintf("%g %%", 100*p.failing) + " of those that were. spanpipe_operation_hangs_total says where they are stuck.",
	}
}

// stuckAtLeast is how many calls have to hang: fewer are McpCallHanging's, which looks at each session.
const stuckAtLeast = 5
