package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the length of the longest name that Name accepts, in bytes.
const MaxName = 128

// Name reports whether a short name that a peer chose may become a label, an attribute or a log field: the name of a
// method, tool, prompt, logger, client or server, a version, a URI template, an id, a tracestate. It returns the name
// and true, or "" and false if the name
//
//   - is empty, longer than MaxName bytes or not valid UTF-8,
//   - has a control character, a line separator, a bidirectional control, any other invisible or unassigned character,
//   - holds anything that the detectors for content know by its form: a credential, an address, a card number,
//   - has a long run of characters without the regularity of words, versions, UUIDs or time stamps.
//
// Names are collected even where no content is, so Name refuses more than a Redactor removes: a random string is not a
// name worth keeping. Callers remember the result for each name.
func Name(s []byte) (clean string, ok bool) {
	if len(s) == 0 || len(s) > MaxName {
		return "", false
	}
	clean = string(s)
	if !isPrintable(clean) {
		return "", false
	}
	if isUUID(clean) { // its groups may look like a card or telephone number
		return clean, true
	}
	refused := hasRandom(clean)
	findForms(clean, func(lo, hi int, kind Kind) {
		refused = refused || !isNumericName(clean[lo:hi], kind)
	})
	if refused {
		return "", false
	}
	return clean, true
}

// isNumericName reports whether something that has the form of personal data is, in a name, more likely a number: an id
// looks like a telephone number without separators, and a version with four parts like an address.
func isNumericName(s string, kind Kind) bool {
	switch kind {
	case KindPhone:
		return isNumber(s)
	case KindIP:
		return s[1] == '.' // 1.2.3.4: addresses of people's machines begin with larger numbers
	}
	return false
}

// isPrintable reports whether s is valid UTF-8 with visible characters and plain spaces only.
func isPrintable(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c == utf8.RuneError || !unicode.IsPrint(c) })
}

// hasRandom reports whether a name has random text, as a word or as words with separators between them, or a word that
// begins like a token.
func hasRandom(s string) bool {
	for lo, hi := range runs(s, isPart) {
		if randomParts(s[lo:hi]) {
			return true
		}
	}
	for lo, hi := range runs(s, isWord) {
		if randomWord(s[lo:hi]) || issuedEnd(s, lo, true) > 0 {
			return true
		}
	}
	return false
}

func isPart(c byte) bool { return isWord(c) || has("-_+~/", c) }
