package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed npm pypi
var texts embed.FS

// text returns a file of the packages as it is in this directory.
func text(path string) []byte {
	data, err := texts.ReadFile(path)
	if err != nil {
		panic(err) // it is embedded
	}
	return data
}

const (
	summary  = "See what a local MCP server does, without changing it: every call as OpenTelemetry spans, metrics and logs."
	homepage = "https://github.com/spanpipe/spanpipe"
)

// manifest is a package.json.
type manifest struct {
	Name                 string            `json:"name"`
	Version              string            `json:"version"`
	Description          string            `json:"description"`
	Keywords             []string          `json:"keywords,omitempty"`
	Homepage             string            `json:"homepage"`
	Bugs                 string            `json:"bugs"`
	Repository           map[string]string `json:"repository"`
	License              string            `json:"license"`
	OS                   []string          `json:"os,omitempty"`
	CPU                  []string          `json:"cpu,omitempty"`
	Engines              map[string]string `json:"engines,omitempty"`
	Main                 string            `json:"main,omitempty"`
	Types                string            `json:"types,omitempty"`
	Bin                  map[string]string `json:"bin"`
	PreferUnplugged      bool              `json:"preferUnplugged,omitempty"` // Yarn: a program cannot be started in an archive
	OptionalDependencies map[string]string `json:"optionalDependencies,omitempty"`
}

func newManifest(name, version string) manifest {
	return manifest{
		Name: name, Version: version, Description: summary, Homepage: homepage + "#readme", Bugs: homepage + "/issues",
		Repository: map[string]string{"type": "git", "url": "git+" + homepage + ".git"}, License: "Apache-2.0",
	}
}

// NPM returns the packages for npm by their file names: one for each system, and "spanpipe", which depends on them.
//
// Each has the command "spanpipe". npm links that of the package for the system, which comes first in its order, so what starts
// is the program itself; docs/adr/0039-the-program-itself-in-packages.md has the reasons.
func (r *Release) NPM() (map[string][]byte, error) {
	version, err := NPMVersion(r.Version)
	if err != nil {
		return nil, err
	}
	packages := map[string][]byte{}
	dependencies := map[string]string{}
	for _, t := range Targets {
		system := t.NPMOS + "-" + t.NPMCPU
		program := "bin/" + t.program()
		m := newManifest("@spanpipe/"+system, version)
		m.Description = "The program of spanpipe for " + system + ". Install spanpipe instead."
		m.OS, m.CPU, m.PreferUnplugged = []string{t.NPMOS}, []string{t.NPMCPU}, true
		m.Bin = map[string]string{"spanpipe": program}
		readme := strings.ReplaceAll(string(text("npm/README.platform.md")), "SYSTEM", system)
		files := append(r.legal(), File{"README.md", []byte(readme), false}, File{program, r.Programs[t.Target], true})
		name := fmt.Sprintf("spanpipe-%s-%s.tgz", system, version) // as "npm pack" names it
		if packages[name], err = pack(m, files); err != nil {
			return nil, err
		}
		dependencies[m.Name] = version
	}
	m := newManifest("spanpipe", version)
	m.Keywords = []string{"mcp", "model-context-protocol", "opentelemetry", "observability", "tracing", "stdio", "proxy"}
	m.Engines = map[string]string{"node": ">=18"}
	m.Main, m.Types, m.Bin = "index.js", "index.d.ts", map[string]string{"spanpipe": "spanpipe.js"}
	m.OptionalDependencies = dependencies
	files := []File{
		{"LICENSE", r.License, false},
		{"README.md", text("npm/README.md"), false},
		{"index.js", text("npm/index.js"), false},
		{"index.d.ts", text("npm/index.d.ts"), false},
		{"spanpipe.js", text("npm/spanpipe.js"), true},
	}
	packages["spanpipe-"+version+".tgz"], err = pack(m, files)
	return packages, err
}

// legal returns the licence of spanpipe, and those of what is in its program.
func (r *Release) legal() []File {
	return []File{{"LICENSE", r.License, false}, {notices, r.Notices, false}}
}

// pack returns a package as a registry of npm keeps it.
func pack(m manifest, files []File) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(m); err != nil {
		return nil, err
	}
	all := []File{{"package/package.json", out.Bytes(), false}}
	for _, f := range files {
		f.Path = "package/" + f.Path
		all = append(all, f)
	}
	return tarball(all)
}
