package replay

import (
	"fmt"

	"github.com/spanpipe/spanpipe/internal/recording"
)

// Whole returns why the fresh conversation should not take the place of the recorded one: the server has left something unanswered.
func (p *Played) Whole() error {
	if p.stopped != "" {
		return fmt.Errorf("not all of the recording was played: %s", p.stopped)
	}
	for _, c := range p.plan.requests {
		if o := p.outcomes[c]; c.answer != nil && !c.cancelled && c.answer.index < p.plan.closed && (o == nil || o.message == nil) {
			return fmt.Errorf("the server did not answer request %d, %s", c.number, c.name())
		}
	}
	return nil
}

// Recording returns the fresh conversation, which ended with an exit.
func (p *Played) Recording(by string, exit *recording.Exit) *recording.Recording {
	return &recording.Recording{
		Header: recording.Header{Started: p.started, By: by, Redacted: p.plan.Redacted()},
		Events: append(p.events[:len(p.events):len(p.events)], recording.Event{At: p.ended.Sub(p.started), Exit: exit}),
	}
}
