package telemetry

import (
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// recorder makes spans and metrics of what the tracker finds. It belongs to the consumer's goroutine.
type recorder struct {
	cfg     Config
	epoch   time.Time
	exports *exports
	spans   *spans
	metrics *instruments
	peers   peers
}

// peers is what the two sides have said of themselves.
type peers struct {
	clientName, clientVersion string
	serverName, serverVersion string
	protocol                  string
}

func newRecorder(cfg Config, e *exports, epoch, started time.Time) *recorder {
	r := &recorder{cfg: cfg, epoch: epoch, exports: e}
	r.spans = newSpans(cfg, e, epoch, started, &r.peers)
	r.metrics = newInstruments(e, started.Sub(epoch), &r.peers)
	return r
}

// message sees every message before the tracker does.
func (r *recorder) message(m *session.Message) {
	r.peers.learn(m)
	if m.Dir == session.ToClient && (m.Kind == framing.Response || m.Kind == framing.ErrorResponse) {
		r.spans.begun(m.Last)
	}
}

// learn takes names and versions where they are told: in initialize and its answer, and in each message's _meta
// since 2026-07-28. The latest word counts.
func (p *peers) learn(m *session.Message) {
	x := m.Extra
	if x == nil {
		return
	}
	if x.Protocol != "" && (m.Dir == session.ToClient || p.protocol == "") {
		p.protocol = x.Protocol
	}
	if x.PeerName == "" {
		return
	}
	if m.Dir == session.ToServer {
		p.clientName, p.clientVersion = x.PeerName, x.PeerVersion
	} else {
		p.serverName, p.serverVersion = x.PeerName, x.PeerVersion
	}
}

// Started takes an operation that has begun.
func (r *recorder) Started(op *session.Operation) { r.spans.started(op) }

// Finished takes an operation that has ended.
func (r *recorder) Finished(op *session.Operation) {
	r.spans.finished(op)
	r.metrics.finished(op)
	if r.cfg.Operation != nil {
		r.cfg.Operation(&Operation{op, r.epoch.Add(op.Start), r.epoch.Add(op.End)})
	}
}

// Noted takes a notification or a violation.
func (r *recorder) Noted(n *session.Note) { r.spans.noted(n) }

// advance is told the time now and then.
func (r *recorder) advance(now time.Duration) { r.spans.advance(now) }

// dropped counts messages that the consumer never saw.
func (r *recorder) dropped(n int64) { r.exports.lost.messages.Add(n) }

// end closes what the session as a whole is recorded in.
func (r *recorder) end(now time.Duration, end session.End) {
	r.spans.begun(now)
	r.metrics.end(now, end)
}
