package main_test

import (
	"bytes"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

const glossaryFile = "internal/structure/testdata/glossary.txt"

// glossary is the content of glossaryFile.
type glossary struct {
	texts  []phrase
	names  map[string]string          // the word, in lower case, and what to use instead
	quotes map[string]map[string]bool // file, phrase
}

type phrase struct {
	avoid, instead string
	longest        []byte         // its longest word in lower case: a text without it needs no search for the phrase
	match, unless  *regexp.Regexp // unless is nil if there is no exception
}

// TestGlossary keeps the words of glossaryFile out of the tree. Each directory is a test of its own:
//
//	go test ./internal/structure -run TestGlossary/telemetry-session
func TestGlossary(t *testing.T) {
	if testing.Short() {
		t.Skip("reads the whole tree")
	}
	base := root(t)
	g := readGlossary(t, filepath.Join(base, glossaryFile))
	files := map[string][]string{} // by directory
	err := filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(base, path)
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == ".git" || name == "node_modules" || name == "dist") {
			return fs.SkipDir
		}
		if !d.IsDir() && isProse(name, relative) {
			dir := filepath.ToSlash(filepath.Dir(relative))
			files[dir] = append(files[dir], filepath.ToSlash(relative))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("found %d directories with text, want the whole tree", len(files))
	}
	for dir, list := range files {
		t.Run(strings.ReplaceAll(dir, "/", "-"), func(t *testing.T) {
			for _, file := range list {
				text, err := os.ReadFile(filepath.Join(base, file))
				if err != nil {
					t.Fatal(err)
				}
				for _, problem := range g.check(file, text) {
					t.Error(problem)
				}
			}
		})
	}
}

// isProse reports whether a file holds text of the project's own. Corpora of tests hold other people's. The tracker's
// conversations stay byte for byte as they were recorded, remarks included: that they still pass is the proof that a
// restructuring changed nothing.
func isProse(name, path string) bool {
	if filepath.ToSlash(filepath.Dir(path)) == "telemetry/session/testdata" && filepath.Ext(name) == ".txtar" {
		return false
	}
	switch filepath.Ext(name) {
	case ".go", ".md", ".yaml", ".yml", ".txtar", ".mjs":
		return true
	}
	return strings.HasPrefix(filepath.ToSlash(path), ".ci/") || name == "Makefile"
}

// TestGlossaryCheck shows what the check finds, so that it cannot pass by finding nothing.
func TestGlossaryCheck(t *testing.T) {
	g := readGlossary(t, filepath.Join(root(t), glossaryFile))
	for _, tt := range []struct {
		name, file, text string
		want             int
	}{
		{"a comment", "a.go", "package a\n\n// F says whether it works.\n", 1},
		{"a comment, across lines", "a.go", "package a\n\n// F says\n// whether it works.\n", 1},
		{"a string", "a.go", "package a\n\nvar s = \"the user is told\"\n", 1},
		{"in any case", "a.md", "Nobody knows.\n", 1},
		{"the exception", "a.md", "Two ids are told apart by their type.\n", 0},
		{"a part of a word", "a.md", "The busybody said: tell-nobodyx.\n", 0},
		{"a name", "a.go", "package a\n\nfunc isHungry() {}\n", 1},
		{"a name within a word", "a.go", "package a\n\nvar sealed, families, address int\n", 0},
		{"another package's name", "a.go", "package a\n\nvar v = p.Family\n", 0},
		{"code is no text", "a.go", "package a\n\nvar nobody = 1\n", 0},
		{"a comment of YAML", "a.yaml", "# what is\n# told\nkey: 1\n", 1},
		{"nothing", "a.md", "Parse reports whether the line is complete.\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := g.check(tt.file, []byte(tt.text)); len(got) != tt.want {
				t.Errorf("found %q, want %d", got, tt.want)
			}
		})
	}
}

func readGlossary(t *testing.T, file string) glossary {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	g := glossary{names: map[string]string{}, quotes: map[string]map[string]bool{}}
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		kind, rest, _ := strings.Cut(line, ":")
		columns := strings.Split(rest, "|")
		for j := range columns {
			columns[j] = strings.TrimSpace(columns[j])
		}
		if len(columns) < 2 || columns[0] == "" || columns[1] == "" {
			t.Fatalf("%s:%d: want at least two columns", file, i+1)
		}
		switch kind {
		case "text":
			longest := slices.MaxFunc(strings.Fields(columns[0]), func(a, b string) int { return len(a) - len(b) })
			p := phrase{
				avoid: columns[0], instead: columns[1],
				longest: []byte(strings.ToLower(longest)), match: phrasePattern(columns[0]),
			}
			if len(columns) > 2 {
				p.unless = phrasePattern(columns[2])
			}
			g.texts = append(g.texts, p)
		case "name":
			g.names[columns[0]] = columns[1]
		case "quote":
			if g.quotes[columns[0]] == nil {
				g.quotes[columns[0]] = map[string]bool{}
			}
			g.quotes[columns[0]][columns[1]] = true
		default:
			t.Fatalf("%s:%d: unknown kind %q", file, i+1, kind)
		}
	}
	return g
}

// phrasePattern matches a phrase as whole words. A line break between two of them may be followed by the mark of a
// comment.
func phrasePattern(s string) *regexp.Regexp {
	words := strings.Fields(s)
	for i := range words {
		words[i] = regexp.QuoteMeta(words[i])
	}
	return regexp.MustCompile(`(?i)\b` + strings.Join(words, `(?:[ \t]+|[ \t]*\n[ \t]*(?:(?://|#|>|-)[ \t]*)?)`) + `\b`)
}

// check returns what a file's text should not contain, with its line.
func (g glossary) check(file string, text []byte) []string {
	var problems []string
	report := func(at int, avoid, instead string) {
		line := 1 + bytes.Count(text[:at], []byte("\n"))
		problems = append(problems, file+":"+strconv.Itoa(line)+": \""+avoid+"\": write: "+instead)
	}
	prose := text
	if filepath.Ext(file) == ".go" {
		var names map[int]string
		prose, names = splitGo(text)
		for at, name := range names {
			for _, word := range words(name) {
				if instead, ok := g.names[word]; ok {
					report(at, name, instead)
				}
			}
		}
	}
	lower := bytes.ToLower(prose)
	for _, p := range g.texts {
		if g.quotes[file][p.avoid] || !bytes.Contains(lower, p.longest) {
			continue
		}
		for _, m := range p.match.FindAllIndex(prose, -1) {
			if p.unless != nil {
				if e := p.unless.FindIndex(prose[m[0]:]); e != nil && e[0] == 0 {
					continue
				}
			}
			report(m[0], p.avoid, p.instead)
		}
	}
	slices.Sort(problems)
	return slices.Compact(problems)
}

// splitGo returns a Go file's comments and strings, with spaces in place of the code, and its identifiers by offset.
// Identifiers after a dot are left to the file that declares them.
func splitGo(text []byte) (prose []byte, names map[int]string) {
	prose, names = bytes.Repeat([]byte(" "), len(text)), map[int]string{}
	for i, c := range text {
		if c == '\n' {
			prose[i] = c
		}
	}
	set := token.NewFileSet()
	file := set.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, scanner.ScanComments)
	previous := token.ILLEGAL
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return prose, names
		}
		at := file.Offset(pos)
		switch tok {
		case token.COMMENT, token.STRING:
			copy(prose[at:], literal) // a scanned literal may lack carriage returns, which the tree has not
		case token.IDENT:
			if previous != token.PERIOD {
				names[at] = literal
			}
		}
		previous = tok
	}
}

// words splits an identifier at its capitals and underscores, in lower case.
func words(name string) []string {
	var all []string
	start := 0
	for i, r := range name {
		if i > start && (unicode.IsUpper(r) || r == '_') {
			all = append(all, strings.ToLower(strings.Trim(name[start:i], "_")))
			start = i
		}
	}
	return append(all, strings.ToLower(strings.Trim(name[start:], "_")))
}
