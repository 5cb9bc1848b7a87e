package redact

import "strings"

// homeForm is the path of a home directory up to the user's name. On Windows the name may have spaces, if a separator
// follows.
var homeForm = lazy(`(?:/home/|/Users/|\\{1,2}(?:Users|Documents and Settings)\\{1,2})` +
	`([\pL\pM\pN._+@-]{1,64}(?: [\pL\pM\pN._+@ -]{1,31}\\)?)`)

// isSharedName reports whether an entry of such a directory, or a user name, does not belong to one person.
func isSharedName(s string) bool {
	s = lower(s)
	return listed("shared", s) || s == "all users" || s == "default user"
}

// nextHome returns the first user name in the path of a home directory, or -1. The path around it stays: which project a
// call was about is content, who made it is not.
func nextHome(s string, at int) (lo, hi int) {
	if !strings.Contains(s, "home/") && !strings.Contains(s, "Users") && !strings.Contains(s, "Settings") {
		return -1, -1 // what the expression would take much longer to say
	}
	for {
		m := homeForm().FindStringSubmatchIndex(s[at:])
		if m == nil {
			return -1, -1
		}
		lo = at + m[2]
		name := strings.TrimRight(s[lo:at+m[3]], `.-\`)
		path := at + m[0]
		at = lo
		if name != "" && !isSharedName(name) && !isRoute(s, path) {
			return lo, lo + len(name)
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

// tildeForm is the home directory of another user in a shell. It is not an operator of a program (a~b, >=~1), and after
// a slash it stands at the end of a URL's host.
var tildeForm = lazy(`(?:^|[^\w~./<>)\]}]|\w/)~([A-Za-z][\w.-]{1,31})/`)

// nextTilde returns the name in the first ~name/, or -1.
func nextTilde(s string, at int) (lo, hi int) {
	for {
		m := tildeForm().FindStringSubmatchIndex(s[at:])
		if m == nil {
			return -1, -1
		}
		lo, hi = at+m[2], at+m[3]
		if at = hi; !isSharedName(s[lo:hi]) {
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
