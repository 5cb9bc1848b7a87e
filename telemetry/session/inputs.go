package session

import (
	"container/list"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Multi round-trip requests (2026-07-28, basic/patterns/mrtr): an answer with resultType input_required is no end. The
// client asks its user and sends the request again, under a new id, with the user's inputResponses and the server's opaque
// requestState. Nothing else ties the two together.

// inputs is the operations that wait for such a retry, in the lists where a retry looks for them, from the surest to the
// least sure. Each list is in order of arrival.
type inputs map[inputKey]*list.List

type inputKey struct {
	by             uint8 // one of the lists below
	dir            Direction
	method, target string
	hash           uint64
}

const (
	byState     = iota // the same requestState
	byArguments        // the same arguments: a client may write a state with other escapes, or the server may give none
	byCall             // the same method and target
	inputLists
)

func inputKeys(op *Operation, state uint64) (keys [inputLists]inputKey) {
	for by, hash := range [inputLists]uint64{byState: state, byArguments: op.Arguments, byCall: 0} {
		keys[by] = inputKey{uint8(by), op.Dir, op.Method, op.Target, hash}
	}
	return keys
}

// awaitInput keeps an operation open until it is tried again.
func (t *Tracker) awaitInput(op *Operation, m *Message) {
	op.state, op.Answered, op.FirstByte = onInput, false, 0
	op.suspend(m.Last, semconv.InputEvent)
	op.input = &inputWait{keys: inputKeys(op, m.Extra.State)}
	for i, k := range op.input.keys {
		if t.inputs[k] == nil {
			t.inputs[k] = list.New()
		}
		op.input.places[i] = t.inputs[k].PushBack(op)
	}
}

// resumed finds the operation that a request continues, and continues it. It returns nil for any other request.
func (t *Tracker) resumed(m *Message) *Operation {
	if m.Extra == nil || !m.Extra.Answers && m.Extra.State == 0 {
		return nil
	}
	op, ambiguous := t.inputs.find(m)
	if op == nil {
		return nil
	}
	t.inputs.remove(op)
	op.Ambiguous = op.Ambiguous || ambiguous
	op.current = m.ID.Ref
	op.resume(m.Last)
	op.event(semconv.RetryEvent, m.Last)
	op.RoundTrips++
	op.RequestSize += m.Size
	return op
}

// find returns the operation that waits for the retry. Of several that cannot be told apart it is the first, and
// ambiguous; of several with other arguments it is none.
func (in inputs) find(m *Message) (op *Operation, ambiguous bool) {
	like := Operation{Dir: m.Dir, Method: m.Method, Target: m.Target, Arguments: m.Arguments}
	for by, k := range inputKeys(&like, m.Extra.State) {
		l := in[k]
		if l == nil || by == byState && k.hash == 0 || by == byCall && l.Len() > 1 {
			continue
		}
		return l.Front().Value.(*Operation), l.Len() > 1
	}
	return nil, false
}

// remove takes an operation out, if it waits.
func (in inputs) remove(op *Operation) {
	if op.input == nil {
		return
	}
	for i, k := range op.input.keys {
		l := in[k]
		if l.Remove(op.input.places[i]); l.Len() == 0 {
			delete(in, k)
		}
	}
	op.input = nil
}
