package otel

import (
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// attributes is a list of attributes under construction. What is empty is left out: an attribute that is absent is
// unknown, while a backend would show an empty one as a value.
type attributes []attribute.KeyValue

// text appends a string, unless it is empty.
func (a *attributes) text(key, value string) {
	if value != "" {
		*a = append(*a, attribute.String(key, value))
	}
}

// flag appends true, or nothing: the flags mark exceptions.
func (a *attributes) flag(key string, set bool) {
	if set {
		*a = append(*a, attribute.Bool(key, true))
	}
}

// count appends a number, unless it is 0.
func (a *attributes) count(key string, n int64) {
	if n != 0 {
		*a = append(*a, attribute.Int64(key, n))
	}
}

// seconds appends a duration, unless it is 0.
func (a *attributes) seconds(key string, d time.Duration) {
	if d != 0 {
		*a = append(*a, attribute.Float64(key, record.Seconds(d)))
	}
}

// peerAttributes appends the names and versions of client and server.
func peerAttributes(a attributes, client, server record.Peer) attributes {
	a.text(semconv.ClientName, client.Name)
	a.text(semconv.ClientVersion, client.Version)
	return serverAttributes(a, server)
}

// serverAttributes appends the server's name and version.
func serverAttributes(a attributes, server record.Peer) attributes {
	a.text(semconv.ServerName, server.Name)
	a.text(semconv.ServerVersion, server.Version)
	return a
}

// exitAttributes appends how the server's process has ended.
func exitAttributes(a attributes, e record.Exit) attributes {
	reason, code := "ok", strconv.Itoa(e.Code)
	switch {
	case e.Cause == record.NotStarted:
		reason = semconv.ErrNotStarted
	case e.Signal != "":
		reason, code = "signal", "" // a process that a signal killed has no exit code
	case e.Code != 0:
		reason = "code"
	}
	a = append(a, attribute.Bool(semconv.InFlight, e.Open > 0))
	a.text(semconv.Exit, reason)
	a.text(semconv.ExitCode, code)
	a.text(semconv.Signal, e.Signal)
	return a
}

// sessionError returns the error.type of a session: a client that leaves is no failure.
func sessionError(e record.Exit) string {
	switch {
	case e.Cause == record.NotStarted:
		return semconv.ErrNotStarted
	case e.EndedBy == record.ByServer:
		return semconv.ErrServerExit
	}
	return ""
}

// protocolAttributes appends the attributes that all spans of a session have. The session id is our own: stdio has
// none.
func protocolAttributes(a attributes, protocol, sessionID string) attributes {
	a.text(semconv.NetworkTransport, semconv.TransportPipe)
	a.text(semconv.ProtocolVersion, protocol)
	a.text(semconv.SessionID, sessionID)
	return a
}

// operationAttributes appends the attributes of an operation. Each is a row of a table in TELEMETRY.md, and a test
// compares the two.
func operationAttributes(a attributes, op *record.Operation, sessionID string) attributes {
	a = protocolAttributes(a, op.Protocol, sessionID)
	a.text(semconv.MethodName, op.Method)
	if op.Number > 0 { // a notification has none
		a = append(a, attribute.Int64(semconv.Number, int64(op.Number)))
	}
	a.text(semconv.RequestID, op.RequestID)
	a.text(semconv.Requested, op.Requested)
	switch op.Method {
	case semconv.ToolsCall:
		a.text(semconv.ToolName, op.Target)
		a.text(semconv.OperationName, semconv.ExecuteTool)
	case semconv.PromptsGet, semconv.Complete:
		a.text(semconv.PromptName, op.Target)
	}
	a.text(semconv.Resource, op.Resource)
	a.text(semconv.JSONRPCVersion, op.JSONRPC)
	a.flag(semconv.Batch, op.Batch)
	return contentAttributes(outcomeAttributes(a, op), op)
}

// outcomeAttributes appends how an operation went and what it took. Wait and transfer would mislead about an operation
// of several round trips: the response that ended it is the last of several.
func outcomeAttributes(a attributes, op *record.Operation) attributes {
	a.text(semconv.ErrorType, op.ErrorType)
	a.text(semconv.StatusCode, op.Code)
	a.text(semconv.ErrorClass, string(op.Class))
	a.text(semconv.TaskStatus, op.TaskStatus)
	a.flag(semconv.Ambiguous, op.Ambiguous)
	a.flag(semconv.Hung, op.Hung)
	a.flag(semconv.Undelivered, op.Undelivered)
	a.flag(semconv.IDMismatch, op.IDMismatch)
	a = stallAttributes(a, op)
	a = append(a, attribute.Int64(semconv.RequestSize, op.RequestSize))
	a.count(semconv.RequestTokens, op.RequestTokens)
	a.count(semconv.ResponseTokens, op.ResponseTokens)
	a.count(semconv.ResponseMedia, op.ResponseMedia)
	if op.Answered {
		a = append(a, attribute.Int64(semconv.ResponseSize, op.ResponseSize))
	}
	if op.Answered && op.RoundTrips == 1 {
		a = append(a, attribute.Float64(semconv.Wait, op.Wait.Seconds()),
			attribute.Float64(semconv.Transfer, op.Transfer.Seconds()))
	}
	if op.RoundTrips > 1 {
		a = append(a, attribute.Int(semconv.RoundTrips, op.RoundTrips))
	}
	if op.InputWait > 0 {
		a = append(a, attribute.Float64(semconv.InputWait, op.InputWait.Seconds()))
	}
	if op.Progress > 0 {
		a = append(a, attribute.Int(semconv.ProgressCount, op.Progress))
	}
	return a
}

// stallAttributes appends why an operation was not answered in time, and what that rests on.
func stallAttributes(a attributes, op *record.Operation) attributes {
	a.text(semconv.Stall, string(op.Stall))
	for _, e := range op.Evidence {
		a.count(semconv.StallUnread, e.Unread)
		a.count(semconv.StallBacklog, int64(e.Backlog))
		a.count(semconv.StallPartial, e.Partial)
		a.seconds(semconv.StallQuiet, e.Quiet)
		a.seconds(semconv.StallBlocked, e.Blocked)
		a.text(semconv.StallAsked, e.Asked)
		a.count(semconv.StallOthers, int64(e.Others))
		a.count(semconv.StallProcesses, int64(e.Processes))
		a.count(semconv.StallStopped, int64(e.Stopped))
		a.count(semconv.StallRunning, int64(e.Running))
		a.count(semconv.StallChildren, int64(e.Children))
		a.seconds(semconv.StallOver, e.Over)
		a.seconds(semconv.StallCPU, e.CPU)
		a.text(semconv.StallBridge, e.Bridge)
	}
	return a
}

// contentAttributes appends captured content. The record holds only what SPANPIPE_CAPTURE asks for, redacted and cut.
func contentAttributes(a attributes, op *record.Operation) attributes {
	a.text(semconv.ResourceURI, op.Content.URI)
	switch op.Method {
	case semconv.ToolsCall, semconv.TasksResult:
		a.text(semconv.ToolCallArguments, op.Content.Arguments)
		a.text(semconv.ToolCallResult, op.Content.Result)
	case semconv.PromptsGet:
		for _, v := range op.Content.Variables {
			a = append(a, attribute.String(semconv.PromptVariable+v.Name, v.Value))
		}
		a.text(semconv.PromptResult, op.Content.Result)
	case semconv.SamplingCreateMessage:
		a.text(semconv.SampleRequest, op.Content.Messages)
		a.text(semconv.SampleResult, op.Content.Result)
	}
	a.text(semconv.ErrorMessage, op.Content.Error)
	return a
}
