package redact

import "strings"

// isPhone tells whether d is a telephone number. International form is taken as such; of the national forms those whose
// writing tells them from other numbers (a trunk 0 and groups, the 3-3-4 groups of North America); any other only
// after a word that announces one.
func isPhone(s string, d digits, announced *announcement) bool {
	if d.n > 15+2 || !beginsApart(s, d.lo) || isDate(d) || strings.Contains(s[d.lo:d.hi], "/-") {
		return false
	}
	switch {
	case d.plus:
		return d.n >= 7 && d.n <= 15 && d.val[0] != '0' && (d.lo == 0 || s[d.lo-1] != '+')
	case d.n > 15:
		return false
	case d.seps != 0 && d.val[0] == '0' && d.val[1] == '0' && d.val[2] != '0':
		return d.n >= 11 && d.size[0] <= 5 && d.seps&sepDot == 0 || announced.phone()
	case northAmerican(d):
		return true
	case trunk(d) && !(d.hi+1 < len(s) && s[d.hi] == ' ' && isDigit(s[d.hi+1])): // else the digits go on
		return true
	}
	return announced.phone()
}

// announcement remembers whether a word before a number says that it is a telephone number: several groupings of the
// same digits ask.
type announcement struct {
	s          string
	at         int
	asked, yes bool
}

// close tells whether the announcement stands right before the number: "Phone: 8999".
func (a *announcement) close() bool {
	if a.asked && !a.yes {
		return false
	}
	before := strings.TrimRight(a.s[max(0, a.at-4):a.at], " ")
	return before != "" && strings.IndexByte(":=.", before[len(before)-1]) >= 0 && a.phone()
}

func (a *announcement) phone() bool {
	if !a.asked {
		a.asked, a.yes = true, hasContext(a.s, a.at, phoneWords)
	}
	return a.yes
}

// northAmerican recognises 3-3-4 groups, with or without the 1 before them. Area and exchange begin with 2 to 9.
func northAmerican(d digits) bool {
	v, g := d.val[:], d.size[:]
	if d.groups == 4 && d.size[0] == 1 && d.val[0] == '1' {
		v, g = v[1:], g[1:]
	} else if d.groups != 3 {
		return false
	}
	return g[0] == 3 && g[1] == 3 && g[2] == 4 && v[0] >= '2' && v[3] >= '2' && d.seps&sepSlash == 0
}

// trunk recognises national numbers with the trunk prefix 0: in groups, or ten or eleven digits in one piece.
func trunk(d digits) bool {
	if d.val[0] != '0' || d.val[1] == '0' || d.n < 9 || d.n > 12 {
		return false
	}
	if d.groups == 1 {
		return d.n == 10 || d.n == 11
	}
	if d.groups == 6 { // bytes, more likely
		return false
	}
	if d.seps&sepDot != 0 && (d.groups < 4 || d.seps != sepDot) {
		return false
	}
	for _, n := range d.size[1:d.groups] {
		if n < 2 {
			return false
		}
	}
	return d.groups < 6
}

// isDate recognises dates and times, which are written with the same separators.
func isDate(d digits) bool {
	if d.groups < 3 || d.plus || d.paren {
		return false
	}
	a, b, c := d.size[0], d.size[1], d.size[2]
	year := func(i int) bool { return string(d.val[i:i+2]) == "19" || string(d.val[i:i+2]) == "20" }
	return a == 4 && b <= 2 && c <= 2 && year(0) || a <= 2 && b <= 2 && c == 4 && year(a+b)
}

var phoneWords = []string{
	"phone", "tel", "telefon", "téléphone", "teléfono", "mobile", "mobil", "cell", "fax", "whatsapp", "sms", "msisdn", "handy",
	"cellphone", "contact", "call me",
}

// contextLen is how far before a number a word may stand that says what the number is.
const contextLen = 28

// hasContext tells whether one of words stands shortly before s[i:], at the start of a word.
func hasContext(s string, i int, words []string) bool {
	before := s[max(0, i-contextLen):i]
	if j := strings.LastIndexAny(before, "\n;{}"); j >= 0 {
		before = before[j+1:]
	}
	for _, w := range words {
		for at := 0; at < len(before); {
			j := indexFold(before[at:], w)
			if j < 0 {
				break
			}
			j += at
			end := j + len(w)
			if (j == 0 || !isLower(before[j-1]) || w == "phone") && (end == len(before) || !isLower(before[end])) {
				return true
			}
			at = j + 1
		}
	}
	return false
}

// indexFold is strings.Index with the letters of ASCII taken without case. Word is lower-case.
func indexFold(s, word string) int {
	for i := 0; i+len(word) <= len(s); i++ {
		if c := s[i]; c != word[0] && !(isUpper(c) && c|0x20 == word[0]) {
			continue
		}
		if foldEqual(s[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}

// foldEqual compares s with a lower-case word, the letters of ASCII without case.
func foldEqual(s, word string) bool {
	if len(s) != len(word) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if isUpper(c) {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
