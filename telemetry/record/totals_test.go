package record_test

import (
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

func TestTotals(t *testing.T) {
	var none record.Totals
	if none.P95() != 0 {
		t.Errorf("the 95th percentile of nothing is %v", none.P95())
	}
	var all record.Totals
	for i := range 100 {
		all.Add(call(record.Operation{Answered: true, Duration: time.Duration(i+1) * time.Millisecond}))
	}
	if all.P95() != 95*time.Millisecond {
		t.Errorf("the 95th percentile of 1 to 100 ms is %v", all.P95())
	}
	all.Add(call(record.Operation{Answered: true, Code: "-32602", Class: record.InvalidParams})) // the client's fault
	all.Add(call(record.Operation{Answered: true, ErrorType: "tool_error", Class: record.ToolError}))
	all.Add(call(record.Operation{ErrorType: "timeout", Class: record.Timeout, Duration: time.Hour}))
	all.Add(call(record.Operation{ErrorType: "server_exit", Class: record.Unavailable}))
	all.Add(call(record.Operation{ErrorType: "cancelled", Class: record.Cancelled, Duration: time.Hour}))
	all.Add(call(record.Operation{ErrorType: "abandoned", Class: record.Abandoned, Duration: time.Hour}))
	if all.Operations != 106 || all.Calls != 106 || all.Failed != 3 || all.Cancelled != 1 || all.Abandoned != 1 {
		t.Errorf("%+v", all)
	}
	var one record.Totals
	one.Add(call(record.Operation{Answered: true, Duration: 812_345 * time.Microsecond}))
	if one.P95() != 812*time.Millisecond {
		t.Errorf("the 95th percentile of one is %v", one.P95())
	}
}

// call returns an operation as a call.
func call(op record.Operation) *record.Operation {
	op.Direction, op.Method = record.ToServer, semconv.ToolsCall
	return &op
}

// TestCalls counts what is a call and what is none. A failure counts, of whatever.
func TestCalls(t *testing.T) {
	for _, test := range []struct {
		direction record.Direction
		method    string
		call      bool
	}{
		{record.ToServer, "tools/call", true},
		{record.ToServer, "prompts/get", true},
		{record.ToServer, "resources/read", true},
		{record.ToServer, "initialize", false},
		{record.ToServer, "tools/list", false},
		{record.ToServer, "completion/complete", false},
		{record.ToServer, "ping", false},
		{record.ToClient, "elicitation/create", false},
		{record.ToClient, "tools/call", false}, // a server cannot call
	} {
		op := record.Operation{
			Direction: test.direction, Method: test.method, Answered: true, ErrorType: "-32603", Duration: time.Second,
		}
		if got := op.IsCall(); got != test.call {
			t.Errorf("%s %s is a call: %t", test.direction, test.method, got)
		}
		var one record.Totals
		one.Add(&op)
		var all record.Totals
		all.Merge(&one)
		if all.Operations != 1 || all.Failed != 1 || (all.Calls == 1) != test.call || all.FailedCalls != all.Calls || (all.P95() > 0) != test.call {
			t.Errorf("%s %s adds up to %+v, p95 %v", test.direction, test.method, all, all.P95())
		}
	}
}
