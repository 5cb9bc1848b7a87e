package view

import (
	"fmt"
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Stall is why an operation was not answered in time, in words: what is so, whose side that is, and what shows it. Each is a
// sentence without its full stop. Fault and Proof may be empty.
type Stall struct{ What, Fault, Proof string }

// String returns all of it: "The server has read the request and does nothing. The fault is on the server's side: it
// has used no CPU time in the last 29.0s, written no part of an answer and asked the client for nothing." It is empty if
// there is no verdict.
func (s Stall) String() string {
	if s.Fault != "" && s.Proof != "" {
		return s.What + ". " + s.Fault + ": " + s.Proof + "."
	}
	return s.Short()
}

// Short returns it without what shows it.
func (s Stall) Short() string {
	switch {
	case s.What == "":
		return ""
	case s.Fault == "":
		return s.What + "."
	}
	return s.What + ". " + s.Fault + "."
}

// Side returns whose side a wait is on: "server's side"; "unclear" if there is no verdict or nothing shows it.
func (s Stall) Side() string {
	switch s.Fault {
	case serversFault, serversTime:
		return "server's side"
	case clientsFault:
		return "client's side"
	case "":
		return "unclear"
	}
	return "behind the server"
}

// StallWord returns a verdict in two or three words: "server idle".
func StallWord(s record.Stall) string {
	switch s {
	case record.UnknownStall:
		return ""
	case record.ServerWaitingForClient:
		return "server asks client"
	case record.BridgeRemote:
		return "remote"
	}
	return Safe(strings.ReplaceAll(string(s), "_", " "))
}

// proven reports whether an operation's verdict says more than that its requester stopped waiting.
func proven(op *record.Operation) bool {
	switch op.Stall {
	case "", record.UnknownStall, record.ClientGaveUp:
		return false
	}
	return true
}

// The sides that a wait can be on. A server that works is not at fault.
const (
	serversFault = "The fault is on the server's side"
	clientsFault = "The fault is on the client's side"
	serversTime  = "The wait is on the server's side"
)

// StallOf returns the verdict about an operation in words.
func StallOf(op *record.Operation) Stall {
	e, open := op.Seen(), op.Change != record.Ended && op.Change != ""
	if op.Direction == record.ToClient {
		return asked(op, &e, open)
	}
	tense := func(now, then string) string {
		if open {
			return now
		}
		return then
	}
	switch op.Stall {
	case record.ClientNotReading:
		return Stall{tense("The client does not read what the server writes", "The client did not read what the server wrote"),
			clientsFault, "nothing has got through to it for " + Duration(e.Blocked)}
	case record.AnswerIncomplete:
		return Stall{tense("The server has begun an answer and not ended it", "The server had begun an answer and did not end it"),
			serversFault, partial(&e)}
	case record.ServerNotReading:
		return Stall{tense("The server has not read the request", "The server did not read the request"), serversFault, unread(&e)}
	case record.ServerWaitingForClient:
		return Stall{tense("The server has asked the client for something and waits for that", "The server waited for an answer of the client's"),
			clientsFault, "its request " + Safe(e.Asked) + tense(" has not", " had not") + " been answered"}
	case record.ServerStopped:
		return Stall{tense("The server is stopped, by a signal or a debugger", "The server was stopped, by a signal or a debugger"),
			serversFault, someOf(e.Stopped, e.Processes) + tense(" can", " could ") + "not run"}
	case record.Starting:
		return Stall{tense("The server is still starting, and has answered nothing so far",
			"The server was still starting, and had answered nothing"), serversTime, starting(&e)}
	case record.BridgeRemote:
		return Stall{tense("The server runs elsewhere, behind "+Safe(e.Bridge)+", and has not answered",
			"The server ran elsewhere, behind "+Safe(e.Bridge)+", and did not answer"),
			"Why cannot be seen from here", Safe(e.Bridge) + " has taken the request, and waits"}
	case record.WaitingForChild:
		return Stall{tense("The server waits for a process that it has started", "The server waited for a process that it had started"),
			serversTime, fmt.Sprintf("%d of its %s began after the request%s%s", e.Children, processes(e.Processes),
				still(e.Children, open), used(&e, ", and together they used "))}
	case record.ServerBusy:
		return Stall{tense("The server is at work", "The server was at work"), serversTime, busy(&e)}
	case record.ServerIdle:
		return idle(op, &e, tense)
	case record.ClientGaveUp:
		return Stall{What: "Nothing shows that the server was at fault: the client stopped waiting"}
	case record.UnknownStall:
		return Stall{What: tense("Where it is stuck cannot be seen", "Where it was stuck could not be seen")}
	}
	return Stall{}
}

// StallSeen returns the same with when the operation was looked at, for what is read later: until the next look, an operation that
// hangs may wait as long again.
func StallSeen(op *record.Operation) Stall {
	s := StallOf(op)
	if s.Proof != "" {
		s.Proof += SeenAfter(op)
	}
	return s
}

// SeenAfter returns how long an operation that hangs had been open when it was looked at: " (seen after 30.0s)". It is empty for others.
func SeenAfter(op *record.Operation) string {
	if op.Change != record.Hanging {
		return ""
	}
	return " (seen after " + Duration(op.Duration+op.InputWait) + ")"
}

// asked returns the verdict about a request of the server's: what a client does can be seen on the wire alone.
func asked(op *record.Operation, e *record.Evidence, open bool) Stall {
	has, not := "has", "has not answered"
	if !open {
		has, not = "had", "did not answer"
	}
	switch op.Stall {
	case record.ClientNotReading:
		return Stall{"The client " + has + " not read the request", clientsFault, ""}
	case record.AnswerIncomplete:
		return Stall{"The client " + has + " begun an answer and not ended it", clientsFault, partial(e)}
	case record.ServerNotReading:
		return Stall{"The server " + has + " not read the client's answer", serversFault,
			"nothing has got through to it for " + Duration(e.Blocked)}
	case "":
		return Stall{}
	}
	return Stall{What: "The client " + not + "; what it does cannot be seen from here"}
}

func partial(e *record.Evidence) string {
	return fmt.Sprintf("%s of it have come, the last of them %s ago", Size(e.Partial), Duration(e.Quiet))
}

func unread(e *record.Evidence) string {
	text := "a part of it did not get through"
	if e.Unread > 0 {
		text = Size(e.Unread) + " wait in its input"
	}
	if e.Backlog > 0 {
		text += fmt.Sprintf(", behind %s that it has not read either", Plural(e.Backlog, "earlier request"))
	}
	return text
}

func starting(e *record.Evidence) string {
	text := "it has read the request"
	if e.Unread > 0 {
		text = "it has not read the request yet"
	}
	return text + used(e, ", and its processes used ")
}

func busy(e *record.Evidence) string {
	if e.Over == 0 {
		return fmt.Sprintf("%d of its %s run, or wait for a disk", e.Running, processes(e.Processes))
	}
	return used(e, "it used ")
}

// used returns how much CPU time the server's processes used, behind some words; nothing if that is not known.
func used(e *record.Evidence, before string) string {
	if e.Over == 0 {
		return ""
	}
	amount := "no CPU time"
	if e.CPU > 0 {
		amount = Duration(e.CPU) + " of CPU time"
	}
	return before + amount + " in the last " + Duration(e.Over)
}

// idle returns the verdict about a server that does nothing.
func idle(op *record.Operation, e *record.Evidence, tense func(now, then string) string) Stall {
	s := Stall{tense("The server has read the request and does nothing", "The server had read the request and did nothing"),
		serversFault, used(e, "it used ")}
	if e.Over == 0 {
		s.Proof = "its processes sleep"
	}
	if e.Others > 0 {
		s.What = "The server read the request and did not answer it, but " + Plural(e.Others, "other") + " since"
	}
	if op.Progress > 0 {
		s.What = tense("The server has read the request, has reported progress, and does nothing",
			"The server had read the request, reported progress, and did nothing")
	}
	s.Proof += ", wrote no part of an answer and asked the client for nothing"
	return s
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return Number(n) + " processes"
}

// someOf returns how many of the server's processes something is true of.
func someOf(n, all int) string {
	if all == 1 {
		return "its only process"
	}
	return fmt.Sprintf("%d of its %s", n, processes(all))
}

func still(n int, open bool) string {
	switch {
	case !open:
		return " and had not ended"
	case n == 1:
		return " and has not ended"
	}
	return " and have not ended"
}
