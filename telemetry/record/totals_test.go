package record_test

import (
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

func TestTotals(t *testing.T) {
	var none record.Totals
	if none.P95() != 0 {
		t.Errorf("the 95th percentile of nothing is %v", none.P95())
	}
	var all record.Totals
	for i := range 100 {
		all.Add(&record.Operation{Answered: true, Duration: time.Duration(i+1) * time.Millisecond})
	}
	if all.P95() != 95*time.Millisecond {
		t.Errorf("the 95th percentile of 1 to 100 ms is %v", all.P95())
	}
	all.Add(&record.Operation{Answered: true, Code: "-32602", Class: record.InvalidParams}) // the client's fault
	all.Add(&record.Operation{Answered: true, ErrorType: "tool_error", Class: record.ToolError})
	all.Add(&record.Operation{ErrorType: "timeout", Class: record.Timeout, Duration: time.Hour})
	all.Add(&record.Operation{ErrorType: "server_exit", Class: record.Unavailable})
	all.Add(&record.Operation{ErrorType: "cancelled", Class: record.Cancelled, Duration: time.Hour})
	all.Add(&record.Operation{ErrorType: "abandoned", Class: record.Abandoned, Duration: time.Hour})
	if all.Calls != 106 || all.Failed != 3 || all.Cancelled != 1 || all.Abandoned != 1 {
		t.Errorf("%+v", all)
	}
	var one record.Totals
	one.Add(&record.Operation{Answered: true, Duration: 812_345 * time.Microsecond})
	if one.P95() != 812*time.Millisecond {
		t.Errorf("the 95th percentile of one is %v", one.P95())
	}
}
