package rules_test

import (
	"os"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/schematest"
	"github.com/spanpipe/spanpipe/telemetry/rules"
)

// mistake is a file with a mistake.
type mistake struct {
	file string
	want string // the problem
	// own is a mistake that a JSON schema cannot describe. All others are found by docs/metric-rules.schema.json, too.
	own bool
}

// rule returns a file with a rule, and after its three members what a test adds, from line 5 on.
func rule(more string) string {
	return "rules:\n- name: x\n  type: counter\n  match: {tool: t}\n" + more
}

var mistakes = []mistake{
	{"", "1:1: the file is empty; begin with: rules:", true},
	{"# nothing\n", "1:1: the file is empty; begin with: rules:", true},
	{"rules:\n- name: a: b\n", "2:10: this is no YAML: mapping values are not allowed in this context; nothing of the file is used until that is corrected", true},
	{"rules: []\n---\nrules: []\n", "2:1: a file has one document; remove the line ---", true},
	{"rules: [\"\x00\"]", "1:1: this is no YAML: control characters are not allowed (value: 0); nothing of the file is used until that is corrected", true},
	{"- name: x\n", "1:1: the file is not a list of names and values; it has: version, rules", false},
	{"version: 2\nrules: []\n", "1:10: want version: 1; a newer spanpipe may know this version", false},
	{"rules: {}\nversion: 2\nmore: {}\n", "2:10: want version: 1; a newer spanpipe may know this version", false},
	{"version: '1'\nrules: []\n", "1:10: want version: 1; a newer spanpipe may know this version", false},
	{"version: 1\n", "1:1: there is no list of rules; begin with: rules:", false},
	{"rules: {name: x}\n", "1:8: rules is not a list; begin each rule with a dash: - name: …", false},
	{"rules: []\nrule: []\n", `2:1: the file has no "rule"; did you mean rules? it has: version, rules`, false},
	{"rules:\n- x\n", "2:3: a rule is not a list of names and values; it has: name, description, unit, type, buckets, match, value, when, labels", false},
	{"rules:\n- {type: counter, match: {tool: t}}\n", "2:3: a rule has no name; add: name: …", false},
	{"rules:\n- {name: x, match: {tool: t}}\n", "2:3: x: a rule has no type; add: type: …", false},
	{"rules:\n- {name: x, type: counter}\n", "2:3: x: a rule has no match; add: match: …", false},
	{"rules:\n- {name: x, type: gauge, match: {tool: t}}\n", "2:3: x: a rule has no value; only a counter may leave it out, and counts calls then", false},
	{"rules:\n- {name: x, type: conter, match: {tool: t}}\n", `2:19: x: type "conter": want one of counter, histogram, gauge; did you mean counter?`, false},
	{"rules:\n- {name: 1x, type: counter, match: {tool: t}}\n", `2:10: name "1x" is no name of a metric; begin with a letter; then letters, digits, _ . - and /, for example arcade.grabs`, false},
	{"rules:\n- {name: mcp.x, type: counter, match: {tool: t}}\n", "2:10: names that begin with mcp. are not for rules; put a word of your own in front of it: custom.mcp.x", false},
	{"rules:\n- {name: process_x, type: counter, match: {tool: t}}\n", "2:10: names that begin with process. are not for rules; put a word of your own in front of it: custom.process_x", false},
	{"rules:\n- {name: Spanpipe/x, type: counter, match: {tool: t}}\n", "2:10: names that begin with spanpipe. are not for rules; put a word of your own in front of it: custom.Spanpipe/x", false},
	{"rules:\n- {name: target, type: counter, match: {tool: t}}\n", "2:10: names that begin with target. are not for rules; put a word of your own in front of it: custom.target", true},
	{rule("- {name: x_total, type: counter, match: {tool: t}}\n"), "5:10: x_total: the rule at line 2 has this name, or one that is equal to it in Prometheus; choose another one", true},
	{rule("  name: y\n"), "5:3: x: name stands here twice; remove one of them", true},
	{rule("  unit: a b\n"), "5:9: x: a unit has neither spaces nor letters beyond ASCII; for example: s, By, %, {attempt}", false},
	{rule("  unit: 1\n"), "5:9: x: unit is not a text; put it in quotes", false},
	{rule("  description: \"a\\u202eb\\nc\"\n"), "5:16: x: description has a character that cannot be shown; remove it", true},
	{rule("  description: &a x\n"), "5:16: x: anchors and aliases are not supported; write it out", true},
	{rule("  buckets: [1]\n"), "5:12: x: only a histogram has buckets; remove them, or make it type: histogram", false},
	{"rules:\n- {name: x, type: histogram, match: {tool: t}, value: 1, buckets: [2, 1]}\n", "2:71: x: the boundaries of buckets do not increase; sort them, and remove equal ones", true},
	{"rules:\n- {name: x, type: histogram, match: {tool: t}, value: 1, buckets: [a]}\n", "2:68: x: a boundary of buckets is not a number", false},
	{"rules:\n- {name: x, type: counter, match: {}}\n", `2:35: x: match names not exactly one of tool, resource, prompt and method; for example: match: {tool: "search_*"}`, false},
	{"rules:\n- {name: x, type: counter, match: {tool: a, prompt: b}}\n", `2:35: x: match names not exactly one of tool, resource, prompt and method; for example: match: {tool: "search_*"}`, false},
	{"rules:\n- {name: x, type: counter, match: {tool: ''}}\n", `2:42: x: tool is empty; "*" stands for any name`, false},
	{rule("  value: many\n"), "5:10: x: value is neither a number nor says where one is; for example: value: {from: result, path: $.structuredContent.count}", false},
	{rule("  value: -1\n"), "5:10: x: a counter does not take a number below 0; make it a gauge or a histogram", true},
	{rule("  value: {path: $.n}\n"), "5:10: x: value has no from; add: from: …", false},
	{rule("  value: {from: results, path: $.n}\n"), `5:17: x: from "results": want one of arguments, result, text, error; did you mean result?`, false},
	{rule("  value: {from: result}\n"), "5:10: x: value from result needs a path; for example: path: $.count", false},
	{rule("  value: {from: result, path: n}\n"), `5:31: x: path "n": unexpected identifier at position 1; paths are those of RFC 9535, for example $.items[0].price`, true},
	{rule("  value: {from: text, regex: '(a'}\n"), `5:30: x: regex "(a": missing closing ): (a; expressions are those of Go's package regexp`, true},
	{rule("  value: {from: text, regex: '((a{1,50}){1,50}){1,2}'}\n"), `5:30: x: regex "((a{1,50}){1,50}){1,2}": invalid repeat count: {1,50}; expressions are those of Go's package regexp`, true},
	{rule("  value: {from: text, regex: '(a{1,30}){1,33}'}\n"), `5:30: x: regex "(a{1,30}){1,33}": its repetitions make it too large; expressions are those of Go's package regexp`, true},
	{rule("  value: {from: result, path: '$..a..b'}\n"), `5:31: x: path "$..a..b": a path has at most one .. in it; paths are those of RFC 9535, for example $.items[0].price`, true},
	{rule("  value: {from: result, path: '$[?@..a]'}\n"), `5:31: x: path "$[?@..a]": a filter may not search the whole value again: it has .. or $ in it; paths are those of RFC 9535, for example $.items[0].price`, true},
	{rule("  value: {from: result, path: '$[?@.a == $.b]'}\n"), `5:31: x: path "$[?@.a == $.b]": a filter may not search the whole value again: it has .. or $ in it; paths are those of RFC 9535, for example $.items[0].price`, true},
	{rule("  value: {from: result, path: '$[0,0,0][0,0,0,0]'}\n"), `5:31: x: path "$[0,0,0][0,0,0,0]": a path has at most 4 commas; paths are those of RFC 9535, for example $.items[0].price`, true},
	{rule("  value: {from: result, path: '$[?match(@.a, \"x\")]'}\n"), `5:31: x: path "$[?match(@.a, "x")]": match() and search() are not supported in a path; use regex beside the path; paths are those of RFC 9535, for example $.items[0].price`, true},
	{rule("  value: {from: result, path: $.n, as: years}\n"), `5:40: x: as "years": want one of number, count, age`, false},
	{rule("  value: {from: result, path: $.n, scale: 0}\n"), "5:43: x: scale is not a number other than 0; for example, milliseconds to seconds: scale: 0.001", false},
	{rule("  when: {contains: [a]}\n"), "5:9: x: when has no from; add: from: text, or: outcome: ok", false},
	{rule("  when: {from: text}\n"), "5:9: x: when from text says nothing of it; add path, regex, contains or equals", false},
	{rule("  when: {from: text, contains: a}\n"), "5:32: x: contains is not a list of words; for example: [low, high]", false},
	{rule("  when: {from: text, contains: ['']}\n"), "5:33: x: a word of contains is empty", false},
	{rule("  when: {outcome: good}\n"), `5:19: x: outcome "good": want one of ok, failed, bad_request, cancelled`, false},
	{rule("  when: {outcome: ok, not: true}\n"), "5:28: x: not goes with from, and not with outcome; list the other outcomes", true},
	{rule("  when: {from: text, contains: [a], not: maybe}\n"), "5:42: x: not is neither true nor false", false},
	{rule("  labels: {name: a}\n"), "5:11: x: labels is not a list; begin each label with a dash: - name: …", false},
	{rule("  labels: [{name: a, from: name}]\n"), `5:12: x: a label lists no values; add: values: [low, high]; any other value is exported as "other"`, false},
	{rule("  labels: [{name: a, from: name, regex: a, values: [b]}]\n"), "5:12: x: a label from name takes neither path nor regex; remove it", false},
	{rule("  labels: [{name: a-b, from: outcome}]\n"), `5:19: x: name "a-b" is no name of a label; begin with a letter; then letters, digits, _ and .`, false},
	{rule("  labels: [{name: le, from: outcome}]\n"), "5:19: x: label le has a meaning of its own in Prometheus or OpenTelemetry; choose another name", true},
	{rule("  labels: [{name: mcp.x, from: outcome}]\n"), "5:19: x: labels that begin with mcp. are not for rules; choose another name", true},
	{rule("  labels: [{name: a.b, from: outcome}, {name: a_b, from: outcome}]\n"), "5:47: x: another label has this name; choose another one", true},
	{rule("  labels: [" + strings.Repeat("{name: a, from: outcome},", 9) + "]\n"), "5:11: x: a rule has at most 8 labels", false},
	{rule("  labels: [{name: a, from: name, values: [" + strings.Repeat("a,", 51) + "]}]\n"), "5:42: x: values lists more than 50 words", false},
	{"rules:\n" + strings.Repeat("- {name: x, type: counter, match: {tool: t}}\n", 51), "2", false}, // each but one has the same name
}

// TestMistakes: each mistake is found, with its place and the next step. docs/metric-rules.schema.json finds it, too, unless a
// schema cannot.
func TestMistakes(t *testing.T) {
	schema := schematest.YAML(t, "../../docs/metric-rules.schema.json")
	for _, m := range mistakes {
		t.Run(m.want, func(t *testing.T) {
			_, problems := rules.Parse([]byte(m.file))
			if len(problems) == 0 || m.want != "2" && (len(problems) != 1 || problems[0].String() != m.want) {
				t.Errorf("problems of\n%s\n%q", m.file, problems)
			}
			if valid := schema(m.file); valid != m.own {
				t.Errorf("the schema accepts it: %v; only this package finds the mistake: %v\n%s", valid, m.own, m.file)
			}
		})
	}
}

// TestSchemaAcceptsGuide: the schema accepts the examples of the guide.
func TestSchemaAcceptsGuide(t *testing.T) {
	schema := schematest.YAML(t, "../../docs/metric-rules.schema.json")
	page, err := os.ReadFile("../../docs/metric-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range block.FindAllStringSubmatch(string(page), -1) {
		if found[1] == "yaml" && !schema(found[2]) {
			t.Errorf("the schema rejects\n%s", found[2])
		}
	}
}

// TestOthersWork: a rule with a mistake is left out, and the others work.
func TestOthersWork(t *testing.T) {
	set, problems := rules.Parse([]byte("rules:\n- {name: a, type: counter, match: {tool: t}}\n- {name: b, type: counter, match: t}\n- {name: c, type: counter, match: {tool: t}}\n"))
	if len(set.Rules) != 2 || set.Rules[0].Name != "a" || set.Rules[1].Name != "c" || len(problems) != 1 {
		t.Fatalf("%d rules, problems %q", len(set.Rules), problems)
	}
	equal(t, newSession(set).call("t", `{}`, `{}`), "a 1", "c 1")
}

// TestFileBounds: a file is no longer, and has no more rules, than the guide says.
func TestFileBounds(t *testing.T) {
	if set, problems := rules.Parse([]byte("rules: []\n" + strings.Repeat("#", rules.MaxFile))); len(set.Rules) != 0 || len(problems) != 1 {
		t.Errorf("a long file: %q", problems)
	}
	var file strings.Builder
	file.WriteString("rules:\n")
	for i := range 51 {
		file.WriteString("- {name: x" + strings.Repeat("a", i) + ", type: counter, match: {tool: t}}\n")
	}
	set, problems := rules.Parse([]byte(file.String()))
	if len(set.Rules) != 50 || len(problems) != 1 || problems[0].Line != 52 {
		t.Errorf("%d rules: %q", len(set.Rules), problems)
	}
}
