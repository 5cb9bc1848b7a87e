//go:build dist && linux

// The tests of what is released: they need what goreleaser has built, and tools of the distributions as root. ".ci/run release" runs them.

package cmd_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// dist is where goreleaser has put its files.
const dist = "../dist"

// distFile returns the only file of the release that matches a pattern.
func distFile(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dist, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%d files are %s in %s (%v): .ci/run release builds them", len(found), pattern, dist, err)
	}
	file, err := filepath.Abs(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// systemTool runs a program with nothing in its environment but where the system's programs are, and fails the test if that fails.
func systemTool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := withoutEnvironment(t.TempDir(), name, args...)
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return out
}

// withoutEnvironment runs a program in an environment that has nothing but an empty home and where the system's programs are.
func withoutEnvironment(home, name string, args ...string) (string, error) {
	return withEnvironment([]string{"HOME=" + home, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}, name, args...)
}

// withEnvironment runs a program, from no directory in particular, and returns what it prints.
func withEnvironment(environ []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Dir = environ, "/"
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// packed returns the files of an archive with what they contain.
func packed(t *testing.T, archive string) map[string][]byte {
	t.Helper()
	body, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	if filepath.Ext(archive) == ".zip" {
		reader, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range reader.File {
			in, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if files[f.Name], err = io.ReadAll(in); err != nil {
				t.Fatal(err)
			}
		}
		return files
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for reader := tar.NewReader(unzipped); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "root" || header.Gname != "root" {
			t.Errorf("%s belongs to %s (%d)", header.Name, header.Uname, header.Uid)
		}
	}
}

// TestDistArchives: each of the six archives has the program and all that belongs to it.
func TestDistArchives(t *testing.T) {
	for _, target := range []string{"linux_amd64.tar.gz", "linux_arm64.tar.gz", "darwin_amd64.tar.gz", "darwin_arm64.tar.gz",
		"windows_amd64.zip", "windows_arm64.zip"} {
		t.Run(target, func(t *testing.T) {
			files := packed(t, distFile(t, "spanpipe_*_"+target))
			program := "spanpipe"
			if strings.HasPrefix(target, "windows") {
				program += ".exe"
			}
			for _, name := range []string{program, "man/spanpipe.1", "completions/spanpipe.bash", "completions/_spanpipe",
				"completions/spanpipe.fish", "completions/spanpipe.ps1"} {
				if len(files[name]) == 0 {
					t.Errorf("no %s", name)
				}
			}
			for _, name := range shipped(t) {
				want, err := os.ReadFile(filepath.Join("..", name))
				if err != nil {
					t.Fatal(err)
				}
				if got, ok := files[name]; !ok || !bytes.Equal(got, want) {
					t.Errorf("%s is not that of the repository (there at all: %v)", name, ok)
				}
			}
			if want := len(shipped(t)) + 6; len(files) != want {
				t.Errorf("%d files, want %d", len(files), want)
			}
		})
	}
}

// shipped returns the files of the repository that archives and packages have.
func shipped(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "-C", "..", "ls-files", "LICENSE", "THIRD_PARTY_NOTICES.md", "README.md", "TELEMETRY.md", "CHANGELOG.md",
		"SECURITY.md", "docs", "deploy", ":!deploy/generate", ":!deploy/package").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(string(out))
	if len(files) < 100 {
		t.Fatalf("git knows %d of them", len(files))
	}
	return files
}

// TestDistLinks: pages that refer to each other are shipped together. What they refer to in the code is in the repository alone.
func TestDistLinks(t *testing.T) {
	files := packed(t, distFile(t, "spanpipe_*_linux_amd64.tar.gz"))
	link, seen := regexp.MustCompile(`\]\(([^)\s#:]+)(#[^)\s]*)?\)`), 0
	for name, page := range files {
		if path.Ext(name) != ".md" {
			continue
		}
		for _, found := range link.FindAllStringSubmatch(string(page), -1) {
			target := path.Join(path.Dir(name), found[1])
			_, shipped := files[target]
			for other := range files {
				shipped = shipped || strings.HasPrefix(other, target+"/")
			}
			if top, _, _ := strings.Cut(target, "/"); !shipped && (top == "docs" || top == "deploy" || !strings.Contains(target, "/")) &&
				target != "CONTRIBUTING.md" {
				t.Errorf("%s refers to %s, which is not shipped", name, target)
			}
			seen++
		}
	}
	if seen < 100 {
		t.Errorf("found %d links", seen)
	}
}

// TestPeersDistArchive: what was unpacked from the archive works in an empty home, and wraps a server from npm.
func TestPeersDistArchive(t *testing.T) {
	dir := t.TempDir()
	systemTool(t, "tar", "-xzf", distFile(t, "spanpipe_*_linux_"+runtime.GOARCH+".tar.gz"), "-C", dir)
	wraps(t, filepath.Join(dir, "spanpipe"))
}

// wraps shows that an installed program works: it wraps the server of its demo and one from npm, in a home that stays empty until
// telemetry is asked for.
func wraps(t *testing.T, program string) {
	t.Helper()
	p := newPeers(t)
	everything := p.server("server-everything")
	environ := []string{"HOME=" + t.TempDir(), "PATH=" + filepath.Dir(program)}
	for name, server := range map[string][]string{"demo": {program, "demo-server"}, "npm": everything} {
		out, err := withEnvironment(environ, program, append([]string{"try", "--"}, server...)...)
		if err != nil || !strings.Contains(out, "mcp.session") {
			t.Errorf("try with the server of %s: %v\n%s", name, err, out)
		}
	}
	home := strings.TrimPrefix(environ[0], "HOME=")
	if left := tree(t, home); len(left) > 0 {
		t.Errorf("without telemetry, the home has %v", left)
	}
	out, err := withEnvironment(append(environ, "SPANPIPE_TELEMETRY=local"), program, append([]string{"try", "--call", "echo",
		"--arguments", `{"message":"hello"}`, "--"}, everything...)...)
	if err != nil {
		t.Errorf("try with telemetry: %v\n%s", err, out)
	}
	if out, err = withEnvironment(environ, program, "show", "last"); err != nil || !strings.Contains(out, "echo") {
		t.Errorf("show: %v\n%s", err, out)
	}
}

// tree returns the paths below a directory.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if path != dir {
			all = append(all, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// TestDistManual: the formatters of Linux, macOS and the BSDs accept the manual page, and it is of this version.
func TestDistManual(t *testing.T) {
	dir := t.TempDir()
	systemTool(t, "tar", "-xzf", distFile(t, "spanpipe_*_linux_amd64.tar.gz"), "-C", dir)
	page := filepath.Join(dir, "man/spanpipe.1")
	systemTool(t, "mandoc", "-Tlint", "-Wwarning", page)
	text, err := withEnvironment([]string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "MANWIDTH=80"}, "man", "--warnings", "-l", page)
	if err != nil || strings.Contains(text, "warning:") || strings.Contains(text, "\u2010") {
		t.Errorf("man: %v\n%s", err, text)
	}
	version := strings.Fields(systemTool(t, filepath.Join(distFile(t, "spanpipe_linux_"+runtime.GOARCH+"_*"), "spanpipe"), "version"))[1]
	for _, want := range []string{"SPANPIPE(1)", "spanpipe " + version, "--telemetry LIST", "SPANPIPE_TELEMETRY", "spanpipe try --"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
