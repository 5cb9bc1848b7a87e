package api

import "time"

// Live is the reply to GET /api/v1/live?filter=: what happens now.
type Live struct {
	Reply
	Summary  string        `json:"summary"` // "8 sessions of 2 clients, 3 calls open, 6 ended in the last minute"
	Open     []Open        `json:"open"`    // the oldest first
	Sessions []LiveSession `json:"sessions"`
	Ended    []Ended       `json:"ended"`     // the newest first, at most 200
	StoodOut []Alert       `json:"stood_out"` // in the last hour, the latest first
	// HangAfter is how long an operation is open until it hangs.
	HangAfter float64 `json:"hang_after"`
	Command   string  `json:"command"`
}

// Open is an operation that has not ended.
type Open struct {
	Place
	ID       string    `json:"id"` // the same until it ends
	Client   string    `json:"client"`
	Server   string    `json:"server"`
	Name     string    `json:"name"`
	Start    time.Time `json:"start"`
	Outcome  Outcome   `json:"outcome"`
	Waiting  bool      `json:"waiting,omitempty"`  // for a person
	Side     string    `json:"side"`               // whose side a hang is on: "server's side"; else "usual: p95 15s", or empty
	Headline string    `json:"headline,omitempty"` // of one that hangs
	Detail   string    `json:"detail,omitempty"`
	Stations []Station `json:"stations,omitempty"`
}

// LiveSession is a session that is live, over the last five minutes.
type LiveSession struct {
	Session
	Run    string   `json:"run"`
	Client string   `json:"client"`
	Rate   int      `json:"rate"`          // calls in the last minute
	CPU    *float64 `json:"cpu,omitempty"` // processors in use
	Memory *int64   `json:"memory,omitempty"`
	Recent Strip    `json:"recent"` // of the last five minutes; its times count from five minutes before Now
}

// Ended is an operation that has ended.
type Ended struct {
	Place
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Server  string    `json:"server"`
	Name    string    `json:"name"`
	Asked   bool      `json:"asked,omitempty"` // by the server
	Took    float64   `json:"took"`
	Size    *int64    `json:"size,omitempty"` // of the answer
	Outcome Outcome   `json:"outcome"`
}

// Events are what GET /api/v1/events sends, as server-sent events whose ids a later request names in Last-Event-ID. An event's
// name is that of the field it has here.
type Events struct {
	// Hello comes first, and again when what was missed is no longer known: the page reads again what it shows.
	Hello *Hello `json:"hello,omitempty"`
	// Runs are those that are new, or of which something has changed.
	Runs *RunsEvent `json:"runs,omitempty"`
	// Gone are sessions that were removed from the store.
	Gone *GoneEvent `json:"gone,omitempty"`
	// Operations have ended, hang, or are open for a while.
	Operations *Operations `json:"operations,omitempty"`
	// Live is what has changed of it: the whole, without Ended but for those that are new.
	Live *Live `json:"live,omitempty"`
	// Attention is all that needs a look.
	Attention *AttentionEvent `json:"attention,omitempty"`
	// Listing says that what was being read of stored sessions is complete: the page reads again what it shows of it.
	Listing *Reply `json:"listing,omitempty"`
	// Trouble is a sentence about something that cannot be read.
	Trouble *TroubleEvent `json:"trouble,omitempty"`
	// Bye says that the server ends.
	Bye *Reply `json:"bye,omitempty"`
}

// Hello begins a stream.
type Hello struct {
	Reply
	Reset bool `json:"reset"` // something may have been missed
}

// RunsEvent has runs.
type RunsEvent struct {
	Reply
	Runs []Run `json:"runs"`
}

// GoneEvent names sessions that are gone.
type GoneEvent struct {
	Reply
	Sessions []string `json:"sessions"`
}

// AttentionEvent has what needs a look.
type AttentionEvent struct {
	Reply
	Alerts []Alert `json:"alerts"`
	Hung   int     `json:"hung"` // operations that hang now
}

// TroubleEvent has a sentence.
type TroubleEvent struct {
	Reply
	Text string `json:"text"`
}
