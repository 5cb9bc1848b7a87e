package api

import "time"

// Tools is the reply to GET /api/v1/tools?since=&filter=&by=, where by is tool, server or client.
type Tools struct {
	Reply
	Summary   string     `json:"summary"` // a sentence
	Rows      []ToolRow  `json:"rows"`    // the most calls first
	Never     []Never    `json:"never"`   // listed, and not called in the time shown
	Sequences []Sequence `json:"sequences"`
	Excluding *Excluding `json:"excluding,omitempty"`
	Command   string     `json:"command"`
}

// ToolRow is a tool, resource or prompt of a server, or all calls of a server or client.
type ToolRow struct {
	Server string `json:"server,omitempty"`
	Tool   string `json:"tool,omitempty"`
	Kind   string `json:"kind,omitempty"` // tool, resource, prompt
	Client string `json:"client,omitempty"`
	Key    string `json:"key"` // names the row in requests
	ToolFigures
	Remark *Remark `json:"remark,omitempty"`
}

// ToolFigures are what calls add up to.
type ToolFigures struct {
	Calls       int      `json:"calls"`
	Failed      int      `json:"failed"`
	Hung        int      `json:"hung"`
	FailureRate *float64 `json:"failure_rate,omitempty"`
	P50         *float64 `json:"p50,omitempty"`
	P95         *float64 `json:"p95,omitempty"`
	P99         *float64 `json:"p99,omitempty"`
	Latency     []int    `json:"latency"`              // calls by duration, see LatencyFrom
	ResultP95   *int64   `json:"result_p95,omitempty"` // tokens of results
}

// Buckets of latency: LatencyPerDecade of equal width on a logarithmic axis in each factor of ten, from LatencyFrom seconds on.
// The first also has what is shorter, the last what is longer.
const (
	LatencyFrom      = 0.001
	LatencyPerDecade = 6
	LatencyBuckets   = 30 // up to 100 s
)

// Never are tools of a server that were not called.
type Never struct {
	Server string   `json:"server"`
	Tools  []string `json:"tools"`
}

// Sequence is what was called in a row, so often.
type Sequence struct {
	Tools []string `json:"tools"`
	Count int      `json:"count"`
	Tone  Tone     `json:"tone"` // bad if most of the earlier calls failed
}

// Tool is the reply to GET /api/v1/tools/{key}?since=&filter=: one row whole.
type Tool struct {
	Reply
	Row         ToolRow  `json:"row"`
	Headline    string   `json:"headline"` // what stands out, in a sentence; empty if nothing does
	Detail      string   `json:"detail,omitempty"`
	Heat        Heat     `json:"heat"`
	Errors      []Count  `json:"errors"`
	LastFailure *Ended   `json:"last_failure,omitempty"`
	LeftOut     string   `json:"left_out,omitempty"` // of the failures: "3 cancelled, 4 bad requests"
	Sizes       []Fact   `json:"sizes"`
	Callers     []Caller `json:"callers"`
	Before      []Flow   `json:"before"`
	After       []Flow   `json:"after"`
	Commands    []string `json:"commands"`
}

// Heat is how long calls took, and when.
type Heat struct {
	Slots  []time.Time `json:"slots"`  // when each column begins, of equal width
	Labels []string    `json:"labels"` // of days, one a slot; empty where none stands
	Rows   []HeatRow   `json:"rows"`   // the longest first
	Failed []int       `json:"failed"` // one a slot
}

// HeatRow is a range of durations.
type HeatRow struct {
	From   float64 `json:"from"`
	To     float64 `json:"to,omitempty"` // 0: without a limit
	Counts []int   `json:"counts"`       // one a slot
}

// Count is how often something was.
type Count struct {
	Label string `json:"label"`
	Count int    `json:"count"`
}

// Caller is a client that calls a tool.
type Caller struct {
	Client string `json:"client"`
	Calls  int    `json:"calls"`
	Failed int    `json:"failed"`
}

// Flow is what was called before or after a tool in the same run.
type Flow struct {
	Name  string   `json:"name"` // a tool, "start of a run", "end of a run", "5 others"
	Count int      `json:"count"`
	Gap   *float64 `json:"gap,omitempty"` // the median time between the two
	Tone  Tone     `json:"tone"`          // bad if most of the earlier calls failed
}
