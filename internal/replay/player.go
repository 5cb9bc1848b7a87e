package replay

import (
	"io"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
)

// Config is how a plan is played.
type Config struct {
	In      io.Reader      // the server's output
	Out     io.WriteCloser // its input; it is closed at the end
	Timeout time.Duration  // for each answer, and for whatever else the client has to wait for; at least 1 ns
	Speed   float64        // the recorded pauses are divided by it; 0: there are none
	// Redact does to a line what was done to the recording's, in the order of the lines; nil: nothing.
	Redact func(from recording.Side, line []byte) []byte
}

// Played is a plan with the fresh server's messages beside the recorded ones.
type Played struct {
	plan     *Plan
	started  time.Time
	ended    time.Time
	outcomes map[*call]*outcome
	asked    map[*expected]*message // the fresh server's requests, by the recorded ones
	unasked  []*message             // those without one
	groups   map[group][]*message   // its notifications
	order    []group                // their groups, in the order in which they came
	noise    []*message
	carried  *carried
	events   []recording.Event
	stopped  string // why the rest was not played; empty if all was
	late     int    // how many lines there were when the client closed the server's input
}

// outcome is the answer to a call.
type outcome struct {
	sent    time.Duration // since the start
	message *message      // nil if there is none
	took    time.Duration
	overdue bool // the wait for it was given up
}

// group is what notifications are compared in: those of one method that belong to one request, or to the session.
type group struct {
	call   *call
	method string
}

func groupOf(c *call, m *message) group {
	if m.kind == answer {
		return group{nil, "an answer to no request"}
	}
	return group{c, m.method}
}

// player plays a plan. One goroutine owns it.
type player struct {
	*Played
	cfg        Config
	calls      map[*step][]*call
	open       []*call          // sent, and not answered
	tokens     map[string]*call // what was sent, by the token for its progress
	requests   []*call          // that were sent
	next       int              // in Plan.main
	ready      []*step          // replies that may be sent
	arrived    map[*expected]time.Time
	gone       map[*expected]bool // the wait for it was given up
	sent       map[*step]time.Time
	since      time.Time // when the step at next became the one that waits
	heard      map[*call]time.Time
	last       time.Time // when the server wrote a line
	missed     int       // answers that were given up since the last one that came
	silent     int       // answers that were given up, one after the other, without a line in between
	over       bool      // the server has closed its output
	byGroup    map[group][]*expected
	size, most int // of what the server has written, and may
	out        *writer
}

// Play plays a plan to a server, and returns when the server has closed its output, or at the latest when it should have.
func (p *Plan) Play(cfg Config) *Played {
	now := time.Now()
	pl := &player{
		Played: &Played{
			plan: p, started: now, outcomes: map[*call]*outcome{}, asked: map[*expected]*message{}, groups: map[group][]*message{},
			carried: newCarried(p),
		},
		cfg: cfg, calls: map[*step][]*call{}, arrived: map[*expected]time.Time{}, gone: map[*expected]bool{},
		tokens: map[string]*call{}, sent: map[*step]time.Time{}, heard: map[*call]time.Time{}, byGroup: map[group][]*expected{}, since: now, last: now,
		out: newWriter(cfg.Out), most: mostOf(p.rec),
	}
	for _, c := range p.requests {
		pl.calls[c.step] = append(pl.calls[c.step], c)
	}
	for _, e := range p.expected {
		if e.kind == notification || e.kind == answer && e.call == nil {
			pl.byGroup[groupOf(e.call, e.message)] = append(pl.byGroup[groupOf(e.call, e.message)], e)
		}
	}
	done := make(chan struct{})
	in := make(chan []byte)
	go readLines(cfg.In, in, done) // ends with the server's output, or here
	pl.run(in)
	close(done)
	pl.ended = time.Now()
	return pl.Played
}

// run plays until the client's side is over, and then waits for the end of the server's output.
func (p *player) run(in <-chan []byte) {
	for p.next < len(p.plan.main) {
		wake := p.advance()
		if p.next == len(p.plan.main) {
			break
		}
		if p.await(in, wake); p.size > p.most {
			p.stopped = "the server writes without end"
			break
		}
	}
	p.out.close(p.cfg.Timeout)
	p.log(recording.Event{From: recording.Client, End: recording.Whole})
	p.late = len(p.events)
	for limit := time.Now().Add(2 * p.cfg.Timeout); !p.over && p.size <= p.most && time.Now().Before(limit); {
		p.await(in, limit)
	}
	if p.over {
		p.log(recording.Event{From: recording.Server, End: recording.Whole})
	}
}

// await waits for a line of the server's, the end of its output, or a time.
func (p *player) await(in <-chan []byte, until time.Time) {
	timer := time.NewTimer(max(time.Until(until), 0))
	defer timer.Stop()
	if p.over {
		in = nil
	}
	select {
	case line, ok := <-in:
		if !ok {
			p.over = true
			return
		}
		p.line(line)
	case <-timer.C:
	}
}

// advance sends what can be sent, and returns when there is something to do again without a line of the server's.
func (p *player) advance() (wake time.Time) {
	wake = time.Now().Add(p.cfg.Timeout)
	earlier := func(t time.Time) {
		if t.Before(wake) {
			wake = t
		}
	}
	p.ready = slices.DeleteFunc(p.ready, func(s *step) bool {
		due := p.due(s)
		if due.After(time.Now()) {
			earlier(due)
			return false
		}
		p.send(s)
		return true
	})
	for p.next < len(p.plan.main) {
		s := p.plan.main[p.next]
		at, isBlocked := p.blocked(s)
		if !isBlocked {
			at = p.due(s)
			isBlocked = at.After(time.Now()) && !p.over
		}
		if isBlocked {
			earlier(at)
			return wake
		}
		p.send(s)
		p.next, p.since = p.next+1, time.Now()
		if p.stopped != "" {
			p.next = len(p.plan.main)
		}
	}
	return wake
}

// blocked reports whether a step must wait, and until when at most.
func (p *player) blocked(s *step) (until time.Time, is bool) {
	now := time.Now()
	until = now.Add(p.cfg.Timeout)
	for _, e := range s.needs {
		if _, ok := p.arrived[e]; ok || p.gone[e] {
			continue
		}
		limit := p.limit(e)
		if p.over || !limit.After(now) {
			p.giveUp(e)
			continue
		}
		is = true
		if limit.Before(until) {
			until = limit
		}
	}
	if s.needsEnd && !p.over {
		if limit := p.since.Add(p.cfg.Timeout); limit.After(now) {
			return limit, true
		}
	}
	for _, r := range s.replies {
		if slices.Contains(p.ready, r) {
			is = true
		}
	}
	return until, is
}

// limit returns when the wait for a message of the server's is given up. A server that reports progress, or was slow when it was
// recorded, has longer, but not forever.
func (p *player) limit(e *expected) time.Time {
	if e.kind != answer || e.call == nil {
		return p.since.Add(p.cfg.Timeout)
	}
	const forever = 10
	sent, patience := p.sent[e.call.step], max(p.cfg.Timeout, 2*(e.at-e.call.at))
	limit := sent.Add(patience)
	if heard := p.heard[e.call]; heard.After(sent) {
		limit = heard.Add(patience)
	}
	if last := sent.Add(forever * patience); limit.After(last) {
		return last
	}
	return limit
}

// giveUp ends the wait for a message.
func (p *player) giveUp(e *expected) {
	p.gone[e] = true
	if e.kind != answer || e.call == nil || p.over {
		return
	}
	if o := p.outcomes[e.call]; o != nil {
		o.overdue = true
	}
	const hangs, talks = 2, 8
	if p.missed++; p.last.After(p.sent[e.call.step]) {
		p.silent = 0
	} else {
		p.silent++
	}
	if p.silent == hangs || p.missed == talks {
		p.stopped = "the server answers nothing any more"
	}
}

// due returns when a step is sent whose needs are there: at once, or after the client's pause.
func (p *player) due(s *step) time.Time {
	from := p.started
	if p.next > 0 && !p.isReply(s) {
		from = p.sent[p.plan.main[p.next-1]]
	}
	for _, e := range s.needs {
		if at := p.arrived[e]; at.After(from) {
			from = at
		}
	}
	if p.cfg.Speed <= 0 {
		return from
	}
	return from.Add(time.Duration(float64(max(s.line.At-s.from, 0)) / p.cfg.Speed))
}

func (p *player) isReply(s *step) bool { return slices.Contains(p.ready, s) }

// send sends a step's line, unless the server is gone or nothing is to be said any more.
func (p *player) send(s *step) {
	p.sent[s] = time.Now()
	switch {
	case s.isClose:
		return
	case p.over && s.isPast:
		return
	case p.over && p.stopped == "":
		p.stopped = "the server has closed its output"
	}
	if p.stopped != "" {
		return
	}
	data := p.carried.adapt(s, p.idOf)
	p.say(data)
	for _, c := range p.calls[s] {
		p.open, p.requests = append(p.open, c), append(p.requests, c)
		if token := c.progressToken(); token != "" {
			p.tokens[token] = c
		}
		p.outcomes[c] = &outcome{sent: p.elapsed()}
	}
}

// idOf returns the id that the fresh server gave the request which a recorded message answers.
func (p *player) idOf(reply *message) string {
	for e, m := range p.asked {
		if e.reply == reply {
			return m.rawID()
		}
	}
	return ""
}

// say writes a line.
func (p *player) say(data []byte) {
	p.out.write(data)
	p.log(recording.Event{From: recording.Client, Data: p.redacted(recording.Client, data)})
}

func (p *player) redacted(from recording.Side, line []byte) []byte {
	if p.cfg.Redact == nil {
		return line
	}
	return p.cfg.Redact(from, line)
}

func (p *player) elapsed() time.Duration { return time.Since(p.started) }

// log notes an event of the fresh conversation.
func (p *player) log(e recording.Event) {
	e.At = p.elapsed()
	p.events = append(p.events, e)
}
