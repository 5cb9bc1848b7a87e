package framing_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/framing"
)

// Only text is checked here; the reference in reference_test.go checks hashes, sizes and counts.
func TestText(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"plain", `"echo"`, `echo`},
		{"empty", `""`, ``},
		{"as long as may be", `"12345678"`, `12345678`},
		{"longer", `"123456789"`, `12345678…`},
		{"escapes", `"\"\\\/\b\f\n"`, "\"\\/\b\f\n"},
		{"more escapes", `"\r\t\u0041\u00e9"`, "\r\tAé"},
		{"digits of both cases", `"\u00AF\u00af"`, "\u00af\u00af"},
		{"first and last digits", `"\u09aF\uFA90"`, "\u09af\ufa90"},
		{"first pair of surrogates", `"\ud800\udc00"`, "\U00010000"},
		{"last pair of surrogates", `"\uDBFF\uDFFF"`, "\U0010ffff"},
		{"after the surrogates", `"\ue000"`, "\ue000"},
		{"before the surrogates", `"\ud7ff\ude00"`, "\ud7ff\ufffd"},
		{"pair of surrogates", `"\ud83d\ude00"`, "😀"},
		{"high surrogate alone", `"a\ud83d"`, "a\ufffd"},
		{"high surrogate before a letter", `"\ud83da"`, "\ufffda"},
		{"high surrogate before an escape", `"\ud83d\n"`, "\ufffd\n"},
		{"high surrogate before another pair", `"\ud83d\ud83d\ude00"`, "\ufffd😀"},
		{"low surrogate alone", `"\ude00a"`, "\ufffda"},
		{"invalid UTF-8", "\"a\xff\xfe\"", "a\ufffd\ufffd"},
		{"first and last bytes that are not ASCII", "\"\x80\x7f\xff\"", "\ufffd\x7f\ufffd"},
		{"nothing but the first byte that is not ASCII", "\"\x80\"", "\ufffd"},
		{"nothing but the last byte that is not ASCII", "\"\xff\"", "\ufffd"},
		{"character cut short", "\"\xe2\x82a\"", "\ufffd\ufffda"},
		{"character that does not fit", `"1234567é"`, "1234567…"},
		{"nothing after a character that does not fit", `"1234567éa"`, "1234567…"},
		{"escaped character that does not fit", `"123456\u20ac"`, "123456…"},
		{"broken escape behind what is kept", `"123456789\x"`, "12345678…"},
		{"broken escape behind an escape and what is kept", `"\n123456789\x"`, "\n1234567…"},
		{"broken escape behind a low surrogate that does not fit", `"1234567\udc00\x"`, "1234567…"},
		{"number", `-1.5e3`, `-1.5e3`},
		{"number as long as may be", `12345678`, `12345678`},
		{"long number", `12345678901`, `12345678…`},
		{"long number with an exponent", `1.234567e10`, `1.234567…`},
		{"true", `true`, `true`},
		{"null", `null`, `null`},
		{"object", `{"a":1}`, ``},
		{"array", `["a"]`, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := framing.Compile(text(8, "params", "v"))
			line := []byte(`{"jsonrpc":"2.0","method":"a","params":{"v":` + test.value + `}}`)
			// The same with other members around it.
			longer := []byte(`{"params":{"v":` + test.value + `,"x":"0123456789abcdef0123456789abcdef"},"jsonrpc":"2.0","method":"a"}`)
			for size := 1; size <= 2*len(line); size++ {
				if size > len(line) {
					line = longer
				}
				got := scan(table, pieces(line, size)...)
				if len(got) != 1 || len(got[0].Values) != 1 {
					t.Fatalf("in pieces of %d: %s", size, showAll(got))
				}
				v := got[0].Values[0]
				text := string(v.Text)
				if v.Truncated {
					text += "…"
				}
				if text != test.want || v.Size != int64(len(test.value)) {
					t.Errorf("in pieces of %d: %q of %d bytes, want %q of %d", size, text, v.Size, test.want, len(test.value))
				}
			}
		})
	}
}

// Several paths to one place, each with its own bound, and paths to a container whose members are wanted too.
func TestWants(t *testing.T) {
	path := func(want framing.Want, limit int, keys ...string) framing.Path {
		return framing.Path{Keys: keys, Want: want, Max: limit}
	}
	for _, test := range []struct {
		name, params, want string
		paths              []framing.Path
	}{
		{"texts of two lengths", `{"v":"aéé😀"}`, `0:"aé"… 1:"aéé"… 2:""…`,
			[]framing.Path{path(framing.Text, 4, "params", "v"), path(framing.Text, 7, "params", "v"), path(framing.Text, 0, "params", "v")}},
		{"text of just the length", `{"v":"abcd"}`, `0:"abcd" 1:"ab"…`,
			[]framing.Path{path(framing.Text, 4, "params", "v"), path(framing.Text, 2, "params", "v")}},
		{"word of just the length", `{"v":true,"w":false}`, `0:"true" 1:"fals"…`,
			[]framing.Path{path(framing.Text, 4, "params", "v"), path(framing.Text, 4, "params", "w")}},
		{"number of just the length", `{"v":1234}`, `0:"1234" 1:"12"…`,
			[]framing.Path{path(framing.Text, 4, "params", "v"), path(framing.Text, 2, "params", "v")}},
		{"text beside a hash", `{"v":"a"}`, `0:"a" 1:""#`,
			[]framing.Path{path(framing.Text, 4, "params", "v"), path(framing.Hash, 4, "params", "v")}},
		{"bytes of a container", `{"v":{"n":[1,2,3]}}`, `0:"{\"n\":["… 1:""`,
			[]framing.Path{path(framing.Raw, 6, "params", "v"), path(0, 6, "params", "v", "n")}},
		{"bytes to the last", `{"v":{"n":1}}`, `0:"{\"n\":1}" 1:"1"`,
			[]framing.Path{path(framing.Raw, 7, "params", "v"), path(framing.Text, 6, "params", "v", "n")}},
		{"hash of a container", `{"v":{"n":1}}`, `0:""# 1:"1"`,
			[]framing.Path{path(framing.Hash, 7, "params", "v"), path(framing.Text, 6, "params", "v", "n")}},
		{"elements", `{"v":[1,2]}`, `0:""2 1:"1" 1:"2"`,
			[]framing.Path{path(0, 7, "params", "v"), path(framing.Text, 6, "params", "v", each)}},
		{"nothing but the type", `{"v":"a","w":[1]}`, `0:"" 1:""`,
			[]framing.Path{path(0, 7, "params", "v"), path(0, 7, "params", "w")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := framing.Compile(test.paths...)
			line := []byte(`{"jsonrpc":"2.0","id":1,"params":` + test.params + `,"method":"a"}`)
			for size := 1; size <= len(line); size++ {
				var got []string
				for _, v := range scan(table, pieces(line, size)...)[0].Values {
					s := fmt.Sprintf("%d:%q", v.Field, v.Text)
					if v.Truncated {
						s += "…"
					}
					if v.Hash != 0 {
						s += "#"
					}
					if v.Count != 0 {
						s += fmt.Sprint(v.Count)
					}
					got = append(got, s)
				}
				if got := strings.Join(got, " "); got != test.want {
					t.Errorf("in pieces of %d: %s, want %s", size, got, test.want)
				}
			}
		})
	}
}

func TestPaths(t *testing.T) {
	const tool = `{"name":"t","in":{"name":"no"},"tags":["x","y",["z"]]}`
	keys := func(keys ...string) []string { return keys }
	for _, test := range []struct {
		name string
		keys []string
		line string
		want string
	}{
		{"member", keys("params", "name"), `{"params":{"name":"a"}}`, "a"},
		{"not a member elsewhere", keys("params", "name"), `{"name":"x","params":{"p":{"name":"a"}},"result":{"name":"y"}}`, ""},
		{"another case", keys("params", "name"), `{"params":{"Name":"a","NAME":"b"}}`, ""},
		{"beginning of a key", keys("params", "name"), `{"params":{"nam":"a","names":"b","":"c"}}`, ""},
		{"escaped key", keys("params", "name"), `{"params":{"n\u0061me":"a"}}`, "a"},
		{"empty key", keys("params", ""), `{"params":{"":"a","x":"b"}}`, "a"},
		{"key with slash", keys("a/b.c", "d e"), `{"a/b.c":{"d e":"x"}}`, "x"},
		{"key outside ASCII", keys("é😀"), `{"\u00e9\ud83d\ude00":"x"}`, "x"},
		{"key of seven bytes", keys("1234567"), `{"1234567":"x","123456":"y","12345678":"z"}`, "x"},
		{"key of fifteen bytes", keys("123456789012345"), `{"123456789012345":"x","12345678901234":"y","1234567890123456":"z"}`, "x"},
		{"key of sixteen bytes", keys("1234567890123456"), `{"1234567890123456":"x","123456789012345":"y","12345678901234567":"z"}`, "x"},
		{"key with a quote", keys(`a"b`), `{"a":"y","a\"b":"x"}`, "x"},
		{"key with a backslash", keys(`a\`), `{"a\":1,\"b":"y","a\\":"x"}`, "x"},
		{"key with zeros", keys("a\x00"), `{"a":"y","a\u0000":"x","a\u0000\u0000":"z"}`, "x"},
		{"white space around a key", keys("params", "name"), `{ "params" : { "name" : "a" , "x" : 1 } }`, "a"},
		{"key of eight bytes", keys("12345678"), `{"12345678":"x","12345679":"y"}`, "x"},
		{"keys equal at both ends", keys("12345678-87654321"), `{"12345678+87654321":"x","12345678-87654321":"y"}`, "y"},
		{"key that looks like Each", keys("a", "b"), `{"a":{"\u0000each":"y"}}`, ""},
		{"elements", keys("tools", each, "name"), `{"tools":[` + tool + `,` + tool + `,5,[` + tool + `]]}`, "t t"},
		{"elements of elements", keys("tools", each, "tags", each), `{"tools":[` + tool + `]}`, "x y "},
		{"elements in a row", keys("a", each, each), `{"a":[["x"],"y",["z",[]]]}`, "x z "},
		{"elements of an object", keys("a", each), `{"a":{"b":"x"}}`, ""},
		{"member of an array", keys("a", "0"), `{"a":["x"]}`, ""},
		{"element of no array", keys("a", each), `{"a":"x"}`, ""},
		{"key twice", keys("params", "name"), `{"params":{"name":"a","x":1,"name":"b"}}`, "b"},
		{"key twice, once escaped", keys("params", "name"), `{"params":{"name":"a","n\u0061me":"b"}}`, "b"},
		{"container twice", keys("params", "name"), `{"params":{"name":"a"},"params":{"name":"b"}}`, "b"},
		{"container twice, the last without", keys("params", "name"), `{"params":{"name":"a"},"params":{}}`, ""},
		{"container, then none", keys("params", "name"), `{"params":{"name":"a"},"params":null}`, ""},
		{"elements twice", keys("a", each), `{"a":["x","y"],"a":["z"]}`, "z"},
		{"key twice in an element", keys("a", each, "n"), `{"a":[{"n":"x","n":"y"},{"n":"z"}]}`, "y z"},
		{"key twice around others", keys("params", "name"), `{"params":{"name":"a"},"method":"m","id":1,"params":{"name":"b"},"x":2}`, "b"},
		{"in a batch", keys("params", "name"), `[{"params":{"name":"a"}},{"params":{"name":"b"}},{"params":{}}]`, "a b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := framing.Compile(framing.Path{Keys: test.keys, Want: framing.Text, Max: 20})
			for size := 1; size <= len(test.line); size++ {
				var got []string
				for _, m := range scan(table, pieces([]byte(test.line), size)...) {
					if m.Kind == framing.Malformed {
						t.Fatal(show(m))
					}
					for _, v := range m.Values {
						got = append(got, string(v.Text))
					}
				}
				if got := strings.Join(got, " "); got != test.want {
					t.Errorf("in pieces of %d: %q, want %q", size, got, test.want)
				}
			}
		})
	}
}

func TestID(t *testing.T) {
	long := strings.Repeat("0123456789", 1<<17)
	same := func(a, b framing.ID) bool { return a.Type == b.Type && a.Hash == b.Hash }
	id := func(raw string, size int) framing.ID {
		line := []byte(`{"jsonrpc":"2.0","id":` + raw + `,"method":"a"}`)
		got := scan(awkwardTable, pieces(line, size)...)
		if len(got) != 1 || got[0].Kind != framing.Request {
			t.Fatalf("id %.40s: %s", raw, showAll(got))
		}
		return got[0].ID
	}
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{`1`, `1`, true}, {`1`, `"1"`, false}, {`1`, `1.0`, false}, {`0`, `-0`, false}, {`"a"`, `"\u0061"`, true}, {`""`, `null`, false},
		{`null`, `null`, true}, {`9007199254740993`, `9007199254740992`, false}, {`"😀"`, `"\ud83d\ude00"`, true},
		{`"` + long + `"`, `"` + long + `"`, true}, {`"` + long + `"`, `"` + long + `x"`, false}, {`"` + long + `"`, `"\u0030` + long[1:] + `"`, false},
		{`"` + long[:1000] + `"`, `"\u0030` + long[1:1000] + `"`, true},
		{long[1:], long[1:], true}, {long[1:], long[1:] + "0", false}, {`{"n":1}`, `{"n":1}`, true}, {`{"n":1}`, `{"n":2}`, false},
		{`[1]`, `[2]`, false}, {`true`, `false`, false}, {`true`, `"true"`, false},
	} {
		for _, sizes := range [][2]int{{1 << 30, 1 << 30}, {1 << 30, 7}, {1000, 1 << 30}} {
			a, b := id(test.a, sizes[0]), id(test.b, sizes[1])
			if same(a, b) != test.same {
				t.Errorf("%.40s and %.40s: %+v %+v, want same %v", test.a, test.b, a, b, test.same)
			}
		}
	}
	got := id(`"`+long+`"`, 1<<30)
	if string(got.Text) != long[:framing.MaxIDText] || !got.Truncated {
		t.Errorf("a long id's text is %q, truncated %v", got.Text, got.Truncated)
	}
}

// A text that is cut in front of a long character is shorter than its bound.
func TestTruncatedMembers(t *testing.T) {
	for _, test := range []struct {
		name, text string
		truncated  bool
	}{
		{"as long as allowed", strings.Repeat("m", framing.MaxMethodText), false},
		{"one byte longer", strings.Repeat("m", framing.MaxMethodText+1), true},
		{"cut in front of a long character", strings.Repeat("m", framing.MaxMethodText-1) + "é", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			version := test.text[framing.MaxMethodText-framing.MaxVersionText:]
			got := scan(telemetryTable, []byte(`{"jsonrpc":"`+version+`","method":"`+test.text+`"}`))[0]
			if got.MethodTruncated != test.truncated || got.VersionTruncated != test.truncated {
				t.Errorf("method %q truncated %v, version %q truncated %v, want %v", got.Method, got.MethodTruncated,
					got.Version, got.VersionTruncated, test.truncated)
			}
		})
	}
}

// The ID of a value must equal that of the message it names.
func TestValueID(t *testing.T) {
	for _, raw := range []string{`1`, `"1"`, `"a\u0062"`, `-1.5`, `null`, `""`} {
		line := fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"a","params":{"requestId":%s}}`, raw, raw)
		got := scan(framing.Compile(text(64, "params", "requestId")), []byte(line))
		if a, b := got[0].ID, got[0].Values[0].ID(); a.Type != b.Type || a.Hash != b.Hash || !bytes.Equal(a.Text, b.Text) {
			t.Errorf("%s is %+v as an id and %+v as a value", raw, a, b)
		}
	}
	if v := (&framing.Value{Type: framing.True, Text: []byte("true")}); v.ID().Type != framing.OtherID {
		t.Errorf("true is an id of type %d", v.ID().Type)
	}
}

func TestCompilePanics(t *testing.T) {
	for name, paths := range map[string][]framing.Path{
		"empty path":         {{}},
		"path from Each":     {text(1, each, "a")},
		"Text and Raw":       {{Keys: []string{"a"}, Want: framing.Text | framing.Raw}},
		"invalid UTF-8":      {text(1, "\xff")},
		"replacement":        {text(1, "a\ufffd")},
		"one wrong of three": {text(1, "a"), text(1, "b"), {}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			framing.Compile(paths...)
		})
	}
}

// A table with many paths, which differ little.
func TestManyPaths(t *testing.T) {
	var paths []framing.Path
	line := `{"params":{`
	for i := range 255 {
		key := fmt.Sprintf("io.modelcontextprotocol/%03d-suffix", i)
		paths = append(paths, text(8, "params", key))
		line += fmt.Sprintf(`"%s":%d,`, key, i)
	}
	got := scan(framing.Compile(paths...), []byte(line+`"x":{}}}`))
	for i, v := range got[0].Values {
		if v.Field != i || string(v.Text) != fmt.Sprint(i) {
			t.Errorf("value %d is %q of field %d", i, v.Text, v.Field)
		}
	}
	if n := len(got[0].Values); n != 255 {
		t.Errorf("%d values, want 255", n)
	}
}

// Keys of one object that begin alike must not be taken for one another.
func TestKeysWithTheSameBeginning(t *testing.T) {
	keys := []string{"progress", "progressToken", "progressBar", "progress1234567", "progress1234568"}
	var paths []framing.Path
	line := `{"params":{`
	for i, key := range keys {
		paths = append(paths, text(9, "params", key))
		line += fmt.Sprintf(`"%s":%d,`, key, i)
	}
	got := scan(framing.Compile(paths...), []byte(line+`"progressBa":"x","progress1234569":"y"}}`))
	if n := len(got[0].Values); n != len(keys) {
		t.Fatalf("%d values, want %d", n, len(keys))
	}
	for i, v := range got[0].Values {
		if v.Field != i || string(v.Text) != fmt.Sprint(i) {
			t.Errorf("value %d is %q of field %d", i, v.Text, v.Field)
		}
	}
}

// Once its buffers have grown, a scanner allocates nothing.
//
// AllocsPerRun counts the allocations of the whole process, so that those of the runtime and of other tests come on
// top. A scanner that allocates does so in every attempt, the others do not.
func TestNoAllocation(t *testing.T) {
	noise := bench{"noise", []byte("2026-01-02T10:00:00Z INFO Server running on stdio\r\n")}
	for _, bm := range append([]bench{noise}, benchmarks...) {
		t.Run(bm.name, func(t *testing.T) {
			for _, size := range []int{1 << 30, chunk, 1000, 13} {
				s := framing.NewScanner(telemetryTable, func(*framing.Message) {})
				now := time.Now()
				chunks := pieces(bm.line, size)
				write := func() {
					for _, c := range chunks {
						s.Write(c, now)
					}
				}
				n := testing.AllocsPerRun(1, write)
				for attempt := 1; n != 0 && attempt < 20; attempt++ {
					n = min(n, testing.AllocsPerRun(1, write))
				}
				if n != 0 {
					t.Errorf("in chunks of %d: at least %v allocations per message", size, n)
				}
			}
		})
	}
}
