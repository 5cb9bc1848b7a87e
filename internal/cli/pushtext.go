package cli

import (
	"fmt"
	"strings"

	"github.com/spanpipe/spanpipe/internal/push"
	"github.com/spanpipe/spanpipe/internal/view"
)

// pushText is what a push prints for people.
type pushText struct {
	report *push.Report
	dry    bool
	out    strings.Builder
}

// nouns are what the signals count.
var nouns = map[string]string{"traces": "span", "logs": "log record", "metrics": "metric point"}

// String returns the text: where it goes, a line for each session of which something was sent, and the totals.
func (t *pushText) String() string {
	for _, line := range t.destinations() {
		t.out.WriteString(line + "\n")
	}
	sent, sessions, before := map[string]int64{}, 0, 0
	for i := range t.report.Sessions {
		one := &t.report.Sessions[i]
		var parts []string
		known, whole := false, one.Problem == ""
		for _, d := range t.report.Destinations {
			c := one.Signals[d.Signal]
			if c == nil {
				continue
			}
			known, whole = known || c.Before > 0, whole && c.Complete
			part := view.Plural(int(c.Sent), nouns[d.Signal])
			if c.Rejected > 0 {
				part += fmt.Sprintf(" (%s rejected)", view.Number(int(c.Rejected)))
			}
			if c.Sent+c.Rejected > 0 {
				parts = append(parts, part)
			}
			sent[d.Signal] += c.Sent
		}
		switch {
		case len(parts) > 0:
			sessions++
			fmt.Fprintf(&t.out, "   %s  %s: %s\n", one.Session.Name, view.Safe(one.Session.ServerName()), strings.Join(parts, ", "))
		case known && whole:
			before++
		}
	}
	t.out.WriteString(t.totals(sent, sessions, before))
	return t.out.String()
}

// destinations returns where the signals go, those with the same destination together.
func (t *pushText) destinations() []string {
	var lines, notes []string
	verb := "Sending"
	if t.dry {
		verb = "This would send"
	}
	var signals []string
	for i, d := range t.report.Destinations {
		switch {
		case d.Off:
			notes = append(notes, title(d.Signal)+" are not sent: "+d.Route.Problem+".")
			continue
		case d.Protocol == "":
			notes = append(notes, title(d.Signal)+" cannot be sent.")
			continue
		case d.Unsupported:
			notes = append(notes, title(d.Signal)+" are not sent: the backend at "+d.Endpoint+" does not support them.")
		}
		signals = append(signals, d.Signal)
		if next := i + 1; next < len(t.report.Destinations) && sameDestination(d, t.report.Destinations[next]) {
			continue
		}
		line := fmt.Sprintf("%s %s to %s (%s)", verb, joined(signals), address(d), d.Protocol)
		if d.Default {
			line += ", the default:\nno OTEL_EXPORTER_OTLP_ENDPOINT is set"
		}
		if d.Proxy != "" {
			line += ", through the proxy " + d.Proxy
		}
		lines, signals = append(lines, line+"."), nil
		for _, w := range d.Warnings {
			notes = append(notes, "Warning: "+w)
		}
	}
	return append(lines, notes...)
}

// address returns a destination's endpoint without the path that the specification adds for a signal.
func address(d push.Destination) string { return strings.TrimSuffix(d.Endpoint, "/v1/"+d.Signal) }

func sameDestination(a, b push.Destination) bool {
	return a.Protocol == b.Protocol && address(a) == address(b) && a.Default == b.Default && a.Proxy == b.Proxy
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// joined returns words in a row: "a, b and c".
func joined(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func (t *pushText) totals(sent map[string]int64, sessions, before int) string {
	var parts []string
	for _, d := range t.report.Destinations {
		if n := sent[d.Signal]; n > 0 {
			parts = append(parts, view.Plural(int(n), nouns[d.Signal]))
		}
	}
	there := ""
	if before > 0 {
		there = "Of " + view.Plural(before, "other session") + " everything is there already; --again sends it once more.\n"
	}
	switch {
	case len(parts) > 0 && t.dry:
		return fmt.Sprintf("Together %s of %s.\n%s", joined(parts), view.Plural(sessions, "session"), there)
	case len(parts) > 0:
		return fmt.Sprintf("Sent %s of %s.\n%s", joined(parts), view.Plural(sessions, "session"), there)
	case there != "":
		return strings.Replace(there, "other ", "", 1)
	}
	return "Nothing was sent.\n"
}

// pushJSON is what a push prints for programs.
type pushJSON struct {
	Version      int               `json:"version"`
	DryRun       bool              `json:"dry_run"`
	Complete     bool              `json:"complete"`
	Destinations []destinationJSON `json:"destinations"`
	Sessions     []pushedJSON      `json:"sessions"`
	Warnings     []string          `json:"warnings"`
}

type destinationJSON struct {
	Signal    string `json:"signal"`
	Endpoint  string `json:"endpoint,omitempty"`
	Protocol  string `json:"protocol,omitempty"`
	Default   bool   `json:"default"`
	Off       bool   `json:"off"`
	Supported bool   `json:"supported"`
	Problem   string `json:"problem,omitempty"`
	Hint      string `json:"hint,omitempty"`
}

type pushedJSON struct {
	Session        string                `json:"session"`
	Server         string                `json:"server"`
	State          string                `json:"state"`
	Signals        map[string]countsJSON `json:"signals"`
	Damaged        int                   `json:"damaged_lines"`
	WithoutContent bool                  `json:"sent_before_without_content"`
	Problem        string                `json:"problem,omitempty"`
}

type countsJSON struct {
	Sent     int64 `json:"sent"`
	Before   int64 `json:"sent_before"`
	Rejected int64 `json:"rejected"`
	Complete bool  `json:"complete"`
}

func newPushJSON(cfg *push.Config, r *push.Report) pushJSON {
	out := pushJSON{
		Version: 1, DryRun: cfg.DryRun, Complete: r.Complete(), Destinations: []destinationJSON{}, Sessions: []pushedJSON{},
		Warnings: append([]string{}, r.Warnings...),
	}
	for _, d := range r.Destinations {
		out.Destinations = append(out.Destinations, destinationJSON{
			d.Signal, d.Endpoint, d.Protocol, d.Default, d.Off, !d.Unsupported, d.Problem, d.Hint,
		})
	}
	for i := range r.Sessions {
		one := &r.Sessions[i]
		s := pushedJSON{
			Session: one.Session.Name, Server: one.Session.ServerName(), State: string(one.Session.State),
			Signals: map[string]countsJSON{}, Damaged: one.Damaged, WithoutContent: one.WithoutContent, Problem: one.Problem,
		}
		for signal, c := range one.Signals {
			s.Signals[signal] = countsJSON{c.Sent, c.Before, c.Rejected, c.Complete}
		}
		out.Sessions = append(out.Sessions, s)
	}
	return out
}
