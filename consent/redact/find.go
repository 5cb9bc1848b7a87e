package redact

import "strings"

// maxDepth bounds how many wrappings are undone: JSON in a string in JSON in base64 is three. What is wrapped deeper is
// looked at only as it stands.
const maxDepth = 4

// search is one look at one text and at everything wrapped in it.
type search struct {
	r    *Redactor
	left int // bytes that may still be looked at
	over bool
}

// The views of a text that wraps text that wraps text add up. A text is given so many times its length; one that needs
// more was made to need more, and goes as a whole.
const (
	viewFactor = 24
	viewFloor  = 16 << 10
)

func (r *Redactor) search(s string) *search {
	return &search{r: r, left: viewFactor*len(s) + viewFloor}
}

// take accounts for a text that is about to be looked at.
func (f *search) take(s string) bool {
	f.left -= len(s)
	if f.left < 0 {
		f.over = true
	}
	return !f.over && s != ""
}

// findText returns what has to go from running text.
func (f *search) findText(s string, depth int) []span {
	if !f.take(s) {
		return nil
	}
	var spans []span
	emit := func(lo, hi int, kind Kind) { spans = append(spans, span{lo: lo, hi: hi, kind: kind}) }
	f.findPlain(s, emit)
	spans = append(spans, f.findMembers(s, depth)...)
	if depth < maxDepth {
		spans = append(spans, f.findEscaped(s, depth+1)...)
		spans = append(spans, f.findWrapped(s, depth+1)...)
	}
	return spans
}

// findPlain emits what has to go from s as it stands.
func (f *search) findPlain(s string, emit func(lo, hi int, kind Kind)) {
	f.r.findOwn(s, emit)
	findAll(s, emit)
	findPairs(s, emit)
	f.r.findUser(s, emit)
	f.r.rules.find(s, emit)
}

// findMembers looks into the JSON objects in a text, for what is nested under a name.
func (f *search) findMembers(s string, depth int) []span {
	var spans []span
	for at := 0; at < len(s); {
		i := strings.IndexByte(s[at:], '{')
		if i < 0 {
			break
		}
		at += i
		if rest := strings.TrimLeft(s[at+1:], " \t\r\n"); rest == "" || rest[0] != '"' {
			at++
			continue
		}
		w := walker{f: f, s: s, depth: depth, flat: true}
		at = w.walk(at)
		spans = append(spans, w.spans...)
	}
	return spans
}

// findAll runs the detectors that need no configuration.
func findAll(s string, emit func(lo, hi int, kind Kind)) {
	each(s, nextPrivateKey, KindPrivateKey, emit)
	each(s, nextJWT, KindJWT, emit)
	each(s, nextUserinfo, KindUserinfo, emit)
	each(s, nextBearer, KindAuthorization, emit)
	each(s, nextEmail, KindEmail, emit)
	each(s, nextIBAN, KindIBAN, emit)
	each(s, nextIPv4, KindIP, emit)
	each(s, nextMAC, KindMAC, emit)
	each(s, nextHome, KindUser, emit)
	each(s, nextTilde, KindUser, emit)
	for at := 0; ; {
		lo, hi, kind := nextColons(s, at)
		if lo < 0 {
			break
		}
		emit(lo, hi, kind)
		at = hi
	}
	findNumbers(s, emit)
}

// each calls emit for everything that next finds in s.
func each(s string, next func(s string, at int) (lo, hi int), kind Kind, emit func(lo, hi int, kind Kind)) {
	for at := 0; at < len(s); {
		lo, hi := next(s, at)
		if lo < 0 {
			return
		}
		emit(lo, hi, kind)
		at = hi
	}
}

// findOwn emits what the user's own patterns match.
func (r *Redactor) findOwn(s string, emit func(lo, hi int, kind Kind)) {
	for _, p := range r.own {
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
}
