package web

import (
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

const (
	// publishEvery is how often changes are sent at most.
	publishEvery = 250 * time.Millisecond
	// mostChanged is how many operations are sent at once. If there are more, pages read again what they show.
	mostChanged = 2000
	// againEvery is how often it is looked whether what needs a look still does.
	againEvery = time.Minute
)

// changes are what has changed since it was sent last.
type changes struct {
	sessions   map[string]bool
	operations map[string]watch.Operation // the latest record of each, by watch.Call.ID
	notes      []watch.Noted              // notifications that have a row
	gone       []string
	trouble    string
	live       bool
	attention  bool
	listing    bool // pages read again what they show
	flooded    bool // they do because of too many operations to send

	shown string      // what needed a look when that was sent last
	timer *time.Timer // runs until it is sent
	sent  time.Time
	again *time.Timer // runs while something needs a look, which it does for a while only
}

// note notes what an event changes.
func (c *changes) note(w *watch.World, e watch.Event) {
	switch e := e.(type) {
	case watch.Changed:
		c.session(e.Name)
		c.attention = true
	case watch.Gone:
		c.gone = append(c.gone, string(e))
		c.live, c.attention = true, true
	case watch.Operation:
		if s := w.Sessions[e.Session]; s != nil {
			c.session(e.Session)
			c.attention = true
			c.operation(&watch.Call{Session: s, Op: e.Record}, e)
		}
	case watch.Noted:
		c.live, c.attention = true, true
		if n, ok := e.Note.(record.Notification); ok && view.Drawn(n) && !c.flooded {
			c.notes = append(c.notes, e)
			c.bound()
		}
	case watch.History:
		if s := w.Sessions[e.Session]; s != nil && len(e.Operations) > 0 {
			c.session(e.Session)
			c.attention = true
		}
	}
}

func (c *changes) session(name string) {
	if c.sessions == nil {
		c.sessions = map[string]bool{}
	}
	c.sessions[name], c.live = true, true
}

func (c *changes) operation(one *watch.Call, e watch.Operation) {
	if c.flooded {
		return
	}
	if c.operations == nil {
		c.operations = map[string]watch.Operation{}
	}
	c.operations[one.ID()] = e
	c.bound()
}

// bound gives up the rows that have changed if they are too many.
func (c *changes) bound() {
	if len(c.operations)+len(c.notes) > mostChanged {
		c.operations, c.notes, c.listing, c.flooded = nil, nil, true, true
	}
}

// renewed forgets what has changed: everything is listed again.
func (c *changes) renewed() {
	*c = changes{shown: c.shown, timer: c.timer, sent: c.sent, again: c.again, attention: true}
}

// take returns what has changed, and forgets it.
func (c *changes) take() changes {
	taken := *c
	*c = changes{shown: c.shown, timer: c.timer, sent: time.Now(), again: c.again}
	return taken
}

// stop ends what runs.
func (c *changes) stop() {
	for _, t := range []*time.Timer{c.timer, c.again} {
		if t != nil {
			t.Stop()
		}
	}
}

// any reports whether something has changed.
func (c *changes) any() bool {
	return c.live || c.attention || c.listing || c.trouble != "" || len(c.sessions) > 0
}

// publishSoon sends what has changed, unless that is about to happen.
func (k *keeper) publishSoon() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.changes.timer == nil && k.life.Err() == nil {
		k.changes.timer = time.AfterFunc(publishEvery-time.Since(k.changes.sent), k.publish)
	}
}

// publish sends what has changed. What changes meanwhile is sent after that, so that the last event about a thing is the latest.
func (k *keeper) publish() {
	k.mu.Lock()
	if k.life.Err() != nil {
		k.mu.Unlock()
		return
	}
	k.work.Add(1)
	defer k.work.Done()
	k.world.Now = k.now()
	changed := k.changes.take()
	out := k.eventsOf(&changed)
	k.changes.shown = changed.shown
	if changed.shown != "" && k.following != nil && k.changes.again == nil {
		k.changes.again = time.AfterFunc(againEvery, k.again)
	}
	k.load()
	k.mu.Unlock()
	for _, e := range out {
		if live, ok := e.data.(*api.Live); ok {
			k.measure(live)
		}
		k.stream.add(e.name, e.data)
	}
	k.mu.Lock()
	k.changes.timer = nil
	more := k.changes.any()
	k.mu.Unlock()
	if more {
		k.publishSoon()
	}
}

// again looks again at what needs a look: some of it does so for a while only, and nothing happens when that is over.
func (k *keeper) again() {
	k.mu.Lock()
	k.changes.again, k.changes.attention = nil, true
	k.mu.Unlock()
	k.publishSoon()
}

// named is the data of an event.
type named struct {
	name string
	data any
}

// eventsOf returns the events for what has changed.
func (k *keeper) eventsOf(c *changes) (out []named) {
	w := k.world
	stamp := api.NewReply(w.Now)
	if c.trouble != "" {
		out = append(out, named{"trouble", api.TroubleEvent{Reply: stamp, Text: c.trouble}})
	}
	if len(c.gone) > 0 {
		out = append(out, named{"gone", api.GoneEvent{Reply: stamp, Sessions: c.gone}})
	}
	runs := map[*watch.Run]bool{}
	for name := range c.sessions {
		if s := w.Sessions[name]; s != nil {
			runs[s.InRun] = true
		}
	}
	calls, ended := c.calls(w)
	if len(runs) > 0 {
		e := api.RunsEvent{Reply: stamp}
		for _, r := range w.Runs {
			if runs[r] {
				e.Runs = append(e.Runs, k.runOf(r, r.Sessions))
			}
		}
		out = append(out, named{"runs", e})
	}
	for _, r := range w.Runs {
		if len(calls[r]) > 0 {
			out = append(out, named{"operations", rowsOf(w, r, calls[r])})
		}
	}
	if c.live {
		out = append(out, named{"live", k.liveOf(&watch.Filter{}, ended)})
	}
	if c.attention {
		alerts := w.Alerts()
		if key := keyOf(alerts); key != c.shown {
			c.shown = key
			out = append(out, named{"attention", api.AttentionEvent{Reply: stamp, Alerts: alertsOf(alerts), Hung: w.HungNow()}})
		}
	}
	if c.listing {
		out = append(out, named{"listing", stamp})
	}
	return out
}

// calls returns the operations and notifications that are news, by their runs, in the order of their starts, and those that have
// ended since the store is followed, in the order of their ends.
func (c *changes) calls(w *watch.World) (calls map[*watch.Run][]*watch.Call, ended []*watch.Call) {
	calls = map[*watch.Run][]*watch.Call{}
	for _, e := range c.operations {
		if s := w.Sessions[e.Session]; s != nil {
			one := &watch.Call{Session: s, Op: e.Record}
			calls[s.InRun] = append(calls[s.InRun], one)
			if e.Record.Change == record.Ended && !e.Before {
				ended = append(ended, one)
			}
			if asker := askerOf(w, one); asker != nil && c.operations[asker.ID()].Session == "" {
				calls[s.InRun] = append(calls[s.InRun], asker)
			}
		}
	}
	for _, e := range c.notes {
		if s := w.Sessions[e.Session]; s != nil {
			calls[s.InRun] = append(calls[s.InRun], s.Notification(e.Note.(record.Notification), 1)) // note has seen that it is one
		}
	}
	slices.SortFunc(ended, func(a, b *watch.Call) int { return a.Op.End.Compare(b.Op.End) })
	for _, all := range calls {
		slices.SortFunc(all, func(a, b *watch.Call) int { return a.Op.Start.Compare(b.Op.Start) })
	}
	return calls, ended
}

// askerOf returns the open operation in which a server asks for a person's answer, which waits for that or does no longer; nil if
// there is none.
func askerOf(w *watch.World, asked *watch.Call) *watch.Call {
	if asked.Op.Method != semconv.ElicitationCreate {
		return nil
	}
	for _, c := range w.Open {
		if c.Session == asked.Session && c.Op.Number == asked.Op.Parent {
			return c
		}
	}
	return nil
}
