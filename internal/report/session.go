package report

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Session is a session to add up.
type Session struct {
	Name     string // names it in Report.Unread
	Server   string
	Client   string
	Launched time.Time
	Ended    time.Time // zero if that is not known, and while it runs
	Live     bool
	// Digest calls f with each operation that has ended, in the order of their ends, until f returns false. An operation
	// is valid until f returns.
	Digest func(f func(op *record.Operation) bool) error
	// Open returns the operations that were open for a while, whether or not they have ended. It is nil for a session
	// that has ended.
	Open func() []record.Operation
	// Findings returns what stood out in it. It may be nil.
	Findings func() []record.Finding
}

// open returns the operations that may be open, by their numbers.
func (s *Session) open() map[uint64]*record.Operation {
	if s.Open == nil {
		return nil
	}
	open := map[uint64]*record.Operation{}
	for _, op := range s.Open() {
		open[op.Number] = &op
	}
	return open
}

// Unread is a session that could not be read, or not to its end.
type Unread struct {
	Name string
	Err  error
}
