package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/check"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// offered returns what a server with these tools offers.
func offered(tools ...string) *check.Definitions {
	v := healthy()
	v.tools = tools
	return check.Offered(v.play("s"))
}

// TestBaselineFile: the file is the same for the same definitions in any order, and is read as it was written.
func TestBaselineFile(t *testing.T) {
	const members = `{"inputSchema":{"required":["a","b"],"type":"object","properties":{"b":{"type":"number"},"a":{"type":"number"}}},` +
		`"annotations":{"readOnlyHint":true},"description":"Adds two numbers.","name":"add"}`
	text, err := offered(addTool, findTool).Format()
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []*check.Definitions{offered(findTool, addTool), offered(findTool, members)} {
		if got, err := other.Format(); err != nil || string(got) != string(text) {
			t.Errorf("%v: %s\n%s", err, got, text)
		}
	}
	const begin = `{
  "spanpipe": "definitions",
  "version": 1,
  "server": "notes",
  "instructions": "Use find before add.",
  "prompts": [],
  "resource_templates": [],
  "tools": [
    {
      "annotations": {
        "readOnlyHint": true
      },
      "description": "Adds two numbers.",
`
	if !strings.HasPrefix(string(text), begin) {
		t.Errorf("the file begins with\n%s", text)
	}
	read, err := check.ParseBaseline(text)
	if err != nil {
		t.Fatal(err)
	}
	if changes, left := check.Compare(read, offered(addTool, findTool)); len(changes)+len(left) > 0 || read.Count() != 3 {
		t.Errorf("%v, %v", changes, left)
	}
	again, err := read.Format()
	if err != nil || string(again) != string(text) {
		t.Errorf("%v\n%s", err, again)
	}
}

// TestNumbers: numbers stay as the server writes them.
func TestNumbers(t *testing.T) {
	text, err := offered(`{"name":"n","inputSchema":{"type":"object","maximum":9007199254740993,"minimum":1.10e2,"title":"a<b&c"}}`).Format()
	if err != nil || !strings.Contains(string(text), "9007199254740993") || !strings.Contains(string(text), "1.10e2") || !strings.Contains(string(text), "a<b&c") {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestBadBaseline: a file that is not one of definitions is refused.
func TestBadBaseline(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "line 1: unexpected end of JSON input",
		"{\n\n\"a\" 3}":                          "line 3: ",
		"[]":                                     "it is not a file of definitions",
		`{"name":"my-npm"}`:                      "it is not a file of definitions",
		`{"spanpipe":"definitions","version":2}`: "version 2 of the format is not known",
		`{"spanpipe":"definitions","version":1,"tools":[{}]}`:    "a tool has no name",
		`{"spanpipe":"definitions","version":1,"tools":["add"]}`: "json: cannot unmarshal string",
	} {
		if _, err := check.ParseBaseline([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestChanges: what has changed is said field by field.
func TestChanges(t *testing.T) {
	for _, test := range []struct {
		name, before, now string // what is replaced in the tool add
		want              []string
	}{
		{"description", "Adds two numbers.", "Adds numbers.", []string{`tool add: description was "Adds two numbers.", is "Adds numbers."`}},
		{"long description", "Adds two numbers.", strings.Repeat("Adds numbers. ", 20),
			[]string{`tool add: description was "Adds two numbers.", is "` + strings.Repeat("Adds numbers. ", 5) + `Adds nu…"`}},
		{"a type", `"b":{"type":"number"}`, `"b":{"type":"integer"}`,
			[]string{`tool add: input schema: /properties/b/type was "number", is "integer"`}},
		{"a new argument", `"b":{"type":"number"}`, `"b":{"type":"number"},"c/d":{"type":"string"}`,
			[]string{`tool add: input schema: /properties/c~1d is new: {"type":"string"}`}},
		{"an argument is gone", `"a":{"type":"number"},`, ``, []string{`tool add: input schema: /properties/a is gone: {"type":"number"}`}},
		{"required", `["a","b"]`, `["a"]`, []string{`tool add: input schema: /required was ["a","b"], is ["a"]`}},
		{"another order", `["a","b"]`, `["b","a"]`, []string{
			`tool add: input schema: /required/0 was "a", is "b"`, `tool add: input schema: /required/1 was "b", is "a"`}},
		{"annotations", `true`, `false`, []string{`tool add: annotations: /readOnlyHint was true, is false`}},
		{"no annotations", `,"annotations":{"readOnlyHint":true}`, ``, []string{`tool add: annotations is gone: {"readOnlyHint":true}`}},
		{"title", `"name":"add"`, `"name":"add","title":"Add"`, []string{`tool add: title is new: "Add"`}},
		{"other", `"name":"add"`, `"name":"add","x":1`, []string{`tool add: other: /x is new: 1`}},
		{"hidden text", "Adds two numbers.", "Adds two numbers.\u202e\x1b[8m", []string{
			`tool add: description was "Adds two numbers.", is "Adds two numbers.\u202e\u001b[8m"`}},
		{"renamed", `"name":"add"`, `"name":"plus"`, []string{"tool add is no longer offered", "tool plus is new"}},
		{"two", `"required":["a","b"]`, `"required":["a"],"title":"x"`, []string{
			`tool add: input schema: /required was ["a","b"], is ["a"]`, `tool add: input schema: /title is new: "x"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := strings.Replace(addTool, test.before, jsonText(test.now), 1)
			changes, _ := check.Compare(offered(addTool, findTool), offered(now, findTool))
			var got []string
			for _, c := range changes {
				got = append(got, c.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// jsonText escapes what a string of JSON cannot hold.
func jsonText(s string) string { return strings.ReplaceAll(s, "\x1b", `\u001b`) }

// TestMerge: what was not listed now stays as it was.
func TestMerge(t *testing.T) {
	before, err := check.ParseBaseline([]byte(`{"spanpipe":"definitions","version":1,"server":"old","instructions":"Hi.",
		"prompts":[{"name":"greet"}],"tools":[{"name":"add"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	now, err := check.ParseBaseline([]byte(`{"spanpipe":"definitions","version":1,"tools":[{"name":"sub"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := now.Merge(before).Format()
	if err != nil || !strings.Contains(string(text), "greet") || !strings.Contains(string(text), "sub") || strings.Contains(string(text), "add") ||
		!strings.Contains(string(text), "Hi.") {
		t.Errorf("%v\n%s", err, text)
	}
	if _, left := check.Compare(before, now); !slices.Equal(left, []record.DefinitionKind{record.PromptDefinition}) {
		t.Errorf("left: %v", left)
	}
}

// TestTwice: a tool that is listed twice is not what it was when it was listed once.
func TestTwice(t *testing.T) {
	second := strings.Replace(addTool, "Adds", "Eats", 1)
	for _, test := range []struct {
		before, now []string
		want        string
	}{
		{[]string{addTool}, []string{addTool, second}, "tool add is new"},
		{[]string{addTool, second}, []string{addTool}, "tool add is no longer offered"},
		{[]string{addTool, second}, []string{second, addTool}, ""},
	} {
		changes, _ := check.Compare(offered(test.before...), offered(test.now...))
		var got []string
		for _, c := range changes {
			got = append(got, c.String())
		}
		if strings.Join(got, "\n") != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
