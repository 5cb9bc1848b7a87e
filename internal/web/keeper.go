package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/watch/feed"
)

const (
	// lookEvery is how often the store is looked at while it is followed.
	lookEvery = 250 * time.Millisecond
	// grace is how long the store is followed after the last page and the last request: a page that is loaded again finds
	// everything as it was.
	grace = 30 * time.Second
	// againAfter is how long a store that could not be read is left alone.
	againAfter = 5 * time.Second
)

// keeper knows the sessions while they are looked at. It follows the store from the first request or stream until a while
// after the last one, and knows all sessions that are stored: to list them, the store reads all anyway.
type keeper struct {
	config Config
	stream *stream // what has changed, for pages that are connected
	life   context.Context
	end    context.CancelFunc
	work   sync.WaitGroup

	mu sync.Mutex // of what follows
	known
	changes   changes
	problem   string          // with the store
	used      map[string]used // by live sessions, see measure
	holders   int             // requests and streams
	following *following      // nil while nothing is looked at
	leaving   *time.Timer
	grace     time.Duration
	wants     []watch.Want // that are being loaded
	loading   bool
}

// following is one time in which the store is followed.
type following struct {
	ready chan struct{} // closed when the store was read, or could not be
	once  sync.Once     // closes it
	stop  context.CancelFunc
}

func newKeeper(c Config) *keeper {
	k := &keeper{config: c, known: known{world: watch.NewWorld(time.Now().In(c.Zone), c.HangAfter)}, stream: newStream(), grace: grace,
		used: map[string]used{}}
	k.life, k.end = context.WithCancel(context.Background())
	return k
}

// close ends all that runs, and waits for it.
func (k *keeper) close() {
	k.mu.Lock()
	if k.leaving != nil {
		k.leaving.Stop()
	}
	k.changes.stop()
	k.end()
	k.mu.Unlock()
	k.work.Wait()
}

// hold keeps the store followed until release is called, and waits until it has been read.
func (k *keeper) hold(ctx context.Context) (release func()) {
	k.mu.Lock()
	k.holders++
	if k.leaving != nil {
		k.leaving.Stop()
		k.leaving = nil
	}
	if k.following == nil && k.life.Err() == nil {
		ctx, stop := context.WithCancel(k.life)
		k.following = &following{ready: make(chan struct{}), stop: stop}
		f := k.following
		k.work.Go(func() { k.follow(ctx, f) }) // ends with its context
	}
	f := k.following
	k.mu.Unlock()
	if f != nil {
		select {
		case <-f.ready:
		case <-ctx.Done():
		case <-k.life.Done():
		}
	}
	return k.release
}

// expect begins to read the store for a page that is about to come.
func (k *keeper) expect() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.life.Err() == nil {
		k.work.Go(func() { k.hold(k.life)() }) // ends when the store has been read
	}
}

func (k *keeper) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.holders--; k.holders == 0 && k.following != nil && k.life.Err() == nil {
		k.leaving = time.AfterFunc(k.grace, k.leave)
	}
}

// leave ends following unless something has come meanwhile.
func (k *keeper) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.holders == 0 && k.following != nil {
		k.following.stop()
		k.following = nil
	}
}

// during calls a function with what is known, for a request, which may end before the store has been read. The function must
// not read files, nor keep what it was given.
func (k *keeper) during(ctx context.Context, f func(w *watch.World)) {
	release := k.hold(ctx)
	defer release()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.world.Now = time.Now().In(k.config.Zone)
	f(k.world)
	k.load()
}

// listed returns the sessions that ended after a time or may still run, the newest first.
func (k *keeper) listed(ctx context.Context, since time.Time) ([]store.Session, error) {
	var all []store.Session
	filter := store.Filter{Since: since}
	k.during(ctx, func(w *watch.World) {
		for _, s := range w.Sessions {
			if filter.Session(&s.Session) {
				all = append(all, s.Session)
			}
		}
	})
	slices.SortFunc(all, func(a, b store.Session) int { return newestFirst(&a, &b) })
	return all, ctx.Err()
}

// follow follows the store until the context is done. A store that cannot be read is tried again.
func (k *keeper) follow(ctx context.Context, f *following) {
	defer f.stop()
	for {
		first := true
		err := feed.Follow(ctx, k.config.Store, store.Filter{}, lookEvery, func(events []watch.Event) {
			k.take(ctx, events, first)
			if first {
				first = false
				f.once.Do(func() { close(f.ready) })
			}
		})
		if err == nil {
			return // the context is done
		}
		k.failed(err)
		f.once.Do(func() { close(f.ready) })
		select {
		case <-ctx.Done():
			return
		case <-time.After(againAfter):
		}
	}
}

// take takes what the store holds, which is first, or what has happened in it.
func (k *keeper) take(ctx context.Context, events []watch.Event, first bool) {
	k.mu.Lock()
	if ctx.Err() != nil { // another one may have begun to follow
		k.mu.Unlock()
		return
	}
	now := time.Now().In(k.config.Zone)
	if first {
		listing, _ := events[0].(watch.Listing) // which comes first
		k.problem, k.world, events = "", k.world.Renewed(now, listing), events[1:]
		k.changes.renewed()
		clear(k.used)
		k.stream.restart()
	}
	k.world.Now = now
	for _, e := range events {
		k.apply(e)
	}
	var live, lately []store.Session
	if first { // the figures of live sessions stand nowhere else, and the first reply has them
		live, lately = k.lacking(), k.lately()
	}
	k.load()
	took := k.loaded(k.world)
	k.mu.Unlock()
	for i := range live {
		feed.Operations(&live[i], took)
	}
	for i := range lately {
		took(feed.Warnings(&lately[i]))
	}
	k.publishSoon()
}

// lately returns the sessions whose warnings still need a look.
func (k *keeper) lately() (all []store.Session) {
	for _, s := range k.world.Sessions {
		if s.Lately(k.world.Now) {
			all = append(all, s.Session)
		}
	}
	return all
}

// apply takes an event, and notes what it changes.
func (k *keeper) apply(e watch.Event) {
	k.world.Apply(e)
	k.changes.note(k.world, e)
}

// failed takes the error of reading the store.
func (k *keeper) failed(err error) {
	problem := "the store cannot be read: " + view.Safe(err.Error())
	k.mu.Lock()
	isNew := k.problem != problem
	if k.problem = problem; isNew {
		k.changes.trouble = problem
	}
	k.mu.Unlock()
	if isNew {
		k.publishSoon()
	}
}

// newestFirst compares sessions.
func newestFirst(a, b *store.Session) int {
	return cmp.Or(b.Launched.Compare(a.Launched), strings.Compare(b.Name, a.Name))
}

// number reads the numbers that commands take: those of the last listing, which may have been made meanwhile. The page makes
// none itself: it would change what the numbers in the user's terminal stand for.
func (k *keeper) number() {
	names := k.config.Store.LastListing()
	numbers := make(map[string]int, len(names))
	for i, name := range names {
		numbers[name] = i + 1
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.numbers = numbers
}
