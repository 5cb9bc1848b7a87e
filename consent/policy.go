package consent

import (
	"slices"
	"strings"
)

// Sink is a place where telemetry can go.
type Sink string

// The sinks, as they are written in SPANPIPE_TELEMETRY.
const (
	Console Sink = "console" // lines on stderr
	OTLP    Sink = "otlp"    // an OpenTelemetry collector, over the network

	// Prometheus is a page of metrics that others can fetch, over the network.
	Prometheus Sink = "prometheus"
)

var sinks = []Sink{Console, OTLP, Prometheus}

// network says whether a sink opens a socket.
func (s Sink) network() bool { return s != Console }

// Request is what the user has said, as written. Empty means not said.
type Request struct {
	Telemetry   string // SPANPIPE_TELEMETRY or --telemetry
	DoNotTrack  string // DO_NOT_TRACK
	SDKDisabled string // OTEL_SDK_DISABLED

	Capture    string // SPANPIPE_CAPTURE or --capture
	CaptureMax string // SPANPIPE_CAPTURE_MAX or --capture-max
	Redact     string // SPANPIPE_REDACT or --redact

	Home, User string // of the user, to be redacted from content
}

// Policy is the decision. It is immutable and safe for concurrent use. The zero Policy collects nothing.
type Policy struct {
	sinks   []Sink
	offline bool
	capture Capture
	reasons []string
}

// Warning is something that was said and could not be understood, and what is done instead. Where it was said, by a flag
// or by the variable, is for the caller to add.
type Warning struct {
	Variable string // where it was said
	Text     string
}

// Decide makes the decision. What cannot be understood is left out, with a warning: it never makes more be collected.
func Decide(r Request) (Policy, []Warning) {
	var p Policy
	var warnings []Warning
	said := fields(r.Telemetry)
	switch {
	case len(said) == 0:
		p.because("SPANPIPE_TELEMETRY is not set")
	case slices.Contains(said, "off"):
		p.because("SPANPIPE_TELEMETRY says off")
		said = nil
	}
	for _, word := range said {
		switch sink := Sink(word); {
		case !slices.Contains(sinks, sink):
			warnings = append(warnings, unknownSink(word))
		case !slices.Contains(p.sinks, sink):
			p.sinks = append(p.sinks, sink)
			p.because("SPANPIPE_TELEMETRY asks for " + word)
		}
	}
	p.veto(truthy(r.SDKDisabled), "OTEL_SDK_DISABLED is true: nothing is collected", func(Sink) bool { return true })
	p.offline = set(r.DoNotTrack)
	p.veto(p.offline, "DO_NOT_TRACK is set: no socket is opened", Sink.network)
	if p.On() {
		c, variable, err := capture(r)
		if err != nil {
			warnings = append(warnings, Warning{variable, err.Error() + "; no content is captured"})
		}
		p.capture = c
	}
	return p, warnings
}

// veto takes out the sinks it concerns. Vetoes add up, and nothing outvotes one.
func (p *Policy) veto(applies bool, reason string, concerns func(Sink) bool) {
	if !applies {
		return
	}
	kept := slices.DeleteFunc(slices.Clone(p.sinks), concerns)
	p.sinks = kept
	p.because(reason)
}

func (p *Policy) because(reason string) { p.reasons = append(p.reasons, reason) }

// On says whether anything is to be collected at all. If not, nothing is even parsed.
func (p Policy) On() bool { return len(p.sinks) > 0 }

// Has says whether telemetry may go to the sink.
func (p Policy) Has(s Sink) bool { return slices.Contains(p.sinks, s) }

// MayListen says whether a socket may be opened for others to ask: where telemetry is on, and nothing vetoes the network.
func (p Policy) MayListen() bool { return p.On() && !p.offline }

// Capture returns what content may be collected.
func (p Policy) Capture() Capture { return p.capture }

// Sinks returns where telemetry may go.
func (p Policy) Sinks() []Sink { return slices.Clone(p.sinks) }

// Reasons returns what led to the decision, in order, in words for people.
func (p Policy) Reasons() []string { return slices.Clone(p.reasons) }

func unknownSink(word string) Warning {
	return Warning{"SPANPIPE_TELEMETRY", quote(word) + " is no place for telemetry, nothing goes there; use off or a comma list of " + join(sinks)}
}

// Preview makes the decision for a session whose telemetry is shown instead of sent: all that would go to a collector if
// SPANPIPE_TELEMETRY said otlp and nothing vetoed it.
func Preview(r Request) (Policy, []Warning) {
	p, warnings := Decide(Request{
		Telemetry: string(OTLP), Capture: r.Capture, CaptureMax: r.CaptureMax, Redact: r.Redact, Home: r.Home, User: r.User,
	})
	p.offline = true
	p.reasons = []string{"shown instead of sent"}
	return p, warnings
}

// fields splits a comma list, without regard to case and blanks.
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

// truthy reads a boolean variable of OpenTelemetry: only "true", in any case, is true.
func truthy(s string) bool { return strings.EqualFold(strings.TrimSpace(s), "true") }

// set reads DO_NOT_TRACK: anything but nothing, 0 and false asks not to be tracked.
func set(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "0", "false":
		return false
	}
	return true
}

// quote shows a word of the user's in a message: bounded, and with nothing that a terminal would act upon.
func quote(word string) string {
	const most = 40
	runes := []rune(word)
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	for i, r := range runes {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			runes[i] = '?'
		}
	}
	return `"` + string(runes) + `"`
}
