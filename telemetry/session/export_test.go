package session

import (
	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// What tests must see of the inside: what the conversations print and records do not hold, and that nothing is left
// behind.

// HasName is the fact that a request names its target.
const HasName = hasName

// Live is the live state of an operation.
type Live = operation

// Live returns the open operation with the number.
func (t *Tracker) Live(number uint64) *Live {
	return t.last(func(op *operation) bool { return op.Number == number })
}

// IDType is the type of the latest request's id.
func (op *operation) IDType() framing.IDType { return op.id.Type }

// Reply is the Extra of the latest response.
func (op *operation) Reply() *Extra { return op.reply }

// Left describes what a tracker still holds on to; a closed one must hold nothing.
func (t *Tracker) Left() map[string]int {
	return map[string]int{
		"open": len(t.open), "shown": t.shown, "lasting": t.lasting, "settled": len(t.settled), "flights": len(t.flights), "tokens": len(t.tokens),
		"early": len(t.early), "questions": len(t.questions.open) + len(t.questions.pages), "inputs": len(t.inputs),
	}
}

// Opened is how many operations are open.
func (t *Tracker) Opened() int { return len(t.open) }

// EarlyPlaces is how many places the queue of early responses takes.
func (t *Tracker) EarlyPlaces() int { return cap(t.early) }

// RememberedArguments is how many arguments a tracker remembers.
func (t *Tracker) RememberedArguments() int { return len(t.first) }

// Remembered is how many names a decoder remembers.
func (d *Decoder) Remembered() int { return len(d.names) }

var (
	Classify = classify
	NewRef   = newRef
)

// Like reports whether two ids may stand for one another.
func Like(a, b Ref) bool { return a.key(record.ToServer) == b.key(record.ToServer) }

const (
	MaxNames     = maxNames
	MaxEarly     = maxEarly
	MaxGivenUp   = maxGivenUp
	MaxEvents    = maxEvents
	MaxArguments = maxArguments
)

// Listings returns how many listings a tracker follows, and how many pages and cursors it remembers of one at most.
func (t *Tracker) Listings() (lists, most int) {
	for _, a := range t.listings.open {
		most = max(most, len(a.pages), len(a.cursors))
	}
	return len(t.listings.open), most
}

const (
	MaxListings = maxListings
	MaxPages    = maxPages
)
