package terminal

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/spanpipe/spanpipe/internal/top"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/watch/feed"
)

// TalkConfig is what a view without a screen needs.
type TalkConfig struct {
	Config
	Invite bool // say that there are commands: a person types them, since stdin is a terminal
	Prompt bool // and sees a prompt: stdout is one, too
	Width  int  // of lines; 0 for one line a sentence
}

// Talk says what happens, as sentences, and answers to commands, until a person quits, stdin or stdout ends, or a
// signal comes. The error is a *SignalError if it was one other than SIGINT, which is how a person ends what has no
// prompt.
func Talk(c TalkConfig) error {
	ctx, stop := context.WithCancel(context.Background())
	t := &talker{config: c, talk: top.NewTalk(c.Top, !c.Prompt), out: bufio.NewWriter(c.Out)}
	events, lines := make(chan []watch.Event, 16), make(chan string)
	defer stop()
	go func() { // ends with the context, but not before a long look at a large store: its reader does not wait for it
		follow(ctx, c.Config, func(e []watch.Event) {
			select {
			case events <- e:
			case <-ctx.Done():
			}
		}, func(problem any) { panic(problem) })
	}()
	go read(c.In, lines, ctx.Done()) // ends with stdin, or the process: a read of a terminal cannot be interrupted
	var commands <-chan string       // lines, once it has been said how things stand: stdin may end at once
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	for {
		var err error
		select {
		case e := <-events:
			commands, err = lines, t.take(e)
		case line, ok := <-commands:
			if !ok {
				return t.leave()
			}
			var quit bool
			if quit, err = t.command(line); quit {
				return err
			}
		case s := <-signals:
			if s == syscall.SIGINT {
				return nil
			}
			return &SignalError{s.(syscall.Signal)} //nolint:forcetypeassert // package os has no others
		}
		if err != nil {
			return closed(err)
		}
	}
}

// closed returns nil for the error of a pipe whose reader has gone: that is how "| head" ends.
func closed(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// read passes on the lines of stdin.
func read(in io.Reader, lines chan<- string, done <-chan struct{}) {
	defer close(lines)
	for s := bufio.NewScanner(in); s.Scan(); {
		select {
		case lines <- s.Text():
		case <-done:
			return
		}
	}
}

type talker struct {
	config TalkConfig
	talk   *top.Talk
	out    *bufio.Writer
	typing bool // the prompt stands at the end of the output
}

// take takes events, loads what they ask for, and says what there is to say.
func (t *talker) take(events []watch.Event) error {
	t.talk.Model().Tick(time.Now().In(t.config.Top.Now.Location()))
	var said []string
	for _, e := range events {
		said = append(said, t.talk.Take(e)...)
	}
	said = append(said, t.load()...)
	if greeting := t.talk.Greeting(); len(greeting) > 0 {
		said = append(greeting, said...)
		if t.config.Invite {
			said = append(said, "Type help for the commands.")
		}
		list(t.config.Source, t.talk.Model().Numbers())
	}
	return t.say(said)
}

// load loads what the view asks for, and returns what it says then.
func (t *talker) load() []string {
	var said []string
	m := t.talk.Model()
	for _, w := range m.Wants() {
		s, known := m.Session(w.Session)
		take := func(events []watch.Event) {
			for _, e := range events {
				said = append(said, t.talk.Take(e)...)
			}
		}
		switch {
		case w.Kind == watch.WantTally:
			take([]watch.Event{feed.Tally(context.Background(), m.Stored())})
		case !known:
		case w.Kind == watch.WantDetail:
			take([]watch.Event{feed.Detail(&s)})
		case w.Kind == watch.WantOperations:
			feed.Operations(&s, take)
		default:
			take([]watch.Event{feed.History(&s)})
		}
	}
	return said
}

func (t *talker) command(line string) (quit bool, err error) {
	t.typing = false
	t.talk.Model().Tick(time.Now().In(t.config.Top.Now.Location()))
	said, quit := t.talk.Command(line)
	if quit {
		return true, nil
	}
	said = append(said, t.load()...)
	return false, t.say(said)
}

// leave ends the line of the prompt, behind which stdin has ended.
func (t *talker) leave() error {
	if t.typing {
		_, _ = t.out.WriteString("\n")
	}
	return t.out.Flush()
}

// say writes sentences, and the prompt below them.
func (t *talker) say(said []string) error {
	if t.typing && len(said) > 0 {
		_, _ = t.out.WriteString("\n")
	}
	for _, s := range said {
		if t.config.Width > 0 {
			s = ansi.Wrap(s, t.config.Width, "")
		}
		_, _ = t.out.WriteString(s + "\n")
	}
	if t.config.Prompt && (len(said) > 0 || !t.typing) {
		_, _ = t.out.WriteString("> ")
		t.typing = true
	}
	return t.out.Flush()
}
