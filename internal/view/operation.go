package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Attribute is one of a span's, with its value as text.
type Attribute struct{ Key, Value string }

// Whole is an operation with everything that is known of it.
type Whole struct {
	Records    *Records
	Operation  *record.Operation
	Server     string      // what a person calls it, safe for a terminal
	Attributes []Attribute // of its span, in the order of the span
	TraceID    string
	SpanID     string
	Expires    time.Time // when captured content is removed; zero: it is not known
}

// Draw writes the operation whole: its outcome, its stations as a line, sizes, what happened meanwhile, attributes
// with their meanings, and captured content.
func (o *Whole) Draw(w io.Writer, s *Screen) error {
	p := &wholePicture{Whole: o, Screen: s}
	p.heading()
	p.stations()
	p.facts()
	p.meanwhile()
	p.attributes()
	p.content()
	_, err := io.WriteString(w, p.out.String())
	return err
}

// wholePicture is an operation while it is drawn.
type wholePicture struct {
	*Whole
	*Screen
	out strings.Builder
}

func (p *wholePicture) printf(format string, values ...any) { fmt.Fprintf(&p.out, format, values...) }

func (p *wholePicture) heading() {
	op, r := p.Operation, p.Records
	outcome := r.Outcome(op)
	word := outcome.Long()
	took := Duration(r.Took(op))
	switch {
	case outcome.Ending == Open || outcome.Ending == Hung:
		word += " for " + took
	case outcome.Late > 0:
		word += ", given up after " + Duration(r.Took(op)+op.InputWait)
	default:
		word += ", " + took
	}
	from := "operation"
	if op.Direction == record.ToClient {
		from = "the server's request"
	}
	head := fmt.Sprintf("%s, %s, %s %d: ", Name(op), p.Server, from, op.Number)
	p.printf("%s\n", Fold(p.Text(head)+p.paint(outcome.Color(), p.Text(word+extras(op))), "  ", p.Columns))
	if text := r.sentence(op, outcome); r.Trouble(op) && text != "" && outcome.Ending != Failed {
		p.printf("%s\n", Fold(p.Text(strings.ToUpper(text[:1])+text[1:]), "", p.Columns))
	}
	if op.Parent != 0 {
		p.printf("It was made during operation %d.\n", op.Parent)
	}
	p.printf("\n")
}

// stations draws what a call passes as a line: where it breaks is where the call is stuck.
func (p *wholePicture) stations() {
	op, r := p.Operation, p.Records
	outcome := r.Outcome(op)
	at := func(t time.Time) string { return "+" + Duration(t.Sub(op.Start)) }
	line := "sent " + op.Start.In(p.zone()).Format("15:04:05.000") + " "
	switch end := r.until(op); {
	case outcome.Ending == Open || outcome.Ending == Hung:
		missing := "no answer"
		if op.Undelivered {
			missing = "not read"
		}
		line += "╍╍╍ " + missing + " for " + Duration(end.Sub(op.Start))
	case !op.Answered && outcome.Ending != Answered:
		stopped := outcome
		stopped.Late = 0 // it stands behind
		line += "╍╍╍┤ " + strings.SplitN(stopped.String(), ":", 2)[0] + " " + at(end)
		if outcome.Late > 0 {
			line += " ╌╌◇ answer " + at(end.Add(outcome.Late))
		}
	case op.FirstByte.IsZero() || op.RoundTrips > 1:
		line += "━━━━━━ last byte " + at(end)
	default:
		wait := max(1, min(19, int(20*op.Wait/max(1, op.Wait+op.Transfer))))
		line += strings.Repeat("━", wait) + " first byte " + at(op.FirstByte) + " " + strings.Repeat("─", 20-wait) + " last byte " + at(end)
	}
	p.printf("  %s\n\n", p.Text(line))
}

// fact writes a line with a label.
func (p *wholePicture) fact(label, text string) {
	indent := strings.Repeat(" ", 10)
	p.printf("%-10s%s\n", label, Fold(p.Text(text), indent, p.Columns))
}

// tokens returns an estimate behind a size; empty if there is none.
func tokens(n int64) string {
	if n == 0 {
		return ""
	}
	return ", " + SomeTokens(n)
}

// media returns how much of a size is image, audio or other encoded data.
func media(n int64) string {
	if n == 0 {
		return ""
	}
	return ", " + Size(n) + " of it encoded data"
}

func (p *wholePicture) facts() {
	op, r := p.Operation, p.Records
	request := Size(op.RequestSize) + tokens(op.RequestTokens)
	if op.Undelivered {
		request += ", not all read"
	}
	p.fact("request", request)
	switch {
	case op.Answered:
		p.fact("answer", Size(op.ResponseSize)+tokens(op.ResponseTokens)+media(op.ResponseMedia))
	case r.Outcome(op).Ending == Open || r.Outcome(op).Ending == Hung:
		p.fact("answer", "none yet")
	case r.Outcome(op).Late > 0:
		p.fact("answer", "came too late and was thrown away")
	default:
		p.fact("answer", "none")
	}
	if op.InputWait > 0 {
		p.fact("person", "waited for one for "+Duration(op.InputWait)+", which is not part of its time")
	}
	if op.ArgumentsOf != 0 && op.ArgumentsOf != op.Number {
		p.fact("repeats", fmt.Sprintf("same arguments as operation %d", op.ArgumentsOf))
	}
	if names := op.ToolNames(); len(names) > 0 {
		for i, name := range names {
			names[i] = Safe(name)
		}
		p.fact("tools", fmt.Sprintf("%s, definitions of %s: %s",
			Plural(len(names), "tool"), Size(op.DefinitionSize)+tokens(op.DefinitionTokens), strings.Join(names, ", ")))
	}
	for i := range r.children(op) {
		c := &r.Operations[i]
		p.fact("below", fmt.Sprintf("%s %s, %s, %s: --operation %d",
			Arrow(c.Direction), Call(c), Duration(r.Took(c)), r.Outcome(c), c.Number))
	}
}

// meanwhile writes what happened while the operation was open, and what was remarkable about it.
func (p *wholePicture) meanwhile() {
	op := p.Operation
	events := op.Events
	for len(events) > 0 { // a run of equal ones is one line
		n := 1
		for n < len(events) && events[n].Name == events[0].Name {
			n++
		}
		text := strings.ReplaceAll(Safe(events[0].Name), "_", " ") + " +" + Duration(events[0].Time.Sub(op.Start))
		if n > 1 {
			text += fmt.Sprintf(", and %d more until +%s", n-1, Duration(events[n-1].Time.Sub(op.Start)))
		}
		p.fact("event", text)
		events = events[n:]
	}
	for _, n := range p.Records.Notes {
		switch n := n.(type) {
		case record.Violation:
			if n.Operation == op.Number {
				p.fact("wrong", violation(n, Call(op)))
			}
		case record.Finding:
			if n.Operation == op.Number {
				p.fact("unusual", Finding(n))
			}
		case record.Notification:
			if n.Operation == op.Number && Drawn(n) {
				p.fact("event", fmt.Sprintf("%s %s +%s", Arrow(n.Direction), Safe(n.Method), Duration(n.Time.Sub(op.Start))))
			}
		}
	}
	p.printf("\n")
}

func (p *wholePicture) attributes() {
	keys, values := 0, 0
	all := make([]Attribute, 0, len(p.Attributes)+2)
	for _, a := range p.Attributes {
		value := attributeValue(a)
		if semconv.IsContent(a.Key) || value == none { // content is below
			continue
		}
		all = append(all, Attribute{Safe(a.Key), value})
	}
	if p.TraceID != "" {
		all = append(all, Attribute{"trace_id", p.TraceID}, Attribute{"span_id", p.SpanID})
	}
	for i := range all {
		all[i].Value = p.Text(all[i].Value)
		keys, values = max(keys, Width(all[i].Key)), max(values, min(Width(all[i].Value), 20))
	}
	if p.Columns > 0 { // a key that is longer moves its own value alone
		keys = min(keys, p.Columns-len("  ")-idWidth)
	}
	for _, a := range all {
		line, meaning := Pad(a.Key, keys)+"  "+Pad(a.Value, values), meanings[a.Key]
		if p.Columns == 0 || Width(line)+len("  ")+len(meaning) <= p.Columns {
			line += "  " + p.paint(Dim, meaning)
		}
		p.printf("%s\n", strings.TrimRight(line, " "))
	}
	switch {
	case len(all) > 0:
		p.printf("\n")
	case p.Operation.End.IsZero():
		p.printf("Its span is written when it ends; until then there are no attributes.\n\n")
	}
}

// idWidth is the width of a session's id, the longest value that spanpipe sets.
const idWidth = 36

// none is a duration that says nothing: most answers come whole, so their transfer takes no time.
const none = "0µs"

// attributeValue returns an attribute's value with its unit.
func attributeValue(a Attribute) string {
	var number float64
	_, err := fmt.Sscan(a.Value, &number)
	switch a.Key {
	case semconv.RequestSize, semconv.ResponseSize, semconv.ResponseMedia, semconv.StallUnread, semconv.StallPartial:
		if err == nil {
			return Size(int64(number))
		}
	case semconv.RequestTokens, semconv.ResponseTokens:
		if err == nil {
			return Tokens(int64(number))
		}
	case semconv.Wait, semconv.Transfer, semconv.InputWait, semconv.StallQuiet, semconv.StallBlocked, semconv.StallOver, semconv.StallCPU:
		if err == nil {
			return Duration(time.Duration(number * float64(time.Second)))
		}
	}
	return Safe(a.Value)
}

// Captured reports whether there is captured content.
func (o *Whole) Captured() bool {
	c := &o.Operation.Content
	return c.URI != "" || c.Arguments != "" || len(c.Variables) > 0 || c.Messages != "" || c.Result != "" || c.Error != ""
}

// content writes captured content, or how to get it.
func (p *wholePicture) content() {
	c := &p.Operation.Content
	piece := func(label, text string) {
		if text == "" {
			return
		}
		p.printf("%s\n", p.paint(Bold, label))
		for line := range strings.Lines(Indented(text)) {
			line = strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "    ")
			p.printf("  %s\n", p.Text(SafeLine(line)))
		}
	}
	piece("URI", c.URI)
	piece("Arguments", c.Arguments)
	for _, v := range c.Variables {
		piece("Argument "+Safe(v.Name), v.Value)
	}
	piece("Messages", c.Messages)
	piece("Result", c.Result)
	piece("Error", c.Error)
	switch {
	case !p.Captured():
		p.printf("%s\n", Fold("Content was not captured. To keep it from now on: SPANPIPE_CAPTURE="+Captures(p.Operation), "  ", p.Columns))
	case !p.Expires.IsZero():
		p.printf("\n%s\n", Fold("SPANPIPE_CAPTURE asked for this content; it is redacted, and will be removed after "+
			p.Expires.In(p.zone()).Format("Mon 2 Jan 2006 15:04")+".", "", p.Columns))
	}
}

// Captures returns the kinds of content that an operation has.
func Captures(op *record.Operation) string {
	switch op.Method {
	case semconv.ToolsCall:
		return "arguments,results,errors"
	case semconv.PromptsGet, semconv.SamplingCreateMessage:
		return "prompts,errors"
	case semconv.ResourcesRead, semconv.ResourcesSubscribe, semconv.ResourcesUnsubscribe:
		return "uris,errors"
	}
	return "errors"
}

// Indented returns a text with line breaks and indents if it is JSON, and else as it is.
func Indented(text string) string {
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(text), "", "  "); err != nil {
		return text
	}
	return out.String()
}

// SafeLine makes a line safe to show, as Safe does, but whole.
func SafeLine(line string) string {
	var out strings.Builder
	for rest := []rune(strings.ToValidUTF8(line, "?")); len(rest) > 0; {
		n := min(len(rest), longest)
		out.WriteString(Safe(string(rest[:n])))
		rest = rest[n:]
	}
	return out.String()
}

// meanings says in a few words what an attribute means. A test compares the keys with those of package semconv.
var meanings = map[string]string{
	semconv.MethodName:       "What was asked for.",
	semconv.ToolName:         "The tool that was called.",
	semconv.PromptName:       "The prompt it concerns.",
	semconv.OperationName:    "OpenTelemetry's word for a call.",
	semconv.Number:           "Its place in the session.",
	semconv.RequestID:        "Ties the answer to it.",
	semconv.ProtocolVersion:  "MCP's version in use.",
	semconv.Requested:        "The version the client wanted.",
	semconv.SessionID:        "Names the session.",
	semconv.ServerName:       "As the server calls itself.",
	semconv.NetworkTransport: "Always pipe for stdio.",
	semconv.JSONRPCVersion:   "The jsonrpc member, not 2.0.",
	semconv.ErrorType:        "It failed: the kind of error.",
	semconv.StatusCode:       "The answer's JSON-RPC error.",
	semconv.ErrorClass:       "What went wrong.",
	semconv.RequestSize:      "Its size on the wire.",
	semconv.ResponseSize:     "The answer's size on the wire.",
	semconv.RequestTokens:    "Of the arguments, ±10 %.",
	semconv.ResponseTokens:   "Of the result's text, ±10 %.",
	semconv.ResponseMedia:    "Image and audio data in it.",
	semconv.Wait:             "Until the answer began.",
	semconv.Transfer:         "The answer's first byte to last.",
	semconv.RoundTrips:       "Requests it took.",
	semconv.InputWait:        "Waited for a person.",
	semconv.TaskStatus:       "The last status of its task.",
	semconv.ProgressCount:    "Notifications of progress.",
	semconv.Batch:            "Sent in a JSON-RPC batch.",
	semconv.Ambiguous:        "Another one had its id.",
	semconv.Resource:         "The kind of URI it names.",
	semconv.Hung:             "Was reported as hanging.",
	semconv.Undelivered:      "Was not read completely.",
	semconv.IDMismatch:       "The answer's id was only alike.",
	semconv.Stall:            "Why there is no answer.",
	semconv.StallUnread:      "Not read by the server.",
	semconv.StallBacklog:     "Earlier requests not read.",
	semconv.StallPartial:     "Came of the answer.",
	semconv.StallQuiet:       "Since its last byte.",
	semconv.StallBlocked:     "The answer was not taken.",
	semconv.StallAsked:       "What the server asked for.",
	semconv.StallOthers:      "Others were answered.",
	semconv.StallProcesses:   "The server's processes.",
	semconv.StallStopped:     "Those that are stopped.",
	semconv.StallRunning:     "Those that run.",
	semconv.StallChildren:    "Those begun since the request.",
	semconv.StallOver:        "How long they were watched.",
	semconv.StallCPU:         "CPU time in that time.",
	semconv.StallBridge:      "Leads to the server elsewhere.",
	"trace_id":               "The same in your backend.",
	"span_id":                "Its span in your backend.",
}

// Meaning says in a few words what an attribute means; empty if that is not known.
func Meaning(key string) string { return meanings[key] }
