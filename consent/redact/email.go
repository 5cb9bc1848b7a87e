package redact

import (
	"strings"
	"unicode/utf8"
)

// The longest local part (RFC 5321, 4.5.3.1.1), with room for quoting, and the longest domain.
const (
	maxLocal  = 96
	maxDomain = 255
)

// nextEmail returns the first e-mail address, or -1.
func nextEmail(s string, at int) (lo, hi int) {
	for from := at; ; {
		i := strings.IndexByte(s[from:], '@')
		if i < 0 {
			return -1, -1
		}
		i += from
		from = i + 1
		lo = localStart(s, i, at)
		hi = domainEnd(s, i+1)
		if lo < i && hi > i+1 && !isRemote(s, lo, i, hi) {
			return lo, hi
		}
	}
}

// localStart returns where the local part that ends at the @ at i begins; i if there is none.
func localStart(s string, i, at int) int {
	stop := max(at, i-maxLocal)
	if i > stop && s[i-1] == '"' {
		return quotedStart(s, i-1, stop)
	}
	lo := i
	for lo > stop && (isLocal(s[lo-1]) || lo-1 > stop && s[lo-2] == '\\' && !isWord(s[lo-1])) {
		lo--
	}
	// RFC 3696 allows / and = and ? in a local part. A key before = and a URL before / are more likely.
	tok := s[lo:i]
	if j := strings.LastIndexAny(tok, "?&"); isQuery(tok) || strings.HasPrefix(tok, "/") {
		lo += max(j, strings.LastIndexByte(tok, '/'), strings.LastIndexByte(tok, '=')) + 1
	} else if j := strings.LastIndexByte(tok, '='); j >= 0 && strings.Trim(tok[:j], identChars) == "" {
		lo += j + 1
	}
	for lo < i && has(".'`|*{", s[lo]) {
		lo++
	}
	for lo < i && !utf8.RuneStart(s[lo]) {
		lo++
	}
	return lo
}

// isQuery reports whether tok has ?name= or &name=.
func isQuery(tok string) bool {
	for i := strings.IndexAny(tok, "?&"); i >= 0; {
		tok = tok[i+1:]
		if n := strings.IndexByte(tok, '='); n > 0 && strings.Trim(tok[:n], identChars) == "" {
			return true
		}
		i = strings.IndexAny(tok, "?&")
	}
	return false
}

const identChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

// quotedStart returns where the quoted local part begins whose closing quote is at i; i+1 if there is none.
func quotedStart(s string, i, stop int) int {
	for lo := i - 1; lo >= stop && s[lo] != '\n'; lo-- {
		if s[lo] == '"' && (lo == 0 || s[lo-1] != '\\') {
			// In JSON the quote may belong to the syntax: {"a":"x"@…} is no address then, but nothing is lost.
			return lo
		}
	}
	return i + 1
}

func isLocal(c byte) bool {
	return isWord(c) || c >= utf8.RuneSelf || has(".!#$%&'*+-/=?^_`{|}~", c)
}

// domainEnd returns where the domain or address literal that begins at i ends; i if there is none.
func domainEnd(s string, i int) int {
	if i < len(s) && s[i] == '[' {
		if n := strings.IndexByte(s[i:min(len(s), i+64)], ']'); n > 4 && strings.ContainsAny(s[i:i+n], ".:") {
			return i + n + 1
		}
		return i
	}
	end, limit := i, min(len(s), i+maxDomain)
	for end < limit && (isWord(s[end]) || s[end] == '-' || s[end] == '.' || s[end] >= utf8.RuneSelf) {
		end++
	}
	for end > i && !utf8.ValidString(s[i:end]) {
		end--
	}
	domain := strings.TrimRight(s[i:end], ".-")
	// Full-width and ideographic punctuation after an address is no part of it.
	if j := strings.IndexAny(domain, "，。；：、）」》”’…–—·\u00a0\u2028\u2029\ufffd"); j >= 0 {
		domain = strings.TrimRight(domain[:j], ".-")
	}
	dot := strings.LastIndexByte(domain, '.')
	if dot <= 0 || !isTopLevel(domain[dot+1:]) || strings.Contains(domain, "..") {
		return i
	}
	return i + len(domain)
}

// isTopLevel reports whether label can be a top-level domain: letters, or punycode.
func isTopLevel(label string) bool {
	if len(label) < 2 {
		return false
	}
	if strings.HasPrefix(strings.ToLower(label), "xn--") {
		return true
	}
	for i := range len(label) {
		if !isAlpha(label[i]) && label[i] < utf8.RuneSelf && label[i] != '-' {
			return false
		}
	}
	return !isFileExtension(label)
}

// isFileExtension reports whether a label is one of the endings that make icon@2x.png look like an address. None of them
// is a top-level domain.
func isFileExtension(label string) bool {
	return oneOf(lower(label), "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "bmp", "ico", "js", "mjs", "cjs", "ts", "tsx",
		"jsx", "css", "scss", "json", "html", "htm", "xml", "yaml", "yml", "toml", "txt", "csv", "lock", "tgz", "gz", "tar", "wasm",
		"service", "timer", "socket", "mount", "target", "slice", "patch", "rst", "go", "exe", "dll", "mp", "wav")
}

// isRemote reports whether what looks like an address is the user of a Git remote, or a decorator or call in a program.
func isRemote(s string, lo, i, hi int) bool {
	if s[lo:i] == "git" && hi < len(s) && (s[hi] == ':' || s[hi] == '/') {
		return true
	}
	return hi < len(s) && s[hi] == '(' // a decorator or a call: x@app.route(…
}
