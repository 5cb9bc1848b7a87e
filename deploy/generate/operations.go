package main

import "github.com/spanpipe/spanpipe/telemetry/semconv"

// operations is for those who run servers: is everything all right, and if not, where?
func operations() board {
	return board{
		name: "operations", title: "MCP servers: operations",
		about: "Whether MCP servers work: calls, failures, latency, sessions and what they use. Made from what spanpipe measures.",
		from:  "now-3h", refresh: "30s",
		variables: []variable{jobs, tools, sessions},
		rows: []row{
			{panels: essential()},
			{"Health", health()},
			{"Hangs and crashes", hangs()},
			{"The pipeline", pipeline()},
		},
	}
}

var outcomes = []string{job, tool}

// essential is what a person on call looks at first: two panels a line, and a table.
func essential() []panel {
	chosen := where(calls, chosenTool)
	failed := where(calls, chosenTool, serverFaults)
	return []panel{
		{
			title: "Calls", width: 12, unit: "ops", links: drill(ofSeries, true), empty: "No calls in this time",
			about:   "Calls of tools a second, by server and tool.",
			queries: []query{{expr: perSecond(semconv.ServerOperationDuration, outcomes, chosen), legend: "{{job}} {{" + tool + "}}"}},
		},
		{
			title: "Calls that failed", width: 12, unit: "percentunit", warn: 0.01, bad: 0.05, links: drill(ofSeries, true), empty: "No calls in this time",
			about: "The share of calls that failed, by server and tool. What users cancelled, what a session left open at its end, and what a " +
				"model asked wrongly is not counted. The lines are at 1 % and 5 %.",
			queries: []query{{
				expr:   share(count(semconv.OperationErrors, step, outcomes, failed), count(semconv.ServerOperationDuration, step, outcomes, chosen), outcomes),
				legend: "{{job}} {{" + tool + "}}",
			}},
		},
		latency(12),
		{
			title: "Sessions running", width: 12, unit: "short", empty: "None",
			about:   "Sessions that have reported within 90 seconds, by server. One that was killed leaves this curve after that time.",
			queries: []query{{expr: now(semconv.SessionActive, []string{job}, where()), legend: "{{job}}"}},
		},
		{
			title: "Memory", width: 12, unit: "bytes", empty: "No session runs", links: drill(ofSeries, false),
			about: "Resident memory of the largest session of each server, its child processes included. " +
				"A line that climbs and never falls is a leak. A second line is the smallest limit of its sessions, where control groups set one.",
			queries: []query{
				{expr: largest(semconv.ProcessMemoryUsage), legend: "{{job}}"},
				{expr: "min by (job) (last_over_time(" + metric(semconv.MemoryLimit) + where(among(instance, "$instance")) + "[90s]))", legend: "{{job}}, limit"},
			},
		},
		{
			title: "CPU", width: 12, unit: "percentunit", empty: "No session runs",
			about:   "Time on processors by all sessions of a server, its child processes included. 100 % is one processor.",
			queries: []query{{expr: perSecond(semconv.ProcessCPUTime, []string{job}, where()), legend: "{{job}}"}},
		},
		outcomeTable(),
	}
}

// largest returns a gauge of the session of each server where it is highest.
func largest(i semconv.Instrument) string {
	return "max by (job) (last_over_time(" + metric(i) + where(among(instance, "$instance")) + "[90s])" + ofSession("90s") + ")"
}

// latency shows quantiles of calls, with exemplars, which lead to traces.
func latency(width uint32) panel {
	chosen := where(calls, chosenTool)
	// What is recorded has no exemplars. This expression names the series that have, and is never true. It is the first, because
	// Grafana asks for no exemplars of a metric whose name is in an earlier query.
	name := metric(semconv.ServerOperationDuration)
	queries := []query{{expr: name + "_bucket" + chosen + " < 0 or histogram_count(" + name + chosen + ") < 0", legend: "calls", exemplars: true}}
	for _, q := range []struct {
		value  float64
		legend string
	}{{0.5, "half"}, {0.95, "95 %"}, {0.99, "99 %"}} {
		queries = append(queries, query{expr: quantile(q.value, semconv.ServerOperationDuration, step, nil, chosen), legend: q.legend})
	}
	return panel{
		title: "Latency", width: width, unit: "s", queries: queries, links: nil, empty: "No calls in this time",
		about: "Half, 95 % and 99 % of the calls of the chosen tools took at most so long, without the time in which users were asked. " +
			"The points are single calls: each leads to its trace.",
	}
}

// outcomeTable has a line for each tool.
func outcomeTable() panel {
	chosen := where(calls, chosenTool)
	const day = "24h"
	all := count(semconv.ServerOperationDuration, day, outcomes, chosen)
	failed := count(semconv.OperationErrors, day, outcomes, where(calls, chosenTool, serverFaults))
	cancelled := count(semconv.OperationErrors, day, outcomes, where(calls, chosenTool, among(class, noFault)))
	return panel{
		kind: rows, title: "Tools, in the last 24 hours", width: 24, unit: "short", empty: "No calls in the last 24 hours", links: drill(ofRow, true),
		about: "Each tool with its calls, how many failed, how many others were cancelled, left open at a session's end or asked wrongly, and how long they took.",
		queries: []query{
			{expr: all, legend: "Calls"},
			{expr: failed, legend: "Failed"},
			{expr: cancelled, legend: "No fault of the server's"},
			{expr: "100 * " + share(failed, all, outcomes), legend: "Failed (%)"},
			{expr: quantile(0.95, semconv.ServerOperationDuration, day, outcomes, chosen), legend: "95 % took at most (s)"},
		},
	}
}

// health is the state of each server.
func health() []panel {
	return []panel{
		{
			kind: rows, title: "Alerts that fire", width: 12, unit: "short", empty: "None",
			about:   "Alerts of these rules and others that concern the chosen servers. Each has a runbook.",
			queries: []query{{expr: `sum by (alertname, severity, job, ` + tool + `) (ALERTS{alertstate="firing", job=~"$job"})`, legend: "Firing"}},
		},
		{
			kind: rows, title: "Servers", width: 12, unit: "s", empty: "No server has reported in this time",
			about: "How long ago each server was last heard of, for how long its oldest session has been running, and how long ago its newest was started.",
			queries: []query{
				{expr: "time() - max by (job) (max_over_time(timestamp(" + metric(semconv.SessionActive) + where() + ")[$__range:1m]))", legend: "Last heard of, ago"},
				{expr: "max by (job) (last_over_time(" + metric(semconv.ProcessUptime) + where() + "[90s])" + ofSession("90s") + ")", legend: "Running for"},
				{expr: "time() - max by (job) (last_over_time(" + metric(semconv.ProcessStartTime) + where() + "[90s])" + ofSession("90s") + ")", legend: "Last started, ago"},
			},
		},
		{
			title: "In flight", width: 12, unit: "short", empty: "None",
			about:   "Operations that wait for an answer, by server and tool. A line that stays is a call that hangs.",
			queries: []query{{expr: now(semconv.OperationActive, outcomes, where()), legend: "{{job}} {{" + tool + "}}"}},
		},
		{
			title: "Failures by class", width: 12, unit: "short", empty: "None", links: drill(ofSeries, false),
			about:   "Operations that did not succeed, whichever side was at fault, by server and class.",
			queries: []query{{expr: count(semconv.OperationErrors, step, []string{job, class}, where()) + " > 0", legend: "{{job}} {{" + class + "}}"}},
		},
	}
}

func hangs() []panel {
	stall := label(semconv.Stall)
	exits := []string{job, label(semconv.Exit), label(semconv.ExitCode), label(semconv.Signal)}
	return []panel{
		{
			kind: bars, title: "Where calls are stuck", width: 8, unit: "short", empty: "No call hung",
			about:   "Calls that hung, timed out, were cancelled or abandoned, by what spanpipe saw of them.",
			queries: []query{{expr: count(semconv.OperationHangCount, period, []string{job, stall}, where()) + " > 0", legend: "{{job}} {{" + stall + "}}"}},
		},
		{
			title: "Starts of servers", width: 8, unit: "short", empty: "No server has started",
			about: "Processes that were started, by server: a new client, or a client that starts its server again. A curve that stays high is a server that " +
				"ends again and again; beside it is how.",
			queries: []query{{expr: count(semconv.StartupDuration, step, []string{job}, where(is(label(semconv.Phase), "process"))) + " > 0", legend: "{{job}}"}},
		},
		{
			kind: bars, title: "Ends of servers", width: 8, unit: "short", empty: "No server has ended",
			about: "How servers ended, whichever side began it: ok is exit code 0, also when the client left. not_started is no end, but a start that failed.",
			queries: []query{{
				expr:   count(semconv.ServerExits, period, exits, where()) + " > 0",
				legend: "{{job}} {{" + exits[1] + "}} {{" + exits[2] + "}} {{" + exits[3] + "}}",
			}},
		},
		{
			title: "Crashes during calls", width: 12, unit: "short", warn: 1, empty: "None",
			about: "Ends of servers, other than by their clients, while calls were waiting.",
			queries: []query{{
				expr: count(semconv.ServerExits, step, []string{job}, where(is(label(semconv.InFlight), "true"), isNot(label(semconv.Exit), "ok"))) +
					" and on (job) " + count(semconv.ServerOperationDuration, step, []string{job}, where(endedFirst)) + " > 0",
				legend: "{{job}}",
			}},
		},
		{
			title: "Time to start", width: 12, unit: "s", empty: "No server has started",
			about:   "95 % of starts took at most so long: of the process, until its handshake, and until its list of tools.",
			queries: []query{{expr: quantile(0.95, semconv.StartupDuration, step, []string{job, label(semconv.Phase)}, where()), legend: "{{job}} {{" + label(semconv.Phase) + "}}"}},
		},
	}
}

func pipeline() []panel {
	reason, kind := label(semconv.LossReason), label(semconv.Violation)
	return []panel{
		{
			title: "Telemetry lost", width: 12, unit: "short", warn: 1, empty: "None",
			about:   "What spanpipe could not record, send, store or write. Sessions are not affected; the pictures here are.",
			queries: []query{{expr: count(semconv.TelemetryDropped, step, []string{job, reason}, where()) + " > 0", legend: "{{job}} {{" + reason + "}}"}},
		},
		{
			title: "Protocol violations", width: 12, unit: "short", warn: 1, empty: "None", links: drill(ofSeries, false),
			about:   "Messages and lines that the protocol does not allow, by kind and direction.",
			queries: []query{{expr: count(semconv.ProtocolViolations, step, []string{job, kind, direction}, where()) + " > 0", legend: "{{job}} {{" + kind + "}} {{" + direction + "}}"}},
		},
	}
}
