package session_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// TestContents checks, for each kind of content, that asking for it copies just that.
func TestContents(t *testing.T) {
	everything := session.Contents{Max: 64, Errors: true, Arguments: true, Results: true, Prompts: true, Messages: true}
	for _, test := range []struct {
		name, line string
		asked      session.Contents // what has to be asked for
		want       session.RawContent
	}{
		{"arguments", `"id":1,"method":"tools/call","params":{"name":"a","arguments":{"q":1}}`,
			session.Contents{Arguments: true}, session.RawContent{Arguments: raw(`{"q":1}`)}},
		{"arguments of a prompt", `"id":1,"method":"prompts/get","params":{"name":"a","arguments":{"q":1}}`,
			session.Contents{Prompts: true}, session.RawContent{Arguments: raw(`{"q":1}`)}},
		{"arguments of a completion", `"id":1,"method":"completion/complete","params":{"arguments":{"q":1}}`,
			session.Contents{}, session.RawContent{}},
		{"messages", `"id":1,"method":"sampling/createMessage","params":{"messages":["hi"]}`,
			session.Contents{Prompts: true}, session.RawContent{Messages: raw(`["hi"]`)}},
		{"data", `"method":"notifications/message","params":{"level":"info","data":"x"}`,
			session.Contents{Messages: true}, session.RawContent{Data: raw(`"x"`)}},
		{"data of another notification", `"method":"notifications/progress","params":{"data":"x"}`,
			session.Contents{}, session.RawContent{}},
		{"result", `"id":1,"result":{"a":1}`,
			session.Contents{Results: true}, session.RawContent{Result: raw(`{"a":1}`)}},
		{"error", `"id":1,"error":{"code":1,"message":"no such file"}`,
			session.Contents{Errors: true}, session.RawContent{Error: raw("no such file")}},
		{"long error", `"id":1,"error":{"code":1,"message":"` + strings.Repeat("x", 65) + `"}`,
			session.Contents{Errors: true}, session.RawContent{Error: session.Piece{Raw: raw(strings.Repeat("x", 64)).Raw, Truncated: true}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := contentOf(t, test.line, session.Contents{}); got != nil {
				t.Errorf("without asking: %s", showContent(got))
			}
			if got := contentOf(t, test.line, everything); showContent(got) != showContent(&test.want) {
				t.Errorf("asked for everything: %s, want %s", showContent(got), showContent(&test.want))
			}
			asked := test.asked
			asked.Max = 64
			if got := contentOf(t, test.line, asked); showContent(got) != showContent(&test.want) {
				t.Errorf("asked for just that: %s, want %s", showContent(got), showContent(&test.want))
			}
			others := everything
			others.Errors = others.Errors && !asked.Errors
			others.Arguments = others.Arguments && !asked.Arguments
			others.Results = others.Results && !asked.Results
			others.Prompts = others.Prompts && !asked.Prompts
			others.Messages = others.Messages && !asked.Messages
			if asked.Results {
				others.Prompts = false // whose responses are results too
			}
			if asked != (session.Contents{Max: 64}) {
				if got := contentOf(t, test.line, others); got != nil {
					t.Errorf("asked for all but that: %s", showContent(got))
				}
			}
		})
	}
}

// TestErrorContent checks that the text of a result counts as an error only if isError is true, before or after it.
func TestErrorContent(t *testing.T) {
	for line, want := range map[string]string{
		`"id":1,"result":{"isError":true,"content":[{"text":"first"},{"text":"second"}]}`: "first",
		`"id":1,"result":{"content":[{"text":"first"}],"isError":true}`:                   "first",
		`"id":1,"result":{"content":[{"text":"first"}],"isError":false}`:                  "",
		`"id":1,"result":{"content":[{"text":"first"}]}`:                                  "",
	} {
		c := contentOf(t, line, session.Contents{Max: 64, Errors: true})
		if got := showContent(c); got != showContent(&session.RawContent{Error: raw(want)}) {
			t.Errorf("%s: %s", line, got)
		}
	}
}

// TestMeasured: what metric rules look at is copied beside the message, if a rule is for it, and that is decided when all of
// the message is known.
func TestMeasured(t *testing.T) {
	r := session.NewReader(session.Contents{MeasureMax: 20, MeasureRequest: true, MeasureResponse: true})
	for _, test := range []struct {
		line string
		want session.RawContent
	}{
		{`"id":1,"method":"tools/call","params":{"arguments":{"q":1},"name":"a"}`, session.RawContent{Arguments: raw(`{"q":1}`)}},
		{`"id":1,"result":{"q":1}`, session.RawContent{Result: raw(`{"q":1}`)}},
		{`"id":1,"error":{"q":1}`, session.RawContent{Failure: raw(`{"q":1}`)}},
		{`"id":1,"result":{"q":"0123456789abcdef"}`, session.RawContent{Result: session.Piece{Raw: []byte(`{"q":"0123456789abcd`), Truncated: true}}},
	} {
		for _, wanted := range []bool{true, false} {
			d := session.Decoder{Reader: r, Epoch: epoch, Wanted: func(m *session.Raw) bool {
				return wanted && (m.Kind != framing.Request || m.Target == "a")
			}}
			var m session.Raw
			s := framing.NewScanner(r.Table, func(lent *framing.Message) { d.Decode(lent, &m) })
			s.Write([]byte(`{"jsonrpc":"2.0",`+test.line+"}\n"), epoch)
			if m.Content != nil || (m.Measure != nil) != wanted || wanted && !reflect.DeepEqual(*m.Measure, test.want) {
				t.Errorf("%s, wanted: %v: %+v, captured %+v", test.line, wanted, m.Measure, m.Content)
			}
		}
	}
}

func TestContentSize(t *testing.T) {
	c := session.RawContent{Arguments: raw("a"), Messages: raw("bb"), Data: raw("cccc"), Result: raw("dddddddd"), Error: raw("eeeeeeeeeeeeeeee")}
	if c.Size() != 31 {
		t.Errorf("%d", c.Size())
	}
}

func TestWantsResult(t *testing.T) {
	for method, kind := range map[string]session.Contents{
		"tools/call": {Results: true}, "tasks/result": {Results: true}, "prompts/get": {Prompts: true},
		"sampling/createMessage": {Prompts: true}, "tools/list": {},
	} {
		all := session.Contents{Results: true, Prompts: true}
		if got := all.WantsResult(method); got != (kind != session.Contents{}) {
			t.Errorf("asked for all, %s: %v", method, got)
		}
		other := session.Contents{Results: !kind.Results, Prompts: !kind.Prompts}
		if kind != (session.Contents{}) && other.WantsResult(method) {
			t.Errorf("asked for the other, %s is wanted", method)
		}
	}
}

func raw(s string) session.Piece { return session.Piece{Raw: []byte(s)} }

func contentOf(t *testing.T, members string, c session.Contents) *session.RawContent {
	t.Helper()
	r := session.NewReader(c)
	d := session.Decoder{Reader: r, Epoch: epoch}
	var m session.Raw
	s := framing.NewScanner(r.Table, func(lent *framing.Message) { d.Decode(lent, &m) })
	s.Write([]byte(`{"jsonrpc":"2.0",`+members+"}\n"), epoch)
	if m.Kind == 0 || m.Kind == framing.Malformed || m.Kind == framing.NotRPC {
		t.Fatalf("%s is no message", members)
	}
	return m.Content
}

func showContent(c *session.RawContent) string {
	if c == nil {
		c = &session.RawContent{}
	}
	var b strings.Builder
	for _, p := range []session.Piece{c.Arguments, c.Messages, c.Data, c.Result, c.Error} {
		b.WriteString("[" + string(p.Raw) + "]")
		if p.Truncated {
			b.WriteString("…")
		}
	}
	return b.String()
}
