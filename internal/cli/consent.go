package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

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
		Flags:              append(flags(), &cli.BoolFlag{Name: "json"}),
		HideHelpCommand:    true,
		CustomHelpTemplate: commandHelp("--json", "print it as JSON"),
		OnUsageError:       usageProblem,
		Action:             a.consent,
	}
}

// decision is what "spanpipe consent" prints.
type decision struct {
	Telemetry   bool              `json:"telemetry"`
	Reasons     []string          `json:"reasons"`
	Sinks       []consent.Sink    `json:"sinks"`
	Destination map[string]string `json:"destinations"`
	Capture     []consent.Level   `json:"capture"`
	CaptureKeys []string          `json:"capture_keys,omitempty"`
	CaptureMax  int               `json:"capture_max_bytes,omitempty"`
	Collected   []string          `json:"collected"`
	Never       []string          `json:"never_collected"`
}

func (a *app) consent(c *cli.Context) error {
	if err := a.noArguments(c); err != nil {
		return err
	}
	o, policy, err := a.decide(c, consent.Decide)
	if err != nil {
		return err
	}
	d := newDecision(policy, o, ownEnvironment(a.Environ))
	if !d.Telemetry {
		a.status = exitOff
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

func newDecision(p consent.Policy, o *options, lookup func(string) (string, bool)) decision {
	d := decision{
		Telemetry: p.On(), Reasons: p.Reasons(), Sinks: p.Sinks(), Capture: p.Capture().Levels(),
		CaptureKeys: p.Capture().Keys(), CaptureMax: p.Capture().Max(), Destination: map[string]string{},
		Collected: []string{}, Never: never(p.Capture()),
	}
	if d.Sinks == nil {
		d.Sinks = []consent.Sink{}
	}
	if d.Capture == nil {
		d.Capture = []consent.Level{}
	}
	if !p.On() {
		return d
	}
	d.Collected = collected(p.Capture())
	if p.Has(consent.OTLP) {
		for _, r := range otlp.Routes(lookup) {
			d.Destination[r.Signal] = withoutSecrets(r.Endpoint)
			if r.Problem != "" {
				d.Destination[r.Signal] = "nowhere: " + r.Problem
			}
		}
	}
	if addr := telemetry.AdminAddress(p, o.adminAddr, lookup); addr != "" {
		d.Destination["metrics page"] = "served on " + addr
	}
	return d
}

// withoutSecrets removes user and password, query and fragment from a URL.
func withoutSecrets(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "an invalid URL"
	}
	u.User, u.RawQuery, u.Fragment, u.RawFragment = nil, "", "", ""
	return u.String()
}

func collected(c consent.Capture) []string {
	list := []string{
		"method, tool and prompt names; request ids",
		"sizes, durations, error codes and error classes",
		"protocol version; names and versions of client and server",
		"the server's template that a resource URI matches, or else the URI's scheme",
		"CPU time, memory, file descriptors and threads of the server's processes",
	}
	for _, l := range c.Levels() {
		list = append(list, "content, redacted: "+levelText[l])
	}
	return list
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

func never(c consent.Capture) []string {
	var list []string
	for _, l := range consent.Levels() {
		if !c.Has(l) {
			list = append(list, levelText[l])
		}
	}
	return append(list,
		"contents of resources", "names of users, hosts and files", "the server's command line and environment")
}

func (d decision) text() string {
	var b strings.Builder
	if d.Telemetry {
		b.WriteString("Telemetry is on.\n")
	} else {
		b.WriteString("Telemetry is off: nothing is parsed, collected or sent.\n")
	}
	section := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		b.WriteString("\n" + title + "\n")
		for _, l := range lines {
			b.WriteString("   " + view.Safe(l) + "\n")
		}
	}
	section("Why", d.Reasons)
	if !d.Telemetry {
		section("To turn it on", []string{
			"SPANPIPE_TELEMETRY=console, for lines on stderr",
			"SPANPIPE_TELEMETRY=otlp, for an OpenTelemetry collector",
		})
		return b.String()
	}
	var where []string
	for _, s := range d.Sinks {
		if s == consent.Console {
			where = append(where, "console: one line per operation on stderr")
		}
	}
	for _, signal := range []string{"traces", "metrics", "logs", "metrics page"} {
		if to := d.Destination[signal]; to != "" {
			where = append(where, signal+": "+to)
		}
	}
	section("Where it goes", where)
	section("What is collected", d.Collected)
	if len(d.CaptureKeys) > 0 {
		section("Only these members of arguments and results", d.CaptureKeys)
	}
	if d.CaptureMax > 0 {
		section("Limit of each piece of content", []string{fmt.Sprintf("%d bytes", d.CaptureMax)})
	}
	section("What is never collected", d.Never)
	section("To see the records", []string{"spanpipe preview -- your-server"})
	return b.String()
}
