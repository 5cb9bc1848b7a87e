package redact

import (
	"net/netip"
	"strings"
)

// findIPv4 emits IPv4 addresses in dotted form. It leaves out the addresses that identify no machine: loopback,
// unspecified and broadcast. It also leaves out versions with four parts, judging by the text before them.
func findIPv4(s string, emit emitter) {
	for lo, hi := range runs(s, func(c byte) bool { return isDigit(c) || c == '.' }) {
		tok := strings.TrimRight(s[lo:hi], ".")
		end := lo + len(tok)
		alone := !(lo > 0 && isWord(s[lo-1])) && (end == len(s) || !isAlpha(s[end]) && s[end] != '_')
		if alone && len(tok) >= len("1.2.3.4") && identifies(tok) && !isVersion(s, lo) {
			emit(lo, end, KindIP)
		}
	}
}

// identifies reports whether tok is an address of a machine or an interface. An IPv4 address mapped into IPv6 counts as
// what it maps (RFC 4291, section 2.5.5.2): ::ffff:127.0.0.1 is loopback.
func identifies(tok string) bool {
	a, err := netip.ParseAddr(tok)
	a = a.Unmap()
	return err == nil && !a.IsLoopback() && !a.IsUnspecified() && tok != "255.255.255.255"
}

// versionWords announce four numbers that are a version, as .NET and Chromium have them.
var versionWords = []string{
	"version", "versions", "ver", "release", "build", "rev", "assemblyversion", "fileversion", "upgrade",
	"section", "sections", "chapter", "clause", "paragraph", "article", "appendix",
	"versionadded", "versionchanged", "firmware", "driver", "bios", "oid",
}

// isVersion reports whether the four numbers at i are a version: v1.2.3.4, Chrome/1.2.3.4, "version": "1.2.3.4".
func isVersion(s string, i int) bool {
	if i == 0 {
		return false
	}
	switch s[i-1] {
	case '/', '-', '_', '+':
		return i > 1 && isWord(s[i-2])
	case '^', '~': // a range in a manifest
		return true
	case '=': // ==1.2.3.4 in requirements.txt; ip=1.2.3.4 is an address
		if i > 1 && has("=~><^!", s[i-2]) {
			return true
		}
	}
	return hasContext(s, i, versionWords)
}

var addressClass = classOf(func(c byte) bool { return isHex(c) || has(":-.", c) })

// findHexAddresses emits IPv6 and MAC addresses. Both are runs of hexadecimal digits and separators. A run begins
// neither inside a word nor with a single colon, as in addr:2001:db8::1.
func findHexAddresses(s string, emit emitter) {
	for lo, hi := range longRuns(s, addressClass, len("::12")) {
		if lo > 0 && (isWord(s[lo-1]) || s[lo-1] == '_') { // the run begins with the end of a word: add in "add:…"
			n := strings.IndexByte(s[lo:hi], ':')
			if n < 0 {
				continue
			}
			lo += n + 1
		}
		if hi < len(s) && (isWord(s[hi]) || s[hi] == '_') {
			continue
		}
		if lo < hi && s[lo] == ':' && !strings.HasPrefix(s[lo:hi], "::") { // ip :2001:db8::1
			lo++
		}
		if end := lo + ipv6Len(s[lo:hi]); end > lo {
			if end < len(s) && s[end] == '%' { // zone, the name of an interface (RFC 4007, section 11)
				end = run(s, end+1, 32, func(c byte) bool { return isWord(c) || has("._-", c) })
			}
			if !isSlice(s, lo, end) {
				emit(lo, end, KindIP)
			}
		} else if tok := strings.TrimRight(s[lo:hi], ":.-"); isMAC(tok) {
			emit(lo, lo+len(tok), KindMAC)
		}
	}
}

// isSlice reports whether what looks like an address is the step of a slice in a program: args[::2].
func isSlice(s string, lo, hi int) bool {
	return lo > 0 && s[lo-1] == '[' && hi-lo < len("12::345") && hi < len(s) && s[hi] == ']' &&
		(hi+1 == len(s) || s[hi+1] != ':')
}

// ipv6Len returns the length of the IPv6 address that s is, apart from punctuation at its end; 0 if it is none. Without
// a digit it must have all eight groups, else names such as a::b in programs would be addresses.
func ipv6Len(s string) int {
	s = strings.TrimRight(s, ".-")
	if !strings.HasSuffix(s, "::") {
		s = strings.TrimRight(s, ":")
	}
	colons := strings.Count(s, ":")
	if colons < 2 || colons < 7 && !strings.ContainsAny(s, "0123456789") || len(s) < len("::12") || !identifies(s) {
		return 0
	}
	return len(s)
}

// macForm is an EUI-48 or EUI-64 in pairs of digits, or an EUI-48 as Cisco writes it.
var macForm = lazy(`^(?:(?:[[:xdigit:]]{2}:){5}(?:[[:xdigit:]]{2}:){0,2}[[:xdigit:]]{2}|` +
	`(?:[[:xdigit:]]{2}-){5}(?:[[:xdigit:]]{2}-){0,2}[[:xdigit:]]{2}|[[:xdigit:]]{4}\.[[:xdigit:]]{4}\.[[:xdigit:]]{4})$`)

// isMAC reports whether s is a MAC address. All zeros and the broadcast address belong to no machine.
func isMAC(s string) bool {
	return len(s) >= len("0011.2233.4455") && len(s) <= len("00:11:22:33:44:55:66:77") &&
		strings.Trim(s, "0:-.") != "" && strings.Trim(s, "fF:-.") != "" && macForm().MatchString(s)
}
