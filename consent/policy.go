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
}

// Policy is the decision. It is immutable and safe for concurrent use. The zero Policy collects nothing.
type Policy struct {
	sinks   []Sink
	offline bool
	capture Capture
	reasons []string
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
	if p.On() {
		c, variable, err := parseCapture(r)
		if err != nil {
			warnings = append(warnings, Warning{variable, err.Error() + "; no content is captured"})
		}
		p.capture = c
	}
	return p, warnings
}

// Preview makes the decision for a session whose telemetry is shown instead of sent: everything that a collector would
// receive if SPANPIPE_TELEMETRY were otlp and no veto applied.
func Preview(r Request) (Policy, []Warning) {
	r.Telemetry, r.Variable, r.DoNotTrack, r.SDKDisabled = string(OTLP), "", "", nil
	p, warnings := Decide(r)
	p.offline = true
	p.reasons = []string{"preview: telemetry is shown instead of sent"}
	return p, warnings
}

// veto removes the sinks that match.
func (p *Policy) veto(reason string, match func(Sink) bool) {
	p.sinks = slices.DeleteFunc(p.sinks, match)
	p.because(reason)
}

func (p *Policy) because(reason string) { p.reasons = append(p.reasons, reason) }

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
