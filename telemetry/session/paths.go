package session

import "github.com/spanpipe/spanpipe/framing"

// The members that are picked out of messages. Nothing else of a message is ever looked at.
const (
	fName = iota
	fURI
	fLevel
	fLogger
	fMode
	fTaskID
	fStatus
	fTask
	fRequestID
	fReason
	fProgressToken
	fRefName
	fProtocol
	fClientName
	fClientVersion
	fArguments
	fInputResponses
	fRequestState
	fMetaProgressToken
	fMetaTraceparent
	fMetaTracestate
	fMetaProtocol
	fMetaClientName
	fMetaClientVersion
	fMetaRelated

	fIsError
	fResultType
	fResultProtocol
	fServerName
	fServerVersion
	fResultTaskObjectID
	fResultTaskObjectStatus
	fResultTaskID
	fResultStatus
	fResultState
	fInlineIsError
	fTools
	fToolNames
	fTemplates
	fContentText
	fMetaServerName
	fMetaServerVersion

	fErrorCode
	fErrorMessage
)

const (
	maxName   = 128 // bytes kept of a name
	maxURI    = 512 // of a URI
	maxToken  = framing.MaxIDText
	maxReason = 512 // of an error's text or a cancellation's reason, to be classified and wiped
	maxState  = 512 // of W3C tracestate, the length that the specification says must be passed on

	metaVersion  = "io.modelcontextprotocol/protocolVersion"
	metaClient   = "io.modelcontextprotocol/clientInfo"
	metaServer   = "io.modelcontextprotocol/serverInfo"
	metaRelated  = "io.modelcontextprotocol/related-task"
	maxStatusLen = 32
)

// Table returns the paths of everything that a Decoder understands.
func Table() *framing.Table { return framing.Compile(paths()...) }

func paths() []framing.Path {
	text := func(most int, keys ...string) framing.Path {
		return framing.Path{Keys: keys, Want: framing.Text, Max: most}
	}
	hash := func(keys ...string) framing.Path { return framing.Path{Keys: keys, Want: framing.Hash} }
	here := func(keys ...string) framing.Path { return framing.Path{Keys: keys} }
	const each = framing.Each
	return []framing.Path{
		fName:              text(maxName, "params", "name"),
		fURI:               text(maxURI, "params", "uri"),
		fLevel:             text(maxStatusLen, "params", "level"),
		fLogger:            text(maxName, "params", "logger"),
		fMode:              text(maxStatusLen, "params", "mode"),
		fTaskID:            text(maxName, "params", "taskId"),
		fStatus:            text(maxStatusLen, "params", "status"),
		fTask:              here("params", "task"),
		fRequestID:         {Keys: []string{"params", "requestId"}, Want: framing.Text, Max: maxToken},
		fReason:            text(maxReason, "params", "reason"),
		fProgressToken:     text(maxToken, "params", "progressToken"),
		fRefName:           text(maxName, "params", "ref", "name"),
		fProtocol:          text(maxStatusLen, "params", "protocolVersion"),
		fClientName:        text(maxName, "params", "clientInfo", "name"),
		fClientVersion:     text(maxName, "params", "clientInfo", "version"),
		fArguments:         hash("params", "arguments"),
		fInputResponses:    here("params", "inputResponses"),
		fRequestState:      hash("params", "requestState"),
		fMetaProgressToken: text(maxToken, "params", "_meta", "progressToken"),
		fMetaTraceparent:   text(64, "params", "_meta", "traceparent"),
		fMetaTracestate:    text(maxState, "params", "_meta", "tracestate"),
		fMetaProtocol:      text(maxStatusLen, "params", "_meta", metaVersion),
		fMetaClientName:    text(maxName, "params", "_meta", metaClient, "name"),
		fMetaClientVersion: text(maxName, "params", "_meta", metaClient, "version"),
		fMetaRelated:       text(maxName, "params", "_meta", metaRelated, "taskId"),

		fIsError:                text(maxStatusLen, "result", "isError"),
		fResultType:             text(maxStatusLen, "result", "resultType"),
		fResultProtocol:         text(maxStatusLen, "result", "protocolVersion"),
		fServerName:             text(maxName, "result", "serverInfo", "name"),
		fServerVersion:          text(maxName, "result", "serverInfo", "version"),
		fResultTaskObjectID:     text(maxName, "result", "task", "taskId"),
		fResultTaskObjectStatus: text(maxStatusLen, "result", "task", "status"),
		fResultTaskID:           text(maxName, "result", "taskId"),
		fResultStatus:           text(maxStatusLen, "result", "status"),
		fResultState:            hash("result", "requestState"),
		fInlineIsError:          text(maxStatusLen, "result", "result", "isError"),
		fTools:                  {Keys: []string{"result", "tools"}, Want: framing.Count},
		fToolNames:              text(maxName, "result", "tools", each, "name"),
		fTemplates:              text(maxURI, "result", "resourceTemplates", each, "uriTemplate"),
		fContentText:            text(maxReason, "result", "content", each, "text"),
		fMetaServerName:         text(maxName, "result", "_meta", metaServer, "name"),
		fMetaServerVersion:      text(maxName, "result", "_meta", metaServer, "version"),

		fErrorCode:    text(maxStatusLen, "error", "code"),
		fErrorMessage: text(maxReason, "error", "message"),
	}
}
