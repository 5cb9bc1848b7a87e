package redact

import "regexp"

// engine finds everything that has to go from a text as it stands.
type engine struct {
	own   []ownPattern
	user  person
	rules *ruleSet
}

// ownPattern is a rule of the user's own.
type ownPattern struct {
	kind Kind
	re   *regexp.Regexp
}

func (e *engine) find(s string, emit emitter) {
	for _, p := range e.own {
		p.find(s, emit)
	}
	findForms(s, emit)
	findPairs(s, emit)
	e.user.find(s, emit)
	e.rules.find(s, emit)
}

// findNumber emits what a number in JSON is, given the text before it. Only digits can tell: names are judged by the caller.
func (e *engine) findNumber(before, raw string, emit emitter) {
	s := before + raw
	inRaw := func(lo, hi int, kind Kind) {
		if hi > len(before) {
			emit(lo, hi, kind)
		}
	}
	for _, p := range e.own {
		p.find(s, inRaw)
	}
	if len(raw) >= minDigits {
		findNumbers(s, inRaw)
	}
}

// find emits what the user's own pattern matches.
func (p ownPattern) find(s string, emit emitter) {
	for _, m := range p.re.FindAllStringSubmatchIndex(s, -1) {
		lo, hi := m[0], m[1]
		for g := 2; g < len(m); g += 2 {
			if m[g] >= 0 {
				lo, hi = m[g], m[g+1]
				break
			}
		}
		emit(lo, hi, p.kind)
	}
}

// detector finds one kind of secret or personal data by its form. The same detectors serve content and names.
type detector struct {
	kind Kind
	mark string // every match contains one of these characters
	// next returns the range of the first match that begins at or after at, or -1. It takes time linear in s.
	next func(s string, at int) (lo, hi int)
}

var detectors = [...]detector{
	{KindUserinfo, "@", nextUserinfo},
	{KindAuthorization, " ", nextScheme},
	{KindCredential, "0123456789", nextIssued},
	{KindEmail, "@", nextEmail},
	{KindIBAN, "0123456789", nextIBAN},
	{KindIP, ".", nextIPv4},
	{KindIP, ":", nextIPv6},
	{KindMAC, ":-.", nextMAC},
	{KindUser, `/\`, nextHome},
	{KindUser, "~", nextTilde},
}

// findForms emits everything in s that a form gives away.
func findForms(s string, emit emitter) {
	marks := charsOf(s)
	for i := range detectors {
		if d := &detectors[i]; marks.any(d.mark) {
			each(s, d.next, d.kind, emit)
		}
	}
	if marks.any("0123456789") {
		findNumbers(s, emit)
	}
}

// chars is a set of ASCII characters.
type chars [2]uint64

// charsOf returns the ASCII characters in s.
func charsOf(s string) (set chars) {
	for i := range len(s) {
		if c := s[i]; c < 0x80 {
			set[c>>6] |= 1 << (c & 63)
		}
	}
	return set
}

func (set *chars) any(of string) bool {
	for i := range len(of) {
		if set[of[i]>>6]&(1<<(of[i]&63)) != 0 {
			return true
		}
	}
	return false
}

// each emits all matches of next.
func each(s string, next func(s string, at int) (lo, hi int), kind Kind, emit emitter) {
	for at := 0; at < len(s); {
		lo, hi := next(s, at)
		if lo < 0 {
			return
		}
		emit(lo, hi, kind)
		at = hi
	}
}
