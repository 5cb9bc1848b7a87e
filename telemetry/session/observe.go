package session

import (
	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

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
