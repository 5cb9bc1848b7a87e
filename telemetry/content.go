package telemetry

import (
	"encoding/json"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// content turns what was asked for of a session's content into attributes. It redacts a message's content as it leaves the
// queue, before anything stores it; what it has redacted is all that spans and records ever see. It belongs to the
// consumer's goroutine.
type content struct {
	capture   consent.Capture
	contents  session.Contents
	redactor  *redact.Redactor // nil if no content is captured; it then lets nothing through
	clean     func([]byte) string
	resources resources
}

func newContent(cfg Config) *content {
	c := &content{capture: cfg.Policy.Capture(), contents: contents(cfg.Policy.Capture()), clean: cfg.Clean}
	if c.capture.Any() {
		var err error
		if c.redactor, err = newRedactor(c.capture); err != nil {
			cfg.Logger.Error("content is not captured", "error", err)
		}
	}
	c.resources.schemes.most = mostSchemes
	return c
}

// newRedactor builds the engine that the policy's content has to pass. The policy has been validated: an error is a defect.
func newRedactor(c consent.Capture) (*redact.Redactor, error) {
	cfg := redact.Config{Home: c.Home(), User: c.User(), Keys: c.Keys()}
	for _, p := range c.Patterns() {
		cfg.Patterns = append(cfg.Patterns, redact.Pattern(p))
	}
	return redact.New(cfg)
}

// contents is what the decoder is to copy. Its window is a little larger than what is kept: a secret that ends behind the
// edge is still seen whole, and cut after it has been redacted.
func contents(c consent.Capture) session.Contents {
	return session.Contents{
		Max:    c.Max() + c.Max()/4,
		Errors: c.Has(consent.Errors), Arguments: c.Has(consent.Arguments), Results: c.Has(consent.Results),
		Prompts: c.Has(consent.Prompts), Messages: c.Has(consent.Messages),
	}
}

// redact replaces a message's content by what may be shown of it.
func (c *content) redact(m *session.Message, tracker *session.Tracker) {
	if m.Extra == nil || m.Extra.Content == nil {
		return
	}
	raw := m.Extra.Content
	m.Extra.Content = nil
	shown := &session.Shown{
		Arguments: c.members(raw.Arguments), Messages: c.json(raw.Messages), Data: c.json(raw.Data), Error: c.text(raw.Error),
	}
	// What users are asked is never shown. The answer that follows takes its place, but it may not come.
	if raw.Result.Raw != nil && !m.Extra.AsksUser() { // whose answer it is tells whether it was asked for; an answer that came too early may be
		if method := tracker.AnswerTo(m); method == "" || c.contents.Tells(method) {
			shown.Result = c.result(method, raw.Result)
		}
	}
	m.Extra.Shown = shown
}

// members redacts arguments: all of them, or those that the list of keys allows.
func (c *content) members(p session.Piece) string {
	if p.Raw == nil {
		return ""
	}
	return c.redactor.Members(p.Raw, p.Truncated, c.capture.Max())
}

func (c *content) result(method string, p session.Piece) string {
	if method == semconv.SamplingCreateMessage { // a model's words have no members to choose from
		return c.json(p)
	}
	return c.members(p)
}

func (c *content) json(p session.Piece) string {
	if p.Raw == nil {
		return ""
	}
	return c.redactor.JSON(p.Raw, p.Truncated, c.capture.Max())
}

func (c *content) text(p session.Piece) string {
	if p.Raw == nil {
		return ""
	}
	return c.redactor.Text(p.Raw, p.Truncated, c.capture.Max())
}

// attributes adds what is to be told of an operation's content, and of the resource it is about.
func (c *content) attributes(kv []attribute.KeyValue, op *session.Operation) []attribute.KeyValue {
	add := func(key, value string) {
		if value != "" {
			kv = append(kv, attribute.String(key, value))
		}
	}
	if op.Request != nil && op.Request.URI != "" {
		add(semconv.Resource, c.resources.label(op.Request.URI))
		if c.capture.Has(consent.URIs) {
			add(semconv.ResourceURI, c.redactor.URI([]byte(op.Request.URI), c.capture.Max()))
		}
	}
	asked, told := shown(op.Request), shown(op.Reply)
	switch op.Method {
	case semconv.ToolsCall, semconv.TasksResult:
		add(semconv.ToolCallArguments, asked.Arguments)
		add(semconv.ToolCallResult, told.Result)
	case semconv.PromptsGet:
		kv = c.variables(kv, asked.Arguments)
		add(semconv.PromptResult, told.Result)
	case semconv.SamplingCreateMessage:
		add(semconv.SampleRequest, asked.Messages)
		add(semconv.SampleResult, told.Result)
	}
	add(semconv.ErrorMessage, told.Error)
	return kv
}

// maxVariables bounds the variables of a prompt that become attributes.
const maxVariables = 32

// variables adds the arguments of a prompt, one attribute each. Their names are chosen by a peer; those that may not be shown
// share one.
func (c *content) variables(kv []attribute.KeyValue, arguments string) []attribute.KeyValue {
	var values map[string]any
	if arguments == "" || json.Unmarshal([]byte(arguments), &values) != nil {
		return kv
	}
	for name, value := range values {
		text, isText := value.(string)
		if !isText || len(kv) >= maxVariables {
			continue
		}
		if c.clean != nil {
			name = c.clean([]byte(name))
		}
		kv = append(kv, attribute.String(semconv.PromptVariable+name, text))
	}
	return kv
}

func shown(x *session.Extra) session.Shown {
	if x == nil || x.Shown == nil {
		return session.Shown{}
	}
	return *x.Shown
}

// shownError is the text of an operation's error, if it was asked for.
func shownError(op *session.Operation) string { return shown(op.Reply).Error }
