package replay_test

import (
	"errors"
	"os"
	"regexp"
	"testing"

	"github.com/spanpipe/spanpipe/internal/replay"
	"github.com/spanpipe/spanpipe/internal/schematest"
)

// TestRulesMistakes: each mistake is found, with its place and the next step, and docs/replay-rules.schema.json finds it, too, unless a
// schema cannot.
func TestRulesMistakes(t *testing.T) {
	schema := schematest.YAML(t, "../../docs/replay-rules.schema.json")
	for _, m := range []struct {
		file, want, hint string
		own              bool // only the package finds it
	}{
		{"ignores: []", `1:1: the file has no "ignores"`, "mean ignores? it has: version, normalise, ignore, replace, unordered", false},
		{"- a", "1:1: the file is not a list of names and values", "it has: version, normalise, ignore, replace, unordered", false},
		{"version: 2", "1:10: want version: 1", "a newer spanpipe may know this version", false},
		{"ignore: {path: $.a}", "1:9: ignore is not a list", "begin each rule with a dash", false},
		{"ignore:\n- {}", "2:3: a rule of ignore names nothing", "give it a path, a method or a tool", false},
		{"ignore: [{path: a.b}]", `1:17: path "a.b" is no JSONPath: `, "for example: $.content[0].text, or $.structuredContent..updatedAt", false},
		{"ignore: [{path: 5}]", "1:17: path is not a text", "put it in quotes", false},
		{"ignore: [{tool: '[a'}]", `1:17: tool "[a" is no pattern`, "for example: notifications/*", true},
		{"ignore: [{tool: a, tool: b}]", "tool", "", true},
		{"unordered: [{tool: a}]", "1:13: a rule of unordered has no path", "for example: path: $.structuredContent.items", false},
		{"normalise: {times: 1}", "1:20: times is neither true nor false", "for example: times: false", false},
		{"normalise: {time: false}", `1:13: normalise has no "time"`, "mean time? it has: times, uuids, paths, ports, durations, opaque", false},
		{"replace: [{regex: a}]", "1:11: a rule of replace needs regex and with", `for example: {regex: 'build [0-9a-f]+', with: build}`, false},
		{"replace: [{regex: '(', with: a}]", "1:19: the regular expression does not compile: ", "the syntax is that of Go's package regexp", true},
		{"replace: [{regex: 'a*', with: a}]", "1:19: the regular expression matches the empty text", "use + in the place of *", true},
		{"a: [", "this is no YAML: ", "", true},
	} {
		_, err := replay.ParseRules([]byte(m.file), func(word string, _ []string) string { return "mean " + word + "? " })
		problem, ok := errors.AsType[*replay.RulesError](err)
		if !ok || !regexp.MustCompile(regexp.QuoteMeta(m.want)).MatchString(problem.Error()) || m.hint != "" && problem.Hint != m.hint {
			t.Errorf("%s\nerror %v, hint %q\nwant  %s, hint %q", m.file, err, hint(problem), m.want, m.hint)
		}
		if valid := schema(m.file); valid != m.own {
			t.Errorf("the schema accepts it: %v; only this package finds the mistake: %v\n%s", valid, m.own, m.file)
		}
	}
}

func hint(e *replay.RulesError) string {
	if e == nil {
		return ""
	}
	return e.Hint
}

// TestRulesGuide: the example of the guide is good, and so is a file without rules.
func TestRulesGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/replay.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```yaml\n(# yaml-language-server.*?)```").FindSubmatch(page)
	if found == nil {
		t.Fatal("the guide has no example")
	}
	if rules := parsed(t, string(found[1])); len(rules.Ignore) != 4 || len(rules.Unordered) != 1 || len(rules.Replace) != 1 || len(rules.Off) != 1 {
		t.Errorf("the example of the guide has the rules %+v", rules)
	}
	if !schematest.YAML(t, "../../docs/replay-rules.schema.json")(string(found[1])) {
		t.Error("the schema does not accept the example of the guide")
	}
	parsed(t, "")
	parsed(t, "# nothing\n")
}
