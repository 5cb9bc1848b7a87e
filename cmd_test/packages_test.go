package cmd_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

var forRegistries struct {
	once sync.Once
	dir  string
}

// releases returns a directory with the packages for npm and PyPI. It is the one that SPANPIPE_TEST_DIST names, as in the release stage,
// or else has packages of the product for this system, and nothing in those for others.
func releases(t *testing.T) string {
	t.Helper()
	if dist := os.Getenv("SPANPIPE_TEST_DIST"); dist != "" {
		return dist
	}
	program := read(t, binary(t))
	forRegistries.once.Do(func() {
		forRegistries.dir = filepath.Join(built.dir, "dist")
		pack(t, forRegistries.dir, "0.1.0", program)
	})
	return forRegistries.dir
}

// pack makes packages of a version in a new directory.
func pack(t *testing.T, dist, version string, program []byte) {
	t.Helper()
	if err := os.MkdirAll(dist, 0o755); err != nil {
		t.Fatal(err)
	}
	var artifacts []map[string]string
	for _, goos := range []string{"linux", "darwin", "windows"} {
		for _, goarch := range []string{"amd64", "arm64"} {
			name, data := goos+"_"+goarch, []byte("a program for another system")
			if goos == runtime.GOOS && goarch == runtime.GOARCH {
				data = program
			}
			put(t, filepath.Join(dist, name), string(data))
			artifacts = append(artifacts, map[string]string{"type": "Binary", "path": "dist/" + name, "goos": goos, "goarch": goarch})
		}
	}
	text, err := json.Marshal(artifacts)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dist, "artifacts.json"), string(text))
	put(t, filepath.Join(dist, "metadata.json"), `{"version":"`+version+`"}`)
	out, err := exec.Command("go", "run", "../packaging", "-root", "..", "-dist", dist).CombinedOutput()
	if err != nil {
		t.Fatalf("packaging: %v\n%s", err, out)
	}
}

// read returns what a file contains.
func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// put writes a file.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// npmRegistry serves packages as the registry of npm does, and nothing else. The last version is the latest.
func npmRegistry(t *testing.T, dists ...string) string {
	t.Helper()
	tarballs, documents := map[string][]byte{}, map[string]map[string]any{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, _ := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/"))
		if data, ok := tarballs[path]; ok {
			_, _ = w.Write(data) // a client that leaves sees it
		} else if document, ok := documents[path]; ok {
			_ = json.NewEncoder(w).Encode(document)
		} else {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	for _, dist := range dists {
		paths, err := filepath.Glob(filepath.Join(dist, "npm", "*.tgz"))
		if err != nil || len(paths) != 7 {
			t.Fatalf("%d packages for npm, want 7: %v", len(paths), err)
		}
		for _, path := range paths {
			data := read(t, path)
			file := "tarballs/" + filepath.Base(path)
			tarballs[file] = data
			m := packageJSON(t, data)
			sum := sha512.Sum512(data)
			m["dist"] = map[string]string{
				"tarball": server.URL + "/" + file, "integrity": "sha512-" + base64.StdEncoding.EncodeToString(sum[:]),
			}
			name, version := fmt.Sprint(m["name"]), fmt.Sprint(m["version"])
			if documents[name] == nil {
				documents[name] = map[string]any{"name": name, "versions": map[string]any{}}
			}
			documents[name]["versions"].(map[string]any)[version] = m
			documents[name]["dist-tags"] = map[string]string{"latest": version}
		}
	}
	return server.URL
}

// packageJSON returns the manifest of a package.
func packageJSON(t *testing.T, tgz []byte) (m map[string]any) {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(tgz))
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(plain)
	for {
		header, err := archive.Next()
		if err != nil {
			t.Fatalf("looking for package.json: %v", err)
		}
		if header.Name == "package/package.json" {
			text, err := io.ReadAll(archive)
			if err == nil {
				err = json.Unmarshal(text, &m)
			}
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
	}
}

// shell is where package managers run: an empty home.
type shell struct {
	home

	variables []string
}

// run runs a program and returns its output. It has to succeed.
func (s shell) run(t *testing.T, line ...string) string {
	t.Helper()
	out, err := s.try(line...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(line, " "), err, out)
	}
	return out
}

// try runs a program and returns its output, on both streams.
func (s shell) try(line ...string) (string, error) {
	cmd := exec.Command(line[0], line[1:]...)
	s.in(s.variables...)(cmd)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// at returns a path in the working directory.
func (s shell) at(names ...string) string {
	return filepath.Join(append([]string{s.root, "cwd"}, names...)...)
}

// runTestsWith runs tests of this package with a program in the place of the product.
func runTestsWith(t *testing.T, program, tests string, variables ...string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run", tests, "-test.v")
	cmd.Env = append(slices.Concat(os.Environ(), variables), "SPANPIPE_TEST_BINARY="+program)
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS")) {
		t.Errorf("%s with %s: %v\n%s", tests, program, err, out)
	}
}
