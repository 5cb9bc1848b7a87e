package main

import "github.com/spanpipe/spanpipe/telemetry/semconv"

// capacity is for those who plan: what is used at its peak, how it grows, and what the telemetry itself costs.
func capacity() board {
	return board{
		name: "capacity", title: "MCP servers: capacity",
		about: "Peaks, growth ahead, and what the telemetry itself costs.",
		from:  "now-7d", refresh: "15m",
		variables: []variable{jobs, sessions},
		rows:      []row{{panels: peaks()}, {"Growth", ahead()}, {"What the telemetry costs", own()}},
	}
}

func peaks() []panel {
	active := "sum(" + held(semconv.SessionActive) + where() + ")"
	busiest := "sum(" + grown(semconv.ServerOperationDuration) + where(calls) + ") / 60"
	cpu := "sum(" + grown(semconv.ProcessCPUTime) + where() + ") / 60"
	memory := "sum(" + held(semconv.ProcessMemoryUsage) + where() + ")"
	one := func(title, about, unit, expr string) panel {
		return panel{
			kind: number, title: title, about: about, unit: unit, width: 6, empty: "None",
			queries: []query{{expr: "max_over_time((" + expr + ")[$__range:1m])"}},
		}
	}
	return []panel{
		one("Most sessions at once", "The peak of sessions that ran at the same time.", "short", active),
		one("Most calls a second", "The busiest minute.", "ops", busiest),
		one("Most processors", "The peak of all sessions' time on processors together. 1 is one processor.", "short", cpu),
		one("Most memory", "The peak of all sessions' memory together.", "bytes", memory),
	}
}

func ahead() []panel {
	trend := func(title, about, unit, expr string) panel {
		return panel{
			title: title, about: about + " The second curve is where a straight line through the seven days before each point leads to in another seven days.", unit: unit, width: 12, empty: "None",
			queries: []query{
				{expr: expr, legend: "now"},
				{expr: "predict_linear((" + expr + ")[7d:1h], 7 * 86400)", legend: "in seven days"},
			},
		}
	}
	return []panel{
		perSession(),
		trend("Sessions", "Sessions at once.", "short", "sum("+held(semconv.SessionActive)+where()+")"),
		trend("Calls a second", "Over the last hour.", "ops", "sum(sum_over_time("+grown(semconv.ServerOperationDuration)+where(calls)+"[1h])) / 3600"),
		trend("Memory", "Of all sessions together.", "bytes", "sum("+held(semconv.ProcessMemoryUsage)+where()+")"),
		trend("Processors", "Of all sessions together, over the last hour.", "short", "sum(sum_over_time("+grown(semconv.ProcessCPUTime)+where()+"[1h])) / 3600"),
	}
}

// perSession is about messages. What of them is stored is in docs/scale.md.
func perSession() panel {
	const day = "1d"
	by := []string{job}
	return panel{
		title: "Bytes a session", width: 24, unit: "bytes", empty: "No session has ended",
		about: "Bytes of all messages, both ways, in the 24 hours before each point, divided by the sessions that ended in that time. " +
			"Sessions that run for days make it too large.",
		queries: []query{{
			expr:   total(semconv.MessageSize, day, by, where()) + "\n  / (" + count(semconv.ServerSessionDuration, day, by, where()) + " > 0)",
			legend: "{{job}}",
		}},
	}
}

func own() []panel {
	mine := `{job=~"$job", instance=~"$instance", __name__=~"mcp_.+|spanpipe_.+|process_.+"}` + ofSession("5m")
	return []panel{
		{
			title: "Series", width: 12, unit: "short", empty: "None",
			about:   "Series in Prometheus of the sessions that report, by server. Exponential histograms make a tenth of those with explicit buckets.",
			queries: []query{{expr: "count by (job) (" + mine + ")", legend: "{{job}}"}},
		},
		{
			title: "Series of the largest session", width: 12, unit: "short", empty: "None", warn: 1500,
			about:   "Where a session has far more than others, one of its labels has too many values: its tools or its resources.",
			queries: []query{{expr: "max by (job) (count by (job, instance) (" + mine + "))", legend: "{{job}}"}},
		},
		{
			title: "Records and samples a second", width: 12, unit: "short", empty: "Prometheus does not scrape itself",
			about: "What Prometheus takes in, from all sources, and spans that the collector could not send. Both have to be scraped for it.",
			queries: []query{
				{expr: "rate(prometheus_tsdb_head_samples_appended_total[5m])", legend: "samples a second {{type}}"},
				{expr: `sum by (exporter) (rate({__name__=~"otelcol_exporter_send_failed_spans(_total)?"}[5m]))`, legend: "spans not sent, {{exporter}}"},
			},
		},
		{
			title: "Telemetry lost", width: 12, unit: "short", warn: 1, empty: "None",
			about: "What spanpipe could not record, send, store or write.",
			queries: []query{{
				expr:   count(semconv.TelemetryDropped, step, []string{job, label(semconv.LossReason)}, where()) + " > 0",
				legend: "{{job}} {{" + label(semconv.LossReason) + "}}",
			}},
		},
	}
}
