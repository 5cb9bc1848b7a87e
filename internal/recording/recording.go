package recording

import "time"

// Version is the version of the format that this package writes, and the newest that it reads.
const Version = 1

// Header is the first line of a recording.
type Header struct {
	Started  time.Time // just before the server was started: the time of At 0
	By       string    // the program that wrote it, with its version
	Redacted bool      // texts that look like secrets or personal data have been replaced
}

// Side is the peer that wrote bytes.
type Side string

// The peers.
const (
	Client Side = "client" // writes the server's stdin
	Server Side = "server" // writes its stdout
)

// End is how a direction ended.
type End string

// The ends of a direction.
const (
	Whole End = "whole" // its writer closed it
	Cut   End = "cut"   // its writer may have had more to say: the reader had gone, or both were cut off
)

// Exit is how the server's process ended.
type Exit struct {
	Code   int    `json:"code"`             // its exit status
	Signal string `json:"signal,omitempty"` // that killed it, such as SIGKILL
}

// Event is bytes, the end of a direction, or the exit of the server. Exactly one of Data, End, Lost and Exit is set.
type Event struct {
	At   time.Duration // since Header.Started, when the last of the bytes was read; to the microsecond
	From Side          // empty for an exit
	Data []byte        // at most one line of the conversation, with its line feed; a long line may be several events
	End  End
	Lost int64 // bytes that are missing here
	Exit *Exit
}

// Recording is a whole recording.
type Recording struct {
	Header
	Events []Event
}

// Line is a line of the conversation.
type Line struct {
	At   time.Duration // when the last of its bytes was read
	From Side
	Data []byte // with its line feed, unless the direction ended without one
}

// Lines returns the lines of the conversation, in the order of their last bytes.
func (r *Recording) Lines() (lines []Line) {
	parts := map[Side][]byte{}
	finish := func(at time.Duration, from Side) {
		if data := parts[from]; len(data) > 0 {
			lines = append(lines, Line{at, from, data})
		}
		delete(parts, from)
	}
	for i := range r.Events {
		e := &r.Events[i]
		switch {
		case len(e.Data) > 0:
			parts[e.From] = append(parts[e.From], e.Data...)
			if e.Data[len(e.Data)-1] == '\n' {
				finish(e.At, e.From)
			}
		case e.End != "":
			finish(e.At, e.From)
		}
	}
	for _, side := range []Side{Client, Server} { // the recording broke off
		if n := len(r.Events); n > 0 {
			finish(r.Events[n-1].At, side)
		}
	}
	return lines
}

// Lost returns how many bytes are missing from the recording.
func (r *Recording) Lost() (bytes int64) {
	for i := range r.Events {
		bytes += r.Events[i].Lost
	}
	return bytes
}

// Exit returns how the server ended, or nil if the recording does not hold that.
func (r *Recording) Exit() *Exit {
	for i := range r.Events {
		if exit := r.Events[i].Exit; exit != nil {
			return exit
		}
	}
	return nil
}
