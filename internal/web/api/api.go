/*
Package api holds the shapes of the page's data, as docs/ui-api.md describes them. Times are RFC 3339, durations seconds, sizes
bytes, tokens estimates, shares between 0 and 1; a field that is absent is not known, or there is none. Every object on the
outside has a version; fields may be added within one.

Texts that contain names of peers are safe to show (see view.Steady): the page neither cleans nor interprets them. Fields that
are named "key" name things in requests.

The declarations of api.d.ts are made of these types, so that the page's code is checked against them.
*/
package api

import "time"

// Version is that of every reply.
const Version = 1

// Reply is what every reply begins with.
type Reply struct {
	Version int       `json:"version"`
	Now     time.Time `json:"now"` // by the server's clock
}

// NewReply returns the beginning of a reply about a time.
func NewReply(now time.Time) Reply { return Reply{Version: Version, Now: now} }

// Failure is the body of a reply whose status is 400 or above.
type Failure struct {
	Version int    `json:"version"`
	Error   string `json:"error"`          // one line: what is wrong, where
	Next    string `json:"next,omitempty"` // what to do
	Term    string `json:"term,omitempty"` // the term of the filter that is invalid
}

// Tone is what a color stands for. A word or a mark always says the same.
type Tone string

// The tones.
const (
	Quiet  Tone = "quiet"  // ok, labels
	Ok     Tone = "ok"     // live, work
	Bad    Tone = "bad"    // failed, hung
	Late   Tone = "late"   // late, bad request, changed, large
	Person Tone = "person" // a person's time
	Gone   Tone = "gone"   // cancelled
)

// Remark is a text with its tone.
type Remark struct {
	Text string `json:"text"`
	Tone Tone   `json:"tone"`
}

// Fact is a label with what it is about.
type Fact struct {
	Label string `json:"label"`
	Text  string `json:"text"`
	Tone  Tone   `json:"tone,omitempty"`
}

// Place is where something is to be looked at: a run, perhaps one of its sessions and operations.
type Place struct {
	Run       string `json:"run,omitempty"`
	Session   string `json:"session,omitempty"`
	Operation uint64 `json:"operation,omitempty"`
}

// Excluding is the term of a filter without which something would match.
type Excluding struct {
	Term    string `json:"term"`
	Without string `json:"without"` // the filter without it
	Matches int    `json:"matches"` // then
}

// Token is the reply to POST /api/v1/token.
type Token struct {
	Reply
	Token string `json:"token"`
}

// Code is the body of POST /api/v1/token.
type Code struct {
	Code string `json:"code"`
}

// Store is the reply to GET /api/v1/store: what the page's frame shows.
type Store struct {
	Reply
	Dir      string `json:"dir"` // of the store, as it is shown
	Sessions int    `json:"sessions"`
	Size     int64  `json:"size"`
	Limit    int64  `json:"limit,omitempty"`   // of the size
	Hung     int    `json:"hung"`              // operations that hang now
	Since    string `json:"since"`             // the range to begin with, as a value of --since
	Content  string `json:"content"`           // how many sessions have captured content, in words
	Sends    string `json:"sends"`             // what the page sends, in a sentence
	Problem  string `json:"problem,omitempty"` // with the store
}
