package framing_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/framing/estimate"
)

// TestTokens: a value has the tokens of its text, however the message was cut; one that has such values in it has their sum, even
// of those that there was no room for.
func TestTokens(t *testing.T) {
	tokens := func(keys ...string) framing.Path { return framing.Path{Keys: keys, Want: framing.Tokens} }
	table := framing.Compile(
		tokens("params", "arguments"), tokens("result", "content", each, "text"),
		framing.Path{Keys: []string{"result", "content"}}, framing.Path{Keys: []string{"result"}}, tokens("result", "note"),
	)
	const args, text = `{"path":"C:\\dir\\\"a\"","n":[1,2]}`, `Two words\nand a \"quote\", \u00e9\ud83d\ude00\\`
	of := func(texts ...string) (n int64) {
		for _, s := range texts {
			var c estimate.Counter
			c.Write([]byte(s))
			n += c.Tokens()
		}
		return n
	}
	for _, test := range []struct {
		name, line string
		want       map[int]int64 // by field, the last value's
	}{
		{"container", `{"method":"m","id":1,"params":{"x":"y","arguments":` + args + `,"z":"more text"}}`, map[int]int64{0: of(args)}},
		{"number", `{"method":"m","id":1,"params":{"arguments":123456}}`, map[int]int64{0: of("123456")}},
		{"text", `{"id":1,"result":{"content":[{"type":"text","text":"` + text + `"}],"x":"not counted"}}`, map[int]int64{1: of(text), 2: of(text), 3: of(text)}},
		{"empty text", `{"id":1,"result":{"note":""}}`, map[int]int64{4: 0, 3: 0}},
		{"many texts", `{"id":1,"result":{"content":[` + strings.Repeat(`{"text":"word"},`, 9999) + `{"text":"word"}],"note":"word"}}`,
			map[int]int64{2: 10000, 3: 10001}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for size := 1; size <= 40; size++ {
				m := scan(table, pieces([]byte(`{"jsonrpc":"2.0",`+test.line[1:]), size)...)[0]
				got := map[int]int64{}
				for _, v := range m.Values {
					got[v.Field] = v.Tokens
				}
				for field, want := range test.want {
					if n, there := got[field]; !there || n < want-want/50 || n > want+want/50 {
						t.Fatalf("in pieces of %d: field %d has %d tokens, want %d", size, field, n, want)
					}
				}
			}
		})
	}
}

// Bytes that would be counted twice are a mistake of the program.
func TestTokensWithinTokens(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	framing.Compile(framing.Path{Keys: []string{"a"}, Want: framing.Tokens}, framing.Path{Keys: []string{"a", "b"}, Want: framing.Tokens})
}
