package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// console is a sink that writes a line for each operation that has ended or hangs, and one for the session:
//
//	14:03:07.512 files        → tools/call echo                  3.2ms     1.4 kB  ok
//	14:03:09.100 files        ■ session ended after 2.25s, exit 0: 1 call, 0 failed, p95 3.2ms
//
// time of the request; server; direction (→ from the client, ← from the server); method and target; duration; size of
// the response; outcome. The server is named on every line because clients write the stderr of several into one log.
type console struct {
	out     io.Writer // must not block
	paint   view.Paint
	width   func() int    // of the terminal; of a file it has no limit
	server  string        // its own name, once it has sent it
	service func() string // the service's name, until then
	began   time.Time     // when spanpipe did
	totals  record.Totals
}

// Opened does nothing.
func (c *console) Opened(*record.Operation) {}

// Noted takes the server's name, and writes the line of a session that has ended.
func (c *console) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Session:
		c.server, c.began = cmp.Or(n.Server.Name, c.server), n.Launched
	case record.Exit:
		if n.Cause != record.NotStarted { // that is the command's error
			_, _ = io.WriteString(c.out, c.summary(n))
		}
	}
}

// Changed writes the line of an operation that has ended or hangs. Why it hangs is on a line below.
func (c *console) Changed(op *record.Operation) {
	switch op.Change {
	case record.Hanging:
		_, _ = io.WriteString(c.out, c.line(op)+c.stall(op))
	case record.Ended:
		c.totals.Add(op)
		_, _ = io.WriteString(c.out, c.line(op)) // the writer drops what it cannot write, and counts it
	}
}

// Widths of columns, in characters.
const (
	clockWidth  = len("15:04:05.000")
	serverWidth = 12 // at least
	mostServer  = 24
	leastName   = 20
	mostName    = 40
	restOfLine  = "  x  12345678 123456789  ok" // beside clock, server and name; other outcomes may need a second line
)

func (c *console) line(op *record.Operation) string {
	// Requests of a server are rare and easily overlooked, so they have a color of their own.
	arrow := c.paint(view.Cyan, view.Arrow(op.Direction))
	if op.Direction == record.ToClient {
		arrow = c.paint(view.Yellow, view.Arrow(op.Direction))
	}
	size := ""
	if op.Answered {
		size = view.Size(op.ResponseSize)
	}
	outcome := view.OutcomeOf(op)
	server := c.name()
	name := min(max(c.width()-clockWidth-len([]rune(server))-len(restOfLine), leastName), mostName)
	return fmt.Sprintf("%s %s %s %-*s %8s %9s  %s\n", c.paint(view.Dim, op.Start.Format("15:04:05.000")), server, arrow,
		name, view.Name(op), view.Duration(op.Duration), size, c.paint(outcome.Color(), outcome.Long()))
}

// stall returns the line that says why an operation hangs, below the name of it.
func (c *console) stall(op *record.Operation) string {
	text := view.StallOf(op).String()
	if text == "" {
		return ""
	}
	indent := strings.Repeat(" ", clockWidth+len([]rune(c.name()))+len("  x "))
	return indent + view.Fold(text, indent, c.width()) + "\n"
}

// summary returns the line of the whole session. Where a terminal is too narrow for it, the totals are on another.
func (c *console) summary(e record.Exit) string {
	by := ""
	if e.EndedBy == record.ByServer {
		by = " by the server"
	}
	word, color := view.Exit(e)
	text := fmt.Sprintf("session ended%s after %s, %s:", by, view.Duration(e.Time.Sub(c.began)), word)
	totals, between := view.Totals(&c.totals), " "
	indent := strings.Repeat(" ", clockWidth+len([]rune(c.name()))+len("  x "))
	if len(indent)+len(text)+len(between)+len(totals) > c.width() {
		between = "\n" + indent
	}
	text = view.Fold(text, indent, c.width()) + between + view.Fold(totals, indent, c.width())
	text = strings.Replace(text, word, c.paint(color, word), 1)
	return fmt.Sprintf("%s %s %s %s\n",
		c.paint(view.Dim, e.Time.Format("15:04:05.000")), c.name(), c.paint(view.Cyan, "■"), text)
}

// name returns the server's name as its column shows it, which leaves room for the rest on a narrow terminal.
func (c *console) name() string {
	most := min(max((c.width()-clockWidth-len(restOfLine))/5*2, serverWidth), mostServer)
	text := c.server
	if text == "" {
		text = c.service()
	}
	name := []rune(view.Safe(text))
	if len(name) > most {
		name = append(name[:most-1], '…')
	}
	return fmt.Sprintf("%-*s", serverWidth, string(name))
}

func isTerminal(f *os.File) bool { return f != nil && term.IsTerminal(int(f.Fd())) }

// painter returns colors for a terminal, unless NO_COLOR is set (no-color.org) or the terminal is dumb.
func painter(f *os.File, environ []string) view.Paint {
	noColor, _ := getenv(environ, "NO_COLOR")
	terminal, _ := getenv(environ, "TERM")
	if !isTerminal(f) || noColor != "" || terminal == "dumb" {
		return view.Plain
	}
	return view.Colored
}

// width returns the terminal's width, or the given one for a pipe or a file.
func width(f *os.File, other int) int {
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		return w
	}
	return other
}

// pageWidth is what a file or a page has room for.
const pageWidth = 120
