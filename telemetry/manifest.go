package telemetry

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// This file names a server of one's own by the manifest of its project. It reads files that lie around the script which
// the command names, and of them the name alone. The script's own name and its directories are never used: they are the
// user's, and most scripts are called index or server.

const (
	maxManifest = 256 << 10 // bytes read of a manifest
	maxParents  = 12        // directories in which one is looked for, from the script's upwards
)

var nodeModule = lazy(`node_modules/(?:\.bin/)?((?:@[\w.-]+/)?[\w.-]+)`)

// script returns the name of the project that a script belongs to, or of the npm package that contains it.
func (s server) script(file string) string {
	if m := nodeModule().FindAllStringSubmatch(strings.ReplaceAll(file, `\`, "/"), -1); m != nil {
		return nodePackage(m[len(m)-1][1])
	}
	for _, suffix := range []string{"", ".js", "/index.js", "/__main__.py"} { // node build, python app
		if isFile(joined(s.dir, file+suffix)) {
			return s.project(filepath.Dir(file + suffix))
		}
	}
	return UnnamedService // in a container, or a mistake
}

// module returns the name of the project that a Python module belongs to, or if it is installed, its own.
func (s server) module(name string) string {
	place := filepath.FromSlash(strings.ReplaceAll(name, ".", "/"))
	for _, root := range []string{"", "src"} {
		for _, suffix := range []string{".py", "/__main__.py", "/__init__.py"} {
			if !isFile(joined(s.dir, filepath.Join(root, place+suffix))) {
				continue
			}
			if project := s.project(root); project != UnnamedService {
				return project
			}
		}
	}
	return valid(name)
}

// project returns the name in the manifest that is nearest to a directory, in it or above it.
func (s server) project(dir string) string {
	dir, err := filepath.Abs(joined(s.dir, dir))
	if err != nil {
		return UnnamedService
	}
	for range maxParents {
		if dir == s.home {
			break
		}
		for _, m := range manifests {
			if name := valid(m.name(readManifest(filepath.Join(dir, m.file)))); name != UnnamedService {
				return name
			}
		}
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil || dir == filepath.Dir(dir) {
			break // a repository is a project's limit
		}
		dir = filepath.Dir(dir)
	}
	return UnnamedService
}

// manifests are the files that name a project.
var manifests = []struct {
	file string
	name func([]byte) string
}{
	{"package.json", nameInJSON}, {"deno.json", nameInJSON}, {"pyproject.toml", nameInTOML},
}

// nameInJSON returns the name of an npm package, without its scope.
func nameInJSON(b []byte) string {
	var manifest struct{ Name string }
	if json.Unmarshal(b, &manifest) != nil || manifest.Name == "" {
		return ""
	}
	return nodePackage(manifest.Name)
}

var (
	tomlTable = lazy(`^\s*\[+\s*([^\]]*?)\s*\]+\s*(?:#.*)?$`)
	tomlName  = lazy(`^\s*["']?name["']?\s*=\s*(?:"([^"\\]*)"|'([^']*)')`)
)

// nameInTOML returns the name in the tables that have one: of a project (PEP 621) or of a package of Poetry.
func nameInTOML(b []byte) string {
	table := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if m := tomlTable().FindStringSubmatch(line); m != nil {
			table = m[1]
		} else if m := tomlName().FindStringSubmatch(line); m != nil && (table == "project" || table == "tool.poetry") {
			return m[1] + m[2]
		}
	}
	return ""
}

// readManifest returns the contents of a regular file, or nothing if it is too large to be a manifest.
func readManifest(name string) []byte {
	if !isFile(name) { // a pipe would block
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil || len(b) > maxManifest {
		return nil
	}
	return b
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
