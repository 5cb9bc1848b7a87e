package redact

import (
	"slices"
	"strings"
)

// maxJudged is how much of a value is looked at to decide whether it is a secret, in bytes.
const maxJudged = 512

// isPlaceholder reports whether a value stands for a secret without being one: empty, stars, ${NAME}, {{ name }},
// <password>, %s.
func isPlaceholder(v string) bool {
	v = strings.TrimSpace(v)
	if len(v) < 2 && !hasText(v) || isFiller(v) || isVersionRange(v) || listed("placeholder", lower(v)) {
		return true
	}
	for _, filler := range [...]string{"*", ".", "xX", "•"} {
		if strings.Trim(v, filler) == "" {
			return true
		}
	}
	last := v[len(v)-1]
	switch {
	case v[0] == '[' && last == ']' && strings.Trim(v, "[]ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "": // [PAD] of tokenizers
		return true
	case strings.HasPrefix(v, "${"), strings.HasPrefix(v, "{{"), strings.HasPrefix(v, "$("),
		strings.HasPrefix(v, "{base64("):
		return last == '}' || last == ')'
	case v[0] == '$':
		return strings.Trim(v[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" || isNumber(v[1:])
	case v[0] == '<':
		return last == '>'
	case v[0] == '%':
		return len(v) == 2 || last == '%'
	case strings.HasSuffix(v, "***"), strings.HasSuffix(v, "...") && len(v) <= 12: // hidden or shortened: ghp_***, sk-...
		return true
	case indexFold(v, "your_") >= 0, indexFold(v, "your-") >= 0: // PUT_YOUR_TOKEN_HERE
		return true
	}
	return strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == "" && keyKind(v) != "" // TOKEN, MY_API_KEY
}

// isVersionRange reports whether a value is what manifests say of a package that is named after a secret:
// "cookie": "^0.7.1".
func isVersionRange(v string) bool {
	n := strings.TrimLeft(v, "^~>=<")
	return len(n) <= 12 && strings.Count(n, ".") == 2 && isNumber(strings.ReplaceAll(n, ".", ""))
}

// isFiller reports whether a value is mostly one character: xxxxxxxx, sk_XXXXXXXXXXXX.
func isFiller(v string) bool {
	longest, same := 0, 0
	v = withoutDashes(lower(v))
	for i := range len(v) {
		if same++; i > 0 && v[i] != v[i-1] {
			same = 1
		}
		longest = max(longest, same)
	}
	return longest >= 8 && longest*10 >= len(v)*6
}

// isReference reports whether an unquoted value is an expression of a program, or a type: os.environ["TOKEN"],
// getToken(), process.env.API_KEY, string.
func isReference(v string) bool {
	if v[0] == '&' || strings.HasPrefix(v, "$(") || strings.HasPrefix(v, "${") || isVariable(v) {
		return true
	}
	if strings.HasPrefix(v, "https://") && !hasUserinfo(v) { // the page where one gets a token
		return true
	}
	if i := strings.IndexAny(v, "([{"); i >= 0 {
		if i+1 < len(v) && !isWord(v[i+1]) && !has(`"')[]$*&_`, v[i+1]) {
			return false // a bracket in a password
		}
		if i > 0 && run(v, 0, i, func(c byte) bool { return isToken(c) || has(".:>$", c) }) == i && isAlpha(v[0]) {
			return true
		}
	}
	for _, p := range words().expressions {
		if strings.HasPrefix(v, p) {
			return true
		}
	}
	return listed("code", strings.TrimRight(v, ",;?!|"))
}

// isVariable reports whether a value is a variable of a shell or script: $token, $self->token.
func isVariable(v string) bool {
	inName := func(c byte) bool { return isLower(c) || c == '_' || c == '-' }
	return v[0] == '$' && len(v) > 1 && run(v, 1, len(v), inName) == len(v)
}

// isProse reports whether a sentence goes on with this word after "password:" or "--token".
func isProse(v string) bool { return listed("prose", lower(strings.TrimRight(v, ".,;:!?)"))) }

// isSentence reports whether a text is one, and not a passphrase.
func isSentence(v string) bool {
	words := strings.Fields(v)
	return len(words) > 2 && slices.ContainsFunc(words, isProse)
}

// isPath reports whether a value names a file, such as the one that holds a secret: secret=/run/secrets/db. A single
// slash at the beginning is not enough for that, since passwords may have it.
func isPath(v string) bool {
	switch {
	case v == "." || v == "/" || strings.HasPrefix(v, "./") || strings.HasPrefix(v, "../"):
		return true
	case strings.HasPrefix(v, "/"):
		return strings.Count(v, "/") > 1
	}
	return len(v) > 2 && isAlpha(v[0]) && v[1:3] == `:\`
}

// isSecret reports whether a value beside a name of this kind is a secret.
func isSecret(v string, kind Kind) bool {
	if isPlaceholder(v) || isPath(v) && kind != KindKey { // base64 may begin like a path
		return false
	}
	switch kind {
	case KindAuthorization: // Bearer ${TOKEN}
		if listed("scheme", lower(strings.TrimRight(v, ".,;"))) {
			return false
		}
		_, credential, ok := strings.Cut(v, " ")
		return !ok || !isPlaceholder(credential) && !has("{<$", credential[0])
	case KindToken, KindKey:
		return v[0] != '<' && len(v) >= 3 && !isSecretName(v) && !isSentence(v) // markup
	case KindCookie:
		return !strings.HasPrefix(v, "S-1-") && !isSecretName(v) && !isSentence(v) // SID of a Windows account
	case KindSecret:
		return !isSecretName(v) && !isSentence(v)
	case KindPassword:
		return len(v) >= 3 || !isNumber(v)
	case KindPhone, KindCard:
		return countDigits(v) >= 7
	case KindConnection:
		return hasDigitOrSign(v) && !isOpenConnection(v)
	}
	return true
}

// isOpenConnection reports whether a connection string has nothing but a scheme, a host and a path. Those of webhooks, by
// HTTP, have their secret in the path.
func isOpenConnection(v string) bool {
	return strings.Contains(v, "://") && !strings.HasPrefix(v, "http") && !strings.ContainsAny(v, "@=?;")
}

// isSecretName reports whether a value is the name of a secret and not one: "tokenField": "accessToken".
func isSecretName(v string) bool {
	return len(v) < maxKey && !hasDigit(v) && run(v, 0, len(v), isToken) == len(v) && keyKind(v) != "" && !randomWord(v)
}

// isBareSecret reports whether an unquoted value is a secret, and not an expression, a count, or a word of a sentence.
// Quotes show that a value is meant; without them "password: must be longer" has the same form as a password. With
// spaced, a space stands before the value, as in a sentence.
func isBareSecret(v string, kind Kind, plural, spaced bool) bool {
	if strings.Trim(v, "0123456789.") == "" && isCount(v, kind, plural) {
		return false
	}
	first, _, sentence := strings.Cut(v, " ")
	switch kind {
	case KindAuthorization:
		if word := strings.TrimRight(first, ",;)"); isPlaceholder(word) || word != first && listed("scheme", lower(word)) {
			return false
		}
	case KindPIN:
		if !hasDigit(v) {
			return false
		}
	case KindToken, KindKey:
		letters := run(v, 0, len(v), func(c byte) bool { return isAlpha(c) || has(".,;", c) }) == len(v)
		if spaced && !sentence && letters && !randomWord(v) {
			return false // a word, or the name of a variable
		}
	}
	return !isReference(v) && !isEastAsian(v) && !(isProse(first) && sentence) && !(spaced && isProse(v))
}

// isEastAsian reports whether a text has only characters that no secret has: those from U+0800 on take three bytes.
func isEastAsian(v string) bool {
	return strings.TrimFunc(v, func(c rune) bool { return c >= 0x800 }) == ""
}

// isCount reports whether a number counts something instead of being a secret: tokens: 51200, token=3.
func isCount(v string, kind Kind, plural bool) bool {
	switch kind {
	case KindToken, KindKey, KindCookie, KindAuthorization, KindConnection:
		return countDigits(v) < 6 || plural
	}
	return false
}
