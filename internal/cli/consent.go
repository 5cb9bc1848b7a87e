package cli

import (
	"cmp"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// exitOff is the exit code of "spanpipe consent" when telemetry is off.
const exitOff = 1

func (a *app) consentCommand() *cli.Command {
	return &cli.Command{
		Name:  "consent",
		Usage: "show what would be collected, where it would go, and why",
		Description: `Makes the same decision as when a server is wrapped, from the same environment
and flags, and explains it.

With --markdown it writes the text about telemetry for the users of a server
that you publish: what is collected, where it goes, what never is, how to turn
it on and off. Give it the settings that the server will have. The text is the
same on every machine, so that a test can compare it:

   SPANPIPE_TELEMETRY=otlp OTEL_EXPORTER_OTLP_ENDPOINT=https://otel.example \
      spanpipe consent --markdown --opt-in WEATHER_TELEMETRY=1 |
      diff - PRIVACY.md

Exit status: 0 if telemetry is on, or the text was written; 1 if it is off; 2 if
the command line is invalid, or there is nothing to write a text about.`,
		Flags: a.flags(jsonFlag,
			&cli.BoolFlag{Name: "markdown", Usage: "write the text for a server's users", DisableDefaultText: true},
			&cli.StringFlag{Name: "opt-in", Usage: "with --markdown: what users set, `NAME=VALUE`"},
		),
		Action: a.consent,
	}
}

// decision is what "spanpipe consent" prints; see docs/json.md.
type decision struct {
	Version     int               `json:"version"`
	Telemetry   bool              `json:"telemetry"`
	Reasons     []string          `json:"reasons"`
	Decided     []decided         `json:"decisions"`        // empty if telemetry is off
	Policy      *policyJSON       `json:"policy,omitempty"` // absent without one
	Sinks       []consent.Sink    `json:"sinks"`
	Destination map[string]string `json:"destinations"`
	Protocol    map[string]string `json:"protocols"`         // of the destinations
	Proxies     map[string]string `json:"proxies,omitempty"` // by signal
	Store       *storing          `json:"store,omitempty"`   // absent without the sink local
	Warnings    []string          `json:"warnings,omitempty"`
	HashKey     string            `json:"hash_key,omitempty"` // the key's file; absent if nothing is hashed
	Capture     []consent.Level   `json:"capture"`
	CaptureKeys []string          `json:"capture_keys,omitempty"`
	CaptureMax  int               `json:"capture_max_bytes,omitempty"`
	MetricRules *jsonRules        `json:"metric_rules,omitempty"` // absent without SPANPIPE_METRIC_RULES
	Collected   []string          `json:"collected"`
	UnlessAsked []string          `json:"not_collected_unless_asked"`
	Never       []string          `json:"never_collected"`
	Unknown     []unknownVariable `json:"unknown_variables"`

	forbids func(consent.Sink) bool // what the policy does, whether or not it was asked for
}

func (a *app) consent(c *cli.Context) error {
	switch {
	case c.Bool("markdown") && c.Bool("json"):
		return &usageError{"--markdown and --json exclude each other", "see: spanpipe help consent"}
	case c.IsSet("opt-in") && !c.Bool("markdown"):
		return &usageError{"--opt-in needs --markdown", "see: spanpipe help consent"}
	case c.Bool("markdown"):
		text, err := a.privacyMarkdown(c.String("opt-in"))
		if err == nil {
			_, err = io.WriteString(a.Stdout, text)
		}
		return err
	}
	policy, err := a.decide(consent.Decide)
	if err != nil {
		return err
	}
	d := a.explain(policy)
	if !d.Telemetry {
		a.status.Code = exitOff
	}
	if c.Bool("json") {
		return a.writeJSON(d)
	}
	_, err = io.WriteString(a.Stdout, d.text(width(a.Stdout, math.MaxInt)))
	return err
}

// explain describes a policy and the destinations that this environment gives it. Its lists are empty and not nil, so
// that they are [] in JSON and not null.
func (a *app) explain(p consent.Policy) decision {
	capture := p.Capture()
	d := decision{
		Version: jsonVersion, Telemetry: p.On(), Reasons: a.reasons(p), Sinks: append([]consent.Sink{}, p.Sinks()...),
		Capture: append([]consent.Level{}, capture.Levels()...), CaptureKeys: capture.Keys(), CaptureMax: capture.Max(),
		Destination: map[string]string{}, Protocol: map[string]string{}, Collected: []string{}, UnlessAsked: []string{},
		Never: never, Unknown: a.unknownVariables(), Decided: []decided{}, Policy: a.fleet.json(),
		forbids: a.fleet.consent().Forbids,
	}
	if p.On() {
		d.Collected = append(d.Collected, collected...)
		d.Collected = append(d.Collected, a.who(p)...)
		if a.hashesClients(p) || a.options.hashesUser() {
			d.HashKey = cmp.Or(a.hashKeyPath(), "nowhere: "+errNoHome.Error())
		}
	}
	for _, level := range consent.Levels() {
		if capture.Has(level) {
			d.Collected = append(d.Collected, "content, redacted: "+levelText[level])
		} else {
			d.UnlessAsked = append(d.UnlessAsked, string(level)+": "+levelText[level]+a.fleet.forbids(level))
		}
	}
	if p.On() && a.options.metricRules != "" {
		file := a.readRules(a.options.metricRules, startBound, 0)
		if problem := a.fleet.allowedRules(&file); problem != "" {
			d.Warnings = append(d.Warnings, problem)
		}
		d.MetricRules = file.json()
	}
	lookup := a.lookup()
	if p.Has(consent.Local) {
		d.Store = a.storing(capture.Any())
		d.Destination["local"] = "files in " + d.Store.Directory
		if d.Store.Directory == "" {
			d.Destination["local"] = "nowhere: " + errNoHome.Error()
		}
	}
	if p.Has(consent.OTLP) {
		d.addRoutes(otlp.Routes(lookup), a.fleet.supplier())
	}
	if addr := telemetry.AdminAddress(p, a.options.adminAddr, lookup); addr != "" {
		d.Destination["metrics page"], d.Protocol["metrics page"] = "served on "+addr, "http"
		if dir := a.stateDir(); dir != "" && p.Has(consent.Prometheus) {
			d.Destination["its address"] = "listed for Prometheus in " + filepath.Join(dir, "targets")
		}
	}
	if p.On() {
		d.Decided = a.decisions(p, &d)
	}
	return d
}

// who returns what is collected by settings of their own: what stands out, and who has started a session.
func (a *app) who(p consent.Policy) (all []string) {
	if !a.options.anomalies.Off {
		all = append(all, "which calls stand out, by their names, times and sizes (SPANPIPE_ANOMALIES)")
	}
	if a.hashesClients(p) {
		all = append(all, "which servers one client has started, as keyed hashes of its process and its session's id")
	}
	if a.options.hashesUser() {
		all = append(all, "which sessions one account has started, as a keyed hash of the account (SPANPIPE_USER)")
	}
	if a.options.metricsClient {
		all = append(all, "the client's name on each metric of operations (SPANPIPE_METRICS_CLIENT)")
	}
	return all
}

// reasons returns what led to a decision. It is about variables, unless a flag has taken the place of one.
func (a *app) reasons(p consent.Policy) []string {
	reasons := append([]string{}, p.Reasons()...)
	s := a.setting("SPANPIPE_TELEMETRY")
	for i, r := range reasons {
		if s.IsSet() {
			reasons[i] = strings.Replace(r, s.Variable(), "--"+s.Flag, 1)
		}
	}
	return reasons
}

// collected is what is always collected, and never what never is: the list of TELEMETRY.md.
var (
	collected = []string{
		"method, tool and prompt names; request ids",
		"times, sizes, durations, estimates of tokens, error codes and error classes",
		"protocol version; names and versions of client and server",
		"the server's template that a resource URI matches, or else the URI's scheme",
		"which side a call without an answer waits for; what the protocol does not allow; which definitions have changed",
		"CPU time, memory, file descriptors and threads of the server's processes; when it started, and how it ended",
		"the name of the server's package or program, a random id of its process, and the values of OTEL_SERVICE_NAME, " +
			"OTEL_RESOURCE_ATTRIBUTES, TRACEPARENT and TRACESTATE, if they are set",
	}
	never = []string{
		"contents of resources",
		neverTexts,
		"what users are asked and what they answer (elicitation), completions, roots",
		"incidental text: progress messages, cancellation reasons, error data, status messages",
		"opaque state that is passed back and forth: cursors and requestState",
		"baggage, and members of _meta other than trace context and the protocol's own names and versions",
		"anything that is not a message: stray output, malformed or truncated messages",
		"names of this machine, its users, directories and files",
		"the server's command line",
		neverEnvironment,
	}
)

// The items that have exceptions.
const (
	neverTexts = "instructions of servers, titles and descriptions of tools, prompts and resources, but for what definitions keeps " +
		"on this machine; system prompts"
	neverEnvironment = "values of environment variables"
)

var levelText = map[consent.Level]string{
	consent.Errors:    "error messages",
	consent.Arguments: "arguments of tool calls",
	consent.Results:   "results of tool calls",
	consent.Prompts:   "prompts and sampling messages",
	consent.URIs:      "resource URIs",
	consent.Messages:  "log messages of the server",
	consent.Stderr:    "lines that the server writes to stderr",

	consent.Definitions: "texts of definitions, which only local keeps and nothing sends",
}

// addRoutes adds where the signals are sent.
func (d *decision) addRoutes(routes []otlp.Route, supplier otlp.Supplier) {
	d.Proxies = map[string]string{}
	for _, r := range routes {
		d.Destination[r.Signal] = r.Endpoint
		if r.Problem != "" {
			d.Destination[r.Signal] = "nowhere: " + supplier.Named(r.Problem)
		} else {
			d.Protocol[r.Signal] = r.Protocol
		}
		if r.Proxy != "" {
			d.Proxies[r.Signal] = supplier.Named(r.Proxy)
		}
		for _, w := range r.Warnings {
			w = supplier.Named(w)
			if !slices.Contains(d.Warnings, w) { // of other signals
				d.Warnings = append(d.Warnings, w)
			}
		}
	}
}
