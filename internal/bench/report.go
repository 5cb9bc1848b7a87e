//go:build unix

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// table writes the results for a person. The form is Markdown's, so that it can stand in a document as it is.
func table(out io.Writer, r *Result) error {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintf(w, "%s, %d cores, %s, %s; server in %s; spanpipe %s, %.1f MiB\n", r.Processor, r.Cores, r.Kernel, r.Go, r.Server, r.Commit, float64(r.Binary)/(1<<20))
	for _, s := range r.Subjects {
		fmt.Fprintf(w, "- %s: %s\n", s.Name, s.About)
	}
	for _, name := range r.measures() {
		rowsOf(w, r, name)
	}
	if len(r.Losses) > 0 {
		fmt.Fprint(w, "\nspans lost\n\n")
		cells(w, "calls/s", "calls", "arrived", "missing", "messages dropped, counted", "spans dropped, counted")
		cells(w, slices.Repeat([]string{"--:"}, 6)...)
		for _, l := range r.Losses {
			cells(w, figure(l.Rate), fmt.Sprint(l.Calls), fmt.Sprint(l.Arrived), fmt.Sprint(int64(l.Calls)-l.Arrived), fmt.Sprint(l.Messages), fmt.Sprint(l.Spans))
		}
	}
	if len(r.Fleet) > 0 {
		fleetTable(w, r.Fleet)
	}
	return w.Flush()
}

// fleetTable says what arrived, and what each piece of it cost. Sums over sessions would be too small wherever a delivery has
// failed, so there are none: a session of n calls is to deliver n+3 spans.
func fleetTable(w io.Writer, fleet []Traffic) {
	fmt.Fprintf(w, "\nwhat arrived of %d sessions of %.0f s with %d calls each, bytes as sent (before compression)\n\n", fleet[0].Sessions, fleet[0].Seconds, fleet[0].Calls/int64(fleet[0].Sessions))
	cells(w, "settings", "spans", "bytes/span", "log exports", "bytes/log export", "metric exports", "bytes/metric export")
	cells(w, append([]string{"---"}, slices.Repeat([]string{"--:"}, 6)...)...)
	for _, t := range fleet {
		per := func(signal string, of int64) string {
			return figure(float64(t.Wire[signal])/float64(max(of, 1))) + " (" + figure(float64(t.Raw[signal])/float64(max(of, 1))) + ")"
		}
		cells(w, t.Variant, fmt.Sprint(t.Spans), per("traces", t.Spans), fmt.Sprint(t.Requests["logs"]), per("logs", t.Requests["logs"]),
			fmt.Sprint(t.Requests["metrics"]), per("metrics", t.Requests["metrics"]))
	}
}

func rowsOf(w io.Writer, r *Result, measure string) {
	var statistics []string
	for _, row := range r.Rows {
		if row.Measure != measure {
			continue
		}
		if statistics == nil {
			statistics = slices.Sorted(maps.Keys(row.Values))
			fmt.Fprintf(w, "\n%s, %s\n\n", measure, row.Unit)
			head := []string{"subject"}
			for _, by := range []string{"", " × direct", " × cat"} {
				for _, s := range statistics {
					head = append(head, s+by)
				}
			}
			cells(w, head...)
			cells(w, append([]string{"---"}, slices.Repeat([]string{"--:"}, len(head)-1)...)...)
		}
		line := []string{row.Subject}
		for _, values := range []map[string]float64{row.Values, row.ToDirect, row.ToFloor} {
			for _, s := range statistics {
				if v, ok := values[s]; ok {
					line = append(line, figure(v))
				} else {
					line = append(line, "")
				}
			}
		}
		cells(w, line...)
	}
}

// cells writes a row of a table.
func cells(w io.Writer, texts ...string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(texts, "\t "))
}

// figure writes a number with three digits or all of its whole ones.
func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
