package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/top"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/watch/feed"
)

// Source is where sessions come from. *store.Store implements it. Its methods are called at the same time.
type Source interface {
	feed.Source
	List(sessions []store.Session) error
}

// Config is what a view needs.
type Config struct {
	Source  Source
	Filter  store.Filter // sessions to show
	In, Out *os.File
	Environ []string
	Top     top.Config
	Color   bool
	Still   bool // the screen changes only when a key was pressed or something happened
}

// SignalError is the error of a view that a signal ended.
type SignalError struct{ Signal syscall.Signal }

// Error implements error.
func (s *SignalError) Error() string { return "ended by " + s.Signal.String() }

// framesPerSecond bounds how often the screen is written. Its timer is what the view costs while nothing happens.
const framesPerSecond = 12

// leavePatience is how long a signal waits for a view that is busy, before it ends without its last frame.
const leavePatience = time.Second

// Run shows the view until a person quits it. It restores the terminal before it returns. The error is a *SignalError
// if a signal ended it.
func Run(c Config) error {
	ctx, stop := context.WithCancel(context.Background())
	p := &program{config: c, model: top.New(c.Top), palette: palette{color: c.Color}}
	run := tea.NewProgram(p, tea.WithInput(c.In), tea.WithOutput(c.Out), tea.WithEnvironment(c.Environ),
		tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond))
	p.send = run.Send
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	received, watched := make(chan syscall.Signal, 1), make(chan struct{})
	go func() { // ends with the context; waited for below
		defer close(watched)
		select {
		case s := <-signals:
			received <- s.(syscall.Signal) //nolint:forcetypeassert // package os has no others
			go run.Send(leaveMsg{})        // ends with the program at the latest
			select {
			case <-ctx.Done():
			case <-time.After(leavePatience):
				run.Kill()
			}
		case <-ctx.Done():
		}
	}()
	go func() { // ends with the context, but not before a long look at a large store: the terminal does not wait for it
		follow(ctx, c, func(events []watch.Event) { run.Send(eventsMsg(events)) },
			func(problem any) { run.Send(failedMsg{problem}) })
	}()
	_, err := run.Run()
	stop()
	<-watched
	signal.Stop(signals)
	select {
	case s := <-received:
		return &SignalError{s}
	default:
	}
	for line := range strings.Lines(p.failed) { // which may quote what a peer has sent
		_, _ = fmt.Fprintln(c.Out, view.SafeLine(strings.ReplaceAll(strings.TrimRight(line, "\n"), "\t", "    ")))
	}
	if p.failed != "" || errors.Is(err, tea.ErrProgramPanic) { // bubbletea recovers from those of commands
		return errors.New("the view has failed; the lines above say where, please report them")
	}
	return err
}
