package session

import (
	"strings"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// This file knows which messages the official SDKs reject although they are JSON-RPC: those that do not fit the schemas
// of MCP (https://modelcontextprotocol.io/specification/2025-11-25/schema). The SDKs for TypeScript and Python check
// every member; a receiver that drops a response leaves the call without an answer. Only what all versions of the
// schema have in common is checked. A reason is made of fixed words, since a peer may send anything.

// rule is a fact that a message must have, or must not have.
type rule struct {
	fact   Facts
	reason string
}

// badParams are never right, whatever the method.
var badParams = []rule{
	{paramsNull, "params is null"}, {paramsOther, "params is not an object"}, {metaOther, "params._meta is not an object"},
}

// neededParams are the parameters that a method needs.
var neededParams = map[string][]rule{
	semconv.Initialize: {
		{hasVersion, "protocolVersion is missing"}, {hasCapabilities, "capabilities is missing"},
		{hasClientInfo, "clientInfo is missing"},
	},
	semconv.ToolsCall:            {{hasName, "name is missing"}},
	semconv.PromptsGet:           {{hasName, "name is missing"}},
	semconv.ResourcesRead:        {{hasURI, "uri is missing"}},
	semconv.ResourcesSubscribe:   {{hasURI, "uri is missing"}},
	semconv.ResourcesUnsubscribe: {{hasURI, "uri is missing"}},
	semconv.ResourcesUpdated:     {{hasURI, "uri is missing"}},
	semconv.SetLevel:             {{hasLevel, "level is not one of MCP's"}},
	semconv.LogMessage:           {{hasLevel, "level is not one of MCP's"}},
	semconv.Progress:             {{hasToken, "progressToken is missing"}, {hasProgress, "progress is not a number"}},
}

// badResults are never right, whatever the method.
var badResults = []rule{{metaOther, "result._meta is not an object"}}

// badPages are never right in a list that comes in pages.
var badPages = []rule{{cursorOther, "nextCursor is not a string"}}

// neededResults are the members that the result of a method needs.
var neededResults = map[string][]rule{
	semconv.Initialize: {
		{hasVersion, "protocolVersion is missing"}, {hasCapabilities, "capabilities is missing"},
		{hasServerInfo, "serverInfo is missing"},
	},
	semconv.ToolsList:             {{hasTools, "tools is missing"}},
	semconv.PromptsList:           {{hasPrompts, "prompts is missing"}},
	semconv.ResourcesList:         {{hasResources, "resources is missing"}},
	semconv.ResourceTemplatesList: {{hasTemplates, "resourceTemplates is missing"}},
	semconv.ToolsCall:             {{hasContent, "content is missing"}},
	semconv.PromptsGet:            {{hasMessages, "messages is missing"}},
	semconv.ResourcesRead:         {{hasContents, "contents is missing"}},
	semconv.Complete:              {{hasCompletion, "completion is missing"}},
	semconv.SamplingCreateMessage: {{hasRole, "role is missing"}, {hasContent, "content is missing"}, {hasModel, "model is missing"}},
	semconv.ElicitationCreate:     {{hasAction, "action is missing"}},
	semconv.RootsList:             {{hasRoots, "roots is missing"}},
}

// badIn are wrong in the results, or the parameters, of one method.
var badIn = map[string][]rule{
	semconv.ToolsList: {{toolOther, "a tool has no name, or no inputSchema of type object"}},
	semconv.ToolsCall: {
		{argumentsOther, "arguments is not an object"}, {contentOther, "content is not an array"},
		{itemOther, "an element of content has no known type"},
		{itemPart, "an element of content lacks a member that its type needs"}, {structuredOther, "structuredContent is not an object"},
		{isErrorOther, "isError is not a boolean"},
	},
	semconv.PromptsGet: {{argumentsOther, "arguments is not an object"}},
}

// broken returns the reason of the first rule that the facts break, or nothing.
func (f Facts) broken(needed []rule, bad ...[]rule) string {
	for _, rules := range bad {
		for _, r := range rules {
			if f.has(r.fact) {
				return r.reason
			}
		}
	}
	for _, r := range needed {
		if !f.has(r.fact) {
			return r.reason
		}
	}
	return ""
}

// checkEnvelope reports what is wrong with a message as a message of JSON-RPC.
func (t *Tracker) checkEnvelope(m *Message) {
	if m.Facts.has(hasBOM) {
		t.violation(record.ByteOrderMark, m)
	}
	switch version := m.optional().JSONRPC; {
	case version == "":
	case version == noVersion:
		t.violates(record.JSONRPCVersion, "the jsonrpc member is missing", m, nil)
	default:
		t.violation(record.JSONRPCVersion, m)
	}
	if m.Batch && t.session.Protocol != batchVersion {
		t.violation(record.BatchMessage, m)
	}
}

// batchVersion is the only version of MCP that has JSON-RPC batches.
const batchVersion = "2025-03-26"

// checkRequest reports what is wrong with a request or notification: with its kind, its time and its parameters.
func (t *Tracker) checkRequest(m *Message) {
	notification := strings.HasPrefix(m.Method, "notifications/")
	switch {
	case m.Kind == framing.Request && notification:
		t.violation(record.NotificationID, m)
	case m.Kind == framing.Notification && !notification && semconv.KnownMethod(m.Method):
		t.violation(record.MissingID, m)
	}
	if m.Kind == framing.Request && !notification {
		t.checkTime(m)
	}
	if m.Cut { // what is missing has not been read
		return
	}
	if reason := m.Facts.broken(neededParams[m.Method], badParams, badIn[m.Method]); reason != "" {
		t.violates(record.BadParams, reason, m, nil)
	}
}

// checkTime reports a request that the receiver does not accept at this time of the session, or in this version.
func (t *Tracker) checkTime(m *Message) {
	switch {
	case m.Method == semconv.Ping || m.Method == semconv.Initialize:
	case m.Dir == record.ToServer && t.uninitialized && m.optional().Protocol == "":
		t.violation(record.NotInitialized, m)
	case m.Dir == record.ToClient && t.agreed && !semconv.HasSessions(t.session.Protocol):
		t.violation(record.ServerRequest, m)
	}
}

// checkResponse reports a response that is not one result or one error.
func (t *Tracker) checkResponse(m *Message) {
	var reason string
	f := m.Facts
	switch {
	case f.has(hasResult | hasError):
		reason = "both result and error"
	case f.has(errorOther):
		reason = "error is not an object"
	case f.has(hasError) && !f.has(hasCode):
		reason = "error.code is not an integer"
	case f.has(hasError) && !f.has(hasMessage):
		reason = "error.message is not a string"
	case f.has(resultOther):
		reason = "result is not an object"
	default:
		return
	}
	t.violates(record.BadResponse, reason, m, nil)
}

// checkResult reports a result that does not fit the method that it is of. One about a task has other members.
func (t *Tracker) checkResult(op *operation, m *Message) {
	if m.Kind != framing.Response || !m.Facts.has(hasResult) || m.Facts.has(resultOther) || semconv.AboutTask(op.Method) {
		return
	}
	facts, pages := m.Facts, []rule(nil)
	if !semconv.HasSessions(op.Protocol) {
		facts &^= structuredOther // since 2026-07-28 it may be any JSON value
	}
	if semconv.Paged(op.Method) {
		pages = badPages
	}
	if reason := facts.broken(neededResults[op.Method], badResults, pages, badIn[op.Method]); reason != "" {
		t.violates(record.BadResult, reason, m, op)
	}
}
