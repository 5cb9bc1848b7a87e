package web

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// The stations of a request and its answer, in their order: the requester has sent it, the answerer has read it, the first and
// the last byte of the answer have come, the requester has taken it.
const (
	sent = iota
	read
	firstByte
	lastByte
	taken
)

var stationNames = []string{"sent", "read", "first byte", "last byte", "taken"}

// stationsOf returns how far a request has come, as far as that is known. A request that was not answered is stuck on the way
// to one of the stations; its verdict says at which.
func stationsOf(c *watch.Call, now time.Time) []api.Station {
	op := &c.Op
	out := make([]api.Station, len(stationNames))
	for i, name := range stationNames {
		out[i] = api.Station{Name: name, State: "ahead", Text: "–", Tone: api.Quiet}
	}
	reach := func(upTo int) {
		for i := range out[:upTo+1] {
			out[i] = api.Station{Name: stationNames[i], State: "reached", Tone: api.Ok}
		}
		out[sent].Text = op.Start.In(now.Location()).Format("15:04:05.0")
	}
	reach(sent)
	if op.Answered && op.Change == record.Ended {
		reach(taken)
		if first := firstByteOf(op); !first.IsZero() {
			out[firstByte].Text = "+" + view.Duration(max(first.Sub(op.Start), 0))
		}
		out[lastByte].Text = "+" + view.Duration(max(op.End.Sub(op.Start), 0))
		return out
	}
	at, known := stuckAt(op)
	reach(at - 1)
	if !known { // whether it was read is not known
		out[read] = api.Station{Name: stationNames[read], State: "unknown", Text: "–", Tone: api.Quiet}
	}
	o := c.Outcome()
	if o.Ending == view.Open {
		return out
	}
	out[at].State, out[at].Tone = "stuck", outcomeOf(o).Tone
	missing := map[int]string{read: "not read", firstByte: "none", lastByte: "not whole", taken: "not taken"}
	out[at].Text = view.Duration(c.Took(now)) + ", " + missing[at]
	return out
}

// stuckAt returns which station a request that is not answered has not reached, and false if it may be an earlier one.
func stuckAt(op *record.Operation) (at int, known bool) {
	seen := op.Seen()
	switch op.Stall {
	case record.ClientNotReading:
		if op.Direction == record.ToClient { // it is the one that answers
			return read, true
		}
		return taken, true
	case record.AnswerIncomplete:
		return lastByte, true
	case record.ServerNotReading:
		if op.Direction == record.ToClient {
			return taken, true
		}
		return read, true
	case record.Starting:
		if seen.Unread > 0 {
			return read, true
		}
		return firstByte, true
	case record.ServerWaitingForClient, record.ServerStopped, record.BridgeRemote, record.WaitingForChild, record.ServerBusy,
		record.ServerIdle:
		return firstByte, true
	case record.ClientGaveUp, record.AnsweredLate, record.UnknownStall:
	}
	if op.Undelivered {
		return read, true
	}
	return firstByte, !op.FirstByte.IsZero()
}

// firstByteOf returns when the first byte of an answer came: a digest has how long that took.
func firstByteOf(op *record.Operation) time.Time {
	if op.FirstByte.IsZero() && op.Wait > 0 {
		return op.Start.Add(op.Wait + op.InputWait)
	}
	return op.FirstByte
}
