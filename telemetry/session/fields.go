package session

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Keys below params._meta and result._meta, as paths write them.
const (
	metaVersion      = "io.modelcontextprotocol/protocolVersion"
	metaClient       = "io.modelcontextprotocol/clientInfo"
	metaServer       = "io.modelcontextprotocol/serverInfo"
	metaSubscription = "io.modelcontextprotocol/subscriptionId"
	metaRelated      = "io.modelcontextprotocol/related-task"
)

// NewReader returns a reader for what the tracker needs and the content asked for.
func NewReader(c Contents) *Reader {
	r := &Reader{fields: slices.Concat(messageFields, contentFields(c), measureFields(c))}
	paths := make([]framing.Path, len(r.fields))
	for i, f := range r.fields {
		paths[i] = f.path
	}
	r.Table = framing.Compile(paths...)
	return r
}

// messageFields are the members that the tracker needs. A path is written as its keys, separated by spaces; * is every
// element of an array.
var messageFields = slices.Concat([]field{
	// Requests and notifications.
	text("params name", maxName, takeTarget),
	text("params ref name", maxName, takeTarget),
	text("params uri", maxURI, takeURI),
	text("params ref uri", maxURI, takeURI),
	word("params level", levels, semconv.Other, func(m *Raw) *string { return &m.ensureExtra().Level }),
	name("params logger", func(m *Raw) *string { return &m.ensureExtra().Logger }),
	{path("params arguments", framing.Hash|framing.Tokens, 0), func(_ *Decoder, v *framing.Value, m *Raw) { m.Arguments = v.Hash }},
	id("params elicitationId", maxTask, func(m *Raw) *Ref { return &m.ensureExtra().Elicitation }),
	id("params requestId", maxID, func(m *Raw) *Ref { return &m.ensureExtra().Cancels }),
	text("params reason", maxReason, takeReason),
	id("params progressToken", maxID, toProgressToken),
	id("params _meta progressToken", maxID, toProgressToken),
	id("params _meta "+metaSubscription, maxID, func(m *Raw) *Ref { return &m.ensureExtra().Subscription }),
	flag("params inputResponses", anyType, func(m *Raw) *bool { return &m.ensureExtra().HasInput }),
	hash("params requestState", toState),
	text("params cursor", maxCursor, takeCursor),
	formed("params protocolVersion", isVersion, toProtocol),
	formed("params _meta "+metaVersion, isVersion, toProtocol),
	text("params _meta traceparent", maxContext, takeTraceparent),
	text("params _meta tracestate", maxState, takeTracestate),

	// Responses.
	formed("error code", isCode, func(m *Raw) *string { return &m.Code }),
	text("error message", maxReason, takeErrorText),
	text("error data supported *", maxWord, takeSupported),
	flag("result isError", framing.True, func(m *Raw) *bool { return &m.IsError }),
	text("result content * text", maxReason, takeErrorText),
	word("result resultType", resultTypes, "", func(m *Raw) *string { return &m.ensureExtra().ResultType }),
	hash("result requestState", toState),
	formed("result protocolVersion", isVersion, toProtocol),
	text("result nextCursor", maxCursor, takeCursor),

	// Tasks: 2025-11-25, and the extension of 2026-07-28 (SEP-2663).
	flag("params task", framing.Object, func(m *Raw) *bool { return &m.ensureExtra().WantsTask }),
	flag("result task", framing.Object, func(m *Raw) *bool { return &m.ensureExtra().MakesTask }),
	id("params _meta "+metaRelated+" taskId", maxTask, func(m *Raw) *Ref { return &m.ensureExtra().Related }),
},
	peerFields("params clientInfo"), // initialize
	peerFields("params _meta "+metaClient),
	peerFields("result serverInfo"), // the response to initialize
	peerFields("result _meta "+metaServer),
	taskFields("params"),      // requests about a task, notifications of its status
	taskFields("result"),      // responses to requests about a task; in the extension, also what creates one
	taskFields("result task"), // 2025-11-25: what creates a task
	outcomeFields("params"),   // notifications/tasks of the extension
	outcomeFields("result"),   // tasks/get of the extension
	definitionFields,
	tokenFields,
	factFields,
)

// peerFields are what a peer says of itself, an Implementation in MCP's schemas.
func peerFields(at string) []field {
	return []field{
		name(at+" name", func(m *Raw) *string { return &m.ensureExtra().PeerName }),
		name(at+" version", func(m *Raw) *string { return &m.ensureExtra().PeerVersion }),
	}
}

// taskFields are the members of a Task, and of a request or notification about one.
func taskFields(at string) []field {
	return []field{
		text(at+" taskId", maxTask, takeTask),
		word(at+" status", statuses, semconv.Other, func(m *Raw) *string { return &m.ensureExtra().TaskStatus }),
		text(at+" statusMessage", maxReason, func(d *Decoder, v *framing.Value, _ *Raw) { d.errors.status = v.Text }),
	}
}

// outcomeFields are how a task ended, in a message of the extension about it.
func outcomeFields(at string) []field {
	return []field{
		flag(at+" result", framing.Object, func(m *Raw) *bool { return &m.ensureExtra().Outcome.Known }),
		flag(at+" result isError", framing.True, func(m *Raw) *bool { return &m.ensureExtra().Outcome.IsError }),
		text(at+" result content * text", maxReason, takeErrorText),
		formed(at+" error code", isCode, func(m *Raw) *string {
			x := m.ensureExtra()
			x.Outcome.Known = true
			return &x.Outcome.Code
		}),
		text(at+" error message", maxReason, takeErrorText),
	}
}

// Where fields put their values.
func toProtocol(m *Raw) *string   { return &m.ensureExtra().Protocol }
func toProgressToken(m *Raw) *Ref { return &m.ensureExtra().ProgressToken }
func toState(m *Raw) *uint64      { return &m.ensureExtra().State }

// takeTarget keeps the name of a tool or prompt. In a request of another method, such as notes/create, the same member
// is content.
func takeTarget(d *Decoder, v *framing.Value, m *Raw) {
	if len(v.Text) > 0 && semconv.HasTarget(m.Method) {
		m.Target = d.name(v.Text, v.Truncated)
	}
}

// takeErrorText keeps the first text: a result may have many.
func takeErrorText(d *Decoder, v *framing.Value, _ *Raw) {
	if d.errors.text == nil {
		d.errors.text = v.Text
	}
}

// takeURI keeps a URI only if it is whole: its beginning could match a template that the URI does not match.
func takeURI(_ *Decoder, v *framing.Value, m *Raw) {
	if !v.Truncated {
		m.URI = string(v.Text)
	}
}

func takeReason(_ *Decoder, v *framing.Value, m *Raw) { m.ensureExtra().TimedOut = timedOut(v.Text) }

// traceparent is the form of W3C Trace Context, section 3.2.2, with what a later version may append.
var traceparent = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})(-.*)?$`)
})

// takeTraceparent keeps a text only if it has the form of a traceparent: any other could be content. Of a later version
// it keeps the part that is known, as section 3.2.4 of the specification asks.
func takeTraceparent(_ *Decoder, v *framing.Value, m *Raw) {
	parts := traceparent().FindStringSubmatch(string(v.Text))
	if parts != nil && (parts[2] == "" || !strings.HasPrefix(parts[1], "00")) {
		m.ensureExtra().Traceparent = parts[1]
	}
}

// takeTracestate keeps a state only if it is whole. It is not remembered like other names: it differs from request to
// request.
func takeTracestate(d *Decoder, v *framing.Value, m *Raw) {
	if !v.Truncated && len(v.Text) > 0 {
		m.ensureExtra().Tracestate = d.clean(v.Text, false)
	}
}

// maxSupported bounds the versions kept of a refusal.
const maxSupported = 8

// takeSupported keeps the versions that a refusal names, if they have the form of one: anything else could be content.
func takeSupported(_ *Decoder, v *framing.Value, m *Raw) {
	if x := m.ensureExtra(); v.Type == framing.String && semconv.IsVersion(string(v.Text)) && len(x.Supported) < maxSupported {
		x.Supported = append(x.Supported, string(v.Text))
	}
}

// takeCursor keeps a cursor. It compares texts and not bytes, since peers escape a text differently. SDKs take an empty
// one for the end of the list.
func takeCursor(_ *Decoder, v *framing.Value, m *Raw) {
	if v.Type == framing.String && len(v.Text) > 0 {
		m.ensureExtra().Cursor = newRef(v.ID())
	}
}

// takeTask keeps a task's id. It is not remembered like other names either.
func takeTask(d *Decoder, v *framing.Value, m *Raw) {
	m.ensureExtra().Task = ID{newRef(v.ID()), d.clean(v.Text, v.Truncated || hasSpace(v.Text))}
}
