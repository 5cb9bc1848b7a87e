package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// example matches a link of docs/json.md to a file that a test compares with what is printed.
var example = regexp.MustCompile(`\]\((\S+/testdata/\S+\.jsonl?)\)`)

// free are the members whose own members have names that peers or variables choose.
var free = map[string]bool{"outcomes": true, "attributes": true, "destinations": true, "protocols": true, "proxies": true, "result": true,
	"labels": true}

// TestJSONPage: docs/json.md has a section with an example for every command that prints shapes of its own, and names every
// member of the examples. Each has a version.
func TestJSONPage(t *testing.T) {
	const page = "../../docs/json.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(text), "\n## ")[1:]
	var names []string
	for _, section := range sections {
		name, body, _ := strings.Cut(section, "\n")
		names = append(names, name)
		links := example.FindAllStringSubmatch(body, -1)
		if len(links) == 0 {
			t.Errorf("%s has no example", name)
		}
		for _, link := range links {
			file, err := os.Open(filepath.Join(filepath.Dir(page), link[1]))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			values := json.NewDecoder(file)
			for first := true; values.More(); first = false {
				var value map[string]any
				if err := values.Decode(&value); err != nil {
					t.Fatalf("%s: %v", link[1], err)
				}
				if first && value["version"] != 1.0 {
					t.Errorf("%s has no version", link[1])
				}
				for _, member := range members(value) {
					if !strings.Contains(string(text), "`"+member+"`") {
						t.Errorf("%s of %s is not described", member, link[1])
					}
				}
			}
		}
	}
	if got := strings.Join(names, " "); got != "sessions try replay tail show diff push export report prune install and uninstall definitions consent "+
		"metrics check check health clients doctor version" {
		t.Errorf("the sections are %s", got)
	}
}

// members returns the names of all members of a value.
func members(value any) (names []string) {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			names = append(names, name)
			if !free[name] {
				names = append(names, members(inner)...)
			}
		}
	case []any:
		for _, inner := range value {
			names = append(names, members(inner)...)
		}
	}
	return names
}
