package api

import "time"

// Context is the reply to GET /api/v1/context?since=&client=&window=: what servers put into a model's context.
type Context struct {
	Reply
	Client  string          `json:"client"`  // whose newest run it is about
	Clients []string        `json:"clients"` // that can be chosen
	Window  int64           `json:"window"`  // tokens
	Summary string          `json:"summary"`
	Total   int64           `json:"total"` // tokens of definitions
	Usual   *UsualResults   `json:"usual,omitempty"`
	Servers []ContextServer `json:"servers"`            // the dearest first
	Results []ResultRow     `json:"results"`            // the most tokens first
	LeftOut int             `json:"left_out,omitempty"` // rows of results
	Cut     []Remark        `json:"cut"`                // what clients are known to cut
	Note    string          `json:"note"`               // how good estimates are
	Command string          `json:"command"`
}

// UsualResults are what results of one run come to.
type UsualResults struct {
	P50  int64  `json:"p50"`
	Text string `json:"text"`
}

// ContextServer is a server with what its definitions cost.
type ContextServer struct {
	Server      string              `json:"server"`
	Release     string              `json:"release,omitempty"`
	Tokens      int64               `json:"tokens"`
	Called      int                 `json:"called"` // tools in the time shown
	Listed      int                 `json:"listed"`
	Large       int                 `json:"large"`   // definitions whose texts are over 2 kB: descriptions of tools, and instructions
	History     []HistoryPoint      `json:"history"` // of the last 30 days, where it changed
	Change      *Remark             `json:"change,omitempty"`
	Definitions []ContextDefinition `json:"definitions"` // the dearest first
}

// HistoryPoint is what a definition, or all of a server, cost from a time on.
type HistoryPoint struct {
	At     time.Time `json:"at"`
	Tokens int64     `json:"tokens"` // 0 while it was not listed
	Text   string    `json:"text"`   // "≈940 tokens, +640", "not listed"
}

// ContextDefinition is a tool or the instructions of a server: what stands in a context from the start.
type ContextDefinition struct {
	Name    string         `json:"name"`
	Kind    string         `json:"kind"`
	Key     string         `json:"key"` // names it in requests
	Tokens  int64          `json:"tokens"`
	Size    int64          `json:"size"`
	Calls   int            `json:"calls"`
	Over    *Remark        `json:"over,omitempty"` // of one whose text is over 2 kB
	Cut     bool           `json:"cut,omitempty"`  // by the client
	History []HistoryPoint `json:"history"`        // where it changed, the latest
	Change  *Remark        `json:"change,omitempty"`
	Changed bool           `json:"changed,omitempty"` // it is not what it was, or was accepted as
}

// ResultRow is what the results of a tool bring into a context.
type ResultRow struct {
	Server  string `json:"server"`
	Tool    string `json:"tool"`
	Key     string `json:"key"` // of the tool
	Results int    `json:"results"`
	P50     int64  `json:"p50"`
	P95     int64  `json:"p95"`
	Max     int64  `json:"max"`
	Large   int    `json:"large"` // results over 25,000 tokens
	Total   int64  `json:"total"`
}

// Definition is the reply to GET /api/v1/context/definitions/{key}: one definition whole.
type Definition struct {
	Reply
	Server   string           `json:"server"`
	Name     string           `json:"name"`
	Badge    *Remark          `json:"badge,omitempty"`
	Headline string           `json:"headline"`
	Detail   string           `json:"detail,omitempty"`
	Facts    []Fact           `json:"facts"`
	History  []HistoryPoint   `json:"history,omitempty"` // where what it costs changed
	Parts    []DefinitionPart `json:"parts"`
	Notes    []string         `json:"notes,omitempty"`
	Text     string           `json:"text,omitempty"` // if it was captured
	Diff     bool             `json:"diff,omitempty"` // Text is how it differs from what it was: two lines of heads, then its lines with "+", "-" or " " before them
	TextNote string           `json:"text_note"`
	Setting  string           `json:"setting,omitempty"`
	Commands []string         `json:"commands"`
	Accept   string           `json:"accept,omitempty"` // a sentence about what the last of the commands accepts; absent if it accepts nothing
}

// DefinitionPart is a part of a definition, and how it differs from what was accepted.
type DefinitionPart struct {
	Part    string `json:"part"`
	State   string `json:"state"` // same, changed, new, gone, none
	Changed bool   `json:"changed,omitempty"`
}
