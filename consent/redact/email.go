package redact

import "strings"

// The longest local part (RFC 5321, section 4.5.3.1.1) with room for quoting, and the longest domain, in bytes.
const (
	maxLocal  = 96
	maxDomain = 255
)

// The forms are wide: what RFC 5322 and RFC 6531 allow in a local part, and any name or address literal as the domain.
// Joiners (category Cf) are part of internationalized domains (RFC 5892, appendix A). A top-level domain has no digits,
// unless it is internationalized and written in ASCII (xn--).
var (
	localForm  = lazy("(?:\"(?:[^\"\\\\\\n]|\\\\.)*\"|(?:[\\pL\\pM\\pN.!#$%&'*+/=?^_`{|}~-]|\\\\[^\\pL\\pN])+)$")
	domainForm = lazy(`^(?:\[[0-9A-Za-z.:]{4,}\]|` +
		`(?:[\pL\pM\pN\p{Cf}](?:[\pL\pM\pN\p{Cf}_-]*[\pL\pM\pN])?\.)+` +
		`((?:xn--|XN--)[0-9A-Za-z-]+|[\pL\pM-]*[\pL\pM]))`)
	queryForm = lazy(`^.*[?&][\w.-]+=|^/.*[/=]|^[\w.-]*=`)
)

// findEmails emits e-mail addresses.
func findEmails(s string, emit emitter) {
	last := 0 // end of the address before: a@b.example@c.example has only one local part
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '@')
		if i < 0 {
			return
		}
		i += at
		at = i + 1
		domain := domainForm().FindStringSubmatch(s[at:min(len(s), at+maxDomain)])
		if domain == nil || strings.HasPrefix(domain[0], markerOpen) || listed("extension", lower(domain[1])) {
			continue // icon@2x.png; a marker has the form of an address literal: a@b@[redacted:email]
		}
		lo, hi := localStart(s, i, max(last, i-maxLocal)), at+len(domain[0])
		if lo < i && !isRemote(s, lo, i, hi) {
			emit(lo, hi, KindEmail)
			last, at = hi, hi
		}
	}
}

// localStart returns where the local part that ends at the @ at i begins; i if there is none.
func localStart(s string, i, stop int) int {
	local := localForm().FindString(s[stop:i])
	// RFC 3696 allows /, = and ? in a local part. A key before = and a URL before / are more likely.
	if local != "" && local[0] != '"' {
		local = local[len(queryForm().FindString(local)):]
	}
	return i - len(strings.TrimLeft(local, ".'`|*{")) // quotes and markup, which RFC 5322 allows too
}

// isRemote reports whether what looks like an address is the user of a Git remote, or a decorator or call in a program.
func isRemote(s string, lo, i, hi int) bool {
	return hi < len(s) && (s[hi] == '(' || s[lo:i] == "git" && (s[hi] == ':' || s[hi] == '/'))
}
