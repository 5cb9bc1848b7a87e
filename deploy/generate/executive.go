package main

import "github.com/spanpipe/spanpipe/telemetry/semconv"

// executive is for those who decide: is it used, does it work, what does it cost?
func executive() board {
	return board{
		name: "executive", title: "MCP servers: use, quality and cost",
		about: "How much MCP servers are used, how well they work and what their answers cost. Tokens are estimates (±10 %).",
		from:  "now-7d", refresh: "15m",
		variables: []variable{jobs},
		price:     true,
		rows:      []row{{panels: figures()}, {"Trends", trends()}, {"Servers", shares()}},
	}
}

const week = "7d"

func figures() []panel {
	all := count(semconv.ServerOperationDuration, period, nil, where(calls))
	failed := count(semconv.OperationErrors, period, nil, where(calls, serverFaults))
	tokens := count(semconv.OperationTokens, period, nil, where(calls, is(direction, "to_client")))
	one := func(title, about, unit, expr string) panel {
		return panel{kind: number, title: title, about: about, unit: unit, width: 4, empty: "None", queries: []query{{expr: expr}}}
	}
	succeeded := one("Calls that succeeded", "The share of calls that did not fail. What users cancelled, what a session left open at its end, and what a model "+
		"asked wrongly is no failure. Green from 99 %.", "percentunit", "1 - ("+share(failed, all, nil)+")")
	succeeded.low, succeeded.warn, succeeded.bad = true, 0.99, 0.95
	users := one("Active users", "Accounts that have used a server in the time shown. They are known by a keyed hash, and only where "+
		"SPANPIPE_USER=hash is set and sessions do not send through collector/gateway.yaml, which keeps no account.", "short", `count(count by (enduser_pseudo_id) (last_over_time(target_info{enduser_pseudo_id!="", job=~"$job"}[$__range])))`)
	users.empty = "No accounts"
	return []panel{
		one("Calls", "Calls of tools in the time shown.", "short", all),
		succeeded,
		one("Sessions", "Sessions that ended in the time shown.", "short", count(semconv.ServerSessionDuration, period, nil, where())),
		users,
		one("Tokens of results", "What the results of tools come to in models' contexts, each counted once. An estimate.", "short", tokens),
		one("Cost of results", "Tokens of results at the price above, for a million input tokens, in whatever currency you think. Each is counted "+
			"once: caching and the number of turns decide what a provider bills.", "short", tokens+" * $price / 1e6"),
	}
}

func trends() []panel {
	all := func(offset string) string {
		return "sum(sum_over_time(" + grown(semconv.ServerOperationDuration) + where(calls) + "[1d]" + offset + "))"
	}
	weekly := func(offset string) string {
		return "sum by (job) (sum_over_time(" + grown(semconv.ServerOperationDuration) + where(calls) + "[" + week + "]" + offset + "))"
	}
	return []panel{
		{
			title: "Calls a day, this week and the last", width: 12, unit: "short", empty: "None",
			about:   "Calls in the 24 hours before each point, and the same a week earlier.",
			queries: []query{{expr: all(""), legend: "this week"}, {expr: all(" offset 1w"), legend: "the week before"}},
		},
		{
			kind: bars, title: "This week against the last", width: 12, unit: "percentunit", signed: true, empty: "No calls a week ago",
			about: "By how much the calls of each server have grown, or fallen, in seven days. A bar begins at -100 %, no calls any more, and is " +
				"orange where there are fewer than the week before.",
			queries: []query{{expr: "(" + weekly("") + " or " + weekly(" offset 1w") + " * 0) / (" + weekly(" offset 1w") + " > 0) - 1", legend: "{{job}}"}},
		},
		{
			title: "Calls that failed, by day", width: 12, unit: "percentunit", warn: 0.01, bad: 0.05, empty: "No calls",
			about: "The share of calls that failed in the 24 hours before each point, by server.",
			queries: []query{{
				expr: share(count(semconv.OperationErrors, "1d", []string{job}, where(calls, serverFaults)),
					count(semconv.ServerOperationDuration, "1d", []string{job}, where(calls)), []string{job}),
				legend: "{{job}}",
			}},
		},
		{
			title: "Tokens of results a day", width: 12, unit: "short", empty: "None",
			about:   "Estimated tokens of results in the 24 hours before each point, by server.",
			queries: []query{{expr: count(semconv.OperationTokens, "1d", []string{job}, where(calls, is(direction, "to_client"))), legend: "{{job}}"}},
		},
	}
}

func shares() []panel {
	byJob := []string{job}
	all := count(semconv.ServerOperationDuration, period, byJob, where(calls))
	tokens := count(semconv.OperationTokens, period, byJob, where(calls, is(direction, "to_client")))
	return []panel{{
		kind: rows, title: "Servers", width: 24, unit: "short", empty: "None",
		about: "Each server with its use, quality and cost in the time shown. In time is what the objective for latency counts, in the file of alerts.",
		queries: []query{
			{expr: all, legend: "Calls"},
			{expr: "100 * (1 - (" + share(count(semconv.OperationErrors, period, byJob, where(calls, serverFaults)), all, byJob) + "))", legend: "Succeeded (%)"},
			{expr: "100 * sum by (job) (sum_over_time(" + quickCalls + where() + "[" + period + "])) / (" + all + ")", legend: "In time (%)"},
			{expr: quantile(0.95, semconv.ServerOperationDuration, period, byJob, where(calls)), legend: "95 % took at most (s)"},
			{expr: tokens, legend: "Tokens of results"},
			{expr: tokens + " * $price / 1e6", legend: "Cost of results"},
			{expr: "(" + tokens + ") * $price / 1e6 / on (job) (" + all + ")", legend: "Cost of a call"},
		},
	}}
}
