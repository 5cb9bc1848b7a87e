package cli

import (
	_ "embed"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// This file makes the text about telemetry that an author puts beside a server, see docs/authors.md. It comes from the decision that a
// wrapped server's session rests on. It is the same on every machine: no path, user or veto of the author's is in it.

//go:embed privacy.md.tmpl
var privacyTemplate string

// pages is where the project's documents are, for a reader who has no copy of them.
const pages = "https://github.com/spanpipe/spanpipe/blob/main/"

// privacyText is what the template says, of one set of settings.
type privacyText struct {
	Docs    string
	OptIn   string // NAME=VALUE, which the user sets
	Preview string // the command that shows records under these settings

	Collected, Rules, Content, Not []string
	Definitions                    bool
	ContentMax                     int
	ContentKeys, Patterns          string

	Sent    []sending
	Console bool
	Page    *servedPage // nil without one
	Store   *kept       // nil without one
	Key     string      // where the key of hashes is; empty if nothing is hashed
	Network bool        // something opens a socket
	Stays   bool        // something is kept or shown on the machine
}

// sending is where signals are sent.
type sending struct {
	Signals          string // "Traces, metrics and logs"
	To               string
	Local, Encrypted bool
}

// servedPage is the page with metrics.
type servedPage struct {
	Address string // empty for a socket file
	Local   bool
	Listed  string // the directory of a file that lists the address; empty without
}

// kept is what the local store keeps.
type kept struct {
	Place  string
	Limits []string
}

// optIn is how a user turns telemetry on: a variable and its value.
var optIn = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=[A-Za-z0-9_.:,/-]+$`)

// privacyMarkdown returns the text for these settings, on any machine. asked is what the user of the server sets, or "" if that is
// SPANPIPE_TELEMETRY itself.
func (a *app) privacyMarkdown(asked string) (string, error) {
	if asked != "" && !optIn.MatchString(asked) {
		return "", &usageError{"--opt-in: want NAME=VALUE", "for example: --opt-in WEATHER_TELEMETRY=1"}
	}
	a.fleet = &fleet{} // that of another machine is another one
	p, err := a.decide(consent.Shipped)
	if err != nil {
		return "", err
	}
	if !p.On() {
		return "", &usageError{"no telemetry to describe: " + strings.Join(a.reasons(p), "; "), "give the settings that the server will " +
			"have: SPANPIPE_TELEMETRY=otlp OTEL_EXPORTER_OTLP_ENDPOINT=https://… spanpipe consent --markdown"}
	}
	d := a.explain(p)
	t := privacyText{
		Docs: pages, OptIn: asked, Collected: append(slices.Clone(collected), a.who(p)...), Console: p.Has(consent.Console),
		Page: a.page(p), Store: a.kept(p), Key: a.keyPlace(d), Stays: p.Has(consent.Console) || p.Has(consent.Local),
		Preview: a.previewOf(p.Capture()),
	}
	if asked == "" {
		t.OptIn = "SPANPIPE_TELEMETRY=" + strings.ReplaceAll(wordList(p.Sinks()), ", ", ",")
	}
	if t.Rules, err = ruleLines(d.MetricRules); err != nil {
		return "", err
	}
	if p.Has(consent.OTLP) {
		if t.Sent, err = a.sendings(); err != nil {
			return "", err
		}
	}
	t.Network = len(t.Sent) > 0 || t.Page != nil
	t.contents(p)
	var out strings.Builder
	err = template.Must(template.New("privacy").Parse(privacyTemplate)).Execute(&out, t)
	return out.String(), err
}

// contents says which content is collected, and what is not.
func (t *privacyText) contents(p consent.Policy) {
	c := p.Capture()
	has := func(l consent.Level) bool { // a page of figures has no content, and definitions are kept by the store alone
		return c.Has(l) && (p.Has(consent.Local) || l != consent.Definitions && (p.Has(consent.Console) || p.Has(consent.OTLP)))
	}
	t.Definitions = has(consent.Definitions)
	t.ContentMax, t.ContentKeys = c.Max(), quoted(c.Keys())
	var patterns []string
	for _, pattern := range c.Patterns() {
		patterns = append(patterns, pattern.Name)
	}
	t.Patterns = quoted(patterns)
	for _, l := range consent.Levels() {
		switch {
		case l == consent.Definitions: // the list of what is never collected has them
		case has(l):
			t.Content = append(t.Content, levelText[l])
		default:
			t.Not = append(t.Not, levelText[l])
		}
	}
	for _, line := range never {
		switch line {
		case neverTexts:
			line = "system prompts"
			if !t.Definitions {
				line = "titles, descriptions, schemas and instructions of this server; " + line
			}
		case neverEnvironment:
			line += ", but for the four named above"
		}
		t.Not = append(t.Not, line)
	}
}

// quoted returns words for Markdown.
func quoted(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "`" + strings.Join(words, "`, `") + "`"
}

// previewOf returns the command that shows a server's records under these settings.
func (a *app) previewOf(c consent.Capture) string {
	text := ""
	set := func(name, value string) {
		if strings.ContainsAny(value, " '\"$`\\*?;&|<>()") {
			value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
		}
		text += name + "=" + value + " "
	}
	if c.Any() {
		value := strings.ReplaceAll(wordList(c.Levels()), ", ", ",")
		if len(c.Keys()) > 0 {
			value += ",keys:" + strings.Join(c.Keys(), ",")
		}
		set("SPANPIPE_CAPTURE", value)
		if c.Max() != consent.DefaultCaptureMax {
			set("SPANPIPE_CAPTURE_MAX", strconv.Itoa(c.Max()))
		}
	}
	if a.options.hashesUser() {
		set("SPANPIPE_USER", "hash")
	}
	if a.options.metricsClient {
		set("SPANPIPE_METRICS_CLIENT", "on")
	}
	if a.options.metricRules != "" {
		set("SPANPIPE_METRIC_RULES", "rules.yaml")
	}
	return text + "spanpipe preview --"
}

// ruleLines returns what metric rules take. A file that cannot be read whole has no true description.
func ruleLines(j *jsonRules) ([]string, error) {
	switch {
	case j == nil:
		return nil, nil
	case j.Error != "":
		return nil, &usageError{"no metric rules to describe: " + j.File + ": " + j.Error, "SPANPIPE_METRIC_RULES names the file that the server will have"}
	case len(j.Problems) > 0:
		return nil, &usageError{j.File + " has mistakes", "see: spanpipe metrics check " + j.File}
	}
	return j.lines(), nil
}

// sendings returns where signals are sent, those that go to the same place together.
func (a *app) sendings() (all []sending, err error) {
	for _, r := range otlp.Routes(a.lookup()) {
		switch {
		case r.Off:
			continue
		case r.Problem != "":
			return nil, &usageError{"no destination to describe: " + r.Problem, "give the settings that the server will have"}
		}
		for _, w := range r.Warnings {
			a.warn(w)
		}
		to := sending{To: endpointName(r.Endpoint), Local: r.Local, Encrypted: strings.HasPrefix(r.Endpoint, "https:")}
		i := slices.IndexFunc(all, func(s sending) bool { return s.To == to.To })
		if i < 0 {
			to.Signals = strings.ToUpper(r.Signal[:1]) + r.Signal[1:]
			all = append(all, to)
			continue
		}
		all[i].Signals = strings.Replace(all[i].Signals, " and ", ", ", 1) + " and " + r.Signal
	}
	return all, nil
}

// endpointName returns an endpoint without its path.
func endpointName(endpoint string) string {
	if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host
	}
	return "a socket file"
}

// page returns the page that is served; nil without one.
func (a *app) page(p consent.Policy) *servedPage {
	address := telemetry.AdminAddress(p, a.options.adminAddr, a.lookup())
	if address == "" {
		return nil
	}
	page := &servedPage{Address: address}
	if strings.HasPrefix(address, "unix:") {
		page.Address, page.Local = "", true
	} else if host, _, err := net.SplitHostPort(address); err == nil {
		page.Local = host == "localhost" || net.ParseIP(host).IsLoopback()
	}
	if p.Has(consent.Prometheus) {
		page.Listed = a.place("targets")
	}
	return page
}

// place names a directory of the store as it is called on any machine.
func (a *app) place(name string) string {
	if s := a.setting("SPANPIPE_DIR"); s.source != "" {
		return "`" + name + "` in the directory that this server has set as `SPANPIPE_DIR`"
	}
	return "`" + defaultDir + "/" + name + "` (Windows: `%LOCALAPPDATA%\\spanpipe\\" + name + "`)"
}

// keyPlace says where the key of hashes is; it is empty if nothing is hashed.
func (a *app) keyPlace(d decision) string {
	switch {
	case d.HashKey == "":
		return ""
	case a.options.hashKeyFile != "":
		return "in a file that all machines of an organization have: who has it can find out which account a hash belongs to"
	}
	return "in " + a.place("key")
}

// kept describes the local store; nil without one.
func (a *app) kept(p consent.Policy) *kept {
	if !p.Has(consent.Local) {
		return nil
	}
	s := a.storing(p.Capture().Any())
	s.Past, s.PastServers = "", 0 // what this machine remembers
	s.Definitions = a.place("definitions")
	if a.remembers() {
		s.Past = a.place("past")
	}
	return &kept{a.place("sessions"), s.limits()}
}
