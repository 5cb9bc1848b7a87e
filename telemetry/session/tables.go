package session

import "time"

// list is the open operations in order of arrival.
type list struct {
	first, last *Operation
	length      int
}

func (l *list) push(op *Operation) {
	op.prev, op.next = l.last, nil
	if l.last != nil {
		l.last.next = op
	} else {
		l.first = op
	}
	l.last = op
	l.length++
}

func (l *list) remove(op *Operation) {
	if op.prev != nil {
		op.prev.next = op.next
	} else {
		l.first = op.next
	}
	if op.next != nil {
		op.next.prev = op.prev
	} else {
		l.last = op.prev
	}
	op.prev, op.next = nil, nil
	l.length--
}

// maxEarly bounds the answers that wait for their request. They wait for the other goroutine's next turn at most.
const maxEarly = 1024

// answers holds answers whose request has not been seen, in order of arrival.
type answers struct {
	waiting []keyedAnswer
	head    int // waiting[:head] is used up
}

type keyedAnswer struct {
	key key
	msg Message
}

// put lets an answer wait. If there is no room it returns the one that has waited longest.
func (a *answers) put(k key, m *Message) (overflow Message, full bool) {
	if len(a.waiting)-a.head == maxEarly {
		overflow, full = a.waiting[a.head].msg, true
		a.drop(a.head)
	}
	if a.head >= maxEarly {
		a.waiting = append(a.waiting[:0], a.waiting[a.head:]...)
		a.head = 0
	}
	a.waiting = append(a.waiting, keyedAnswer{k, *m})
	return overflow, full
}

// take finds the first answer to a request with the id that was read at the given time: no answer is older than its
// request.
func (a *answers) take(k key, id ID, asked time.Duration) (Message, bool) {
	for i := a.head; i < len(a.waiting); i++ {
		w := &a.waiting[i]
		if w.key == k && w.msg.ID.same(id) && w.msg.Last >= asked {
			m := w.msg
			a.drop(i)
			return m, true
		}
	}
	return Message{}, false
}

// expire gives up all answers that came before the limit.
func (a *answers) expire(limit time.Duration, orphan func(*Message)) {
	for a.head < len(a.waiting) && a.waiting[a.head].msg.Last <= limit {
		m := a.waiting[a.head].msg
		a.drop(a.head)
		orphan(&m)
	}
}

func (a *answers) drop(i int) {
	if i != a.head {
		a.waiting = append(a.waiting[:i], a.waiting[i+1:]...)
		return
	}
	a.waiting[i] = keyedAnswer{}
	if a.head++; a.head == len(a.waiting) {
		a.waiting, a.head = a.waiting[:0], 0
	}
}

// maxTombstones bounds the ids that are remembered after their operation was given up.
const maxTombstones = 1024

// tombstones remembers ids whose answer may still come although nobody waits for it. The oldest are forgotten first.
type tombstones struct {
	ids  map[tombstone]int // how many of the same
	ring [maxTombstones]tombstone
	at   int
}

type tombstone struct {
	key  key
	hash uint64
}

func (g *tombstones) bury(k key, id ID) {
	if g.ids == nil {
		g.ids = map[tombstone]int{}
	}
	if old := g.ring[g.at]; g.ids[old] > 0 {
		g.remove(old)
	}
	s := tombstone{k, id.Hash}
	g.ring[g.at] = s
	g.at = (g.at + 1) % maxTombstones
	g.ids[s]++
}

func (g *tombstones) take(k key, id ID) bool {
	s := tombstone{k, id.Hash}
	if g.ids[s] == 0 {
		return false
	}
	g.remove(s)
	return true
}

func (g *tombstones) remove(s tombstone) {
	if g.ids[s]--; g.ids[s] == 0 {
		delete(g.ids, s)
	}
}
