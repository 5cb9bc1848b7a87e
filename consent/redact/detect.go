package redact

import "regexp"

// engine finds everything that has to go from a text as it stands.
type engine struct {
	own     []ownPattern
	user    person
	rules   *ruleSet
	markers markers // of every kind that it finds
	secrets bool    // leave out what only says who and where a person is
}

// ownPattern is a rule of the user's own.
type ownPattern struct {
	kind Kind
	re   *regexp.Regexp
}

func (e *engine) find(s string, m marks, names kinds, emit emitter) {
	for _, p := range e.own {
		p.find(s, emit)
	}
	if all := emit; e.secrets {
		emit = func(lo, hi int, kind Kind) {
			if !kind.isAddress() {
				all(lo, hi, kind)
			}
		}
	}
	for i := range forms {
		if m.has(forms[i].marks) {
			forms[i].find(s, emit)
		}
	}
	findPairs(s, m, names, emit)
	e.user.find(s, emit)
	e.rules.find(s, emit)
}

// findNumber emits what a number in JSON is, given the text before it, such as "phone": the caller has judged the name.
func (e *engine) findNumber(before func() string, raw string, emit emitter) {
	if len(raw) < minDigits && len(e.own) == 0 {
		return
	}
	context := before()
	s := context + raw
	inRaw := func(lo, hi int, kind Kind) {
		if hi > len(context) {
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
		lo, hi := firstGroup(m)
		emit(lo, hi, p.kind)
	}
}

// forms lists the detectors of what a form of its own gives away. They serve content and names. Each takes time linear
// in the length of the text, and is skipped if the text has none of the characters in marks.
var forms = [...]struct {
	marks marks
	find  func(s string, emit emitter)
}{
	{markOf("@"), findUserinfo},
	{markOf(" "), findSchemes},
	{markOf("0-_."), findIssued},
	{markOf("-_."), findOpaque},
	{markOf("0"), findUnmarked},
	{markOf(":"), findNumbered},
	{markOf("@"), findEmails},
	{markOf("0"), findIBANs},
	{markOf("."), findIPv4},
	{markOf(":-."), findHexAddresses},
	{markOf(`/\`), findHomes},
	{markOf("~"), findTildes},
	{markOf("0"), findNumbers},
}

// findForms emits everything in s that a form gives away.
func findForms(s string, emit emitter) {
	m := marksIn(s)
	for i := range forms {
		if m.has(forms[i].marks) {
			forms[i].find(s, emit)
		}
	}
}

// marksIn returns the marks of all characters of s.
func marksIn(s string) (m marks) {
	for i := range len(s) {
		m |= markTable[s[i]]
	}
	return m
}
