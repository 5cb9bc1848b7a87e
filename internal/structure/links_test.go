package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	links    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	fences   = regexp.MustCompile("(?ms)^```.*?^```")
	noAnchor = regexp.MustCompile(`[^\pL\pN _-]`)
)

// TestLinks checks the links between the project's pages: the target exists, with the same spelling, and has the
// heading.
func TestLinks(t *testing.T) {
	root, seen := root(t), 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "generated") { // copies, for packages
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		for _, link := range links.FindAllStringSubmatch(page(t, path), -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			seen++
			target, anchor, _ := strings.Cut(link[1], "#")
			to := path
			if target != "" {
				to = filepath.Join(filepath.Dir(path), filepath.FromSlash(target))
			}
			if !exists(to) {
				t.Errorf("%s links to %s, which does not exist", path, link[1])
			} else if anchor != "" && !slices.Contains(anchors(page(t, to)), anchor) {
				t.Errorf("%s links to %s, which has no such heading", path, link[1])
			}
		}
		return nil
	})
	if err != nil || seen < 10 {
		t.Fatalf("found %d links, error %v", seen, err)
	}
}

// page returns a Markdown file's text without its code blocks.
func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fences.ReplaceAllString(string(text), "")
}

// exists reports whether there is a file of exactly this name, also on file systems that ignore case.
func exists(path string) bool {
	entries, _ := os.ReadDir(filepath.Dir(path))
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == filepath.Base(path) })
}

// anchors returns the names that GitHub gives to a page's headings.
func anchors(text string) []string {
	var all []string
	for _, h := range headings.FindAllStringSubmatch(text, -1) {
		all = append(all, strings.ReplaceAll(noAnchor.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
	}
	return all
}
