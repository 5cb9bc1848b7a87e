package main_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	packaging "github.com/spanpipe/spanpipe/packaging"
)

// release returns one whose programs are their names.
func release() *packaging.Release {
	r := &packaging.Release{
		Version: "1.2.3", Programs: map[packaging.Target][]byte{}, License: []byte("the licence"), Notices: []byte("the notices"),
	}
	for _, t := range packaging.Targets {
		r.Programs[t.Target] = []byte(t.OS + "/" + t.Arch)
	}
	return r
}

func TestVersions(t *testing.T) {
	for _, test := range []struct{ version, npm, pypi string }{
		{"0.1.0", "0.1.0", "0.1.0"},
		{"1.20.3", "1.20.3", "1.20.3"},
		{"1.0.0-rc.1", "1.0.0-rc.1", "1.0.0rc1"},
		{"1.0.0-alpha.10", "1.0.0-alpha.10", "1.0.0a10"},
		{"1.0.0-beta.0", "1.0.0-beta.0", "1.0.0b0"},
		{"0.1.1-snapshot+0123456", "0.1.1-snapshot.g0123456", "0.1.1.dev0+g0123456"},
		{"0.0.1-snapshot+none", "0.0.1-snapshot.gnone", "0.0.1.dev0+gnone"},
		{"1.0", "", ""},
		{"v1.0.0", "", ""},
		{"1.0.0-rc1", "", ""},
		{"1.0.0+build", "", ""},
		{"", "", ""},
	} {
		npm, err := packaging.NPMVersion(test.version)
		if npm != test.npm || (err != nil) != (test.npm == "") {
			t.Errorf("npm: %q becomes %q, %v; want %q", test.version, npm, err, test.npm)
		}
		pypi, err := packaging.PyPIVersion(test.version)
		if pypi != test.pypi || (err != nil) != (test.pypi == "") {
			t.Errorf("PyPI: %q becomes %q, %v; want %q", test.version, pypi, err, test.pypi)
		}
	}
}

// entry is a file of an archive.
type entry struct {
	data string
	mode fs.FileMode
}

func untar(t *testing.T, data []byte) map[string]entry {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	archive, entries := tar.NewReader(plain), map[string]entry{}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		entries[header.Name] = entry{string(text), fs.FileMode(header.Mode)}
	}
}

func unzip(t *testing.T, data []byte) map[string]entry {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	entries := map[string]entry{}
	for _, f := range archive.File {
		text, err := fs.ReadFile(archive, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		entries[f.Name] = entry{string(text), f.Mode()}
	}
	return entries
}

// TestNPM: the package of each system has its program alone, and "spanpipe" depends on this very version of each.
func TestNPM(t *testing.T) {
	packages, err := release().NPM()
	if err != nil {
		t.Fatal(err)
	}
	type manifest struct {
		Name, Version        string
		OS, CPU              []string
		Bin                  map[string]string
		Scripts              map[string]string
		OptionalDependencies map[string]string
	}
	read := func(entries map[string]entry) (m manifest) {
		if err := json.Unmarshal([]byte(entries["package/package.json"].data), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	main := untar(t, packages["spanpipe-1.2.3.tgz"])
	for _, name := range []string{"LICENSE", "README.md", "index.js", "index.d.ts", "spanpipe.js"} {
		if main["package/"+name].data == "" {
			t.Errorf("spanpipe has no %s: %v", name, slices.Sorted(maps.Keys(main)))
		}
	}
	m := read(main)
	if m.Name != "spanpipe" || m.Scripts != nil || main["package/spanpipe.js"].mode != 0o755 || m.Bin["spanpipe"] != "spanpipe.js" {
		t.Errorf("manifest of spanpipe: %+v", m)
	}
	if len(packages) != 7 || len(m.OptionalDependencies) != 6 {
		t.Fatalf("%d packages and %d dependencies, want 7 and 6", len(packages), len(m.OptionalDependencies))
	}
	for _, target := range packaging.Targets {
		system := target.NPMOS + "-" + target.NPMCPU
		entries := untar(t, packages["spanpipe-"+system+"-1.2.3.tgz"])
		one := read(entries)
		program := entries["package/"+one.Bin["spanpipe"]]
		if program.data != target.OS+"/"+target.Arch || program.mode != 0o755 {
			t.Errorf("%s: the program is %q, mode %v", system, program.data, program.mode)
		}
		if m.OptionalDependencies[one.Name] != one.Version || one.Name != "@spanpipe/"+system || one.Version != "1.2.3" || one.Scripts != nil ||
			!slices.Equal(one.OS, []string{target.NPMOS}) || !slices.Equal(one.CPU, []string{target.NPMCPU}) {
			t.Errorf("%s: manifest %+v", system, one)
		}
		if entries["package/LICENSE"].data != "the licence" || entries["package/THIRD_PARTY_NOTICES.md"].data != "the notices" {
			t.Errorf("%s: licences are missing: %v", system, slices.Sorted(maps.Keys(entries)))
		}
	}
}

// TestWheels: every file is in RECORD with its hash, and what the file's name says is in WHEEL.
func TestWheels(t *testing.T) {
	wheels, err := release().Wheels()
	if err != nil || len(wheels) != len(packaging.Targets) {
		t.Fatalf("%d wheels: %v", len(wheels), err)
	}
	for _, target := range packaging.Targets {
		name := "spanpipe-1.2.3-py3-none-" + target.Wheel + ".whl"
		entries := unzip(t, wheels[name])
		const info = "spanpipe-1.2.3.dist-info/"
		program := "spanpipe-1.2.3.data/scripts/spanpipe"
		if target.OS == "windows" {
			program += ".exe"
		}
		if got := entries[program]; got.data != target.OS+"/"+target.Arch || got.mode != 0o755 {
			t.Errorf("%s: the program is %q, mode %v", name, got.data, got.mode)
		}
		rows, err := csv.NewReader(strings.NewReader(entries[info+"RECORD"].data)).ReadAll()
		if err != nil || len(rows) != len(entries) {
			t.Errorf("%s: %d files, of which RECORD has %d: %v", name, len(entries), len(rows), err)
		}
		for _, row := range rows {
			data := entries[row[0]].data
			sum := sha256.Sum256([]byte(data))
			want := []string{row[0], "sha256=" + base64.RawURLEncoding.EncodeToString(sum[:]), fmt.Sprint(len(data))}
			if row[0] == info+"RECORD" {
				want = []string{row[0], "", ""}
			}
			if !slices.Equal(row, want) {
				t.Errorf("%s: RECORD has %q, want %q", name, row, want)
			}
		}
		for platform := range strings.SplitSeq(target.Wheel, ".") {
			if !strings.Contains(entries[info+"WHEEL"].data, "\nTag: py3-none-"+platform+"\n") {
				t.Errorf("%s: no tag for %s", name, platform)
			}
		}
		metadata := entries[info+"METADATA"].data
		for _, want := range []string{"\nName: spanpipe\n", "\nVersion: 1.2.3\n", "\nLicense-File: THIRD_PARTY_NOTICES.md\n", "\n\n# spanpipe\n"} {
			if !strings.Contains(metadata, want) {
				t.Errorf("%s: no %q in METADATA", name, want)
			}
		}
		if entries[info+"licenses/LICENSE"].data != "the licence" || entries[info+"licenses/THIRD_PARTY_NOTICES.md"].data != "the notices" {
			t.Errorf("%s: licences are missing", name)
		}
	}
}

// TestReproducible: equal programs give equal packages.
func TestReproducible(t *testing.T) {
	for _, build := range []func(*packaging.Release) (map[string][]byte, error){(*packaging.Release).NPM, (*packaging.Release).Wheels} {
		one, err := build(release())
		if err != nil {
			t.Fatal(err)
		}
		other, err := build(release())
		if err != nil {
			t.Fatal(err)
		}
		if !maps.EqualFunc(one, other, bytes.Equal) {
			t.Error("two builds differ")
		}
	}
}

// TestReadRelease: a program that is missing, and one more than there are packages, is an error.
func TestReadRelease(t *testing.T) {
	for _, test := range []struct {
		name    string
		systems []string
		want    string
	}{
		{"all", []string{"linux", "darwin", "windows"}, ""},
		{"one is missing", []string{"linux", "darwin"}, "has no program for windows/amd64"},
		{"one more", []string{"linux", "darwin", "windows", "freebsd"}, "systems that have no package"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root, dist := t.TempDir(), t.TempDir()
			put := func(path, text string) {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			put(filepath.Join(root, "LICENSE"), "the licence")
			put(filepath.Join(root, "THIRD_PARTY_NOTICES.md"), "the notices")
			put(filepath.Join(dist, "metadata.json"), `{"version":"1.2.3"}`)
			artifacts := []map[string]string{{"type": "Archive", "path": "dist/none.zip"}}
			for _, goos := range test.systems {
				for _, goarch := range []string{"amd64", "arm64"} {
					put(filepath.Join(dist, goos+goarch), goos+"/"+goarch)
					artifacts = append(artifacts, map[string]string{
						"type": "Binary", "path": "dist/" + goos + goarch, "goos": goos, "goarch": goarch,
					})
				}
			}
			text, err := json.Marshal(artifacts)
			if err != nil {
				t.Fatal(err)
			}
			put(filepath.Join(dist, "artifacts.json"), string(text))
			r, err := packaging.ReadRelease(root, dist)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := release()
			if r.Version != want.Version || string(r.License) != "the licence" || string(r.Notices) != "the notices" || !maps.EqualFunc(r.Programs, want.Programs, bytes.Equal) {
				t.Errorf("got %+v", r)
			}
		})
	}
}
