//go:build unix

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// report writes the results for a person. Tables are Markdown, so that they can be pasted into a document.
func report(out io.Writer, r *Result) error {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintf(w, "%s, %d cores, %s, %s; spanpipe %s, %.1f MiB\n",
		r.Processor, r.Cores, r.Kernel, r.Go, r.Commit, float64(r.Binary)/(1<<20))
	for _, s := range r.Subjects {
		fmt.Fprintf(w, "- %s: %s\n", s.Name, s.About)
	}
	for _, name := range r.measures() {
		measureTable(w, r, name)
	}
	if len(r.Losses) > 0 {
		lossTable(w, r.Losses)
	}
	if len(r.Fleet) > 0 {
		fleetTable(w, r.Fleet)
	}
	if len(r.Stack) > 0 {
		stackTable(w, r.Stack)
	}
	for _, name := range r.builds() {
		comparison(w, r, name)
	}
	return w.Flush()
}

// measureTable has one row per subject: its values, and their ratios to no wrapper and to the floor.
func measureTable(w io.Writer, r *Result, measure string) {
	rows := r.rowsOf(measure)
	statistics := slices.Sorted(maps.Keys(rows[0].Values))
	fmt.Fprintf(w, "\n%s, %s\n\n", measure, rows[0].Unit)
	titles := []string{"subject"}
	for _, by := range []string{"", " × direct", " × cat"} {
		for _, s := range statistics {
			titles = append(titles, s+by)
		}
	}
	head(w, titles...)
	for _, row := range rows {
		line := []string{row.Subject}
		for _, s := range statistics {
			line = append(line, figure(row.Values[s]))
		}
		for _, reference := range []string{direct, floor} {
			for _, s := range statistics {
				text := ""
				if ratio, ok := row.Ratios[reference][s]; ok {
					text = figure(ratio.Median)
				}
				line = append(line, text)
			}
		}
		cells(w, line...)
	}
}

func lossTable(w io.Writer, losses []Loss) {
	fmt.Fprint(w, "\nspans lost\n\n")
	head(w, "subject", "calls/s", "calls", "arrived", "missing", "messages dropped, counted", "spans dropped, counted")
	for _, l := range losses {
		cells(w, l.Subject, figure(l.Rate), fmt.Sprint(l.Calls), fmt.Sprint(l.Arrived), fmt.Sprint(int64(l.Calls)-l.Arrived),
			fmt.Sprint(l.Messages), fmt.Sprint(l.Spans))
	}
}

// fleetTable has what arrived under each variant. A session of n calls is to deliver n+4 spans.
func fleetTable(w io.Writer, fleet []Traffic) {
	fmt.Fprintf(w, "\nreceived from %d sessions of %.0f s with %d calls each, bytes as sent (before compression)\n\n",
		fleet[0].Sessions, fleet[0].Seconds, fleet[0].Calls)
	head(w, "settings", "spans", "bytes/span", "log exports", "bytes/log export", "metric exports", "bytes/metric export")
	for _, t := range fleet {
		per := func(signal otlptest.Signal, count int64) string {
			n := float64(max(count, 1))
			return figure(float64(t.Wire[signal])/n) + " (" + figure(float64(t.Raw[signal])/n) + ")"
		}
		logs, metrics := t.Requests[otlptest.Logs], t.Requests[otlptest.Metrics]
		cells(w, t.Variant, fmt.Sprint(t.Spans), per(otlptest.Traces, t.Spans), fmt.Sprint(logs), per(otlptest.Logs, logs),
			fmt.Sprint(metrics), per(otlptest.Metrics, metrics))
	}
}

// comparison has the ratio of this build to an earlier one for every measure: the median, and the quartiles over the rounds.
func comparison(w io.Writer, r *Result, build string) {
	fmt.Fprintf(w, "\nthis build ÷ %s, median (quartiles) of the rounds\n\n", build)
	modes := r.modesOf(build)
	head(w, append([]string{"measure", "unit", "statistic"}, modes...)...)
	for _, measure := range r.measures() {
		rows := r.rowsOf(measure)
		for _, s := range slices.Sorted(maps.Keys(rows[0].Values)) {
			line, any := []string{measure, rows[0].Unit, s}, false
			for _, mode := range modes {
				text := ""
				for _, row := range rows {
					if ratio, ok := row.Ratios[build+" "+mode][s]; ok && row.Subject == mode {
						text, any = fmt.Sprintf("%.3f (%.3f–%.3f)", ratio.Median, ratio.Low, ratio.High), true
					}
				}
				line = append(line, text)
			}
			if any {
				cells(w, line...)
			}
		}
	}
}

// head writes a table's head: the first column to the left, the others to the right.
func head(w io.Writer, titles ...string) {
	cells(w, titles...)
	cells(w, append([]string{"---"}, slices.Repeat([]string{"--:"}, len(titles)-1)...)...)
}

// cells writes a row of a table.
func cells(w io.Writer, texts ...string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(texts, "\t "))
}

// figure formats a number with three digits, or with all digits of its integer part.
func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
