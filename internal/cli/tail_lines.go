package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// tailTable writes a line for each event that a person wants to see. Its columns never change, so that it can be read while
// it moves.
type tailTable struct {
	screen       *view.Screen
	server, name int // widths of the columns
	date         string
	now          time.Time         // of the beginning
	unnamed      map[string]string // lines of sessions that have started, until their clients are known; by name
	late         lateAnswers
}

// Widths of the table: at 80 columns, 22 remain for the outcome.
const (
	tailServer = 10
	tailName   = 18
	tailRest   = 30 // the other columns
	tailWords  = 22 // least of the outcome
	tailMost   = 40 // of a name
)

func newTailTable(screen *view.Screen, now time.Time) *tailTable {
	screen.Zone = now.Location()
	t := &tailTable{
		screen: screen, server: tailServer, name: tailName, now: now, date: now.Format(time.DateOnly),
		unnamed: map[string]string{}, late: lateAnswers{},
	}
	if more := screen.Columns - tailRest - tailWords - tailServer - tailName; more > 0 {
		t.server += min(more/3, tailServer)
		t.name += min(more-more/3, tailMost-tailName)
	}
	return t
}

// lines returns the lines of an event, if it has any.
func (t *tailTable) lines(e *store.Event) string {
	s := e.Session
	switch e.Kind {
	case store.SessionStarted:
		if e.Before {
			return ""
		}
		t.unnamed[s.Name] = t.about(e, "started")
		if s.Client.Name == "" {
			return "" // soon it will be known who has started it
		}
		return t.started(s)
	case store.SessionChanged:
		if s.Client.Name != "" {
			return t.started(s)
		}
	case store.SessionEnded:
		return t.started(s) + t.about(e, ending(s))
	case store.SessionRemoved:
		return t.started(s) + t.about(e, "was removed from the store")
	case store.OperationHangs, store.OperationEnded:
		t.late.remember(e)
		return t.started(s) + t.operation(e, e.Operation, view.OutcomeOf(e.Operation))
	case store.OperationOpen:
		return t.started(s)
	case store.Noted:
		switch n := e.Note.(type) {
		case record.DefinitionChange:
			text, color := view.DefinitionChange(n), view.Dim
			if !n.Harmless() {
				text, color = "Δ "+text, view.Yellow
			}
			return t.started(s) + t.about(e, t.screen.Paint(color, t.cut(text)))
		case record.Finding:
			return t.started(s) + t.about(e, t.screen.Paint(view.Yellow, t.cut("unusual "+view.Finding(n))))
		}
		if op, by := t.late.find(e); by > 0 {
			o := view.OutcomeOf(op)
			o.Late = by
			return t.operation(e, op, o)
		}
	}
	return ""
}

// started returns the line that a session has started, once.
func (t *tailTable) started(s *store.Session) string {
	line := t.unnamed[s.Name]
	delete(t.unnamed, s.Name)
	if client := peer(s.Client); client != "" {
		return strings.Replace(line, "started\n", "started by "+t.screen.Text(client)+"\n", 1)
	}
	return line
}

// about returns a line about a session as a whole.
func (t *tailTable) about(e *store.Event, text string) string {
	return t.line(e.Time, e.Session, text)
}

// cut returns a text about a session as a whole as far as it fits behind the time and the server.
func (t *tailTable) cut(text string) string {
	if t.screen.Columns == 0 {
		return text
	}
	return view.CutEnd(text, t.screen.Columns-len("15:04:05.0 ")-t.server-1)
}

// line returns a line, below a heading if it is of another day than the one before.
func (t *tailTable) line(at time.Time, s *store.Session, text string) string {
	at = at.In(t.screen.Zone)
	heading := ""
	if date := at.Format(time.DateOnly); date != t.date {
		t.date = date
		heading = t.screen.Paint(view.Bold, at.Format("Monday 2 January")) + "\n"
	}
	server := view.Safe(s.ServerName())
	if t.screen.Columns > 0 {
		server = view.Cut(server, t.server)
	}
	return heading + t.screen.Paint(view.Dim, at.Format("15:04:05.0")) + " " + t.screen.Text(view.Pad(server, t.server)+" "+text) + "\n"
}

// operation returns the line of an operation.
func (t *tailTable) operation(e *store.Event, op *record.Operation, o view.Outcome) string {
	name := view.Call(op)
	if op.Resource != "" {
		name += " " + view.Safe(op.Resource)
	}
	if t.screen.Columns > 0 {
		name = view.Cut(name, t.name)
	}
	took := op.Duration + o.Late
	size := "–"
	if op.Answered {
		size = view.Size(op.ResponseSize)
	} else if v, ok := e.Note.(record.Violation); ok {
		size = view.Size(v.Size)
	}
	return t.line(e.Time, e.Session, fmt.Sprintf("%s %s %6s %6s  ", view.Arrow(op.Direction), view.Pad(name, t.name),
		view.Duration(took), size)+t.screen.Paint(o.Color(), t.outcome(o)))
}

// outcome returns an outcome in words, cut to what is left of a terminal's line. Why there was no answer is what the line
// about the session's end says.
func (t *tailTable) outcome(o view.Outcome) string {
	word, room := o.String(), t.screen.Columns-tailRest-t.server-t.name
	switch {
	case t.screen.Columns == 0 || view.Width(word) <= room:
		return word
	case o.Ending == view.Unanswered:
		return o.Short()
	}
	return view.CutEnd(word, room)
}

// ending returns how a session ended, in words.
func ending(s *store.Session) string {
	totals := ": " + counts(s).String()
	e := s.Exit
	switch {
	case s.State != store.Ended || e == nil:
		return "spanpipe was killed" + totals
	case e.Cause == record.NotStarted:
		return "did not start: " + view.Safe(e.Reason)
	}
	d, _ := lasted(s, s.Ended)
	after := " after " + view.Duration(d)
	switch {
	case e.EndedBy == record.ByServer && s.Server == (record.Peer{}) && s.Protocol == "":
		return "ended: " + exitWord(e) + ", before it answered initialize"
	case e.EndedBy == record.ByServer:
		return "ended: " + exitWord(e) + after + totals
	case e.Cause == record.HostDied:
		return "ended" + after + ", with its client" + totals
	}
	return "closed by the client" + after + totals
}

// lateAnswers remembers operations whose requesters stopped waiting, by session, direction and id.
type lateAnswers map[string]*record.Operation

// maxLate bounds what is remembered.
const maxLate = 1000

func (l lateAnswers) remember(e *store.Event) {
	op := e.Operation
	if view.OutcomeOf(op).Ending != view.TimedOut {
		return
	}
	if len(l) >= maxLate {
		clear(l)
	}
	l[lateKey(e.Session, op.Direction, op.RequestID)] = op
}

// find returns the operation to which an answer has come late, and by how much; 0 if there is none.
func (l lateAnswers) find(e *store.Event) (*record.Operation, time.Duration) {
	v, ok := e.Note.(record.Violation)
	if !ok {
		return nil, 0
	}
	op := l[lateKey(e.Session, v.Direction.Opposite(), strings.Trim(v.Sent, `"`))] // a number or a text
	if op == nil {
		return nil, 0
	}
	return op, view.Late(op, []record.Note{v})
}

func lateKey(s *store.Session, d record.Direction, id string) string { return s.Name + string(d) + id }

// jsonEvent is a line of tail --json; see docs/json.md.
type jsonEvent struct {
	Version      int              `json:"version"`
	Event        store.EventKind  `json:"event"`
	Time         time.Time        `json:"time"`
	Session      string           `json:"session"`
	Server       string           `json:"server"`
	Client       string           `json:"client,omitempty"`
	State        store.State      `json:"state,omitempty"`
	Exit         *store.Exit      `json:"exit,omitempty"`
	Direction    record.Direction `json:"direction,omitempty"`
	Method       string           `json:"method,omitempty"`
	Name         string           `json:"name,omitempty"`
	Resource     string           `json:"resource,omitempty"`
	Number       uint64           `json:"number,omitempty"`
	ID           string           `json:"id,omitempty"`
	Duration     *float64         `json:"duration,omitempty"`
	RequestSize  *int64           `json:"request_size,omitempty"`
	ResponseSize *int64           `json:"response_size,omitempty"`

	RequestTokens  int64 `json:"request_tokens,omitempty"`
	ResponseTokens int64 `json:"response_tokens,omitempty"`

	Outcome    view.Ending  `json:"outcome,omitempty"`
	ErrorType  string       `json:"error_type,omitempty"`
	ErrorClass record.Class `json:"error_class,omitempty"`
	Code       string       `json:"code,omitempty"`
	Stall      record.Stall `json:"stall,omitempty"`

	Definition *record.DefinitionChange `json:"definition,omitempty"` // of a note about a change
	Finding    *jsonNote                `json:"finding,omitempty"`
}

// tailJSON returns a JSON object for an event of the same kinds.
func tailJSON(e *store.Event) string {
	out := jsonEvent{
		Version: jsonVersion, Event: e.Kind, Time: e.Time.UTC(), Session: e.Session.Name, Server: e.Session.ServerName(),
		Client: e.Session.Client.Name,
	}
	switch e.Kind {
	case store.SessionStarted, store.SessionEnded, store.SessionRemoved:
		out.State, out.Exit = e.Session.State, e.Session.Exit
	case store.OperationHangs, store.OperationEnded:
		op := e.Operation
		seconds := record.Seconds(op.Duration)
		out.Direction, out.Method, out.Name, out.Resource = op.Direction, op.Method, op.Target, op.Resource
		out.Number, out.ID, out.Duration, out.RequestSize = op.Number, op.RequestID, &seconds, &op.RequestSize
		out.Outcome, out.ErrorType, out.ErrorClass, out.Code = view.OutcomeOf(op).Ending, op.ErrorType, op.Class, op.Code
		out.Stall = op.Stall
		if op.Answered {
			out.ResponseSize = &op.ResponseSize
		}
		out.RequestTokens, out.ResponseTokens = op.RequestTokens, op.ResponseTokens
	case store.Noted:
		switch n := e.Note.(type) {
		case record.DefinitionChange:
			out.Definition = &n
		case record.Finding:
			note := newNoteJSON(n)
			out.Event, out.Finding = "finding", &note
		default:
			return ""
		}
	default:
		return ""
	}
	line, err := json.Marshal(out)
	if err != nil {
		return "" // only a NaN could be the reason, and a duration is none
	}
	return string(escapeJSON(line)) + "\n"
}
