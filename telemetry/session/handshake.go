package session

import (
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

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

// ready reports the first response that says that the server is at work.
func (t *Tracker) ready(at time.Duration) {
	t.session.Ready = true
	t.session.Silent = t.session.Silent || at > record.SilentAfter
	t.noteSession(at)
}
