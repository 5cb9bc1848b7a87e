package compare_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/compare"
	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/recording"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// base is a session: what each side writes, and how many milliseconds after the line before.
const base = `
1 > {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","clientInfo":{"name":"c","version":"1"}}}
9 < {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"s","version":"1.0"},"instructions":"Be kind."}}
1 > {"jsonrpc":"2.0","method":"notifications/initialized"}
1 > {"jsonrpc":"2.0","id":2,"method":"tools/list"}
1 < {"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"find","description":"Finds a place.","inputSchema":{"type":"object","properties":{"q":{"type":"string"}},"required":["q"]}},{"name":"drop","description":"Drops it.","inputSchema":{"type":"object"}}]}}
1 > {"jsonrpc":"2.0","id":10,"method":"tools/call","params":{"name":"find","arguments":{"q":"a"}}}
10 < {"jsonrpc":"2.0","id":10,"result":{"content":[{"type":"text","text":"{\"places\":[{\"lat\":1}]}"}],"structuredContent":{"places":[{"lat":1}]}}}
1 > {"jsonrpc":"2.0","id":11,"method":"tools/call","params":{"name":"find","arguments":{"q":"b"}}}
11 < {"jsonrpc":"2.0","id":11,"result":{"content":[{"type":"text","text":"{\"places\":[]}"}],"structuredContent":{"places":[]}}}
1 > {"jsonrpc":"2.0","id":12,"method":"tools/call","params":{"name":"drop"}}
1 < {"jsonrpc":"2.0","id":12,"result":{"content":[]}}
1 > {"jsonrpc":"2.0","id":13,"method":"tools/call","params":{"name":"find","arguments":{"q":"c"}}}
12 < {"jsonrpc":"2.0","id":13,"result":{"content":[{"type":"text","text":"{\"places\":[]}"}],"structuredContent":{"places":[]}}}
1 > {"jsonrpc":"2.0","id":14,"method":"tools/call","params":{"name":"find","arguments":{"q":"d"}}}
13 < {"jsonrpc":"2.0","id":14,"result":{"content":[{"type":"text","text":"{\"places\":[]}"}],"structuredContent":{"places":[]}}}
1 > {"jsonrpc":"2.0","id":15,"method":"tools/call","params":{"name":"find","arguments":{"q":"e"}}}
14 < {"jsonrpc":"2.0","id":15,"result":{"content":[{"type":"text","text":"{\"places\":[]}"}],"structuredContent":{"places":[]}}}
`

// recorded returns the recording of a session.
func recorded(lines string) *conversation.Conversation {
	r := &recording.Recording{Header: recording.Header{Started: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)}}
	at := time.Duration(0)
	for line := range strings.Lines(strings.TrimSpace(lines) + "\n") {
		wait, rest, _ := strings.Cut(line, " ")
		side, text, _ := strings.Cut(rest, " ")
		ms, err := time.ParseDuration(wait + "ms")
		if err != nil {
			panic(line)
		}
		at += ms
		from := recording.Client
		if side == "<" {
			from = recording.Server
		}
		r.Events = append(r.Events, recording.Event{At: at, From: from, Data: []byte(text)})
	}
	r.Events = append(r.Events, recording.Event{At: at, From: recording.Client, End: recording.Whole},
		recording.Event{At: at, From: recording.Server, End: recording.Whole}, recording.Event{At: at, Exit: &recording.Exit{}})
	return conversation.Read("test", r, conversation.Config{})
}

// stored returns a session as far as the store has it.
func stored(lines string) *conversation.Conversation {
	c := recorded(lines)
	for i := range c.Records.Operations {
		op := &c.Records.Operations[i]
		op.List = record.ListPage{}
		for j := range op.Definitions {
			op.Definitions[j].Fingerprint = record.Fingerprint{}
		}
	}
	return conversation.Of("stored", c.Records)
}

// found lists what differs, a line each.
func found(d *compare.Diff) (all []string) {
	for _, c := range d.Session {
		all = append(all, strings.TrimSpace(c.What+" "+c.Path))
	}
	for _, one := range d.Definitions {
		text := fmt.Sprintf("%s %s %s", one.Change, one.Kind, one.Name)
		for _, m := range one.Members {
			text += fmt.Sprintf(" %s %s=>%s", m.Path, m.Before, m.After)
		}
		for _, part := range one.Parts {
			text += " " + string(part)
		}
		all = append(all, text)
	}
	for i := range d.Operations {
		g := &d.Operations[i]
		if g.Change == "" {
			continue
		}
		text := fmt.Sprintf("%s %s %s", g.Change, g.Method, g.Name)
		for _, difference := range g.Differences {
			text += " " + string(difference)
		}
		for _, s := range g.Shape {
			text += fmt.Sprintf(" %s %v=>%v", s.Path, s.Before, s.After)
		}
		if slices.Contains(g.Differences, compare.Time) {
			text += " " + string(g.Duration.Verdict)
		}
		all = append(all, text)
	}
	for _, v := range d.Violations {
		all = append(all, fmt.Sprintf("%s %d=>%d %s", v.Kind, v.Before, v.After, v.Example))
	}
	return all
}

// TestPlanted: a change of each kind is found, and nothing else is.
func TestPlanted(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new string // in each place where it stands
		want     []string
	}{
		{"nothing", "kind", "kind", nil},
		{"the version", `"1.0"`, `"1.1"`, []string{"server_version"}},
		{"the name", `"name":"s"`, `"name":"t"`, []string{"server_name"}},
		{"a capability", `{"listChanged":true}`, `{}`, []string{"handshake /capabilities/tools/listChanged"}},
		{"the protocol", `"result":{"protocolVersion":"2025-11-25"`, `"result":{"protocolVersion":"2025-06-18"`,
			[]string{"protocol", "version_mismatch 0=>1 "}},
		{"the instructions", "Be kind.", "Be bold.", []string{`changed instructions   "Be kind."=>"Be bold."`}},
		{"a description", "Drops it.", "Drops it!", []string{`changed tool drop /description "Drops it."=>"Drops it!"`}},
		{"a type", `{"q":{"type":"string"}}`, `{"q":{"type":"number"}}`,
			[]string{`changed tool find /inputSchema/properties/q/type "string"=>"number"`}},
		{"a list in a schema", `"required":["q"]`, `"required":[]`, []string{`changed tool find /inputSchema/required ["q"]=>[]`}},
		{"the order of members", `{"name":"drop","description":"Drops it."`, `{"description":"Drops it.","name":"drop"`, nil},
		{"a new member", `"description":"Drops it.",`, `"description":"Drops it.","title":"Drop",`,
			[]string{`changed tool drop /title =>"Drop"`}},
		{"a tool that is gone", `,{"name":"drop","description":"Drops it.","inputSchema":{"type":"object"}}`, ``,
			[]string{"removed tool drop"}},
		{"a new tool", `"tools":[`, `"tools":[{"name":"more","inputSchema":{"type":"object"}},`, []string{"added tool more"}},
		{"a tool with another name", `{"name":"drop","description"`, `{"name":"let-go","description"`, []string{"renamed tool let-go"}},
		{"an operation more", `1 > {"jsonrpc":"2.0","id":15`, "1 > {\"jsonrpc\":\"2.0\",\"id\":99,\"method\":\"ping\"}\n1 < {\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n1 > {\"jsonrpc\":\"2.0\",\"id\":15",
			[]string{"added ping "}},
		{"another outcome", `{"content":[]}`, `{"content":[],"isError":true}`, []string{"changed tools/call drop outcome"}},
		{"an error", `"id":12,"result":{"content":[]}`, `"id":12,"error":{"code":-32603,"message":"no"}`,
			[]string{"changed tools/call drop outcome"}},
		{"another error code", `"id":12,"result":{"content":[]}`, `"id":12,"error":{"code":-32602,"message":"no"}`,
			[]string{"changed tools/call drop outcome"}},
		{"a type in a result", `{"places":[{"lat":1}]}`, `{"places":[{"lat":"1"}]}`,
			[]string{"changed tools/call find shape /structuredContent/places/*/lat [number]=>[string]"}},
		{"a type in JSON in a text", `{\"lat\":1}`, `{\"lat\":true}`,
			[]string{"changed tools/call find shape /content/*/text (JSON)/places/*/lat [number]=>[boolean]"}},
		{"a member of a result", `{"places":[{"lat":1}]}`, `{"places":[{"lat":1}],"more":{"x":1}}`,
			[]string{"changed tools/call find shape /structuredContent/more []=>[object]"}},
		{"a list that is empty", `{"places":[{"lat":1}]}`, `{"places":[]}`, nil},
		{"a text that is an image", `"id":11,"result":{"content":[{"type":"text","text":"{\"places\":[]}"}]`,
			`"id":11,"result":{"content":[{"type":"image","data":"AA==","mimeType":"image/png"}]`,
			[]string{`changed tools/call find shape /content/*/data []=>[string] /content/*/mimeType []=>[string] /content/*/type ["text"]=>["image" "text"]`}},
		{"a few bytes", `"id":11,"result":{`, `"id":11,"result":{   `, nil},
		{"many bytes of one of five", `"id":11,"result":{`, `"id":11,"result":{` + strings.Repeat(" ", 500), []string{"changed tools/call find response"}},
		{"a longer request", `"arguments":{"q":"b"}`, `"arguments":{"q":"` + strings.Repeat("b", 500) + `"}`, []string{"changed tools/call find request"}},
		{"one slow call", "\n11 <", "\n9000 <", nil},
		{"text on stdout", "9 < ", "8 < ready\n1 < ", []string{"noise 0=>1 ready"}},
		{"a stray response", "9 < ", "8 < {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\n1 < ", []string{"orphan_response 0=>1 "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(base, test.old) {
				t.Fatalf("%q is not in the session", test.old)
			}
			a, b := recorded(base), recorded(strings.ReplaceAll(base, test.old, test.new))
			d := compare.Compare(a, b, compare.Options{})
			if got := found(d); !slices.Equal(got, test.want) || d.Differs != (len(test.want) > 0) {
				t.Errorf("%q, %t; want %q", got, d.Differs, test.want)
			}
			if back := compare.Compare(b, a, compare.Options{}); back.Differs != d.Differs {
				t.Errorf("the other way round it is %t: %q", back.Differs, found(back))
			}
			if same := compare.Compare(b, b, compare.Options{}); same.Differs {
				t.Errorf("compared with itself: %q", found(same))
			}
		})
	}
}

// TestSlower: the calls of one tool take half as long again, and the ratio says what that is worth.
func TestSlower(t *testing.T) {
	slow := base
	for _, wait := range []string{"10", "11", "12", "13", "14"} {
		slow = strings.Replace(slow, "\n"+wait+" <", "\n2"+wait[1:]+" <", 1)
	}
	a, b := recorded(base), recorded(slow)
	if got := found(compare.Compare(a, b, compare.Options{})); !slices.Equal(got, []string{"changed tools/call find duration slower"}) {
		t.Errorf("%q", got)
	}
	if got := found(compare.Compare(b, a, compare.Options{})); !slices.Equal(got, []string{"changed tools/call find duration faster"}) {
		t.Errorf("%q", got)
	}
	if got := found(compare.Compare(a, b, compare.Options{Ratio: 2})); len(got) > 0 {
		t.Errorf("of a ratio of 2: %q", got)
	}
	if g := compare.Compare(a, b, compare.Options{}).Operations[2]; g.Name != "find" || g.Before.P50 != 0.012 || g.After.P95 != 0.024 {
		t.Errorf("%+v", g)
	}
}

// TestSlowerCounts: what is slower is shown, and makes a difference of the sessions only if that is asked for; what is faster never does.
func TestSlowerCounts(t *testing.T) {
	slow := base
	for _, wait := range []string{"10", "11", "12", "13", "14"} {
		slow = strings.Replace(slow, "\n"+wait+" <", "\n2"+wait[1:]+" <", 1)
	}
	a, b := recorded(base), recorded(slow)
	if compare.Compare(a, b, compare.Options{}).Differs || compare.Compare(b, a, compare.Options{Slower: true}).Differs {
		t.Error("what takes longer, or less long, counts without being asked for")
	}
	if !compare.Compare(a, b, compare.Options{Slower: true}).Differs {
		t.Error("what is slower does not count")
	}
	other := recorded(strings.ReplaceAll(slow, `"1.0"`, `"1.1"`))
	if !compare.Compare(a, other, compare.Options{}).Differs {
		t.Error("beside what is slower, another version does not count")
	}
	var out bytes.Buffer
	if err := compare.Compare(a, b, compare.Options{}).Text(&out, &view.Screen{}, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "\nNothing differs but how long operations take. ") || !strings.Contains(out.String(), "    slower    1.8 times as long") {
		t.Errorf("%s", &out)
	}
}

// TestStored: of stored sessions, and of one and a recording, what both know is compared.
func TestStored(t *testing.T) {
	for _, test := range []struct{ name, old, new, recorded, stored string }{
		{"nothing", "kind", "kind", "", ""},
		{"a longer description", "Drops it.", "Drops it all.",
			`changed tool drop /description "Drops it."=>"Drops it all."`, "changed tool drop"},
		{"as long a description", "Drops it.", "Keeps it.", `changed tool drop /description "Drops it."=>"Keeps it."`, ""},
		{"a tool that is gone", `,{"name":"drop","description":"Drops it.","inputSchema":{"type":"object"}}`, ``, "removed tool drop", "removed tool drop"},
		{"an outcome", `{"content":[]}`, `{"content":[],"isError":true}`, "changed tools/call drop outcome", "changed tools/call drop outcome"},
	} {
		t.Run(test.name, func(t *testing.T) {
			other := strings.ReplaceAll(base, test.old, test.new)
			for _, pair := range []struct {
				a, b *conversation.Conversation
				want string
			}{
				{recorded(base), recorded(other), test.recorded}, {stored(base), stored(other), test.stored},
				{recorded(base), stored(other), test.stored}, {stored(base), recorded(other), test.stored},
			} {
				if got := strings.Join(found(compare.Compare(pair.a, pair.b, compare.Options{})), "\n"); got != pair.want {
					t.Errorf("%s and %s: %q, want %q", pair.a.Name, pair.b.Name, got, pair.want)
				}
			}
		})
	}
	noticed := []record.DefinitionChange{{
		Change: record.DefinitionChanged, Kind: record.ToolDefinition, Name: "drop", Parts: []record.Part{record.DescriptionPart},
	}}
	got := found(compare.Compare(stored(base), stored(base), compare.Options{Noticed: noticed}))
	if !slices.Equal(got, []string{"changed tool drop description"}) {
		t.Errorf("of a change that was noticed: %q", got)
	}
}

// TestNotAsked: what one of the clients has not asked for is not gone.
func TestNotAsked(t *testing.T) {
	var rest []string
	for line := range strings.Lines(base) {
		if !strings.Contains(line, `"id":2,`) {
			rest = append(rest, line)
		}
	}
	got := found(compare.Compare(recorded(base), recorded(strings.Join(rest, "")), compare.Options{}))
	if !slices.Equal(got, []string{"gone tools/list "}) {
		t.Errorf("%q", got)
	}
}

// TestText: what people read has no control characters, whatever the server says, and fits a terminal as far as names and texts do.
func TestText(t *testing.T) {
	const hostile = "\\u001b[2J\\u202eevil\\u0007\\u009b"
	other := strings.NewReplacer("Be kind.", hostile, "Drops it.", strings.Repeat("very long and "+hostile+" ", 30), `"drop"`, `"`+hostile+`"`,
		`"lat"`, `"`+hostile+`"`, `"1.0"`, `"`+hostile+`"`, `"tools":{"`, `"tools":{"`+hostile+`":"`+hostile+`","`,
		"9 < ", "8 < \x1b[2J\x1b]0;x\x07\n1 < ", `"q":"b"`, `"q":"`+strings.Repeat("b", 900)+`"`,
		`{"content":[]}`, `{"content":[],"isError":true}`, `,"method":"tools/list"`, `,"method":"tools/`+strings.Repeat("list", 20)+`"`).Replace(base)
	for _, pair := range [][2]*conversation.Conversation{{recorded(base), recorded(other)}, {recorded(other), recorded(base)}, {stored(base), recorded(other)}} {
		for _, all := range []bool{false, true} {
			d := compare.Compare(pair[0], pair[1], compare.Options{})
			var out bytes.Buffer
			if err := d.Text(&out, &view.Screen{Columns: 80, Paint: view.Plain, Zone: time.UTC}, all); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if strings.ContainsAny(line, "\x1b\x07\u202e\u009b\r\t") {
					t.Errorf("control characters in %q", line)
				}
				if view.Width(line) > 80 && strings.Contains(line, " ") && !strings.Contains(line, "evil") {
					t.Errorf("%d columns: %q", view.Width(line), line)
				}
			}
			for _, want := range []string{"A test", "Server\n", "Definitions\n", "OPERATION", "Violations of the protocol", "too few calls to judge"} {
				if pair[0].Recording != nil && !strings.Contains(out.String(), want) {
					t.Errorf("%q is missing in:\n%s", want, &out)
				}
			}
		}
	}
}

// TestNothing: two equal sessions have one sentence.
func TestNothing(t *testing.T) {
	var out bytes.Buffer
	if err := compare.Compare(recorded(base), recorded(base), compare.Options{}).Text(&out, &view.Screen{Columns: 80}, false); err != nil {
		t.Fatal(err)
	}
	const want = `A test: s 1.0, 6 calls, 0 failed, 28 Nov 10:00
B test: s 1.0, 6 calls, 0 failed, 28 Nov 10:00

Nothing differs.

Startup until the handshake was answered: 10ms. One start each is too few to
judge.
Durations of 3 operations: too few calls to judge, which takes 5 answered in
each.
Results are compared by size and shape, not by what is in them: spanpipe replay
does that.
`
	if out.String() != want {
		t.Errorf("%s", &out)
	}
}

// TestJSON: what programs read is the same each time, and lists are lists also if they are empty.
func TestJSON(t *testing.T) {
	var texts [2]string
	for i := range texts {
		text, err := json.Marshal(compare.Compare(recorded(base), recorded(base), compare.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	if texts[0] != texts[1] {
		t.Error("it is not the same each time")
	}
	for _, want := range []string{`"version":1`, `"differs":false`, `"session":[]`, `"definitions":[]`, `"violations":[]`} {
		if !strings.Contains(texts[0], want) {
			t.Errorf("no %s in %s", want, texts[0])
		}
	}
}
