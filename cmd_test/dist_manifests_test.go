//go:build dist && linux

package cmd_test

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sums returns the checksums that the release states, by the names of its files.
func sums(t *testing.T) map[string]string {
	t.Helper()
	body, err := os.ReadFile(distFile(t, "checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(body)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		all[name] = sum
	}
	return all
}

// TestDistChecksums: they are of all that is released, and right.
func TestDistChecksums(t *testing.T) {
	all := sums(t)
	for pattern, want := range map[string]int{"*.tar.gz": 4, "*.zip": 2, "*.deb": 2, "*.rpm": 2, "*.cdx.json": 6} {
		files, err := filepath.Glob(filepath.Join(dist, pattern))
		if err != nil || len(files) != want {
			t.Errorf("%d files are %s, want %d", len(files), pattern, want)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(body); all[filepath.Base(file)] != hex.EncodeToString(sum[:]) {
				t.Errorf("%s: stated is %q", file, all[filepath.Base(file)])
			}
			delete(all, filepath.Base(file))
		}
	}
	if len(all) > 0 {
		t.Errorf("checksums of what is not there: %v", all)
	}
}

// TestDistManifests: what Homebrew and Scoop download is what was built, and in it is what they look for.
func TestDistManifests(t *testing.T) {
	cask, err := os.ReadFile(distFile(t, "homebrew/Casks/spanpipe.rb"))
	if err != nil {
		t.Fatal(err)
	}
	systemTool(t, "ruby", "-c", distFile(t, "homebrew/Casks/spanpipe.rb"))
	version := regexp.MustCompile(`version "(.*)"`).FindStringSubmatch(string(cask))[1]
	stated := regexp.MustCompile(`sha256 "(\w+)"\s+url "https://github\.com/spanpipe/spanpipe/releases/download/[^/]+/(.+)"`)
	downloads := map[string]string{}
	for _, m := range stated.FindAllStringSubmatch(string(cask), -1) {
		downloads[strings.ReplaceAll(m[2], "#{version}", version)] = m[1]
	}
	files := packed(t, distFile(t, "spanpipe_*_darwin_arm64.tar.gz"))
	parts := regexp.MustCompile(`(?m)^  (binary|manpage|bash_completion|zsh_completion|fish_completion) "(.+)"$`).FindAllStringSubmatch(string(cask), -1)
	for _, m := range parts {
		if len(files[m[2]]) == 0 {
			t.Errorf("the cask wants %s, which the archive does not have", m[2])
		}
	}
	if len(parts) != 5 {
		t.Errorf("the cask has %q, want a binary, a manual page and three completions", parts)
	}

	body, err := os.ReadFile(distFile(t, "scoop/spanpipe.json"))
	if err != nil {
		t.Fatal(err)
	}
	var scoop struct {
		Version      string
		Architecture map[string]struct {
			URL, Hash string
			Bin       []string
		}
	}
	if err := json.Unmarshal(body, &scoop); err != nil || scoop.Version != version || len(scoop.Architecture) != 2 {
		t.Errorf("%v, version %s, want %s, and two architectures: %s", err, scoop.Version, version, body)
	}
	for _, a := range scoop.Architecture {
		downloads[path.Base(a.URL)] = a.Hash
		if len(a.Bin) != 1 || len(packed(t, distFile(t, path.Base(a.URL)))[a.Bin[0]]) == 0 {
			t.Errorf("%s does not have %v", a.URL, a.Bin)
		}
	}
	if len(downloads) != 6 {
		t.Errorf("downloads are %v, want six", downloads)
	}
	for name, sum := range downloads {
		if all := sums(t); all[name] == "" || all[name] != sum {
			t.Errorf("%s: the manifest states %s, checksums.txt %q", name, sum, all[name])
		}
	}
}

// TestDistContents: what is linked into a binary is in its bill of materials, with a license, and in the notices. The list is that of
// the linker.
func TestDistContents(t *testing.T) {
	notices, err := os.ReadFile("../THIRD_PARTY_NOTICES.md")
	if err != nil {
		t.Fatal(err)
	}
	binaries, err := filepath.Glob(filepath.Join(dist, "spanpipe_*_*", "spanpipe*"))
	if err != nil || len(binaries) != 6 {
		t.Fatalf("%d binaries, %v", len(binaries), err)
	}
	for _, binary := range binaries {
		info, err := buildinfo.ReadFile(binary)
		if err != nil {
			t.Fatal(err)
		}
		target := strings.Split(filepath.Base(filepath.Dir(binary)), "_")
		body, err := os.ReadFile(distFile(t, "spanpipe_*_"+target[1]+"_"+target[2]+".cdx.json"))
		if err != nil {
			t.Fatal(err)
		}
		var bill struct {
			BOMFormat  string `json:"bomFormat"`
			Components []struct {
				Name, Version string
				Licenses      []any
			}
		}
		if err := json.Unmarshal(body, &bill); err != nil || bill.BOMFormat != "CycloneDX" {
			t.Fatalf("%s: %v", target, err)
		}
		listed := map[string]int{}
		for _, c := range bill.Components {
			listed[c.Name+" "+c.Version] = len(c.Licenses)
		}
		for _, module := range info.Deps {
			if licenses, ok := listed[module.Path+" "+module.Version]; !ok || licenses == 0 {
				t.Errorf("%v: the bill of materials has %s: %v, with %d licenses", target, module.Path, ok, licenses)
			}
			if !strings.Contains(string(notices), "\n| "+module.Path+" | "+module.Version+" | ") {
				t.Errorf("%v: the notices lack %s %s", target, module.Path, module.Version)
			}
		}
		if len(info.Deps) < 20 {
			t.Errorf("%v: %d modules", target, len(info.Deps))
		}
	}
	if !strings.Contains(string(notices), "gitleaks") || !strings.Contains(string(notices), "Zachary Rice") {
		t.Error("the notices lack gitleaks, whose rules are embedded")
	}
}
