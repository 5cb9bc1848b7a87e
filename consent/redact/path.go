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

// sharedNames are entries of such directories that belong to nobody.
func isSharedName(s string) bool {
	switch strings.ToLower(s) {
	case "shared", "public", "default", "all users", "default user", "guest", "runner", "node", "ubuntu", "root", "app", "user",
		"linuxbrew", "vscode", "codespace", "username", "me", "you", "name", "your_name", "yourname", "your-username":
		return true
	}
	return false
}

// nextHome returns the first user name in a home directory's path at or after at, or -1. The path around it stays: what
// was done in which project is content, who did it is not.
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

// isRoute tells whether the path at i is that of a web page: https://example.com/home/news.
func isRoute(s string, i int) bool {
	before := s[max(0, i-128):i]
	if n := strings.LastIndexAny(before, " \t\n\"'<>()"); n >= 0 {
		before = before[n+1:]
	}
	n := strings.LastIndex(before, "://")
	return n >= 4 && n+3 < len(before) && foldEqual(before[n-4:n], "http") || n >= 5 && foldEqual(before[n-5:n], "https")
}

// userEnd returns where the user name that begins at i ends. On Windows it may have spaces, but then a separator follows.
func userEnd(s string, i int, windows bool) int {
	end := i
	for end < len(s) && end-i < 64 && (isWord(s[end]) || s[end] >= utf8.RuneSelf || strings.IndexByte("._-+@", s[end]) >= 0) {
		end++
	}
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

// nextTilde returns the first ~name at or after at, or -1: another user's home directory in a shell.
func nextTilde(s string, at int) (lo, hi int) {
	for from := at; ; {
		i := strings.IndexByte(s[from:], '~')
		if i < 0 {
			return -1, -1
		}
		i += from
		from = i + 1
		if i > 0 && (isWord(s[i-1]) || strings.IndexByte("~/.=<>)]}", s[i-1]) >= 0 && s[i-1] != '=' && !(s[i-1] == '/' && i > 1 && isWord(s[i-2]))) {
			continue
		}
		end := i + 1
		for end < len(s) && end-i < 33 && (isWord(s[end]) || end > i+1 && (s[end] == '_' || s[end] == '-' || s[end] == '.')) {
			end++
		}
		if end > i+2 && isAlpha(s[i+1]) && end < len(s) && s[end] == '/' && !isSharedName(s[i+1:end]) {
			return i + 1, end
		}
	}
}

// setUser prepares the search for the current user's home directory and name.
func (r *Redactor) setUser(home, user string) {
	home = strings.TrimRight(home, `/\`)
	if i := strings.LastIndexAny(home, `/\`); i > 0 && len(home)-i > 2 {
		r.homes = append(r.homes, home)
		if user == "" && !isSharedName(home[i+1:]) {
			user = home[i+1:]
		}
		if strings.Contains(home, `\`) {
			r.homes = append(r.homes, strings.ReplaceAll(home, `\`, `\\`), strings.ReplaceAll(home, `\`, "/"))
		}
	}
	if len(user) >= 3 && !isSharedName(user) {
		r.users = append(r.users, user)
	}
}

// findUser emits where the current user's home directory ends in a user name, and where the name stands as a word.
func (r *Redactor) findUser(s string, emit func(lo, hi int, kind Kind)) {
	for _, home := range r.homes {
		last := strings.LastIndexAny(home, `/\`) + 1
		for at := 0; ; {
			i := strings.Index(s[at:], home)
			if i < 0 {
				break
			}
			at += i + len(home)
			if at == len(s) || !isWord(s[at]) {
				emit(at-len(home)+last, at, KindUser)
			}
		}
	}
	for _, user := range r.users {
		want := strings.ToLower(user)
		for at := 0; ; {
			i := indexFold(s[at:], want)
			if i < 0 {
				break
			}
			lo := at + i
			at = lo + len(want)
			if (lo == 0 || !isWord(s[lo-1])) && (at == len(s) || !isWord(s[at])) {
				emit(lo, at, KindUser)
			}
		}
	}
}
