package cli

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/store"
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
		Description: `Makes the same decision as when a server is wrapped, from the same environment
and flags, and explains it.

Exit status: 0 if telemetry is on; 1 if it is off; 2 if the command line is
invalid.`,
		Flags:  a.flags(jsonFlag),
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

// storing is what the local store keeps, where, and for how long. A limit that is absent does not exist.
type storing struct {
	Directory      string  `json:"directory"`
	KeepAge        float64 `json:"keep_age,omitempty"`         // s
	KeepSize       int64   `json:"keep_size,omitempty"`        // bytes, of all sessions
	KeepContentAge float64 `json:"keep_content_age,omitempty"` // s; absent also if no content is captured
	KeepDigestAge  float64 `json:"keep_digest_age"`            // s
	Definitions    string  `json:"definitions,omitempty"`      // the directory of fingerprints
	Past           string  `json:"past,omitempty"`             // the directory of what is remembered of servers; absent if nothing is
	PastServers    int     `json:"past_servers,omitempty"`     // of which there is something now
	content        bool
	by             [2]string // what decides the limits, and that of content

	PastSince time.Time `json:"past_since,omitzero"` // the day of the first session that is remembered
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

// who returns what is collected of who has started a session.
func (a *app) who(p consent.Policy) (all []string) {
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

// storing describes the local store.
func (a *app) storing(content bool) *storing {
	keep := a.options.keep
	s := &storing{
		KeepAge: keep.Age.Seconds(), KeepSize: keep.Size, KeepDigestAge: store.DigestAge.Seconds(),
		content: content, by: a.keptBy(),
	}
	if dir := a.stateDir(); dir != "" {
		s.Directory, s.Definitions = filepath.Join(dir, "sessions"), filepath.Join(dir, "definitions")
		if a.remembers() {
			s.Past = filepath.Join(dir, "past")
			if servers, since := store.Open(dir).Remembered(); servers > 0 {
				s.PastServers, s.PastSince = servers, since
			}
		}
	}
	if content {
		s.KeepContentAge = keep.Content.Seconds()
	}
	return s
}

// limits returns how long what is stored is kept.
func (s *storing) limits() []string {
	if s == nil {
		return nil
	}
	limit := "without a limit"
	switch {
	case s.KeepAge > 0 && s.KeepSize > 0:
		limit = "for " + ageText(s.KeepAge) + ", and at most " + view.Size(s.KeepSize) + " of all sessions"
	case s.KeepAge > 0:
		limit = "for " + ageText(s.KeepAge)
	case s.KeepSize > 0:
		limit = "at most " + view.Size(s.KeepSize) + " of all sessions"
	}
	lines := []string{"spans, log records and metrics: " + limit + " (" + s.by[0] + ")"}
	if s.content {
		lines = append(lines, "captured content: for "+ageText(s.KeepContentAge)+" ("+s.by[1]+")")
	}
	lines = append(lines, "totals of each session and a short line for each operation, without content: for "+ageText(s.KeepDigestAge))
	if s.Past != "" {
		line := "what is usual for each server (names, counts, durations, sizes), in " + s.Past + ": until it has not been seen for " +
			ageText(s.KeepDigestAge)
		if s.PastServers > 0 {
			line += "; now of " + view.Plural(s.PastServers, "server") + ", since " + s.PastSince.Format("2 Jan 2006")
		}
		lines = append(lines, line+" (SPANPIPE_ANOMALIES=session keeps none)")
	}
	if s.Definitions != "" {
		lines = append(lines, "fingerprints of definitions, and which of them you have accepted, in "+s.Definitions+": until you remove them")
	}
	return append(lines,
		"backups, and a home directory that is synchronized with other machines, copy these files and may keep them "+
			"longer; SPANPIPE_DIR names another place")
}

// ageText returns an age as SPANPIPE_KEEP would be written for people.
func ageText(seconds float64) string {
	const hour, day = 60 * 60, 24 * 60 * 60
	switch {
	case seconds >= 2*day && math.Mod(seconds, day) == 0:
		return fmt.Sprintf("%.0f days", seconds/day)
	case seconds >= 2*hour && math.Mod(seconds, hour) == 0:
		return fmt.Sprintf("%.0f hours", seconds/hour)
	}
	text := (time.Duration(seconds * float64(time.Second))).String()
	if hours, exact := strings.CutSuffix(text, "h0m0s"); exact {
		return hours + "h"
	}
	if minutes, exact := strings.CutSuffix(text, "m0s"); exact {
		return minutes + "m"
	}
	return text
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
		"sizes, durations, error codes and error classes",
		"protocol version; names and versions of client and server",
		"the server's template that a resource URI matches, or else the URI's scheme",
		"CPU time, memory, file descriptors and threads of the server's processes, and when it started",
	}
	never = []string{
		"contents of resources",
		"instructions of servers, titles and descriptions of tools, prompts and resources, but for what definitions keeps " +
			"on this machine; system prompts",
		"what users are asked and what they answer (elicitation), completions, roots",
		"incidental text: progress messages, cancellation reasons, error data, status messages",
		"opaque state that is passed back and forth: cursors and requestState",
		"baggage, and members of _meta other than trace context and the protocol's own names and versions",
		"anything that is not a message: stray output, malformed or truncated messages",
		"names of this machine, its users, directories and files",
		"the server's command line",
		"values of environment variables",
	}
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
