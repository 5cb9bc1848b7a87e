package redact

import (
	"regexp"
	"strings"
)

// engine finds everything that has to go from a text as it stands.
type engine struct {
	own     []ownPattern
	user    person
	rules   *ruleSet
	markers markers // of every kind that it finds
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

// findNumber emits what a number in JSON is, given the text before it, such as "phone": the caller has judged the name.
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
		lo, hi := firstGroup(m)
		emit(lo, hi, p.kind)
	}
}

// forms lists the detectors of what a form of its own gives away. They serve content and names. Each takes time linear
// in the length of the text, and is skipped if the text has none of the characters in mark.
var forms = [...]struct {
	mark string
	find func(s string, emit emitter)
}{
	{"@", findUserinfo},
	{" ", findSchemes},
	{"0123456789", findIssued},
	{"-_.", findOpaque},
	{"0123456789", findUnmarked},
	{":", findNumbered},
	{"@", findEmails},
	{"0123456789", findIBANs},
	{".", findIPv4},
	{":-.", findHexAddresses},
	{`/\`, findHomes},
	{"~", findTildes},
	{"0123456789", findNumbers},
}

// findForms emits everything in s that a form gives away.
func findForms(s string, emit emitter) {
	for i := range forms {
		if strings.ContainsAny(s, forms[i].mark) {
			forms[i].find(s, emit)
		}
	}
}
