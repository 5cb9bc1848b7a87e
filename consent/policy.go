package consent

import (
	"fmt"
	"slices"
	"strings"
)

// Sink is a destination of telemetry.
type Sink string

// The sinks, as they are written in SPANPIPE_TELEMETRY.
const (
	Console    Sink = "console"    // one line per operation on stderr
	Local      Sink = "local"      // files on this machine, for spanpipe's own commands
	OTLP       Sink = "otlp"       // an OpenTelemetry collector, over the network
	Prometheus Sink = "prometheus" // a metrics page that a Prometheus server scrapes over the network
)

var sinks = []Sink{Console, Local, OTLP, Prometheus}

// Sinks returns all sinks, in the order in which they are documented.
func Sinks() []Sink { return slices.Clone(sinks) }

// off is the word that no destination in the same list, and no flag, can outvote.
const off = "off"

// network reports whether the sink opens a socket. A new sink does until someone says here that it does not.
func (s Sink) network() bool { return s != Console && s != Local }

// Request holds the user's settings as written. An empty field means that the setting is absent.
type Request struct {
	Telemetry  string // --telemetry, else SPANPIPE_TELEMETRY
	Variable   string // SPANPIPE_TELEMETRY: an "off" in it is a veto, which the flag does not lift
	DoNotTrack string // DO_NOT_TRACK
	// SDKDisabled holds OTEL_SDK_DISABLED and SPANPIPE_OTEL_SDK_DISABLED. Either is a veto: other variables have a
	// precedence, but a veto that a second variable could lift would be none.
	SDKDisabled []string

	Capture    string // SPANPIPE_CAPTURE or --capture
	CaptureMax string // SPANPIPE_CAPTURE_MAX or --capture-max
	Redact     string // SPANPIPE_REDACT or --redact

	Home, User string // home directory and name of the current user, redacted from content

	Fleet Fleet // what the machine's administrators decide
}

// Fleet is what a file of the machine's administrators decides. It can only remove. The zero Fleet removes nothing.
type Fleet struct {
	File     string  // its name in reasons
	Unusable bool    // the strictest reading: what leaves this machine is forbidden, and so is content
	Sinks    []Sink  // that are forbidden
	Capture  []Level // that are forbidden
}

// Forbids reports whether a sink is forbidden.
func (f Fleet) Forbids(s Sink) bool { return f.Unusable && s.network() || slices.Contains(f.Sinks, s) }

// Policy is the decision. It is immutable and safe for concurrent use. The zero Policy collects nothing.
type Policy struct {
	sinks   []Sink
	offline bool
	capture Capture
	reasons []string
	vetoes  map[Sink]string // why a sink that was asked for is left out

	forbiddenSinks   []Sink
	forbiddenCapture []Level
}

// Warning reports a setting that could not be parsed, and what happens instead. Variable names the setting; the caller
// knows whether it came from that environment variable or from the flag of the same meaning.
type Warning struct {
	Variable string
	Text     string
}

// Decide makes the decision. It ignores what it cannot parse, and returns a warning for it: a typing error never causes
// more to be collected.
func Decide(r Request) (Policy, []Warning) {
	var p Policy
	var warnings []Warning
	words := fields(r.Telemetry)
	switch {
	case len(words) == 0:
		p.because("SPANPIPE_TELEMETRY is not set")
	case slices.Contains(words, off), slices.Contains(fields(r.Variable), off):
		p.because("SPANPIPE_TELEMETRY is off")
		words = nil
	}
	for _, word := range words {
		switch sink := Sink(word); {
		case !slices.Contains(sinks, sink):
			warnings = append(warnings, Warning{"SPANPIPE_TELEMETRY", fmt.Sprintf(
				"unknown telemetry destination %s: want off, or a comma-separated list of %s",
				Quote(word), join(sinks))})
			p.because(fmt.Sprintf("SPANPIPE_TELEMETRY has %s, which is no destination", Quote(word)))
		case !slices.Contains(p.sinks, sink):
			p.sinks = append(p.sinks, sink)
			p.because("SPANPIPE_TELEMETRY asks for " + word)
		}
	}
	if len(words) > 0 && !p.On() {
		p.because("without a destination, telemetry is off")
	}
	if slices.ContainsFunc(r.SDKDisabled, isTrue) {
		p.veto("OTEL_SDK_DISABLED is true: nothing is collected", func(Sink) bool { return true })
	}
	if isSet(r.DoNotTrack) {
		p.offline = true
		p.veto("DO_NOT_TRACK is set: no network connection is opened", Sink.network)
	}
	p.obey(r.Fleet)
	if p.On() {
		c, variable, err := parseCapture(r)
		if err != nil {
			warnings = append(warnings, Warning{variable, err.Error() + "; no content is captured"})
		}
		p.capture = p.without(c, r.Fleet)
	}
	return p, warnings
}

// obey removes the sinks that a fleet forbids. A listening socket is one of the sink Prometheus, whatever opens it.
func (p *Policy) obey(f Fleet) {
	p.offline = p.offline || f.Unusable || slices.Contains(f.Sinks, Prometheus)
	for _, s := range p.Sinks() {
		if !f.Forbids(s) {
			continue
		}
		reason := f.File + " forbids " + string(s)
		if f.Unusable {
			reason = f.File + " cannot be used: " + string(s) + " is not allowed"
		}
		p.forbiddenSinks = append(p.forbiddenSinks, s)
		p.veto(reason, func(other Sink) bool { return other == s })
	}
}

// without returns a capture without the levels that a fleet forbids.
func (p *Policy) without(c Capture, f Fleet) Capture {
	for _, l := range c.Levels() {
		if !f.Unusable && !slices.Contains(f.Capture, l) {
			continue
		}
		reason := f.File + " forbids capturing " + string(l)
		if f.Unusable {
			reason = f.File + " cannot be used: capturing " + string(l) + " is not allowed"
		}
		p.forbiddenCapture = append(p.forbiddenCapture, l)
		p.because(reason)
		c.levels = slices.DeleteFunc(c.levels, func(other Level) bool { return other == l })
	}
	if !c.Any() {
		return Capture{}
	}
	return c
}

// Preview makes the decision for a session whose telemetry is shown instead of sent: everything that a collector would
// receive if SPANPIPE_TELEMETRY were otlp and no veto applied. Content that a fleet forbids is not shown either.
func Preview(r Request) (Policy, []Warning) {
	r.Telemetry, r.Variable, r.DoNotTrack, r.SDKDisabled = string(OTLP), "", "", nil
	r.Fleet.Sinks = nil
	if r.Fleet.Unusable {
		r.Fleet.Unusable, r.Fleet.Capture = false, levels
	}
	p, warnings := Decide(r)
	p.offline = true
	p.reasons = []string{"preview: telemetry is shown instead of sent"}
	return p, warnings
}

// veto removes the sinks that match.
func (p *Policy) veto(reason string, match func(Sink) bool) {
	if p.vetoes == nil {
		p.vetoes = map[Sink]string{}
	}
	for _, s := range p.sinks {
		if match(s) {
			p.vetoes[s] = reason
		}
	}
	p.sinks = slices.DeleteFunc(p.sinks, match)
	p.because(reason)
}

func (p *Policy) because(reason string) { p.reasons = append(p.reasons, reason) }

// Shipped makes the decision for a text about settings that are given to others: as on a machine where no veto and no policy of its
// administrators applies. An "off" among the settings themselves counts.
func Shipped(r Request) (Policy, []Warning) {
	r.DoNotTrack, r.SDKDisabled, r.Fleet = "", nil, Fleet{}
	return Decide(r)
}

// On reports whether anything is collected. If not, spanpipe does not even parse messages.
func (p Policy) On() bool { return len(p.sinks) > 0 }

// Has reports whether telemetry may go to the sink.
func (p Policy) Has(s Sink) bool { return slices.Contains(p.sinks, s) }

// MayListen reports whether a listening socket may be opened: telemetry is on, and no veto applies to the network.
func (p Policy) MayListen() bool { return p.On() && !p.offline }

// Capture returns which content may be collected.
func (p Policy) Capture() Capture { return p.capture }

// Sinks returns where telemetry may go.
func (p Policy) Sinks() []Sink { return slices.Clone(p.sinks) }

// Forbidden returns what was asked for and a fleet forbids.
func (p Policy) Forbidden() ([]Sink, []Level) {
	return slices.Clone(p.forbiddenSinks), slices.Clone(p.forbiddenCapture)
}

// Veto returns why a sink that was asked for is left out; empty if it is not, or was not asked for.
func (p Policy) Veto(s Sink) string { return p.vetoes[s] }

// Reasons returns what led to the decision, in order, for people to read.
func (p Policy) Reasons() []string { return slices.Clone(p.reasons) }

// fields splits a comma-separated list into lower-case words.
func fields(s string) []string {
	var out []string
	for word := range strings.SplitSeq(strings.ToLower(s), ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

// isTrue reports whether a boolean variable of OpenTelemetry is true. By its specification only "true" is, in any case:
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#boolean
func isTrue(s string) bool { return strings.EqualFold(strings.TrimSpace(s), "true") }

// isSet reports whether DO_NOT_TRACK asks not to be tracked. Any value does, except for empty, 0 and false.
func isSet(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "0", "false":
		return false
	}
	return true
}

// Quote shows a word of the user's input in a message. It removes the password of a URL that was meant for another
// variable, bounds the length, and replaces control characters, which a terminal would act on.
func Quote(word string) string {
	const limit = 40
	scheme, at := strings.Index(word, "://"), strings.LastIndexByte(word, '@')
	if 0 <= scheme && scheme < at {
		word = word[:scheme] + "://[redacted:userinfo]" + word[at:]
	}
	runes := []rune(word)
	if len(runes) > limit {
		runes = append(runes[:limit], '…')
	}
	for i, r := range runes {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			runes[i] = '?'
		}
	}
	return `"` + string(runes) + `"`
}
