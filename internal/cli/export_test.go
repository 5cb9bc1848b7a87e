package cli

import (
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// NewTextHandler returns the handler of log records as lines, and a function that writes them all.
func NewTextHandler(w io.Writer, level slog.Level) (h slog.Handler, flush func()) {
	p := newPrinter(w)
	return textHandler{level: level, out: p}, func() { p.flush(lastLines); close(p.queue) }
}

// NewPrinter returns the queue in front of stderr, a function that writes all that is queued, and one that ends it.
func NewPrinter(w io.Writer) (out io.Writer, flush, end func()) {
	p := newPrinter(w)
	return p, func() { p.flush(lastLines) }, func() { close(p.queue) }
}

// NewConsole returns the sink that writes a session's lines, on a terminal or a file of the given width.
func NewConsole(w io.Writer, width int) session.Sink {
	return &console{out: w, paint: view.Plain, width: func() int { return width }}
}

// Setting is a row of the table of settings.
type Setting = setting

// Settings returns the table of settings.
func Settings() []*Setting { return (&options{}).settings() }

// Described is what "spanpipe version" says of a binary that the linker or Go has described.
func Described(b Build, info *debug.BuildInfo) string {
	all := b.known(info)
	return fmt.Sprintf("%s %s %s %s %t", all.Version, all.Commit, all.Date, all.from, all.changed)
}

// CommandHelp is what the help of a command has.
type CommandHelp struct {
	Name, Usage, Description string
	Flags                    []string // with their dashes, but for --help and settings
}

// Commands returns the help of the commands that help lists, in its order.
func Commands() (all []CommandHelp) {
	a := &app{}
	a.settings = a.options.settings()
	program := a.program()
	for _, g := range groups() {
		for _, name := range strings.Fields(g.names) {
			c := program.Command(name)
			if c == nil {
				continue
			}
			help := CommandHelp{Name: name, Usage: c.Usage, Description: c.Description}
			for _, f := range c.Flags {
				if visible, ok := f.(cli.VisibleFlag); ok && visible.IsVisible() {
					help.Flags = append(help.Flags, strings.Repeat("-", min(2, len(f.Names()[0])))+f.Names()[0])
				}
			}
			all = append(all, help)
		}
	}
	return all
}

// DefinitionTable returns the table of "spanpipe definitions".
func DefinitionTable(screen *view.Screen, now time.Time, servers []store.Defined) string {
	return (&definitionTable{screen: screen, now: now}).text(servers)
}

// ListSessions writes the table of "spanpipe sessions".
func ListSessions(w io.Writer, screen *view.Screen, now time.Time, sessions []store.Session) error {
	l := listing{now: now, since: now.AddDate(0, 0, -7), older: "--since 30d", runs: store.Group(sessions), matched: len(sessions)}
	l.sessions = store.Numbered(l.runs)
	return (&sessionTable{listing: &l, screen: screen}).grouped(w)
}

// FlatSessions writes what "spanpipe sessions --flat" does.
func FlatSessions(w io.Writer, screen *view.Screen, now time.Time, sessions []store.Session) error {
	return (&sessionTable{listing: &listing{now: now, sessions: sessions}, screen: screen}).flat(w)
}

// TailLines returns the lines that "spanpipe tail" writes for events.
func TailLines(screen *view.Screen, now time.Time, events []store.Event) string {
	t := newTailTable(screen, now)
	var out strings.Builder
	for i := range events {
		out.WriteString(t.lines(&events[i]))
	}
	return out.String()
}

// TailJSON returns the lines that "spanpipe tail --json" writes for events.
func TailJSON(events []store.Event) string {
	var out strings.Builder
	for i := range events {
		out.WriteString(tailJSON(&events[i]))
	}
	return out.String()
}

// Begin is begin, of something that must be there in time.
func Begin[T any](f func() (T, error)) (wait func() error) {
	return begin(func() error { _, err := inTime(f); return err })
}

// KeyPatience is how long that may take.
const KeyPatience = keyPatience

// ParsePrice reads SPANPIPE_TOKEN_PRICE.
func ParsePrice(text string) (perMillion float64, currency string, err error) {
	var p price
	err = p.parse(text)
	return p.amount, p.currency, err
}
