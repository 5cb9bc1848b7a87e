package redact

import (
	"net/netip"
	"strings"
)

// nextIPv4 returns the first IPv4 address in dotted form of s that begins at or after at, or -1. The addresses that say
// nothing about anybody are left: loopback, unspecified and broadcast. So are versions of four parts, as far as what
// stands before them tells.
func nextIPv4(s string, at int) (lo, hi int) {
	for i := at; i+7 <= len(s); i++ {
		if !isDigit(s[i]) {
			continue
		}
		end := dottedQuad(s, i)
		if end == 0 || i > 0 && (isWord(s[i-1]) || s[i-1] == '.' && i > 1 && isWord(s[i-2])) || isVersion(s, i) ||
			strings.HasPrefix(s[i:], "127.") || s[i:end] == "0.0.0.0" || s[i:end] == "255.255.255.255" {
			for i < len(s) && (isDigit(s[i]) || s[i] == '.') {
				i++
			}
			continue
		}
		return i, end
	}
	return -1, -1
}

// dottedQuad returns where the four octets that begin at i end; 0 if there are not four, or more than four.
func dottedQuad(s string, i int) int {
	for part := range 4 {
		n, v := 0, 0
		for i < len(s) && n < 4 && isDigit(s[i]) {
			v = v*10 + int(s[i]-'0')
			i++
			n++
		}
		if n == 0 || n > 3 || v > 255 {
			return 0
		}
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

// isVersion tells whether the four numbers at i are a version: v1.2.3.4, Chrome/1.2.3.4, "version": "1.2.3.4".
func isVersion(s string, i int) bool {
	if i == 0 {
		return false
	}
	switch c := s[i-1]; c {
	case '/', '-', '_', '+':
		return i > 1 && isWord(s[i-2])
	case '=':
		return i > 1 && strings.IndexByte("=~><^!", s[i-2]) >= 0 || hasContext(s, i, versionWords)
	case '^', '~':
		return true
	}
	return hasContext(s, i, versionWords)
}

// nextColons returns the first IPv6 address or MAC address with colons of s that begins at or after at, or -1.
func nextColons(s string, at int) (lo, hi int, kind Kind) {
	for from := at; ; {
		i := strings.IndexByte(s[from:], ':')
		if i < 0 {
			return -1, -1, ""
		}
		i += from
		lo = i
		for lo > at && i-lo < 5 && isHex(s[lo-1]) {
			lo--
		}
		hi = i
		for hi < len(s) && hi-lo < 64 && (isHex(s[hi]) || s[hi] == ':' || s[hi] == '.') {
			hi++
		}
		from = hi
		if lo > 0 && (isWord(s[lo-1]) || s[lo-1] == '_') || hi < len(s) && (isWord(s[hi]) || s[hi] == '_') {
			continue
		}
		tok := strings.TrimRight(s[lo:hi], ".")
		if !strings.HasSuffix(tok, "::") {
			tok = strings.TrimRight(tok, ":")
		}
		if isMAC(tok, ':') {
			return lo, lo + len(tok), KindMAC
		}
		if isIPv6(tok) {
			return lo, zoneEnd(s, lo+len(tok)), KindIP
		}
	}
}

// isIPv6 tells whether tok is an IPv6 address that says something. Without a digit it must have all eight groups, else
// names such as a::b in programs would be addresses.
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
	end := i + 1
	for end < len(s) && end-i < 32 && (isWord(s[end]) || s[end] == '.' || s[end] == '-' || s[end] == '_') {
		end++
	}
	return end
}

// isMAC tells whether tok is an EUI-48 or EUI-64 in pairs of hexadecimal digits. All zeros and the broadcast address are
// nobody's.
func isMAC(tok string, sep byte) bool {
	if len(tok) != 17 && len(tok) != 23 {
		return false
	}
	same := true
	for i := range len(tok) {
		if i%3 == 2 {
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
	return !(same && (tok[0] == '0' || upper(tok[0]) == 'F'))
}

// nextMAC returns the first MAC address with dashes, or with dots as Cisco writes it, of s that begins at or after at.
func nextMAC(s string, at int) (lo, hi int) {
	for i := at; i+14 <= len(s); i++ {
		if !isHex(s[i]) || i > 0 && (isWord(s[i-1]) || s[i-1] == '-' || s[i-1] == '.') {
			continue
		}
		n := 0
		for i+n < len(s) && n < 24 && (isHex(s[i+n]) || s[i+n] == '-' || s[i+n] == '.') {
			n++
		}
		tok := strings.TrimRight(s[i:i+n], ".-")
		if end := i + len(tok); (isMAC(tok, '-') || isCiscoMAC(tok)) && (end == len(s) || !isWord(s[end]) && s[end] != '_') {
			return i, end
		}
		i += max(n-1, 0)
	}
	return -1, -1
}

func isCiscoMAC(tok string) bool {
	if len(tok) != 14 || tok[4] != '.' || tok[9] != '.' {
		return false
	}
	for i := range len(tok) {
		if i%5 != 4 && !isHex(tok[i]) {
			return false
		}
	}
	return true
}
