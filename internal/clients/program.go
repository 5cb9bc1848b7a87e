package clients

import (
	"regexp"
	"strings"
)

// versioned are the directories in which package managers keep each version of a program by itself. A path in one of them
// works until the next update.
var versioned = []struct {
	by   string
	path *regexp.Regexp // of a path in lower case, with slashes
}{
	{"Homebrew", regexp.MustCompile(`/(cellar|caskroom)/[^/]+/[^/]+/`)},
	{"nvm", regexp.MustCompile(`/\.?nvm/versions/|/nvm/v[0-9]`)},
	{"fnm", regexp.MustCompile(`/fnm_multishells/|/\.?fnm/(node-versions|aliases)/`)},
	{"nodenv", regexp.MustCompile(`/\.nodenv/versions/`)},
	{"nodebrew", regexp.MustCompile(`/\.nodebrew/node/v`)},
	{"npx", regexp.MustCompile(`/_npx/`)},
	{"pnpm dlx", regexp.MustCompile(`/pnpm/dlx|/dlx-[0-9a-f]+/`)},
	{"pnpm", regexp.MustCompile(`/\.pnpm/[^/]*@|/pnpm/store`)},
	{"uvx", regexp.MustCompile(`/uv/(cache/)?(archive|environments|builds)-v[0-9]+/`)},
	{"pipx run", regexp.MustCompile(`/pipx/\.?cache/|/\.?caches?/pipx/`)},
	{"pyenv", regexp.MustCompile(`/\.?pyenv(-win)?/versions/`)},
	{"Volta", regexp.MustCompile(`/\.?volta/tools/`)},
	{"asdf", regexp.MustCompile(`/\.?asdf(-data)?/installs/`)},
	{"mise", regexp.MustCompile(`/(mise|rtx)/installs/`)},
	{"proto", regexp.MustCompile(`/\.proto/tools/`)},
	{"aqua", regexp.MustCompile(`/aquaproj-aqua/(internal/)?pkgs/`)},
	{"Nix", regexp.MustCompile(`/nix/store/`)},
	{"Guix", regexp.MustCompile(`/gnu/store/`)},
	{"Scoop", regexp.MustCompile(`/scoop/apps/[^/]+/[0-9][^/]*/`)}, // "current" is a link to it
	{"the Store", regexp.MustCompile(`/windowsapps/[^/]+_[0-9][^/]*/`)},
	{"snap", regexp.MustCompile(`/snap/[^/]+/x?[0-9]+/`)},
	{"go run", regexp.MustCompile(`/go-build[0-9]*/`)},
	{"a temporary directory", regexp.MustCompile(`^(/private)?(/var)?/tmp/|/var/folders/|/appdata/local/temp/`)},
}

// Versioned returns which package manager keeps a path for one version of a program alone, or "".
func Versioned(path string) (by string) {
	path = strings.ToLower(strings.ReplaceAll(path, `\`, "/"))
	for _, v := range versioned {
		if v.path.MatchString(path) {
			return v.by
		}
	}
	return ""
}

// pnpmVersion is the directory in which pnpm keeps one version of a package. Beside it, node_modules links to the one that is in use.
var pnpmVersion = regexp.MustCompile(`([/\\]\.pnpm[/\\])[^/\\]+[/\\](node_modules[/\\]@spanpipe[/\\])`)

// Lasting returns the first path that an update of spanpipe does not take away: of the program that runs, of the links to it
// in the directories of PATH, and of pnpm's. It returns "" if there is none, and which package manager has it.
func Lasting(m Machine, executable string, same func(a, b string) bool) (path, by string) {
	by = m.keeper(executable)
	if by == "" {
		return executable, ""
	}
	name, separator, list := "spanpipe", "/", ":"
	if m.OS == "windows" {
		name, separator, list = "spanpipe.exe", `\`, ";"
	}
	for dir := range strings.SplitSeq(m.Getenv("PATH"), list) {
		one := strings.TrimRight(dir, separator) + separator + name
		if dir != "" && m.keeper(one) == "" && isAbs(m.OS, one) && same(one, executable) {
			return one, ""
		}
	}
	if one := pnpmVersion.ReplaceAllString(executable, "$1$2"); one != executable && m.keeper(one) == "" && same(one, executable) {
		return one, ""
	}
	return "", by
}

// keeper returns what removes a path one day, or "". A home directory lasts as long as the files in it, wherever it is.
func (m Machine) keeper(path string) (by string) {
	rest, home := below(path, m.Home)
	if home {
		rest = "~" + rest
	} else {
		rest = path
	}
	if by = Versioned(rest); by != "" {
		return by
	}
	for _, name := range []string{"TMPDIR", "TEMP", "TMP"} {
		dir := m.Getenv(name)
		if _, in := below(path, dir); !in {
			continue
		}
		if _, whole := below(m.Home+"/", dir); !home || !whole {
			return "a temporary directory"
		}
	}
	return ""
}

// below returns what follows a directory in a path that is in it.
func below(path, dir string) (rest string, ok bool) {
	dir = strings.TrimRight(dir, `/\`)
	rest, ok = strings.CutPrefix(path, dir)
	return rest, ok && dir != "" && rest != "" && strings.ContainsRune(`/\`, rune(rest[0]))
}

// isAbs reports whether a path of a system is absolute.
func isAbs(goos, path string) bool {
	if goos == "windows" {
		return len(path) > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/') || strings.HasPrefix(path, `\\`)
	}
	return strings.HasPrefix(path, "/")
}
