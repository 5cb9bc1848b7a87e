package redact

import (
	"encoding/base64"
	"strings"
)

var jwtForm = lazy(`eyJ[\w-]{9,}\.[\w-]*\.[\w.-]*`)

// nextJWT returns the first JSON Web Token, or -1: three parts (RFC 7515) or five (RFC 7516), the first of which is a
// JSON object. The signature may be empty (RFC 7519, section 6).
func nextJWT(s string, at int) (lo, hi int) {
	for {
		m := jwtForm().FindStringIndex(s[at:])
		if m == nil {
			return -1, -1
		}
		lo, hi = at+m[0], at+m[1]
		at = hi
		first, rest, _ := strings.Cut(s[lo:hi], ".")
		if (lo == 0 || !isWord(s[lo-1])) && (isJOSEHeader(first) || strings.HasPrefix(rest, "ey")) {
			return lo, hi
		}
	}
}

// isJOSEHeader reports whether part decodes to the beginning of a JSON object with a member that headers have.
func isJOSEHeader(part string) bool {
	text, _ := base64.RawURLEncoding.DecodeString(part[:len(part)&^3])
	for _, member := range [...]string{`"alg"`, `"typ"`, `"enc"`, `"kid"`, `"zip"`} {
		if strings.HasPrefix(string(text), "{") && strings.Contains(string(text), member) {
			return true
		}
	}
	return false
}

// minArmour is the least that an armoured key takes, its dashes and last line included. Shorter text only mentions a key,
// or holds too little of one to matter.
const minArmour = 64

var armourForm = lazy(`(?:- ?)*-- ?BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?`)

// nextPrivateKey returns the first private key in PEM, OpenSSH, SSH2, PGP or PuTTY form, or -1. A key without its last
// line reaches as far as its text could.
func nextPrivateKey(s string, at int) (lo, hi int) {
	for from := at; ; {
		m := armourForm().FindStringIndex(s[from:])
		if m == nil {
			return nextPuTTY(s, at)
		}
		lo, from = from+m[0], from+m[1]
		_, label, _ := strings.Cut(s[lo:from], "BEGIN ")
		hi = run(s, from, len(s), func(c byte) bool { return isWord(c) || isSpace(c) || has(`+/=-:,.\()@`, c) })
		stop := "END " + label
		if n := strings.Index(s[from:hi], stop); n >= 0 {
			hi = from + n + len(stop)
			for hi < len(s) && (s[hi] == '-' || s[hi] == ' ' && hi+1 < len(s) && s[hi+1] == '-') {
				hi++
			}
		}
		if hi-from >= minArmour {
			return lo, hi
		}
	}
}

// nextPuTTY returns the private lines of a PuTTY key file (format versions 2 and 3).
func nextPuTTY(s string, at int) (lo, hi int) {
	const begin, mac = "Private-Lines: ", "-MAC: "
	i := strings.Index(s[at:], begin)
	if i < 0 {
		return -1, -1
	}
	lo = at + i
	hi = run(s, lo+len(begin), len(s), func(c byte) bool { return isWord(c) || isSpace(c) || has(`+/=\`, c) })
	if strings.HasPrefix(s[hi:], mac) {
		hi = run(s, hi+len(mac), len(s), isHex)
	}
	return lo, hi
}

// maxAuthority bounds how far the @ of a URL is looked for.
const maxAuthority = 1024

// nextUserinfo returns the first user information of a URL, or -1 (RFC 3986, section 3.2.1).
func nextUserinfo(s string, at int) (lo, hi int) {
	for {
		i := strings.Index(s[at:], "://")
		if i < 0 {
			return -1, -1
		}
		lo = at + i + len("://")
		at = lo
		if hi = userinfoEnd(s, lo); hi > lo && s[lo:hi] != "git" { // every Git remote has this user
			return lo, hi
		}
	}
}

func hasUserinfo(s string) bool {
	lo, _ := nextUserinfo(s, 0)
	return lo >= 0
}

// userinfoEnd returns where the user information that begins at i ends, which is before the @; i if there is none.
func userinfoEnd(s string, i int) int {
	token := s[i:min(len(s), i+maxAuthority)]
	if n := strings.IndexAny(token, " \t\r\n\"'`<>"); n >= 0 {
		token = token[:n]
	}
	authority := token
	if n := strings.IndexAny(token, `/?#\`); n >= 0 {
		authority = token[:n]
	}
	if n := strings.LastIndexByte(authority, '@'); n > 0 {
		return i + n
	}
	// A password may hold an unescaped /, # or ?. What follows the colon is then no port.
	n := strings.IndexByte(authority, ':')
	if n > 0 && len(authority) < len(token) && !isNumber(authority[n+1:]) {
		if m := strings.LastIndexByte(token, '@'); m > n {
			return i + m
		}
	}
	return i
}

// schemes are the authentication schemes whose credentials are one token.
var schemes = [...]string{"bearer ", "basic ", "token ", "splunk "}

// nextScheme returns the first credential after the name of an authentication scheme, as an Authorization header has it,
// or -1.
func nextScheme(s string, at int) (lo, hi int) {
	for i := at; i < len(s); i++ {
		if i > 0 && isWord(s[i-1]) || !has("bBtTsS", s[i]) {
			continue
		}
		for _, scheme := range schemes {
			if len(s)-i <= len(scheme) || lower(s[i:i+len(scheme)]) != scheme {
				continue
			}
			lo = i + len(scheme)
			for lo < len(s) && s[lo] == ' ' {
				lo++
			}
			hi = run(s, lo, len(s), func(c byte) bool { return isToken(c) || has("./+=~:", c) })
			if isCredential(s[lo:hi], scheme) {
				return lo, hi
			}
		}
	}
	return -1, -1
}

// isCredential reports whether tok, behind the name of a scheme, is a credential and not a word of a sentence.
func isCredential(tok, scheme string) bool {
	switch {
	case len(tok) < 8:
		return false
	case scheme == "basic ": // the base64 of a user and a password (RFC 7617)
		text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(tok, "="))
		return err == nil && strings.Contains(string(text), ":")
	case scheme == "bearer ":
		return strings.ContainsAny(tok, "0123456789") || len(tok) >= 20
	}
	return isUUID(tok) || randomWord(withoutDashes(tok))
}

// nextAWSSecret returns the first secret access key of Amazon Web Services, or -1: 40 characters of base64 that are not
// all hexadecimal. Many other things have that length, so it is only looked for beside an access key id.
func nextAWSSecret(s string, at int) (lo, hi int) {
	for lo = at; lo < len(s); lo = hi + 1 {
		hi = run(s, lo, len(s), isBase64)
		if hi-lo == 40 && run(s, lo, len(s), isHex) < hi {
			return lo, hi
		}
	}
	return -1, -1
}

func isBase64(c byte) bool { return isWord(c) || c == '+' || c == '/' }
