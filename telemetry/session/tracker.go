package session

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Sink receives what a tracker finds. Its methods are called in the order of events, in one goroutine, from within New,
// Observe, Advance and Close. It may keep records and must not change them.
type Sink interface {
	// Opened is called when an operation opens, with the change record.Opened.
	Opened(op *record.Operation)
	// Changed is called with every other change. record.Ended comes exactly once for every operation, and last.
	Changed(op *record.Operation)
	// Noted is called for everything that is not an operation.
	Noted(n record.Note)
}

// Config sets the bounds of a tracker and what is known of the session when it starts. Zero values mean the defaults.
type Config struct {
	// Capacity is how many operations may be open at once. One more ends the oldest as expired. Default 10,000.
	Capacity int
	// HangAfter is how long an operation may be open before it is reported as hanging, and again each time that has
	// doubled. Time in which a person is asked does not count. Requests that stay open by nature never hang. Default 0:
	// no reports.
	HangAfter time.Duration

	Session  record.Session                // what is known from the start: ID, Launched, Started, PID
	Wall     func(time.Duration) time.Time // converts times of the session; nil: Session.Launched plus the time
	Contents Contents                      // which content was asked for

	// Look returns what can be seen beside the messages, for the verdict about an operation that hangs or ends without an
	// answer; the server's processes are wanted only for one that has been open for record.OpenAfter. It is not called
	// otherwise, and must not block. Nil: nothing can be seen.
	Look func(processes bool) Look
}

const (
	// grace is how long a response waits for its request, which the goroutine of the other direction may not have read
	// yet.
	grace = time.Second
	// fetchTime is how long an operation whose task has ended stays open for its result, which need not be fetched.
	fetchTime = 30 * time.Second
	// expiry is how long an operation may be open: its response may have been damaged on the wire. Requests that stay
	// open by nature do not expire.
	expiry = 24 * time.Hour
)

// Tracker turns the messages of one session into records. It is for one goroutine.
type Tracker struct {
	cfg     Config
	sink    Sink
	session record.Session // as last reported
	count   uint64         // operations so far

	open      []*operation // in order of arrival
	shown     int          // how many of the open ones have been reported as still open: the first
	settled   []*operation // those whose task has ended, in the order of that end
	lasting   int          // how many of the open ones stay open by nature
	flights   flights
	inputs    inputs
	tokens    map[key]*operation // by the progress token of their latest request
	questions questions
	early     earlyResponses
	givenUp   givenUp
	stalls    stalls
	first     firstCalls
	listings  listings

	protocol      string // agreed in initialize
	agreed        bool   // session.Protocol is more than what the client has asked for
	uninitialized bool   // initialize has come and was not refused, and notifications/initialized has not come
	spent         spent

	blockages map[record.Direction]blockage
	partial   *operation // the one whose request has not been read as a whole, if that has been reported
}

// New returns a tracker and reports the session to the sink.
func New(cfg Config, sink Sink) *Tracker {
	cfg.Capacity = cmp.Or(cfg.Capacity, 10_000)
	if cfg.Wall == nil {
		cfg.Wall = cfg.Session.Launched.Add
	}
	t := &Tracker{
		cfg: cfg, sink: sink, session: cfg.Session,
		flights: flights{}, inputs: inputs{}, tokens: map[key]*operation{}, first: firstCalls{},
		blockages: map[record.Direction]blockage{}, stalls: stalls{look: cfg.Look},
	}
	if t.session.Time = t.session.Started; t.session.Time.IsZero() {
		t.session.Time = t.session.Launched
	}
	t.sink.Noted(t.session)
	return t
}

// Observe takes the next message. Messages should come in the order of their Last. If the two directions are not quite
// in order, responses wait for their requests. The tracker does not change the message; it may keep its Extra.
func (t *Tracker) Observe(m *Message) {
	t.learn(m)
	if isMessage(m.Kind) {
		t.checkEnvelope(m)
	}
	kind, method := record.OtherMessage, m.Method
	switch m.Kind {
	case framing.Request:
		kind = record.RequestMessage
		t.request(m)
	case framing.Notification:
		kind = record.NotificationMessage
		t.notification(m)
	case framing.Response:
		kind, method = record.ResponseMessage, t.response(m)
	case framing.ErrorResponse:
		kind, method = record.ErrorMessage, t.response(m)
	case framing.NotRPC:
		kind := record.NotJSONRPC
		if m.Reason == framing.Neither && m.ID.legal() {
			kind = record.BadResponse
		}
		t.strayed(kind, m.Reason, m, nil)
	case framing.Malformed:
		t.violation(record.InvalidJSON, m)
	case framing.Foreign:
		t.violation(record.ForeignFraming, m)
	default:
		t.violation(record.Noise, m)
	}
	t.sink.Noted(record.Message{
		Time: t.cfg.Wall(m.Last), Direction: m.Dir, Kind: kind, Method: method, Size: m.Size,
	})
}

// isMessage reports whether what was read is a message of JSON-RPC.
func isMessage(kind framing.Kind) bool {
	return framing.Request <= kind && kind <= framing.ErrorResponse
}

// learn takes names and versions from where peers give them: initialize and its response, and _meta of each message
// since 2026-07-28, which has no handshake. The latest counts.
func (t *Tracker) learn(m *Message) {
	x, before := m.optional(), t.session
	if x.Protocol == "" && x.PeerName == "" {
		return
	}
	if x.Protocol != "" && m.Dir == record.ToServer {
		t.named(m, x.Protocol)
	}
	if x.PeerName != "" {
		peer := record.Peer{Name: x.PeerName, Version: x.PeerVersion}
		if m.Dir == record.ToServer {
			t.session.Client = peer
		} else {
			t.session.Server = peer
		}
	}
	if t.session != before {
		t.noteSession(m.Last)
	}
}

// named takes the version that a client's message names. In a handshake it only proposes one: the server may answer with
// another (basic/lifecycle, version negotiation) or refuse, and the client may try again.
func (t *Tracker) named(m *Message, version string) {
	proposal := isHandshake(m.Dir, m.Method)
	if proposal {
		t.session.Requested = version
	}
	if !t.agreed {
		t.session.Protocol, t.agreed = version, !proposal
	}
}

// shaken takes the response to a client's request. An initialize or server/discover that is refused agrees on nothing
// and says nothing about the session: the client may try an older version, or another handshake on the same connection.
// Any other response, even an error, means that the server is at work.
func (t *Tracker) shaken(op *operation, m *Message) {
	handshake := isHandshake(op.dir, op.Method)
	if op.Method == semconv.Initialize {
		t.negotiated(op, m)
		t.uninitialized = t.uninitialized && m.Kind == framing.Response
	}
	if handshake && m.Kind == framing.ErrorResponse {
		return
	}
	before := t.session
	if handshake {
		t.agreed = true
	}
	if version := m.optional().Protocol; version != "" && op.Method == semconv.Initialize {
		t.protocol, op.Protocol, t.session.Protocol = version, version, version
	}
	if !t.session.Ready {
		t.ready(m.Last)
	} else if t.session != before {
		t.noteSession(m.Last)
	}
}

func (t *Tracker) noteSession(at time.Duration) {
	t.session.Time = t.cfg.Wall(at)
	t.sink.Noted(t.session)
}

// ready reports the first response that says that the server is at work.
func (t *Tracker) ready(at time.Duration) {
	t.session.Ready = true
	t.session.Silent = t.session.Silent || at > record.SilentAfter
	t.noteSession(at)
}

// Advance declares that all messages up to the given time have been observed. What has waited too long is
// given up.
func (t *Tracker) Advance(now time.Duration) {
	t.expireEarly(now - grace)
	t.concludeSettled(now - fetchTime)
	// The list is in order of arrival, so the first operation that is too young ends the search. What must not expire
	// stays in place.
	for i := 0; i < len(t.open) && t.open[i].start+expiry <= now; {
		if t.open[i].canExpire() {
			t.expire(t.open[i], now)
		} else {
			i++
		}
	}
	t.reportOpen(now)
	t.reportHanging(now)
	if !t.session.Ready && !t.session.Silent && now >= record.SilentAfter {
		t.session.Silent = true
		t.noteSession(record.SilentAfter)
	}
}

// Waiting reports whether time alone, without a message, may change something: Advance is not needed otherwise.
func (t *Tracker) Waiting() bool {
	return len(t.open) > t.lasting || t.shown < len(t.open) || len(t.early) > 0 || !t.session.Ready && !t.session.Silent
}

// reportOpen reports the operations that have been open for a moment, each once, so that they can be seen while they run.
func (t *Tracker) reportOpen(now time.Duration) {
	for t.shown < len(t.open) && now-t.open[t.shown].start >= record.OpenAfter {
		op := t.open[t.shown]
		op.shown = true
		t.shown++
		t.stalls.watch(op)
		t.changed(op, record.StillOpen, now)
	}
}

// reportHanging reports the operations that have been open for long, less the time in which they waited for a person.
func (t *Tracker) reportHanging(now time.Duration) {
	if t.cfg.HangAfter <= 0 {
		return
	}
	for _, op := range t.open {
		if now-op.start < t.cfg.HangAfter {
			return // and so are those after it
		}
		own := now - op.start - op.waited(now)
		if own >= max(op.hangAfter, t.cfg.HangAfter) && op.canHang() && !t.questions.holdBack(op) {
			op.hangAfter = 2 * own
			t.stalls.judge(op, t.open, t.session.Ready, now, record.UnknownStall)
			t.changed(op, record.Hanging, now)
		}
	}
}

// Close ends the session and every open operation. It completes exit with Time, Open and Lifetime and reports it last.
func (t *Tracker) Close(now time.Duration, exit record.Exit) {
	exit.Open = len(t.open)
	t.expireEarly(math.MaxInt64)
	t.concludeSettled(math.MaxInt64)
	for _, lasting := range []bool{false, true} {
		for _, op := range slices.Clone(t.open) {
			if op.lasting == lasting {
				t.endWithSession(op, now, exit.EndedBy)
			}
		}
	}
	exit.Time = t.cfg.Wall(now)
	exit.Lifetime = now
	if exit.Cause == record.NotStarted {
		exit.Lifetime = 0
	} else if !t.session.Started.IsZero() {
		exit.Lifetime -= t.session.Started.Sub(t.session.Launched)
	}
	t.sink.Noted(exit)
}

// endWithSession ends an operation because the session ends. That is an error unless it is how such an operation
// normally ends.
func (t *Tracker) endWithSession(op *operation, now time.Duration, by record.EndedBy) {
	switch {
	case op.state == onTask:
		// A task may outlive the session, so how it ends is unknown.
	case op.Method == semconv.SubscriptionsListen:
		// A subscription ends with the session at the latest.
	case by == record.ByServer && op.state == inFlight && op.dir == record.ToServer:
		op.ErrorType, op.Class = semconv.ErrServerExit, record.Unavailable
	case op.Method == semconv.Discover:
		// Servers of versions before 2026-07-28 need not answer a probe.
	default:
		op.ErrorType, op.Class = semconv.ErrAbandoned, record.Abandoned
	}
	t.finish(op, now)
}

// makeRoom ends an operation if the table is full: first one whose end is known, then the one that has been open
// longest. Those that stay open by nature are spared, since they are old and still in use, unless they take more than
// half of the table: a flood of them must not push out every call.
func (t *Tracker) makeRoom(now time.Duration) {
	if len(t.open) < t.cfg.Capacity {
		return
	}
	if len(t.settled) > 0 {
		t.conclude(t.settled[0])
		return
	}
	spared := t.lasting <= t.cfg.Capacity/2 && t.lasting < len(t.open)
	i := slices.IndexFunc(t.open, func(op *operation) bool { return op.lasting != spared })
	t.expire(t.open[i], now)
}

// expire ends an operation that is not kept any longer.
func (t *Tracker) expire(op *operation, now time.Duration) {
	op.ErrorType, op.Class = semconv.ErrExpired, record.Abandoned
	t.giveUp(op, now)
}

// giveUp ends an operation whose response may still come.
func (t *Tracker) giveUp(op *operation, now time.Duration) {
	if op.state == inFlight {
		t.givenUp.add(op, now)
	}
	t.finish(op, now)
}

// finish ends an operation and removes it from every table.
func (t *Tracker) finish(op *operation, at time.Duration) {
	at = max(at, op.start)
	t.stalls.ended(op, t.open, t.session.Ready, at)
	t.open = without(t.open, op)
	if op.shown {
		t.shown--
	}
	t.flights.remove(op)
	if op.state == onInput {
		t.inputs.remove(op)
	}
	t.dropToken(op)
	t.spent.add(op, at)
	if op.lasting {
		t.lasting--
	}
	t.settled = without(t.settled, op)
	if t.partial == op {
		t.partial = nil
	}
	if op.holds > 0 {
		op.holds = 1 // whatever it waited for
		op.release(at)
	}
	if op.asksPerson() {
		t.questions.answered(op, at, t.open)
	}
	t.questions.ended(op, t.open)
	op.firstByte = min(op.firstByte, at) // read times may run backwards if the caller's clock does
	t.changed(op, record.Ended, at)
	op.parent = nil // the chain of parents would keep the session's whole past in memory
}

func (t *Tracker) changed(op *operation, change record.Change, at time.Duration) {
	r := op.snapshot(change, at)
	if !t.cfg.Contents.WantsResult(op.Method) { // an early response was redacted before its method was known
		r.Content.Result = ""
	}
	t.sink.Changed(r)
}

// expireEarly gives up the responses read at the limit or before whose request has not come.
func (t *Tracker) expireEarly(limit time.Duration) {
	for m := t.early.expired(limit); m != nil; m = t.early.expired(limit) {
		t.strayed(record.OrphanResponse, m.Reason, m, nil)
	}
}
