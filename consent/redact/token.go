package redact

import (
	"encoding/base64"
	"strings"
)

// userinfoForm is a URL with user information (RFC 3986, section 3.2.1): all before the last @ of the authority. In the
// second form the password holds an unescaped /, # or ?; what follows the colon is then not a port.
var userinfoForm = lazy("://(?:([^\\s/?#\\\\\"'`<>]+)@|([^\\s/?#\\\\\"'`<>:@]+:[0-9]*[^\\s\"'`<>0-9][^\\s\"'`<>]*)@)")

// nextUserinfo returns the first user information of a URL, or -1.
func nextUserinfo(s string, at int) (lo, hi int) {
	for {
		m := userinfoForm().FindStringSubmatchIndex(s[at:])
		if m == nil {
			return -1, -1
		}
		if lo, hi = m[2], m[3]; lo < 0 {
			lo, hi = m[4], m[5]
		}
		lo, hi = at+lo, at+hi
		at = hi
		if s[lo:hi] != "git" { // every Git remote has this user
			return lo, hi
		}
	}
}

func hasUserinfo(s string) bool {
	lo, _ := nextUserinfo(s, 0)
	return lo >= 0
}

var schemeForm = lazy(`(?i)\b(bearer|basic) +([\w./+=~:-]{8,})`)

// nextScheme returns the first credential after the name of an authentication scheme, as an Authorization header has it,
// or -1.
func nextScheme(s string, at int) (lo, hi int) {
	if indexFold(s[at:], "bearer ") < 0 && indexFold(s[at:], "basic ") < 0 {
		return -1, -1 // what the expression would take much longer to say
	}
	for {
		m := schemeForm().FindStringSubmatchIndex(s[at:])
		if m == nil {
			return -1, -1
		}
		lo, hi = at+m[4], at+m[5]
		basic := m[3]-m[2] == len("basic")
		at = hi
		switch tok := s[lo:hi]; {
		case basic: // the base64 of a user and a password (RFC 7617)
			text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(tok, "="))
			if err == nil && strings.Contains(string(text), ":") {
				return lo, hi
			}
		case len(tok) >= 20 || strings.ContainsAny(tok, "0123456789"): // not a word of a sentence
			return lo, hi
		}
	}
}
