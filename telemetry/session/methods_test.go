package session_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// TestEveryMethodOccurs checks that the conversations leave out no method in a direction in which MCP has it, and no
// version. The lists are those of the specification, 2024-11-05 to 2026-07-28, with the tasks extension.
func TestEveryMethodOccurs(t *testing.T) {
	seen := map[string]bool{}
	listen := &occurrences{seen: seen}
	for _, c := range conversations(t) {
		c.Play(newPlayer(session.Config{}, listen), 0)
	}
	for direction, methods := range map[string][]string{
		"> request": {
			semconv.Initialize, semconv.Discover, semconv.Ping, semconv.ToolsList, semconv.ToolsCall, semconv.PromptsList,
			semconv.PromptsGet, semconv.ResourcesList, semconv.ResourceTemplatesList, semconv.ResourcesRead,
			semconv.ResourcesSubscribe, semconv.ResourcesUnsubscribe, semconv.SubscriptionsListen, semconv.Complete,
			semconv.SetLevel, semconv.TasksGet, semconv.TasksCancel, semconv.TasksResult, semconv.TasksList, semconv.TasksUpdate,
		},
		"< request": {
			semconv.Ping, semconv.SamplingCreateMessage, semconv.RootsList, semconv.ElicitationCreate, semconv.TasksGet,
			semconv.TasksCancel, semconv.TasksResult, semconv.TasksList,
		},
		"> notification": {semconv.Initialized, semconv.Cancelled, semconv.Progress, semconv.RootsListChanged, semconv.TasksStatus},
		"< notification": {
			semconv.Cancelled, semconv.Progress, semconv.LogMessage, semconv.ResourcesUpdated, semconv.ToolsListChanged,
			semconv.PromptsListChanged, semconv.ResourcesListChanged, semconv.ElicitationComplete, semconv.TasksStatus,
			semconv.TasksNotification, semconv.SubscriptionsConfirmed,
		},
		"version":   {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"},
		"violation": kinds(),
	} {
		for _, m := range methods {
			if !seen[direction+" "+m] {
				t.Errorf("no conversation has the %s %s", direction, m)
			}
		}
	}
	for what := range seen {
		if kind, ok := strings.CutPrefix(what, "violation "); ok && !slices.Contains(kinds(), kind) {
			t.Errorf("the conversations have the violation %s, which is not described", kind)
		}
		if method, ok := strings.CutPrefix(what, "> request "); ok && !semconv.KnownMethod(method) && !slices.Contains([]string{"x-acme/reindex"}, method) {
			t.Errorf("the conversations have %s, which is no method of MCP", method)
		}
	}
}

// kinds returns the kinds of violations that are described.
func kinds() (kinds []string) {
	for _, v := range semconv.Violations() {
		kinds = append(kinds, v.Kind)
	}
	return kinds
}

type occurrences struct{ seen map[string]bool }

func (l *occurrences) Opened(op *record.Operation) {
	l.seen[arrow(op.Direction)+" request "+op.Method] = true
}
func (l *occurrences) Changed(op *record.Operation) { l.seen["version "+op.Protocol] = true }
func (l *occurrences) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Notification:
		l.seen[arrow(n.Direction)+" notification "+n.Method] = true
	case record.Violation:
		l.seen["violation "+string(n.Kind)] = true
	}
}
