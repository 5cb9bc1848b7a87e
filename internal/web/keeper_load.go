package web

import (
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/watch/feed"
)

// lacking returns the live sessions whose operations the world asks for, and leaves all else that it asks for to load.
func (k *keeper) lacking() (live []store.Session) {
	for _, w := range k.world.Drain() {
		if s := k.world.Sessions[w.Session]; s != nil && w.Kind == watch.WantOperations {
			live = append(live, s.Session)
		} else {
			k.wants = append(k.wants, w)
		}
	}
	return live
}

// load has what the world asks for loaded, which one goroutine does.
func (k *keeper) load() {
	k.wants = append(k.wants, k.world.Drain()...)
	if len(k.wants) > 0 && !k.loading && k.life.Err() == nil {
		k.loading = true
		k.work.Go(k.loadAll) // ends when all is loaded
	}
}

// loadAll loads what the world asks for until that is nothing.
func (k *keeper) loadAll() {
	for asked := false; ; {
		k.mu.Lock()
		wants := k.wants
		k.wants = nil
		if len(wants) == 0 || k.life.Err() != nil {
			k.loading = false
			k.changes.listing = k.changes.listing || asked
			k.mu.Unlock()
			k.publishSoon()
			return
		}
		sessions := make([]store.Session, len(wants))
		for i, w := range wants {
			asked = asked || w.Kind != watch.WantOperations // these are in events
			if s := k.world.Sessions[w.Session]; s != nil {
				sessions[i] = s.Session
			}
		}
		stored, take := k.world.Stored(), k.loaded(k.world)
		k.mu.Unlock()
		var ended []store.Session
		for i, w := range wants {
			s := &sessions[i]
			switch {
			case w.Kind == watch.WantTally:
				take([]watch.Event{feed.Tally(k.life, stored)})
			case s.Name == "": // it was removed
			case w.Kind == watch.WantDetail:
				take([]watch.Event{feed.Detail(s)})
			case w.Kind == watch.WantOperations:
				feed.Operations(s, take)
			case w.Kind == watch.WantHistory:
				ended = append(ended, *s)
			}
		}
		feed.Histories(ended, lookEvery, func(read []watch.Event) bool {
			take(read)
			return k.life.Err() == nil
		})
	}
}

// loaded returns a function that takes what was loaded for a world. Another one, see watch.World.Renewed, asks for its own.
func (k *keeper) loaded(world *watch.World) func([]watch.Event) {
	return func(events []watch.Event) {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.world != world {
			return
		}
		for _, e := range events {
			k.apply(e)
		}
	}
}
