package main

import (
	"fmt"
	"io"
	"strings"
)

const introduction = `# Third-party notices

The binaries of spanpipe, on one system or another, contain what is listed here, under the licenses that follow. spanpipe itself is
under the Apache License 2.0: see [LICENSE](LICENSE).

Written by packaging/notices, for all systems that are released.

| what | version | license |
|---|---|---|
`

// render writes the works as a page: a table, and each text once.
func render(w io.Writer, works []*work) error {
	var page strings.Builder
	page.WriteString(introduction)
	for _, one := range works {
		fmt.Fprintf(&page, "| %s | %s | %s |\n", one.name, one.version, strings.Join(one.licenses, ", "))
	}
	var bodies []string
	owners := map[string][]string{} // by body
	for _, one := range works {
		for _, t := range one.texts {
			body := strings.TrimRight(strings.ReplaceAll(t.body, "\r\n", "\n"), "\n \t")
			if owners[body] == nil {
				bodies = append(bodies, body)
			}
			owners[body] = append(owners[body], one.name+": "+t.file)
		}
	}
	for i, body := range bodies {
		fmt.Fprintf(&page, "\n## Text %d\n\n", i+1)
		for _, owner := range owners[body] {
			page.WriteString("- " + owner + "\n")
		}
		if strings.Contains(body, "\n```") {
			return fmt.Errorf("the text of %s would end its block", owners[body][0])
		}
		fmt.Fprintf(&page, "\n```text\n%s\n```\n", body)
	}
	_, err := io.WriteString(w, page.String())
	return err
}
