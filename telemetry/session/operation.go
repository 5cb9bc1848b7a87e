package session

import "time"

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
	FirstByte time.Duration // first byte of the answer that ended it; 0 if unanswered
	End       time.Duration // last byte of that answer, or when it was given up

	RequestSize  int64 // bytes on the wire, over all round trips
	ResponseSize int64

	Answered  bool
	ErrorType string // value of error.type; empty if it went well
	Code      string // JSON-RPC error code of the answer
	Class     Class  // of the error, in words of ours

	RoundTrips int           // requests it took; 1 for most
	InputWait  time.Duration // how long the server waited for the user (input_required)
	TaskID     string        // the task it started or asks about
	TaskStatus string        // the last one seen

	Ambiguous  bool // another request with the same id was in flight
	IDMismatch bool // the answer's id was only alike: "7" for 7

	Progress int     // progress notifications
	Events   []Event // what happened in between, at most maxEvents

	Parent *Operation // the operation in whose course this one was started, where that is unambiguous

	Request *Extra // of the first request; may be nil
	Reply   *Extra // of the answer; may be nil

	Arguments uint64 // keyed hash of the arguments; in memory only

	// Data belongs to the observer. The tracker never looks at it.
	Data any

	current    ID // of the request in flight: a retry has a new one
	key        key
	twin       *Operation // the next in flight under the same key
	prev, next *Operation // order of arrival among the open ones
	state      state
	call       int           // index in Tracker.calls + 1
	waiting    time.Duration // since when it waits for the user
	inputState uint64        // requestState to come back with the user's input
	inline     bool          // the task's outcome comes with its status
	settled    time.Duration // when its task was first seen completed
	token      key
	hasToken   bool
	spared     bool
}

// Event is something that happened while an operation was open.
type Event struct {
	Name string
	At   time.Duration
}

const maxEvents = 32

func (op *Operation) event(name string, at time.Duration) {
	if len(op.Events) < maxEvents {
		op.Events = append(op.Events, Event{name, at})
	}
}

// Duration is the time from the request to the end, less what the user took to give input.
func (op *Operation) Duration() time.Duration { return max(op.End-op.Start-op.InputWait, 0) }

// state says what an open operation waits for.
type state uint8

const (
	inFlight state = iota // the answer to a request
	onTask                // the end of a task
	onInput               // a retry with the user's input
	finished
)
