package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const (
	maxColumns = 120
	tabColumns = 4
)

// Lines counts the lines of one directory's product code, for all systems.
type Lines struct {
	Files, Total, Comments int
	Long                   []string // file:line of each line of more than maxColumns
}

// CountLines counts the product's lines, by package path as in Package. Tests, nested modules and packages that serve
// tests alone are no part of it.
func CountLines(root string) (map[string]Lines, error) {
	all := map[string]Lines{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipDirectory(root, relative) {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		key := strings.TrimSuffix("/"+filepath.ToSlash(filepath.Dir(relative)), "/.")
		lines := all[key]
		err = lines.add(path, filepath.ToSlash(relative))
		all[key] = lines
		return err
	})
	return all, err
}

// skipDirectory reports whether a directory, given by its path below root, holds nothing of the product.
func skipDirectory(root, relative string) bool {
	if relative == "." {
		return false
	}
	if _, err := os.Stat(filepath.Join(root, relative, "go.mod")); err == nil {
		return true
	}
	name := filepath.Base(relative)
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "dist" ||
		IsTestOnly("/"+filepath.ToSlash(relative))
}

func (l *Lines) add(path, shown string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, parser.ParseComments)
	if err != nil {
		return err
	}
	l.Files++
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	l.Total += len(lines)
	for i, line := range lines {
		if utf8.RuneCount(line)+(tabColumns-1)*bytes.Count(line, []byte("\t")) > maxColumns {
			l.Long = append(l.Long, fmt.Sprintf("%s:%d", shown, i+1))
		}
	}
	for _, group := range file.Comments {
		l.Comments += commentLines(set, group, lines)
	}
	return nil
}

// commentLines counts the lines that hold a comment and nothing else.
func commentLines(set *token.FileSet, group *ast.CommentGroup, lines [][]byte) int {
	n := 0
	for _, c := range group.List {
		first, last := set.Position(c.Pos()), set.Position(c.End())
		if len(bytes.TrimSpace(lines[first.Line-1][:first.Column-1])) == 0 {
			n += last.Line - first.Line + 1
		}
	}
	return n
}
