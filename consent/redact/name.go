package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the most bytes that Name lets pass.
const MaxName = 128

// Name decides whether a short name that a peer chose may become a label, an attribute or a log field: the name of a
// method, tool, prompt, logger, client or server, a version, a URI template, a request, task or progress id, a
// tracestate. It returns the name and true, or "" and false if the name
//
//   - is empty, longer than MaxName bytes or not valid UTF-8,
//   - has a control character, a line separator, a bidirectional control, any other invisible or unassigned character,
//   - looks like a credential: begins, or has a word that begins, like the tokens of a known issuer, or has a long run
//     of characters without the regularity of words, versions, UUIDs or time stamps,
//   - looks like a person's data: e-mail address, phone number, card number, IP or MAC address, home directory.
//
// It errs on the side of refusal for strings that no name needs. It does not allocate beyond the result; callers keep
// the answer per name.
func Name(s []byte) (clean string, ok bool) {
	if len(s) == 0 || len(s) > MaxName || !nameRunes(s) {
		return "", false
	}
	clean = string(s)
	if isUUID(clean) {
		return clean, true
	}
	has := traitsOf(clean)
	if nameSecret(clean, has) || namePersonal(clean, has) {
		return "", false
	}
	return clean, true
}

// traits is what one pass over a name tells. Most names have nothing that a closer look would need.
type traits struct {
	digits, dots                   int
	at, colon, slash, lower, upper bool
}

func traitsOf(s string) (has traits) {
	for i := range len(s) {
		switch c := s[i]; {
		case isLower(c):
			has.lower = true
		case isUpper(c):
			has.upper = true
		case isDigit(c):
			has.digits++
		case c == '.':
			has.dots++
		case c == '@':
			has.at = true
		case c == ':':
			has.colon = true
		case c == '/' || c == '\\':
			has.slash = true
		}
	}
	return has
}

// nameRunes tells whether s is valid UTF-8 of visible characters and plain spaces.
func nameRunes(s []byte) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		c, n := utf8.DecodeRune(s[i:])
		if c == utf8.RuneError || !unicode.IsPrint(c) {
			return false
		}
		i += n
	}
	return true
}

// nameSecret looks at a name word by word, a word being a run of letters and digits, and at runs of words.
func nameSecret(s string, has traits) bool {
	if has.colon && has.slash && hasUserinfo(s) {
		return true
	}
	varied := has.digits > 0 || has.lower && has.upper
	for i := 0; varied && i < len(s); {
		if !isWord(s[i]) && s[i] != '-' {
			i++
			continue
		}
		if issuerPrefix(s[i:]) {
			return true
		}
		end := i + 1
		for end < len(s) && isWord(s[end]) {
			end++
		}
		if randomWord(s[i:end]) {
			return true
		}
		i = end
	}
	return varied && len(s) >= minRandom && randomParts(s)
}

// issuer is the beginning of an issuer's tokens and how many token characters have to follow it.
type issuer struct {
	prefix string
	follow int
}

// issuers are prefixes that issuers gave their tokens so that they can be told. Sorted by first byte for the reader only.
var issuers = [...]issuer{
	{"A3-", 20}, {"AGE-SECRET-KEY-", 8}, {"AIza", 20}, {"AKIA", 12}, {"ASIA", 12}, {"ABIA", 12}, {"ACCA", 12},
	{"AccountKey=", 8}, {"Bearer ", 8}, {"Basic ", 8},
	{"EAACEdEose0cBA", 8}, {"LTAI", 16}, {"PMAK-", 16}, {"SG.", 16}, {"SK", 32}, {"AC", 32},
	{"ATATT3", 16}, {"ATCTT3", 16}, {"akcp", 20},
	{"dapi", 28}, {"dckr_pat_", 8}, {"dop_v1_", 16}, {"doo_v1_", 16}, {"dor_v1_", 16}, {"dp.pt.", 16},
	{"eyJ", 8}, {"figd_", 8}, {"fo1_", 16}, {"gh-p_", 8}, {"ghp_", 8}, {"gho_", 8}, {"ghu_", 8}, {"ghs_", 8}, {"ghr_", 8},
	{"github_pat_", 8}, {"glpat-", 8}, {"gldt-", 8}, {"glrt-", 8}, {"glcbt-", 8}, {"glptt-", 8}, {"glft-", 8},
	{"glsa_", 8}, {"glc_", 16}, {"gsk_", 16}, {"hf_", 16}, {"hvs.", 8}, {"hvb.", 8}, {"lin_api_", 8}, {"lin_oauth_", 8},
	{"npm_", 16}, {"nvapi-", 8}, {"ntn_", 16}, {"ops_eyJ", 8}, {"pat-na1-", 8}, {"phc_", 16}, {"phx_", 16}, {"pk_live_", 8},
	{"pk_test_", 8}, {"pplx-", 16}, {"pscale_", 16}, {"pul-", 32}, {"pypi-", 16}, {"r8_", 16}, {"rk_live_", 8},
	{"rk_test_", 8}, {"rubygems_", 16}, {"sbp_", 16}, {"secret_", 32}, {"shpat_", 8}, {"shpss_", 8}, {"shppa_", 8},
	{"shpca_", 8}, {"sk-", 16}, {"sk-ant-", 8}, {"sk-proj-", 8}, {"sk_live_", 8}, {"sk_test_", 8}, {"sl.", 32}, {"sntrys_", 8},
	{"sntryu_", 8}, {"tfp_", 16}, {"tvly-", 16}, {"whsec_", 8}, {"xai-", 16}, {"xapp-", 8}, {"xkeysib-", 8}, {"xoxa-", 8},
	{"xoxb-", 8}, {"xoxe", 8}, {"xoxp-", 8}, {"xoxr-", 8}, {"xoxs-", 8}, {"ya29.", 8}, {"sq0atp-", 8}, {"sq0csp-", 8},
	{"EAAA", 32}, {"key-", 32}, {"v1.0-", 40}, {"patA", 24}, {"-----BEGIN", 0},
}

// minIssuer is less than any issuer's prefix with what has to follow it; no prefix begins with a digit.
const minIssuer = 10

// issuerPrefix tells whether s begins like an issuer's token: the prefix, then characters of tokens with at least one
// digit among them, or with both cases. So gsk_summarize_document is a name and gsk_ with key material is none.
func issuerPrefix(s string) bool {
	if isDigit(s[0]) || len(s) < minIssuer {
		return false
	}
	for i := range issuers {
		p := &issuers[i]
		if s[0] != p.prefix[0] || !strings.HasPrefix(s, p.prefix) {
			continue
		}
		rest := s[len(p.prefix):]
		n, digit, lower, upper := 0, false, false, false
		for n < len(rest) && (isWord(rest[n]) || rest[n] == '_' || rest[n] == '-' || rest[n] == '.' || rest[n] == '/' || rest[n] == '+') {
			digit = digit || isDigit(rest[n])
			lower = lower || rest[n] >= 'a' && rest[n] <= 'z'
			upper = upper || rest[n] >= 'A' && rest[n] <= 'Z'
			n++
		}
		if n >= p.follow && (digit || lower && upper || p.follow == 0) {
			return true
		}
	}
	return false
}

// minRandom is the length from which a run of letters and digits is looked at as possibly random.
const minRandom = 20

// randomWord tells whether w, a run of letters and digits, is long and has not the regularity of what people write.
// Words in camelCase change case or kind of character about every fifth character, random text every second.
func randomWord(w string) bool {
	if len(w) < minRandom {
		return false
	}
	changes, digits := 0, 0
	for i := range len(w) {
		if isDigit(w[i]) {
			digits++
		}
		if i > 0 && class(w[i]) != class(w[i-1]) {
			changes++
		}
	}
	switch {
	case digits == len(w):
		return digits > 22 // no id has so many; of shorter numbers namePersonal decides
	case isULID(w):
		return false
	case digits >= 3:
		return changes*6 > len(w)
	default:
		return changes*5 > 2*len(w)
	}
}

// randomParts looks for random text whose alphabet has more than letters and digits: no word of it may be long, but
// together they are, and they change kind of character far more often than names do.
func randomParts(s string) bool {
	for i := 0; i < len(s); i++ {
		start, run := i, partRun{}
		for i < len(s) && isPart(s[i]) {
			run.add(s, i, start)
			i++
		}
		if i-start >= minRandom && !endsInUUID(s[start:i]) && !isULID(s[start:i]) && run.random(i-start) {
			return true
		}
	}
	return false
}

func isPart(c byte) bool {
	switch c {
	case '-', '_', '+', '~', '/':
		return true
	}
	return isWord(c)
}

// partRun counts what tells random text: changes of the kind of character, and those between letter and digit.
type partRun struct {
	changes, mixed, digits, uppers int
	slash                          bool
}

func (r *partRun) add(s string, i, start int) {
	c := s[i]
	if i > start && class(c) != class(s[i-1]) {
		r.changes++
		if isDigit(c) && isAlpha(s[i-1]) || isAlpha(c) && isDigit(s[i-1]) {
			r.mixed++
		}
	}
	if isDigit(c) {
		r.digits++
	}
	if isUpper(c) {
		r.uppers++
	}
	r.slash = r.slash || c == '/' || c == '+'
}

func (r *partRun) random(n int) bool {
	if r.digits < 1 || r.slash && n != 40 { // paths; 40 is the length of AWS's secret keys
		return false
	}
	if r.slash {
		return r.uppers >= 8 && r.changes >= 10
	}
	return r.mixed >= 6 && r.mixed*5 > n || r.digits >= 2 && r.uppers >= 2 && (r.changes*2 > n || n >= 32 && r.changes*5 > 2*n)
}

// isULID tells ids that begin with a time stamp, of this century, in the base 32 of Crockford: 01ARZ3NDEKTSV4RRFFQ69G5FAV.
func isULID(s string) bool { return len(s) == 26 && s[:2] == "01" && strings.ToUpper(s) == s }

func endsInUUID(s string) bool { return len(s) >= 36 && isUUID(s[len(s)-36:]) }

// isUUID tells whether s has the form of RFC 9562: 8-4-4-4-12 hexadecimal digits.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if !isHex(s[i]) {
			return false
		}
	}
	return true
}

func namePersonal(s string, has traits) bool {
	found := func(next func(string, int) (int, int)) bool {
		lo, _ := next(s, 0)
		return lo >= 0
	}
	switch {
	case has.at && found(nextEmail), has.slash && found(nextHome):
		return true
	case has.digits == 0:
		return false
	case has.dots >= 3:
		// Versions of four parts have small numbers in front, addresses of people's machines do not.
		if lo, _ := nextIPv4(s, 0); lo >= 0 && s[lo+1] != '.' {
			return true
		}
	case has.colon:
		if lo, _, _ := nextColons(s, 0); lo >= 0 {
			return true
		}
	}
	return len(s) >= 14 && (found(nextMAC) || found(nextIBAN)) || has.digits >= 7 && nameNumber(s)
}

// nameNumber tells whether s has a card or telephone number. Without separators and + a number is an id.
func nameNumber(s string) bool {
	for at := 0; ; {
		d, ok := nextDigits(s, at)
		if !ok {
			return false
		}
		if d.n >= 7 {
			if _, _, kind := number(s, d, &announcement{asked: true}); kind == KindCard || kind != "" && (d.groups > 1 || d.plus) {
				return true
			}
		}
		at = d.end[0]
	}
}
