package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Ending is how an operation stands or how it ended. Its values are those of "outcome" in JSON.
type Ending string

// The endings. What counts as failed is the server's doing, or a call that came to nothing: not what its requester took
// back, and not a request that the server had reason to refuse.
const (
	Open       Ending = "open"        // it has not ended
	Hung       Ending = "hung"        // nor has it, and it was reported as not answered
	OK         Ending = "ok"          // answered
	Answered   Ending = "answered"    // a question to a person was
	Failed     Ending = "failed"      // an error, a result with isError, or a failed task
	BadRequest Ending = "bad_request" // an error that is the caller's mistake
	Cancelled  Ending = "cancelled"   // its requester took it back
	TimedOut   Ending = "timed_out"   // its requester stopped waiting
	Unanswered Ending = "unanswered"  // the session ended first, or it was given up
	Over       Ending = "over"        // it ended with the session, as a subscription does
)

// Outcome is an operation's ending with what belongs to it: the one place for the words and marks of all views.
type Outcome struct {
	Ending Ending
	Detail string        // what went wrong, or who ended the session; empty if that is not known
	Code   string        // the JSON-RPC error code of the response
	Late   time.Duration // of TimedOut: the answer came so much later; 0 if it did not come
	Asked  bool          // the server waited for a person meanwhile
	Tokens int64         // of OK: the estimate of a result that takes many; else 0
}

// askedAfter is how long a server has to wait for its client until a person is taken to be the reason: a client that
// answers by itself, as it does for roots, takes milliseconds.
const askedAfter = time.Second

// OutcomeOf returns an operation's outcome. Of one that had not ended when its session did, see Left.
func OutcomeOf(op *record.Operation) Outcome {
	o := endingOf(op)
	if o.Ending == OK && op.IsCall() && op.ResponseTokens >= ManyTokens {
		o.Tokens = op.ResponseTokens
	}
	return o
}

func endingOf(op *record.Operation) Outcome {
	o := Outcome{Ending: OK, Code: op.Code, Asked: op.InputWait >= askedAfter}
	switch {
	case op.Change != record.Ended && op.Change != "":
		o.Ending = Open
		if op.Hung || op.Change == record.Hanging {
			o.Ending, o.Detail = Hung, stuck(op)
		}
	case op.ErrorType == semconv.ErrCancelled:
		o.Ending = Cancelled
		if op.Hung && proven(op) { // one that did not hang was cancelled for the user's own reasons
			o.Detail = StallWord(op.Stall)
		}
	case op.ErrorType == semconv.ErrTimeout:
		o.Ending = TimedOut
		if proven(op) {
			o.Detail = StallWord(op.Stall)
		}
	case op.ErrorType == semconv.ErrServerExit:
		o.Ending, o.Detail = Unanswered, byServer
	case op.ErrorType == semconv.ErrAbandoned:
		o.Ending, o.Detail = Unanswered, byClient
	case op.ErrorType == semconv.ErrExpired:
		o.Ending, o.Detail = Unanswered, givenUp
	case op.ErrorType == "" && op.Code != "":
		o.Ending, o.Detail = BadRequest, op.Code
	case op.ErrorType != "":
		o.Ending, o.Detail = Failed, wrong(op)
	case !op.Answered:
		o.Ending = Over
	case op.Method == semconv.ElicitationCreate:
		o.Ending, o.Asked = Answered, false
	}
	return o
}

// Why an operation was not answered.
const (
	byServer = "the server ended"
	byClient = "the client left"
	byKill   = "spanpipe was killed"
	givenUp  = "given up" // after a day, or among thousands that were open
)

// Left returns the outcome of an operation that is open for ever, since the process that recorded it was killed.
func Left(op *record.Operation) Outcome {
	o := OutcomeOf(op)
	if o.Ending == Open || o.Ending == Hung {
		o.Ending, o.Detail = Unanswered, byKill
	}
	return o
}

// stuck returns where a hung operation is stuck, as far as its record shows.
func stuck(op *record.Operation) string {
	switch {
	case op.Stall != "" && op.Stall != record.UnknownStall:
		return StallWord(op.Stall)
	case !op.Undelivered:
		return ""
	case op.Direction == record.ToClient:
		return "client not reading"
	}
	return "server not reading"
}

// wrong returns what went wrong: the class, unless the code says more.
func wrong(op *record.Operation) string {
	general := op.Class == "" || op.Class == record.ToolError
	switch {
	case general && op.Code != "":
		return op.Code
	case op.Class == "":
		return strings.ReplaceAll(op.ErrorType, "_", " ")
	}
	return strings.ReplaceAll(string(op.Class), "_", " ")
}

// String returns the outcome in words, safe for a terminal: "failed: rate limited", "late by 3.4s".
func (o Outcome) String() string {
	word := strings.ReplaceAll(string(o.Ending), "_", " ")
	switch {
	case o.Ending == Over:
		word = "ended with the session"
	case o.Ending == TimedOut && o.Late > 0:
		word = fmt.Sprintf("late by %s", Duration(o.Late))
	case o.Detail != "":
		word += ": " + Safe(o.Detail)
	}
	if o.Asked {
		word += ", waited for you"
	}
	if o.Tokens > 0 {
		word += ", " + Tokens(o.Tokens) + " tokens"
	}
	return word
}

// Short returns the outcome where a mark beside it says the rest: "rate limited".
func (o Outcome) Short() string {
	switch {
	case o.Asked && o.Ending == OK:
		return "waited for you"
	case o.Tokens > 0:
		return Tokens(o.Tokens) + " tokens"
	case o.Ending == BadRequest:
		return "bad request"
	case o.Ending == Unanswered:
		return string(Unanswered)
	case o.Ending == TimedOut || o.Ending == Cancelled:
		o.Detail, o.Asked = "", false
		return o.String()
	case o.Detail != "":
		return Safe(o.Detail)
	}
	o.Asked = false
	return o.String()
}

// Long returns the outcome with the code of a JSON-RPC error, where there is room.
func (o Outcome) Long() string {
	if o.Ending == Failed && o.Code != "" && o.Code != o.Detail {
		o.Detail += " (" + o.Code + ")"
	}
	return o.String()
}

// Mark returns the sign at the end of an operation's bar, which tells endings apart without color; empty for an
// operation that was answered.
func (o Outcome) Mark() string {
	switch o.Ending {
	case Failed, BadRequest:
		return "×"
	case Cancelled, TimedOut:
		return "┤"
	case Open, Hung:
		return "▶"
	case Unanswered, Over:
		return "╴"
	}
	return ""
}

// Signs that are not at the end of a bar.
const (
	LateMark   = "◇" // an answer that came late
	PersonMark = "░" // a piece of a bar: a person's time
)

// Color returns the outcome's color. What went well has none of its own: it is dim.
func (o Outcome) Color() Color {
	switch o.Ending {
	case Failed, Hung:
		return Red
	case TimedOut:
		if o.Late > 0 {
			return Yellow
		}
		return Red
	case BadRequest:
		return Yellow
	case Unanswered:
		if o.Detail != byClient {
			return Red
		}
	case Open:
		return Cyan
	case Answered:
		return Blue
	}
	if o.Asked {
		return Blue
	}
	return Dim
}

// Failed reports whether the operation counts as failed.
func (o Outcome) Failed() bool {
	switch o.Ending {
	case Failed, TimedOut:
		return true
	case Unanswered:
		return o.Detail == byServer || o.Detail == givenUp
	}
	return false
}
