package session

import (
	"container/list"
	"time"
)

// Operation is what the user would call one call: a request and its answer, or, where the protocol takes several round
// trips for one call (a task, a retry after input_required), all of them together.
//
// The tracker owns it until it hands it to Observer.Finished; the observer may read it during its calls and keep it after
// Finished.
type Operation struct {
	Dir    Direction // of the request: ToServer is a call of the client, ToClient one of the server
	Method string
	Target string // the tool or prompt
	ID     ID     // of the first request
	Batch  bool

	Protocol string // the protocol version it was made under, if known

	Start     time.Duration // last byte of the request
	FirstByte time.Duration // first byte of the answer that ended it, or of what told the end of its task; 0 if there was none
	End       time.Duration // last byte of that answer, or when it was given up

	RequestSize  int64 // bytes on the wire, over all round trips
	ResponseSize int64

	Answered  bool   // an answer has ended it; false if that made a task or asked for input and nothing came after
	ErrorType string // value of error.type; empty if it went well
	Code      string // JSON-RPC error code of the answer
	Class     Class  // of the error, in words of ours

	RoundTrips int           // requests it took; 1 for most
	InputWait  time.Duration // how long the server waited for the user (input_required)
	TaskID     string        // the task it is about, or has started: an opaque name, as far as it may be shown
	TaskStatus string        // as last heard of

	Ambiguous  bool // another request had its id, so that an answer could be either's
	IDMismatch bool // an answer's id was only alike: "7" for 7

	Progress int     // progress notifications
	Events   []Event // what happened in between, at most maxEvents

	Parent *Operation // the operation in whose course this one was started, where that is unambiguous

	Request *Extra // of the first request; may be nil
	Reply   *Extra // of the answer; may be nil

	Arguments uint64 // keyed hash of the arguments; in memory only

	// Data belongs to the observer. The tracker never looks at it.
	Data any

	state   state
	current Ref           // id of the latest request: a retry has a new one
	asked   time.Duration // when that had been read
	flight  flight
	open    openLink
	task    Ref // the same, whole
	token   key // under which Tracker.tokens has it, if listens
	listens bool
	call    int         // index in Tracker.calls + 1
	input   *inputWait  // while it waits for a retry
	waiting *userWait   // while the server waits for the user
	settled *settlement // once its task is known to have ended
}

// userWait is a time in which the server waits for the user.
type userWait struct{ since time.Duration }

// settlement is the end of a task of which the result is still to be fetched.
type settlement struct{ first, last time.Duration }

// inputWait is an operation's places in the lists of those that wait for a retry.
type inputWait struct {
	keys   [inputLists]inputKey
	places [inputLists]*list.Element
}

// state says what an open operation waits for.
type state uint8

const (
	inFlight state = iota // the answer to a request
	onTask                // the end of a task
	onInput               // a retry with the user's input
	finished
)

// Event is something that happened while an operation was open.
type Event struct {
	Name string
	At   time.Duration
}

const (
	maxEvents   = 32
	maxProgress = maxEvents - 8 // the rest is kept for what is rarer and says more
)

// event notes what has happened, if there is still room.
func (op *Operation) event(name string, at time.Duration) {
	if len(op.Events) < maxEvents {
		op.Events = append(op.Events, Event{name, at})
	}
}

// Duration is the time from the request to the end, less what the user took to give input.
func (op *Operation) Duration() time.Duration { return max(op.End-op.Start-op.InputWait, 0) }

// suspend starts the clock of the user's waiting time, resume stops it.
func (op *Operation) suspend(at time.Duration, event string) {
	if op.waiting == nil {
		op.waiting = &userWait{at}
		op.event(event, at)
	}
}

func (op *Operation) resume(at time.Duration) {
	if op.waiting != nil {
		op.InputWait += max(at-op.waiting.since, 0)
		op.waiting = nil
	}
}
