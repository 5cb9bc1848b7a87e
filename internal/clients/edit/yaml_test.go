package edit_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

const goose = `# Goose é
GOOSE_PROVIDER: anthropic
extensions:
  # the first
  one:
    args:
    # head
    - -y # yes
    - 8080

    - server
    bundled: null
    cmd: npx # runs it
    description: |
      two
       lines

    enabled: true
    env_keys: []
    envs: {}
    name: 'one'
    timeout: 300
    type: stdio
  # about two
  "two words": { cmd: 'C:\bin\two.exe', args: [ "a", b ], type: stdio, }

  three:
    cmd: >-
      npx
      -y
    args: [ # none
    ]
    # end of three
GOOSE_MODEL: x
`

const continued = `name: mine
version: 0.0.1
mcpServers:
  - name: one
    command: uvx
    args:
      - "server"
    env:
      TOKEN: ${{ secrets.TOKEN }} # secret

  - command: npx
  -   name: three
      command: |+
        npx

      # end
`

func TestYAMLGoose(t *testing.T) {
	replaced := func(old, now string) string { return replaceOnce(t, goose, old, now) }
	runChanges(t, edit.YAML, []changeCase{
		{"a plain string", goose, replace("extensions/one/cmd", edit.Text("/usr/bin/spanpipe"), edit.Text("npx")),
			replaced("cmd: npx", "cmd: /usr/bin/spanpipe")},
		{"a plain string that needs quotes", goose, set("extensions/one/cmd", edit.Text("a b: #")),
			replaced("cmd: npx", `cmd: "a b: #"`)},
		{"a single-quoted string", goose, replace("extensions/one/name", edit.Text("it's"), edit.Text("one")),
			replaced("'one'", "'it''s'")},
		{"a folded string", goose, set("extensions/three/cmd", edit.Text("x")), replaced("cmd: >-\n      npx\n      -y\n", "cmd: x\n")},
		{"items in front", goose, prepend("extensions/one/args", "--", "npx"),
			replaced("args:\n", "args:\n    - \"--\"\n    - npx\n")},
		{"items in front, between brackets", goose, prepend("extensions/two words/args", "--", "npx"),
			replaced(`[ "a"`, `[ "--", "npx", "a"`)},
		{"items in an empty list", goose, prepend("extensions/three/args", "--", "npx"),
			replaced(`[ # none`, `["--", npx # none`)},
		{"items dropped", goose, drop("extensions/one/args", 2), replaced("    - -y # yes\n    - 8080\n", "")},
		{"all items dropped", goose, drop("extensions/one/args", 3),
			replaced("args:\n    # head\n    - -y # yes\n    - 8080\n\n    - server\n", "args: []\n")},
		{"env in an empty map", goose, add("extensions/one/envs/SPANPIPE_TELEMETRY", edit.Text("local")),
			replaced("envs: {}", "envs: { SPANPIPE_TELEMETRY: local }")},
		{"env beside the last key", goose, add("extensions/one/env", edit.Object(edit.Pair("A", "1"), edit.Pair("B", "b"))),
			replaced("    type: stdio\n", "    type: stdio\n    env:\n      A: \"1\"\n      B: b\n")},
		{"env between braces", goose, add("extensions/two words/envs", wrappedEnv),
			replaced("type: stdio, }", "type: stdio, envs: { SPANPIPE_TELEMETRY: local }, }")},
		{"a key behind a list", goose, add("extensions/three/k", edit.Strings("--", "x")),
			replaced("    ]\n", "    ]\n    k: [\"--\", x]\n")},
		{"a key of the root", goose, add("no", edit.Text("")), goose + "\"no\": \"\"\n"},
		{"an item", goose, set("extensions/one/args/1", edit.Text("80")), replaced("- 8080", `- "80"`)},
		{"a member removed", goose, remove("extensions/one/description"),
			replaced("    description: |\n      two\n       lines\n", "")},
		{"a member between braces removed", goose, remove("extensions/two words/type"), replaced(", type: stdio", "")},
	})
}

func TestYAMLContinue(t *testing.T) {
	replaced := func(old, now string) string { return replaceOnce(t, continued, old, now) }
	runChanges(t, edit.YAML, []changeCase{
		{"a value", continued, replace("mcpServers/0/command", edit.Text("x"), edit.Text("uvx")), replaced("uvx", "x")},
		{"items in front", continued, prepend("mcpServers/0/args", "--"), replaced("args:\n", "args:\n      - \"--\"\n")},
		{"a variable", continued, add("mcpServers/0/env/A", edit.Text("b c")),
			replaced("# secret\n", "# secret\n      A: \"b c\"\n")},
		{"env where there is none", continued, add("mcpServers/1/env", wrappedEnv),
			replaced("npx\n  -   ", "npx\n    env:\n      SPANPIPE_TELEMETRY: local\n  -   ")},
		{"a list where there is none", continued, add("mcpServers/1/args", edit.Strings("--", "npx")),
			replaced("npx\n  -   ", "npx\n    args: [\"--\", npx]\n  -   ")},
		{"the first key", continued, remove("mcpServers/0/name"), replaced("- name: one\n    command: uvx", "- command: uvx")},
		{"the only key", continued, remove("mcpServers/1/command"), replaced("- command: npx", "- {}")},
		{"the only variable", continued, remove("mcpServers/0/env/TOKEN"),
			replaced("env:\n      TOKEN: ${{ secrets.TOKEN }} # secret\n", "env: {} # secret\n")},
		{"behind a text that keeps its lines", continued, add("mcpServers/2/env", wrappedEnv),
			replaced("npx\n\n      # end", "npx\n\n      env:\n        SPANPIPE_TELEMETRY: local\n      # end")},
	})
}

func TestYAMLForms(t *testing.T) {
	runChanges(t, edit.YAML, []changeCase{
		{"no value", "a:\n  env: # none\n  b: c\n", set("a/env", wrappedEnv), "a:\n  env: { SPANPIPE_TELEMETRY: local } # none\n  b: c\n"},
		{"no value and back", "a:\n  env:\n  b: c\n", replace("a/env", wrappedEnv, &edit.Node{}),
			"a:\n  env: { SPANPIPE_TELEMETRY: local }\n  b: c\n"},
		{"behind no value", "a:\n  env: # none\n# c\nb:\n", add("a/k", edit.Text("v")), "a:\n  env: # none\n  k: v\n# c\nb:\n"},
		{"a document with ends", "%YAML 1.1\n---\na: b\n...\n", add("k", edit.Text("v")), "%YAML 1.1\n---\na: b\nk: v\n...\n"},
		{"a version", "# c\n\n%YAML 1.2\n---\na: b\n", add("k", edit.Text("v")), "# c\n\n%YAML 1.2\n---\na: b\nk: v\n"},
		{"all between brackets", "{\"a\":{\"args\":[\"b\"],\"env\":{}}}\n", prepend("a/args", "--"),
			"{\"a\":{\"args\":[\"--\", \"b\"],\"env\":{}}}\n"},
		{"all between brackets, env", "{\"a\":{\"args\":[\"b\"],\"env\":{}}}\n", add("a/env/K", edit.Text("v w")),
			"{\"a\":{\"args\":[\"b\"],\"env\":{ K: \"v w\" }}}\n"},
		{"brackets of several lines", "a: [\n  # head\n  b, # c\n  d\n]\n", prepend("a", "--"), "a: [\n  \"--\",\n  # head\n  b, # c\n  d\n]\n"},
		{"a list without indentation", "a:\n- b\nc: d\n", prepend("a", "--"), "a:\n- \"--\"\n- b\nc: d\n"},
		{"a list in a list", "- - a\n  - b\n- c\n", prepend("0", "--", "x"), "- - \"--\"\n  - x\n  - a\n  - b\n- c\n"},
		{"a text of several lines", "a: b\n  c\n\n  d # e\nf: \"g\n  h\"\n", set("a", edit.Text("x")), "a: x # e\nf: \"g\n  h\"\n"},
		{"behind a text of several lines", "a:\n  b: c\n    d\ne: f\n", add("a/k", edit.Text("v")), "a:\n  b: c\n    d\n  k: v\ne: f\n"},
		{"anchors elsewhere", "x: &x {a: b}\ny: *x\nz:\n  <<: *x\ns:\n  c: d\n", add("s/k", edit.Text("v")),
			"x: &x {a: b}\ny: *x\nz:\n  <<: *x\ns:\n  c: d\n  k: v\n"},
		{"keys of other kinds", "? a\n: b\n? [c, d]\n: e\n1: f\ns:\n  c: d\n", add("s/k", edit.Text("v")),
			"? a\n: b\n? [c, d]\n: e\n1: f\ns:\n  c: d\n  k: v\n"},
		{"behind a text", "a:\n  b: |\n    c\n\n  # d\ne:\n", add("a/k", edit.Text("v")), "a:\n  b: |\n    c\n  k: v\n\n  # d\ne:\n"},
		{"four spaces", "a:\n    b:\n        c: d\n", add("a/env", wrappedEnv),
			"a:\n    b:\n        c: d\n    env:\n        SPANPIPE_TELEMETRY: local\n"},
		{"a block in the place of a value", "a:\n  - b # c\n  - d\ne: f\n", set("a", edit.Strings("x")), "a: [x]\ne: f\n"},
		{"a value on the next line", "a: # c\n  b\ne: f\n", set("a", edit.Text("x")), "a: # c\n  x\ne: f\n"},
	})
	runChange(t, edit.YAML, "", "a: v\n", add("a", edit.Text("v")))
	runChange(t, edit.YAML, "# c", "# c\na: v", add("a", edit.Text("v")))
	runChange(t, edit.YAML, "# c\n", "# c\na: v\n", add("a", edit.Text("v")))
}

func TestYAMLQuotes(t *testing.T) {
	for text, want := range map[string]string{
		`C:\Program Files (x86)\é.exe`: `C:\Program Files (x86)\é.exe`, `\\host\x`: `\\host\x`, "~/x": `"~/x"`, "npx -y": "npx -y", "a:": `"a:"`,
		"npx": "npx", "./x": "./x", "/usr/bin/x-1.0": "/usr/bin/x-1.0", "a@1": "a@1", "_": "_",
		"": `""`, "yes": `"yes"`, "No": `"No"`, "y": `"y"`, "on": `"on"`, "~": `"~"`, "null": `"null"`, "TRUE": `"TRUE"`, "1": `"1"`,
		"0x1f": `"0x1f"`, ".5": `".5"`, ".inf": `".inf"`, "1e3": `"1e3"`, "12:30": `"12:30"`, "2020-01-01": `"2020-01-01"`,
		"--": `"--"`, "-y": `"-y"`, "- x": `"- x"`, "a: b": `"a: b"`, "a #b": `"a #b"`, "@x": `"@x"`, "`x": "\"`x\"", "%x": `"%x"`,
		"<<": `"<<"`, "=": `"="`, "*a": `"*a"`, "&a": `"&a"`, "!a": `"!a"`, "?": `"?"`, "[": `"["`, "{a}": `"{a}"`, " a": `" a"`,
		"a ": `"a "`, `"`: `"\""`, "a\nb\t": `"a\nb\t"`, "\u0085\u2028\ufeff": `"\u0085\u2028\uFEFF"`, "é": "é",
		"---": `"---"`, "\U000e0001": `"\U000E0001"`,
	} {
		runChange(t, edit.YAML, "a: b\n", "a: "+want+"\n", set("a", edit.Text(text)))
	}
}

func TestYAMLQuotesBetweenBrackets(t *testing.T) {
	runChange(t, edit.YAML, "{a: b}\n", "{a: \"C:\\\\x\"}\n", set("a", edit.Text(`C:\x`)))
	runChange(t, edit.YAML, "a: b\n", "a: [\"C:\\\\x\", x]\n", set("a", edit.Strings(`C:\x`, "x")))
}

func TestYAMLRefused(t *testing.T) {
	none := edit.Text("")
	runRefused(t, edit.YAML, []changeCase{
		{"no YAML", "a: b\nc: d: e\n", set("a", none),
			"line 2, column 5: mapping values are not allowed in this context"},
		{"two documents", "a: b\n---\nc: d\n", set("a", none),
			"line 2, column 1: a second document begins here, and only files with one are edited"},
		{"a duplicate", "é:\n  é: 1\n  \"é\": 2\n", set("a", none),
			"line 3, column 3: é is defined twice"},
		{"an anchor above", "é: &x\n  c: d\n", set("é/c", none),
			"line 1, column 4: a value with an anchor or a tag is not edited"},
		{"an anchor", "a: &x b\n", set("a", none),
			"line 1, column 4: a value with an anchor or a tag is not edited"},
		{"a tag", "a: !!str b\n", set("a", none),
			"line 1, column 4: a value with an anchor or a tag is not edited"},
		{"an alias", "a: &x b\nc: *x\n", set("c", none),
			"line 2, column 4: an alias is not edited"},
		{"an alias below", "a: &x b\nc: [é, *x]\n", prepend("c", "x"),
			"line 2, column 8: an alias is not edited"},
		{"a merge key", "a: &x {b: c}\nd:\n  <<: *x\n", add("d/k", none),
			"line 3, column 3: a map with a merge key is not edited"},
		{"a comment behind a text", "a:\n  b: |\n    c\n  d: e\n   # f\n", remove("a/d"), "line 5, column 1: what follows would become part of the text in front of it"},
		{"empty lines behind a text", "a:\n  b: >1+\n    c\n  d: e\n\ng: h\n", remove("a/d"), "line 5, column 1: what follows would become part of the text in front of it"},
		{"a text at the end", "a: |\n  b", add("k", none),
			"line 2, column 4: a line break is missing at the end of the file, behind a text of several lines"},
		{"another line break", "a: b\u2028\n", set("a", none),
			"line 1, column 5: programs read the character here in different ways: write it as an escape, between double quotes"},
		{"a carriage return", "a: b\rc: d\n", set("a", none),
			"line 1, column 5: a carriage return stands alone, which programs read in different ways"},
		{"a set", "a: {b, c}\n", set("a/c", none),
			"line 1, column 9: a key without a value is not edited"},
		{"a pair", "a: [b: c]\n", set("a/0/b", none),
			"line 1, column 5: a map without braces in a list is not edited"},
	})
}
