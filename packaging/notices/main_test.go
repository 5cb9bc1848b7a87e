package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A new dependency, a new version or a new license fails here until the page is written anew.
func TestNoticesAreCurrent(t *testing.T) {
	var want bytes.Buffer
	if err := write(&want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "THIRD_PARTY_NOTICES.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("THIRD_PARTY_NOTICES.md is not current; write it with: go -C packaging/notices run . > THIRD_PARTY_NOTICES.md")
	}
}

// The page is about what is released: the targets and tags are those of .goreleaser.yaml.
func TestTargetsAreThoseOfTheRelease(t *testing.T) {
	config, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	values := func(key string) []string {
		block := regexp.MustCompile(`(?m)^    ` + key + `:\n((?:      - .*\n)+)`).FindSubmatch(config)
		if block == nil {
			t.Fatalf("no %s in .goreleaser.yaml", key)
		}
		return strings.Fields(strings.ReplaceAll(string(block[1]), "- ", ""))
	}
	var released []string
	for _, system := range values("goos") {
		for _, machine := range values("goarch") {
			released = append(released, system+"/"+machine)
		}
	}
	if !slices.Equal(released, targets) {
		t.Errorf("released are %v, the notices are of %v", released, targets)
	}
	if got := strings.Join(values("tags"), ","); got != tags {
		t.Errorf("the release's tags are %s, those of the notices %s", got, tags)
	}
}

func TestAWorkIsJudged(t *testing.T) {
	mit, err := os.ReadFile(filepath.Join(root, "consent/redact/rules.LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	gpl := "This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as " +
		"published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version."
	for name, test := range map[string]struct {
		files map[string]string
		wrong string
	}{
		"a license":             {map[string]string{"LICENSE": string(mit)}, ""},
		"none":                  {map[string]string{"README": "free"}, "no license"},
		"a notice alone":        {map[string]string{"NOTICE": "Made by us."}, "no license"},
		"not accepted":          {map[string]string{"COPYING": gpl}, "not on the list"},
		"in a nested directory": {map[string]string{"LICENSE": string(mit), "used/LICENSE.txt": gpl}, "not on the list"},
		"of what is not used":   {map[string]string{"LICENSE": string(mit), "other/LICENSE": gpl}, ""},
		"at the head of a file": {map[string]string{"LICENSE": string(mit), "used/file.go": "/*\n" + gpl + "\n*/\npackage used\n"}, "not on the list"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := &work{root: dir, dirs: map[string]bool{dir: true, filepath.Join(dir, "used"): true}, files: map[string]bool{}}
			for _, sub := range []string{"used", "other"} {
				if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for file, body := range test.files {
				path := filepath.Join(dir, file)
				if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
					t.Fatal(err)
				}
				if filepath.Ext(file) == ".go" {
					w.files[path] = true
				}
			}
			err := w.read()
			if (err != nil) != (test.wrong != "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("got error %v, want %q", err, test.wrong)
			}
		})
	}
}
