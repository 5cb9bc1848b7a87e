package session

import "time"

// openList is operations in order of arrival.
type openList struct {
	first, last *Operation
	length      int
}

// openLink is an operation's place in the one list that it is in.
type openLink struct {
	in         *openList
	prev, next *Operation
}

func (l *openList) push(op *Operation) {
	op.open = openLink{in: l, prev: l.last}
	if l.last != nil {
		l.last.open.next = op
	} else {
		l.first = op
	}
	l.last = op
	l.length++
}

// remove takes the operation out of the list that it is in.
func (op *Operation) remove() {
	l, prev, next := op.open.in, op.open.prev, op.open.next
	if prev != nil {
		prev.open.next = next
	} else {
		l.first = next
	}
	if next != nil {
		next.open.prev = prev
	} else {
		l.last = prev
	}
	op.open = openLink{}
	l.length--
}

// maxEarly bounds the answers that wait for their request. They wait for the other goroutine's next turn at most.
const maxEarly = 1024

// earlyAnswers holds answers whose request has not been seen, in order of arrival.
type earlyAnswers struct {
	queue []earlyAnswer
	head  int         // queue[:head] is used up
	live  int         // entries that still wait
	byKey map[key]int // how many of them there are
}

type earlyAnswer struct {
	key   key
	msg   Message
	taken bool
}

// put lets an answer wait. If there is no room it returns the one that has waited longest.
func (a *earlyAnswers) put(k key, m *Message) (overflow Message, full bool) {
	if a.live == maxEarly {
		overflow, full = a.take(a.head), true
	}
	if len(a.queue) >= 2*maxEarly {
		a.compact()
	}
	if a.byKey == nil {
		a.byKey = map[key]int{}
	}
	a.queue = append(a.queue, earlyAnswer{key: k, msg: *m})
	a.byKey[k]++
	a.live++
	return overflow, full
}

// find takes out the first answer to a request with exactly the id, else the first with one alike. No answer is older than
// its request, which was read at the given time.
func (a *earlyAnswers) find(k key, id Ref, asked time.Duration) (m Message, same, ok bool) {
	if a.byKey[k] == 0 {
		return Message{}, false, false
	}
	alike := -1
	for i := a.head; i < len(a.queue); i++ {
		e := &a.queue[i]
		if e.taken || e.key != k || e.msg.Last < asked {
			continue
		}
		if e.msg.ID.exact() == id.exact() {
			return a.take(i), true, true
		}
		if alike < 0 {
			alike = i
		}
	}
	if alike >= 0 {
		return a.take(alike), false, true
	}
	return Message{}, false, false
}

// expire gives up all answers that came before the limit.
func (a *earlyAnswers) expire(limit time.Duration, orphan func(*Message)) {
	for a.live > 0 && a.queue[a.head].msg.Last <= limit {
		m := a.take(a.head)
		orphan(&m)
	}
}

// take takes one out. Its place stays until those before it are gone: answers wait in a short queue, and not for long.
func (a *earlyAnswers) take(i int) Message {
	e := &a.queue[i]
	m := e.msg
	if a.byKey[e.key]--; a.byKey[e.key] == 0 {
		delete(a.byKey, e.key)
	}
	*e = earlyAnswer{taken: true}
	a.live--
	for a.head < len(a.queue) && a.queue[a.head].taken {
		a.head++
	}
	if a.live == 0 {
		a.queue, a.head = a.queue[:0], 0
	}
	return m
}

// compact makes room behind the queue.
func (a *earlyAnswers) compact() {
	kept := a.queue[:0]
	for i := a.head; i < len(a.queue); i++ {
		if !a.queue[i].taken {
			kept = append(kept, a.queue[i])
		}
	}
	clear(a.queue[len(kept):])
	a.queue, a.head = kept, 0
}

// maxTombstones bounds the ids that are remembered after their operation was given up.
const maxTombstones = 1024

// tombstones remembers ids whose answer may still come although nobody waits for it. The oldest are forgotten first.
// Those of one id are chained, the latest first: what is behind one that has been overwritten is older, and gone too.
type tombstones struct {
	latest map[grave]uint64 // number of the latest
	ring   [maxTombstones]tombstone
	number uint64 // of the one buried last; the first is 1
}

type grave struct {
	id  exact
	dir Direction // of the request
}

type tombstone struct {
	grave  grave
	number uint64 // 0 if it has been taken
	before uint64 // number of the one of the same id before it
}

func (g *tombstones) at(number uint64) *tombstone { return &g.ring[number%maxTombstones] }

func (g *tombstones) bury(dir Direction, id Ref) {
	if g.latest == nil {
		g.latest = map[grave]uint64{}
	}
	g.number++
	s := g.at(g.number)
	if s.number != 0 && g.latest[s.grave] == s.number {
		delete(g.latest, s.grave)
	}
	at := grave{id.exact(), dir}
	*s = tombstone{at, g.number, g.latest[at]}
	g.latest[at] = g.number
}

// take removes a tombstone of the id, and says whether there was one.
func (g *tombstones) take(dir Direction, id Ref) bool {
	at := grave{id.exact(), dir}
	number, ok := g.latest[at]
	if !ok {
		return false
	}
	s := g.at(number)
	if s.before != 0 && g.at(s.before).number == s.before {
		g.latest[at] = s.before
	} else {
		delete(g.latest, at)
	}
	s.number = 0
	return true
}

// has says whether there is a tombstone of the id.
func (g *tombstones) has(dir Direction, id Ref) bool { return g.latest[grave{id.exact(), dir}] != 0 }
