package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/view"
)

// where returns where telemetry goes, one destination a line.
func (d decision) where() []string {
	var where []string
	if slices.Contains(d.Sinks, consent.Console) {
		where = append(where, "console: one line per operation on stderr")
	}
	for _, signal := range []string{"local", "traces", "metrics", "logs", "metrics page", "its address"} {
		if to := d.Destination[signal]; to != "" {
			if protocol := d.Protocol[signal]; protocol != "" {
				to += " (" + protocol + ")"
			}
			if proxy := d.Proxies[signal]; proxy != "" {
				to += ", through the proxy " + proxy
			}
			where = append(where, signal+": "+to)
		}
	}
	return where
}

// remedies returns what turns telemetry on.
func (d decision) remedies() []string {
	lines := []string{
		"SPANPIPE_TELEMETRY=console, for lines on stderr",
		"SPANPIPE_TELEMETRY=local, for files on this machine, which spanpipe show and others read",
		"SPANPIPE_TELEMETRY=otlp, for an OpenTelemetry collector",
		"SPANPIPE_TELEMETRY=prometheus, for a metrics page",
	}
	for _, r := range d.Reasons {
		switch variable, _, _ := strings.Cut(r, " is "); variable {
		case "DO_NOT_TRACK":
			lines = lines[:2]
			lines[0] += ", even with DO_NOT_TRACK"
			lines[1] += ", likewise"
		case "OTEL_SDK_DISABLED":
			return []string{"remove OTEL_SDK_DISABLED, or set it to false"}
		}
	}
	return slices.DeleteFunc(lines, func(line string) bool {
		sink, _, _ := strings.Cut(strings.TrimPrefix(line, "SPANPIPE_TELEMETRY="), ",")
		return d.forbids(consent.Sink(sink))
	})
}

// text returns the decision for people: sections, of which empty ones are left out.
func (d decision) text(columns int) string {
	where := d.where()
	var limit []string
	if d.CaptureMax > 0 {
		limit = []string{fmt.Sprintf("%d bytes", d.CaptureMax)}
	}
	type section struct {
		title string
		lines []string
	}
	unknown := section{title: "Unknown variables, which have no effect"}
	for _, u := range d.Unknown {
		unknown.lines = append(unknown.lines, u.String())
	}
	var key []string
	if d.HashKey != "" {
		key = []string{d.HashKey}
	}
	text, sections := "Telemetry is on.\n", []section{
		{"Why", d.Reasons},
		{"What decides", decisionLines(d.Decided)},
		{"Where it goes", where},
		{"How long it is kept on this machine", d.Store.limits()},
		{"Warnings", d.Warnings},
		{"What is collected", d.Collected},
		{"Numbers and listed words that metric rules take from calls, and nothing else of them", d.MetricRules.lines()},
		{"Key of all hashes", key},
		{"Only these members of arguments and results", d.CaptureKeys},
		{"Limit of each piece of content", limit},
		{"Not collected unless you ask for it: SPANPIPE_CAPTURE is a list of", d.UnlessAsked},
		{"Never collected", d.Never},
		unknown,
		{"To see the records", []string{"spanpipe preview -- your-server"}},
	}
	if !d.Telemetry {
		text, sections = "Telemetry is off: nothing is parsed, collected or sent.\n", []section{
			{"Why", d.Reasons},
			unknown,
			{"To turn it on", d.remedies()},
		}
	}
	for _, s := range sections {
		if len(s.lines) > 0 {
			text += "\n" + s.title + "\n"
		}
		for _, l := range s.lines {
			text += "   " + view.Fold(view.Safe(l), "     ", columns) + "\n"
		}
	}
	return text
}
