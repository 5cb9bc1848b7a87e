package session

import "github.com/spanpipe/spanpipe/telemetry/record"

// Multi round-trip requests (2026-07-28, basic/patterns/mrtr): a response with resultType input_required does not end
// a call. The client asks its user and sends the request again, under a new id, with the user's inputResponses and
// the server's opaque requestState. Nothing else ties the two together. To the user it is one call, so it is one
// operation.

// inputs holds the operations that wait for a retry, by all that may identify them, each list in order of their responses.
type inputs map[inputKey][]*operation

// inputKey is what a call and its retry have in common.
type inputKey struct {
	dir            record.Direction
	method, target string
	by             identity
	hash           uint64
}

// identity is what identifies a call, from the surest to the least sure: the state; the arguments, since a client may
// write a state with other escapes and the server need not give one; then just the method and the target.
type identity uint8

const (
	byState identity = iota
	byArguments
	byTarget
	identities
)

// key returns a call's key; it has none without a state.
func (by identity) key(dir record.Direction, method, target string, state, arguments uint64) (k inputKey, ok bool) {
	hash := [identities]uint64{byState: state, byArguments: arguments}[by]
	return inputKey{dir, method, target, by, hash}, by != byState || state != 0
}

func (a inputs) add(op *operation) {
	for by := range identities {
		if k, ok := by.key(op.dir, op.Method, op.Target, op.inputState, op.arguments); ok {
			a[k] = append(a[k], op)
		}
	}
}

// remove removes an operation that waits.
func (a inputs) remove(op *operation) {
	for by := range identities {
		k, _ := by.key(op.dir, op.Method, op.Target, op.inputState, op.arguments)
		if list := without(a[k], op); len(list) > 0 {
			a[k] = list
		} else {
			delete(a, k)
		}
	}
}

// find returns the operation that a request continues, and whether several could be meant. Of several that are equal it
// returns the first. It returns none if several have nothing in common with the retry but the method and the target.
func (a inputs) find(m *Message) (op *operation, ambiguous bool) {
	x := m.optional()
	if !x.HasInput && x.State == 0 {
		return nil, false
	}
	for by := range identities {
		k, ok := by.key(m.Dir, m.Method, m.Target, x.State, m.Arguments)
		list := a[k]
		if ok && (len(list) == 1 || len(list) > 1 && by != byTarget) {
			return list[0], len(list) > 1
		}
	}
	return nil, false
}
