package session

import (
	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// field is a member that is picked out of messages, and what becomes of it. Nothing else of a message is ever looked at.
type field struct {
	path framing.Path
	take func(d *Decoder, v *framing.Value, m *Message)
}

const (
	maxName    = 128 // bytes kept of a name
	maxWord    = 32  // of a word from a closed set, a number, a date
	maxURI     = 512
	maxReason  = 512 // of an error's text or a cancellation's reason, to be classified and forgotten
	maxState   = 512 // of W3C tracestate, the length that the specification says must be passed on
	maxContext = 64  // of W3C traceparent
	maxID      = framing.MaxIDText
	maxTask    = 128 // of a task's id, which has no other form that could be compared

	metaVersion      = "io.modelcontextprotocol/protocolVersion"
	metaClient       = "io.modelcontextprotocol/clientInfo"
	metaServer       = "io.modelcontextprotocol/serverInfo"
	metaLevel        = "io.modelcontextprotocol/logLevel"
	metaSubscription = "io.modelcontextprotocol/subscriptionId"
	metaRelated      = "io.modelcontextprotocol/related-task"
)

// fields are all of them. A field's position is the Field of its values.
var fields = append(append(requestFields(), taskFields()...), resultFields()...)

// Reader is what messages are read with: the paths to what is picked out of them, and how that is understood. It is
// immutable and may be shared.
type Reader struct {
	Table    *framing.Table
	fields   []field
	contents Contents
}

// NewReader returns a reader that picks out what the tracker needs, and the contents that are asked for.
func NewReader(c Contents) *Reader {
	r := &Reader{fields: append(fields[:len(fields):len(fields)], c.fields()...), contents: c}
	paths := make([]framing.Path, len(r.fields))
	for i, f := range r.fields {
		paths[i] = f.path
	}
	r.Table = framing.Compile(paths...)
	return r
}

// requestFields are those of requests and notifications.
func requestFields() []field {
	return []field{
		named(maxName, func(m *Message) *string { return &m.Target }, "params", "name"),
		{text(maxName, "params", "ref", "name"), takeRefName},
		{text(maxURI, "params", "uri"), takeURI},
		{text(maxURI, "params", "ref", "uri"), takeURI},
		worded(levels, func(m *Message) *string { return &m.extra().Level }, "params", "level"),
		worded(levels, func(m *Message) *string { return &m.extra().Level }, "params", "_meta", metaLevel),
		named(maxName, func(m *Message) *string { return &m.extra().Logger }, "params", "logger"),
		worded(modes, func(m *Message) *string { return &m.extra().Mode }, "params", "mode"),
		{hash("params", "arguments"), func(_ *Decoder, v *framing.Value, m *Message) { m.Arguments = v.Hash }},
		{count("params", "notifications", "resourceSubscriptions"), takeResources},

		identified(maxID, func(m *Message) *Ref { return &m.extra().Cancels }, "params", "requestId"),
		{text(maxReason, "params", "reason"), takeReason},
		identified(maxID, func(m *Message) *Ref { return &m.extra().ProgressToken }, "params", "progressToken"),
		identified(maxID, func(m *Message) *Ref { return &m.extra().ProgressToken }, "params", "_meta", "progressToken"),
		identified(maxID, func(m *Message) *Ref { return &m.extra().Subscription }, "params", "_meta", metaSubscription),

		{here("params", "inputResponses"), func(_ *Decoder, _ *framing.Value, m *Message) { m.extra().Answers = true }},
		{hash("params", "requestState"), takeState},

		named(maxWord, func(m *Message) *string { return &m.extra().Protocol }, "params", "protocolVersion"),
		named(maxWord, func(m *Message) *string { return &m.extra().Protocol }, "params", "_meta", metaVersion),
		named(maxName, func(m *Message) *string { return &m.extra().PeerName }, "params", "clientInfo", "name"),
		named(maxName, func(m *Message) *string { return &m.extra().PeerName }, "params", "_meta", metaClient, "name"),
		named(maxName, func(m *Message) *string { return &m.extra().PeerVersion }, "params", "clientInfo", "version"),
		named(maxName, func(m *Message) *string { return &m.extra().PeerVersion }, "params", "_meta", metaClient, "version"),
		{text(maxContext, "params", "_meta", "traceparent"), takeTraceparent},
		{text(maxState, "params", "_meta", "tracestate"), takeTracestate},
	}
}

// taskFields are those of messages about tasks: 2025-11-25, and the extension of 2026-07-28 (SEP-2663), where a task's members
// stand in the result itself, and tasks/get and notifications/tasks carry its result or error.
func taskFields() []field {
	status := func(m *Message) *string { return &m.extra().TaskStatus }
	related := func(m *Message) *Ref { return &m.extra().Related }
	all := []field{
		{here("params", "task"), takeWantsTask},
		{here("result", "task"), takeMakesTask},
		identified(maxTask, related, "params", "_meta", metaRelated, "taskId"),
	}
	for _, at := range [][]string{{"params"}, {"result"}, {"result", "task"}} {
		below := func(keys ...string) []string { return append(at[:len(at):len(at)], keys...) }
		all = append(all,
			field{text(maxTask, below("taskId")...), takeTask},
			worded(statuses, status, below("status")...),
			field{text(maxReason, below("statusMessage")...), takeStatusMessage},
		)
		if len(at) > 1 {
			continue
		}
		all = append(all,
			field{here(below("result")...), takeOutcome},
			field{here(below("result", "isError")...), takeOutcomeIsError},
			field{text(maxReason, below("result", "content", framing.Each, "text")...), takeErrorText},
			field{text(maxWord, below("error", "code")...), takeOutcomeCode},
			field{text(maxReason, below("error", "message")...), takeErrorText},
		)
	}
	return all
}

// resultFields are those of answers.
func resultFields() []field {
	return []field{
		{text(maxWord, "error", "code"), func(d *Decoder, v *framing.Value, m *Message) { m.Code = d.value(v) }},
		{text(maxReason, "error", "message"), takeErrorText},
		{here("result", "isError"), func(_ *Decoder, v *framing.Value, m *Message) { m.IsError = v.Type == framing.True }},
		{text(maxReason, "result", "content", framing.Each, "text"), takeErrorText},
		{text(maxWord, "result", "resultType"), takeResultType},
		{hash("result", "requestState"), takeState},
		named(maxWord, func(m *Message) *string { return &m.extra().Protocol }, "result", "protocolVersion"),
		{text(maxWord, "result", "supportedVersions", framing.Each), takeSupported},
		named(maxName, func(m *Message) *string { return &m.extra().PeerName }, "result", "serverInfo", "name"),
		named(maxName, func(m *Message) *string { return &m.extra().PeerName }, "result", "_meta", metaServer, "name"),
		named(maxName, func(m *Message) *string { return &m.extra().PeerVersion }, "result", "serverInfo", "version"),
		named(maxName, func(m *Message) *string { return &m.extra().PeerVersion }, "result", "_meta", metaServer, "version"),
		{count("result", "tools"), takeTools},
		{text(maxName, "result", "tools", framing.Each, "name"), takeTool},
		{text(maxURI, "result", "resourceTemplates", framing.Each, "uriTemplate"), takeTemplate},
	}
}

func text(most int, keys ...string) framing.Path {
	return framing.Path{Keys: keys, Want: framing.Text, Max: most}
}
func hash(keys ...string) framing.Path  { return framing.Path{Keys: keys, Want: framing.Hash} }
func count(keys ...string) framing.Path { return framing.Path{Keys: keys, Want: framing.Count} }
func here(keys ...string) framing.Path  { return framing.Path{Keys: keys} }

// named is a field whose text is a name.
func named(most int, to func(*Message) *string, keys ...string) field {
	return field{text(most, keys...), func(d *Decoder, v *framing.Value, m *Message) {
		if len(v.Text) > 0 {
			*to(m) = d.value(v)
		}
	}}
}

// worded is a field whose text is of a closed set of words. What is none of them is not kept: in messages that are not of
// MCP a member of the same name can hold anything.
func worded(words []string, to func(*Message) *string, keys ...string) field {
	return field{text(maxWord, keys...), func(_ *Decoder, v *framing.Value, m *Message) {
		if v.Type != framing.String {
			return
		}
		*to(m) = semconv.Other
		for _, w := range words {
			if string(v.Text) == w {
				*to(m) = w
			}
		}
	}}
}

// The closed sets.
var (
	levels   = []string{"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"}
	modes    = []string{"form", "url"}
	statuses = []string{taskWorking, taskInputRequired, taskCompleted, taskFailed, taskCancelled}
)

// identified is a field that names a request, a token or a task.
func identified(most int, to func(*Message) *Ref, keys ...string) field {
	return field{text(most, keys...), func(_ *Decoder, v *framing.Value, m *Message) { *to(m) = valueRef(v) }}
}
