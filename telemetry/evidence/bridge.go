package evidence

import (
	_ "embed"
	"path"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/proctree"
)

// kind is what a process is to the server: the server itself, a program that starts it and waits, or one that leads to a
// server elsewhere.
type kind struct {
	launcher bool
	bridge   string // its name in the list
}

//go:embed bridges.txt
var bridgeList string

// listed are the names of bridges.txt.
var listed = parseList(bridgeList)

func parseList(text string) map[string]kind {
	all := map[string]kind{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] == "#" {
			continue
		}
		for _, name := range words[1:] {
			if words[0] == "bridge" {
				all[name] = kind{bridge: name}
			} else {
				all[name] = kind{launcher: true}
			}
		}
	}
	return all
}

// interpreters run a program that is their first argument.
var interpreters = []string{"node", "bun", "deno", "python", "java", "ruby"}

// kindOf returns what a process is by its program, its command's name, and the script that an interpreter runs.
func kindOf(program string, args []string) (k kind) {
	if len(args) == 1 { // a title that a process has given itself, as npm does
		args = strings.Fields(args[0])
	}
	names := []string{program}
	if len(args) > 0 {
		names = append(names, args[0])
		i := slices.IndexFunc(args[1:], func(arg string) bool { return !strings.HasPrefix(arg, "-") })
		if i >= 0 && interprets(program) {
			names = append(names, args[i+1])
		}
	}
	for _, name := range names {
		found := listed[plain(name)]
		if found.bridge != "" {
			return found
		}
		k.launcher = k.launcher || found.launcher
	}
	return k
}

func interprets(program string) bool {
	for _, name := range interpreters {
		if strings.HasPrefix(plain(program), name) {
			return true
		}
	}
	return false
}

// plain returns the name of a program without its directory and the endings of executables and scripts.
func plain(file string) string {
	name := strings.ToLower(path.Base(strings.ReplaceAll(file, `\`, "/")))
	for _, ending := range []string{".exe", ".cmd", ".js", ".mjs", ".cjs", ".py"} {
		name = strings.TrimSuffix(name, ending)
	}
	return name
}

// look looks at a process and its descendants.
func look(root int, known map[int]kind) tree {
	t := tree{processes: processes(root), kinds: map[int]kind{}}
	look := proctree.Looker()
	for _, p := range t.processes {
		k, ok := known[p.pid]
		if !ok || k.launcher { // a shell may have become another program
			if info, found := look(p.pid); found {
				k = kindOf(info.Program, info.Args)
			}
		}
		t.kinds[p.pid] = k
	}
	return t
}

// bridge returns the name of the bridge that leads to the server: the first process is one, or what it has launched.
// A server that has started such a program in the course of its work is none.
func (t tree) bridge() string {
	if len(t.processes) == 0 {
		return ""
	}
	launchers := map[int]bool{t.processes[0].parent: true}
	for _, p := range t.processes {
		k := t.kinds[p.pid]
		switch {
		case !launchers[p.parent]:
		case k.bridge != "":
			return k.bridge
		case k.launcher:
			launchers[p.pid] = true
		}
	}
	return ""
}
