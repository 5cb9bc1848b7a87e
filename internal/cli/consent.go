package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// exitOff is the exit code of "spanpipe consent" when telemetry is off.
const exitOff = 1

func (a *app) consentCommand() *cli.Command {
	return &cli.Command{
		Name:  "consent",
		Usage: "show what would be collected, where it would go, and why",
		Description: `Makes the same decision as when a server is wrapped, from the same environment and flags,
and explains it. Exit status: 0 if telemetry is on, 1 if it is off.`,
		Flags:  a.flags(&cli.BoolFlag{Name: "json", Usage: "print the decision as JSON", DisableDefaultText: true}),
		Action: a.consent,
	}
}

// decision is what "spanpipe consent" prints.
type decision struct {
	Telemetry   bool              `json:"telemetry"`
	Reasons     []string          `json:"reasons"`
	Sinks       []consent.Sink    `json:"sinks"`
	Destination map[string]string `json:"destinations"`
	Proxies     map[string]string `json:"proxies,omitempty"` // by signal
	Warnings    []string          `json:"warnings,omitempty"`
	Capture     []consent.Level   `json:"capture"`
	CaptureKeys []string          `json:"capture_keys,omitempty"`
	CaptureMax  int               `json:"capture_max_bytes,omitempty"`
	Collected   []string          `json:"collected"`
	Never       []string          `json:"never_collected"`
}

func (a *app) consent(c *cli.Context) error {
	policy, err := a.decide(consent.Decide)
	if err != nil {
		return err
	}
	d := a.explain(policy)
	if !d.Telemetry {
		a.status.Code = exitOff
	}
	if c.Bool("json") {
		encoder := json.NewEncoder(a.Stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(d)
	}
	_, err = io.WriteString(a.Stdout, d.text())
	return err
}

// explain describes a policy and the destinations that this environment gives it. Its lists are empty and not nil, so
// that they are [] in JSON and not null.
func (a *app) explain(p consent.Policy) decision {
	capture := p.Capture()
	d := decision{
		Telemetry: p.On(), Reasons: p.Reasons(), Sinks: append([]consent.Sink{}, p.Sinks()...),
		Capture: append([]consent.Level{}, capture.Levels()...), CaptureKeys: capture.Keys(), CaptureMax: capture.Max(),
		Destination: map[string]string{}, Collected: []string{},
	}
	if p.On() {
		d.Collected = []string{
			"method, tool and prompt names; request ids",
			"sizes, durations, error codes and error classes",
			"protocol version; names and versions of client and server",
			"the server's template that a resource URI matches, or else the URI's scheme",
			"CPU time, memory, file descriptors and threads of the server's processes",
		}
	}
	for _, level := range consent.Levels() {
		if capture.Has(level) {
			d.Collected = append(d.Collected, "content, redacted: "+levelText[level])
		} else {
			d.Never = append(d.Never, levelText[level])
		}
	}
	d.Never = append(d.Never,
		"contents of resources", "names of users, hosts and files", "the server's command line and environment")
	lookup := ownEnvironment(a.Environ)
	if p.Has(consent.OTLP) {
		d.addRoutes(otlp.Routes(lookup))
	}
	if addr := telemetry.AdminAddress(p, a.options.adminAddr, lookup); addr != "" {
		d.Destination["metrics page"] = "served on " + addr
		if p.Has(consent.Prometheus) {
			d.Destination["its address"] = "listed for Prometheus in SPANPIPE_DIR/targets"
		}
	}
	return d
}

var levelText = map[consent.Level]string{
	consent.Errors:    "error messages",
	consent.Arguments: "arguments of tool calls",
	consent.Results:   "results of tool calls",
	consent.Prompts:   "prompts and sampling messages",
	consent.URIs:      "resource URIs",
	consent.Messages:  "log messages of the server",
	consent.Stderr:    "lines that the server writes to stderr",
}

// addRoutes adds where the signals are sent.
func (d *decision) addRoutes(routes []otlp.Route) {
	d.Proxies = map[string]string{}
	for _, r := range routes {
		d.Destination[r.Signal] = r.Endpoint
		if r.Problem != "" {
			d.Destination[r.Signal] = "nowhere: " + r.Problem
		}
		if r.Proxy != "" {
			d.Proxies[r.Signal] = r.Proxy
		}
		for _, w := range r.Warnings {
			if !slices.Contains(d.Warnings, w) { // of other signals
				d.Warnings = append(d.Warnings, w)
			}
		}
	}
}

// text returns the decision for people: sections, of which empty ones are left out.
func (d decision) text() string {
	var where, limit []string
	if slices.Contains(d.Sinks, consent.Console) {
		where = append(where, "console: one line per operation on stderr")
	}
	for _, signal := range []string{"traces", "metrics", "logs", "metrics page", "its address"} {
		if to := d.Destination[signal]; to != "" {
			if proxy := d.Proxies[signal]; proxy != "" {
				to += ", through the proxy " + proxy
			}
			where = append(where, signal+": "+to)
		}
	}
	if d.CaptureMax > 0 {
		limit = []string{fmt.Sprintf("%d bytes", d.CaptureMax)}
	}
	type section struct {
		title string
		lines []string
	}
	text, sections := "Telemetry is on.\n", []section{
		{"Why", d.Reasons},
		{"Where it goes", where},
		{"Warnings", d.Warnings},
		{"What is collected", d.Collected},
		{"Only these members of arguments and results", d.CaptureKeys},
		{"Limit of each piece of content", limit},
		{"What is never collected", d.Never},
		{"To see the records", []string{"spanpipe preview -- your-server"}},
	}
	if !d.Telemetry {
		text, sections = "Telemetry is off: nothing is parsed, collected or sent.\n", []section{
			{"Why", d.Reasons},
			{"To turn it on", []string{
				"SPANPIPE_TELEMETRY=console, for lines on stderr",
				"SPANPIPE_TELEMETRY=otlp, for an OpenTelemetry collector",
			}},
		}
	}
	for _, s := range sections {
		if len(s.lines) > 0 {
			text += "\n" + s.title + "\n"
		}
		for _, l := range s.lines {
			text += "   " + view.Safe(l) + "\n"
		}
	}
	return text
}
