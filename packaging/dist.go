package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Release is what packages are made of.
type Release struct {
	Version  string // a semantic version without "v", such as "0.1.0" or "0.1.1-snapshot+0123abc"
	Programs map[Target][]byte
	License  []byte
	Notices  []byte // the licences of all modules in the program
}

// Target is a system that goreleaser builds for, by Go's names.
type Target struct{ OS, Arch string }

// Targets are all of them, with their names on npm and PyPI.
//
// The program is static and needs no C library, so the same one is right for glibc and musl; Go needs Linux 3.2, which is older
// than what manylinux2014 stands for. Programs that Go 1.26 builds for macOS need its version 12.
var Targets = []struct {
	Target

	NPMOS, NPMCPU string
	Wheel         string // the platform tags
}{
	{Target{"linux", "amd64"}, "linux", "x64", "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64"},
	{Target{"linux", "arm64"}, "linux", "arm64", "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64"},
	{Target{"darwin", "amd64"}, "darwin", "x64", "macosx_12_0_x86_64"},
	{Target{"darwin", "arm64"}, "darwin", "arm64", "macosx_12_0_arm64"},
	{Target{"windows", "amd64"}, "win32", "x64", "win_amd64"},
	{Target{"windows", "arm64"}, "win32", "arm64", "win_arm64"},
}

// program returns the file name of the program.
func (t Target) program() string {
	if t.OS == "windows" {
		return "spanpipe.exe"
	}
	return "spanpipe"
}

// ReadRelease reads what goreleaser has left in its directory, usually dist, and the licences in root, the checkout.
func ReadRelease(root, dist string) (*Release, error) {
	r := &Release{Programs: map[Target][]byte{}}
	var metadata struct{ Version string }
	if err := readJSON(filepath.Join(dist, "metadata.json"), &metadata); err != nil {
		return nil, err
	}
	r.Version = metadata.Version
	var artifacts []struct{ Path, Goos, Goarch, Type string }
	if err := readJSON(filepath.Join(dist, "artifacts.json"), &artifacts); err != nil {
		return nil, err
	}
	for _, a := range artifacts {
		if a.Type != "Binary" {
			continue
		}
		// Its paths begin with the name of its directory, which may have been moved.
		_, below, _ := strings.Cut(filepath.ToSlash(a.Path), "/")
		program, err := os.ReadFile(filepath.Join(dist, filepath.FromSlash(below)))
		if err != nil {
			return nil, err
		}
		r.Programs[Target{a.Goos, a.Goarch}] = program
	}
	for _, t := range Targets {
		if r.Programs[t.Target] == nil {
			return nil, fmt.Errorf("%s has no program for %s/%s: build all targets with goreleaser", dist, t.OS, t.Arch)
		}
	}
	if len(r.Programs) > len(Targets) {
		return nil, fmt.Errorf("%s has programs for systems that have no package: add them to Targets in packaging/dist.go", dist)
	}
	var err error
	if r.License, err = os.ReadFile(filepath.Join(root, "LICENSE")); err != nil {
		return nil, err
	}
	r.Notices, err = os.ReadFile(filepath.Join(root, notices))
	return r, err
}

// notices is the file with the licences of all modules in the program.
const notices = "THIRD_PARTY_NOTICES.md"

func readJSON(path string, to any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
