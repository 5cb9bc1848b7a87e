package telemetry

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Silence is for the tests' own main.
var Silence = silence

// Stopping is closed when Close has told the consumer.
func (t *Telemetry) Stopping() <-chan struct{} { return t.stop }

// MessageBesideLines lets a message come into a queue from which the consumer has just taken the messages, and not yet the lines of
// stderr. It returns what calls the consumer the next time.
func MessageBesideLines() <-chan time.Time {
	q := newQueue()
	q.pushLine(stderrLine{raw: []byte("a line")})
	<-q.due.C
	q.take(time.Hour, time.Hour)
	q.push(&session.Message{})
	q.takeLines()
	return q.due.C
}
