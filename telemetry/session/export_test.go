package session

// What tests must see of the inside: that nothing is left behind.

// Left describes what a tracker still holds on to; a closed one must hold nothing.
func (t *Tracker) Left() map[string]int {
	return map[string]int{
		"usual": t.usual.length, "lasting": t.lasting.length, "settled": t.settled.length,
		"flights": len(t.flights), "calls": len(t.calls), "tokens": len(t.tokens), "tasks": len(t.tasks),
		"inputs": len(t.inputs), "early": t.early.live, "early keys": len(t.early.byKey),
		"probe": map[bool]int{true: 1}[t.probe != nil],
	}
}

// Opened is how many operations are open.
func (t *Tracker) Opened() int { return t.usual.length + t.lasting.length + t.settled.length }

// EarlyPlaces is how many places the queue of early answers takes.
func (t *Tracker) EarlyPlaces() int { return len(t.early.queue) }

// Remembered is how many names a decoder remembers.
func (d *Decoder) Remembered() int { return len(d.names) }

var (
	Classify = classify
	NewRef   = newRef
)

// Like says whether two ids may stand for one another.
func Like(a, b Ref) bool { return a.kind == b.kind && a.like == b.like }

const (
	MaxNames      = maxNames
	MaxEarly      = maxEarly
	MaxTombstones = maxTombstones
	MaxEvents     = maxEvents
)
