package api

import "time"

// RunDetail is the reply to GET /api/v1/runs/{id}. A run may be named by one of its sessions, too.
type RunDetail struct {
	Reply
	Run      Run      `json:"run"`
	Remarks  []Remark `json:"remarks"`  // what needs a look, failures first
	Commands []string `json:"commands"` // the same in a terminal
}

// Operations is the reply to GET /api/v1/runs/{id}/operations?after=&limit=, and the data of the event "operations". They
// are in the order of their starts over all sessions of the run. Rows are columns of equal length; an operation that has come
// before, while it was open, replaces that.
type Operations struct {
	Reply
	Run      string    `json:"run"`
	Base     time.Time `json:"base"`     // what all times count from, in seconds
	Sessions []string  `json:"sessions"` // tables, that columns have places in
	Names    []string  `json:"names"`
	Outcomes []Outcome `json:"outcomes"`

	Session []int     `json:"session"`
	Number  []uint64  `json:"number"` // within its session; of a notification its place among the session's: 0 in an event, which knows none
	Name    []int     `json:"name"`
	Flags   []int     `json:"flags"`
	Parent  []uint64  `json:"parent"` // 0: none
	Start   []float64 `json:"start"`
	End     []float64 `json:"end"`   // -1 while it is open
	First   []float64 `json:"first"` // byte of its answer; -1: none, or not known
	Took    []float64 `json:"took"`  // less a person's time; of one that is open, until Now
	Outcome []int     `json:"outcome"`

	// What few rows have, by the place of the row.
	Persons map[int][]float64 `json:"persons,omitempty"` // times in which a person was waited for: from, to, from, to, …
	Events  map[int][]float64 `json:"events,omitempty"`  // progress and other things that happened in between
	Answer  map[int]float64   `json:"answer,omitempty"`  // when the answer of one that had timed out came

	LeftOut int    `json:"left_out,omitempty"` // operations of the run that are in no page: they could not be read, or were too many
	Next    string `json:"next,omitempty"`     // for after; absent behind the last
}

// Flags of a row.
const (
	FlagCall     = 1 << iota // the client's use of a tool, a resource or a prompt
	FlagToClient             // the server asks
	FlagNote                 // a notification: it has no end and no outcome
)

// Outcome is how an operation stands or ended.
type Outcome struct {
	Ending  string `json:"ending"` // as in "spanpipe show --json"
	Text    string `json:"text"`   // "failed: rate limited"
	Tone    Tone   `json:"tone"`
	Failed  bool   `json:"failed,omitempty"`
	Trouble bool   `json:"trouble,omitempty"` // n goes to it
}

// Resources is the reply to GET /api/v1/runs/{id}/resources: what the servers' processes used over time.
type Resources struct {
	Reply
	Base     time.Time          `json:"base"`
	Sessions []SessionResources `json:"sessions"`
}

// SessionResources are samples of one server's processes. Columns have equal lengths.
type SessionResources struct {
	Session string    `json:"session"`
	At      []float64 `json:"at"`     // s since Base
	CPU     []float64 `json:"cpu"`    // processors in use since the sample before: 1 is one whole
	Memory  []int64   `json:"memory"` // bytes; 0: not known
	Text    string    `json:"text"`   // the last, in words: "61 MB, idle"
}

// Operation is the reply to GET /api/v1/sessions/{name}/operations/{number}: one operation whole.
type Operation struct {
	Reply
	Place
	Server  string  `json:"server"`
	Name    string  `json:"name"`
	Kind    string  `json:"kind"` // call, request, question (of the server)
	Outcome Outcome `json:"outcome"`
	Badge   string  `json:"badge"` // the outcome with how long: "hung 4m01s"

	Headline string    `json:"headline"`         // what happened, in a sentence
	Detail   string    `json:"detail,omitempty"` // whose side, and what shows it
	Stations []Station `json:"stations"`
	Evidence []Fact    `json:"evidence"`
	Remarks  []Remark  `json:"remarks,omitempty"`
	Hint     string    `json:"hint,omitempty"` // what to do or to know next

	Attributes []Attribute `json:"attributes"`
	Content    Content     `json:"content"`
	Moments    []Moment    `json:"moments,omitempty"` // what happened in between
	Related    []Related   `json:"related,omitempty"`
	Commands   []string    `json:"commands"` // the same in a terminal
}

// Station is one of the five places on the way of a request and its answer: sent, read, first byte, last byte, taken.
type Station struct {
	Name  string `json:"name"`
	State string `json:"state"` // reached, stuck (the way to it), ahead, unknown
	Text  string `json:"text"`  // when it was reached: "14:32:20.2", "+0.2ms", "4m01s, none", "–"
	Tone  Tone   `json:"tone"`
}

// Attribute is one of a span's, with its meaning in a sentence.
type Attribute struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	Meaning string `json:"meaning,omitempty"`
}

// Content is what was captured of an operation, redacted.
type Content struct {
	Parts   []Part    `json:"parts,omitempty"`
	Note    string    `json:"note"`              // why there is none and how to have it, or what was replaced
	Setting string    `json:"setting,omitempty"` // to copy
	Expires time.Time `json:"expires,omitzero"`
}

// Part is a piece of content.
type Part struct {
	Label string `json:"label"` // arguments, result, error, …
	Text  string `json:"text"`  // pretty-printed if it is JSON
	Size  int    `json:"size"`
	Cut   bool   `json:"cut,omitempty"` // Text is its beginning
}

// Moment is something that happened while an operation was open.
type Moment struct {
	After float64 `json:"after"` // s since its start
	Text  string  `json:"text"`
}

// Related is an operation that another one belongs to.
type Related struct {
	Relation string `json:"relation"` // caused by, caused
	Name     string `json:"name"`
	Place
	Outcome Outcome `json:"outcome"`
}
