package main

import "github.com/spanpipe/spanpipe/telemetry/semconv"

// development is for those who write servers and clients: what is said, and what it weighs.
func development() board {
	return board{
		name: "development", title: "MCP servers: development",
		about: "What clients and servers say to each other: protocol, tools, resources, sessions, tokens.",
		from:  "now-6h", refresh: "1m",
		variables: []variable{jobs, methods, tools, clients, resources, sessions, custom},
		rows: []row{
			{"Protocol", protocol()},
			{"Tools", toolPanels()},
			{"Resources", resourcePanels()},
			{"Sessions", sessionPanels()},
			{"Tokens, estimated (±10 %)", tokenPanels()},
			{"Processes", processPanels()},
			{"Metrics of your own", customPanels()},
		},
	}
}

func protocol() []panel {
	version, kind := label(semconv.ProtocolVersion), label(semconv.Kind)
	chosen := where(among(method, "$method"))
	return []panel{
		{
			title: "Messages", width: 8, unit: "ops", empty: "None",
			about:   "Messages a second, by kind and direction.",
			queries: []query{{expr: perSecond(semconv.MessageSize, []string{kind, direction}, where()), legend: "{{" + kind + "}} {{" + direction + "}}"}},
		},
		{
			title: "Requests by method", width: 8, unit: "ops", empty: "None",
			about:   "Answered requests a second of clients, by method.",
			queries: []query{{expr: perSecond(semconv.ServerOperationDuration, []string{method}, chosen), legend: "{{" + method + "}}"}},
		},
		{
			kind: bars, title: "Versions of the protocol", width: 8, unit: "short", empty: "None",
			about:   "Operations by the version of the protocol that was agreed.",
			queries: []query{{expr: count(semconv.ServerOperationDuration, period, []string{version}, where(isNot(version, ""))) + " > 0", legend: "{{" + version + "}}"}},
		},
		{
			kind: heat, title: "Sizes of messages", width: 12, unit: "bytes", empty: "None",
			about:   "How many messages had which size on the wire.",
			queries: []query{{expr: buckets(semconv.MessageSize, where()), legend: "{{le}}"}},
		},
		{
			title: "Traffic", width: 12, unit: "Bps", empty: "None",
			about:   "Bytes a second on the wire, by direction.",
			queries: []query{{expr: total(semconv.MessageSize, step, []string{direction}, where()) + " * 1000 / $__interval_ms", legend: "{{" + direction + "}}"}},
		},
		{
			title: "Notifications", width: 12, unit: "ops", empty: "None",
			about:   "Notifications a second, by method and direction.",
			queries: []query{{expr: perSecond(semconv.Notifications, []string{method, direction}, where()), legend: "{{" + method + "}} {{" + direction + "}}"}},
		},
		{
			title: "What servers ask of clients", width: 12, unit: "s", empty: "None",
			about:   "95 % of the requests of servers, such as sampling and roots, were answered within this time.",
			queries: []query{{expr: quantile(0.95, semconv.ClientOperationDuration, step, []string{job, method}, where()), legend: "{{job}} {{" + method + "}}"}},
		},
	}
}

func toolPanels() []panel {
	chosen := where(calls, chosenTool)
	named := "{{job}} {{" + tool + "}}"
	from, to := label(semconv.FromTool), label(semconv.ToTool)
	return []panel{
		{
			title: "Calls", width: 12, unit: "ops", links: drill(ofSeries, true), empty: "None",
			about:   "Calls a second, by server and tool.",
			queries: []query{{expr: perSecond(semconv.ServerOperationDuration, outcomes, chosen), legend: named}},
		},
		{
			kind: heat, title: "Durations of calls", width: 12, unit: "s", empty: "None",
			about:   "How many calls of the chosen tools took how long.",
			queries: []query{{expr: buckets(semconv.ServerOperationDuration, chosen), legend: "{{le}}"}},
		},
		{
			title: "Durations: half of the calls", width: 12, unit: "s", links: drill(ofSeries, true), empty: "None",
			about:   "Half of a tool's calls took at most so long.",
			queries: []query{{expr: quantile(0.5, semconv.ServerOperationDuration, step, outcomes, chosen), legend: named}},
		},
		{
			title: "Durations: 95 % of the calls", width: 12, unit: "s", links: drill(ofSeries, true), empty: "None",
			about:   "95 % of a tool's calls took at most so long.",
			queries: []query{{expr: quantile(0.95, semconv.ServerOperationDuration, step, outcomes, chosen), legend: named}},
		},
		{
			title: "Durations: 99 % of the calls", width: 12, unit: "s", links: drill(ofSeries, true), empty: "None",
			about:   "99 % of a tool's calls took at most so long.",
			queries: []query{{expr: quantile(0.99, semconv.ServerOperationDuration, step, outcomes, chosen), legend: named}},
		},
		{
			kind: bars, title: "Failures by class", width: 12, unit: "short", links: drill(ofSeries, true), empty: "None",
			about:   "Calls that did not succeed, by tool and class. A class names what to look for: see TELEMETRY.md.",
			queries: []query{{expr: "topk(15, " + count(semconv.OperationErrors, period, []string{job, tool, class}, chosen) + ") > 0", legend: named + " {{" + class + "}}"}},
		},
		{
			title: "Results: 95 % are at most so large", width: 12, unit: "bytes", links: drill(ofSeries, true), empty: "None",
			about:   "95 % of a tool's results were at most so large on the wire.",
			queries: []query{{expr: quantile(0.95, semconv.OperationResponseSize, step, outcomes, chosen), legend: named}},
		},
		{
			title: "Requests with content: 95 % are at most so large", width: 12, unit: "bytes", empty: "None",
			about:   "95 % of the requests of a method were at most so large: arguments of calls, prompts, and what servers ask of models.",
			queries: []query{{expr: quantile(0.95, semconv.OperationRequestSize, step, []string{job, method}, where()), legend: "{{job}} {{" + method + "}}"}},
		},
		{
			kind: bars, title: "Called one after the other", width: 12, unit: "short", empty: "None",
			about:   "Which tool was called after which, most often first.",
			queries: []query{{expr: "topk(15, " + count(semconv.ToolTransitions, period, []string{job, from, to}, where()) + ") > 0", legend: "{{job}}: {{" + from + "}} → {{" + to + "}}"}},
		},
		{
			kind: bars, title: "Calls by client", width: 12, unit: "short", empty: "Set SPANPIPE_METRICS_CLIENT to see this",
			about: "Calls by the client's name. Operations have it only where SPANPIPE_METRICS_CLIENT is set.",
			queries: []query{{
				expr:   count(semconv.OperationResponseSize, period, []string{client}, where(calls, among(client, "$client"), isNot(client, ""))) + " > 0",
				legend: "{{" + client + "}}",
			}},
		},
	}
}

func resourcePanels() []panel {
	chosen := where(among(resource, "$resource"))
	reads := where(is(method, semconv.ResourcesRead))
	return []panel{
		{
			kind: bars, title: "Most read", width: 8, unit: "short", empty: "None",
			about:   "The five resources that were read most, by template or scheme.",
			queries: []query{{expr: "topk(5, " + count(semconv.ResourceReads, period, []string{job, resource}, chosen) + ") > 0", legend: "{{job}} {{" + resource + "}}"}},
		},
		{
			title: "Answers: 95 % are at most so large", width: 8, unit: "bytes", empty: "None",
			about:   "95 % of the answers to reads of a resource were at most so large.",
			queries: []query{{expr: quantile(0.95, semconv.ResourceSize, step, []string{job, resource}, chosen), legend: "{{job}} {{" + resource + "}}"}},
		},
		{
			title: "Reads that failed", width: 8, unit: "percentunit", warn: 0.01, bad: 0.05, empty: "No reads in this time",
			about: "The share of reads that failed, by server.",
			queries: []query{{
				expr: share(count(semconv.OperationErrors, step, []string{job}, where(is(method, semconv.ResourcesRead), serverFaults)),
					count(semconv.ServerOperationDuration, step, []string{job}, reads), []string{job}),
				legend: "{{job}}",
			}},
		},
	}
}

func sessionPanels() []panel {
	version := label(semconv.ClientVersion)
	return []panel{
		{
			title: "Sessions by client", width: 12, unit: "short", empty: "None",
			about:   "Sessions that have reported within 90 seconds, by client and version.",
			queries: []query{{expr: now(semconv.SessionActive, []string{client, version}, where(among(client, "$client"))), legend: "{{" + client + "}} {{" + version + "}}"}},
		},
		{
			title: "Length of sessions", width: 12, unit: "s", empty: "None has ended",
			about: "Half and 95 % of the sessions that ended were at most so long.",
			queries: []query{
				{expr: quantile(0.5, semconv.ServerSessionDuration, step, nil, where()), legend: "half"},
				{expr: quantile(0.95, semconv.ServerSessionDuration, step, nil, where()), legend: "95 %"},
			},
		},
		{
			kind: bars, title: "Versions of clients", width: 12, unit: "short", empty: "No session has ended",
			about:   "Sessions that ended, by client and version.",
			queries: []query{{expr: count(semconv.ServerSessionDuration, period, []string{client, version}, where(among(client, "$client"))) + " > 0", legend: "{{" + client + "}} {{" + version + "}}"}},
		},
		{
			kind: bars, title: "Tools listed", width: 12, unit: "short", empty: "None",
			about:   "Tools in the last list of each server. Each is in a model's context, whether or not it is called.",
			queries: []query{{expr: "max by (job) (last_over_time(" + metric(semconv.ToolsListed) + where() + "[$__range]))", legend: "{{job}}"}},
		},
	}
}

func tokenPanels() []panel {
	kind := label(semconv.DefinitionKind)
	return []panel{
		{
			kind: bars, title: "Definitions", width: 8, unit: "short", empty: "None",
			about:   "Tokens of what a server says of itself, by kind. Those of tools and instructions are in every conversation.",
			queries: []query{{expr: "max by (job, " + kind + ") (last_over_time(" + metric(semconv.DefinitionTokens) + where() + "[$__range]))", legend: "{{job}} {{" + kind + "}}"}},
		},
		{
			kind: bars, title: "Results", width: 8, unit: "short", empty: "None", links: drill(ofSeries, true),
			about:   "Tokens of results, by tool.",
			queries: []query{{expr: "topk(15, " + count(semconv.OperationTokens, period, outcomes, where(calls, chosenTool, is(direction, "to_client"))) + ") > 0", legend: "{{job}} {{" + tool + "}}"}},
		},
		{
			kind: bars, title: "Size of the list of tools", width: 8, unit: "bytes", empty: "None",
			about:   "The last list of tools of each server on the wire, over all its pages.",
			queries: []query{{expr: "max by (job) (last_over_time(" + metric(semconv.ToolsDefinitionSize) + where() + "[$__range]))", legend: "{{job}}"}},
		},
	}
}

func processPanels() []panel {
	one := func(title, about, unit string, i semconv.Instrument) panel {
		return panel{
			title: title, width: 12, unit: unit, about: about, empty: "No session runs",
			queries: []query{{expr: largest(i), legend: "{{job}}"}},
		}
	}
	mode := label(semconv.CPUMode)
	return []panel{
		{
			title: "CPU by mode", width: 12, unit: "percentunit", empty: "No session runs",
			about:   "Time on processors of all sessions of a server. 100 % is one processor.",
			queries: []query{{expr: perSecond(semconv.ProcessCPUTime, []string{job, mode}, where()), legend: "{{job}} {{" + mode + "}}"}},
		},
		one("Memory", "Resident memory of the largest session of each server.", "bytes", semconv.ProcessMemoryUsage),
		one("Open files", "Open file descriptors of the session that has most. A line that climbs and never falls is a leak.", "short", semconv.ProcessFileDescriptors),
		one("Threads", "Threads of the session that has most.", "short", semconv.ProcessThreads),
	}
}

// customPanels show what metric rules measure. Their names are the user's: what is not another metric's.
func customPanels() []panel {
	return []panel{{
		title: "Values", width: 24, unit: "short", empty: "No metric rules, see docs/metric-rules.md",
		about: "The chosen metrics of SPANPIPE_METRIC_RULES, as they stand in each session: counters and histograms since its start, gauges as " +
			"last measured.",
		queries: []query{{expr: `{__name__=~"$custom", job=~"$job", job!="", instance=~"$instance"}` + ofServer("5m"), legend: "{{__name__}} {{job}}"}},
	}}
}
