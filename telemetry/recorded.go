package telemetry

import (
	"bytes"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// RecordedConfig configures how a conversation that was recorded becomes records. Zero values mean the defaults.
type RecordedConfig struct {
	Session   record.Session // what is known from the start: ID, Launched, Started
	HangAfter time.Duration  // as Config.HangAfter
	// Key is that of definitions' fingerprints: those of two conversations are comparable if both have the same. Default: random.
	Key []byte
	// Sinks receive every record, from within the methods of Recorded.
	Sinks []session.Sink
}

// Recorded turns the bytes of a conversation that was recorded into the records that the session had live: through the same
// scanner, decoder, redactor and tracker, but without their queue, goroutines and clock. The same bytes at the same times make the
// same records. It captures no content and hides no names: who has the recording has both. It sees nothing beside the messages, such as
// what the server's processes do.
//
// Bytes and ends are to be given in the order in which they were read. Times are since the start of the session; one before the
// last counts as the last. It is for one goroutine.
type Recorded struct {
	epoch   time.Time
	redact  *redactor
	tracker *session.Tracker
	streams [2]recordedStream // by place
	now     time.Duration
	place   Place // of the message that is being observed
}

// recordedStream is one direction.
type recordedStream struct {
	scanner *framing.Scanner
	decoder session.Decoder
	raw     session.Raw
	last    time.Duration // when its latest bytes were read
	line    int           // lines that have ended
	message int           // messages of the present line so far
	damaged bool          // bytes of the present line are missing
	over    bool
}

// Place is where a message stands, or a line that is none.
type Place struct {
	Direction record.Direction
	Line      int // of the direction, from 0
	Message   int // of a line that is a batch: how many messages stand before it
}

// NewRecorded begins a conversation.
func NewRecorded(cfg RecordedConfig) *Recorded {
	defaults := Config{HangAfter: cfg.HangAfter}.withDefaults()
	redact, _ := newRedactor(defaults) // cannot fail where nothing is captured
	if cfg.Key != nil {
		redact.prints = newFingerprinter(cfg.Key)
	}
	r := &Recorded{epoch: cfg.Session.Launched, redact: redact}
	reader := session.NewReader(redact.contents)
	for i, dir := range directions {
		s := &r.streams[i]
		s.decoder = session.Decoder{Reader: reader, Dir: dir, Epoch: r.epoch}
		s.scanner = framing.NewScanner(reader.Table, func(m *framing.Message) { r.observe(s, m) })
	}
	sinks := fanout(cfg.Sinks)
	sinks = append(sinks, anomaly.New(func(f record.Finding) { sinks.Noted(f) }))
	r.tracker = session.New(session.Config{
		Capacity: openLimit, HangAfter: defaults.HangAfter, Session: cfg.Session, Look: r.look,
	}, sinks)
	return r
}

// Read takes bytes of a direction.
func (r *Recorded) Read(dir record.Direction, b []byte, at time.Duration) {
	s := r.advance(dir, at)
	if s.damaged { // what is left of the line is no message
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			return
		}
		s.damaged, b = false, b[end+1:]
		s.line++
	}
	for line := range bytes.Lines(b) {
		s.scanner.Write(line, r.epoch.Add(r.now))
		if line[len(line)-1] == '\n' {
			s.line, s.message = s.line+1, 0
		}
	}
}

// Lost notes that bytes of a direction are missing: the line in which they stood cannot be read.
func (r *Recorded) Lost(dir record.Direction, at time.Duration) {
	s := r.advance(dir, at)
	s.scanner.Abort(r.epoch.Add(r.now))
	s.damaged, s.message = true, 0
}

// Ended notes the end of a direction: whole if its writer has closed it, else it was cut off.
func (r *Recorded) Ended(dir record.Direction, at time.Duration, whole bool) {
	s := r.advance(dir, at)
	if whole && !s.damaged {
		s.scanner.Close(r.epoch.Add(r.now))
	} else {
		s.scanner.Abort(r.epoch.Add(r.now))
	}
	s.over = true
}

// Advance lets time pass in which nothing is read.
func (r *Recorded) Advance(at time.Duration) { r.pass(at) }

// Close ends the session. Of the exit it needs EndedBy, Cause, Code and Signal. It need not be called for a conversation whose
// end was not recorded: its operations stay open.
func (r *Recorded) Close(at time.Duration, exit record.Exit) {
	r.pass(at)
	r.tracker.Close(r.now, exit)
}

// Place returns where the message stands that has been read last: from within a sink's Changed with an operation that a response has
// ended, the response; from within Noted with a violation, what has violated the protocol. A response that was read before its request
// is the exception, which the direction shows.
func (r *Recorded) Place() Place { return r.place }

// advance returns a direction from which something was read.
func (r *Recorded) advance(dir record.Direction, at time.Duration) *recordedStream {
	r.pass(at)
	s := &r.streams[place(dir)]
	s.last = r.now
	return s
}

// pass lets time pass, in the steps in which a live session looks at the clock: it looks only while time may change something.
func (r *Recorded) pass(at time.Duration) {
	for r.now < at && r.tracker.Waiting() {
		step := idleTick
		if r.tracker.Fresh() {
			step = session.LookAfter
		}
		r.now = min(r.now+step, at)
		r.tracker.Advance(r.now)
	}
	r.now = max(r.now, at)
}

// observe takes a message, or a line that is none.
func (r *Recorded) observe(s *recordedStream, m *framing.Message) {
	r.place = Place{Direction: s.decoder.Dir, Line: s.line, Message: s.message}
	s.message++
	s.decoder.Decode(m, &s.raw)
	r.tracker.Observe(r.redact.message(&s.raw, r.tracker.RequestMethod))
}

// look returns what can be seen of the two streams.
func (r *Recorded) look(bool) (l session.Look, ok bool) {
	there, back := &r.streams[0], &r.streams[1]
	if there.over || back.over {
		return l, false
	}
	l.ToServer, l.ToClient = there.state(r.now), back.state(r.now)
	return l, true
}

func (s *recordedStream) state(now time.Duration) session.Stream {
	return session.Stream{Partial: s.scanner.Unfinished(), Quiet: now - s.last}
}
