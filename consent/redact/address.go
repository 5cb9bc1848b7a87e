package redact

import (
	"net/netip"
	"strings"
)

// nextIPv4 returns the first IPv4 address in dotted form, or -1. It leaves out the addresses that identify no machine:
// loopback, unspecified and broadcast. It also leaves out versions with four parts, as far as the text before them tells.
func nextIPv4(s string, at int) (lo, hi int) {
	for i := at; i+7 <= len(s); i++ {
		if !isDigit(s[i]) {
			continue
		}
		hi = dottedQuad(s, i)
		joined := i > 0 && (isWord(s[i-1]) || s[i-1] == '.' && i > 1 && isWord(s[i-2]))
		if hi > 0 && !joined && !isVersion(s, i) && !strings.HasPrefix(s[i:], "127.") && s[i:hi] != "0.0.0.0" &&
			s[i:hi] != "255.255.255.255" {
			return i, hi
		}
		i = run(s, i, len(s), func(c byte) bool { return isDigit(c) || c == '.' })
	}
	return -1, -1
}

// dottedQuad returns where the four octets that begin at i end; 0 if there are not four, or more than four.
func dottedQuad(s string, i int) int {
	for part := range 4 {
		end := run(s, i, 4, isDigit)
		if end == i || end-i > 3 || end-i == 3 && s[i:end] > "255" {
			return 0
		}
		i = end
		if part == 3 {
			break
		}
		if i >= len(s) || s[i] != '.' {
			return 0
		}
		i++
	}
	if i < len(s) && (isAlpha(s[i]) || s[i] == '_' || s[i] == '.' && i+1 < len(s) && isDigit(s[i+1])) {
		return 0
	}
	return i
}

var versionWords = []string{"version", "versions", "ver", "release", "build", "rev", "assemblyversion", "fileversion", "upgrade"}

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

// nextIPv6 returns the first IPv6 address with its zone, or -1.
func nextIPv6(s string, at int) (lo, hi int) {
	for from := at; ; {
		lo, hi = nextHexRun(s, from, at)
		if lo < 0 {
			return -1, -1
		}
		from = hi
		tok := strings.TrimRight(s[lo:hi], ".")
		if !strings.HasSuffix(tok, "::") {
			tok = strings.TrimRight(tok, ":")
		}
		end := lo + len(tok)
		if isIPv6(tok) && (end == len(s) || !isWord(s[end]) && s[end] != '_') {
			return lo, zoneEnd(s, end)
		}
	}
}

// nextHexRun returns the first run of hexadecimal digits, colons and dots whose first colon is at or after from. It
// begins at or after start, and neither inside a word nor with a single colon.
func nextHexRun(s string, from, start int) (lo, hi int) {
	for {
		i := strings.IndexByte(s[from:], ':')
		if i < 0 {
			return -1, -1
		}
		lo = from + i
		hi = run(s, lo, 64, func(c byte) bool { return isHex(c) || c == ':' || c == '.' })
		from = hi
		for i := 0; i < 5 && lo > start && isHex(s[lo-1]); i++ {
			lo--
		}
		if lo > 0 && (isWord(s[lo-1]) || s[lo-1] == '_') { // addr:2001:db8::1
			if lo = strings.IndexByte(s[lo:hi], ':') + lo + 1; s[lo-1:hi] == ":" || s[lo] == ':' {
				continue
			}
		}
		return lo, hi
	}
}

// isIPv6 reports whether tok is an IPv6 address that identifies a machine. Without a digit it must have all eight groups,
// else names such as a::b in programs would be addresses.
func isIPv6(tok string) bool {
	colons := strings.Count(tok, ":")
	if len(tok) < 4 || colons < 2 || colons < 7 && !strings.ContainsAny(tok, "0123456789") {
		return false
	}
	a, err := netip.ParseAddr(tok)
	return err == nil && !a.IsLoopback() && !a.IsUnspecified() && !a.Unmap().IsLoopback()
}

// zoneEnd returns the end of the zone (%eth0) that begins at i, i if there is none.
func zoneEnd(s string, i int) int {
	if i >= len(s) || s[i] != '%' {
		return i
	}
	return run(s, i+1, 32, func(c byte) bool { return isWord(c) || has("._-", c) })
}

// nextMAC returns the first MAC address, or -1: pairs of digits with colons or dashes, or groups of four with dots, as
// Cisco writes them.
func nextMAC(s string, at int) (lo, hi int) {
	for lo = at; lo+14 <= len(s); lo = max(hi, lo) + 1 {
		hi = lo
		if !isHex(s[lo]) || lo > 0 && (isWord(s[lo-1]) || has("_-.", s[lo-1])) {
			continue
		}
		hi = run(s, lo, 64, func(c byte) bool { return isHex(c) || has(":-.", c) })
		tok := strings.TrimRight(s[lo:hi], ":.-")
		end := lo + len(tok)
		if isMAC(tok) && (end == len(s) || !isWord(s[end]) && s[end] != '_') {
			return lo, end
		}
		if n := strings.IndexByte(tok, ':'); n >= 0 && n != 2 { // "addr:" or the port of an address: what follows may be one
			hi = lo + n
		}
	}
	return -1, -1
}

// isMAC reports whether tok is an EUI-48 or EUI-64. All zeros and the broadcast address belong to no machine.
func isMAC(tok string) bool {
	group := 3 // characters of a group and its separator
	if len(tok) == 14 {
		group = 5
	} else if len(tok) != 17 && len(tok) != 23 {
		return false
	}
	sep, same := tok[group-1], true
	if group == 5 && sep != '.' || group == 3 && sep != ':' && sep != '-' {
		return false
	}
	for i := range len(tok) {
		if i%group == group-1 {
			if tok[i] != sep {
				return false
			}
			continue
		}
		if !isHex(tok[i]) {
			return false
		}
		same = same && upper(tok[i]) == upper(tok[0])
	}
	return group == 5 || !same || tok[0] != '0' && upper(tok[0]) != 'F'
}
