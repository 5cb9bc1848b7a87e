package redact

import (
	"encoding/base64"
	"strings"
)

func isBase64URL(c byte) bool { return isWord(c) || c == '-' || c == '_' }

// nextJWT returns the first JSON Web Token of s that begins at or after at, or -1: three parts (RFC 7515) or five
// (RFC 7516), the first of which is a JSON object. The signature may be empty (RFC 7519, section 6).
func nextJWT(s string, at int) (lo, hi int) {
	for from := at; ; {
		i := strings.Index(s[from:], "eyJ")
		if i < 0 {
			return -1, -1
		}
		i += from
		end, dots := i, 0
		for end < len(s) && (isBase64URL(s[end]) || s[end] == '.') {
			if s[end] == '.' {
				dots++
			}
			end++
		}
		from = end
		first := strings.IndexByte(s[i:end], '.')
		if dots >= 2 && first >= 12 && (i == 0 || !isWord(s[i-1])) &&
			(jsonHeader(s[i:i+first]) || strings.HasPrefix(s[i+first:], ".ey")) {
			return i, end
		}
	}
}

// jsonHeader tells whether part decodes to the beginning of a JSON object with a member that headers have.
func jsonHeader(part string) bool {
	text, _ := base64.RawURLEncoding.DecodeString(part[:len(part)&^3])
	head := string(text)
	return strings.HasPrefix(head, "{") && (strings.Contains(head, `"alg"`) || strings.Contains(head, `"typ"`) ||
		strings.Contains(head, `"enc"`) || strings.Contains(head, `"kid"`) || strings.Contains(head, `"zip"`))
}

// nextPrivateKey returns the first private key in PEM, OpenSSH, SSH2, PGP or PuTTY form, or -1. Without an end it
// reaches as far as its text could.
func nextPrivateKey(s string, at int) (lo, hi int) {
	for from := at; ; {
		i := strings.Index(s[from:], "BEGIN ")
		if i < 0 {
			return nextPuTTY(s, at)
		}
		i += from
		from = i + len("BEGIN ")
		label := s[from:min(len(s), from+40)]
		if n := strings.Index(label, "--"); n >= 0 {
			label = label[:n]
		} else if len(label) == 40 {
			continue
		}
		if !strings.Contains(label, "PRIVATE KEY") || !strings.HasSuffix(strings.TrimRight(s[:i], " "), "--") {
			continue
		}
		lo = i
		for lo > at && (s[lo-1] == '-' || s[lo-1] == ' ' && lo-1 > at && s[lo-2] == '-') {
			lo--
		}
		hi = armourEnd(s, from, label)
		if hi-from-len(label) < minArmour {
			continue
		}
		return lo, hi
	}
}

// minArmour is the least that a key takes, its dashes and end line included: with less there is only talk of a key, or so
// little of one that it tells nothing.
const minArmour = 64

// armourEnd returns where the armoured key ends whose label begins at i.
func armourEnd(s string, i int, label string) int {
	end := i
	for end < len(s) && (isWord(s[end]) || isSpace(s[end]) || strings.IndexByte("+/=-:,.\\()@", s[end]) >= 0) {
		end++
	}
	stop := "END " + strings.TrimSpace(label)
	if n := strings.Index(s[i:end], stop); n >= 0 {
		end = i + n + len(stop)
		for end < len(s) && (s[end] == '-' || s[end] == ' ' && end+1 < len(s) && s[end+1] == '-') {
			end++
		}
	}
	return end
}

// nextPuTTY finds the private lines of a PuTTY key file (format versions 2 and 3).
func nextPuTTY(s string, at int) (lo, hi int) {
	i := strings.Index(s[at:], "Private-Lines: ")
	if i < 0 {
		return -1, -1
	}
	lo = at + i
	hi = lo + len("Private-Lines: ")
	for hi < len(s) && (isWord(s[hi]) || isSpace(s[hi]) || strings.IndexByte("+/=\\", s[hi]) >= 0) {
		hi++
	}
	if strings.HasPrefix(s[hi:], "-MAC: ") {
		for hi += len("-MAC: "); hi < len(s) && isHex(s[hi]); hi++ {
		}
	}
	return lo, hi
}

// nextUserinfo returns the first user information of a URL at or after at, or -1 (RFC 3986, section 3.2.1).
func nextUserinfo(s string, at int) (lo, hi int) {
	for from := at; ; {
		i := strings.Index(s[from:], "://")
		if i < 0 {
			return -1, -1
		}
		lo = from + i + 3
		from = lo
		if hi = userinfoEnd(s, lo); hi > lo && s[lo:hi] != "git" { // the user of every Git remote
			return lo, hi
		}
	}
}

// maxAuthority bounds how far a URL's @ is looked for.
const maxAuthority = 1024

// userinfoEnd returns where the user information that begins at i ends, which is before the @; i if there is none.
func userinfoEnd(s string, i int) int {
	limit := min(len(s), i+maxAuthority)
	token := s[i:limit]
	if n := strings.IndexAny(token, " \t\r\n\"'`<>"); n >= 0 {
		token = token[:n]
	}
	authority := token
	if n := strings.IndexAny(token, "/?#\\"); n >= 0 {
		authority = token[:n]
	}
	if n := strings.LastIndexByte(authority, '@'); n > 0 {
		return i + n
	}
	// A password with an unescaped / or # or ?: what follows the colon is then no port.
	if n := strings.IndexByte(authority, ':'); n > 0 && len(authority) < len(token) && strings.Trim(authority[n+1:], "0123456789") != "" {
		if m := strings.LastIndexByte(token, '@'); m > n {
			return i + m
		}
	}
	return i
}

func hasUserinfo(s string) bool {
	lo, _ := nextUserinfo(s, 0)
	return lo >= 0
}

// nextBearer returns the first credential after the word Bearer or Basic, as an Authorization header has it, or -1.
func nextBearer(s string, at int) (lo, hi int) {
	for from := at; ; {
		i := strings.IndexAny(s[from:], "bB")
		if i < 0 {
			return -1, -1
		}
		i += from
		from = i + 1
		n := schemeLen(s[i:])
		if n == 0 || i > 0 && isWord(s[i-1]) {
			continue
		}
		lo = i + n
		for lo < len(s) && s[lo] == ' ' {
			lo++
		}
		hi = lo
		for hi < len(s) && (isBase64URL(s[hi]) || strings.IndexByte("./+=~:", s[hi]) >= 0) {
			hi++
		}
		tok := s[lo:hi]
		if n == len("basic ") && !isBasic(tok) || len(tok) < 8 || !strings.ContainsAny(tok, "0123456789") && len(tok) < 20 {
			continue
		}
		return lo, hi
	}
}

func schemeLen(s string) int {
	const bearer, basic = "bearer ", "basic "
	if len(s) > len(bearer) && foldEqual(s[:len(bearer)], bearer) {
		return len(bearer)
	}
	if len(s) > len(basic) && foldEqual(s[:len(basic)], basic) {
		return len(basic)
	}
	return 0
}

// isBasic tells whether tok is the base64 of a user and a password (RFC 7617).
func isBasic(tok string) bool {
	text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(tok, "="))
	return err == nil && strings.Contains(string(text), ":")
}

// nextAWSSecret returns the first secret access key of Amazon Web Services at or after at, or -1: 40 characters of
// base64 that are not all hexadecimal. It is only asked where an access key id stands in the same text, since many
// other things have that length.
func nextAWSSecret(s string, at int) (lo, hi int) {
	for i := at; i < len(s); i++ {
		if !isBase64(s[i]) {
			continue
		}
		lo, hex := i, true
		for i < len(s) && isBase64(s[i]) {
			hex = hex && isHex(s[i])
			i++
		}
		if i-lo == 40 && !hex {
			return lo, i
		}
	}
	return -1, -1
}

func isBase64(c byte) bool { return isWord(c) || c == '+' || c == '/' }
