package redact

import (
	"strings"
	"unicode/utf8"
)

// homeParents are the directories whose entries are named after users.
var homeParents = []string{
	"/home/", "/Users/", `\Users\`, `\\Users\\`, `\Documents and Settings\`, "/var/home/", "/export/home/", "/mnt/c/Users/",
	"/c/Users/",
}

// isSharedName reports whether an entry of such a directory, or a user name, does not belong to one person.
func isSharedName(s string) bool {
	s = lower(s)
	return listed("shared", s) || s == "all users" || s == "default user"
}

// nextHome returns the first user name in the path of a home directory, or -1. The path around it stays: which project a
// call was about is content, who made it is not.
func nextHome(s string, at int) (lo, hi int) {
	for {
		i := strings.IndexAny(s[at:], `/\`)
		if i < 0 {
			return -1, -1
		}
		i += at
		at = i + 1
		for _, parent := range homeParents {
			if !strings.HasPrefix(s[i:], parent) {
				continue
			}
			lo = i + len(parent)
			hi = userEnd(s, lo, parent[0] == '\\')
			if hi > lo && !isSharedName(s[lo:hi]) && !isRoute(s, i) {
				return lo, hi
			}
		}
	}
}

// isRoute reports whether the path at i belongs to a web page: https://example.com/home/news.
func isRoute(s string, i int) bool {
	before := lower(s[max(0, i-128):i])
	before = before[strings.LastIndexAny(before, " \t\n\"'<>()")+1:]
	scheme, host, ok := strings.Cut(before, "://")
	return ok && (strings.HasSuffix(scheme, "https") || strings.HasSuffix(scheme, "http") && host != "")
}

// userEnd returns where the user name that begins at i ends. On Windows it may have spaces, if a separator follows.
func userEnd(s string, i int, windows bool) int {
	end := run(s, i, 64, func(c byte) bool { return isNameLetter(c) || has("._-+@", c) })
	if windows && end > i && end < len(s) && s[end] == ' ' {
		if n := strings.IndexAny(s[end:min(len(s), end+32)], "\\\n\"'<>|:/"); n > 0 && s[end+n] == '\\' {
			return end + n
		}
	}
	name := strings.TrimRight(s[i:end], ".-")
	for len(name) > 0 && !utf8.ValidString(name) {
		name = name[:len(name)-1]
	}
	return i + len(name)
}

// nextTilde returns the name in the first ~name/, the home directory of another user in a shell, or -1.
func nextTilde(s string, at int) (lo, hi int) {
	for {
		i := strings.IndexByte(s[at:], '~')
		if i < 0 {
			return -1, -1
		}
		i += at
		at = i + 1
		// Not an operator of a program (a~b, >=~1), and after a slash only at the end of a URL's host.
		if i > 0 && (isWord(s[i-1]) || has("~.<>)]}", s[i-1]) || s[i-1] == '/' && !(i > 1 && isWord(s[i-2]))) {
			continue
		}
		lo = i + 1
		hi = run(s, lo, 32, func(c byte) bool { return isWord(c) || has("_-.", c) })
		if hi > lo+1 && isAlpha(s[lo]) && hi < len(s) && s[hi] == '/' && !isSharedName(s[lo:hi]) {
			return lo, hi
		}
	}
}

// person is the current user, as texts mention them.
type person struct {
	homes []string // spellings of the home directory
	name  string   // in lower case; "" if unknown
}

func newPerson(home, user string) person {
	var p person
	home = strings.TrimRight(home, `/\`)
	if i := strings.LastIndexAny(home, `/\`); i > 0 && len(home)-i > 2 {
		p.homes = append(p.homes, home)
		if user == "" {
			user = home[i+1:]
		}
		if strings.Contains(home, `\`) {
			p.homes = append(p.homes, strings.ReplaceAll(home, `\`, `\\`), strings.ReplaceAll(home, `\`, "/"))
		}
	}
	if len(user) >= 3 && !isSharedName(user) {
		p.name = lower(user)
	}
	return p
}

// find emits where the home directory ends in a user name, and where the name stands as a word.
func (p person) find(s string, emit emitter) {
	for _, home := range p.homes {
		name := len(home) - strings.LastIndexAny(home, `/\`) - 1
		for at := 0; ; {
			i := strings.Index(s[at:], home)
			if i < 0 {
				break
			}
			if at += i + len(home); at == len(s) || !isWord(s[at]) {
				emit(at-name, at, KindUser)
			}
		}
	}
	for at := 0; p.name != ""; {
		i := indexFold(s[at:], p.name)
		if i < 0 {
			break
		}
		lo := at + i
		at = lo + len(p.name)
		if (lo == 0 || !isWord(s[lo-1])) && (at == len(s) || !isWord(s[at])) {
			emit(lo, at, KindUser)
		}
	}
}
