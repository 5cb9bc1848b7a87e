package redact

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

// emitter receives a range of text to remove.
type emitter func(lo, hi int, kind Kind)

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
