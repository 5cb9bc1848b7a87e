package terminal

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/top"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/watch/feed"
)

// program is the view as bubbletea sees it.
type program struct {
	config  Config
	model   *top.Model
	palette palette
	deep    bool // the terminal has more than sixteen colors
	screen  string
	quit    bool
	failed  string        // how it panicked; empty if it did not
	listed  int           // sessions whose numbers have been remembered
	send    func(tea.Msg) // from another goroutine
}

// clockMsg is the time, once a second.
type clockMsg time.Time

// eventsMsg is what has happened, or was asked for.
type eventsMsg []watch.Event

// leaveMsg ends the view.
type leaveMsg struct{}

// failedMsg is a panic of another goroutine.
type failedMsg struct{ problem any }

// Init implements tea.Model.
func (p *program) Init() tea.Cmd {
	if p.config.Still {
		return tea.RequestBackgroundColor
	}
	return tea.Batch(tea.RequestBackgroundColor, clock())
}

// clock waits for the next second.
func clock() tea.Cmd {
	return tea.Every(time.Second, func(t time.Time) tea.Msg { return clockMsg(t) })
}

// now returns the time in the zone of the view.
func (p *program) now() time.Time { return time.Now().In(p.config.Top.Now.Location()) }

// Update implements tea.Model. After a panic it ends the view as q does: bubbletea's own recovery closes the terminal under
// the goroutine that reads it.
func (p *program) Update(msg tea.Msg) (model tea.Model, command tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			p.failed = cmp.Or(p.failed, fmt.Sprintf("%v\n%s", r, debug.Stack())) // the first one
			model, command = p, p.leave()
		}
	}()
	return p, p.update(msg)
}

// update takes a message and returns what is to be done next.
func (p *program) update(msg tea.Msg) tea.Cmd {
	var next tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		p.model.Resize(top.Size{Width: msg.Width, Height: msg.Height})
	case tea.ColorProfileMsg:
		p.palette.color = p.config.Color && msg.Profile > colorprofile.ASCII
		p.deep = msg.Profile >= colorprofile.ANSI256
	case tea.BackgroundColorMsg:
		p.pick(msg.IsDark())
	case clockMsg:
		p.model.Tick(p.now())
		next = clock()
	case tea.KeyPressMsg:
		p.model.Tick(p.now())
		next = p.key(msg.String())
	case tea.PasteMsg:
		p.model.Paste(msg.Content)
	case eventsMsg:
		p.model.Tick(p.now())
		for _, e := range msg {
			p.model.Take(e)
		}
		p.remember()
	case leaveMsg:
		return p.leave()
	case failedMsg:
		panic(msg.problem)
	default:
		return nil
	}
	p.screen = p.palette.render(p.model.Lines())
	commands := []tea.Cmd{next}
	var ended []store.Session
	for _, w := range p.model.Wants() {
		if s, known := p.model.Session(w.Session); known && w.Kind == watch.WantHistory {
			ended = append(ended, s)
			continue
		}
		commands = append(commands, p.load(w))
	}
	if len(ended) > 0 {
		commands = append(commands, func() tea.Msg {
			feed.Histories(ended, lookEvery, func(events []watch.Event) bool {
				p.send(eventsMsg(events))
				return true
			})
			return nil
		})
	}
	return tea.Batch(commands...)
}

// View implements tea.Model.
func (p *program) View() tea.View {
	v := tea.NewView(p.screen)
	if p.quit { // rows that are still there when the alternate screen is left stay in tmux if the window has grown
		v.Content = ""
	}
	v.AltScreen, v.WindowTitle = true, "spanpipe top"
	return v
}

// key acts on a key.
func (p *program) key(name string) tea.Cmd {
	switch name {
	case "ctrl+z":
		return tea.Suspend
	case "alt+esc": // two that came at once: the second looks like a part of the first
		p.model.Key("esc")
		name = "esc"
	}
	switch e := p.model.Key(name); {
	case e.Quit:
		return p.leave()
	case e.Copy != "":
		return tea.SetClipboard(e.Copy)
	}
	return nil
}

// leave ends the view with an empty frame: see View.
func (p *program) leave() tea.Cmd {
	p.quit = true
	return tea.Quit
}

// pick chooses the background of the selected row, a shade of the terminal's own.
func (p *program) pick(dark bool) {
	switch {
	case !p.deep || !p.config.Color:
	case dark:
		p.palette.picked = "48;5;236"
	default:
		p.palette.picked = "48;5;254"
	}
}

// remember keeps the numbers of new sessions, so that other commands take them.
func (p *program) remember() {
	names := p.model.Numbers()
	if len(names) == p.listed {
		return
	}
	p.listed = len(names)
	list(p.config.Source, names)
}

// load returns a command that loads something the model has asked for.
func (p *program) load(w watch.Want) tea.Cmd {
	s, known := p.model.Session(w.Session)
	switch {
	case w.Kind == watch.WantTally:
		stored := p.model.Stored()
		return func() tea.Msg { return eventsMsg{feed.Tally(context.Background(), stored)} }
	case !known:
		return nil
	case w.Kind == watch.WantDetail:
		return func() tea.Msg { return eventsMsg{feed.Detail(&s)} }
	}
	return func() tea.Msg {
		feed.Operations(&s, func(events []watch.Event) { p.send(eventsMsg(events)) })
		return nil
	}
}
