package telemetry_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
)

// textsOf plays lists of tools with what is captured, and returns the texts that are handed on, and what was sent.
func textsOf(t *testing.T, capture string, lists ...string) ([]definitions.Text, *otlptest.Receiver) {
	t.Helper()
	r := otlptest.Start(t, otlptest.Config{})
	exportTo(t, r, otlptest.GRPC)
	known := &definitionsKept{key: []byte("a key")}
	s := openTo(t, consent.Request{Telemetry: "local,otlp", Capture: capture}, func(c *telemetry.Config) {
		c.OpenDefinitions = known.open
	})
	for _, list := range lists {
		s.say(list)
	}
	s.end(left)
	return known.texts, r
}

// TestDefinitionTexts: with the kind definitions alone, the texts of tools and instructions are handed to where they are kept:
// redacted, with sorted keys, in each list again. No exporter gets them.
func TestDefinitionTexts(t *testing.T) {
	tools := listing(`[{"name":"a","inputSchema":{"z":1,"b":1.50},"description":"asks <ann@example.com>"}]`)
	hello := `2ms > {"jsonrpc":"2.0","id":2,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}
3ms < {"jsonrpc":"2.0","id":2,"result":{"protocolVersion":"2025-11-25","instructions":"ask first"}}
`
	others := "errors,arguments,results,prompts,uris,messages,stderr"
	if texts, _ := textsOf(t, others, tools, hello); len(texts) > 0 {
		t.Errorf("without the kind definitions there are %v", texts)
	}
	texts, sent := textsOf(t, "definitions", tools, hello, strings.ReplaceAll(tools, `"id":1`, `"id":3`))
	var got []string
	for _, text := range texts {
		if text.Captured.IsZero() || text.Cut {
			t.Errorf("%+v", text)
		}
		got = append(got, text.Text)
	}
	const tool = `{"description":"asks <[redacted:email]>","inputSchema":{"b":1.50,"z":1},"name":"a"}`
	if want := tool + ` "ask first" ` + tool; strings.Join(got, " ") != want {
		t.Errorf("the texts are %s, want %s", strings.Join(got, " "), want)
	}
	for _, request := range sent.Requests() {
		if bytes.Contains(request.Body, []byte("ask first")) || bytes.Contains(request.Body, []byte("asks <")) {
			t.Errorf("%s has a text: %q", request.Signal, request.Body)
		}
	}
	if len(sent.Requests()) == 0 {
		t.Error("nothing was sent")
	}
}

// TestDefinitionTextsBounds: a text is cut at 64 KiB, and all that wait for the end of their list have a mebibyte.
func TestDefinitionTextsBounds(t *testing.T) {
	texts, _ := textsOf(t, "definitions", listing(`[{"name":"a","description":"`+strings.Repeat("many words ", 10<<10)+`"}]`))
	if len(texts) != 1 || !texts[0].Cut || len(texts[0].Text) > 64<<10 || len(texts[0].Text) < 60<<10 {
		t.Errorf("%d texts", len(texts))
	}
	var pages []string
	for i := range 30 { // of a list that has no end
		id := strings.Repeat("1", i+1)
		pages = append(pages, `0ms > {"jsonrpc":"2.0","id":`+id+`,"method":"tools/list","params":{"cursor":"`+id+`"}}
1ms < {"jsonrpc":"2.0","id":`+id+`,"result":{"nextCursor":"`+id+`1","tools":[{"name":"t`+id+`","description":"`+strings.Repeat("words ", 10<<10)+`"}]}}
`)
	}
	texts, _ = textsOf(t, "definitions", pages...)
	size := 0
	for _, text := range texts {
		size += len(text.Text)
	}
	if size > 1<<20 || size == 0 {
		t.Errorf("%d texts have %d bytes", len(texts), size)
	}
}
