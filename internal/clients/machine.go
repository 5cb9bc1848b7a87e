package clients

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
	"github.com/spanpipe/spanpipe/internal/namedfile"
)

// candidate is where a file may be: a path of this machine, and what follows it as patterns of names.
type candidate struct {
	base string
	rest []string
}

var variable = regexp.MustCompile(`\$\{(\w+)(?::-([^}]*))?\}`)

// override matches a path that a variable decides: if it is set, the client looks nowhere else.
var override = regexp.MustCompile(`^\$\{\w+\}`)

// candidates returns where a place may be on a machine, in the order in which the client looks. Those of projects are relative.
func (p *Place) candidates(m Machine) []candidate {
	templates := p.Linux
	switch m.OS {
	case "darwin":
		templates = p.Darwin
	case "windows":
		templates = p.Win
	}
	if len(templates) == 0 {
		templates = p.Paths
	}
	var all []candidate
	for _, t := range templates {
		fixed, rest := t, []string(nil)
		if i := strings.IndexByte(t, '*'); i >= 0 {
			i = strings.LastIndexByte(t[:i], '/') + 1
			fixed, rest = t[:i], strings.Split(t[i:], "/")
		}
		base, ok := m.expand(fixed)
		if ok && p.Scope != Project && !filepath.IsAbs(base) {
			ok = false // a relative value of a variable leads to another place from each directory
		}
		if ok {
			all = append(all, candidate{base, rest})
			if override.MatchString(t) {
				break
			}
		}
	}
	return all
}

// expand replaces the base, the variables and the home directory of a path in the table. It reports false if one of them is not
// there.
func (m Machine) expand(template string) (string, bool) {
	if name, rest, ok := strings.Cut(strings.TrimPrefix(template, "{"), "}"); ok && template[0] == '{' {
		system := m.OS
		if system != "darwin" && system != "windows" {
			system = "linux"
		}
		base := decoded().Bases[name][system]
		if base == "" {
			return "", false
		}
		template = base + rest
	}
	known := true
	text := variable.ReplaceAllStringFunc(template, func(s string) string {
		found := variable.FindStringSubmatch(s)
		value := m.Getenv(found[1])
		if value == "" {
			value = found[2]
		}
		known = known && value != ""
		return value
	})
	if rest, ok := strings.CutPrefix(text, "~"); ok && (rest == "" || rest[0] == '/') {
		text, known = m.Home+rest, known && m.Home != ""
	}
	return filepath.FromSlash(text), known
}

// existing returns the files of a place that exist on a machine and are read by the client.
func (p *Place) existing(m Machine) []string {
	if p.Scope != Project {
		return p.among(p.candidates(m), "")
	}
	var all []string
	for _, dir := range m.project() {
		all = append(all, p.among(p.candidates(m), dir)...)
	}
	return all
}

func (p *Place) among(candidates []candidate, dir string) []string {
	var found []string
	for _, c := range candidates {
		here := matching(filepath.Join(dir, c.base), c.rest)
		found = append(found, here...)
		if !p.Each && slices.ContainsFunc(here, leads) { // the client passes by a link that leads nowhere
			return found
		}
	}
	return found
}

// matching returns the files below a directory whose names match patterns, one for each level. package filepath's Glob would
// take special characters of the directory's own name for patterns.
func matching(dir string, patterns []string) []string {
	switch {
	case len(patterns) == 0:
		if !exists(dir) {
			return nil
		}
		return []string{dir}
	case !strings.Contains(patterns[0], "*"):
		return matching(filepath.Join(dir, patterns[0]), patterns[1:])
	}
	entries, _ := os.ReadDir(dir) // in the order of names; one that cannot be read has none
	var found []string
	for _, e := range entries {
		if ok, _ := path.Match(patterns[0], e.Name()); ok { // the patterns were tested
			found = append(found, matching(filepath.Join(dir, e.Name()), patterns[1:])...)
		}
	}
	return found
}

// exists reports whether there is something at a path, even if it may not be read or is a symbolic link that leads nowhere.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !absent(err)
}

// leads reports whether a path leads to something, even if it may not be read.
func leads(path string) bool {
	_, err := os.Stat(path)
	return !absent(err)
}

func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }

// project returns the directories whose files apply in the working directory: itself and, in a repository, those above it up
// to the repository's root.
func (m Machine) project() []string {
	if m.Dir == "" {
		return nil
	}
	var dirs []string
	for dir := filepath.Clean(m.Dir); ; dir = filepath.Dir(dir) {
		dirs = append(dirs, dir)
		atHome := m.Home != "" && dir == filepath.Clean(m.Home)
		if exists(filepath.Join(dir, ".git")) && !atHome {
			return dirs
		}
		if atHome || dir == filepath.Dir(dir) { // a home directory whose dotfiles are in git is no project
			return dirs[:1] // in no repository
		}
	}
}

// Side returns a sentence about whose files are looked at, where a user may mean others: in WSL, over SSH and in a container
// made for development. Else it returns "".
func Side(m Machine) string {
	set := func(name string) bool { return m.Getenv(name) != "" }
	switch {
	case set("WSL_DISTRO_NAME"):
		return "this is WSL: only files on the Linux side are looked at; for clients that run in Windows, use spanpipe in Windows"
	case set("REMOTE_CONTAINERS"), set("CODESPACES"), set("DEVPOD"):
		return "this is a development container: only files in it are looked at, not those of the machine with your editor"
	case set("SSH_CONNECTION"):
		return "this is a session over SSH: only files on this machine are looked at, not those of the machine that you connect from"
	}
	return ""
}

// AllowList returns the file in which administrators allow servers by their commands, which wrapping changes, or "".
func (c *Client) AllowList(m Machine) string {
	if c.Allows == nil {
		return ""
	}
	for _, path := range c.Allows.existing(m) {
		raw, _, err := namedfile.Read(path, mostBytes)
		if err != nil {
			continue // the client reads it, with rights of its own
		}
		doc, err := edit.Parse(edit.JSON, raw)
		if err != nil {
			continue
		}
		list := doc.Get(c.Allows.Key)
		if list != nil && slices.ContainsFunc(list.Items, func(n *edit.Node) bool { return member(n, "serverCommand") != nil }) {
			return path
		}
	}
	return ""
}

// Places returns where files of this user would be, by clients, for a message that none was found.
func Places(m Machine, of []*Client) (paths []string) {
	for _, c := range of {
		for _, p := range c.Places {
			if p.Scope != User {
				continue
			}
			for _, at := range p.candidates(m) {
				paths = append(paths, filepath.Join(append([]string{at.base}, at.rest...)...))
			}
		}
	}
	return paths
}
