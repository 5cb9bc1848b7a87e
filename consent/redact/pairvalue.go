package redact

import "strings"

// value is a value in a text.
type value struct{ lo, hi int }

// valueAfter returns the value after the separator at i. The range is empty if there is no secret value.
func (p *pairs) valueAfter(f field, i, width int, kind Kind) value {
	s := p.s
	lo := i + width
	for lo < len(s) && (s[lo] == '=' || s[i] == '=' && has(">~", s[lo])) { // ==, =>, =~
		lo++
	}
	near := lo
	lo = run(s, lo, 16, func(c byte) bool { return c == ' ' || c == '\t' })
	none := value{lo, lo}
	if lo == len(s) || has("\r\n{", s[lo]) || s[lo] == '[' && s[i] == ':' && !inMarkerAt(s, lo) { // an object or a list
		return none
	}
	if v, ok := p.block(f, lo); ok {
		return v
	}
	open := ""
	if s[i] != '>' {
		open = quoteAt(s, lo)
	}
	var hi int
	switch {
	case s[i] == '>': // text of an XML element
		lo, hi = elementText(s, lo)
		p.steps += hi - lo
	case open != "":
		lo += len(open)
		hi = quotedEnd(s, lo, open)
		p.steps += hi - lo
	default:
		hi = p.bareEnd(lo, kind)
	}
	v := s[lo:min(hi, lo+maxJudged)]
	p.steps += len(v)
	if v == "" || !isSecret(v, kind) || open == "`" && strings.Contains(v, " ") { // TOKEN=`command of a shell`
		return none
	}
	if open == "" && s[i] != '>' {
		if s[i] == ':' && isVerdict(s[f.lo:f.hi], v) {
			return none
		}
		if !isBareSecret(v, kind, isPlural(s[f.lo:f.hi]), lo > near) {
			return none
		}
		hi = max(hi, p.restOfLine(f, lo, hi, kind))
	}
	return value{lo, hi}
}

// isListed reports whether a value that only a comma or the line of a table separates from its name is a secret. Lists
// have names beside other words far more often than beside their values.
func (p *pairs) isListed(f field, i int, v value, kind Kind) bool {
	text := p.s[v.lo:v.hi]
	cell := p.s[i] == '|' && f.lo > 0 && strings.HasSuffix(strings.TrimRight(p.s[:f.lo], "` "), "|")
	member := strings.HasPrefix(strings.TrimLeft(p.s[v.hi:], "\"'`\\ "), ":") // "type": "password", "sha256": …
	return kind != kindMaybe && (cell || f.quoted && !member) && isListedSecret(text)
}

// isListedSecret reports whether a text in a list looks like a secret rather than a word.
func isListedSecret(v string) bool { return len(v) >= 6 && hasDigit(v) && !strings.Contains(v, " ") }

// elementText returns the text of the XML element that begins at lo.
func elementText(s string, lo int) (int, int) {
	const open, end = "<![CDATA[", "]]>"
	if strings.HasPrefix(s[lo:], open) {
		lo += len(open)
		return lo, lo + max(0, strings.Index(s[lo:], end))
	}
	return lo, lo + max(0, strings.IndexByte(s[lo:], '<'))
}

// block returns the value of a YAML block scalar whose sign, | or >, is at i: the lines below with a deeper indentation.
func (p *pairs) block(f field, i int) (value, bool) {
	s := p.s
	if s[i] != '|' && s[i] != '>' {
		return value{}, false
	}
	lo := run(s, i+1, 3, func(c byte) bool { return has("+-0123456789", c) })
	lo = run(s, lo, 8, func(c byte) bool { return c == ' ' || c == '\r' })
	if lo >= len(s) || s[lo] != '\n' {
		return value{}, false
	}
	outer := f.lo - strings.LastIndexByte(s[:f.lo], '\n') - 1
	lo++
	hi := lo
	for hi < len(s) {
		text := run(s, hi, len(s), func(c byte) bool { return c == ' ' })
		if text < len(s) && s[text] != '\n' && text-hi <= outer {
			break
		}
		end := strings.IndexByte(s[text:], '\n')
		if end < 0 {
			hi = len(s)
			break
		}
		hi = text + end + 1
	}
	lo = run(s, lo, hi-lo, isSpace)
	hi = lo + len(strings.TrimRight(s[lo:hi], " \r\n"))
	p.steps += hi - lo
	return value{lo, hi}, true
}

// restOfLine returns the end of a value whose name begins a line, as in YAML and .env files: it may have spaces, and
// ends with the line or before a comment.
func (p *pairs) restOfLine(f field, lo, hi int, kind Kind) int {
	if kind != KindPassword && kind != KindSecret && kind != KindToken && kind != KindKey || !beginsLine(p.s, f.lo) {
		return hi
	}
	end := lo + strings.IndexAny(p.s[lo:min(len(p.s), lo+maxJudged)], "\r\n")
	if end < lo {
		end = min(len(p.s), lo+maxJudged)
	}
	rest := p.s[hi:max(end, hi)]
	if !strings.HasPrefix(rest, " ") || strings.ContainsAny(rest, "\"'{}") { // a program, or a log line with more members
		return hi
	}
	if i := strings.Index(rest, " #"); i >= 0 {
		rest = rest[:i]
	}
	if strings.ContainsAny(rest, "=:&|;") {
		return hi
	}
	return hi + len(strings.TrimRight(rest, " "))
}

// beginsLine reports whether what begins at i is the first word of its line, apart from what assignments begin with.
func beginsLine(s string, i int) bool {
	lo := strings.LastIndexByte(s[max(0, i-maxKey):i], '\n') + 1 + max(0, i-maxKey)
	before := strings.TrimLeft(s[lo:i], " \t->+*#$")
	return before == "" || oneOf(strings.TrimRight(before, " "), "export", "set", "ENV", "env", "setx", "declare -x")
}

// isVerdict reports whether a name and value are the result of a test or the count of such results: PASS: TestParse,
// Pass: 120.
func isVerdict(name, v string) bool {
	return name == "PASS" || lower(name) == "pass" && len(v) <= 4 && isNumber(strings.TrimRight(v, ","))
}

// inMarkerAt reports whether a marker begins at i: it is a value, and not a list.
func inMarkerAt(s string, i int) bool { return strings.HasPrefix(s[i:], markerOpen) }

// quoteAt returns the quote that begins at i with the backslashes before it: ", ', `, \", \\\".
func quoteAt(s string, i int) string {
	n := run(s, i, 16, func(c byte) bool { return c == '\\' })
	if n < len(s) && has("\"'`", s[n]) {
		if n == i && n+2 < len(s) && s[n+1] == s[n] && s[n+2] == s[n] { // of TOML and Python
			return s[i : n+3]
		}
		return s[i : n+1]
	}
	return ""
}

// quotedEnd returns where the quoted text that begins at i ends. Without a closing quote that is the end of the line.
func quotedEnd(s string, i int, open string) int {
	for at := i; at < len(s); {
		n := strings.Index(s[at:], open)
		if n < 0 {
			break
		}
		at += n
		// A backslash inside is written as two, and once more doubled by each escaping of the whole text. What doubles them
		// also makes ", \" and \\\" of the opening quote, so its length is that of one backslash inside.
		slashes := len(s[i:at]) - len(strings.TrimRight(s[i:at], `\`))
		if slashes%(2*len(open)) == 0 {
			return at
		}
		at += len(open)
	}
	if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(s)
}

// bareEnd returns where the unquoted value that begins at i ends.
func (p *pairs) bareEnd(i int, kind Kind) int {
	switch kind {
	case KindAuthorization, KindCookie: // a header: the line, or the quotes around it
		if i >= p.line {
			n := strings.IndexAny(p.s[i:], "\r\n\"'`<")
			if n < 0 {
				n = len(p.s) - i
			}
			p.line = i + n
			p.steps += n
		}
		return i + len(strings.TrimRight(p.s[i:p.line], `\`))
	case KindPassword:
		least := 4
		// After such a name even two or three words are the secret, which are taken for a sentence otherwise.
		if before := p.s[max(0, i-20):i]; indexFold(before, "phrase") >= 0 || indexFold(before, "mnemonic") >= 0 {
			least = 1
		}
		if end := passphrase(p.s, i, least); end > i {
			return max(end, wordEnd(p.s, i))
		}
	}
	return wordEnd(p.s, i)
}

// wordEnd returns where the word that begins at i ends.
func wordEnd(s string, i int) int {
	for end := i; end < len(s); end++ {
		switch s[end] {
		case ' ', '\t', '\n', '\r', '"', '\'', '`', '&', '<', '>', ';':
			return end
		case ',', ')', ']', '}':
			if closes(s[end+1:]) {
				return end
			}
		case '\\':
			if end+1 < len(s) && has("\"'nrt", s[end+1]) { // the text itself is escaped: token=abc\n
				return end
			}
		}
	}
	return len(s)
}

// closes reports whether a bracket or comma, which might belong to a password, ends it, judging by what follows.
func closes(rest string) bool {
	if rest == "" || has(" \t\r\n,)]};\"'.", rest[0]) {
		return true
	}
	n := run(rest, 0, maxKey, func(c byte) bool { return isToken(c) || has(".$[", c) })
	return n > 0 && n < len(rest) && (rest[n] == '=' || rest[n] == ':')
}

// passphrase returns the end of a passphrase or seed phrase, which is at least so many lower-case words; 0 if there is
// none.
func passphrase(s string, i, least int) int {
	count, end := 0, 0
	for i < len(s) {
		n := run(s, i, len(s), isLower)
		if n-i < 3 || n < len(s) && !has(" \t\r\n\"'`,.;", s[n]) || count < 4 && isProse(s[i:n]) {
			break
		}
		count, end = count+1, n
		if n == len(s) || s[n] != ' ' {
			break
		}
		i = n + 1
	}
	if count < least {
		return 0
	}
	return end
}
