package session

import (
	"strconv"
	"strings"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// violation reports something that a message does wrong. The reason of a line that is no message is known already.
func (t *Tracker) violation(kind record.ViolationKind, m *Message) {
	t.violates(kind, m.Reason, m, nil)
}

// violates reports something that a message does wrong, why, and the operation that it concerns, if that is known.
func (t *Tracker) violates(kind record.ViolationKind, reason string, m *Message, op *operation) {
	t.sink.Noted(t.describe(kind, reason, m, op))
}

// describe returns the record of a violation.
func (t *Tracker) describe(kind record.ViolationKind, reason string, m *Message, op *operation) record.Violation {
	v := record.Violation{
		Time: t.cfg.Wall(m.Last), Direction: m.Dir, Kind: kind, Reason: reason, Size: m.Size,
		Method: m.Method, Sent: m.ID.shown(),
	}
	if op != nil {
		v.Operation, v.Method = op.Number, op.Method
	}
	return v
}

// strayed reports a response that was matched with no request, or badly, together with the ids that were awaited: to see
// both at once tells a wrong type from a constant, and both from an answer to a notification.
func (t *Tracker) strayed(kind record.ViolationKind, reason string, m *Message, op *operation) {
	v := t.describe(kind, reason, m, op)
	if op != nil {
		v.Awaited = op.shownID()
	} else {
		v.Awaited = t.awaited(m)
	}
	t.sink.Noted(v)
}

// maxAwaited bounds the ids that are named.
const maxAwaited = 3

// awaited returns the ids of the oldest requests that a response could have been meant for.
func (t *Tracker) awaited(m *Message) string {
	var ids []string
	for _, op := range t.open {
		if op.state != inFlight || op.dir != m.Dir.Opposite() || op.asked > m.Last {
			continue
		}
		if len(ids) == maxAwaited {
			ids = append(ids, "…")
			break
		}
		ids = append(ids, op.shownID())
	}
	return strings.Join(ids, ", ")
}

// shownID returns what may be shown of the id of the operation's latest request.
func (op *operation) shownID() string {
	id := ID{Ref: op.id}
	if op.RoundTrips == 1 { // the record has the first one
		id.Text = op.RequestID
	}
	return id.shown()
}

// shown returns an id as it is written in JSON, so that its type can be seen. A text that must not be shown, or was not
// kept, is named by its type.
func (id ID) shown() string {
	switch {
	case id.Type == framing.NoID:
		return ""
	case id.Type == framing.NullID:
		return "null"
	case id.Type == framing.OtherID:
		return "neither a string nor a number"
	case id.Type == framing.StringID && id.Text != "":
		return strconv.Quote(id.Text)
	case id.Type == framing.StringID:
		return "a string"
	case id.Text != "":
		return id.Text
	}
	return id.number()
}

// number returns the text of a number that is too short for the number of a payment card.
func (id Ref) number() string {
	if f, ok := id.float(); ok {
		if text := strconv.FormatFloat(f, 'f', -1, 64); len(text) < minCard {
			return text
		}
	}
	return "a number"
}

// missing returns the reason why a response's id is not one, if it has none at all.
func missing(id Ref) string {
	if id.Type == framing.NoID {
		return "a response without an id"
	}
	return ""
}

// negotiated reports what may go wrong with the version in the answer to initialize: a client knows no version that is
// newer than the one it has asked for, or none of MCP's, and may have dropped an older one.
func (t *Tracker) negotiated(op *operation, m *Message) {
	given := m.optional().Protocol
	kind := record.VersionMismatch
	switch {
	case m.Kind == framing.ErrorResponse:
		kind, given = record.InitializeRefused, ""
	case given == "" || op.Requested == "" || given == op.Requested:
		return
	case given > op.Requested || !semconv.KnownVersion(given):
		kind = record.UnsupportedVersion
	}
	v := t.describe(kind, m.Reason, m, op)
	v.Requested, v.Given = op.Requested, given
	v.Supported = strings.Join(m.optional().Supported, ", ")
	t.sink.Noted(v)
}
