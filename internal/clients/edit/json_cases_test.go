package edit_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

func TestJSONChanges(t *testing.T) {
	local := edit.Object(edit.Pair("SPANPIPE_TELEMETRY", "local"))
	runChanges(t, edit.JSON, []changeCase{
		{"a value", `{ "a" : /* x */ "b" /* y */ , "c": 1, }`, replace("a", edit.Text("é\n\"<&>"), edit.Text("b")),
			`{ "a" : /* x */ "é\n\"<&>" /* y */ , "c": 1, }`},
		{"a value of a list", `{"a": [1, "x", 3]}`, replace("a/1", edit.Text("y"), edit.Text("x")), `{"a": [1, "y", 3]}`},
		{"a name with a dot", `{"amp.mcpServers": {"x": {"command": "npx"}}}`, replace("amp.mcpServers/x/command", edit.Text("y"), edit.Text("npx")),
			`{"amp.mcpServers": {"x": {"command": "y"}}}`},
		{"a name with escapes", `{"\u0061\/\ud83d\ude00": "x"}`, changeAt(edit.Path{"a/😀"}, edit.Text("y")), `{"\u0061\/\ud83d\ude00": "y"}`},
		{"a list for a string", "{\n  \"a\": \"x\",\n  \"b\": [ \"y\", \"z\" ]\n}\n", replace("a", edit.Strings("p", "q"), edit.Text("x")),
			"{\n  \"a\": [ \"p\", \"q\" ],\n  \"b\": [ \"y\", \"z\" ]\n}\n"},

		{"added on its own line", "{\n  \"a\": 1\n}\n", add("b", edit.Text("x")), "{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n"},
		{"added after a comment", "{\n\t\"a\": 1 // one\n\t// end\n}\n", add("b", edit.Text("x")), "{\n\t\"a\": 1, // one\n\t\"b\": \"x\"\n\t// end\n}\n"},
		{"added after two comments", "{\n\t\"a\": 1 /* one\n */ // two\n}\n", add("b", edit.Text("x")),
			"{\n\t\"a\": 1, /* one\n */ // two\n\t\"b\": \"x\"\n}\n"},
		{"added after a trailing comma", "{\n  \"a\": 1, // one\n}\n", add("b", edit.Text("x")), "{\n  \"a\": 1, // one\n  \"b\": \"x\",\n}\n"},
		{"added after a trailing comma on a line", `{"a": 1, }`, add("b", edit.Text("x")), `{"a": 1, "b": "x", }`},
		{"added on the line", `{ "a": 1 /* one */ }`, add("b", edit.Text("x")), `{ "a": 1, "b": "x" /* one */ }`},
		{"added in a compact file", `{"a":1,"b":{"c":[2,3]}}`, add("b/d", local), `{"a":1,"b":{"c":[2,3],"d":{"SPANPIPE_TELEMETRY":"local"}}}`},
		{"added with the colons of the neighbors", "{\n \"a\" : 1\n}\n", add("b", edit.Text("x")), "{\n \"a\" : 1,\n \"b\" : \"x\"\n}\n"},
		{"added where the brace is on the line", "{\n  \"a\": 1 }\n", add("b", edit.Text("x")), "{\n  \"a\": 1,\n  \"b\": \"x\" }\n"},
		{"added where commas lead", "{ \"a\": 1\n, \"b\": 2\n}\n", add("c", edit.Text("x")), "{ \"a\": 1\n, \"b\": 2, \"c\": \"x\"\n}\n"},
		{"added after a member without indentation", "{\n\"a\": 1\n}\n", add("b", edit.Text("x")), "{\n\"a\": 1,\n\"b\": \"x\"\n}\n"},

		{"added to an empty map", `{"a": {}}`, add("a/b", edit.Text("x")), `{"a": {"b": "x"}}`},
		{"added to a map with a space", `{"a": { }}`, add("a/b", edit.Text("x")), `{"a": { "b": "x" }}`},
		{"added to a map with a line", "{\n    \"a\": {\n    }\n}\n", add("a/b", edit.Text("x")), "{\n    \"a\": {\n        \"b\": \"x\"\n    }\n}\n"},
		{"added to a map with a comment", "{ // c\n}\n", add("b", edit.Text("x")), "{ // c\n  \"b\": \"x\"\n}\n"},
		{"added to a map with comments", "{ // c\n   // d\n}\n", add("b", edit.Text("x")), "{ // c\n   // d\n   \"b\": \"x\"\n}\n"},
		{"added to a map with a comment on the line", `{/* c */}`, add("b", edit.Text("x")), `{/* c */ "b": "x"}`},

		{"a map as that of the same name",
			"{\n  \"a\": {\n    \"args\": [\"x\"]\n  },\n  \"b\": {\n    \"env\": {\n      \"A\": \"B\"\n    }\n  }\n}\n", add("a/env", local),
			"{\n  \"a\": {\n    \"args\": [\"x\"],\n    \"env\": {\n      \"SPANPIPE_TELEMETRY\": \"local\"\n    }\n  },\n" +
				"  \"b\": {\n    \"env\": {\n      \"A\": \"B\"\n    }\n  }\n}\n"},
		{"a map on one line as others are", "{\n  \"a\": {\n    \"args\": [\"x\"]\n  }\n}\n", add("a/env", local),
			"{\n  \"a\": {\n    \"args\": [\"x\"],\n    \"env\": { \"SPANPIPE_TELEMETRY\": \"local\" }\n  }\n}\n"},
		{"a map with the braces of others", "{\n  \"a\": {\n    \"args\": [\"x\"]\n  },\n  \"b\": {\"c\": 1}\n}\n", add("a/env", local),
			"{\n  \"a\": {\n    \"args\": [\"x\"],\n    \"env\": {\"SPANPIPE_TELEMETRY\": \"local\"}\n  },\n  \"b\": {\"c\": 1}\n}\n"},
		{"a map with lines as a program writes", "{\n\t\"a\": {\n\t\t\"args\": [\n\t\t\t\"x\"\n\t\t]\n\t}\n}\n", add("a/env", local),
			"{\n\t\"a\": {\n\t\t\"args\": [\n\t\t\t\"x\"\n\t\t],\n\t\t\"env\": {\n\t\t\t\"SPANPIPE_TELEMETRY\": \"local\"\n\t\t}\n\t}\n}\n"},

		{"items on a line", `{"a": ["x","y"]}`, prepend("a", "--", "npx"), `{"a": ["--","npx","x","y"]}`},
		{"items on a line with spaces", `{"a": [ "x", "y" ]}`, prepend("a", "--", "npx"), `{"a": [ "--", "npx", "x", "y" ]}`},
		{"items before one", `{"a": ["x"]}`, prepend("a", "--"), `{"a": ["--", "x"]}`},
		{"items before one in a compact file", `{"a":["x",]}`, prepend("a", "--"), `{"a":["--","x",]}`},
		{"items on lines", "{\n  \"a\": [ // args\n    // the package\n    \"x\", // first\n    \"y\",\n  ]\n}\n", prepend("a", "--", "npx"),
			"{\n  \"a\": [ // args\n    \"--\",\n    \"npx\",\n    // the package\n    \"x\", // first\n    \"y\",\n  ]\n}\n"},
		{"items for an empty list", `{"a": []}`, prepend("a", "--", "npx"), `{"a": ["--", "npx"]}`},
		{"items for a list with a space", `{"a":[ ]}`, prepend("a", "--", "npx"), `{"a":[ "--","npx" ]}`},
		{"items for a list with a line", "{\n  \"a\": [\n  ]\n}\n", prepend("a", "--", "npx"), "{\n  \"a\": [\n    \"--\",\n    \"npx\"\n  ]\n}\n"},
		{"items for a list with a comment", "{\n  \"a\": [\n    // none\n  ]\n}\n", prepend("a", "--", "npx"),
			"{\n  \"a\": [\n    // none\n    \"--\",\n    \"npx\"\n  ]\n}\n"},
		{"items for the root", `["x"]`, change{
			func(f *edit.File) (*edit.File, error) { return f.Prepend(nil, "--") },
			func(f *edit.File) (*edit.File, error) { return f.Drop(nil, 1) },
		}, `["--", "x"]`},

		{"the first removed", "{\n  // one\n  \"a\": 1, // first\n  \"b\": 2\n}\n", remove("a"), "{\n  // one\n  // first\n  \"b\": 2\n}\n"},
		{"the last removed", "{\n  \"a\": 1, // first\n  \"b\": 2 // second\n}\n", remove("b"), "{\n  \"a\": 1 // first\n  // second\n}\n"},
		{"the only one removed", "{\n  \"a\": 1,\n}\n", remove("a"), "{\n}\n"},
		{"one of a line removed", `{ "a": 1, "b": 2, "c": 3 }`, remove("b"), `{ "a": 1, "c": 3 }`},
		{"one before a brace removed", "{\n  \"a\": 1, // first\n  \"b\": 2 }\n", remove("b"), "{\n  \"a\": 1 // first\n  }\n"},
		{"items removed", "[\n  \"a\", // first\n  \"b\",\n  \"c\"\n]\n", dropRoot(2), "[\n  // first\n  \"c\"\n]\n"},
	})
}

func changeAt(p edit.Path, value *edit.Node) change {
	return change{do: func(f *edit.File) (*edit.File, error) { return f.Set(p, value) }}
}

func dropRoot(n int) change {
	return change{do: func(f *edit.File) (*edit.File, error) { return f.Drop(nil, n) }}
}

func TestJSONRefused(t *testing.T) {
	ok := change{do: func(f *edit.File) (*edit.File, error) { return f, nil }}
	runRefused(t, edit.JSON, []changeCase{
		{"empty", "", ok, "line 1, column 1: the file is empty"},
		{"comments only", "\ufeff// c\n", ok, "line 1, column 1: the file is empty"},
		{"no comma in a map", "{\n  \"é\": {\"b\": 1} // c\n  \"c\": 2\n}", ok, "line 2, column 16: a comma is missing"},
		{"no comma in a list", `["é" 1]`, ok, "line 1, column 5: a comma is missing"},
		{"no comma before a brace", "[{}\n\n{}]", ok, "line 1, column 4: a comma is missing"},
		{"two commas", `{"a": 1,, "b": 2}`, ok, "line 1, column 9: a value or a name is missing"},
		{"no value", `{"a": }`, ok, "line 1, column 7: a value or a name is missing"},
		{"no colon", `{"a" 1}`, ok, "line 1, column 6: a colon is missing"},
		{"no name", `{1: 1}`, ok, "line 1, column 2: a name in double quotes is missing"},
		{"bare name", "{\r\n\ta: 1}", ok, "line 2, column 2: only true, false, null and decimal numbers may stand without double quotes"},
		{"single quotes", `{'a': 1}`, ok, "line 1, column 2: texts need double quotes"},
		{"no double quote", "{\"a\": \"x,\n\"b\": 1}", ok, "line 1, column 7: a text is not closed on its line: a double quote is missing"},
		{"no double quote at the end", `{"a": "x`, ok, "line 1, column 7: a text is not closed: a double quote is missing"},
		{"no closing brace", "{\"a\": [1]\n", ok, "line 2, column 1: the file ends too early: a closing bracket or a value is missing"},
		{"another closing brace", `{"a": [1}`, ok, "line 1, column 9: a closing ] is missing"},
		{"another closing bracket", `{"a": 1]`, ok, "line 1, column 8: a closing } is missing"},
		{"a second value", "{}\n{}", ok, "line 2, column 1: the file continues after the end of its value"},
		{"an open comment", "{} /* x", ok, "line 1, column 4: a comment is not closed"},
		{"an escape", `["\x"]`, ok, "line 1, column 2: a text has an escape that JSON does not have"},
		{"a control character", "[\"a\x01\"]", ok, "line 1, column 4: a control character in a text must be written as an escape"},
		{"a line separator in a comment", "[] // \u2028 [", ok,
			"line 1, column 7: a comment has a line separator that clients read in different ways"},
		{"a carriage return in a comment", "[ // c\r1\n]", ok, "line 1, column 7: a comment has a carriage return, which clients read in different ways"},
		{"NaN", `{"a": NaN}`, ok, "line 1, column 7: only true, false, null and decimal numbers may stand without double quotes"},
		{"a number", `{"a": 01}`, ok, "line 1, column 7: only true, false, null and decimal numbers may stand without double quotes"},
		{"a slash", `{"a": /}`, ok, "line 1, column 7: a character that has no meaning here"},
		{"NUL", "{} // é\x00", ok, "line 1, column 8: a NUL character stands in the file"},
		{"bytes", "[\"\xff\"]", ok, "line 1, column 3: the file is not valid UTF-8 here"},
		{"UTF-16", "\xff\xfe{\x00}\x00", ok, "the file is UTF-16, and only UTF-8 can be edited"},
		{"duplicate name", "{\"a\": {\n  \"b.c\": 1,\n  \"b\\u002ec\": 2}}", ok, `line 3, column 3: the name "b.c" stands twice in one object`},
		{"deep", strings.Repeat("[", 1000000), ok, "line 1, column 513: values are nested too deep"},
		{"deep maps", strings.Repeat(`{"a":`, 600), ok, "line 1, column 2561: values are nested too deep"},
		{"many", "[" + strings.Repeat("{},", 1<<20) + "]", ok, "line 1, column 1572865: there are too many values before this"},
		{"large", "[" + strings.Repeat(" ", 8<<20) + "]", ok, "the file is larger than 8 MiB"},

		{"no such map", `{"a": 1}`, add("b/c", edit.Text("x")), "b.c cannot be set: there is no map to put it in"},
		{"in a list", `{"a": [1]}`, add("a/1", edit.Text("x")), "a.1 cannot be set: there is no map to put it in"},
		{"no such list", `{"a": {}}`, prepend("a", "x"), "a is not a list"},
		{"too many items", `{"a": ["x"]}`, drop("a", 2), "a is not a list of 2 items or more"},
		{"no such member", `{"a": [1]}`, remove("b"), "there is no b that could be removed"},
		{"an item", `{"a": [1]}`, remove("a/0"), "there is no a.0 that could be removed"},
		{"the root", `{}`, change{do: func(f *edit.File) (*edit.File, error) { return f.Set(nil, edit.Text("x")) }},
			"the file as a whole cannot be set"},
		{"invalid text", `{"a": ["\ud83d"]}`, change{do: func(f *edit.File) (*edit.File, error) {
			return f.Prepend(edit.Path{"a"}, f.Get(edit.Path{"a", "0"}).Text)
		}}, "a text that is not valid Unicode cannot be written"},
		{"a value with two of a name", `{}`, add("a", edit.Object(edit.Pair("b", ""), edit.Pair("b", ""))),
			"a map cannot have two values of the same name"},
		{"a value that is none", `{}`, add("a", &edit.Node{Text: `1, "b": 2`}), "the file cannot be edited safely: more than the value would change"},
	})
}

// What a user would see of a file with a history of many sessions, which some clients keep beside their servers.
func TestJSONLarge(t *testing.T) {
	for name, history := range map[string]string{
		"lines":    strings.Repeat("    { \"text\": \"é\" },\n", 60000),
		"one line": strings.Repeat(`{"text":"é"},`, 100000),
		"deep":     strings.Repeat(strings.Repeat(`[`, 500)+strings.Repeat(`]`, 500)+",", 60),
	} {
		text := []byte("{\"history\": [" + history + "],\n  \"a\": {\n    \"b\": 1\n  }\n}")
		t.Run(name, func(t *testing.T) {
			f := parsed(t, edit.JSON, text)
			added, err := f.Set(edit.Path{"a", "env"}, edit.Object(edit.Pair("c", "d")))
			if err != nil {
				t.Fatal(err)
			}
			back, err := added.Delete(edit.Path{"a", "env"})
			if err != nil || !bytes.Equal(back.Text(), text) {
				t.Fatal(err)
			}
		})
	}
}

func TestSyntaxErrors(t *testing.T) {
	_, err := edit.Parse("ini", nil)
	var syntax *edit.SyntaxError
	if !errors.As(err, &syntax) || err.Error() != `the format "ini" is not known` {
		t.Fatal(err)
	}
	if _, err = edit.Parse(edit.JSON, []byte("[\n\t1 2]")); !errors.As(err, &syntax) || syntax.Line != 2 || syntax.Column != 3 {
		t.Fatal(err)
	}
}
