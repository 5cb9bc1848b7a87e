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
	if nameSecret(clean) || namePersonal(clean) {
		return "", false
	}
	return clean, true
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

// A name is looked at word by word, a word being a run of letters and digits.
func nameSecret(s string) bool {
	for i := 0; i < len(s); {
		if !isWord(s[i]) {
			i++
			continue
		}
		if i == 0 || !isWord(s[i-1]) {
			if issuerPrefix(s[i:]) {
				return true
			}
		}
		end := i
		for end < len(s) && isWord(s[end]) {
			end++
		}
		if randomWord(s[i:end]) {
			return true
		}
		i = end
	}
	return randomParts(s) || strings.Contains(s, "://") && hasUserinfo(s)
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

// issuerPrefix tells whether s begins like an issuer's token: the prefix, then characters of tokens with at least one
// digit among them, or with both cases. So gsk_summarize_document is a name and gsk_ with key material is none.
func issuerPrefix(s string) bool {
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
		return false // a number; namePersonal looks at those
	case len(w) == 26 && strings.HasPrefix(w, "01") && strings.ToUpper(w) == w:
		return false // ULID: a time stamp and a counter, used as id
	case digits >= 3:
		return changes*6 > len(w)
	default:
		return changes*5 > 2*len(w)
	}
}

// randomParts looks for random text whose alphabet has - or _: no word of it may be long, but together they are, and
// they change kind of character far more often than names do. UUIDs are no such text: one kind per group, or hex.
func randomParts(s string) bool {
	run, changes, digits, uppers := 0, 0, 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && (isWord(s[i]) || s[i] == '-' || s[i] == '_' || s[i] == '+' || s[i] == '=') {
			if i > 0 && run > 0 && class(s[i]) != class(s[i-1]) {
				changes++
			}
			if isDigit(s[i]) {
				digits++
			}
			if s[i] >= 'A' && s[i] <= 'Z' {
				uppers++
			}
			run++
			continue
		}
		if run >= minRandom && digits >= 2 && uppers >= 2 && changes*2 > run && !isUUID(s[i-run:i]) {
			return true
		}
		run, changes, digits, uppers = 0, 0, 0, 0
	}
	return false
}

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

func namePersonal(s string) bool {
	if lo, _ := nextEmail(s, 0); lo >= 0 {
		return true
	}
	if lo, _ := nextHome(s, 0); lo >= 0 {
		return true
	}
	if lo, _ := nextMAC(s, 0); lo >= 0 {
		return true
	}
	if lo, _, _ := nextColons(s, 0); lo >= 0 {
		return true
	}
	// Versions of four parts have small numbers in front, addresses of people's machines do not.
	if lo, hi := nextIPv4(s, 0); lo >= 0 && s[lo+1] != '.' && hi-lo > 0 {
		return true
	}
	if lo, _ := nextIBAN(s, 0); lo >= 0 {
		return true
	}
	return nameNumber(s)
}

// nameNumber tells whether s has a card or telephone number. Without separators and + a number is an id.
func nameNumber(s string) bool {
	for at := 0; ; {
		d, ok := nextDigits(s, at)
		if !ok {
			return false
		}
		if _, _, kind := number(s, d); kind == KindCard || kind != "" && (d.groups > 1 || d.plus) {
			return true
		}
		at = d.end[0]
	}
}
