package session

// Multi round-trip requests (2026-07-28, basic/patterns/mrtr): an answer with resultType input_required does not end a
// call. The client asks its user and sends the request again, under a new id, with the user's inputResponses and the
// server's opaque requestState. Nothing else ties the two together.

// candidates counts operations that a retry may belong to.
type candidates struct {
	first *operation
	count int
}

func (c *candidates) add(op *operation) {
	if c.count++; c.count == 1 {
		c.first = op
	}
}

// awaiting returns the operation that a request continues, and whether several could be meant. It compares what identifies
// a call, from the surest to the least sure: the state; the arguments, since a client may write a state with other
// escapes and the server need not give one; then just the method and the target. Of several that are equal it returns
// the first. It returns none if several have nothing in common with the retry but the method and the target.
func (t *Tracker) awaiting(m *Message) (op *operation, ambiguous bool) {
	x := m.rare()
	if !x.HasInput && x.State == 0 {
		return nil, false
	}
	var byState, byArguments, byCall candidates
	for _, op := range t.open {
		if op.state != onInput || op.dir != m.Dir || op.Method != m.Method || op.Target != m.Target {
			continue
		}
		byCall.add(op)
		if op.arguments == m.Arguments {
			byArguments.add(op)
		}
		if op.inputState == x.State && op.inputState != 0 {
			byState.add(op)
		}
	}
	switch {
	case byState.count > 0:
		return byState.first, byState.count > 1
	case byArguments.count > 0:
		return byArguments.first, byArguments.count > 1
	case byCall.count == 1:
		return byCall.first, false
	}
	return nil, false
}
