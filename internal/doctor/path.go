package doctor

import (
	"path/filepath"
	"slices"
	"strings"
)

// desktop are the clients that a person starts from a desktop, whose servers get the PATH of the desktop's session. Others run in
// a terminal, or read the environment of a login shell when they start, as Zed does: theirs is that of the shell. What the ones in
// doubt pass on has not been measured: what only a shell's PATH has is a warning there, and a failure for Claude Desktop and the
// other certain ones.
var desktop = map[string]struct{ assumed bool }{
	"claude-desktop": {}, "boltai": {}, "lm-studio": {},
	"cursor": {true}, "vscode": {true}, "vscode-insiders": {true}, "vscodium": {true}, "windsurf": {true}, "visual-studio": {true}, "trae": {true},
	"antigravity": {true}, "kiro": {true}, "cline": {true}, "roo-code": {true}, "kilo-code": {true}, "continue": {true}, "junie": {true},
	"qoder": {true},
}

// sessionPath is the PATH of a desktop's session, an assumption: on macOS launchd's, on Linux that of a display manager with the
// directories that its profile adds. On Windows it is that of the registry, which the shell has, too.
var sessionPath = map[string][]string{
	"darwin": {"/usr/bin", "/bin", "/usr/sbin", "/sbin"},
	"linux":  {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/snap/bin", "~/.local/bin", "~/bin"},
}

func isAssumed(id string) bool { return desktop[id].assumed }

// SessionPath returns the directories of a desktop's PATH on a system; shell is that of a shell there.
func SessionPath(goos, home, shell string) []string {
	dirs, ok := sessionPath[goos]
	if !ok {
		return Split(goos, shell)
	}
	all := slices.Clone(dirs)
	for i, dir := range all {
		if rest, ok := strings.CutPrefix(dir, "~/"); ok {
			all[i] = filepath.Join(home, rest)
		}
	}
	return all
}

// Split returns the directories of a PATH.
func Split(goos, path string) []string {
	separator := ":"
	if goos == "windows" {
		separator = ";"
	}
	return slices.DeleteFunc(strings.Split(path, separator), func(dir string) bool { return dir == "" })
}

// dirs returns the PATH that an entry's server is started with.
func (e *entry) dirs() []string {
	if own, ok := e.variable("PATH"); ok && !placeholder(own) {
		return Split(e.OS, own)
	}
	if _, ok := desktop[e.file.Client.ID]; ok {
		return SessionPath(e.OS, e.Home, e.Getenv("PATH"))
	}
	return Split(e.OS, e.Getenv("PATH"))
}

// assumption says where dirs has a PATH from.
func (e *entry) assumption() string {
	if _, ok := e.variable("PATH"); ok {
		return "PATH in the entry's env"
	}
	if e.OS == "darwin" {
		return "assumed: " + strings.Join(sessionPath["darwin"], ":")
	}
	return "assumed: that of a desktop's session"
}

// variable returns a variable of the entry.
func (e *entry) variable(name string) (string, bool) {
	for _, v := range e.s.Env {
		if v.Name == name || e.OS == "windows" && strings.EqualFold(v.Name, name) {
			return v.Value, true
		}
	}
	return "", false
}
