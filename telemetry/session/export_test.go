package session

import "github.com/spanpipe/spanpipe/framing"

// What tests must see of the inside: what the conversations print and records do not hold, and that nothing is left
// behind.

// Live is the live state of an operation.
type Live = operation

// Live returns the open operation with the number.
func (t *Tracker) Live(number uint64) *Live {
	for _, list := range [][]*operation{t.open.usual, t.open.lasting, t.open.settled} {
		for _, op := range list {
			if op.Number == number {
				return op
			}
		}
	}
	return nil
}

// IDType is the type of the latest request's id.
func (op *operation) IDType() framing.IDType { return op.id.Type }

// Reply is the Extra of the latest answer.
func (op *operation) Reply() *Extra { return op.reply }

// Left describes what a tracker still holds on to; a closed one must hold nothing.
func (t *Tracker) Left() map[string]int {
	return map[string]int{
		"usual": len(t.open.usual), "lasting": len(t.open.lasting), "settled": len(t.open.settled),
		"flights": len(t.flights), "working": len(t.working), "tokens": len(t.tokens), "tasks": len(t.tasks),
		"inputs": len(t.inputs), "early": len(t.early), "probe": map[bool]int{true: 1}[t.probe != nil],
	}
}

// Opened is how many operations are open.
func (t *Tracker) Opened() int { return t.open.len() }

// EarlyPlaces is how many places the queue of early answers takes.
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
func Like(a, b Ref) bool { return a.kind == b.kind && a.like == b.like }

const (
	MaxNames     = maxNames
	MaxEarly     = maxEarly
	MaxGivenUp   = maxGivenUp
	MaxEvents    = maxEvents
	MaxArguments = maxArguments
)
