package watch

import (
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Event is what a model takes besides keys and the time: Listing, Changed, Gone, Operation, Noted, History, Detail,
// *Tally or Trouble.
type Event interface{ event() }

func (Listing) event()   {}
func (Changed) event()   {}
func (Gone) event()      {}
func (Operation) event() {}
func (Noted) event()     {}
func (History) event()   {}
func (Detail) event()    {}
func (*Tally) event()    {}
func (Trouble) event()   {}

// Listing is what the store holds at the start.
type Listing []store.Session

// Changed is a session that has come, ended, or knows more of itself.
type Changed store.Session

// Gone is the name of a session that was removed from the store.
type Gone string

// Operation is an operation of a session: it has been open for a while, it hangs, or it has ended.
type Operation struct {
	Session string
	Record  record.Operation
	Before  bool // it happened before the view began
}

// Noted is what was noted of a session: a notification, a violation, a finding, a change of a definition.
type Noted struct {
	Session string
	Note    record.Note
}

// Trouble is a sentence about something that cannot be read.
type Trouble string

// WantKind is a kind of data that a model asks for.
type WantKind int

// What a model can ask for.
const (
	WantHistory    WantKind = iota // what the digest of a session adds up to: NewHistory
	WantOperations                 // the operations in the digest of a session that may go on, as History
	WantDetail                     // the records of a session
	WantTally                      // what the digests of all Stored sessions add up to
)

// Want is something to load.
type Want struct {
	Kind    WantKind
	Session string
}

// History is what a digest tells of a session. That of a live one comes in pieces, with its operations.
type History struct {
	Session    string
	Operations []record.Operation
	strip      *Strip
	sum        *Session // its figures
}

// NewHistory returns the history of a session that has ended, without operations: Add takes them.
func NewHistory(s *store.Session) History {
	return History{Session: s.Name, strip: &Strip{From: s.Launched}, sum: &Session{}}
}

// Add counts an operation.
func (h History) Add(op *record.Operation) {
	h.strip.Mark(op)
	h.sum.add(op)
}

// Detail is what Session.LoadPart has read.
type Detail struct {
	Session string
	Records *store.Records
	Err     error
}
