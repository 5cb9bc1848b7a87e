// Package view turns records into what people read: words, durations, sizes and colors. It owns how one operation
// looks, so that the console, the demo and every later view show it alike. It promises that what it returns is safe
// for a terminal. It must not import more than records and their names, since stored sessions are shown like live ones.
package view

import (
	"fmt"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Arrow returns the direction of a request: → from the client, ← from the server.
func Arrow(d record.Direction) string {
	if d == record.ToClient {
		return "←"
	}
	return "→"
}

// Call returns an operation's name where an arrow stands before it: that of the tool alone, since other methods have a
// slash or are names of MCP's.
func Call(op *record.Operation) string {
	if op.Method == semconv.ToolsCall && op.Target != "" {
		return Safe(op.Target)
	}
	return Name(op)
}

// Name returns an operation's method, and its target if it has one.
func Name(op *record.Operation) string {
	name := Safe(op.Method)
	if op.Target != "" {
		name += " " + Safe(op.Target)
	}
	return name
}

// Exit returns how a server's process ended: "exit 0", "killed by SIGSEGV". It is an error if the server ended the
// session, and not the client.
func Exit(e record.Exit) (word string, color Color) {
	word, color = fmt.Sprintf("exit %d", e.Code), Green
	if e.Signal != "" {
		word = "killed by " + Safe(e.Signal)
	}
	switch {
	case e.EndedBy == record.ByServer:
		color = Red
	case e.Signal != "" || e.Code != 0:
		color = Yellow
	}
	return word, color
}

// Duration formats a duration with three digits, or down to seconds or minutes: 812µs, 3.2ms, 47ms, 1.25s, 12.4s, 3m04s,
// 1h16m.
func Duration(d time.Duration) string {
	// Rounded before the unit is chosen, so that nothing shows as a thousand of the unit below.
	switch {
	case d.Round(time.Microsecond) < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Round(time.Microsecond).Microseconds())
	case d.Round(100*time.Microsecond) < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
	case d.Round(time.Millisecond) < time.Second:
		return fmt.Sprintf("%dms", d.Round(time.Millisecond).Milliseconds())
	case d.Round(10*time.Millisecond) < 10*time.Second:
		return fmt.Sprintf("%.2fs", d.Seconds())
	case d.Round(100*time.Millisecond) < 100*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d.Round(time.Second) < time.Hour:
		s := int(d.Round(time.Second).Seconds())
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	m := int(d.Round(time.Minute).Minutes())
	return fmt.Sprintf("%dh%02dm", m/60, m%60)
}

// Tokens formats an estimate of tokens: ≈240, ≈2.8k, ≈1.2M. Where it stands, it must say how far off it may be: TokensNote.
func Tokens(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("≈%d", n)
	case n < 999_950:
		return fmt.Sprintf("≈%.1fk", float64(n)/1e3)
	}
	return fmt.Sprintf("≈%.1fM", float64(n)/1e6)
}

// SomeTokens formats an estimate of tokens with its unit and how far off it may be: "≈240 tokens (±10 %)".
func SomeTokens(n int64) string {
	if n == 1 {
		return Tokens(n) + " token (±10 %)"
	}
	return Tokens(n) + " tokens (±10 %)"
}

// TokensNote says how good an estimate is.
const TokensNote = "Tokens are estimates (≈, ±10 %)." //nolint:gosec // not a credential

// ManyTokens is how many make a result worth a remark. Claude Code warns from there on, and passes on 25,000 at most.
const ManyTokens = 10_000

// Size formats a number of bytes in powers of a thousand, with two or three digits: 999 B, 1.4 kB, 67 MB.
func Size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n)/1000, "kB"
	for _, next := range []string{"MB", "GB"} {
		if size >= 999.5 { // else it would be shown as 1000
			size, unit = size/1000, next
		}
	}
	if size < 9.95 {
		return fmt.Sprintf("%.1f %s", size, unit)
	}
	return fmt.Sprintf("%.0f %s", size, unit)
}

// Number writes a count with a comma for each thousand.
func Number(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Plural returns a number of things whose name takes an s: "1 call", "1,912 calls".
func Plural(n int, name string) string {
	if n != 1 {
		name += "s"
	}
	return Number(n) + " " + name
}
