package redact

import (
	"slices"
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
//     or more combining characters on one letter than any script has,
//   - holds anything that the detectors for content know by its form: a credential, an address, a card number,
//   - holds the value of a secret beside its name, such as password=...,
//   - has a long run of characters without the regularity of words, versions, UUIDs or time stamps.
//
// Names are collected even where no content is, so Name refuses more than a Redactor removes: a random string is not a
// name worth keeping. Callers remember the result for each name.
func Name(s []byte) (clean string, ok bool) {
	if len(s) == 0 || len(s) > MaxName {
		return "", false
	}
	clean = string(s)
	if !isPrintable(clean) || hasPair(clean) {
		return "", false
	}
	ids := idsIn(clean)
	refused := hasRandom(withoutIDs(clean, ids))
	findForms(clean, func(lo, hi int, kind Kind) {
		inID := slices.ContainsFunc(ids, func(id []int) bool { return id[0] <= lo && hi <= id[1] })
		refused = refused || !inID && !isNumericName(clean[lo:hi], kind)
	})
	if refused {
		return "", false
	}
	return clean, true
}

// idForm is what has a long form of its own and is no secret: UUIDs (RFC 9562) and time stamps (RFC 3339). Groups of
// them look like card or telephone numbers, and with a word beside it, such an id looks random.
var idForm = lazy(`[[:xdigit:]]{8}(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}|` +
	`20\d\d-[01]\d-[0-3]\dT[0-2]\d[:-]?[0-5]\d[:-]?[0-6]\d(?:\.\d{1,9})?Z?`)

// idsIn returns where the ids in a name are. They stand alone: a longer word in which one occurs is none.
func idsIn(s string) (ids [][]int) {
	if strings.Count(s, "-") < 2 { // the names of most tools
		return nil
	}
	for _, id := range idForm().FindAllStringIndex(s, -1) {
		if (id[0] == 0 || !isWord(s[id[0]-1])) && (id[1] == len(s) || !isWord(s[id[1]])) {
			ids = append(ids, id)
		}
	}
	return ids
}

// withoutIDs returns a name with nothing where its ids are.
func withoutIDs(s string, ids [][]int) string {
	for _, id := range slices.Backward(ids) {
		s = s[:id[0]] + s[id[1]:]
	}
	return s
}

// hasPair reports whether a name holds the value of a secret after its name. A variable of a template is none.
func hasPair(s string) bool {
	for i := 1; i+1 < len(s); i++ {
		if s[i] != '=' && (s[i] != ':' || s[i+1] != ' ' && s[i-1] != '"' && s[i-1] != '\'') {
			continue
		}
		key, value := strings.TrimRight(s[:i], " \"'"), strings.TrimLeft(s[i+1:], " \"'")
		key = key[strings.LastIndexAny(key, "?&;, \"'{/")+1:]
		if kind := keyKind(key); kind != "" && kind != kindMaybe && value != "" && !isPlaceholder(value) && value[0] != '{' {
			return true
		}
	}
	return false
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

// maxMarks is the number of combining characters that one letter has in the scripts in use. More of them are drawn over
// the lines above and below.
const maxMarks = 3

// isPrintable reports whether s is valid UTF-8 with visible characters and plain spaces only.
func isPrintable(s string) bool {
	marks := 0
	for i, c := range s {
		switch {
		case c == utf8.RuneError, !unicode.IsPrint(c), isInvisible(c):
			return false
		case !unicode.IsMark(c):
			marks = 0
		default:
			if marks++; marks > maxMarks || i == 0 {
				return false
			}
		}
	}
	return true
}

// isInvisible reports whether a character that counts as printable is not seen: what fonts leave out by default, except
// for the selectors of emoji, and characters that are drawn as a space.
func isInvisible(c rune) bool {
	switch {
	case c < 0x300, c == 0xfe0e, c == 0xfe0f:
		return false
	case c == 0x2800, c == 0xfffc: // braille without dots, the place of an object
		return true
	}
	return unicode.In(c, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// hasRandom reports whether a name has random text, as a word or as words with separators between them, or a word that
// begins like a token.
func hasRandom(s string) bool {
	for lo, hi := range runs(s, isPart) {
		if randomParts(s[lo:hi]) && !isPhrase(s[lo:hi]) {
			return true
		}
	}
	for lo, hi := range runs(s, isWord) {
		if issuedEnd(s, lo, true) > 0 || randomWord(s[lo:hi]) && !isPhrase(s[lo:hi]) {
			return true
		}
	}
	return false
}

// isPhrase reports whether most of a name is words of a language, as in names that were generated from an interface:
// getApiV1OrgsByOrgIdUsersAsJSON. They change the kind of character as often as random text does, but random text
// seldom has a whole word: a vowel among three letters or more, in lower case behind a capital or a separator.
func isPhrase(s string) bool {
	letters, wordy, longest := 0, 0, 0
	for lo := 0; lo < len(s); {
		hi := lo + 1
		for hi < len(s) && isLower(s[hi]) && isAlpha(s[lo]) {
			hi++
		}
		begins := isUpper(s[lo]) || lo == 0 || !isWord(s[lo-1])
		switch n := hi - lo; {
		case !isWord(s[lo]):
			letters--
		case n == 2 && begins && shortWords[lower(s[lo:hi])]:
			wordy += n
		case n > 2 && begins && strings.ContainsAny(s[lo:hi], "aeiouyAEIOUY"):
			wordy += n
			longest = max(longest, n)
		}
		letters += hi - lo
		lo = hi
	}
	return wordy*3 >= letters*2 && (longest > 4 || wordy*5 >= letters*4)
}

// shortWords are those of two letters that names are joined with.
var shortWords = map[string]bool{
	"as": true, "at": true, "by": true, "db": true, "id": true, "in": true, "is": true, "me": true, "my": true, "of": true,
	"on": true, "or": true, "to": true, "up": true, "us": true,
}

func isPart(c byte) bool { return isWord(c) || has("-_+~/", c) }
