package redact

import (
	"slices"
	"strings"
)

// maxKey bounds how much of a name is looked at, in bytes. Of a longer name the end counts.
const maxKey = 96

// splitName splits the name of a member, header, variable or flag into lower-case words: clientSecret, CLIENT_SECRET,
// client-secret and "client secret" are all the words client and secret.
func splitName(name string) []string {
	name = name[max(0, len(name)-maxKey):]
	var out []string
	start := 0
	flush := func(end int) {
		if end > start {
			out = append(out, strings.ToLower(name[start:end]))
		}
		start = end
	}
	for i := range len(name) {
		switch {
		case !isNameLetter(name[i]):
			flush(i)
			start = i + 1
		case i > start && beginsWord(name, i):
			flush(i)
		}
	}
	flush(len(name))
	return out
}

// beginsWord reports whether a new word begins at name[i]: aB, ABc (before the B), a1 and 1a.
func beginsWord(name string, i int) bool {
	c, before := name[i], name[i-1]
	switch {
	case isUpper(c) && isLower(before):
		return true
	case isUpper(c) && isUpper(before):
		plural := i+2 == len(name) && name[i+1:] == "s" // URLs
		return i+1 < len(name) && isLower(name[i+1]) && !plural
	}
	return isDigit(c) != isDigit(before)
}

// kindMaybe is what a name such as key says that has no other telling word: the key of an issue, of a map, or a secret
// one. The value decides.
const kindMaybe Kind = "?"

// keyKind returns the kind of value that a name announces; "" if it announces none.
func keyKind(name string) Kind {
	if len(name) < 2 {
		return ""
	}
	return wordsKind(splitName(name))
}

// kinds remembers what names announce, since they repeat. It belongs to one pass.
type kinds map[string]Kind

// maxKinds bounds how many names are remembered.
const maxKinds = 512

// kind is keyKind.
func (k kinds) kind(name string) Kind {
	kind, known := k[name]
	if !known {
		kind = keyKind(name)
		if k != nil && len(k) < maxKinds {
			k[name] = kind
		}
	}
	return kind
}

// wordsKind is keyKind of a name's words.
func wordsKind(list []string) Kind {
	for len(list) > 1 && isSuffix(list) { // password2, api_key_1, API_KEY_PROD
		list = list[:len(list)-1]
	}
	if len(list) == 0 || describes(list) {
		return ""
	}
	for i := len(list) - 1; i >= 0; i-- { // the last words of a name say most: password_reset_token is a token
		if kind := wordKind(list, i); kind != "" {
			return kind
		}
	}
	last := len(list) - 1
	if w := list[last]; (w == "key" || w == "keys") && (last == 0 || !listed("harmless", list[last-1])) {
		return kindMaybe
	}
	return ""
}

// isSuffix reports whether the last word of a name only says which one of several it is. After a single word it may
// change what that is: a pass_test is no password.
func isSuffix(list []string) bool {
	last := list[len(list)-1]
	return isNumber(last) || len(list) > 2 && listed("suffix", last)
}

// labelKind returns the kind of value that the label or selector of a form's field announces: "Password input",
// "#login-password", "Enter your API key".
func labelKind(label string) Kind {
	if len(label) > maxKey {
		return ""
	}
	list := splitName(label)
	for len(list) > 1 && listed("control", list[len(list)-1]) {
		list = list[:len(list)-1]
	}
	return wordsKind(list)
}

// wordKind returns what the i-th word of a name announces, given the words beside it.
func wordKind(list []string, i int) Kind {
	w, before := list[i], ""
	if i > 0 {
		before = list[i-1]
	}
	last := i == len(list)-1
	if !last && w == "token" && listed("describes counted", list[i+1]) { // token_bucket_size
		return ""
	}
	rules, known := words().names[w]
	for _, r := range rules {
		if r.matches(before, last) {
			return r.kind
		}
	}
	if !known && w != "jsonwebtoken" { // a library, which manifests name
		for _, r := range words().endings {
			if strings.HasSuffix(w, r.word) {
				return r.kind
			}
		}
	}
	return ""
}

// matches reports whether the rule applies to its word, given the word before it; "" if the word is the first.
func (r nameRule) matches(before string, last bool) bool {
	first := before == ""
	if first {
		before = "-" // as words.txt has it
	}
	if r.last && !last || slices.Contains(r.unless, before) {
		return false
	}
	return len(r.after) == 0 || slices.Contains(r.after, before) || !first && slices.Contains(r.after, "*")
}

// describes reports whether a name describes a secret instead of holding it: token_count, key_id, secret_name,
// use_auth.
func describes(list []string) bool {
	last, before := list[len(list)-1], ""
	if len(list) > 1 {
		before = list[len(list)-2]
	}
	switch last {
	case "secrets":
		return before == "store" || before == "vault" || before == "count"
	case "id", "ids": // a session's is secret
		if before == "session" || before == "sess" || before == "secret" || before == "ssn" {
			return false
		}
	case "url", "uri": // a database's has a password
		if wordKind(list, len(list)-1) == KindConnection {
			return false
		}
	}
	return listed("describes last", last) && before != "shared" || len(list) > 1 && listed("describes first", list[0])
}

// certain replaces kindMaybe by what the value says.
func certain(kind Kind, value string) Kind {
	if kind != kindMaybe {
		return kind
	}
	if isGenerated(value) {
		return KindKey
	}
	return ""
}

var dashes = strings.NewReplacer("-", "", "_", "")

func withoutDashes(s string) string { return dashes.Replace(s) }

func isPlural(name string) bool { return strings.HasSuffix(name, "s") || strings.HasSuffix(name, "S") }

func oneOf(w string, list ...string) bool { return slices.Contains(list, w) }
