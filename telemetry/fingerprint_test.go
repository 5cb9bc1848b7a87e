package telemetry_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// fingerprint returns the fingerprint of a tool, as what is known after a session that has listed it.
func fingerprint(t *testing.T, key, tool string) record.Fingerprint {
	t.Helper()
	known := &definitionsKept{key: []byte(key)}
	s := openTo(t, consent.Request{Telemetry: "local"}, func(c *telemetry.Config) { c.OpenDefinitions = known.open })
	s.say(listing("[" + tool + "]"))
	s.end(left)
	if len(known.state.Known) != 1 {
		t.Fatalf("%s: %d definitions are known", tool, len(known.state.Known))
	}
	return known.state.Known[0].Last
}

// TestFingerprint: how a definition is written makes no difference; each part that says something else does, in that part
// alone; and another key makes all of it another.
func TestFingerprint(t *testing.T) {
	const tool = `{"name":"a","title":"A","description":"é \"x\"","inputSchema":{"type":"object","properties":{"p":{"type":"string"},"q":{}}},` +
		`"outputSchema":{"type":"object"},"annotations":{"readOnlyHint":true,"title":"t"},"icons":[{"src":"i"}],"_meta":{"k":1},"execution":{"taskSupport":"no"}}`
	want := fingerprint(t, "key", tool)
	for _, part := range record.Parts() {
		if part != record.TextPart && *want.Of(part) == "" {
			t.Errorf("the part %s has no fingerprint", part)
		}
	}
	same := ` { "execution": {"taskSupport" :"no"},"_meta":{"k":1},"icons":[ {"src":"i"} ],"annotations":{"title":"t","readOnlyHint":true},` +
		`"outputSchema":{"type":"object"},"inputSchema":{"properties":{"q":{ },"p":{"type":"string"}},"type":"object"},` +
		`"description":"\u00e9 \u0022x\"","title":"A","name":"a"}`
	if got := fingerprint(t, "key", same); got != want {
		t.Errorf("written differently it differs in %v", got.Differs(&want))
	}
	for _, test := range []struct {
		tool string
		part record.Part
	}{
		{`{"name":"b","description":"d"}`, record.NamePart},
		{`{"name":"a","title":"","description":"d"}`, record.TitlePart},
		{`{"name":"a","description":"d "}`, record.DescriptionPart},
		{`{"name":"a","description":"d","inputSchema":{}}`, record.InputPart},
		{`{"name":"a","description":"d","outputSchema":[1,2]}`, record.OutputPart},
		{`{"name":"a","description":"d","annotations":{"readOnlyHint":false}}`, record.AnnotationsPart},
		{`{"name":"a","description":"d","icons":[]}`, record.IconsPart},
		{`{"name":"a","description":"d","_meta":null}`, record.MetaPart},
		{`{"name":"a","description":"d","vendor":1}`, record.OtherPart},
	} {
		base, got := fingerprint(t, "key", `{"name":"a","description":"d"}`), fingerprint(t, "key", test.tool)
		if parts := got.Differs(&base); len(parts) != 1 || parts[0] != test.part {
			t.Errorf("%s differs in %v, want %s", test.tool, parts, test.part)
		}
	}
	other := fingerprint(t, "another key", tool)
	if parts := other.Differs(&want); len(parts) != len(record.Parts())-1 {
		t.Errorf("under another key only %v differ", parts)
	}
}

// TestDescriptionLength: the length of a description is the number of its characters as JavaScript counts them, however it is written.
func TestDescriptionLength(t *testing.T) {
	for text, want := range map[string]int64{
		`"plain"`: 5, `"\u00e9\n\"é"`: 4, `"日本"`: 2, `"😀"`: 2, `"\ud83d\ude00"`: 2, `"\ud83d"`: 1, `""`: 0,
	} {
		var got []record.Definition
		s := openTo(t, consent.Request{Telemetry: "local"}, func(c *telemetry.Config) {
			new(kept).in(c)
			c.Sinks = []session.Sink{ended(func(op *record.Operation) { got = append(got, op.Definitions...) })}
		})
		s.say(`0ms > {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}
1ms < {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"instructions":` + text + `}}
2ms > {"jsonrpc":"2.0","id":2,"method":"tools/list"}
3ms < {"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"a"},{"description":` + text + `,"name":"b"}]}}
`)
		s.end(left)
		if len(got) != 3 || got[0].Description != want || got[1].Description != 0 || got[2].Description != want {
			t.Errorf("%s: %+v, want a length of %d", text, got, want)
		}
	}
}
