package cli

import (
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// This file adds to two stored sessions what the store knows of their server's definitions beside the sessions.

// span is what lies between two sessions.
type span struct {
	older, newer *conversation.Conversation
	adjacent     bool // no other session of the server lies between
}

// addKnown adds which parts of definitions have changed between two sessions, and the texts, as far as they are kept.
func (c *conversations) addKnown(p *pair) error {
	if p.a.Recording != nil || p.b.Recording != nil || p.a.Service != p.b.Service || p.a.Name == p.b.Name {
		return nil
	}
	s := span{older: p.a, newer: p.b}
	if s.newer.Records.Begin().Before(s.older.Records.Begin()) {
		s.older, s.newer = s.newer, s.older
	}
	sessions, err := c.store.Sessions()
	if err != nil {
		return c.storeError(c.store, err)
	}
	s.adjacent = !slices.ContainsFunc(sessions, func(one store.Session) bool {
		return one.Service == p.a.Service && one.Name != s.older.Name && one.Name != s.newer.Name &&
			one.Launched.After(s.older.Records.Begin()) && one.Launched.Before(s.newer.Records.End())
	})
	defined, err := c.store.Defined()
	if err != nil {
		return c.storeError(c.store, err)
	}
	for i := range defined {
		d := &defined[i]
		if d.Service != p.a.Service || d.Problem != nil {
			continue
		}
		p.noticed = append(p.noticed, s.changes(&d.State)...)
		if !s.adjacent {
			continue
		}
		diffs, err := diffsOf(c.store, d, time.Now())
		if err != nil {
			c.warn(err.Error())
		}
		for j := range diffs {
			s.addTexts(&diffs[j])
		}
	}
	return nil
}

// within reports whether something happened after the older session, and no later than the newer one's end.
func (s *span) within(t time.Time) bool {
	return t.After(s.older.Records.End()) && !t.After(s.newer.Records.End())
}

// changes returns the changes of definitions after which the newer session has a form that had not been seen before, so that it is not
// that of the older one. A change may have been taken back in a third session, which is not noticed as one.
func (s *span) changes(state *definitions.State) (all []record.DefinitionChange) {
	for i := range state.Changes {
		c := &state.Changes[i]
		if c.Change != record.DefinitionChanged || !s.within(c.Time) {
			continue
		}
		stays := slices.ContainsFunc(state.Known, func(k definitions.Known) bool {
			return k.Kind == c.Kind && k.Name == c.Name && k.Since.Equal(c.Since)
		})
		if stays || !c.Time.Before(s.newer.Records.Begin()) {
			all = append(all, *c)
		}
	}
	return all
}

// addTexts adds the texts of a definition that has changed from one session to the next.
func (s *span) addTexts(d *definitionDiff) {
	if !d.kept() || d.before.Cut || d.after.Cut || d.known.Unaccepted() || !s.within(d.known.Since) {
		return
	}
	for _, side := range []struct {
		of   *conversation.Conversation
		text string
	}{{s.older, d.before.Text}, {s.newer, d.after.Text}} {
		for i := range side.of.Definitions {
			if def := &side.of.Definitions[i]; def.Kind == d.known.Kind && def.Name == d.known.Name {
				def.Text = []byte(side.text)
			}
		}
	}
}
