package session

// flights is the requests in flight, by what their ids are like. Requests whose ids are exactly the same are twins: they stand
// in line, first in, first out. Those whose ids are only alike are in different lines. Adding, finding and removing take
// the same time however long a line is; the lines of one key are few, since there are only so many ways to write a
// number.
type flights map[key]*Operation // the head of the first line

// flight is an operation's place among the requests in flight.
type flight struct {
	is         bool // it is in flight
	prev, next *Operation
	last       *Operation // of the line's head: the end of the line
	line       *Operation // of the line's head: the head of the next line
}

// add puts the operation at the end of the line of its current id, and says whether there was one.
func (f flights) add(op *Operation) (twin bool) {
	k := op.current.key(op.Dir)
	head := f[k]
	for line := head; line != nil; line = line.flight.line {
		if line.current.exact() != op.current.exact() {
			continue
		}
		op.flight = flight{is: true, prev: line.flight.last}
		line.flight.last.flight.next = op
		line.flight.last = op
		line.Ambiguous, op.Ambiguous = true, true
		return true
	}
	op.flight = flight{is: true, last: op, line: head}
	f[k] = op
	return false
}

// find returns the first request that has exactly the id, else the only one whose id is alike.
func (f flights) find(dir Direction, id Ref) (op *Operation, same bool) {
	head := f[id.key(dir)]
	for line := head; line != nil; line = line.flight.line {
		if line.current.exact() == id.exact() {
			return line, true
		}
	}
	if head != nil && head.flight.line == nil && head.flight.next == nil && id.legal() {
		return head, false
	}
	return nil, false
}

// remove takes the operation out, if it is in flight.
func (f flights) remove(op *Operation) {
	at := op.flight
	if !at.is {
		return
	}
	op.flight = flight{}
	if at.prev == nil {
		f.succeed(op, at)
		return
	}
	at.prev.flight.next = at.next
	if at.next != nil {
		at.next.flight.prev = at.prev
		return
	}
	for line := f[op.current.key(op.Dir)]; line != nil; line = line.flight.line {
		if line.flight.last == op {
			line.flight.last = at.prev
		}
	}
}

// succeed puts the next in line, or the next line, into the place of a line's head.
func (f flights) succeed(op *Operation, at flight) {
	k, heir := op.current.key(op.Dir), at.line
	if at.next != nil {
		heir = at.next
		heir.flight.prev, heir.flight.last, heir.flight.line = nil, at.last, at.line
	}
	if f[k] != op {
		line := f[k]
		for line.flight.line != op {
			line = line.flight.line
		}
		line.flight.line = heir
	} else if heir != nil {
		f[k] = heir
	} else {
		delete(f, k)
	}
}
