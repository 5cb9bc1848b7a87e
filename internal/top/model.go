package top

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
)

// Config is what a Model starts with.
type Config struct {
	Now       time.Time     // with the zone that times are shown in
	HangAfter time.Duration // how long a call is open until it hangs
	Dir       string        // of the store, as it is shown
	Filter    string        // to begin with; an invalid one is none
	ASCII     bool          // the terminal has no UTF-8
}

// Model is the state of the view. Its methods must not be called at the same time.
type Model struct {
	config Config
	world  *watch.World
	size   Size
	clock  time.Time // as the first line shows it; the world's stands still while paused

	tab    int
	stacks [3][]pane // of each view: what was opened, the last one on top

	filter  watch.Filter
	editing bool
	input   []rune
	problem string // with the filter that is being edited
	message string // until the next key
	trouble string // with the store, from then on

	paused bool
	held   []watch.Event // what came meanwhile

	stale   bool // something has changed since the rows were collected
	reorder bool
	listed  bool
}

// Effect is what a key asks of the terminal.
type Effect struct {
	Quit bool
	Copy string // text for the clipboard
}

// mostHeld bounds what a pause keeps. What comes after moves on.
const mostHeld = 20_000

// New returns a model that knows no session yet.
func New(c Config) *Model {
	m := &Model{config: c, clock: c.Now, world: watch.NewWorld(c.Now, c.HangAfter), stale: true, size: Size{80, 24}}
	m.stacks = [3][]pane{{newSessionsPane()}, {newToolsPane()}, {newLivePane()}}
	m.filter, _ = watch.ParseFilter(c.Filter)
	return m
}

// Resize sets the size of the screen.
func (m *Model) Resize(s Size) { m.size = s }

// Tick sets the time.
func (m *Model) Tick(now time.Time) {
	m.clock = now
	if !m.paused {
		m.world.Now = now
		m.stale = m.stale || len(m.world.Open) > 0
	}
}

// Take takes an event.
func (m *Model) Take(e watch.Event) {
	switch e.(type) {
	case watch.Operation, watch.Noted, watch.Changed, watch.Gone:
		if m.paused {
			m.held = append(m.held, e)
			if len(m.held) <= mostHeld {
				return
			}
			e, m.held = m.held[0], m.held[1:]
		}
	}
	m.apply(e)
	m.stale = true
}

func (m *Model) apply(e watch.Event) {
	m.world.Apply(e)
	switch e := e.(type) {
	case watch.Listing:
		m.listed, m.reorder = true, true
	case watch.Detail:
		if s := m.world.Sessions[e.Session]; s != nil && e.Err != nil {
			m.message = s.Title() + " cannot be read: " + view.Steady(e.Err.Error())
		}
	case *watch.Tally:
		m.reorder = true
	case watch.Trouble:
		m.trouble = view.Steady(string(e))
		m.message = m.trouble
	}
}

// Wants returns what the model lacks, each once.
func (m *Model) Wants() []watch.Want {
	return m.world.Drain()
}

// Stored returns the sessions whose operations do not come as events: those that had ended when they were listed.
func (m *Model) Stored() []store.Session {
	return m.world.Stored()
}

// Session returns a session by its name.
func (m *Model) Session(name string) (store.Session, bool) {
	if s := m.world.Sessions[name]; s != nil {
		return s.Session, true
	}
	return store.Session{}, false
}

// Numbers returns the names of the sessions in the order of the numbers that the screen shows.
func (m *Model) Numbers() []string { return m.world.Number() }

// Done forgets that something was asked for, so that it can be asked for again.
func (m *Model) Done(w watch.Want) { m.world.Forget(w) }

// pane returns the pane on top.
func (m *Model) pane() pane {
	stack := m.stacks[m.tab]
	return stack[len(stack)-1]
}

// refresh collects the rows again if something has changed.
func (m *Model) refresh() {
	if m.stale {
		if !m.filter.Empty() { // any word may be a tool's name
			m.world.Want(watch.WantTally, "")
		}
		m.pane().update(m.world, &m.filter, m.reorder)
		m.stale, m.reorder = false, false
	}
}

// Key acts on a key, named as bubbletea names it.
func (m *Model) Key(key string) Effect {
	m.refresh()
	m.message = m.trouble
	if m.editing {
		m.edit(key)
		return Effect{}
	}
	switch key {
	case "q", "ctrl+c":
		return Effect{Quit: true}
	case "y":
		return m.copy()
	}
	m.stale = true
	if m.common(key) {
		return Effect{}
	}
	p := m.pane()
	if l := p.rows(); l != nil && l.key(key) {
		return Effect{}
	}
	if a := p.key(m.world, key); a.known {
		m.reorder = true
		m.act(a)
	}
	return Effect{}
}

func (m *Model) act(a action) {
	if a.open != nil {
		m.stacks[m.tab] = append(m.stacks[m.tab], a.open)
	}
	if a.tab > 0 {
		m.filter, _ = watch.ParseFilter(a.filter)
		m.show(a.tab - 1)
	}
}

// common acts on the keys of every view.
func (m *Model) common(key string) bool {
	switch key {
	case "1", "2", "3":
		m.show(int(key[0] - '1'))
	case "tab":
		m.tab = (m.tab + 1) % len(m.stacks)
		m.reorder = true
	case "shift+tab":
		m.tab = (m.tab + len(m.stacks) - 1) % len(m.stacks)
		m.reorder = true
	case "esc":
		m.back()
	case "/":
		m.editing, m.input = true, []rune(m.filter.Text)
	case "space":
		m.pause()
	case "?":
		m.toggle(&helpPane{})
	case "!":
		m.toggle(newAlertsPane())
	case "n", "N":
		if l := m.pane().rows(); l != nil && !l.next(map[string]int{"n": 1, "N": -1}[key]) {
			m.message = "all rows here are ok"
		}
	default:
		return false
	}
	return true
}

// show goes to a view, to its list.
func (m *Model) show(tab int) {
	m.tab, m.reorder = tab, true
	for len(m.stacks[tab]) > 1 {
		m.pop()
	}
}

// toggle opens a pane, or closes it if it is on top.
func (m *Model) toggle(p pane) {
	_, help := p.(*helpPane)
	switch m.pane().(type) {
	case *helpPane:
		m.pop()
		if help {
			return
		}
	case *alertsPane:
		if !help {
			m.pop()
			return
		}
	}
	m.stacks[m.tab] = append(m.stacks[m.tab], p)
}

// back leaves a pane or, in a view's list, drops the filter.
func (m *Model) back() {
	if len(m.stacks[m.tab]) > 1 {
		m.pop()
	} else {
		m.filter, m.reorder = watch.Filter{}, true
	}
}

// closer is a pane that holds something.
type closer interface{ close(w *watch.World) }

func (m *Model) pop() {
	if c, ok := m.pane().(closer); ok {
		c.close(m.world)
	}
	m.stacks[m.tab] = m.stacks[m.tab][:len(m.stacks[m.tab])-1]
}

// pause stops what moves, or goes on.
func (m *Model) pause() {
	m.paused = !m.paused
	if m.paused {
		return
	}
	m.world.Now = m.clock
	for _, e := range m.held {
		m.apply(e)
	}
	m.held, m.reorder = nil, true
	if l := m.pane().rows(); l != nil {
		l.follow = true
	}
}

// copy returns the command of the selected row for the clipboard.
func (m *Model) copy() Effect {
	command := m.pane().command()
	if command == "" {
		return Effect{}
	}
	m.message = "copied: " + command
	return Effect{Copy: command}
}

// edit changes the filter. The list narrows while it is typed; a term that is not understood leaves the list as it was.
func (m *Model) edit(key string) {
	switch {
	case key == "enter":
		m.editing = m.problem != ""
	case key == "esc" || key == "ctrl+c":
		m.editing, m.input = false, nil
	case key == "backspace":
		m.input = m.input[:max(len(m.input)-1, 0)]
	case key == "ctrl+u":
		m.input = nil
	case key == "space":
		m.input = append(m.input, ' ')
	case len([]rune(key)) == 1 && len(m.input) < 200:
		m.input = append(m.input, []rune(key)...)
	}
	f, err := watch.ParseFilter(string(m.input))
	if m.problem = ""; err != nil {
		m.problem = view.Steady(err.Error())
		return
	}
	m.filter, m.stale, m.reorder = f, true, true
}

// Paste adds text to a filter that is being edited.
func (m *Model) Paste(text string) {
	if m.editing {
		for _, r := range view.Steady(text) {
			m.edit(string(r))
		}
	}
}

// hasSessions reports whether there is anything to show.
func (m *Model) hasSessions() bool { return len(m.world.Sessions) > 0 }
