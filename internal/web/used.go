package web

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

// usedFor is how long what a server uses is not read again: it is measured more rarely.
const usedFor = 5 * time.Second

// used is what a live session's server used when that was read.
type used struct {
	at     time.Time
	cpu    *float64
	memory *int64
}

// measure adds what the servers of live sessions use. It reads files, and so must not be called under the lock.
func (k *keeper) measure(live *api.Live) {
	now := time.Now()
	for i := range live.Sessions {
		one := &live.Sessions[i]
		k.mu.Lock()
		var session store.Session
		known, ok := k.used[one.Name]
		if s := k.world.Sessions[one.Name]; s != nil {
			session = s.Session
		}
		k.mu.Unlock()
		if session.Name != "" && (!ok || now.Sub(known.at) >= usedFor) {
			known = used{at: now}
			known.cpu, known.memory = usedNow(&session)
			k.mu.Lock()
			k.used[one.Name] = known
			k.mu.Unlock()
		}
		one.CPU, one.Memory = known.cpu, known.memory
	}
}
