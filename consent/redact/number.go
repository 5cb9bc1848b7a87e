package redact

import (
	"slices"
	"strings"
)

// findNumbers emits the card, telephone and social security numbers in s.
func findNumbers(s string, emit emitter) {
	var d *digits // allocated for the first number that is looked at: most texts have only short ones
	for at := 0; ; {
		first := at
		for first < len(s) && !isDigit(s[first]) {
			first++
		}
		if first == len(s) {
			return
		}
		end := run(s, first, len(s), isDigit)
		if !moreDigits(s, end) && (end-first < minDigits || end-first < 7 && !followsName(s, first)) {
			at = end
			continue
		}
		if d == nil {
			d = new(digits)
		}
		d.read(s, at, first)
		at = d.end[0]
		if lo, hi, kind := d.classify(s); kind != "" {
			emit(lo, hi, kind)
			at = hi
		}
	}
}

// classify returns the longest beginning of d that is something; kind is empty if none is. It consumes d.
func (d *digits) classify(s string) (lo, hi int, kind Kind) {
	first := d.lo + len(d.opening)
	if len(d.val) < minDigits || !beginsApart(s, first) || len(d.val) < 7 && !followsName(s, d.lo) {
		return 0, 0, ""
	}
	// Numbers below seven digits are too often counts. They are telephone numbers only right behind a word for one.
	announced := hasContext(s, d.lo, phoneWords)
	adjacent := announced && followsName(s, d.lo)
	for ; len(d.size) > 0; d.dropGroup() {
		switch {
		case len(d.val) > maxDigits || len(d.val) < minDigits || !endsApart(s, d.hi) || len(d.val) < 7 && !adjacent:
		case isCard(d):
			return first, d.hi, KindCard
		case isSSN(s, d):
			return first, d.hi, KindID
		case isPhone(s, d, announced):
			return d.lo, d.hi, KindPhone
		}
	}
	return 0, 0, ""
}

// followsName reports whether what ends a name stands directly before s[i:]: "Phone: 8999".
func followsName(s string, i int) bool {
	before := strings.TrimRight(s[max(0, i-4):i], " ")
	return before != "" && has(":=.", before[len(before)-1])
}

var ssnWords = []string{"ssn", "social security", "social_security", "socialsecurity"}

// isSSN reports whether d is a social security number of the United States: AAA-GG-SSSS, without the ranges that the
// Social Security Administration never issues (areas 000, 666 and 900 to 999, group 00, serial 0000). With spaces
// instead of dashes it has to be announced.
func isSSN(s string, d *digits) bool {
	if !slices.Equal(d.size, []int{3, 2, 4}) || d.hi-d.lo != 11 || d.val[0] == '9' {
		return false
	}
	v := string(d.val)
	if v[:3] == "000" || v[:3] == "666" || v[3:5] == "00" || v[5:] == "0000" {
		return false
	}
	return d.seps == "-" || d.seps == " " && hasContext(s, d.lo, ssnWords)
}
