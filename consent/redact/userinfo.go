package redact

import (
	"encoding/base64"
	"strings"
)

// userinfoForm is a URL with user information (RFC 3986, section 3.2.1): all before the last @ of the authority. In the
// second form the password holds an unescaped /, # or ?; what follows the colon is then not a port.
var userinfoForm = lazy("://(?:([^\\s/?#\\\\\"'`<>]+)@|([^\\s/?#\\\\\"'`<>:@]+:[0-9]*[^\\s\"'`<>0-9][^\\s\"'`<>]*)@)")

// findUserinfo emits the user information of URLs.
func findUserinfo(s string, emit emitter) {
	for _, m := range userinfoForm().FindAllStringSubmatchIndex(s, -1) {
		if lo, hi := firstGroup(m); s[lo:hi] != "git" { // every Git remote has this user
			emit(lo, hi, KindUserinfo)
		}
	}
}

func hasUserinfo(s string) bool {
	found := false
	findUserinfo(s, func(int, int, Kind) { found = true })
	return found
}

var schemeForm = lazy(`(?i)\b(?:bearer +([\w./+=~:-]{8,})|basic +([\w./+=~:-]{8,}))`)

// findSchemes emits the credentials after the name of an authentication scheme, as an Authorization header has it.
func findSchemes(s string, emit emitter) {
	if indexFold(s, "bearer ") < 0 && indexFold(s, "basic ") < 0 {
		return // the expression would take much longer to find that out
	}
	for _, m := range schemeForm().FindAllStringSubmatchIndex(s, -1) {
		lo, hi := firstGroup(m)
		token := s[lo:hi]
		secret := len(token) >= 20 || strings.ContainsAny(token, "0123456789") // not a word of a sentence
		// RFC 7617: the base64 of a user's name, a colon and the password.
		if basic := m[2] < 0; basic {
			text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(token, "="))
			secret = err == nil && strings.Contains(string(text), ":")
		}
		if secret {
			emit(lo, hi, KindAuthorization)
		}
	}
}
