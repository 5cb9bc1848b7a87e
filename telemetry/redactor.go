package telemetry

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// redactor is the stage between the queue and the tracker: raw messages go in, and messages that hold nothing but
// what may be shown come out. It belongs to the consumer's goroutine.
type redactor struct {
	capture   consent.Capture
	contents  session.Contents
	engine    *redact.Redactor // nil if no content is captured
	clean     func([]byte) string
	resources resources
	prints    *fingerprinter
}

// newRedactor returns the stage that a policy asks for; with an error, one that captures nothing.
func newRedactor(cfg Config) (*redactor, error) {
	r := &redactor{clean: cfg.Clean, prints: newFingerprinter(randomKey())}
	capture := cfg.Policy.Capture()
	if !capture.Any() {
		return r, nil
	}
	settings := redact.Config{Home: capture.Home(), User: capture.User(), Keys: capture.Keys()}
	for _, p := range capture.Patterns() {
		settings.Patterns = append(settings.Patterns, redact.Pattern(p))
	}
	engine, err := redact.New(settings)
	if err != nil {
		return r, err
	}
	r.capture, r.contents, r.engine = capture, contents(capture), engine
	return r, nil
}

// contents is what the decoder copies. Its window is larger than what is kept: a secret that ends behind the edge is
// still seen whole, and cut after it has been redacted.
func contents(c consent.Capture) session.Contents {
	return session.Contents{
		Max:    c.Max() + c.Max()/4,
		Errors: c.Has(consent.Errors), Arguments: c.Has(consent.Arguments), Results: c.Has(consent.Results),
		Prompts: c.Has(consent.Prompts), Messages: c.Has(consent.Messages),
	}
}

// message returns what may be known of a message; raw must not be used afterwards. Which result may be
// shown depends on the method of the request: requestMethod reports it, or "" if the request has not been seen yet.
func (r *redactor) message(raw *session.Raw, requestMethod func(*session.Message) string) *session.Message {
	m := &raw.Message
	if m.Extra == nil && (raw.URI != "" || raw.Content != nil) {
		m.Extra = new(session.Extra)
	}
	if raw.URI != "" {
		m.Extra.Resource = r.resources.label(raw.URI)
		if r.capture.Has(consent.URIs) {
			m.Extra.Shown.URI = r.text([]byte(raw.URI), false)
		}
	}
	if m.Extra != nil {
		r.resources.learn(m.Extra.Names(record.TemplateDefinition))
	}
	if m.Extra != nil && (m.Extra.Definitions != nil || raw.Content != nil) {
		r.definitions(m.Extra, raw.Content)
	}
	if c := raw.Content; c != nil {
		r.content(m, c, requestMethod)
	}
	raw.URI, raw.Content, raw.Measure = "", nil, nil
	return m
}

// definitions makes the fingerprints of definitions.
func (r *redactor) definitions(x *session.Extra, c *session.RawContent) {
	var lists []session.RawDefinitions
	if c != nil {
		lists = c.Definitions
	}
	r.prints.definitions(x, lists)
}

func (r *redactor) content(m *session.Message, c *session.RawContent, requestMethod func(*session.Message) string) {
	shown := &m.Extra.Shown
	if m.Method == semconv.PromptsGet {
		shown.Variables = r.variables(r.members(c.Arguments))
	} else {
		shown.Arguments = r.members(c.Arguments)
	}
	c.Messages.Raw, c.Result.Raw = omit(c.Messages.Raw), omit(c.Result.Raw)
	shown.Messages, m.Extra.Log = r.json(c.Messages), r.json(c.Data)
	if m.Kind != framing.Response && m.Kind != framing.ErrorResponse {
		return // a request that has a member "result" has no result
	}
	shown.Error = r.piece(c.Error)
	// What users are asked is never shown. Of a response that overtook its request the method is not known yet; the
	// tracker drops the result if it turns out not to be captured.
	if c.Result.Raw == nil || m.Extra.AsksUser() {
		return
	}
	switch method := requestMethod(m); {
	case method == semconv.SamplingCreateMessage: // a model's words have no members to choose from
		if r.contents.WantsResult(method) {
			shown.Result = r.json(c.Result)
		}
	case method == "" || r.contents.WantsResult(method):
		shown.Result = r.members(c.Result)
	}
}

// members redacts arguments or a result: all of its members, or only those that the user has listed.
func (r *redactor) members(p session.Piece) string {
	if p.Raw == nil {
		return ""
	}
	return r.engine.Members(p.Raw, p.Truncated, r.capture.Max())
}

func (r *redactor) json(p session.Piece) string {
	if p.Raw == nil {
		return ""
	}
	return r.engine.JSON(p.Raw, p.Truncated, r.capture.Max())
}

func (r *redactor) piece(p session.Piece) string {
	if p.Raw == nil {
		return ""
	}
	return r.text(p.Raw, p.Truncated)
}

func (r *redactor) text(raw []byte, cut bool) string { return r.engine.Text(raw, cut, r.capture.Max()) }

// maxVariables bounds the variables of a prompt.
const maxVariables = 32

// variables returns the arguments of a prompt that are texts, in the order of their names, which a peer has chosen.
func (r *redactor) variables(arguments string) []record.Variable {
	var values map[string]any
	if arguments == "" || json.Unmarshal([]byte(arguments), &values) != nil {
		return nil
	}
	var all []record.Variable
	for name, value := range values {
		if text, ok := value.(string); ok {
			if r.clean != nil {
				name = r.clean([]byte(name))
			}
			all = append(all, record.Variable{Name: name, Value: text})
		}
	}
	slices.SortFunc(all, func(a, b record.Variable) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
	})
	return all[:min(len(all), maxVariables)]
}
