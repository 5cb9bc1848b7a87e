package api

import "time"

// Sessions is the reply to GET /api/v1/sessions?since=&filter=&after=&limit=, where limit counts runs.
type Sessions struct {
	Reply
	Attention  []Alert    `json:"attention"` // what needs a look, the worst first; whatever the filter is
	Facets     []Facet    `json:"facets"`
	InTime     int        `json:"in_time"` // sessions in that time, whatever the filter is
	Runs       []Run      `json:"runs"`    // the newest first, live ones on top
	Next       string     `json:"next,omitempty"`
	Excluding  *Excluding `json:"excluding,omitempty"`  // if nothing matches
	Reading    bool       `json:"reading,omitempty"`    // figures of stored sessions are still being added up: an event "listing" follows
	Unsearched int        `json:"unsearched,omitempty"` // sessions whose content was not looked at, since that takes too long
	Command    string     `json:"command"`              // the same in a terminal
}

// Alert is a sentence about something that needs a look.
type Alert struct {
	Word    string    `json:"word"` // Hung, Failing, Changed, Killed, …
	Tone    Tone      `json:"tone"`
	Hung    bool      `json:"hung,omitempty"` // an operation hangs, since At
	Subject string    `json:"subject"`        // what it is about, "postgres execute_sql"
	Text    string    `json:"text"`           // goes on behind the subject
	At      time.Time `json:"at"`
	Place
}

// Facet is a choice among the values that sessions have.
type Facet struct {
	Name   string       `json:"name"` // outcome, client, server
	Values []FacetValue `json:"values"`
}

// FacetValue is one value, with the term of the filter that chooses it.
type FacetValue struct {
	Label string `json:"label"`
	Term  string `json:"term"`
	Count int    `json:"count"` // sessions
}

// Run is one start of a client, with the sessions of its servers.
type Run struct {
	ID            string    `json:"id"`
	Client        string    `json:"client"` // "client unknown" if it has not said
	ClientVersion string    `json:"client_version,omitempty"`
	Live          bool      `json:"live"`
	Began         time.Time `json:"began"`
	Until         time.Time `json:"until"` // now if it is live
	End           End       `json:"end"`
	Sums
	Sessions []Session `json:"sessions"`
}

// End is how a session or run stands or how it ended.
type End struct {
	Text string `json:"text"` // "live", "client closed", "exit 1 after 0.4s"; without the time of day
	Tone Tone   `json:"tone"`
	Mark string `json:"mark"` // open (live), tick (closed), tall (killed, or not known), crash
}

// Sums are what operations add up to.
type Sums struct {
	Calls    int      `json:"calls"`
	Failed   int      `json:"failed"`
	Hung     int      `json:"hung"` // were reported as hanging
	HungNow  int      `json:"hung_now,omitempty"`
	Open     int      `json:"open,omitempty"`
	P95      *float64 `json:"p95,omitempty"`
	Context  int64    `json:"context,omitempty"` // tokens of definitions
	Received int64    `json:"received"`
}

// Session is one server's process from its start to its end.
type Session struct {
	Name    string    `json:"name"`             // of its directory: names it in requests
	Number  int       `json:"number,omitempty"` // in the last listing, as commands take it; absent if it is not in that
	Server  string    `json:"server"`
	Release string    `json:"release,omitempty"` // the server's version
	Changed bool      `json:"changed,omitempty"` // one of its definitions is not what it was
	Live    bool      `json:"live"`
	Began   time.Time `json:"began"`
	Until   time.Time `json:"until"`
	End     End       `json:"end"`
	Trouble string    `json:"trouble,omitempty"` // why there is nothing to draw
	Strip   *Strip    `json:"strip,omitempty"`   // absent until it is known
	Sums
}

// Strip is how many calls started over a session's time, in slots of equal width, from its start on.
type Strip struct {
	Width  float64      `json:"width"` // of a slot
	Calls  []int        `json:"calls"`
	Failed []int        `json:"failed"`          // those of them that failed
	Hangs  [][2]float64 `json:"hangs,omitempty"` // from, to: since the session's start
}
