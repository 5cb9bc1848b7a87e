package main

import "github.com/spanpipe/spanpipe/telemetry/semconv"

// security is for those who look for misuse.
func security() board {
	return board{
		name: "security", title: "MCP servers: security",
		about: "What may be an attack or a leak: refused access, changed definitions of tools, calls that stand out, what the protocol does not allow.",
		from:  "now-24h", refresh: "1m",
		variables: []variable{jobs, tools},
		rows:      []row{{panels: refused()}, {"Servers that change", changed()}, {"What stands out", unusual()}},
	}
}

const refusals = "authentication|permission|rate_limited"

func refused() []panel {
	chosen := where(among(class, refusals), chosenTool)
	return []panel{
		{
			title: "Refused", width: 12, unit: "short", empty: "None", links: drill(ofSeries, false),
			about:   "Operations that failed for want of authentication or permission, or because of a rate limit, by class.",
			queries: []query{{expr: count(semconv.OperationErrors, step, []string{job, class}, chosen) + " > 0", legend: "{{job}} {{" + class + "}}"}},
		},
		{
			kind: rows, title: "Refused, by tool", width: 12, unit: "short", empty: "None", links: drill(ofRow, true),
			about:   "The same by tool, in the time shown. Many refusals of one tool are a wrong credential, or someone who tries.",
			queries: []query{{expr: count(semconv.OperationErrors, period, []string{job, tool, class}, chosen) + " > 0", legend: "Refused"}},
		},
		{
			title: "Reads of resources that failed", width: 12, unit: "short", empty: "None", links: drill(ofSeries, false),
			about:   "Failed reads, by server and class: attempts to read what is not offered are among them.",
			queries: []query{{expr: count(semconv.OperationErrors, step, []string{job, class}, where(is(method, semconv.ResourcesRead))) + " > 0", legend: "{{job}} {{" + class + "}}"}},
		},
		{
			kind: bars, title: "Schemes and templates that were read", width: 12, unit: "short", empty: "None",
			about:   "What kinds of resources were read, most often first.",
			queries: []query{{expr: "topk(15, " + count(semconv.ResourceReads, period, []string{job, resource}, where()) + ") > 0", legend: "{{job}} {{" + resource + "}}"}},
		},
	}
}

func changed() []panel {
	change, kind := label(semconv.DefinitionChange), label(semconv.DefinitionKind)
	version := label(semconv.ServerVersion)
	return []panel{
		{
			kind: rows, title: "Changed definitions", width: 12, unit: "short", empty: "None",
			about: "Tools, prompts and instructions that are not what they were. Changed or renamed ones deserve a look before they are used: " +
				"spanpipe definitions shows which part it is.",
			queries: []query{{expr: count(semconv.DefinitionsChanged, period, []string{job, change, kind}, where()) + " > 0", legend: "Definitions"}},
		},
		{
			kind: rows, title: "Versions of servers", width: 12, unit: "short", empty: "None",
			about: "Names and versions that servers gave of themselves, with the sessions that ended in the time shown or run now.",
			queries: []query{{
				// Sums, and no count of series: behind a gateway, one series stands for many sessions.
				expr: sum([]string{job, server, version}, "\n  sum_over_time("+grown(semconv.ServerSessionDuration)+where(isNot(server, ""))+"[$__range])\n"+
					"  or last_over_time("+metric(semconv.SessionActive)+where(isNot(server, ""))+"[90s])\n") + " > 0",
				legend: "Sessions",
			}},
		},
	}
}

func unusual() []panel {
	anomaly, kind := label(semconv.Anomaly), label(semconv.Violation)
	return []panel{
		{
			title: "Calls that stand out", width: 12, unit: "short", empty: "None", links: drill(ofSeries, false),
			about:   "Anomalies by kind: see docs/anomalies.md for what each means. The log records have what was seen and what was usual.",
			queries: []query{{expr: count(semconv.Anomalies, step, []string{job, anomaly}, where()) + " > 0", legend: "{{job}} {{" + anomaly + "}}"}},
		},
		{
			kind: rows, title: "Calls that stand out, by tool", width: 12, unit: "short", empty: "None", links: drill(ofRow, true),
			about:   "The same by tool, in the time shown.",
			queries: []query{{expr: count(semconv.Anomalies, period, []string{job, tool, anomaly}, where(chosenTool)) + " > 0", legend: "Findings"}},
		},
		{
			title: "Protocol violations", width: 12, unit: "short", empty: "None", links: drill(ofSeries, false),
			about:   "Messages and lines that the protocol does not allow, by kind.",
			queries: []query{{expr: count(semconv.ProtocolViolations, step, []string{job, kind}, where()) + " > 0", legend: "{{job}} {{" + kind + "}}"}},
		},
		{
			title: "Large results", width: 12, unit: "bytes", empty: "None", links: drill(ofSeries, true),
			about:   "The largest results, as 99 % of each tool's: what leaves a server at once.",
			queries: []query{{expr: quantile(0.99, semconv.OperationResponseSize, step, outcomes, where(calls, chosenTool)), legend: "{{job}} {{" + tool + "}}"}},
		},
	}
}
