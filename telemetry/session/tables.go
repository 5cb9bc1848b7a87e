package session

import (
	"math"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// All open operations are in one slice, in order of arrival, and what an operation waits for is in the operation. A
// host has a few operations open at once, and at the bound of a few thousand a search takes microseconds. Only what a
// flood of requests needs is indexed: their ids and progress tokens.

// flights holds the requests in flight by what their ids are like, each list in order of arrival. One index serves
// exact ids and those that are only alike, since equal ids are alike too.
type flights map[key][]*operation

// add adds an operation and reports whether there is one with exactly its id. A response could be for either.
func (f flights) add(op *operation) (duplicate bool) {
	k := op.id.key(op.dir)
	for _, other := range f[k] {
		if other.id == op.id {
			other.Ambiguous, op.Ambiguous, duplicate = true, true, true
			break // the first marks all
		}
	}
	f[k] = append(f[k], op)
	return duplicate
}

// find returns the first operation that has exactly the id, else the only one whose id is alike. Of several that are
// alike, none is: to guess would give a call the outcome of another.
func (f flights) find(dir record.Direction, id Ref) (op *operation, exact bool) {
	list := f[id.key(dir)]
	for _, op := range list {
		if op.id == id {
			return op, true
		}
	}
	if len(list) == 1 && id.legal() {
		return list[0], false
	}
	return nil, false
}

// remove removes an operation if it is in flight.
func (f flights) remove(op *operation) {
	k := op.id.key(op.dir)
	if list := without(f[k], op); len(list) > 0 {
		f[k] = list
	} else {
		delete(f, k)
	}
}

// removeAt removes an element. To remove the first, which is the most frequent case in a long slice, it moves nothing:
// in a flood, slices.Delete would move the whole table with each request (docs/adr/0016).
func removeAt[T any](s []T, i int) []T {
	if i > 0 || len(s) == 1 {
		return slices.Delete(s, i, i+1)
	}
	clear(s[:1]) // for the garbage collector
	return s[1:]
}

// without removes an operation from a list that may have it.
func without(list []*operation, op *operation) []*operation {
	if i := slices.Index(list, op); i >= 0 {
		return removeAt(list, i)
	}
	return list
}

// maxEarly bounds the responses that wait for their request, which is only as far behind as the other direction's
// reader.
const maxEarly = 1024

// earlyResponses holds responses whose request has not been observed, in order of arrival.
type earlyResponses []*Message

// add adds a copy of a response. If there is no room it returns the one that has waited longest.
func (a *earlyResponses) add(m *Message) (overflow *Message) {
	if len(*a) == maxEarly {
		overflow = a.take(0)
	}
	kept := *m
	*a = append(*a, &kept)
	return overflow
}

// find takes the first response with exactly the request's id, else the first with one that is alike. No response is
// older than its request.
func (a *earlyResponses) find(op *operation) (m *Message, exact bool) {
	alike := func(m *Message) bool {
		return m.Dir != op.dir && m.Last >= op.asked && m.ID.key(op.dir) == op.id.key(op.dir)
	}
	i := slices.IndexFunc(*a, func(m *Message) bool { return alike(m) && m.ID.Ref == op.id })
	if exact = i >= 0; !exact {
		i = slices.IndexFunc(*a, alike)
	}
	if i < 0 {
		return nil, false
	}
	return a.take(i), exact
}

// expired takes the first response if it was read at the limit or before.
func (a *earlyResponses) expired(limit time.Duration) *Message {
	if len(*a) == 0 || (*a)[0].Last > limit {
		return nil
	}
	return a.take(0)
}

func (a *earlyResponses) take(i int) *Message {
	m := (*a)[i]
	*a = removeAt(*a, i)
	return m
}

// maxGivenUp bounds the ids that are remembered after their request was given up.
const maxGivenUp = 1024

// givenUp remembers the ids of requests that the tracker no longer waits for, although a response may still come. The
// oldest are forgotten first. An id occurs as often as it was given up.
type givenUp []givenUpID

type givenUpID struct {
	id     Ref
	dir    record.Direction // of the request
	number uint64           // of the operation
	method string
	at     time.Duration // when it was given up
}

func (g givenUp) find(dir record.Direction, id Ref) int {
	return slices.IndexFunc(g, func(one givenUpID) bool { return one.id == id && one.dir == dir })
}

func (g givenUp) has(dir record.Direction, id Ref) bool { return g.find(dir, id) >= 0 }

func (g *givenUp) add(op *operation, at time.Duration) {
	if len(*g) == maxGivenUp {
		*g = removeAt(*g, 0)
	}
	*g = append(*g, givenUpID{op.id, op.dir, op.Number, op.Method, at})
}

// take removes the id once, and returns what was remembered with it.
func (g *givenUp) take(dir record.Direction, id Ref) (one givenUpID, ok bool) {
	i := g.find(dir, id)
	if i < 0 {
		return givenUpID{}, false
	}
	one = (*g)[i]
	*g = removeAt(*g, i)
	return one, true
}

const (
	maxSpent = 256         // progress tokens that are remembered after their request has ended
	crossing = time.Second // how long progress may cross the cancellation of its request
)

// spent remembers the latest progress tokens of requests that have ended. It is a ring.
type spent struct {
	tokens []spentToken
	next   int
}

type spentToken struct {
	key  key
	late time.Duration // from when on progress is late
}

// add adds the token of an operation that ends. Progress after the answer is late at once. A cancellation may cross it,
// and what has expired may still be open.
func (s *spent) add(op *operation, at time.Duration) {
	token := spentToken{key: op.token.key(op.dir)}
	switch {
	case op.token.Type == framing.NoID:
		return
	case op.ErrorType == semconv.ErrExpired:
		token.late = math.MaxInt64
	case !op.Answered:
		token.late = at + crossing
	}
	if len(s.tokens) < maxSpent {
		s.tokens = append(s.tokens, token)
		return
	}
	s.tokens[s.next] = token
	s.next = (s.next + 1) % maxSpent
}

// find returns when progress with a token became late, and whether the token is remembered. The same token may be used
// again, so the time is that of its last use.
func (s *spent) find(k key) (late time.Duration, known bool) {
	for _, token := range s.tokens {
		if token.key == k {
			late, known = max(late, token.late), true
		}
	}
	return late, known
}

// maxArguments bounds the arguments that are remembered.
const maxArguments = 2048

// firstCalls remembers which operation was the first to have some arguments, by their hash.
type firstCalls map[uint64]uint64

// of returns the number of the first operation with the arguments: the given one if none is remembered. A full table
// starts again. A loop does not fill it, so at most one run of equal calls in a few thousand looks shorter than it was.
func (f firstCalls) of(arguments, number uint64) uint64 {
	if first, ok := f[arguments]; ok {
		return first
	}
	if len(f) == maxArguments {
		clear(f)
	}
	f[arguments] = number
	return number
}
