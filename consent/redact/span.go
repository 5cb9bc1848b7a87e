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
}

// emitter receives a range of text to remove.
type emitter func(lo, hi int, kind Kind)

// replace returns s with the spans, in any order and possibly overlapping, replaced by markers.
func (m markers) replace(s string, spans []span) string {
	if len(spans) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, sp := range m.withoutMarkers(s, join(spans)) {
		b.WriteString(s[at:sp.lo])
		b.WriteString(sp.kind.Marker())
		at = sp.hi
	}
	b.WriteString(s[at:])
	return b.String()
}

// join sorts spans and joins those that overlap. A joined span has the kind of the part that begins first, and of the
// longer one if two begin together.
func join(spans []span) []span {
	slices.SortStableFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(b.hi, a.hi))
	})
	joined := spans[:0]
	for _, sp := range spans {
		if last := len(joined) - 1; last >= 0 && sp.lo < joined[last].hi {
			joined[last].hi = max(joined[last].hi, sp.hi)
		} else if sp.lo < sp.hi {
			joined = append(joined, sp)
		}
	}
	return joined
}

// withoutMarkers takes the markers that are already in s out of the spans. Otherwise redacting a result again would
// change it: "password=[redacted:password]" still is a name with a value. Punctuation that is left beside a marker
// stays: the quotes around it are harmless.
func (m markers) withoutMarkers(s string, spans []span) []span {
	lo, hi := m.next(s, 0)
	if lo < 0 {
		return spans
	}
	var out []span
	for _, sp := range spans {
		whole := sp
		for lo >= 0 && lo < sp.hi {
			if hi > sp.lo {
				if lo > sp.lo && hasText(s[sp.lo:lo]) {
					out = append(out, span{sp.lo, lo, sp.kind})
				}
				sp.lo = max(sp.lo, hi)
			}
			if hi > sp.hi {
				break // the next span may begin in the same marker
			}
			lo, hi = m.next(s, hi)
		}
		if sp.lo < sp.hi && (sp == whole || hasText(s[sp.lo:sp.hi])) {
			out = append(out, sp)
		}
	}
	return out
}

// markers knows the kinds of the markers that may occur: ours and those of the user's own patterns.
type markers map[Kind]bool

// next returns the range of the first marker of a known kind that begins at or after at, or -1. Text that only looks
// like a marker is not one: a peer could otherwise hide content in it.
func (m markers) next(s string, at int) (lo, hi int) {
	for {
		i := strings.Index(s[at:], markerOpen)
		if i < 0 {
			return -1, -1
		}
		lo = at + i
		at = lo + len(markerOpen)
		n := strings.Index(s[at:min(len(s), at+maxKindLen+1)], markerClose)
		if n >= 0 && m[Kind(s[at:at+n])] {
			return lo, at + n + len(markerClose)
		}
	}
}

// inMarker reports whether s[lo:hi] is the kind in a marker. Detectors do not take it for a name: a marker tells what
// was there, and nothing of what follows. Otherwise the second pass would remove more than the first.
func inMarker(s string, lo, hi int) bool {
	return strings.HasSuffix(s[:lo], markerOpen) && strings.HasPrefix(s[hi:], markerClose)
}

// first returns the first marker in s.
func (m markers) first(s string) string {
	lo, hi := m.next(s, 0)
	if lo < 0 {
		return KindContent.Marker()
	}
	return s[lo:hi]
}

// cut shortens s to at most limit bytes: at white space or a quote if one is near, else between runes, never inside a
// marker.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	if limit <= 0 {
		return ""
	}
	end := limit
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	// Text without white space near the end, such as base64, should not lose more than a quarter.
	if lo := strings.LastIndexAny(s[:end], " \t\r\n\""); lo >= end-end/4 {
		end = lo
	}
	// A marker that begins before end, or whose opening does, goes unless it ends before.
	lo := strings.LastIndex(s[:min(len(s), end+len(markerOpen)-1)], markerOpen)
	if lo >= 0 && lo < end && !strings.Contains(s[lo:end], markerClose) {
		end = lo
	}
	return s[:end]
}
