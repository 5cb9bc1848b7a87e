package replay

import (
	"fmt"

	"github.com/spanpipe/spanpipe/internal/recording"
)

// Recording returns the fresh conversation as a recording. The error says why it should not take the place of the recorded one.
func (p *Played) Recording(by string, exit *recording.Exit) (*recording.Recording, error) {
	if p.stopped != "" {
		return nil, fmt.Errorf("not all of the recording was played: %s", p.stopped)
	}
	for _, c := range p.plan.requests {
		if o := p.outcomes[c]; c.answer != nil && !c.cancelled && c.answer.index < p.plan.closed && (o == nil || o.message == nil) {
			return nil, fmt.Errorf("the server did not answer request %d, %s", c.number, c.name())
		}
	}
	fresh := &recording.Recording{Header: recording.Header{Started: p.started, By: by, Redacted: p.plan.Redacted()}}
	fresh.Events = append(fresh.Events, p.events...)
	if exit != nil {
		fresh.Events = append(fresh.Events, recording.Event{At: p.ended.Sub(p.started), Exit: exit})
	}
	return fresh, nil
}
