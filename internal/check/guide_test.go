package check_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/spanpipe/spanpipe/internal/check"
	"github.com/spanpipe/spanpipe/internal/schematest"
)

var update = flag.Bool("update", false, "rewrite the table of rules in docs/check.md")

const guide = "../../docs/check.md"

// TestTable: the guide has the rules of the code.
func TestTable(t *testing.T) {
	old, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	table := "| rule | value | by | default | example | |\n|---|---|---|---|---|---|\n"
	for _, r := range check.All() {
		table += fmt.Sprintf("| `%s` | %s | %s | %s | `%s` | %s |\n", r.Name, r.Form, r.By, r.Default, r.Example, r.About)
	}
	part := regexp.MustCompile(`(?s)(<!-- generated:rules -->\n).*?(<!-- end -->)`)
	text := part.ReplaceAllLiteralString(string(old), "<!-- generated:rules -->\n\n"+table+"\n<!-- end -->")
	if text == string(old) {
		return
	}
	if !*update {
		t.Fatalf("%s does not have the rules of the code: go test ./internal/check -run TestTable -update", guide)
	}
	if err := os.WriteFile(guide, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestGuide: the files of rules in the guide are valid, and what else is YAML there is YAML.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	schema := schematest.YAML(t, schemaFile)
	files := 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(block[1], "version: 1\n") {
			var value any
			if err := yaml.Unmarshal([]byte(block[1]), &value); err != nil {
				t.Errorf("%v\n%s", err, block[1])
			}
			continue
		}
		files++
		if _, problems := check.Parse([]byte(block[1])); len(problems) > 0 || !schema(block[1]) {
			t.Errorf("%+v, the schema accepts it: %v\n%s", problems, schema(block[1]), block[1])
		}
	}
	if files == 0 {
		t.Error("the guide has no file of rules")
	}
}

// TestOutputInGuide: what the guide shows of the output is printed by the commands of testdata/script/check.txtar.
func TestOutputInGuide(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("../../cmd_test/testdata/script/check.txtar")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, block := range regexp.MustCompile("(?s)```text\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(block[1]) {
			line = strings.TrimSuffix(line, "\n")
			if lines++; !strings.Contains(string(script), line) {
				t.Errorf("no command prints %q", line)
			}
		}
	}
	if lines < 10 {
		t.Errorf("the guide shows %d lines", lines)
	}
}
