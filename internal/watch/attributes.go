package watch

import (
	"fmt"
	"maps"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Attributes returns the attributes of an operation's span, but for captured content.
func (c *Call) Attributes() map[string]string {
	op, s := &c.Op, c.Session
	all := map[string]string{
		semconv.MethodName: op.Method, semconv.Number: fmt.Sprint(op.Number), semconv.RequestID: op.RequestID,
		semconv.ProtocolVersion: op.Protocol, semconv.Requested: op.Requested, semconv.JSONRPCVersion: op.JSONRPC,
		semconv.ErrorType: op.ErrorType, semconv.StatusCode: op.Code, semconv.ErrorClass: string(op.Class),
		semconv.RequestSize: view.Size(op.RequestSize), semconv.TaskStatus: op.TaskStatus, semconv.Resource: op.Resource,
		semconv.SessionID: s.ID, semconv.ServerName: s.Server.Name, semconv.NetworkTransport: semconv.TransportPipe,
	}
	switch op.Method {
	case semconv.ToolsCall:
		all[semconv.ToolName], all[semconv.OperationName] = op.Target, semconv.ExecuteTool
	case semconv.PromptsGet, semconv.Complete:
		all[semconv.PromptName] = op.Target
	}
	if op.Answered {
		all[semconv.ResponseSize] = view.Size(op.ResponseSize)
	}
	for key, d := range map[string]time.Duration{
		semconv.Wait: op.Wait, semconv.Transfer: op.Transfer, semconv.InputWait: op.InputWait,
	} {
		if d > 0 {
			all[key] = view.Duration(d)
		}
	}
	if op.RoundTrips > 1 {
		all[semconv.RoundTrips] = fmt.Sprint(op.RoundTrips)
	}
	if op.Progress > 0 {
		all[semconv.ProgressCount] = fmt.Sprint(op.Progress)
	}
	for key, is := range map[string]bool{
		semconv.Batch: op.Batch, semconv.Ambiguous: op.Ambiguous, semconv.Hung: op.Hung,
		semconv.Undelivered: op.Undelivered, semconv.IDMismatch: op.IDMismatch,
	} {
		if is {
			all[key] = "true"
		}
	}
	maps.Copy(all, stallAttributes(op))
	maps.Copy(all, tokenAttributes(op))
	for key, value := range all {
		if value == "" {
			delete(all, key)
		}
	}
	return all
}

// tokenAttributes returns the estimates; what is absent is empty.
func tokenAttributes(op *record.Operation) map[string]string {
	all := map[string]string{}
	for key, n := range map[string]int64{semconv.RequestTokens: op.RequestTokens, semconv.ResponseTokens: op.ResponseTokens} {
		if n > 0 {
			all[key] = view.Tokens(n)
		}
	}
	if op.ResponseMedia > 0 {
		all[semconv.ResponseMedia] = view.Size(op.ResponseMedia)
	}
	return all
}

// stallAttributes returns those that say why an operation was not answered in time; what is absent is empty.
func stallAttributes(op *record.Operation) map[string]string {
	e := op.Seen()
	all := map[string]string{semconv.Stall: string(op.Stall), semconv.StallAsked: e.Asked, semconv.StallBridge: e.Bridge}
	for key, n := range map[string]int{
		semconv.StallBacklog: e.Backlog, semconv.StallOthers: e.Others, semconv.StallProcesses: e.Processes,
		semconv.StallStopped: e.Stopped, semconv.StallRunning: e.Running, semconv.StallChildren: e.Children,
	} {
		if n > 0 {
			all[key] = fmt.Sprint(n)
		}
	}
	for key, n := range map[string]int64{semconv.StallUnread: e.Unread, semconv.StallPartial: e.Partial} {
		if n > 0 {
			all[key] = view.Size(n)
		}
	}
	for key, d := range map[string]time.Duration{
		semconv.StallQuiet: e.Quiet, semconv.StallBlocked: e.Blocked, semconv.StallOver: e.Over, semconv.StallCPU: e.CPU,
	} {
		if d > 0 {
			all[key] = view.Duration(d)
		}
	}
	return all
}
