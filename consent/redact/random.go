package redact

import "strings"

// mix counts what distinguishes random text from words: kinds of characters, and how often they change.
type mix struct {
	digits, lowers, uppers int
	changes                int  // of the kind of character
	mixed                  int  // of those, between letter and digit
	slash                  bool // has characters of paths
}

func mixOf(s string) (m mix) {
	var before byte // kind of the character before
	for i := range len(s) {
		now := charKind(s[i])
		switch now {
		case '0':
			m.digits++
		case 'a':
			m.lowers++
		case 'A':
			m.uppers++
		}
		m.slash = m.slash || s[i] == '/' || s[i] == '+'
		if i > 0 && now != before {
			m.changes++
			if now != '-' && before != '-' && (now == '0' || before == '0') {
				m.mixed++
			}
		}
		before = now
	}
	return m
}

// charKind groups the characters whose changes mark random text.
func charKind(c byte) byte {
	switch {
	case isDigit(c):
		return '0'
	case isLower(c):
		return 'a'
	case isUpper(c):
		return 'A'
	}
	return '-'
}

// minRandom is the length from which text may be called random. Shorter words are too often names that people made up:
// testdata/names/pass.txt has them. The ratios below distinguish the two files in testdata/names.
const minRandom = 20

// randomWord reports whether w, letters and digits without a separator, is long and lacks the regularity of what people
// write. Words in camelCase change the kind of character about every fifth character, random text every second.
func randomWord(w string) bool {
	if len(w) < minRandom || isULID(w) {
		return false
	}
	switch m := mixOf(w); {
	case m.digits == len(w):
		return m.digits > 22 // no id is longer; shorter numbers are judged by nextNumber
	case m.digits >= 3:
		return m.changes*6 > len(w)
	default:
		return m.changes*5 > 2*len(w)
	}
}

// randomParts reports whether p, words with separators between them, is random text whose alphabet has more than
// letters and digits. No word of it may be long, but together they are, and they change kind far more often than names
// do.
func randomParts(p string) bool {
	if len(p) < minRandom || len(p) >= uuidLen && isUUID(p[len(p)-uuidLen:]) || isULID(p) {
		return false
	}
	m := mixOf(p)
	switch {
	case m.digits == 0:
		return false
	case m.slash: // paths, except for AWS's secret keys, which have 40 characters
		return len(p) == 40 && m.uppers >= 8 && m.changes >= 10
	}
	often := m.changes*2 > len(p) || len(p) >= 32 && m.changes*5 > 2*len(p)
	return m.mixed >= 6 && m.mixed*5 > len(p) || m.digits >= 2 && m.uppers >= 2 && often
}

// isULID reports whether s is an id that begins with a time stamp of this century, in Crockford's base 32:
// 01ARZ3NDEKTSV4RRFFQ69G5FAV.
func isULID(s string) bool { return len(s) == 26 && s[:2] == "01" && strings.ToUpper(s) == s }

const uuidLen = 36

// uuidForm is the form of RFC 9562: 8-4-4-4-12 hexadecimal digits.
var uuidForm = lazy(`^[[:xdigit:]]{8}(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}$`)

func isUUID(s string) bool { return len(s) == uuidLen && uuidForm().MatchString(s) }
