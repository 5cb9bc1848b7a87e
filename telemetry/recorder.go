package telemetry

import (
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// recorder makes spans, metrics and log records of what the tracker finds. It belongs to the consumer's goroutine.
type recorder struct {
	cfg     Config
	clock   *clock
	lost    *losses
	spans   *spans
	metrics *metricsRecorder
	records *records
	content *content
	lines   stderrLines
	odd     *anomaly.Detector
	peers   peers
	ready   func(bool) // is told when the server has answered a handshake
}

// peers is what the two sides have said of themselves.
type peers struct {
	clientName, clientVersion string
	serverName, serverVersion string
	protocol                  string
}

func newRecorder(cfg Config, e *exports, clock *clock) *recorder {
	r := &recorder{cfg: cfg, clock: clock, lost: e.lost, records: newRecords(cfg, e), content: newContent(cfg), odd: anomaly.New(anomaly.Config{})}
	r.spans = newSpans(cfg, e, clock, &r.peers, r.content)
	return r
}

// running takes the start of the server.
func (r *recorder) running(e *exports, started time.Time) {
	r.metrics = newMetrics(e, started.Sub(r.clock.epoch), &r.peers, &r.content.resources)
}

// arriving sees every message before the tracker does, and arrived after.
func (r *recorder) arriving(m *session.Message) {
	r.peers.learn(m)
	if m.Extra != nil {
		r.content.resources.learn(m.Extra.Templates)
	}
	if m.Dir == session.ToClient && (m.Kind == framing.Response || m.Kind == framing.ErrorResponse) {
		r.spans.begun(m.Last)
	}
}

func (r *recorder) arrived(m *session.Message) { r.metrics.message(m) }

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
func (r *recorder) Started(op *session.Operation) {
	r.lost.open.Add(1)
	r.spans.started(op)
	r.metrics.opened(op)
	r.found(r.odd.Started(op), op)
}

// found takes what stands out about an operation. Its span is made for that if it is still open: the record points to it.
func (r *recorder) found(findings []anomaly.Finding, op *session.Operation) {
	for i := range findings {
		r.metrics.found(&findings[i])
		r.records.found(&findings[i], r.place(op))
	}
}

// Finished takes an operation that has ended.
func (r *recorder) Finished(op *session.Operation) {
	if op.Answered && op.Dir == session.ToServer {
		r.ready(true) // even a refusal: the server speaks
	}
	at := r.spans.finished(op)
	r.lost.open.Add(-1)
	r.metrics.finished(op)
	r.records.operation(op, at)
	r.found(r.odd.Finished(op), op)
	if r.cfg.Operation != nil {
		r.cfg.Operation(&Operation{op, r.clock.at(op.Start), r.clock.at(op.End)})
	}
}

// Noted takes a notification or a violation.
func (r *recorder) Noted(n *session.Note) {
	if n.Violation != "" {
		r.metrics.violated(n)
		r.records.violated(n)
		return
	}
	r.spans.notification(n)
	r.records.message(n)
}

// advance looks for what time alone brings about.
func (r *recorder) advance(now time.Duration, tracker *session.Tracker) {
	r.spans.advance(now)
	tracker.Open(func(op *session.Operation) bool {
		if now-op.Start < r.cfg.HangAfter {
			return false // and so are all that come after
		}
		if !semconv.LongLived(op.Method) {
			r.records.hanging(op, now, r.place)
		}
		return true
	})
}

func (r *recorder) place(op *session.Operation) trace.SpanContext { return r.spans.contextOf(op) }

// end closes what the session as a whole is recorded in.
func (r *recorder) end(now time.Duration, exit Exit, waiting int) {
	r.spans.begun(now)
	r.metrics.end(now, exit, waiting)
}
