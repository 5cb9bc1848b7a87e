package redact

import (
	"sort"
	"strings"
)

// Where a token stands in a text does not change what it is. Two things hide it from the detectors: control sequences of
// terminals, which end in a letter that looks like a part of the word behind them, and line breaks in its middle.

var colorForm = lazy("\x1b\\[[0-9;:?]*[A-Za-z]")

var escapeMark, breakMark = markOf("\x1b"), markOf("\n")

// withoutColors returns s with spaces in place of terminals' control sequences, so that what follows stays where it is.
func withoutColors(s string) string {
	return colorForm().ReplaceAllStringFunc(s, func(seq string) string { return strings.Repeat(" ", len(seq)) })
}

// findWrapped emits tokens and keys that were wrapped at the end of a line and go on in the next.
func findWrapped(s string, rules *ruleSet, emit emitter) {
	joined, breaks := joinLines(s)
	if len(breaks) == 0 {
		return
	}
	wrapped := func(lo, hi int, kind Kind) {
		first := sort.Search(len(breaks), func(i int) bool { return breaks[i].joined > lo })
		last := sort.Search(len(breaks), func(i int) bool { return breaks[i].joined >= hi })
		if first < last {
			emit(lo+bytesBefore(breaks, first), hi+bytesBefore(breaks, last), kind)
		}
	}
	findIssued(joined, wrapped)
	findOpaque(joined, wrapped)
	findUnmarked(joined, wrapped)
	findNumbered(joined, wrapped)
	findUserinfo(joined, wrapped)
	rules.find(joined, wrapped)
}

// lineBreak is a line break inside what may be a token.
type lineBreak struct {
	joined int // where it was, in the text without it and the others
	bytes  int // of it and all before it
}

// bytesBefore returns how many bytes the first n breaks have.
func bytesBefore(breaks []lineBreak, n int) int {
	if n == 0 {
		return 0
	}
	return breaks[n-1].bytes
}

// joinLines returns s without the line breaks on both sides of which the pieces of one token may stand.
func joinLines(s string) (joined string, breaks []lineBreak) {
	var b strings.Builder
	done := 0
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '\n')
		if i < 0 {
			break
		}
		i += at
		at = i + 1
		lo, size := i, 1
		if lo > 0 && s[lo-1] == '\r' {
			lo, size = lo-1, 2
		}
		before := s[max(done, lo-maxKey):lo]
		before = before[strings.LastIndexAny(before, " \t\r\n\"'`")+1:]
		end := run(s, at, len(s), func(c byte) bool { return c > ' ' && !has("\"'`", c) })
		if len(before) >= minPiece && end-at >= minPiece && isPiece(before) && isPiece(s[at:min(end, at+maxKey)]) {
			b.WriteString(s[done:lo])
			breaks = append(breaks, lineBreak{b.Len(), bytesBefore(breaks, len(breaks)) + size})
			done = at
		}
	}
	if len(breaks) == 0 {
		return s, nil
	}
	b.WriteString(s[done:])
	return b.String(), breaks
}

// isPiece reports whether a word may be a piece of a token.
func isPiece(w string) bool {
	m := mixOf(w)
	return (m.digits > 0 || m.lowers > 0 && m.uppers > 0) && !isWordy(w)
}
