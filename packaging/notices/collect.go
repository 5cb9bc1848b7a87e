package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A work is what others wrote: a module, the standard library, or a file that we embed.
type work struct {
	name, version string
	root          string          // its directory
	dirs          map[string]bool // of the packages that are used, within root
	files         map[string]bool // that are compiled, with their paths

	licenses []string // SPDX identifiers
	texts    []text
}

// A text is a license or notice of a work.
type text struct {
	file string // within the work
	body string
}

// goPackage is what "go list" prints of a package.
type goPackage struct {
	ImportPath, Dir, Root string
	Standard              bool
	GoFiles, SFiles       []string
	EmbedFiles            []string
	Module                *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// collect returns the works that are in the binaries, by name.
func collect() ([]*work, error) {
	works := map[string]*work{}
	for _, target := range targets {
		packages, err := list(target)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", target, err)
		}
		for _, p := range packages {
			if err := add(works, p); err != nil {
				return nil, fmt.Errorf("%s: %w", p.ImportPath, err)
			}
		}
	}
	all := slices.SortedFunc(maps.Values(works), func(a, b *work) int { return strings.Compare(a.name, b.name) })
	for _, w := range all {
		if err := w.read(); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return all, nil
}

// list returns the packages that a target's binary consists of.
func list(target string) ([]goPackage, error) {
	system, machine, _ := strings.Cut(target, "/")
	command := exec.Command("go", "list", "-deps", "-tags", tags,
		"-json=ImportPath,Dir,Root,Standard,GoFiles,SFiles,EmbedFiles,Module", ".")
	command.Dir = root
	command.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+machine, "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, complaints.Bytes())
	}
	var all []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// add enters a package's module, or what it embeds of others.
func add(works map[string]*work, p goPackage) error {
	switch {
	case p.Standard:
		// All of it has one license, and so have the modules that it vendors.
		enter(works, "Go's standard library and runtime", "", p.Root)
	case p.Module.Main:
		return addEmbedded(works, p)
	default:
		w := enter(works, p.Module.Path, p.Module.Version, p.Module.Dir)
		w.dirs[p.Dir] = true
		for _, name := range slices.Concat(p.GoFiles, p.SFiles) {
			w.files[filepath.Join(p.Dir, name)] = true
		}
	}
	return nil
}

func enter(works map[string]*work, name, version, dir string) *work {
	if works[name] == nil {
		works[name] = &work{name: name, version: version, root: dir, dirs: map[string]bool{dir: true}, files: map[string]bool{}}
	}
	return works[name]
}

// addEmbedded enters the files of others that a package of ours embeds. NAME.LICENSE stands beside such a file, and its first line
// names its source.
func addEmbedded(works map[string]*work, p goPackage) error {
	for _, file := range p.EmbedFiles {
		path := filepath.Join(p.Dir, file)
		license := strings.TrimSuffix(path, filepath.Ext(path)) + ".LICENSE"
		body, err := os.ReadFile(license)
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		content, err := os.Open(path)
		if err != nil {
			return err
		}
		var header struct{ Source, Version string }
		err = json.NewDecoder(content).Decode(&header)
		content.Close()
		if err != nil || header.Source == "" || header.Version == "" {
			return fmt.Errorf("%s does not name its source and version: %v", path, err)
		}
		w := enter(works, header.Source+" (data of it)", header.Version, p.Dir)
		w.dirs = nil
		w.texts = []text{{filepath.Base(license), string(body)}}
	}
	return nil
}
