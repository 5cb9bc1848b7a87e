package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// generated are the files that contain generated parts. Each part stands between a line that contains begin and one
// that contains end, which stay. The text is made from the tree below root.
var generated = []struct {
	file, begin, end string
	text             func(root string) (string, error)
}{
	{".golangci.yaml", "# generated:imports, by internal/structure", "# end of generated:imports", depguard},
	{"docs/DESIGN.md", "<!-- generated:imports -->", "<!-- end -->", importTable},
	{"docs/adr/README.md", "<!-- generated:decisions -->", "<!-- end -->", decisionTable},
}

// Generate rewrites the generated parts of the files below root.
func Generate(root string) error {
	stale, err := Stale(root)
	if err != nil {
		return err
	}
	for file, text := range stale {
		if err := os.WriteFile(filepath.Join(root, file), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Stale returns the files below root whose generated parts are out of date, with their text as it should be.
func Stale(root string) (map[string][]byte, error) {
	stale := map[string][]byte{}
	for _, g := range generated {
		text, err := os.ReadFile(filepath.Join(root, g.file))
		if err != nil {
			return nil, err
		}
		part, err := g.text(root)
		if err != nil {
			return nil, err
		}
		want, err := replacePart(string(text), g.begin, g.end, part)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g.file, err)
		}
		if !bytes.Equal([]byte(want), text) {
			stale[g.file] = []byte(want)
		}
	}
	return stale, nil
}

// replacePart replaces the lines between the line that contains begin and the next one that contains end.
func replacePart(text, begin, end, part string) (string, error) {
	head, rest, found := strings.Cut(text, begin)
	if !found {
		return "", fmt.Errorf("no line %q", begin)
	}
	at := strings.Index(rest, end)
	if at < 0 {
		return "", fmt.Errorf("no line %q after %q", end, begin)
	}
	tail := rest[strings.LastIndexByte(rest[:at], '\n')+1:]
	return head + begin + "\n" + part + tail, nil
}

// depguard renders the table as the rules of the linter depguard.
func depguard(string) (string, error) {
	var b strings.Builder
	for _, r := range Rules {
		fmt.Fprintf(&b, "        %s:\n          list-mode: strict\n", ruleName(r.Package))
		if r.Package == "" { // depguard sees no more of a file than its path
			b.WriteString("          files: [\"**/main.go\", \"!**/internal/**\", \"!**/consent/**\"]\n")
		} else {
			fmt.Fprintf(&b, "          files: [\"**%s/*.go\", \"!$test\"]\n", r.Package)
		}
		b.WriteString("          allow:\n            - $gostd\n")
		for _, path := range r.Allow {
			fmt.Fprintf(&b, "            - %s\n", importPath(path))
		}
		if len(r.Forbid) > 0 {
			b.WriteString("          deny:\n")
		}
		for _, path := range r.Forbid {
			fmt.Fprintf(&b, "            - pkg: %s$\n              desc: %q\n", importPath(path), r.Why)
		}
	}
	b.WriteString("        everywhere:\n          list-mode: lax\n          deny:\n")
	for _, path := range slices.Sorted(maps.Keys(Everywhere)) {
		fmt.Fprintf(&b, "            - pkg: %s$\n              desc: %q\n", path, Everywhere[path])
	}
	return b.String(), nil
}

func ruleName(path string) string {
	if path == "" {
		return "main"
	}
	return strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "-")
}

func importPath(path string) string {
	if strings.HasPrefix(path, "/") {
		return module + path
	}
	return path
}

// importTable renders the table for docs/DESIGN.md. What a package may not use of the standard library is the
// linter's business: it would make every row long and tell a reader little.
func importTable(string) (string, error) {
	var b strings.Builder
	b.WriteString("\n| package | may import | why |\n|---|---|---|\n")
	for _, r := range Rules {
		allowed := make([]string, len(r.Allow))
		for i, path := range r.Allow {
			allowed[i] = "`" + strings.TrimPrefix(path, "/") + "`"
		}
		if len(allowed) == 0 {
			allowed = []string{"standard library alone"}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", short(r.Package), strings.Join(allowed, ", "), r.Why)
	}
	b.WriteString("\n")
	return b.String(), nil
}

// decisionTable renders the index of docs/adr: the number and title of each record.
func decisionTable(root string) (string, error) {
	records, err := filepath.Glob(filepath.Join(root, "docs", "adr", "[0-9][0-9][0-9][0-9]-*.md"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("\n| number | decision |\n|---|---|\n")
	for _, record := range records { // Glob returns them in order
		text, err := os.ReadFile(record)
		if err != nil {
			return "", err
		}
		first, _, _ := strings.Cut(string(text), "\n")
		number, _, _ := strings.Cut(filepath.Base(record), "-")
		fmt.Fprintf(&b, "| %s | [%s](%s) |\n", number, decisionTitle(first), filepath.Base(record))
	}
	b.WriteString("\n")
	return b.String(), nil
}

// decisionTitle returns the title in a record's first line, which may start with the record's number.
func decisionTitle(line string) string {
	return strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(line, "# "), "ADR"), " -0123456789.:–—")
}
