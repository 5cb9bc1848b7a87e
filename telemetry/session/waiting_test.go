package session_test

import (
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// TestWaiting plays every conversation and lets a year pass whenever the tracker says that it is not waiting for
// anything. Nothing may happen in that year. It must not wait all the time either.
func TestWaiting(t *testing.T) {
	for name, c := range conversations(t) {
		t.Run(name, func(t *testing.T) {
			counted := new(tally)
			p := &patient{player: newPlayer(session.Config{HangAfter: time.Second}, counted), counted: counted, t: t}
			p.look(0)
			if !p.tracker.Waiting() {
				t.Error("a new session does not wait for the server's first response")
			}
			c.Play(p, 0)
		})
	}
	p := newPlayer(session.Config{}, new(tally))
	p.say(record.ToServer, []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`+"\n"), time.Second)
	if !p.tracker.Waiting() {
		t.Error("an open operation is not waited for")
	}
	p.say(record.ToClient, []byte(`{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}`+"\n"), 2*time.Second)
	if p.tracker.Waiting() {
		t.Error("a session in which nothing is open waits for something")
	}
}

// patient is a player that lets time pass between messages.
type patient struct {
	*player
	counted *tally
	t       *testing.T
}

// Say implements mcptest.Player.
func (p *patient) Say(from mcptest.Source, text []byte, at time.Duration) {
	p.player.Say(from, text, at)
	p.look(at)
}

func (p *patient) look(at time.Duration) {
	if p.tracker.Waiting() {
		return
	}
	before := *p.counted
	p.tracker.Advance(at + 365*24*time.Hour)
	if *p.counted != before {
		p.t.Errorf("something happened at %v although the tracker was not waiting", at)
	}
}

// tally is a sink that counts records.
type tally int

func (n *tally) Opened(*record.Operation)  { *n++ }
func (n *tally) Changed(*record.Operation) { *n++ }
func (n *tally) Noted(record.Note)         { *n++ }
