package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/framing/estimate"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestTokens checks what of a request and its response counts as something that a model writes or reads.
func TestTokens(t *testing.T) {
	const text = `Three files were found: a.txt, b.txt and c.txt.\nNo more.`
	image := strings.Repeat("iVBORw0KGgo", 400)
	for _, test := range []struct {
		name, method, params, result string
		wrote, read                  []string // texts
		media                        int
	}{
		{"arguments and a text", "tools/call", `{"name":"find","arguments":{"pattern":"*.txt"},"_meta":{"progressToken":"abcdefgh"}}`,
			`"result":{"content":[{"type":"text","text":"` + text + `"}],"isError":false}`, []string{`{"pattern":"*.txt"}`}, []string{text}, 0},
		{"several texts", "tools/call", `{"name":"find"}`,
			`"result":{"content":[{"type":"text","text":"` + text + `"},{"type":"resource","resource":{"uri":"file:///x","text":"one"}},` +
				`{"type":"resource_link","uri":"file:///notes.txt","name":"notes"}]}`, nil, []string{text, "one", "file:///notes.txt", "notes"}, 0},
		{"an image", "tools/call", `{"name":"shot"}`,
			`"result":{"content":[{"type":"image","data":"` + image + `","mimeType":"image/png"},{"type":"text","text":"A page."}]}`,
			nil, []string{"A page."}, len(image) + 2},
		{"structured content beside the text", "tools/call", `{"name":"find"}`,
			`"result":{"structuredContent":{"files":["a.txt"]},"content":[{"type":"text","text":"{\"files\":[\"a.txt\"]}"}]}`, nil,
			[]string{`{\"files\":[\"a.txt\"]}`}, 0},
		{"structured content alone", "tools/call", `{"name":"find"}`, `"result":{"structuredContent":{"files":["a.txt"]},"content":[]}`, nil,
			[]string{`{"files":["a.txt"]}`}, 0},
		{"an error", "tools/call", `{"name":"find"}`, `"error":{"code":-32603,"message":"The disk is full."}`, nil, []string{"The disk is full."}, 0},
		{"a resource", "resources/read", `{"uri":"file:///a"}`,
			`"result":{"contents":[{"uri":"file:///a","text":"` + text + `"},{"uri":"file:///b","blob":"AAAA"}]}`, nil, []string{text}, 6},
		{"a prompt", "prompts/get", `{"name":"greet","arguments":{"name":"Kim"}}`,
			`"result":{"messages":[{"role":"user","content":{"type":"text","text":"Greet Kim."}}]}`, []string{`{"name":"Kim"}`}, []string{"Greet Kim."}, 0},
		{"a list", "tools/list", `{"cursor":"abc"}`, `"result":{"tools":[{"name":"a"},{"name":"b"}]}`, nil, []string{"a", "b"}, 0},
		{"nothing", "ping", `{}`, `"result":{}`, nil, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			last := &lastRecord{}
			s := newSpeaker(last)
			s.say(record.ToServer, `{"jsonrpc":"2.0","id":%d,"method":"`+test.method+`","params":`+test.params+`}`, 1)
			s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,`+test.result+`}`, 1)
			near := func(what string, got int64, texts []string) {
				var want int64
				for _, one := range texts {
					var c estimate.Counter
					c.Write([]byte(one))
					want += c.Tokens()
				}
				if got < want-int64(len(texts)) || got > want+int64(len(texts)) { // rounded one by one
					t.Errorf("%s: %d tokens, want %d", what, got, want)
				}
				if (got == 0) != (len(texts) == 0) {
					t.Errorf("%s: %d tokens of %d texts", what, got, len(texts))
				}
			}
			near("wrote", last.op.RequestTokens, test.wrote)
			read := last.op.ResponseTokens
			if test.method == "tools/list" {
				read -= 9 * int64(len(test.read)) // the keys around what a client passes on of a tool
			}
			near("read", read, test.read)
			if last.op.ResponseMedia != int64(test.media) {
				t.Errorf("%d bytes of media, want %d", last.op.ResponseMedia, test.media)
			}
		})
	}
}

// TestDefinitionTokens: a list in pages is as dear as its pages together, and the instructions are a list of their own.
func TestDefinitionTokens(t *testing.T) {
	last := &lastRecord{}
	s := newSpeaker(last)
	one := `{"name":"search","description":"Finds what matches."}`
	var sum int64
	for i, next := range []string{`,"nextCursor":"2"`, ``} {
		s.say(record.ToServer, `{"jsonrpc":"2.0","id":%d,"method":"prompts/list"`+[]string{``, `,"params":{"cursor":"2"}`}[i]+`}`, i+1)
		s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,"result":{"prompts":[`+strings.Repeat(one+",", i)+one+`]`+next+`}}`, i+1)
		for _, d := range last.op.Definitions {
			sum += d.Tokens
		}
		if last.op.DefinitionTokens < sum-1 || last.op.DefinitionTokens > sum+1 || sum == 0 {
			t.Errorf("page %d: %d tokens, want %d", i+1, last.op.DefinitionTokens, sum)
		}
	}
	s.say(record.ToServer, `{"jsonrpc":"2.0","id":%d,"method":"tools/list"}`, 8)
	tool := `"name":"search","description":"Finds what matches.","inputSchema":{"type":"object"}`
	hidden := `,"outputSchema":{"type":"object","description":"` + strings.Repeat("many words ", 200) + `"},"_meta":{"owner":"Ann Lee"}`
	s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,"result":{"tools":[{`+tool+`},{`+tool+hidden+`}]}}`, 8)
	var c estimate.Counter
	c.Write([]byte("{" + tool + "}"))
	for _, d := range last.op.Definitions {
		if d.Tokens < c.Tokens()-2 || d.Tokens > c.Tokens()+2 {
			t.Errorf("a tool of %d tokens, want %d: what a model sees of it", d.Tokens, c.Tokens())
		}
	}
	if n := last.op.DefinitionTokens; len(last.op.Definitions) != 2 || n < 2*c.Tokens()-3 || n > 2*c.Tokens()+3 {
		t.Errorf("a list of %d tools and %d tokens", len(last.op.Definitions), n)
	}
	s.say(record.ToServer, `{"jsonrpc":"2.0","id":%d,"method":"initialize"}`, 9)
	s.say(record.ToClient, fmt.Sprintf(`{"jsonrpc":"2.0","id":%%d,"result":{"instructions":%q}}`, "Search before you write."), 9)
	if got := last.op.DefinitionTokens; got < 4 || got > 6 {
		t.Errorf("instructions of %d tokens", got)
	}
}
