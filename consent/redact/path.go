package redact

import "strings"

// homeForm is the path of a home directory up to the user's name. The name may have spaces, if a separator
// follows: several on Windows, one elsewhere.
var homeForm = lazy(`(?:/home/|/Users/|(?i:\b[a-z]:/|\\{1,2})(?i:users|documents and settings)[\\/]{1,2})` +
	`([\pL\pM\pN._+@-]{1,64}(?: [\pL\pM\pN._+@ -]{1,31}\\| [\pL\pM\pN._-]{1,31}/)?)`)

// isSharedName reports whether an entry of such a directory, or a user name, does not belong to one person.
func isSharedName(s string) bool {
	s = lower(s)
	return listed("shared", s) || s == "all users" || s == "default user"
}

// findHomes emits the user names in paths of home directories. The path around a name stays: which project a call was
// about is content, who made it is not.
func findHomes(s string, emit emitter) {
	windows := strings.IndexByte(s, '\\') >= 0 || strings.Contains(s, ":/")
	if !strings.Contains(s, "home/") && !strings.Contains(s, "/Users") && !(windows &&
		(indexFold(s, "users") >= 0 || indexFold(s, "settings") >= 0)) {
		return // the expression would take much longer to find that out
	}
	for _, m := range homeForm().FindAllStringSubmatchIndex(s, -1) {
		name := strings.TrimRight(s[m[2]:m[3]], `.-\/`)
		if name != "" && !isSharedName(name) && !isRoute(s, m[0]) {
			emit(m[2], m[2]+len(name), KindUser)
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

// findTildes emits the names in ~name/.
func findTildes(s string, emit emitter) {
	for _, m := range tildeForm().FindAllStringSubmatchIndex(s, -1) {
		if lo, hi := firstGroup(m); !isSharedName(s[lo:hi]) {
			emit(lo, hi, KindUser)
		}
	}
}

// person is the current user, as texts mention them.
type person struct {
	homes []string // spellings of the home directory
	name  string   // in lower case; "" if unknown
}

// newPerson knows the current user by name and home directory. A home without a parent, such as /root, belongs to no
// person. On Windows paths also occur escaped, as in JSON that is a string, and with slashes, as in URLs.
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
