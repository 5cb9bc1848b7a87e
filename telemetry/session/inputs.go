package session

// Multi round-trip requests (2026-07-28, basic/patterns/mrtr): an answer with resultType input_required does not end a call. The client
// asks its user and sends the request again, under a new id, with the user's inputResponses and the server's opaque requestState.
// Nothing else ties the two together.

// inputs holds the operations that wait for such a retry, in order of arrival.
type inputs []*operation

// find returns the operation that a request continues, and whether several could be meant. It compares what identifies a call, from
// the surest to the least sure: the state; the arguments, since a client may write a state with other escapes and the server need
// not give one; then just the method and the target. Of several that are equal it returns the first. It returns none if only the
// method and the target are equal and several operations have them.
func (in inputs) find(m *Message) (op *operation, ambiguous bool) {
	if m.Extra == nil || !m.Extra.HasInput && m.Extra.State == 0 {
		return nil, false
	}
	var byState, byArguments, byCall inputs
	for _, op := range in {
		if op.dir != m.Dir || op.Method != m.Method || op.Target != m.Target {
			continue
		}
		byCall = append(byCall, op)
		if op.arguments == m.Arguments {
			byArguments = append(byArguments, op)
		}
		if op.inputState == m.Extra.State && op.inputState != 0 {
			byState = append(byState, op)
		}
	}
	for _, list := range []inputs{byState, byArguments} {
		if len(list) > 0 {
			return list[0], len(list) > 1
		}
	}
	if len(byCall) == 1 {
		return byCall[0], false
	}
	return nil, false
}

func (in *inputs) add(op *operation, state uint64) {
	op.inputState = state
	*in = append(*in, op)
}

func (in *inputs) remove(op *operation) { *in = without(*in, op) }
