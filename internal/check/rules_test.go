package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/check"
	"github.com/spanpipe/spanpipe/internal/schematest"
)

const schemaFile = "../../docs/check.schema.json"

// mistakes are files with one mistake each, where it is, and what is said of it.
var mistakes = []struct {
	file, want string
	own        bool // a JSON schema cannot describe it
}{
	{"", "1:1: the file is empty; begin with: version: 1", true},
	{"version: 1\n---\nversion: 1\n", "2:1: a file has one document; remove the line ---", true},
	{"version: 1\np95: [2s\n", "3:1: this is no YAML: did not find expected ',' or ']'", true},
	{"p95: 2s\n", "1:1: there is no version; begin with: version: 1", false},
	{"version: 2\n", "1:10: want version: 1; a newer spanpipe may know this version", false},
	{"- p95\n", "1:1: the file is not a list of names and values; for example: p95: 2s", false},
	{"version: 1\np59: 2s\n", `2:1: there is no rule "p59"; want one of `, false},
	{"version: 1\np95: 2s\np95: 3s\n", `3:1: "p95" stands here twice; remove one of them`, true},
	{"version: 1\np95: 500\n", `2:6: p95: "500": want a duration with its unit, such as 500ms or 2s; for example: p95: {"*": 2s, "get_*": 300ms}; off: it is not judged`, false},
	{"version: 1\np95: 0s\n", `2:6: p95: "0s": want a duration`, true},
	{"version: 1\np95: -1s\n", `2:6: p95: "-1s": want a duration`, false},
	{"version: 1\np95:\n  add: soon\n", `3:8: p95: "soon": want a duration`, false},
	{"version: 1\np95: {add: 1s, add: 2s}\n", `2:16: "add" stands here twice`, true},
	{"version: 1\np95: {*: 1s}\n", "2:8: this is no YAML: did not find expected alphabetic or numeric character", true},
	{"version: 1\np95: {\"\": 1s}\n", `2:7: a name is empty; "*" stands for any name`, false},
	{"version: 1\nstartup: {add: 1s}\n", "2:10: startup is one value, and not one for each name; for example: startup: 3s", false},
	{"version: 1\nstartup: 3kB\n", `2:10: startup: "3kB": want a duration`, false},
	{"version: 1\nstartup:\n", "2:9: startup: want a duration with its unit", false},
	{"version: 1\nmin_calls: 0\n", `2:12: min_calls: "0": want a number from 1`, false},
	{"version: 1\nmin_calls: off\n", `2:12: min_calls: "off": want a number from 1`, false},
	{"version: 1\nhung: 1.5\n", `2:7: hung: "1.5": want a whole number from 0, without a unit`, false},
	{"version: 1\nhung: 2%\n", `2:7: hung: "2%": want a whole number`, false},
	{"version: 1\nfailures: 101%\n", `2:11: failures: "101%": want a whole number, or a share such as 2%`, false},
	{"version: 1\nfailures: {not_fond: 1}\n", `2:12: failures has no class "not_fond"; want one of invalid_params, not_found,`, false},
	{"version: 1\nviolations: {noise: 1}\n", `2:14: violations has no kind "noise"`, false},
	{"version: 1\ncontext_bytes: 4000\n", `2:16: context_bytes: "4000": want a size with its unit, such as 800B, 40kB, 1MB or 64KiB`, false},
	{"version: 1\ncontext_bytes: 4kb\n", `2:16: context_bytes: "4kb": want a size`, false},
	{"version: 1\nexit: clean\n", `2:7: exit: "clean" is not a word of it; want one of ok, zero, off`, false},
	{"version: 1\nexpect_tools: add\n", `2:15: expect_tools is not a list of names; for example: expect_tools: [add, "get_*"]`, false},
	{"version: 1\nexpect_tools: [[add]]\n", `2:16: expect_tools: a name is not a text`, false},
	{"version: 1\nbaseline: 3\n", "2:11: baseline is not a name of a file; for example: baseline: definitions.json", false},
	{"version: 1\nhung: &n 0\nnoise: *n\n", `2:1: anchors and aliases are not supported`, true},
	{"version: 1\np95: " + strings.Repeat(" ", check.MaxFile) + "1s\n", "1:1: the file is larger than 256 KiB", true},
}

// TestMistakes: each mistake is found, with its place and the next step. docs/check.schema.json finds it, too, unless a schema cannot.
func TestMistakes(t *testing.T) {
	schema := schematest.YAML(t, schemaFile)
	for _, m := range mistakes {
		rules, problems := check.Parse([]byte(m.file))
		if len(problems) == 0 || rules != nil {
			t.Errorf("nothing is found in\n%s", m.file)
			continue
		}
		p := problems[0]
		got := fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Text)
		if p.Hint != "" {
			got += "; " + p.Hint
		}
		if !strings.HasPrefix(got, m.want) {
			t.Errorf("%.60q:\n%s\nwant\n%s", m.file, got, m.want)
		}
		if valid := schema(m.file); valid != m.own {
			t.Errorf("%.60q: the schema accepts it: %v", m.file, valid)
		}
	}
}

// TestAllMistakes: all mistakes of a file are reported, in its order, and words that are meant can be found.
func TestAllMistakes(t *testing.T) {
	_, problems := check.Parse([]byte("version: 1\nnoise: x\nfailures: {not_fond: 1}\nhungg: 0\nstartup: 1\n"))
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.Line)
	}
	if !slices.Equal(lines, []int{2, 3, 4, 5}) || problems[1].Word != "not_fond" || !slices.Contains(problems[2].Known, "hung") {
		t.Errorf("%+v", problems)
	}
}

// TestRules: the examples and defaults of all rules are valid, for the schema as well, and the schema has no other rules.
func TestRules(t *testing.T) {
	schema := schematest.YAML(t, schemaFile)
	for _, r := range check.All() {
		for _, value := range []string{r.Default, r.Example} {
			if r.Name == check.MinCalls && value == "off" {
				continue
			}
			file := fmt.Sprintf("version: 1\n%s: %s\n", r.Name, value)
			if _, problems := check.Parse([]byte(file)); len(problems) > 0 || !schema(file) {
				t.Errorf("%s%+v, the schema accepts it: %v", file, problems, schema(file))
			}
		}
	}
	names := schematest.Read(t, schemaFile).Schema().Properties
	if len(names) != len(check.All())+1 {
		t.Errorf("the schema has %d rules and the version", len(names)-1)
	}
}

// TestBudgets: what a file does not name has its default; of several patterns the one with the most letters counts.
func TestBudgets(t *testing.T) {
	v := healthy()
	v.tools = append(v.tools, `{"name":"extra","inputSchema":{"type":"object"}}`)
	v.calls["extra"], v.answers["extra"] = 5, `{"content":[]}`
	one := v.play("s")
	for _, test := range []struct{ file, add, find, extra string }{
		{"version: 1", "10.0s", "10.0s", "10.0s"},
		{"version: 1\np95: 3s", "3.00s", "3.00s", "3.00s"},
		{"version: 1\np95: {add: 1s}", "1.00s", "10.0s", "10.0s"},
		{"version: 1\np95: {'*': 3s, 'a*': 2s, add: 1s}", "1.00s", "3.00s", "3.00s"},
		{"version: 1\np95: {add: 1s, 'a*': 2s, '*d*': 4s, 'fin*': 5s}", "1.00s", "5.00s", "10.0s"},
		{"version: 1\np95: {'*': off, '*t*': 2s}", "", "", "2.00s"},
		{"version: 1\np95: {find: off}", "10.0s", "", "10.0s"},
		{"version: 1\np95: off", "", "", ""},
	} {
		allowed := map[string]string{}
		for _, r := range check.Judge(parse(t, test.file), nil, together(one)) {
			if r.Rule == check.P95 {
				allowed[r.Name] = r.Allowed
			}
		}
		if allowed["add"] != test.add || allowed["find"] != test.find || allowed["extra"] != test.extra {
			t.Errorf("%s: %v", test.file, allowed)
		}
	}
}
