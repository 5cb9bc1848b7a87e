package redact

import "strings"

// Tokens are found in two ways. Those of known issuers begin with the issuer's prefix. Others have the same build: a
// short prefix that names the issuer or the purpose, and random text. What stands beside a token does not matter: the
// characters of both are letters, digits and a few signs, and anything else ends them.

// minPiece is the least length of a piece of a token, in bytes.
const minPiece = 6

// findIssued emits tokens of known issuers: the issuer's prefix at the start of a word, and behind it what looks like
// key material. So gsk_summarize_document is a name, and gsk_ with random text is a token.
func findIssued(s string, emit emitter) {
	issuers := &words().issuers
	for i := 0; i+1 < len(s); i++ {
		if issuers[indexSlot(s[i], s[i+1])] == nil || i > 0 && isWord(s[i-1]) {
			continue
		}
		if end := issuedEnd(s, i, false); end > 0 && !isAsset(s[i:end]) {
			emit(i, end, KindCredential)
			i = end - 1
		}
	}
}

// issuedEnd returns where the issuer's token at s[i] ends; 0 if there is none. A name must not even look like one.
func issuedEnd(s string, i int, name bool) int {
	if i+1 >= len(s) {
		return 0
	}
	for _, issuer := range words().issuers[indexSlot(s[i], s[i+1])] { // the longest prefix first: it decides
		if !strings.HasPrefix(s[i:], issuer.prefix) {
			continue
		}
		if issuer.use == "maybe" && !name {
			return 0
		}
		rest := i + len(issuer.prefix)
		end := tokenEnd(s[:min(len(s), rest+maxJudged)], rest)
		if end-rest < issuer.length || !issuer.matches(s, i, s[rest:end], name) {
			return 0
		}
		return tokenEnd(s, end)
	}
	return 0
}

// matches reports whether body, behind the issuer's prefix at s[i], looks like key material.
func (is issuer) matches(s string, i int, body string, name bool) bool {
	if behindBase64(s, i) && run(is.prefix, 0, len(is.prefix), isWord) == len(is.prefix) {
		return false // such letters may be anywhere in base64
	}
	m := mixOf(body)
	if m.digits == 0 && (m.lowers == 0 || m.uppers == 0 || isCamel(body)) || !name && isWordy(body) {
		return false
	}
	if is.use != "prefix" {
		return true
	}
	return m.digits > 0 && m.changes*5 > len(body) && (i == 0 || !has("-_.+", s[i-1])) && !has(body, '=')
}

// behindBase64 reports whether s[i] follows a + or / of base64, and not the / of a path with a short word before it.
func behindBase64(s string, i int) bool {
	const short = 6
	if i < 2 || !has("+/", s[i-1]) || !isWord(s[i-2]) {
		return false
	}
	lo := i - 1
	for lo > 0 && i-1-lo <= short && isWord(s[lo-1]) {
		lo--
	}
	return s[i-1] == '+' || i-1-lo > short
}

// isWordy reports whether most of a text is words between separators, as in names: learn-model-v2-train, X509_NAME_dup.
func isWordy(s string) bool {
	n := 0
	for lo, hi := range runs(s, isWord) {
		small := run(s, lo, hi-lo, isLower) == hi || isUpper(s[lo]) && run(s, lo+1, hi-lo, isLower) == hi
		if hi-lo >= 3 && (small || run(s, lo, hi-lo, isUpper) == hi) {
			n += hi - lo
		}
	}
	return n*2 > len(s)
}

// isCamel reports whether nearly all of a text is words in camelCase: Int32FieldTooLargeHex. Of random text not even half
// reads as such words.
func isCamel(s string) bool {
	n := 0
	for i := 0; i < len(s); {
		lo := i
		if isUpper(s[i]) {
			i++
		}
		end := run(s, i, len(s), isLower)
		if end-i >= 2 {
			n += end - lo
		}
		i = max(end, lo+1)
	}
	return n*5 > len(s)*4
}

// tokenEnd returns the end of the token at i. Dots and such belong to it if more of it follows.
func tokenEnd(s string, i int) int {
	end := i
	for end < len(s) {
		more := end+1 < len(s) && isToken(s[end+1])
		if !isToken(s[end]) && !(more && has("./+$%=~", s[end])) {
			break
		}
		end++
	}
	return end
}

const (
	minOpaque    = 16 // length of random text that makes what it stands in a token
	minOpaqueHex = 30 // the same for hexadecimal digits
	maxPrefix    = 40 // how long the text before it may be
)

// findOpaque emits words that have the build of a token, of issuers that no list knows: acme_live_…, xyz-…. Ids and
// digests are built alike. They are told apart by their prefix, such as msg_ or sha256-, and by the name before them.
func findOpaque(s string, emit emitter) {
	for lo, hi := range longRuns(s, opaqueClass, minOpaque+2) {
		hi = lo + len(strings.TrimRight(s[lo:hi], ".-_~"))
		lo = hi - len(strings.TrimLeft(s[lo:hi], ".-_~"))
		if hi-lo < minOpaque+2 || !isOpaque(s[lo:hi]) || isAsset(s[lo:hi]) || isIdent(s, lo) {
			continue
		}
		emit(lo, hi, KindToken)
	}
}

var (
	opaqueClass = classOf(func(c byte) bool { return isToken(c) || c == '.' || c == '~' })
	tokenClass  = classOf(isToken)
	wordClass   = classOf(isWord)
)

// isOpaque reports whether a word is a prefix with random text behind it.
func isOpaque(w string) bool {
	first, telling, short := "", false, true
	for at := 0; at < maxPrefix; {
		n := run(w, at, maxPrefix, isWord)
		if n == len(w) || n == at {
			return false
		}
		part := w[at:n]
		if first == "" {
			first = lower(part)
		}
		if !isPrefixPart(part) {
			return false
		}
		telling = telling || listed("telling", lower(part))
		short = short && isAbbreviation(part, w[n])
		at = n + 1
		if isRandomBody(w[at:], telling || short && !listed("ident", first)) {
			return telling || !listed("ident", first) && !isULID(strings.ToUpper(w[at:]))
		}
	}
	return false
}

// isPrefixPart reports whether a part is a word such as acme, live, v2 or e2b, and not the beginning of random text.
func isPrefixPart(part string) bool {
	m := mixOf(part)
	capital := m.uppers == 1 && isUpper(part[0])
	return isAlpha(part[0]) && len(part) >= 2 && len(part) <= 14 && (m.lowers == 0 || m.uppers == 0 || capital) && m.digits <= 2
}

// isAbbreviation reports whether a part of a prefix is how issuers shorten their names, with _ or - behind it. Ids and
// digests mostly have words there, or a -.
func isAbbreviation(part string, sep byte) bool {
	return sep == '_' && len(part) <= 6 || sep == '-' && len(part) <= 5 && !strings.ContainsAny(lower(part), "aeiou0123456789")
}

// isRandomBody reports whether what stands behind a prefix is random. Hexadecimal digits and UUIDs are random, too, but
// mostly digests and ids, unless the prefix is telling.
func isRandomBody(b string, telling bool) bool {
	if isUUID(b) {
		return telling
	}
	longest, rest := "", 0
	for lo, hi := range runs(b, isWord) {
		if rest += hi - lo; hi-lo > len(longest) {
			longest = b[lo:hi]
		}
	}
	m, n := mixOf(longest), len(longest)
	switch {
	case n < 8 || n*5 < rest || isWordy(b) || isCamel(b):
		return false
	case m.lowers > 0 && m.uppers > 0: // letters and digits, of which a short one may have none
		return rest >= minOpaque && m.changes*5 > 2*n && hasDigit(b)
	case m.digits == 0 || m.digits == n:
		return false
	case isHexText(longest):
		return telling && n >= minOpaqueHex && hasLetter(longest)
	}
	return n >= 20 && rest-n < 12 && m.changes*4 > n
}

func hasLetter(s string) bool { return strings.ContainsAny(lower(s), "abcdef") }

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// findNumbered emits tokens that are an account's number, a colon and random text, as Telegram and Asana have them.
func findNumbered(s string, emit emitter) {
	const leastNumber, leastText = 8, 32
	for at := 0; ; {
		i := strings.IndexByte(s[at:], ':')
		if i < 0 {
			return
		}
		i += at
		at = i + 1
		lo := i
		for lo > 0 && i-lo < maxPrefix && (isDigit(s[lo-1]) || s[lo-1] == '/') {
			lo--
		}
		hi := run(s, at, len(s), isToken)
		if i-lo < leastNumber || !isDigit(s[i-1]) || hi-at < leastText {
			continue
		}
		if m := mixOf(s[at:hi]); m.digits > 0 && m.changes*4 > hi-at {
			emit(lo, hi, KindCredential)
			at = hi
		}
	}
}

// minUnmarked is the length from which a random word without a prefix is taken for a key: shorter ones are mostly ids.
const (
	minUnmarked      = 32
	minUnmarkedLower = 40 // without capital letters
)

// findUnmarked emits keys that are a random word without a prefix.
func findUnmarked(s string, emit emitter) {
	public := 0 // end of a certificate or public key
	done := 0   // end of the token that was emitted last: its pieces are not read again from each of them
	for lo, hi := range longRuns(s, tokenClass, minUnmarked) {
		w := s[lo:hi]
		if lo >= public {
			public = publicEnd(s, lo)
		}
		switch {
		case lo < done || lo < public: // what a certificate or public key consists of
		case (len(w) == 51 && w[0] == '5' || len(w) == 52 && (w[0] == 'K' || w[0] == 'L')) && isBase58(w) && randomWord(w):
			emit(lo, hi, KindPrivateKey) // of Bitcoin, in the wallets' import format
		case len(w) == 42 && w[:2] == "00" && isRandomBody(w[2:], false):
			emit(lo, hi, KindToken) // of Okta
		case len(w) >= minUnmarked && !inBase64(s, lo, hi) && isUnmarked(w) && !isIdent(s, lo):
			done = piecesEnd(s, hi)
			emit(lo, done, KindToken)
		}
	}
}

// piecesEnd returns the end of a token of which a piece ends at i: payload, time and signature have dots between them.
func piecesEnd(s string, i int) int {
	for i+1 < len(s) && s[i] == '.' {
		end := run(s, i+1, len(s), isToken)
		if m := mixOf(s[i+1 : end]); end-i <= minPiece || m.digits == 0 && m.uppers == 0 || isWordy(s[i+1:end]) {
			break
		}
		i = end
	}
	return i
}

// publicEnd returns the end of the certificate or public key that s[i] is in; 0 if it is in none.
func publicEnd(s string, i int) int {
	const begin, end = "-----BEGIN ", "-----END "
	head := strings.LastIndex(s[max(0, i-maxCertificate):i], begin)
	if head < 0 {
		return 0
	}
	head += max(0, i-maxCertificate)
	name := s[head+len(begin) : min(len(s), head+len(begin)+maxKey)]
	if n := strings.Index(s[head:i], end); n >= 0 || !strings.HasPrefix(name, "CERTIFICATE") && !strings.HasPrefix(name, "PUBLIC KEY") {
		return 0
	}
	if n := strings.Index(s[i:], end); n >= 0 {
		return i + n
	}
	return len(s)
}

// maxCertificate bounds how far before its lines the beginning of a certificate may stand, in bytes.
const maxCertificate = 128

// isUnmarked reports whether a word is random letters of both cases and digits, or a longer one of small letters and
// digits, but not hexadecimal. Digests are that, and content ids of IPFS begin with baf.
func isUnmarked(w string) bool {
	if isWordy(w) || isCamel(w) || isUUID(w[max(0, len(w)-uuidLen):]) || isPublicKey(w) || fromBase64(w) != "" {
		return false
	}
	longest := ""
	for lo, hi := range runs(w, isWord) {
		if hi-lo > len(longest) {
			longest = w[lo:hi]
		}
	}
	m, n := mixOf(longest), len(longest)
	if isHexText(strings.TrimPrefix(longest, "0x")) {
		return false
	}
	if m.lowers > 0 && m.uppers > 0 {
		return n >= 8 && m.changes*5 > 2*n && mixOf(w).digits >= 3
	}
	return n >= minUnmarkedLower && m.digits >= 4 && m.uppers == 0 && m.changes*4 > n &&
		!strings.HasPrefix(longest, "baf")
}

// isPublicKey reports whether a word begins like an SSH public key, with the length and the name of the algorithm.
func isPublicKey(w string) bool {
	return strings.HasPrefix(w, "AAAAB3NzaC1") || strings.HasPrefix(w, "AAAAC3NzaC1") || strings.HasPrefix(w, "AAAAE2VjZHNh")
}

// inBase64 reports whether the word s[lo:hi] is a part of base64 with its other signs, or of a path.
func inBase64(s string, lo, hi int) bool {
	padded := hi < len(s) && s[hi] == '=' && (hi+1 == len(s) || !isWord(s[hi+1]))
	before := lo > 1 && has("+/", s[lo-1]) && s[lo-2] != '\n' // + at the beginning of a line is of a diff
	return before || hi < len(s) && has("+/", s[hi]) || padded
}

func isBase58(w string) bool {
	return run(w, 0, len(w), func(c byte) bool { return isWord(c) && !has("0OIl", c) }) == len(w)
}

// isAsset reports whether a word ends like the name of a file: index-BxY7Zk3q….js.
func isAsset(end string) bool {
	i := strings.LastIndexByte(end, '.')
	return i >= 0 && listed("extension", lower(end[i+1:]))
}

// isIdent reports whether the name before s[i] says that an id or a digest follows: "id": "…", sha256:….
func isIdent(s string, i int) bool {
	hi := i
	for hi > 0 && i-hi < 4 && has(` "':=`, s[hi-1]) {
		hi--
	}
	if hi == i {
		return false
	}
	lo := hi
	for lo > 0 && hi-lo < maxKey && isToken(s[lo-1]) {
		lo--
	}
	list := splitName(s[lo:hi])
	for len(list) > 1 && isNumber(list[len(list)-1]) { // sha256, h1
		list = list[:len(list)-1]
	}
	if len(list) == 0 {
		return false
	}
	last := len(list) - 1
	return listed("ident", list[last]) || describes(list) || last > 0 && list[last] == "key" && listed("harmless", list[last-1])
}

// isGenerated reports whether a value is random text, in hexadecimal digits, base64 or any other alphabet of keys.
func isGenerated(v string) bool {
	if len(v) < minRandom || strings.ContainsAny(v, " :") || isUUID(v) || strings.HasPrefix(v, "/") {
		return false
	}
	if strings.Count(v, "/")+strings.Count(v, ".") > 0 && isWordy(v) {
		return false
	}
	return randomWord(strings.Map(func(c rune) rune {
		if has("-_+/=.~", byte(c)) {
			return -1
		}
		return c
	}, v))
}
