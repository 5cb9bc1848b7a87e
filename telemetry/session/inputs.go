package session

import "slices"

// Multi round-trip requests (2026-07-28, basic/patterns/mrtr): a response with resultType input_required does not end
// a call. The client asks its user and sends the request again, under a new id, with the user's inputResponses and
// the server's opaque requestState. Nothing else ties the two together. To the user it is one call, so it is one
// operation.

// awaiting returns the operation that a request continues, and whether several could be meant. It compares what
// identifies a call, from the surest to the least sure: the state; the arguments, since a client may write a state with
// other escapes and the server need not give one; then just the method and the target. Of several that are equal it
// returns the first. It returns none if several have nothing in common with the retry but the method and the target.
func (t *Tracker) awaiting(m *Message) (op *operation, ambiguous bool) {
	x := m.optional()
	if !x.HasInput && x.State == 0 {
		return nil, false
	}
	var calls []*operation
	for _, op := range t.open {
		if op.state == onInput && op.dir == m.Dir && op.Method == m.Method && op.Target == m.Target {
			calls = append(calls, op)
		}
	}
	for _, same := range []func(*operation) bool{
		func(op *operation) bool { return op.inputState == x.State && x.State != 0 },
		func(op *operation) bool { return op.arguments == m.Arguments },
		func(*operation) bool { return len(calls) == 1 },
	} {
		if i := slices.IndexFunc(calls, same); i >= 0 {
			return calls[i], slices.ContainsFunc(calls[i+1:], same)
		}
	}
	return nil, false
}
