// Package view turns records into what people read: words, durations, sizes and colors. It owns how one operation
// looks, so that the console, the demo and every later view show it alike. It promises that what it returns is safe
// for a terminal. It must not import more than records and their names, since stored sessions are shown like live ones.
package view

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Color is the number of a color in a terminal's escape sequences.
type Color string

// The colors in use.
const (
	Bold   Color = "1"
	Dim    Color = "2"
	Red    Color = "31"
	Green  Color = "32"
	Yellow Color = "33"
	Cyan   Color = "36"
)

// Paint colors a text, or returns it as it is.
type Paint func(c Color, text string) string

// Plain is a Paint without colors.
func Plain(_ Color, text string) string { return text }

// Colored is a Paint for terminals.
func Colored(c Color, text string) string { return "\x1b[" + string(c) + "m" + text + "\x1b[0m" }

// Arrow returns the direction of a request: → from the client, ← from the server.
func Arrow(d record.Direction) string {
	if d == record.ToClient {
		return "←"
	}
	return "→"
}

// Name returns an operation's method, and its target if it has one.
func Name(op *record.Operation) string {
	name := Safe(op.Method)
	if op.Target != "" {
		name += " " + Safe(op.Target)
	}
	return name
}

// Outcome returns how an operation ended, in the words of its attributes: "ok", else the error with its class.
func Outcome(op *record.Operation) (word string, color Color) {
	switch {
	case op.ErrorType == "" && op.Code == "":
		word, color = "ok", Green
	case op.ErrorType == "": // an error, but not the server's fault
		word, color = op.Code, Yellow
	case op.ErrorType == semconv.ErrCancelled:
		word, color = op.ErrorType, Yellow
	default:
		word, color = op.ErrorType, Red
	}
	if class := string(op.Class); class != "" && class != word {
		word += " (" + class + ")"
	}
	return Safe(word), color
}

// Duration formats a duration with at most three digits: 812µs, 3.2ms, 47ms, 1.25s, 3m4s.
func Duration(d time.Duration) string {
	// Rounded before the unit is chosen, so that nothing shows as a thousand of the unit below.
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
	return Short(d.Round(time.Second))
}

// Short formats a duration without the zeros that Duration.String adds: 1m instead of 1m0s.
func Short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Size formats a number of bytes in powers of a thousand.
func Size(n int64) string {
	const k = 1000
	const half = 50 // of the last digit, in thousandths of the unit: rounded before the unit is chosen, as in Duration
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

// Right pads a text with spaces on its right to a width in characters.
func Right(s string, width int) string { return s + spaces(width-utf8.RuneCountInString(s)) }

// Left pads a text with spaces on its left to a width in characters.
func Left(s string, width int) string { return spaces(width-utf8.RuneCountInString(s)) + s }

func spaces(n int) string { return strings.Repeat(" ", max(0, n)) }

// Safe makes a text safe to show: at most 500 characters, on one line, without characters that control a terminal.
func Safe(s string) string {
	const limit = 500
	s = strings.ToValidUTF8(s, "?")
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s)[:limit-1]) + "…"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, s)
}
