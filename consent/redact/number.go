package redact

import "unicode/utf8"

// digits is a run of groups of digits, as people write card and phone numbers: 4111 1111 1111 1111, (020) 7946-0958.
type digits struct {
	lo, hi int      // bytes of the run
	n      int      // digits in it
	val    [24]byte // the digits
	groups int      // groups in it
	size   [14]int  // digits in each group
	end    [14]int  // byte after each group
	seps   sepSet   // what stands between them
	plus   bool     // begins with +
	paren  bool     // has a group in parentheses
}

type sepSet uint8

const (
	sepSpace sepSet = 1 << iota
	sepDash
	sepDot
	sepSlash
	sepParen
)

// separator classifies a separator at s[i] and its length in bytes; 0 if it is none. Besides the plain ones there are
// the no-break space, the hyphens and the narrow spaces that typesetting puts into numbers.
func separator(s string, i int) (sepSet, int) {
	switch s[i] {
	case ' ':
		return sepSpace, 1
	case '-':
		return sepDash, 1
	case '.':
		return sepDot, 1
	case '/':
		return sepSlash, 1
	case '(', ')':
		return sepParen, 1
	case 0xc2, 0xe2:
		switch c, n := utf8.DecodeRuneInString(s[i:]); c {
		case '\u00a0', '\u2009', '\u202f':
			return sepSpace, n
		case '\u2010', '\u2011', '\u2012', '\u2013':
			return sepDash, n
		}
	}
	return 0, 0
}

// nextDigits returns the first run of digits that begins at or after at. It reads no further than fits in digits, so
// that scanning from one run's first group to the next stays linear.
func nextDigits(s string, at int) (d digits, ok bool) {
	i := at
	for i < len(s) && !isDigit(s[i]) {
		i++
	}
	if i == len(s) {
		return d, false
	}
	d.lo = i
	for d.lo > at && (s[d.lo-1] == '+' || s[d.lo-1] == '(') {
		d.lo--
		d.plus = d.plus || s[d.lo] == '+'
		d.paren = d.paren || s[d.lo] == '('
	}
	for i < len(s) && d.groups < len(d.size) {
		start := i
		for i < len(s) && isDigit(s[i]) {
			if d.n < len(d.val) {
				d.val[d.n] = s[i]
			}
			d.n++
			i++
		}
		d.size[d.groups], d.end[d.groups], d.hi = i-start, i, i
		d.groups++
		next, set := skipSeparators(s, i)
		if d.n >= len(d.val) || next == i || next == len(s) || !isDigit(s[next]) {
			break
		}
		d.seps |= set
		i = next
	}
	return d, true
}

// skipSeparators returns the position after at most three separators.
func skipSeparators(s string, i int) (int, sepSet) {
	var set sepSet
	for range 3 {
		if i == len(s) {
			break
		}
		sep, n := separator(s, i)
		if n == 0 {
			break
		}
		set |= sep
		i += n
	}
	return i, set
}

// first shortens d to its first g groups.
func (d digits) first(g int) digits {
	d.n = 0
	for i := range g {
		d.n += d.size[i]
	}
	d.groups, d.hi = g, d.end[g-1]
	return d
}

// beginsApart and endsApart tell whether a run of digits stands by itself: not inside a word, a decimal fraction, a version
// or a UUID.
func beginsApart(s string, lo int) bool {
	if lo == 0 {
		return true
	}
	c := s[lo-1]
	return !isWord(c) && c != '_' && !((c == '.' || c == '-') && lo > 1 && isWord(s[lo-2]))
}

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

// findNumbers emits what numbers in s are cards, telephone numbers or social security numbers.
func findNumbers(s string, emit func(lo, hi int, kind Kind)) {
	for at := 0; ; {
		d, ok := nextDigits(s, at)
		if !ok {
			return
		}
		lo, hi, kind := number(s, d, &announcement{s: s, at: d.lo})
		if kind != "" {
			emit(lo, hi, kind)
			at = hi
		} else {
			at = d.end[0]
		}
	}
}

// minPhone is the least digits of a telephone number; the smallest countries have numbers so short.
const minPhone = 4

// number classifies the longest beginning of d that is something; kind is empty if nothing is.
func number(s string, d digits, announced *announcement) (lo, hi int, kind Kind) {
	start := d.lo + leading(s, d)
	if !beginsApart(s, start) {
		return 0, 0, ""
	}
	n := d.n
	for g := d.groups; g > 0; n, g = n-d.size[g-1], g-1 {
		if n > 19 || n < minPhone || !endsApart(s, d.end[g-1]) || n < 7 && !announced.close() {
			continue
		}
		c := d.first(g)
		if isCard(c) {
			return start, c.hi, KindCard
		}
		if isSSN(s, c) {
			return start, c.hi, KindID
		}
		if isPhone(s, c, announced) {
			return c.lo, c.hi, KindPhone
		}
	}
	return 0, 0, ""
}

// leading returns the length of the + and ( before the first digit.
func leading(s string, d digits) int {
	n := 0
	for !isDigit(s[d.lo+n]) {
		n++
	}
	return n
}

// isSSN recognises a social security number of the United States: AAA-GG-SSSS, with the ranges never given out left out.
func isSSN(s string, d digits) bool {
	v := d.val[:]
	return d.n == 9 && d.groups == 3 && d.size[0] == 3 && d.size[1] == 2 && d.seps&^(sepDash|sepSpace) == 0 &&
		d.seps != sepDash|sepSpace && d.hi-d.lo == 11 &&
		v[0] != '9' && string(v[:3]) != "000" && string(v[:3]) != "666" && string(v[3:5]) != "00" && string(v[5:9]) != "0000" &&
		(d.seps == sepDash || hasContext(s, d.lo, ssnWords))
}

var ssnWords = []string{"ssn", "social security", "social_security", "socialsecurity"}
