package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// legal matches the names of files with licenses and notices.
var legal = regexp.MustCompile(`(?i)^(licen[cs]es?|copying|copyright|notice|patents)([-_.].*)?$`)

// read reads a work's licenses and notices: those of its root, and those in the directories of the packages that are used and
// above them, which are about code that the module has from elsewhere.
func (w *work) read() error {
	dirs := map[string]bool{}
	for dir := range w.dirs {
		for ; strings.HasPrefix(dir, w.root); dir = filepath.Dir(dir) {
			dirs[dir] = true
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if !entry.Type().IsRegular() || !legal.MatchString(entry.Name()) || filepath.Ext(entry.Name()) == ".go" {
				continue
			}
			body, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			if err != nil {
				return err
			}
			file, err := filepath.Rel(w.root, filepath.Join(dir, entry.Name()))
			if err != nil {
				return err
			}
			w.texts = append(w.texts, text{filepath.ToSlash(file), string(body)})
		}
	}
	if err := w.readHeaders(); err != nil {
		return err
	}
	return w.judge()
}

// copyrighted matches a line that names who holds a copyright.
var copyrighted = regexp.MustCompile(`(?im)^.*\bcopyright\b.*\d{4}.*$|^.*\(c\) \d{4}.*$`)

// readHeaders adds what the heads of compiled files say of an origin elsewhere: a whole license, or holders of a copyright that the
// licenses and notices do not name. The license of Apache asks for that in source files alone.
func (w *work) readHeaders() error {
	var known strings.Builder
	for _, t := range w.texts {
		known.WriteString(plain(t.body))
	}
	for _, path := range slices.Sorted(maps.Keys(w.files)) {
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		head := header(path, body)
		ids := licenses(head)
		if slices.Contains(ids, "Apache-2.0") && len(ids) == 1 {
			continue
		}
		lines := copyrighted.FindAllString(head, -1)
		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(known.String(), holder(line)) })
		if len(ids) == 0 && len(lines) == 0 {
			continue
		}
		file, err := filepath.Rel(w.root, path)
		if err != nil {
			return err
		}
		w.texts = append(w.texts, text{filepath.ToSlash(file), head})
	}
	return nil
}

// header returns the comments in front of a file's code.
func header(path string, body []byte) string {
	end := len(body)
	if filepath.Ext(path) == ".go" {
		files := token.NewFileSet()
		if parsed, err := parser.ParseFile(files, path, body, parser.PackageClauseOnly); err == nil {
			end = files.Position(parsed.Package).Offset
		}
	}
	var lines []string
	for line := range strings.Lines(string(body[:end])) {
		line = strings.TrimRight(line, " \t\r\n")
		comment := strings.TrimLeft(line, "/* \t")
		if comment == line && line != "" && filepath.Ext(path) != ".go" {
			break // an instruction
		}
		if !strings.HasPrefix(comment, "go:build ") {
			lines = append(lines, comment)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n")) + "\n"
}

var (
	spaces = regexp.MustCompile(`\s+`)
	years  = regexp.MustCompile(`(?i)copyright|\(c\)|©|all rights reserved|[\d, -]*\d{4}|[.;]+\s*$`)
)

func plain(s string) string { return strings.ToLower(spaces.ReplaceAllString(s, " ")) }

// holder returns who a copyright line names, without years.
func holder(line string) string { return strings.TrimSpace(plain(years.ReplaceAllString(line, " "))) }

// licenses returns the licenses whose whole text a text has.
func licenses(s string) []string {
	var ids []string
	for _, m := range licensecheck.Scan([]byte(s)).Match {
		if !m.IsURL && !slices.Contains(ids, m.ID) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// judge finds out a work's licenses, and fails if there is none or one that is not accepted.
func (w *work) judge() error {
	for _, t := range w.texts {
		for _, id := range licenses(t.body) {
			if !slices.Contains(accepted, id) {
				return fmt.Errorf("%s has the license %s, which is not on the list of those accepted", t.file, id)
			}
			if !slices.Contains(w.licenses, id) {
				w.licenses = append(w.licenses, id)
			}
		}
	}
	if len(w.licenses) == 0 {
		return fmt.Errorf("no license that is known in %s", w.root)
	}
	return nil
}
