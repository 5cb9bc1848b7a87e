package redact

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// span is a range of bytes that has to go, and what it is.
type span struct {
	lo, hi int
	kind   Kind
	quote  string // put around the marker: a number in JSON becomes a string
}

// settle puts spans in order, joins those that overlap, and takes markers that are already there out of them. The kind
// of a joined span is that of the part that starts first, of the longer one if two start together.
func (r *Redactor) settle(s string, spans []span) []span {
	if len(spans) == 0 {
		return nil
	}
	slices.SortStableFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(b.hi, a.hi))
	})
	joined := spans[:0]
	for _, sp := range spans {
		if sp.lo >= sp.hi {
			continue
		}
		if n := len(joined); n > 0 && sp.lo < joined[n-1].hi {
			last := &joined[n-1]
			last.hi = max(last.hi, sp.hi)
			last.quote = cmp.Or(last.quote, sp.quote)
			continue
		}
		joined = append(joined, sp)
	}
	return subtract(s, joined, r.markers(s))
}

// subtract takes the ranges of holes out of spans. Both are in order and neither overlaps itself. Punctuation that is left
// beside a hole stays: the quotes around a marker are no secret.
func subtract(s string, spans, holes []span) []span {
	if len(holes) == 0 {
		return spans
	}
	var out []span
	h := 0
	for _, sp := range spans {
		whole := sp.lo
		for h < len(holes) && holes[h].hi <= sp.lo {
			h++
		}
		for i := h; i < len(holes) && holes[i].lo < sp.hi; i++ {
			if holes[i].lo > sp.lo && hasWord(s[sp.lo:holes[i].lo]) {
				out = append(out, span{sp.lo, holes[i].lo, sp.kind, sp.quote})
			}
			sp.lo = max(sp.lo, holes[i].hi)
		}
		if sp.lo < sp.hi && (sp.lo == whole || hasWord(s[sp.lo:sp.hi])) {
			out = append(out, sp)
		}
	}
	return out
}

// hasWord tells whether s has anything but punctuation.
func hasWord(s string) bool {
	for i := range len(s) {
		if isWord(s[i]) || s[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// splice writes s up to end with the settled spans replaced. A span that begins before end is replaced as a whole.
func splice(s string, end int, spans []span) string {
	if len(spans) == 0 {
		return s[:end]
	}
	var b strings.Builder
	b.Grow(len(s) + 16*len(spans))
	at := 0
	for _, sp := range spans {
		if sp.lo >= end {
			break
		}
		b.WriteString(s[at:sp.lo])
		b.WriteString(sp.quote)
		b.WriteString(sp.kind.Marker())
		b.WriteString(sp.quote)
		at = sp.hi
	}
	if at < end {
		b.WriteString(s[at:end])
	}
	return b.String()
}

// edge returns where to stop in a text that was cut off: before the token at its end, and before the tokens left of it
// for as long as they could belong to a number written in groups, such as a card, a phone number or an IBAN.
func edge(s string) int {
	end := tokenStart(s, len(s))
	for range maxGroups {
		trimmed := strings.TrimRight(s[:end], " \u00a0-")
		if trimmed == "" || strings.HasSuffix(trimmed, "\n") {
			break
		}
		lo := tokenStart(trimmed, len(trimmed))
		if !isGroup(trimmed[lo:]) {
			break
		}
		end = lo
	}
	return end
}

// maxGroups is more than the groups of the longest number: an IBAN of 34 characters has nine.
const maxGroups = 10

// tokenStart returns where the token that ends at end begins. Only white space and double quotes end a token: any other
// character may be part of a password or a URL.
func tokenStart(s string, end int) int {
	return strings.LastIndexAny(s[:end], " \t\r\n\"") + 1
}

// isGroup tells whether a token looks like one group of a longer number: short, with a digit, or all upper-case letters.
func isGroup(tok string) bool {
	if tok == "" || len(tok) > 8 {
		return false
	}
	return strings.ContainsAny(tok, "0123456789") || len(tok) <= 4 && strings.Trim(tok, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// cut shortens s to at most max bytes, if it can at white space or a quote, else between runes, never inside a marker.
func cut(s string, max int) string {
	if max < 0 {
		max = 0
	}
	if len(s) <= max {
		return s
	}
	end := max
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	if lo := strings.LastIndexAny(s[:end], " \t\r\n\""); lo >= end-end/4 {
		end = lo
	}
	if lo := strings.LastIndex(s[:end], markerOpen); lo >= 0 && !strings.Contains(s[lo:end], markerClose) {
		end = lo
	}
	// Part of a marker's opening is no marker; it would stand there as litter.
	for n := len(markerOpen) - 1; n > 0; n-- {
		if strings.HasSuffix(s[:end], markerOpen[:n]) && strings.HasPrefix(s[end-n:], markerOpen) {
			return s[:end-n]
		}
	}
	return s[:end]
}
