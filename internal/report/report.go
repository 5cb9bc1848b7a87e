package report

import (
	"cmp"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Version is the version of a report as JSON.
const Version = 1

// Report is a report. Its JSON is documented in docs/json.md: times are RFC 3339, durations seconds, sizes bytes, shares
// between 0 and 1.
type Report struct {
	Version int       `json:"version"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Before  time.Time `json:"before"` // the start of the window before
	By      By        `json:"by"`

	Sessions int   `json:"sessions"` // that ran in the window
	Total    Row   `json:"total"`
	Rows     []Row `json:"rows"`

	Hung        []Hung     `json:"hung"`
	Errors      []Error    `json:"errors"`
	BadRequests []Error    `json:"bad_requests"`
	Slower      []Slower   `json:"slower"`
	Sequences   []Sequence `json:"sequences"`
	NeverCalled []Unused   `json:"never_called"`
	Unusual     []Unusual  `json:"unusual"`
	Changed     []Changed  `json:"changed"`

	Definitions []Definition `json:"definitions"` // of which the tokens are known, the dearest first
	Cut         []Cut        `json:"cut"`
	Cost        *Cost        `json:"cost,omitempty"` // if the user has set a price

	Stored   time.Time `json:"-"` // as in Options
	Called   int       `json:"-"` // rows with calls, also where only those with failures are wanted
	LastCall time.Time `json:"-"` // the latest call before the window; zero if none was found
	Unread   []Unread  `json:"-"` // sessions that could be read only in part
}

// Row is a group of calls. What there is none of is absent: a percentile of no calls, the trend of what is new.
type Row struct {
	Name
	Sessions int `json:"sessions"` // in which there were calls; of a server or client, those that ran
	Counts
	FailureRate *float64 `json:"failure_rate,omitempty"`

	P50 *float64 `json:"p50,omitempty"`
	P95 *float64 `json:"p95,omitempty"`
	P99 *float64 `json:"p99,omitempty"`
	Max *float64 `json:"max,omitempty"`

	Sent       int64  `json:"sent"`     // to the server
	Received   int64  `json:"received"` // from it
	ResultSize *int64 `json:"result_size,omitempty"`

	// Estimates of tokens: of all arguments, of all results, and the median of a result's.
	RequestTokens  int64  `json:"request_tokens"`
	ResponseTokens int64  `json:"response_tokens"`
	ResultTokens   *int64 `json:"result_tokens,omitempty"`

	Before *Past    `json:"before,omitempty"`
	Trend  *float64 `json:"trend,omitempty"` // of the number of calls: 0.1 is a tenth more than before

	Tools *Tools `json:"tools,omitempty"` // of a server or client

	Durations []time.Duration `json:"-"` // of which the percentiles are, sorted
	Tokens    []int64         `json:"-"` // of the results that are known in tokens, sorted
}

// Past is what a row was in the window before.
type Past struct {
	Calls       int      `json:"calls"`
	Failed      int      `json:"failed"`
	FailureRate float64  `json:"failure_rate"`
	P95         *float64 `json:"p95,omitempty"`
}

// Tools are those that a server lists, or all that are listed to a client.
type Tools struct {
	Listed         int   `json:"listed"`
	Never          int   `json:"never_called"`
	DefinitionSize int64 `json:"definition_size"`

	DefinitionTokens  int64 `json:"definition_tokens"` // estimated; 0 if that is not known
	InstructionTokens int64 `json:"instruction_tokens"`
}

// Hung is a target whose calls were reported as hanging.
type Hung struct {
	Name
	Count int `json:"count"`
	Now   int `json:"now"` // how many of them still are

	Stalls map[record.Stall]int `json:"stalls,omitempty"` // how many had which verdict
}

// Error is what went wrong with calls of one target.
type Error struct {
	Name
	Word      string `json:"-"` // for a person
	ErrorType string `json:"error_type,omitempty"`
	Class     string `json:"error_class,omitempty"`
	Code      string `json:"code,omitempty"` // of a bad request
	Times
}

// Slower is a target that takes longer than in the window before.
type Slower struct {
	Name
	P95       float64 `json:"p95"`
	P95Before float64 `json:"p95_before"`
}

// Unused are the tools that a server lists, and that were not called in the window.
type Unused struct {
	Server string   `json:"server"`
	Tools  []string `json:"tools"`
}

// Sequence is what was called in a row, so often.
type Sequence struct {
	Server string   `json:"server"`
	Tools  []string `json:"tools"`
	Count  int      `json:"count"`
}

// Unusual is what stood out from a session's own past, or from earlier sessions.
type Unusual struct {
	Server string `json:"server"`
	Kind   string `json:"kind"`
	Tool   string `json:"tool,omitempty"`
	Prompt string `json:"prompt,omitempty"`
	// Resource is a template or scheme.
	Resource string `json:"resource,omitempty"`
	From     string `json:"from,omitempty"` // the call before, of an unseen sequence
	Times
}

func (u *Unusual) target() string { return cmp.Or(u.Tool, u.Prompt, u.Resource) }

// Changed is a definition of a server that is not what it was, and the last time that it changed in the window.
type Changed struct {
	Server string                      `json:"server"`
	Kind   record.DefinitionKind       `json:"kind"`
	Name   string                      `json:"name,omitempty"`
	Count  int                         `json:"count"`
	Last   time.Time                   `json:"last"`
	Change record.DefinitionChangeKind `json:"change"`
	Parts  []record.Part               `json:"parts,omitempty"`
}

// Definition is a tool that a server lists, with what it costs a model's context: an estimate of its tokens.
type Definition struct {
	Server            string `json:"server"`
	Tool              string `json:"tool"`
	Tokens            int64  `json:"tokens"`
	Size              int64  `json:"size"`
	DescriptionLength int64  `json:"description_length"`
	Calls             int    `json:"calls"` // in the window
}

// Cut is what a client does not pass on to its model as a whole.
type Cut struct {
	Client       string   `json:"client"`
	Server       string   `json:"server"`
	Tools        []string `json:"tools"`                  // whose descriptions it cuts
	Instructions bool     `json:"instructions,omitempty"` // whether it cuts the server's instructions
}

// Cost is what the tokens of a window come to, at the price that the user has set: each result and each session's definitions
// once.
type Cost struct {
	Price       float64 `json:"price"` // of a million tokens
	Currency    string  `json:"currency,omitempty"`
	Results     float64 `json:"results"`
	Definitions float64 `json:"definitions"`
}
