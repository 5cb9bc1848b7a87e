package record

import "time"

// Stall is the verdict about an operation that is not answered in time: where it is stuck, as far as that can be proven.
type Stall string

// The verdicts. Those about the streams come first: they are certain. What the server's processes do is only evidence
// where they do the work themselves, see BridgeRemote.
const (
	ClientNotReading       Stall = "client_not_reading"        // what the server wrote is not being read
	AnswerIncomplete       Stall = "answer_incomplete"         // the beginning of an answer has come, and not its end
	ServerNotReading       Stall = "server_not_reading"        // the request, or one before it, is still in the pipe
	ServerWaitingForClient Stall = "server_waiting_for_client" // it has asked the client for something
	ServerStopped          Stall = "server_stopped"            // one of its processes is stopped, by a signal or a debugger
	Starting               Stall = "starting"                  // it has answered nothing yet and is at work
	BridgeRemote           Stall = "bridge_remote"             // the server runs elsewhere, behind a local process that waits
	WaitingForChild        Stall = "waiting_for_child"         // a process that it has started since runs
	ServerBusy             Stall = "server_busy"               // its processes use the CPU
	ServerIdle             Stall = "server_idle"               // it has read the request, and they do nothing
	ClientGaveUp           Stall = "client_gave_up"            // the requester stopped waiting, and nothing else is known
	AnsweredLate           Stall = "answered_late"             // of an answer that came after that
	UnknownStall           Stall = "unknown"
)

// Evidence is what a verdict rests on. What does not apply, or could not be seen, is zero.
type Evidence struct {
	Unread  int64 `json:"unread,omitempty"`  // bytes that the answerer has not read, up to the last that there are
	Backlog int   `json:"backlog,omitempty"` // earlier requests that it has not read either

	Partial int64         `json:"partial,omitempty"`    // bytes of an answer that has begun and not ended
	Quiet   time.Duration `json:"quiet_ns,omitempty"`   // since the last of them
	Blocked time.Duration `json:"blocked_ns,omitempty"` // how long the relay has not been able to write the answer

	Asked  string `json:"asked,omitempty"`  // the method of the server's own request that is not answered
	Others int    `json:"others,omitempty"` // other requests that were answered since this one came

	Processes int           `json:"processes,omitempty"` // of the server, when they were looked at
	Stopped   int           `json:"stopped,omitempty"`   // those of them that are stopped
	Running   int           `json:"running,omitempty"`   // those of them that run, or wait for a disk
	Children  int           `json:"children,omitempty"`  // those of them that were started since the request
	CPU       time.Duration `json:"cpu_ns,omitempty"`    // what all of them used within Over
	Over      time.Duration `json:"over_ns,omitempty"`   // the last part of the wait; 0: CPU is not known
	Bridge    string        `json:"bridge,omitempty"`    // the program that leads elsewhere, a listed name
}

// Seen returns the evidence of an operation's verdict, and the zero value if there is none.
func (op *Operation) Seen() Evidence {
	if len(op.Evidence) == 0 {
		return Evidence{}
	}
	return op.Evidence[0]
}

// Prove sets an operation's verdict, with what it rests on.
func (op *Operation) Prove(s Stall, e Evidence) {
	op.Stall, op.Evidence = s, nil
	if e != (Evidence{}) {
		op.Evidence = []Evidence{e}
	}
}
