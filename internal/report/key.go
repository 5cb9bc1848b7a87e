package report

import (
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// key is a finest group. Calls of the window before need no days.
type key struct {
	before bool
	server string
	client string
	kind   kind
	target string // of a tool or prompt its name, of a resource its template or scheme
	day    day
}

// kind is what a call is for.
type kind uint8

const (
	noCall kind = iota
	toolCall
	resourceCall
	promptCall
)

// kindOf returns what an operation is for, if it is a call, and the target that it is counted under.
func kindOf(op *record.Operation) (k kind, target string) {
	switch {
	case !op.IsCall():
		return noCall, ""
	case op.Method == semconv.ResourcesRead:
		return resourceCall, op.Resource
	case op.Method == semconv.PromptsGet:
		return promptCall, op.Target
	}
	return toolCall, op.Target
}

// pair is a server and a client that were connected.
type pair struct{ server, client string }

// step is a call of a tool in a session.
type step struct {
	number uint64 // of the operation
	tool   string
}

// chain is two or three tools of one server that were called in a row. Of two, the third is empty.
type chain struct {
	server string
	tools  [3]string
}
