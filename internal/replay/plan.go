package replay

import (
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
)

// Plan is a recording as a replay needs it. It does not change, and any number of replays may use it.
type Plan struct {
	rec      *recording.Recording
	main     []*step     // the client's lines that begin something, in their order; the last one closes the server's input
	requests []*call     // the client's requests, in their order
	expected []*expected // the server's messages, in their order
	said     []said      // the texts of the client's messages, in their order
	closed   int         // how many of the expected messages came before the client closed the server's input
}

// step is a line of the client's, or the end of what it sends.
type step struct {
	line     recording.Line
	messages []*message
	needs    []*expected   // what must have arrived
	replies  []*step       // what must have been sent; only for steps of Plan.main
	from     time.Duration // when the last of that was there: the client's pause is the time from then
	isClose  bool
	isPast   bool // the server had closed its output before
	needsEnd bool // the server ended first
}

// call is a request of the client's.
type call struct {
	*message
	number    int // from 1
	step      *step
	answer    *expected // nil if the recording has none
	cancelled bool      // the client took it back before it was answered
}

// expected is a message of the recorded server's.
type expected struct {
	*message
	index   int     // in Plan.expected
	call    *call   // an answer's request, or what a notification belongs to; nil for none
	replies []*step // of a request: the client's answer, and the progress that it reported before
	reply   *message
}

// said is the texts of a client's line.
type said struct {
	line int
	text string
}

// Lost returns how many bytes are missing from the recording: one that has lost any cannot be replayed.
func (p *Plan) Lost() int64 { return p.rec.Lost() }

// Requests returns how many requests the client made.
func (p *Plan) Requests() int { return len(p.requests) }

// Redacted reports whether texts of the recording were replaced when it was written.
func (p *Plan) Redacted() bool { return p.rec.Redacted }

// planner reads a recording.
type planner struct {
	*Plan
	tokens    map[string]*call     // the requests by the token for their progress
	waiting   []*call              // requests of the client's without an answer yet
	asked     map[string]*expected // the server's requests without an answer, by id
	reporting map[string]*expected // the server's requests by the token for their progress
	fresh     []*expected          // what the server has said since the last step of Plan.main
	replied   []*step              // since then
	before    time.Duration        // when that step was sent
}

// NewPlan reads a recording.
func NewPlan(rec *recording.Recording) *Plan {
	p := &planner{
		Plan: &Plan{rec: rec}, tokens: map[string]*call{},
		asked: map[string]*expected{}, reporting: map[string]*expected{},
	}
	lines := rec.Lines()
	end, at, serverFirst := endOf(rec, recording.Client)
	serverEnd, _, _ := endOf(rec, recording.Server)
	for number, line := range lines {
		if number == end {
			p.close(at, serverFirst)
		}
		for _, m := range read(number, line) {
			if line.From == recording.Server {
				p.server(m)
			}
		}
		if line.From == recording.Client {
			p.client(&step{line: line, messages: read(number, line), isPast: number >= serverEnd})
		}
	}
	if end >= len(lines) {
		p.close(at, serverFirst)
	}
	return p.Plan
}

// endOf returns how many lines came before a side ended what it says, when that was, and whether the other one had done so before.
// A recording that broke off has no end: then it is after everything.
func endOf(rec *recording.Recording, side recording.Side) (lines int, at time.Duration, otherFirst bool) {
	open := false // the side has written part of a line
	for i := range rec.Events {
		e := &rec.Events[i]
		at = e.At
		switch {
		case len(e.Data) > 0 && e.Data[len(e.Data)-1] == '\n':
			lines++
			open = open && e.From != side
		case len(e.Data) > 0:
			open = open || e.From == side
		case e.End != "" && e.From != side:
			otherFirst = true
		case e.End != "":
			if open {
				lines++
			}
			return lines, at, otherFirst
		}
	}
	return len(rec.Lines()), at, otherFirst
}

// close adds the step that ends the client's side.
func (p *planner) close(at time.Duration, serverFirst bool) {
	s := &step{line: recording.Line{At: at, From: recording.Client}, isClose: true, needsEnd: serverFirst}
	p.follow(s)
	p.closed = len(p.expected)
}

// server adds a message of the server's.
func (p *planner) server(m *message) {
	e := &expected{message: m, index: len(p.expected)}
	p.expected = append(p.expected, e)
	p.fresh = append(p.fresh, e)
	switch m.kind {
	case answer:
		if i := waits(p.waiting, m.id); i >= 0 {
			e.call = p.waiting[i]
			e.call.answer = e
			p.waiting = append(p.waiting[:i:i], p.waiting[i+1:]...)
		}
	case request:
		p.asked[m.id] = e
		if token := m.progressToken(); token != "" {
			p.reporting[token] = e
		}
	case notification:
		e.call = owner(m, p.tokens, p.requests)
	}
}

// waits returns the index of the call that an answer with an id is for, or -1: the id itself, or else one that differs in its type.
func waits(calls []*call, id string) int {
	for _, same := range []func(a, b string) bool{
		func(a, b string) bool { return a == b },
		func(a, b string) bool { return loosely(a) == loosely(b) },
	} {
		for i, c := range calls {
			if id != "" && same(c.id, id) {
				return i
			}
		}
	}
	return -1
}

// owner returns the request that a notification of the server's belongs to, or nil. A token and an id may have been used before.
func owner(m *message, tokens map[string]*call, requests []*call) *call {
	if m.method == "notifications/progress" {
		return tokens[m.progressToken()]
	}
	if id := m.subscription(); id != "" {
		for _, c := range slices.Backward(requests) {
			if c.id == id && c.method == "subscriptions/listen" {
				return c
			}
		}
	}
	return nil
}

// client adds a line of the client's.
func (p *planner) client(s *step) {
	s.from = p.before
	var about []*expected // requests of the server's that the line is about
	others := len(s.messages) == 0
	for _, m := range s.messages {
		p.said = append(p.said, texts(m)...)
		e := p.about(m)
		if e == nil {
			others = true
			p.begin(s, m)
			continue
		}
		about = append(about, e)
		if m.kind == answer {
			e.reply = m
			delete(p.asked, m.id)
		}
	}
	s.needs = about
	if others {
		p.follow(s)
		return
	}
	for _, e := range about {
		e.replies = append(e.replies, s)
		s.from = max(s.from, e.at)
	}
	p.replied = append(p.replied, s)
}

// about returns the request of the server's that a client's message answers, or whose progress it reports.
func (p *planner) about(m *message) *expected {
	switch {
	case m.kind == answer:
		return p.asked[m.id]
	case m.method == "notifications/progress":
		return p.reporting[m.progressToken()]
	}
	return nil
}

// begin notes a request of the client's, or that it takes one back.
func (p *planner) begin(s *step, m *message) {
	switch {
	case m.kind == request:
		c := &call{message: m, number: len(p.requests) + 1, step: s}
		p.requests, p.waiting = append(p.requests, c), append(p.waiting, c)
		if token := m.progressToken(); token != "" {
			p.tokens[token] = c
		}
	case m.method == "notifications/cancelled":
		if i := waits(p.waiting, m.body.member("params", "requestId").scalar()); i >= 0 {
			p.waiting[i].cancelled = true
		}
	}
}

// ping is a request that a timer sends: nothing follows from it.
const ping = "ping"

// follow adds a step to the client's main line. It needs what has arrived since the step before: the answers, the server's
// requests that were answered, and the notifications after the last of the answers. Those before it come before it again,
// unless there is a race between them, which a client cannot have relied on.
func (p *planner) follow(s *step) {
	isLast := true
	for i := len(p.fresh) - 1; i >= 0; i-- {
		e := p.fresh[i]
		switch {
		case e.kind == answer && e.call != nil:
			s.needs, isLast = append(s.needs, e), false
		case e.kind == request && e.reply != nil && e.method != ping, (e.kind == notification || e.kind == answer) && isLast:
			s.needs = append(s.needs, e)
		}
	}
	for _, r := range p.replied {
		for _, e := range r.needs {
			if e.method != ping {
				s.needs = append(s.needs, e)
			}
		}
	}
	for _, e := range s.needs {
		s.from = max(s.from, e.at)
	}
	s.replies, p.fresh, p.replied, p.before = p.replied, nil, nil, s.line.At
	p.main = append(p.main, s)
}
