package redact

import (
	"net/netip"
	"strings"
)

// nextIPv4 returns the first IPv4 address in dotted form, or -1. It leaves out the addresses that identify no machine:
// loopback, unspecified and broadcast. It also leaves out versions with four parts, judging by the text before them.
func nextIPv4(s string, at int) (lo, hi int) {
	for lo = at; lo < len(s); lo = hi + 1 {
		hi = run(s, lo, len(s), func(c byte) bool { return isDigit(c) || c == '.' })
		tok := strings.TrimRight(s[lo:hi], ".")
		if len(tok) < len("1.2.3.4") || !identifies(tok) || isVersion(s, lo) {
			continue
		}
		end := lo + len(tok)
		if !(lo > 0 && isWord(s[lo-1])) && (end == len(s) || !isAlpha(s[end]) && s[end] != '_') {
			return lo, end
		}
	}
	return -1, -1
}

// identifies reports whether tok is an address of a machine or an interface.
func identifies(tok string) bool {
	a, err := netip.ParseAddr(tok)
	a = a.Unmap()
	return err == nil && !a.IsLoopback() && !a.IsUnspecified() && tok != "255.255.255.255"
}

var versionWords = []string{
	"version", "versions", "ver", "release", "build", "rev", "assemblyversion", "fileversion", "upgrade",
}

// isVersion reports whether the four numbers at i are a version: v1.2.3.4, Chrome/1.2.3.4, "version": "1.2.3.4".
func isVersion(s string, i int) bool {
	if i == 0 {
		return false
	}
	switch s[i-1] {
	case '/', '-', '_', '+':
		return i > 1 && isWord(s[i-2])
	case '^', '~':
		return true
	case '=':
		if i > 1 && has("=~><^!", s[i-2]) {
			return true
		}
	}
	return hasContext(s, i, versionWords)
}

// nextHexRun returns the next run of hexadecimal digits and the separators of addresses, or -1. It begins neither inside a
// word nor with a single colon, as in addr:2001:db8::1.
func nextHexRun(s string, at int) (lo, hi int) {
	in := func(c byte) bool { return isHex(c) || has(":-.", c) }
	for lo = at; lo < len(s); lo = hi + 1 {
		hi = run(s, lo, len(s), in)
		if lo > 0 && (isWord(s[lo-1]) || s[lo-1] == '_') {
			n := strings.IndexByte(s[lo:hi], ':')
			if n < 0 {
				continue
			}
			lo += n + 1
		}
		if hi-lo >= len("::12") && (hi == len(s) || !isWord(s[hi]) && s[hi] != '_') {
			return lo, hi
		}
	}
	return -1, -1
}

// nextIPv6 returns the first IPv6 address with its zone, or -1. Without a digit it must have all eight groups, else names
// such as a::b in programs would be addresses.
func nextIPv6(s string, at int) (lo, hi int) {
	for hi = at; ; hi++ {
		if lo, hi = nextHexRun(s, min(hi, len(s))); lo < 0 {
			return -1, -1
		}
		tok := strings.TrimRight(s[lo:hi], ".-")
		if !strings.HasSuffix(tok, "::") {
			tok = strings.TrimRight(tok, ":")
		}
		colons := strings.Count(tok, ":")
		if colons < 2 || colons < 7 && !strings.ContainsAny(tok, "0123456789") || !identifies(tok) {
			continue
		}
		end := lo + len(tok)
		if end < len(s) && s[end] == '%' { // zone
			end = run(s, end+1, 32, func(c byte) bool { return isWord(c) || has("._-", c) })
		}
		return lo, end
	}
}

// macForm is an EUI-48 or EUI-64 in pairs of digits, or an EUI-48 as Cisco writes it.
var macForm = lazy(`^(?:(?:[[:xdigit:]]{2}:){5}(?:[[:xdigit:]]{2}:){0,2}[[:xdigit:]]{2}|` +
	`(?:[[:xdigit:]]{2}-){5}(?:[[:xdigit:]]{2}-){0,2}[[:xdigit:]]{2}|[[:xdigit:]]{4}\.[[:xdigit:]]{4}\.[[:xdigit:]]{4})$`)

// nextMAC returns the first MAC address, or -1. All zeros and the broadcast address belong to no machine.
func nextMAC(s string, at int) (lo, hi int) {
	for hi = at; ; hi++ {
		if lo, hi = nextHexRun(s, min(hi, len(s))); lo < 0 {
			return -1, -1
		}
		tok := strings.TrimRight(s[lo:hi], ":.-")
		if len(tok) < 14 || len(tok) > 23 || strings.Trim(tok, "0:-.") == "" || strings.Trim(tok, "fF:-.") == "" {
			continue
		}
		if macForm().MatchString(tok) {
			return lo, lo + len(tok)
		}
	}
}
