package session

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// A peer that does not read its end of a stream blocks the other in the middle of a message: what the writer has begun to
// say cannot be observed, because it does not come to its end. (ggml-org/llama.cpp#28723,
// alphaonedev/ai-memory-mcp#2609)

// Blocked takes note that the reader of one direction has not taken what was there at a time, and still does not. The
// message is the request that has been read in part, or nil if that is not known. Once that has lasted for HangAfter, and
// again each time that has doubled, the request is reported as hanging, or the stream as blocked.
func (t *Tracker) Blocked(dir record.Direction, m *Message, since, now time.Duration) {
	b := t.blockages[dir]
	if b.since != since {
		b = blockage{since: since, next: since + t.cfg.HangAfter}
	}
	if t.cfg.HangAfter > 0 && now >= b.next {
		b.next = since + 2*(now-since)
		if m != nil {
			t.hangs(m, now)
		} else {
			t.sink.Noted(record.Blockage{Time: t.cfg.Wall(now), Direction: dir, Duration: now - since})
		}
	}
	t.blockages[dir] = b
}

// hangs reports a request that does not get through. Once there is an operation for it, Advance reports that.
func (t *Tracker) hangs(m *Message, now time.Duration) {
	if op := t.completed(m); op != nil {
		t.partial = op
		return
	}
	op := t.begin(m)
	t.partial, op.Undelivered = op, true
	op.hangAfter = 2 * (now - op.start)
	t.stalls.judge(op, t.open, t.session.Ready, record.UnknownStall)
	t.changed(op, record.Hanging, now)
}
