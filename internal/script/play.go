package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spanpipe/spanpipe/internal/player"
)

// Played is what a session consisted of.
type Played struct {
	Lists, Calls int // that were asked for and made
	Failed       int // calls that the server refused, or whose tool says so
	Unanswered   int // calls without an answer in time
}

// Play plays a session: the handshake, the lists of what the server offers, and the calls. Before each it calls step with what it
// is about to do. It closes cfg.Out in any case. The error ended the session before all was done: the server did not open it,
// or has ended.
func (s *Script) Play(ctx context.Context, cfg player.Config, step func(what string)) (Played, error) {
	var played Played
	step("waiting for the server's answer to the handshake")
	session, err := player.Open(ctx, cfg)
	defer func() { _ = session.Close() }() // ends the session; what could fail has failed before
	if err != nil {
		return played, fmt.Errorf("opening the session: %w", err)
	}
	for _, list := range []player.List{player.Tools, player.Resources, player.Templates, player.Prompts} {
		if !session.Offers(list.Capability) {
			continue
		}
		step(list.Method)
		played.Lists++
		err := session.Pages(ctx, list, func([]json.RawMessage) error { return nil })
		if _, ended := errors.AsType[*player.EndedError](err); ended {
			return played, err
		} // what else is wrong with a list is in the recording
	}
	total := 0
	for i := range s.Calls {
		total += s.Calls[i].Repeat
	}
	for i := range s.Calls {
		for range s.Calls[i].Repeat {
			played.Calls++
			step(fmt.Sprintf("call %d of %d: %s", played.Calls, total, s.Calls[i].Name))
			if err := s.Calls[i].play(ctx, session, &played); err != nil {
				return played, fmt.Errorf("%w (call %d of %d)", err, played.Calls, total)
			}
		}
	}
	return played, nil
}

// play makes one call. The error is one that ends the session.
func (c *Call) play(ctx context.Context, session *player.Session, played *Played) error {
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	params := map[string]any{"name": c.Name, "arguments": c.Arguments}
	if c.Arguments == nil {
		params = map[string]any{"uri": c.Name}
	}
	answer, err := session.Request(ctx, c.Method, params)
	_, ended := errors.AsType[*player.EndedError](err)
	_, late := errors.AsType[*player.NoAnswerError](err)
	var result struct{ IsError bool }
	switch {
	case ended:
		return err
	case late || errors.Is(err, context.DeadlineExceeded):
		played.Unanswered++
	case err != nil || json.Unmarshal(answer, &result) == nil && result.IsError:
		played.Failed++
	}
	return nil
}
