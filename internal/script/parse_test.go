package script_test

import (
	"errors"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/schematest"
	"github.com/spanpipe/spanpipe/internal/script"
)

const schema = "../../docs/script.schema.json"

// TestParse: arguments become JSON as they are written.
func TestParse(t *testing.T) {
	text := `# all that a file may have
version: 1
calls:
  - call: echo
    arguments:
      message: "hello\n"
      b: {n: 1.50, big: 12345678901234567890, hex: 0x10, exp: 1e3}
      a: [true, null, ~, 2026-01-01, "1", yes]
    timeout: 1m30s
    repeat: 3
  - prompt: greet
  - prompt: greet
    arguments: {name: Ann <ann>}
  - resource: demo://x?y=1
`
	s, err := script.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []script.Call{
		{Method: "tools/call", Name: "echo", Timeout: 90 * time.Second, Repeat: 3, Arguments: []byte(
			`{"message":"hello\n","b":{"n":1.50,"big":12345678901234567890,"hex":16,"exp":1e3},"a":[true,null,null,"2026-01-01","1","yes"]}`)},
		{Method: "prompts/get", Name: "greet", Arguments: []byte("{}"), Repeat: 1},
		{Method: "prompts/get", Name: "greet", Arguments: []byte(`{"name":"Ann <ann>"}`), Repeat: 1},
		{Method: "resources/read", Name: "demo://x?y=1", Repeat: 1},
	}
	if !reflect.DeepEqual(s.Calls, want) {
		t.Errorf("got %+v, want %+v", s.Calls, want)
	}
	if !schematest.YAML(t, schema)(text) {
		t.Error("the schema does not accept the file")
	}
	if s, err = script.Parse([]byte("calls: []\n")); err != nil || len(s.Calls) != 0 {
		t.Errorf("a file without calls: %v, %v", s, err)
	}
}

// TestMistakes: a mistake is an error with its place, and the schema refuses the file, too.
func TestMistakes(t *testing.T) {
	accepts := schematest.YAML(t, schema)
	for text, want := range map[string]string{
		"":                                                 "1:1: the file is empty: begin with calls:",
		"calls: [":                                         "this is no YAML: ",
		"calls: []\n---\ncalls: []\n":                      "a file has one document",
		"- call: x\n":                                      "1:1: the file: want names and values: version, calls",
		"version: 1\n":                                     "1:1: there are no calls: begin with calls:",
		"version: 2\ncalls: []\n":                          "1:10: want version: 1",
		"call: []\n":                                       `1:1: the file has no "call": it has version, calls`,
		"calls: {call: x}\n":                               "1:8: calls is not a list",
		"calls: [echo]\n":                                  "1:9: a call: want names and values",
		"calls:\n- call: x\n  argument: {}\n":              `3:3: a call has no "argument": it has call, `,
		"calls:\n- call: x\n  call: y\n":                   "3:3: call stands here twice",
		"calls:\n- call: x\n  prompt: y\n":                 "3:11: want one of call, prompt and resource, not two",
		"calls:\n- arguments: {}\n":                        "2:3: want one of call: TOOL, prompt: NAME and resource: URI",
		"calls:\n- call: ''\n":                             "2:9: call: want a name",
		"calls:\n- call:\n":                                "2:8: call: want a name",
		"calls:\n- call: [x]\n":                            "2:9: call: want a name",
		"calls:\n- {resource: x, arguments: {}}\n":         "2:28: a resource has no arguments",
		"calls:\n- {call: x, arguments: [1]}\n":            "2:24: arguments: want names and values, such as {message: hello}",
		"calls:\n- {call: x, timeout: 5}\n":                "2:22: timeout: want a duration, such as 5s or 2m",
		"calls:\n- {call: x, timeout: -5s}\n":              "2:22: timeout: want a duration",
		"calls:\n- {call: x, repeat: 0}\n":                 "2:21: repeat: want a number from 1 to 10000",
		"calls:\n- {call: x, repeat: many}\n":              "2:21: repeat: want a number from 1 to 10000",
		"calls:\n- call: x\n  arguments: {a: .inf}\n":      `3:18: ".inf" has no form in JSON`,
		"calls:\n- call: x\n  arguments: {a: 1, a: 2}\n":   "3:21: want names that are texts, each once",
		"calls:\n- call: x\n  arguments: {a: &x 1, b: *x}": "3:18: anchors and aliases are not supported",
	} {
		_, err := script.Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
		if _, ok := errors.AsType[*script.Error](err); !ok {
			t.Errorf("%q: the error is a %T", text, err)
		}
		ours := strings.Contains(want, "twice") || strings.Contains(want, "each once") || strings.Contains(want, "anchors") ||
			strings.Contains(want, ".inf") || strings.Contains(want, "document") || strings.Contains(want, "YAML") || text == ""
		if accepts(text) != ours { // of YAML itself the schema sees nothing
			t.Errorf("%q: the schema accepts it: %v", text, !ours)
		}
	}
	deep := "calls:\n- call: x\n  arguments: {a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}\n"
	if _, err := script.Parse([]byte(deep)); err == nil || !strings.Contains(err.Error(), "nested too deeply") {
		t.Errorf("a deep value: %v", err)
	}
}

// FuzzParse: no file makes it panic, and arguments are JSON.
func FuzzParse(f *testing.F) {
	f.Add([]byte("calls:\n- call: x\n  arguments: {a: [1, .5, 0o7, 1_0, \"\\xff\"], ? b : c}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := script.Parse(text)
		if err != nil {
			return
		}
		for i := range s.Calls {
			if c := &s.Calls[i]; c.Arguments != nil && !valid(c.Arguments) {
				t.Errorf("%q: arguments %q", text, c.Arguments)
			}
		}
	})
}

// TestGuide: the example of docs/recordings.md is a file that Parse and the schema accept.
func TestGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/recordings.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)<!-- script -->\n```yaml\n(.*?)```").FindSubmatch(page)
	if found == nil {
		t.Fatal("there is no example")
	}
	s, err := script.Parse(found[1])
	if err != nil || len(s.Calls) != 3 || s.Calls[0].Repeat != 3 || s.Calls[2].Timeout != 5*time.Second {
		t.Errorf("got %+v, %v", s, err)
	}
	if !schematest.YAML(t, schema)(string(found[1])) {
		t.Error("the schema does not accept the example")
	}
}
