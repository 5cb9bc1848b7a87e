package redact

import (
	"strings"
	"unicode/utf8"
)

// Numbers are found in two steps. A run of digits is read with its grouping, as people write card and telephone
// numbers: 4111 1111 1111 1111, (020) 7946-0958. Then the run, and what is left after dropping its last groups one by
// one, is asked what it could be.

// maxGroups is the largest number of groups of digits that is read as one number.
const maxGroups = 14

// The least and the most digits of a number that is looked at. The smallest countries have telephone numbers of four.
const (
	minDigits = 4
	maxDigits = 19
)

// maxRun is where reading a run of digits stops: no number is as long.
const maxRun = 24

// digits is a run of groups of digits. What its slices hold is in the arrays, so that reading one takes no memory: a text
// may consist of numbers.
type digits struct {
	lo, hi  int    // bytes of the run
	opening string // + and ( before the first digit
	val     []byte // the digits
	size    []int  // digits of each group
	end     []int  // byte after each group
	seps    string // what stands between the groups, each of " -./(" once

	vals  [2 * maxRun]byte
	sizes [maxGroups]int
	ends  [maxGroups]int
}

// separator returns the plain form of what may stand between groups; "" if c may not. Typesetting puts no-break spaces,
// narrow spaces and other hyphens into numbers.
func separator(c rune) string {
	switch c {
	case ' ', '\u00a0', '\u2009', '\u202f':
		return " "
	case '-', '\u2010', '\u2011', '\u2012', '\u2013':
		return "-"
	case '.':
		return "."
	case '/':
		return "/"
	case '(', ')':
		return "("
	}
	return ""
}

// read reads the run of digits whose first group begins at first. It stops when the run is longer than any number, so
// that going from one run's first group to the next stays linear.
func (d *digits) read(s string, at, first int) {
	lo := first
	for lo > at && (s[lo-1] == '+' || s[lo-1] == '(') {
		lo--
	}
	d.lo, d.opening, d.seps = lo, s[lo:first], ""
	d.val, d.size, d.end = d.vals[:0], d.sizes[:0], d.ends[:0]
	for i := first; ; {
		end := run(s, i, len(s), isDigit)
		d.val = append(d.val, s[i:min(end, i+maxRun)]...)
		d.hi, d.size, d.end = end, append(d.size, end-i), append(d.end, end)
		next, seps := end, d.seps
		for range maxSeparators {
			if next == len(s) || isWord(s[next]) {
				break
			}
			c, n := utf8.DecodeRuneInString(s[next:])
			sep := separator(c)
			if sep == "" {
				break
			}
			if !strings.Contains(seps, sep) {
				seps += sep
			}
			next += n
		}
		if len(d.size) == maxGroups || len(d.val) >= maxRun || next == end || next == len(s) || !isDigit(s[next]) {
			return
		}
		d.seps = seps
		i = next
	}
}

// moreDigits reports whether another group of digits may follow the one that ends at i.
func moreDigits(s string, i int) bool {
	for n := i; n < len(s) && n-i < maxSeparators; n++ {
		if c := s[n]; c >= 0x80 || n > i && isDigit(c) {
			return true
		} else if separator(rune(c)) == "" {
			return false
		}
	}
	return i+maxSeparators < len(s) && isDigit(s[i+maxSeparators])
}

// maxSeparators is how many separators may stand between two groups: ") - ".
const maxSeparators = 3

// dropGroup removes the last group.
func (d *digits) dropGroup() {
	last := len(d.size) - 1
	d.val = d.val[:len(d.val)-min(d.size[last], maxRun)]
	d.size, d.end = d.size[:last], d.end[:last]
	if last > 0 {
		d.hi = d.end[last-1]
	}
}

// beginsApart reports whether the number at lo stands by itself: not inside a word, a decimal fraction, a version or a
// UUID.
func beginsApart(s string, lo int) bool {
	if lo == 0 {
		return true
	}
	c := s[lo-1]
	return !isWord(c) && c != '_' && !((c == '.' || c == '-') && lo > 1 && isWord(s[lo-2]))
}

// endsApart reports the same of a number's end. A dot before a letter may end a sentence; a hyphen joins in any case.
func endsApart(s string, hi int) bool {
	if hi == len(s) {
		return true
	}
	c := s[hi]
	if isWord(c) || c == '_' {
		return false
	}
	return !((c == '.' || c == '-') && hi+1 < len(s) && isWord(s[hi+1]) && (c == '-' || isDigit(s[hi+1])))
}

// contextLen is how far before a number a word may stand that says what the number is.
const contextLen = 28

// hasContext reports whether one of the words stands shortly before s[i:], not inside another word.
func hasContext(s string, i int, list []string) bool {
	start := max(0, i-contextLen)
	start += strings.LastIndexAny(s[start:i], "\n;{}") + 1
	for _, w := range list {
		for at := start; at < i; {
			j := indexFold(s[at:i], w)
			if j < 0 {
				break
			}
			j += at
			end := j + len(w)
			begins := j == start || !isLower(s[j-1]) || w == "phone" // also the phone of telephone and smartphone
			if begins && (end == i || !isLower(s[end])) && !inMarker(s, j, end) {
				return true
			}
			at = j + 1
		}
	}
	return false
}
