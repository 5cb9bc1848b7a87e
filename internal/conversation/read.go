package conversation

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Config says how a recording is read. The zero value is a session with the default settings.
type Config struct {
	HangAfter time.Duration // see telemetry.Config
	Key       []byte        // of fingerprints, see telemetry.RecordedConfig
}

// Read returns what a recording says. Names are as the peers sent them: what telemetry would hide stands in the recording all the same.
func Read(name string, r *recording.Recording, cfg Config) *Conversation {
	c := &Conversation{Name: name, Recording: r, answers: map[uint64]json.RawMessage{}}
	l := &listener{conversation: c, lines: map[record.Direction][][]byte{}}
	for _, line := range r.Lines() {
		dir := direction(line.From)
		l.lines[dir] = append(l.lines[dir], line.Data)
	}
	id := record.Session{ID: name, Launched: r.Started, Started: r.Started}
	l.recorded = telemetry.NewRecorded(telemetry.RecordedConfig{
		Session: id, HangAfter: cfg.HangAfter, Key: cfg.Key, Sinks: []session.Sink{l},
	})
	end := feed(l.recorded, r)
	c.Records = l.Records(r.Started.Add(end))
	if c.Records.Exit == nil { // it broke off
		c.Records.State = view.Killed
	}
	c.define()
	return c
}

// feed plays a recording, and returns the time of its end. The side that closes its end of the streams first has ended the session;
// where both were cut off, a signal may have.
func feed(to *telemetry.Recorded, r *recording.Recording) (end time.Duration) {
	exit := record.Exit{EndedBy: record.ByServer, Cause: record.ServerEnded}
	ended, exited := false, false
	for i := range r.Events {
		e := &r.Events[i]
		end = max(end, e.At)
		switch dir := direction(e.From); {
		case e.Exit != nil:
			exited, exit.Code, exit.Signal = true, e.Exit.Code, e.Exit.Signal
			if !ended && fromHost(e.Exit.Signal) {
				exit.EndedBy, exit.Cause = record.ByClient, record.Signaled
			}
			ended = true
		case e.End != "":
			whole := e.End == recording.Whole
			if !ended && whole && e.From == recording.Client {
				exit.EndedBy, exit.Cause = record.ByClient, record.ClientLeft
			}
			ended = ended || whole
			to.Ended(dir, e.At, whole)
		case e.Lost > 0:
			to.Lost(dir, e.At)
		default:
			to.Read(dir, e.Data, e.At)
		}
	}
	if exited {
		to.Close(end, exit)
	} else {
		to.Advance(end)
	}
	return end
}

// fromHost reports whether a signal is one with which hosts end servers.
func fromHost(signal string) bool {
	switch signal {
	case "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT":
		return true
	}
	return false
}

func direction(from recording.Side) record.Direction {
	if from == recording.Client {
		return record.ToServer
	}
	return record.ToClient
}

// listener keeps the records, and beside them what of the lines they are about.
type listener struct {
	view.Collector

	conversation *Conversation
	recorded     *telemetry.Recorded // nil until the session has been reported
	lines        map[record.Direction][][]byte
}

// Changed implements session.Sink.
func (l *listener) Changed(op *record.Operation) {
	l.Collector.Changed(op)
	if op.Change == record.Ended && op.Answered {
		if place := l.recorded.Place(); place.Direction == op.Direction.Opposite() {
			l.conversation.answers[op.Number] = message(l.line(place), place.Message)
		}
	}
}

// Noted implements session.Sink.
func (l *listener) Noted(n record.Note) {
	l.Collector.Noted(n)
	if v, ok := n.(record.Violation); ok && IsStray(&v) {
		text := bytes.TrimRight(l.line(l.recorded.Place()), "\r\n")
		l.conversation.Stray = append(l.conversation.Stray, string(text))
	}
}

func (l *listener) line(place telemetry.Place) []byte {
	if lines := l.lines[place.Direction]; place.Line < len(lines) {
		return lines[place.Line]
	}
	return nil
}

// message returns one of the messages of a line, which has several if it is a batch.
func message(line []byte, n int) json.RawMessage {
	line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
	var batch []json.RawMessage
	if len(line) == 0 || line[0] != '[' || json.Unmarshal(line, &batch) != nil {
		return line
	}
	for _, element := range batch {
		if element[0] != '{' {
			continue // it is no message
		}
		if n == 0 {
			return element
		}
		n--
	}
	return nil
}
