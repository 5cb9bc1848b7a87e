package cli

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// console is a sink that writes a line for each operation that has ended:
//
//	14:03:07.512 → tools/call echo                        3.2ms     1.4 kB  ok
//
// time of the request; direction (→ from the client, ← from the server); method and target; duration; size of the
// response; outcome.
type console struct {
	out   io.Writer // must not block
	paint view.Paint
}

// Opened does nothing.
func (c *console) Opened(*record.Operation) {}

// Noted does nothing.
func (c *console) Noted(record.Note) {}

// Changed writes the line of an operation that has ended.
func (c *console) Changed(op *record.Operation) {
	if op.Change == record.Ended {
		_, _ = io.WriteString(c.out, c.line(op)) // the writer drops what it cannot write
	}
}

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
	word, color := view.Outcome(op)
	return fmt.Sprintf("%s %s %-40s %8s %9s  %s\n", c.paint(view.Dim, op.Start.Format("15:04:05.000")), arrow,
		view.Name(op), view.Duration(op.Duration), size, c.paint(color, word))
}

// painter returns colors for a terminal, unless NO_COLOR is set (no-color.org) or the terminal is dumb.
func painter(f *os.File, environ []string) view.Paint {
	noColor, _ := getenv(environ, "NO_COLOR")
	terminal, _ := getenv(environ, "TERM")
	if f == nil || !term.IsTerminal(int(f.Fd())) || noColor != "" || terminal == "dumb" {
		return view.Plain
	}
	return view.Colored
}
