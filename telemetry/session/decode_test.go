package session_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// TestNames checks that what a peer calls things is cleaned before anyone sees it, once as long as it is remembered,
// and that the memory has a bound.
func TestNames(t *testing.T) {
	calls := map[string]int{}
	d := session.Decoder{Reader: reader, Epoch: epoch, Clean: func(name []byte) string {
		calls[string(name)]++
		return "(" + string(name) + ")"
	}}
	decode := func(line string) (m session.Raw) {
		in := scanned(line)
		d.Decode(&in, &m)
		return m
	}
	for range 3 {
		m := decode(`{"jsonrpc":"2.0","id":"secret","method":"tools/call","params":{"name":"search"}}`)
		if m.Method != "tools/call" || m.Target != "(search)" || m.ID.Text != "(secret)" {
			t.Errorf("%s %s %s", m.Method, m.Target, m.ID.Text)
		}
	}
	if calls["search"] != 1 || calls["tools/call"] != 0 {
		t.Errorf("cleaned: %v", calls)
	}
	if m := decode(`{"jsonrpc":"2.0","id":17,"method":"x/y"}`); m.Method != "(x/y)" || m.ID.Text != "17" {
		t.Errorf("%s %s", m.Method, m.ID.Text)
	}
	before := d.Remembered()
	for n := range 100 {
		decode(fmt.Sprintf(`{"jsonrpc":"2.0","id":"%d","method":"tasks/get","params":{"taskId":"task-%d","_meta":{"tracestate":"a=%d"}}}`, n, n, n))
	}
	if got := d.Remembered(); got != before+1 {
		t.Errorf("ids, tasks and trace states take %d of the memory for names", got-before-1)
	}
	for n := range session.MaxNames + 100 {
		decode(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"tool-%d"}}`, n))
	}
	if got := d.Remembered(); got != session.MaxNames {
		t.Errorf("%d names are remembered", got)
	}
	last := fmt.Sprintf("tool-%d", session.MaxNames+99)
	if m := decode(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + last + `"}}`); m.Target != "("+last+")" || calls[last] != 2 {
		t.Errorf("%s has been cleaned %d times and is shown as %s", last, calls[last], m.Target)
	}
}

// TestContentThatPassesAsNames checks that a sentence is shown neither as a method nor as an id, and that a member called
// name is a name only where MCP has one: notes/create may have the title of a private note.
func TestContentThatPassesAsNames(t *testing.T) {
	d := session.Decoder{Clean: func(name []byte) string {
		if name == nil {
			return "hidden"
		}
		return string(name)
	}}
	for _, test := range []struct{ line, method, id, target string }{
		{`{"jsonrpc":"2.0","id":"r-1","method":"tools/call","params":{"name":"book a table"}}`, "tools/call", "r-1", "book a table"},
		{`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"}}}`, "completion/complete", "1", "p"},
		{`{"params":{"name":"p"},"id":1,"method":"prompts/get","jsonrpc":"2.0"}`, "prompts/get", "1", "p"},
		{`{"jsonrpc":"2.0","id":"divorce of Ann","method":"ping"}`, "ping", "hidden", ""},
		{`{"jsonrpc":"2.0","id":1,"method":"divorce of Ann"}`, "hidden", "1", ""},
		{`{"jsonrpc":"2.0","id":1,"method":"notes/create","params":{"name":"divorce","ref":{"name":"Ann"}}}`, "notes/create", "1", ""},
		{`{"jsonrpc":"2.0","method":"notifications/x","params":{"name":"divorce"}}`, "notifications/x", "", ""},
		{`{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"name":"divorce"}}`, "sampling/createMessage", "1", ""},
	} {
		m := decoded(d, scanned(test.line))
		if m.Method != test.method || m.ID.Text != test.id || m.Target != test.target {
			t.Errorf("%s: method %q, id %q, target %q", test.line, m.Method, m.ID.Text, m.Target)
		}
	}
	m := decoded(d, scanned(`{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"divorce of Ann"}}`))
	if m.Extra.Task.Text != "hidden" {
		t.Errorf("task %q", m.Extra.Task.Text)
	}
}

// TestTraceparent checks that only what has the form of a traceparent is kept: anything else could be content.
func TestTraceparent(t *testing.T) {
	const parent = "-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for text, want := range map[string]string{
		"00" + parent:                             "00" + parent,
		"01" + parent:                             "01" + parent,
		"01" + parent + "-what.comes":             "01" + parent,
		"01" + parent + "what.comes":              "",
		"00" + parent + "-more":                   "",
		"00" + parent[:len(parent)-1]:             "",
		"00" + strings.ToUpper(parent):            "",
		canary:                                    "",
		canary + ("00" + parent)[11:]:             "",
		strings.Repeat("0", 55):                   "",
		strings.Repeat("-", 55):                   "",
		"01" + parent + strings.Repeat("-", 1000): "01" + parent,
	} {
		m := decoded(session.Decoder{}, scanned(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"traceparent":"`+text+`"}}}`))
		got := ""
		if m.Extra != nil {
			got = m.Extra.Traceparent
		}
		if got != want {
			t.Errorf("of %q is kept %q, want %q", text, got, want)
		}
	}
}

// canary is content. It must not be found anywhere behind the decoder.
const canary = "canary-5c1f"

// TestErrorTextsAreForgotten checks that nothing refers to the texts that a message's classes were found from when it
// has been decoded, and that they have not been changed: they may stand in the bytes that were relayed.
func TestErrorTextsAreForgotten(t *testing.T) {
	text := canary + " permission denied"
	for _, line := range []string{
		`{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"` + text + `"}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[{"text":"` + text + `"},{"text":"` + canary + `"}]}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"content":[{"text":"` + canary + `"}]}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"taskId":"t","status":"failed","statusMessage":"` + text + `"}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":"t","status":"failed","statusMessage":"` + text + `"}}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"taskId":"t","status":"failed","error":{"code":-32000,"message":"` + text + `"}}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"taskId":"t","status":"completed","result":{"isError":true,"content":[{"text":"` + text + `"}]}}}`,
		`{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"t","status":"failed","error":{"code":-32000,"message":"` + text + `"}}}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"` + text + `"}}`,
	} {
		t.Run(line, func(t *testing.T) {
			d := session.Decoder{Reader: reader, Epoch: epoch}
			var m session.Raw
			picked := 0
			s := framing.NewScanner(reader.Table, func(lent *framing.Message) {
				for _, v := range lent.Values {
					picked += bytes.Count(v.Text, []byte(canary))
				}
				d.Decode(lent, &m)
			})
			b := []byte(line + "\n")
			s.Write(b, epoch)
			if picked == 0 {
				t.Fatal("no text has been picked")
			}
			if string(b) != line+"\n" {
				t.Errorf("what was scanned has become %s", b)
			}
			look(t, "not there", &d, &m)
			found := m.Class
			if m.Extra != nil && m.Extra.Outcome.Class != "" {
				found = m.Extra.Outcome.Class
			}
			if wanted := strings.Contains(line, "isError") || strings.Contains(line, "failed") || strings.Contains(line, `"error"`); wanted && found != record.Permission {
				t.Errorf("its class is %q", found)
			}
		})
	}
}

// TestNoContentIsKept plays a session full of content, and then looks through everything that is reachable from the
// tracker, the decoders, the operations and the messages noted.
func TestNoContentIsKept(t *testing.T) {
	k := &keeper{}
	p := newPlayer(session.Config{}, k)
	secret := `"x":"` + canary + `","y":{"` + canary + `":["` + canary + `"]}`
	for i, line := range []string{
		`> {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{` + secret + `},` + secret + `,"_meta":{"z":"` + canary + `"}}}`,
		`> {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"a","arguments":{` + secret + `},"requestState":"` + canary + `","inputResponses":{` + secret + `}}}`,
		`> {"jsonrpc":"2.0","id":3,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"n","value":"` + canary + `"}}}`,
		`< {"jsonrpc":"2.0","id":9,"method":"sampling/createMessage","params":{"messages":[{"content":{"type":"text","text":"` + canary + `"}}],"systemPrompt":"` + canary + `"}}`,
		`> {"jsonrpc":"2.0","id":9,"result":{"content":{"type":"text","text":"` + canary + `"},"model":"` + canary + `"}}`,
		`< {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"` + canary + `"}}`,
		`< {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"message":"` + canary + `"}}`,
		`< {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"` + canary + `"}],"isError":true,"structuredContent":{` + secret + `}}}`,
		`< {"jsonrpc":"2.0","id":2,"result":{"resultType":"input_required","requestState":"` + canary + `","inputRequests":{` + secret + `}}}`,
		`> {"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"a","arguments":{` + secret + `},"requestState":"` + canary + `","inputResponses":{` + secret + `}}}`,
		`< {"jsonrpc":"2.0","id":4,"error":{"code":-32000,"message":"` + canary + `","data":{` + secret + `}}}`,
		`> {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3,"reason":"` + canary + `"}}`,
		`> {"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"a","task":{` + secret + `}}}`,
		`< {"jsonrpc":"2.0","id":5,"result":{"task":{"taskId":"t","status":"working","statusMessage":"` + canary + `"}}}`,
		`< {"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"t","status":"failed","statusMessage":"` + canary + `"}}`,
		`> {"jsonrpc":"2.0","id":7,"method":"x-acme/status","params":{"level":"` + canary + `","mode":"` + canary + `","status":"` + canary + `"}}`,
		`< {"jsonrpc":"2.0","id":7,"result":{"status":"` + canary + `","resultType":"` + canary + `","level":"` + canary + `"}}`,
		`< {"jsonrpc":"2.0","id":77,"result":{"content":[{"text":"` + canary + `"}]}}`,
		`> {"jsonrpc":"2.0","id":6,"method":"ping"}`,
		`< ` + canary,
		`< {"` + canary + `":"` + canary + `"}`,
		`< {"jsonrpc":"2.0","id":"` + canary,
	} {
		dir := record.ToServer
		if line[0] == '<' {
			dir = record.ToClient
		}
		p.say(dir, []byte(line[2:]+"\n"), time.Duration(i)*time.Millisecond)
	}
	if len(k.operations) < 6 || len(k.notes) < 5 {
		t.Fatalf("%d operations and %d messages were seen", len(k.operations), len(k.notes))
	}
	look(t, "open", p.tracker, p.decoders, k)
	p.tracker.Close(time.Minute, record.Exit{})
	look(t, "closed", p.tracker, p.decoders, k)
}

// keeper keeps every record.
type keeper struct {
	operations []*record.Operation
	notes      []record.Note
}

func (k *keeper) Opened(op *record.Operation)  { k.operations = append(k.operations, op) }
func (k *keeper) Changed(op *record.Operation) { k.operations = append(k.operations, op) }
func (k *keeper) Noted(n record.Note)          { k.notes = append(k.notes, n) }

func look(t *testing.T, when string, roots ...any) {
	t.Helper()
	seen := map[uintptr]bool{}
	for _, root := range roots {
		if path := search(reflect.ValueOf(root), fmt.Sprintf("%T", root), seen); path != "" {
			t.Errorf("when the tracker is %s, content is in %s", when, path)
		}
	}
}

// search looks for the canary in everything that can be reached, and returns the way to it.
func search(v reflect.Value, path string, seen map[uintptr]bool) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.Kind() == reflect.Pointer {
			if v.IsNil() || seen[v.Pointer()] || v.Type() == reflect.TypeFor[*session.Reader]() {
				return ""
			}
			seen[v.Pointer()] = true
		}
		if !v.IsNil() {
			return search(v.Elem(), path, seen)
		}
	case reflect.String:
		if strings.Contains(v.String(), canary) {
			return path
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if found := search(v.Field(i), path+"."+v.Type().Field(i).Name, seen); found != "" {
				return found
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			for _, part := range []reflect.Value{it.Key(), it.Value()} {
				if found := search(part, path+"[]", seen); found != "" {
					return found
				}
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
			if bytes.Contains(v.Bytes(), []byte(canary)) {
				return path
			}
			return ""
		}
		if v.Kind() == reflect.Slice {
			v = v.Slice(0, v.Cap()) // also what has been there before
		}
		for i := range v.Len() {
			if found := search(v.Index(i), path+"[]", seen); found != "" {
				return found
			}
		}
	}
	return ""
}

// TestSearch checks that the search above finds what is there.
func TestSearch(t *testing.T) {
	for name, where := range map[string]any{
		"name":   &record.Operation{Target: canary},
		"nested": &session.Raw{Message: session.Message{Extra: &session.Extra{Level: "x" + canary}}},
		"data":   &session.Raw{Content: &session.RawContent{Data: session.Piece{Raw: []byte(canary)}}},
		"map":    map[string]int{canary: 1},
		"past":   append([]string{canary}, "")[:0],
	} {
		if search(reflect.ValueOf(where), name, map[uintptr]bool{}) == "" {
			t.Errorf("%s was not found", name)
		}
	}
}

// TestHalfNames checks that a name of which only the beginning was kept is not shown: what is half of a secret could
// pass as a name. The longest that are whole are.
func TestHalfNames(t *testing.T) {
	long := func(n int) string { return strings.Repeat("n", n) }
	const form = `{"jsonrpc":"%s","id":%s,"method":"%s","params":{"name":"%s"}}`
	for _, test := range []struct {
		name, line string
		shown      func(m session.Raw) string
		want       string
	}{
		{"method", fmt.Sprintf(form, "2.0", "1", long(129), "a"), func(m session.Raw) string { return m.Method }, "refused"},
		{"method cut in front of a long character", fmt.Sprintf(form, "2.0", "1", long(127)+"é", "a"), func(m session.Raw) string { return m.Method }, "refused"},
		{"shorter method", fmt.Sprintf(form, "2.0", "1", long(128), "a"), func(m session.Raw) string { return m.Method }, "(" + long(128) + ")"},
		{"target", fmt.Sprintf(form, "2.0", "1", "tools/call", long(129)), func(m session.Raw) string { return m.Target }, "refused"},
		{"shorter target", fmt.Sprintf(form, "2.0", "1", "tools/call", long(128)), func(m session.Raw) string { return m.Target }, "(" + long(128) + ")"},
		{"version", fmt.Sprintf(form, long(17), "1", "m", "a"), func(m session.Raw) string { return m.Extra.JSONRPC }, "_OTHER"},
		{"shorter version", fmt.Sprintf(form, long(16), "1", "m", "a"), func(m session.Raw) string { return m.Extra.JSONRPC }, "_OTHER"},
		{"id", fmt.Sprintf(form, "2.0", `"`+long(65)+`"`, "m", "a"), func(m session.Raw) string { return m.ID.Text }, "refused"},
		{"shorter id", fmt.Sprintf(form, "2.0", `"`+long(64)+`"`, "m", "a"), func(m session.Raw) string { return m.ID.Text }, "(" + long(64) + ")"},
		{"number like a card's", fmt.Sprintf(form, "2.0", "411111111111", "m", "a"), func(m session.Raw) string { return m.ID.Text }, "(411111111111)"},
		{"shorter number", fmt.Sprintf(form, "2.0", "41111111111", "m", "a"), func(m session.Raw) string { return m.ID.Text }, "41111111111"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := decoded(session.Decoder{Clean: func(name []byte) string {
				if name == nil {
					return "refused"
				}
				return "(" + string(name) + ")"
			}}, scanned(test.line))
			if got := test.shown(m); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestNothingRare checks that a message without anything rare has no Extra: each would be one more allocation and half
// a kilobyte.
func TestNothingRare(t *testing.T) {
	for _, line := range []string{
		fmt.Sprintf(ask, 1), fmt.Sprintf(response, 1),
		`{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[],"isError":false}}`,
		`{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"x"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":""}}`,
		`{"jsonrpc":"2.0","id":1,"method":"x","params":{"level":7,"logger":"","_meta":{"tracestate":""}}}`,
	} {
		if m := decoded(session.Decoder{}, scanned(line)); m.Extra != nil {
			t.Errorf("%s has %+v", line, *m.Extra)
		}
	}
}

// TestBounds checks what is kept of members that are longer, or more, than is kept: a URI, a template or a tool of
// which the end is missing would pass as another, and is not kept.
func TestBounds(t *testing.T) {
	long := func(n int) string { return strings.Repeat("u", n) }
	for _, test := range []struct {
		name, line string
		kept       func(m session.Raw) string
		want       string
	}{
		{"uri", `"id":1,"method":"resources/read","params":{"uri":"` + long(512) + `","level":"info"}`, func(m session.Raw) string { return m.URI }, long(512)},
		{"long uri", `"id":1,"method":"resources/read","params":{"uri":"` + long(513) + `","level":"info"}`, func(m session.Raw) string { return m.URI }, ""},
		{"long trace state", `"id":1,"method":"ping","params":{"level":"info","_meta":{"tracestate":"` + long(513) + `"}}`, func(m session.Raw) string { return m.Extra.Tracestate }, ""},
		{"trace state", `"id":1,"method":"ping","params":{"_meta":{"tracestate":"` + long(512) + `"}}`, func(m session.Raw) string { return m.Extra.Tracestate }, long(512)},
		{"long template", `"id":1,"result":{"resourceTemplates":[{"uriTemplate":"` + long(513) + `"},{"uriTemplate":"x:{y}"}]}`, func(m session.Raw) string { return strings.Join(m.Extra.Names(record.TemplateDefinition), " ") }, "x:{y}"},
		{"long tool", `"id":1,"result":{"tools":[{"name":"` + long(129) + `"},{"name":"search"}]}`, func(m session.Raw) string { return strings.Join(m.Extra.Names(record.ToolDefinition), " ") }, "search"},
		{"other level", `"id":1,"method":"logging/setLevel","params":{"level":"` + canary + `"}`, func(m session.Raw) string { return m.Extra.Level }, "_OTHER"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := decoded(session.Decoder{}, scanned(`{"jsonrpc":"2.0",`+test.line+`}`))
			if m.Extra == nil {
				t.Fatal("nothing is kept")
			}
			if got := test.kept(m); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
