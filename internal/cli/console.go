package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// console returns what writes each finished operation as one line:
//
//	14:03:07.512 → tools/call echo                        3.2ms     1.4 kB  ok
//
// time of the request; direction (→ the client asks, ← the server asks); method and target; duration; size of the answer;
// outcome.
func (s *speaker) console(terminal *os.File, lookup func(string) (string, bool)) func(*telemetry.Operation) {
	paint := painter(terminal, lookup)
	return func(op *telemetry.Operation) { _, _ = io.WriteString(s.lines, consoleLine(op, paint)) }
}

// paint wraps a text in a colour, or leaves it alone.
type paint func(colour, text string) string

// The colours, as terminal escapes.
const (
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
	bold   = "1"
)

// painter colours on a terminal unless NO_COLOR is set (no-color.org) or the terminal is dumb.
func painter(f *os.File, lookup func(string) (string, bool)) paint {
	noColor, _ := lookup("NO_COLOR")
	terminal, _ := lookup("TERM")
	if f == nil || !term.IsTerminal(int(f.Fd())) || noColor != "" || terminal == "dumb" {
		return func(_, text string) string { return text }
	}
	return func(colour, text string) string { return "\x1b[" + colour + "m" + text + "\x1b[0m" }
}

func consoleLine(op *telemetry.Operation, paint paint) string {
	arrow := paint(cyan, "→")
	if op.Dir == session.ToClient {
		arrow = paint(yellow, "←")
	}
	name := visible(op.Method)
	if op.Target != "" {
		name += " " + visible(op.Target)
	}
	size := ""
	if op.Answered {
		size = bytes(op.ResponseSize)
	}
	word, colour := outcome(op.Operation)
	return fmt.Sprintf("%s %s %s %s %s  %s\n", paint(dim, op.Start.Format("15:04:05.000")), arrow,
		pad(name, 40), padLeft(took(op.Duration()), 8), padLeft(size, 9), paint(colour, word))
}

// outcome is how an operation ended, in the words of its attributes.
func outcome(op *session.Operation) (word, colour string) {
	switch {
	case op.ErrorType == "" && op.Code == "":
		word, colour = "ok", green
	case op.ErrorType == "": // an error, but not the server's fault
		word, colour = op.Code, yellow
	case op.ErrorType == semconv.ErrCancelled:
		word, colour = op.ErrorType, yellow
	default:
		word, colour = op.ErrorType, red
	}
	if c := string(op.Class); c != "" && c != word {
		word += " (" + c + ")"
	}
	return visible(word), colour
}

// took shows a duration with three digits at most: 812µs, 3.2ms, 47ms, 1.25s, 3m4s.
func took(d time.Duration) string {
	// Rounded before the unit is chosen, so that none shows as a thousand of the one below.
	switch {
	case d.Round(time.Microsecond) < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Round(time.Microsecond).Microseconds())
	case d.Round(100*time.Microsecond) < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
	case d.Round(time.Millisecond) < time.Second:
		return fmt.Sprintf("%dms", d.Round(time.Millisecond).Milliseconds())
	case d.Round(10*time.Millisecond) < time.Minute:
		return fmt.Sprintf("%.2fs", d.Seconds())
	}
	return short(d.Round(time.Second))
}

// bytes shows a size in powers of a thousand.
func bytes(n int64) string {
	const k = 1000
	const half = 50 // of the last digit shown, in thousandths of the unit: rounded before the unit is chosen, as in took
	switch {
	case n < k:
		return fmt.Sprintf("%d B", n)
	case n+half < k*k:
		return fmt.Sprintf("%.1f kB", float64(n)/k)
	case n+half*k < k*k*k:
		return fmt.Sprintf("%.1f MB", float64(n)/(k*k))
	}
	return fmt.Sprintf("%.1f GB", float64(n)/(k*k*k))
}

func pad(s string, width int) string { return s + strings.Repeat(" ", max(0, width-len([]rune(s)))) }

func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(0, width-len([]rune(s)))) + s
}
