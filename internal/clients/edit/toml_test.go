package edit_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

const codex = `# Codex
model = "o3" # the best

[mcp_servers.one] # first
command = "npx" # runs it
args = ["-y", "server"]
startup_timeout_sec = 10

# about two
[mcp_servers."two words"]
command = 'C:\bin\two.exe'
args = [
  # head
  "a", # trailing
  'b',
]
[mcp_servers."two words".env]
TOKEN = "${TOKEN}"

[tui]
`

var wrappedEnv = edit.Object(edit.Pair("SPANPIPE_TELEMETRY", "local"))

func TestTOMLTable(t *testing.T) {
	replaced := func(old, now string) string { return replaceOnce(t, codex, old, now) }
	runChanges(t, edit.TOML, []changeCase{
		{"a basic string", codex, replace("mcp_servers/one/command", edit.Text(`C:\s p`), edit.Text("npx")),
			replaced(`"npx"`, `"C:\\s p"`)},
		{"a literal string", codex,
			replace("mcp_servers/two words/command", edit.Text(`C:\s p`), edit.Text(`C:\bin\two.exe`)),
			replaced(`'C:\bin\two.exe'`, `'C:\s p'`)},
		{"a literal string becomes a basic one", codex, set("mcp_servers/two words/command", edit.Text("it's")),
			replaced(`'C:\bin\two.exe'`, `"it's"`)},
		{"items in front", codex, prepend("mcp_servers/one/args", "--", "npx"),
			replaced(`["-y"`, `["--", "npx", "-y"`)},
		{"items in front, line by line", codex, prepend("mcp_servers/two words/args", "--", "npx"),
			replaced("args = [\n", "args = [\n  \"--\",\n  \"npx\",\n")},
		{"env beside the last key", codex, add("mcp_servers/one/env", wrappedEnv),
			replaced("_sec = 10\n", "_sec = 10\nenv = { SPANPIPE_TELEMETRY = \"local\" }\n")},
		{"env in its table", codex, add("mcp_servers/two words/env/SPANPIPE_TELEMETRY", edit.Text("local")),
			replaced("\"${TOKEN}\"\n", "\"${TOKEN}\"\nSPANPIPE_TELEMETRY = \"local\"\n")},
		{"a list beside the last key", codex, add("mcp_servers/one/list", edit.Strings("a", `"`)),
			replaced("_sec = 10\n", "_sec = 10\nlist = [\"a\", \"\\\"\"]\n")},
		{"a list in the place of a list", codex, set("mcp_servers/one/args", edit.Strings("x")),
			replaced(`["-y", "server"]`, `["x"]`)},
		{"a key of the root", codex, add("key with space", edit.Text("v")),
			replaced("# the best\n", "# the best\n\"key with space\" = \"v\"\n")},
		{"a key below an empty table", codex, add("tui/a", edit.Text("v")), codex + "a = \"v\"\n"},
		{"an item", codex, set("mcp_servers/two words/args/1", edit.Text("c")), replaced("'b'", "'c'")},
		{"a removed line", codex, remove("mcp_servers/one/args"), replaced("args = [\"-y\", \"server\"]\n", "")},
		{"a removed list of lines", codex, remove("mcp_servers/two words/args"),
			replaced("args = [\n  # head\n  \"a\", # trailing\n  'b',\n]\n", "")},
		{"the first line", "a = 1\nb = 2\n", remove("a"), "b = 2\n"},
	})
}

func TestTOMLForms(t *testing.T) {
	runChanges(t, edit.TOML, []changeCase{
		{"inline", "[s.x]\nenv = { A = \"1\" } # c\n", add("s/x/env/B", edit.Text("2")),
			"[s.x]\nenv = { A = \"1\", B = \"2\" } # c\n"},
		{"inline without spaces", "[s.x]\nenv={A=\"1\"}\n", add("s/x/env/B", edit.Text("2")), "[s.x]\nenv={A=\"1\", B=\"2\"}\n"},
		{"inline and empty", "[s.x]\nenv = {}\n", add("s/x/env/B", edit.Text("2")), "[s.x]\nenv = { B = \"2\" }\n"},
		{"inline, empty, with a space", "[s.x]\nenv = { }\n", add("s/x/env/B", edit.Text("2")), "[s.x]\nenv = { B = \"2\"  }\n"},
		{"all inline", "s = { x = { command = 'a', args = [ 'b' ] } }\n", prepend("s/x/args", "--"),
			"s = { x = { command = 'a', args = [ '--', 'b' ] } }\n"},
		{"all inline, env", "s = { x = { command = 'a' } }\n", add("s/x/env", wrappedEnv),
			"s = { x = { command = 'a', env = { SPANPIPE_TELEMETRY = \"local\" } } }\n"},
		{"dotted env", "[s.x]\nenv . \"A\" = \"1\" # c\ncommand = 'x'\n", add("s/x/env/B", edit.Text("2")),
			"[s.x]\nenv . \"A\" = \"1\" # c\nenv.B = \"2\"\ncommand = 'x'\n"},
		{"dotted env between braces", "s.x = { env.A = '1', b = 2 }\n", add("s/x/env/B", edit.Text("2")),
			"s.x = { env.A = '1', env.B = \"2\", b = 2 }\n"},
		{"dotted servers", "s.x.command = 'a'\n  s.x.args = ['b']\n", add("s/x/env", wrappedEnv),
			"s.x.command = 'a'\n  s.x.args = ['b']\n  s.x.env = { SPANPIPE_TELEMETRY = \"local\" }\n"},
		{"the last of a dotted table", "[s]\nenv.A = \"1\"\nb = 2\n", remove("s/env/A"), "[s]\nenv = {}\nb = 2\n"},
		{"a dotted table", "[s]\nenv.A = \"1\"\nb = 2\nenv.B = \"1\"\n", remove("s/env"), "[s]\nb = 2\n"},
		{"the first lines", "s.env.A = \"1\"\ns.env.B = \"1\"\ns.b = 1\n", remove("s/env"), "s.b = 1\n"},
		{"the last lines", "s.b = 1\ns.env.A = \"1\"\ns.env.B = \"1\"\n\n", remove("s/env"), "s.b = 1\n\n"},
		{"all of a dotted table", "s.env.A = \"1\"\nb = 2\ns.env.B = \"1\"\n", remove("s/env"), "s = {}\nb = 2\n"},
		{"an empty list", "args = []\n", prepend("args", "--", "x"), "args = [\"--\", \"x\"]\n"},
		{"an empty list of lines", "args = [ # none\n]\n", prepend("args", "--", "x"), "args = [\"--\", \"x\" # none\n]\n"},
		{"all items", "args = [ \"--\", \"x\", ]\n", drop("args", 2), "args = [  ]\n"},
		{"items that share a line", "args = [\n  'a', 'b', # c\n  'd' ]\n", drop("args", 1), "args = [\n  'b', # c\n  'd' ]\n"},
		{"a list with a head", "args = [ # c\n\n  # a\n  'a' ]\n", prepend("args", "--"), "args = [ # c\n  '--',\n\n  # a\n  'a' ]\n"},
		{"an array of tables", "[[s]]\nname = 'a'\ncommand = 'x'\n\n[[s]]\nname = 'b'\n[s.env]\nA = ''\n",
			add("s/0/env", wrappedEnv),
			"[[s]]\nname = 'a'\ncommand = 'x'\nenv = { SPANPIPE_TELEMETRY = \"local\" }\n\n[[s]]\nname = 'b'\n[s.env]\nA = ''\n"},
		{"a table of the last of an array", "[[s]]\n[[s]]\nname = 'b'\n[s.env]\nA = ''\n", add("s/1/env/B", edit.Text("\x01")),
			"[[s]]\n[[s]]\nname = 'b'\n[s.env]\nA = ''\nB = \"\\u0001\"\n"},
		{"an array of empty tables", "[[s]]\n[[s]]\n", add("s/0/b", edit.Text("")), "[[s]]\nb = \"\"\n[[s]]\n"},
		{"a table far behind its child", "[s.x.env]\nA = 1\n[t]\n[s.x]\nb = 1\n", add("s/x/c", edit.Text("")),
			"[s.x.env]\nA = 1\n[t]\n[s.x]\nb = 1\nc = \"\"\n"},
		{"a long string", "a = \"\"\"\nx\\\n  y\"\"\"\"\"\nb = '''\n'z'''''\n", set("b", edit.Text("w")),
			"a = \"\"\"\nx\\\n  y\"\"\"\"\"\nb = 'w'\n"},
		{"behind a long string", "[a]\ns = \"\"\"\n[b]\nx = 1\"\"\"\n\n# end\n", add("a/k", edit.Text("v")),
			"[a]\ns = \"\"\"\n[b]\nx = 1\"\"\"\nk = \"v\"\n\n# end\n"},
		{"behind dates and numbers", "[a]\nd = 1979-05-27 07:32:00Z\ni = [ 1, [ [], [ {}, 0xff ] ] ]\n", prepend("a/i/1/1", "x"),
			"[a]\nd = 1979-05-27 07:32:00Z\ni = [ 1, [ [], [ \"x\", {}, 0xff ] ] ]\n"},
	})
}

func TestTOMLEmpty(t *testing.T) {
	runChange(t, edit.TOML, "", "a = \"v\"\n", add("a", edit.Text("v")))
	runChanges(t, edit.TOML, []changeCase{
		{"comments alone", "# c\n", add("a", edit.Text("v")), "a = \"v\"\n# c\n"},
	})
}

func TestTOMLRefused(t *testing.T) {
	none := edit.Text("")
	runRefused(t, edit.TOML, []changeCase{
		{"no value", "a = 1\nb =\n", set("a", none), "line 2, column 4: unexpected character U+000A at start of value"},
		{"a duplicate", "'é' = 1\n \"é\" = 2\n", set("a", none), "line 2, column 2: key é is already defined"},
		{"a bare key that is not ASCII", "a = 1\né = 2\n", set("a", none), "line 2, column 1: unexpected character 'é'"},
		{"an implied table", "[s.x.env]\n", add("s/x/command", none),
			"line 1, column 1: the table that command belongs to has no header of its own, only this one of a subtable"},
		{"a table", "a = 1\n [s.x]\na = 1\n", set("s/x", none),
			"line 2, column 2: this is a table with lines of its own, which cannot be replaced"},
		{"a table, removed", "[s.x]\na = 1\n", remove("s/x"),
			"line 1, column 1: this is a table with lines of its own, which cannot be removed"},
		{"a list of tables", "[[s]]\na = 1\n", prepend("s", "x"),
			"line 1, column 1: this is a list of tables, which has no items in front"},
	})
}
