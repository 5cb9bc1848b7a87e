package terminal

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/watch/feed"
)

// lookEvery is how often the store is looked at: a call is on the screen well within two seconds.
const lookEvery = 500 * time.Millisecond

// follow passes on what the store holds and then what happens in it, until the context is done. A panic is passed to
// failed, since only the goroutine that owns the terminal can restore it.
func follow(ctx context.Context, c Config, send func([]watch.Event), failed func(any)) {
	defer func() {
		if r := recover(); r != nil {
			failed(fmt.Sprintf("%v\n%s", r, debug.Stack()))
		}
	}()
	if err := feed.Follow(ctx, c.Source, c.Filter, lookEvery, send); err != nil {
		send([]watch.Event{watch.Trouble("the store cannot be read any more: " + err.Error())})
	}
}

// list keeps the numbers of sessions, so that other commands take them. A number whose session was removed stays free.
func list(source Source, names []string) {
	all := make([]store.Session, len(names))
	for i, name := range names {
		all[i].Name = cmp.Or(name, "-")
	}
	_ = source.List(all) // names work without a listing
}
