package session_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/framing/estimate"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// journal writes a short line for each record.
type journal struct{ lines []string }

func (j *journal) add(format string, args ...any) {
	j.lines = append(j.lines, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

func (j *journal) Opened(op *record.Operation) { j.Changed(op) }

func (j *journal) Changed(op *record.Operation) {
	j.add("%s %d %s %v input=%v", op.Change, op.Number, op.Method, op.Duration, op.InputWait)
}

func (j *journal) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Session:
		j.add("session %v protocol=%s client=%s server=%s ready=%v silent=%v", n.Time.Sub(epoch), n.Protocol, n.Client.Name, n.Server.Name, n.Ready, n.Silent)
	case record.Message:
		j.add("message %s %s %s", n.Direction, n.Kind, n.Method)
	case record.Notification:
		j.add("notification %s", n.Method)
	case record.LogLine:
		j.add("log %s %s %s %s", n.Source, n.Level, n.Logger, n.Text)
	case record.Violation:
		j.add("violation %s", n.Kind)
	case record.Blockage:
		j.add("blocked %s %v", n.Direction, n.Duration)
	case record.Exit:
		j.add("exit %v %s open=%d lifetime=%v", n.Time.Sub(epoch), n.EndedBy, n.Open, n.Lifetime)
	}
}

// journalOf plays a conversation, written as in testdata, and returns its records from the one after New on.
func journalOf(t *testing.T, cfg session.Config, text string) []string {
	t.Helper()
	j := &journal{}
	c, err := mcptest.ParseConversation(text)
	if err != nil {
		t.Fatal(err)
	}
	c.Play(newPlayer(cfg, j), 0)
	return j.lines[1:]
}

// TestRecords checks which records a session makes, and in which order.
func TestRecords(t *testing.T) {
	for _, test := range []struct {
		name, conversation string
		config             session.Config
		want               []string
	}{
		{"handshake", `
1ms > {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"host","version":"1"}}}
3ms < {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"notes","version":"2"}}}
4ms > {"jsonrpc":"2.0","method":"notifications/initialized"}
5ms > {"jsonrpc":"2.0","id":2,"method":"ping"}
6ms < {"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"x"}}
end client 9ms`, session.Config{}, []string{
			"session 1ms protocol=2025-11-25 client=host server= ready=false silent=false",
			"opened 1 initialize 0s input=0s",
			"message to_server request initialize",
			"session 3ms protocol=2025-11-25 client=host server=notes ready=false silent=false",
			"violation version_mismatch",
			"session 3ms protocol=2025-06-18 client=host server=notes ready=true silent=false",
			"ended 1 initialize 2ms input=0s",
			"message to_client response initialize",
			"notification notifications/initialized",
			"message to_server notification notifications/initialized",
			"opened 2 ping 0s input=0s",
			"message to_server request ping",
			"ended 2 ping 1ms input=0s",
			"message to_client error ping",
			"exit 9ms client open=0 lifetime=9ms",
		}},
		{"an early response and others that do not match", `
1ms < {"jsonrpc":"2.0","id":1,"result":{}}
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms < {"jsonrpc":"2.0","id":9,"result":{}}
3ms < hello
4ms > {"jsonrpc":"2.0","id":3,"method":"ping"}
end server 9ms`, session.Config{}, []string{
			"message to_client response",
			"opened 1 ping 0s input=0s",
			"session 1ms protocol= client= server= ready=true silent=false",
			"ended 1 ping 0s input=0s",
			"message to_server request ping",
			"message to_client response",
			"violation noise",
			"message to_client other",
			"opened 2 ping 0s input=0s",
			"message to_server request ping",
			"violation orphan_response",
			"ended 2 ping 5ms input=0s",
			"exit 9ms server open=1 lifetime=9ms",
		}},
		{"input and a task", `
0s > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}
1s < {"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","requestState":"x"}}
5s > {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"a","inputResponses":{},"requestState":"x"}}
6s < {"jsonrpc":"2.0","id":2,"result":{"resultType":"task","taskId":"t","status":"working"}}
7s < {"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"t","status":"working"}}
8s < {"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"t","status":"input_required"}}
9s < {"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"t","status":"completed","result":{}}}
end client 10s`, session.Config{}, []string{
			"opened 1 tools/call 0s input=0s",
			"message to_server request tools/call",
			"session 1s protocol= client= server= ready=true silent=false",
			"input_required 1 tools/call 1s input=0s",
			"message to_client response tools/call",
			"retried 1 tools/call 1s input=4s",
			"message to_server request tools/call",
			"task 1 tools/call 2s input=4s",
			"message to_client response tools/call",
			"notification notifications/tasks",
			"message to_client notification notifications/tasks",
			"notification notifications/tasks",
			"task 1 tools/call 4s input=4s",
			"message to_client notification notifications/tasks",
			"notification notifications/tasks",
			"ended 1 tools/call 4s input=5s",
			"message to_client notification notifications/tasks",
			"exit 10s client open=0 lifetime=10s",
		}},
		// An operation is reported as still open once, and one that has ended within a second is not. The end of an older one
		// makes no difference to those behind it.
		{"still open", `
0s > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}
500ms > {"jsonrpc":"2.0","id":2,"method":"ping"}
600ms > {"jsonrpc":"2.0","id":3,"method":"subscriptions/listen"}
@ 999ms
@ 1s
1200ms < {"jsonrpc":"2.0","id":1,"result":{"content":[]}}
1300ms < {"jsonrpc":"2.0","id":2,"result":{}}
@ 1500ms
@ 1600ms
@ 9s
end client 10s`, session.Config{Session: record.Session{Ready: true}}, []string{
			"opened 1 tools/call 0s input=0s",
			"message to_server request tools/call",
			"opened 2 ping 0s input=0s",
			"message to_server request ping",
			"opened 3 subscriptions/listen 0s input=0s",
			"message to_server request subscriptions/listen",
			"open 1 tools/call 1s input=0s",
			"ended 1 tools/call 1.2s input=0s",
			"message to_client response tools/call",
			"ended 2 ping 800ms input=0s",
			"message to_client response ping",
			"open 3 subscriptions/listen 1s input=0s",
			"ended 3 subscriptions/listen 9.4s input=0s",
			"exit 10s client open=1 lifetime=10s",
		}},
		{"hanging", `
0s > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}
0s > {"jsonrpc":"2.0","id":2,"method":"subscriptions/listen"}
1s < {"jsonrpc":"2.0","id":3,"method":"ping"}
@ 9s
@ 10s
@ 12s
@ 21s
end client 30s`, session.Config{HangAfter: 10 * time.Second}, []string{
			"opened 1 tools/call 0s input=0s",
			"message to_server request tools/call",
			"opened 2 subscriptions/listen 0s input=0s",
			"message to_server request subscriptions/listen",
			"opened 3 ping 0s input=0s",
			"message to_client request ping",
			"open 1 tools/call 9s input=0s",
			"open 2 subscriptions/listen 9s input=0s",
			"open 3 ping 8s input=0s",
			"session 5s protocol= client= server= ready=false silent=true",
			"hanging 1 tools/call 10s input=0s",
			"hanging 3 ping 11s input=0s",
			"hanging 1 tools/call 21s input=0s",
			"ended 1 tools/call 30s input=0s",
			"ended 3 ping 29s input=0s",
			"ended 2 subscriptions/listen 30s input=0s",
			"exit 30s client open=3 lifetime=30s",
		}},
		// A refusal says nothing about the session: the client asks again, for an older version or in another way.
		{"refused handshakes", `
0ms > {"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}
1ms < {"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}
2ms > {"jsonrpc":"2.0","id":2,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"host"}}}
3ms < {"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"Unsupported protocol version"}}
4ms > {"jsonrpc":"2.0","id":3,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"host"}}}
5ms < {"jsonrpc":"2.0","id":3,"result":{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{"name":"notes"}}}
end client 9ms`, session.Config{}, []string{
			"session 0s protocol=2026-07-28 client= server= ready=false silent=false",
			"opened 1 server/discover 0s input=0s",
			"message to_server request server/discover",
			"ended 1 server/discover 1ms input=0s",
			"message to_client error server/discover",
			"session 2ms protocol=2025-11-25 client=host server= ready=false silent=false",
			"opened 2 initialize 0s input=0s",
			"message to_server request initialize",
			"violation initialize_refused",
			"ended 2 initialize 1ms input=0s",
			"message to_client error initialize",
			"session 4ms protocol=2025-03-26 client=host server= ready=false silent=false",
			"opened 3 initialize 0s input=0s",
			"message to_server request initialize",
			"session 5ms protocol=2025-03-26 client=host server=notes ready=false silent=false",
			"session 5ms protocol=2025-03-26 client=host server=notes ready=true silent=false",
			"ended 3 initialize 1ms input=0s",
			"message to_client response initialize",
			"exit 9ms client open=0 lifetime=9ms",
		}},
		{"a silent server that answers at last", `
0s > {"jsonrpc":"2.0","id":1,"method":"ping"}
@ 4999ms
@ 7s
@ 8s
9s < {"jsonrpc":"2.0","id":1,"result":{}}
end client 10s`, session.Config{}, []string{
			"opened 1 ping 0s input=0s",
			"message to_server request ping",
			"open 1 ping 4.999s input=0s",
			"session 5s protocol= client= server= ready=false silent=true",
			"session 9s protocol= client= server= ready=true silent=true",
			"ended 1 ping 9s input=0s",
			"message to_client response ping",
			"exit 10s client open=0 lifetime=10s",
		}},
		{"the server starts after the session", `
end client 10s`, session.Config{Session: record.Session{Started: epoch.Add(time.Second)}}, []string{
			"exit 10s client open=0 lifetime=9s",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := journalOf(t, test.config, strings.TrimPrefix(test.conversation, "\n"))
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(test.want, "\n\t"))
			}
		})
	}
}

// TestFirstRecord checks the record of the session that New makes.
func TestFirstRecord(t *testing.T) {
	k := &keeper{}
	want := record.Session{ID: "s", Launched: epoch, Started: epoch.Add(time.Second), PID: 7}
	tracker := session.New(session.Config{Session: want}, k)
	want.Time = want.Started
	if len(k.notes) != 1 || k.notes[0] != record.Note(want) {
		t.Errorf("%+v, want %+v", k.notes, want)
	}
	tracker.Close(3*time.Second, record.Exit{EndedBy: record.ByServer, Code: 3, UserTime: 5})
	exit := record.Exit{Time: epoch.Add(3 * time.Second), EndedBy: record.ByServer, Code: 3, UserTime: 5, Lifetime: 2 * time.Second}
	if len(k.notes) != 2 || k.notes[1] != record.Note(exit) {
		t.Errorf("%+v, want %+v", k.notes[1:], exit)
	}
}

// TestWall checks that all times of records come from the clock that the caller gives.
func TestWall(t *testing.T) {
	k := &keeper{}
	wall := func(at time.Duration) time.Time { return epoch.Add(time.Hour + at) }
	p := newPlayer(session.Config{Wall: wall, HangAfter: time.Second}, k)
	p.say(record.ToServer, []byte(fmt.Sprintf(meta, 1)+"\n"), time.Second)
	p.say(record.ToClient, []byte(`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7}}`+"\n"), time.Second)
	p.say(record.ToClient, []byte("noise\n"), time.Second)
	p.tracker.Advance(9 * time.Second)
	p.say(record.ToClient, []byte(fmt.Sprintf(response, 1)+"\n"), 10*time.Second)
	p.tracker.Close(time.Minute, record.Exit{})
	for _, r := range k.operations {
		for _, at := range []time.Time{r.Start, r.FirstByte, r.End} {
			if !at.IsZero() && at.Before(epoch.Add(time.Hour)) {
				t.Errorf("%s: %v", r.Change, at)
			}
		}
		for _, e := range r.Events {
			if e.Time != wall(time.Second) {
				t.Errorf("%s: an event at %v", r.Change, e.Time)
			}
		}
	}
	for _, n := range k.notes[1:] { // the first is of the start, which the caller knows
		var at struct{ Time time.Time }
		if b, err := json.Marshal(n); err != nil || json.Unmarshal(b, &at) != nil || at.Time.Before(epoch.Add(time.Hour)) {
			t.Errorf("%T at %v, %v", n, at.Time, err)
		}
	}
}

// TestContent checks that records have the content that the redact stage has put into messages, and no result that was
// not asked for, even if the redact stage could not know what it was a result of.
func TestContent(t *testing.T) {
	for _, test := range []struct {
		method   string
		contents session.Contents
		early    bool
		want     string
	}{
		{"tools/call", session.Contents{Results: true}, false, "result"},
		{"tools/call", session.Contents{Results: true}, true, "result"},
		{"tools/call", session.Contents{Prompts: true}, true, ""},
		{"prompts/get", session.Contents{Prompts: true}, false, "result"},
		{"prompts/get", session.Contents{Results: true}, true, ""},
		{"tools/list", session.Contents{Results: true, Prompts: true}, true, ""},
	} {
		t.Run(fmt.Sprintf("%s %+v", test.method, test.contents), func(t *testing.T) {
			last := &lastRecord{}
			tracker := session.New(session.Config{Contents: test.contents}, last)
			d := session.Decoder{Dir: record.ToServer}
			request := decoded(d, scanned(`{"jsonrpc":"2.0","id":1,"method":"`+test.method+`"}`)).Message
			request.Extra = &session.Extra{Resource: "file", Shown: record.Content{
				Arguments: "arguments", Variables: []record.Variable{{Name: "n", Value: "v"}}, Messages: "messages", URI: "uri",
			}}
			d.Dir = record.ToClient
			response := decoded(d, scanned(`{"jsonrpc":"2.0","id":1,"result":{}}`)).Message
			response.Extra = &session.Extra{Shown: record.Content{Result: "result", Error: "error"}}
			order := []*session.Message{&request, &response}
			if test.early {
				slices.Reverse(order)
			}
			for _, m := range order {
				tracker.Observe(m)
			}
			want := request.Extra.Shown
			want.Result, want.Error = test.want, "error"
			if got := last.op; got.Change != record.Ended || got.Resource != "file" || fmt.Sprint(got.Content) != fmt.Sprint(want) {
				t.Errorf("%+v, want %+v", got.Content, want)
			}
		})
	}
}

// TestLogLine checks the records of a log message that was captured, and of a notification's resource.
func TestLogLine(t *testing.T) {
	k := &keeper{}
	tracker := session.New(session.Config{}, k)
	m := decoded(session.Decoder{Dir: record.ToClient}, scanned(`{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","logger":"db"}}`)).Message
	m.Extra.Log, m.Extra.Resource, m.Extra.Shown.URI = "text", "file", "file:///x"
	tracker.Observe(&m)
	at := time.Time{}.Add(m.Last)
	want := []record.Note{
		record.Notification{Time: at, Direction: record.ToClient, Method: "notifications/message", Resource: "file", URI: "file:///x", Size: m.Size},
		record.LogLine{Time: at, Source: record.FromMessage, Level: "error", Logger: "db", Text: "text"},
		record.Message{Time: at, Direction: record.ToClient, Kind: record.NotificationMessage, Method: "notifications/message", Size: m.Size},
	}
	if got := k.notes[1:]; !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestArgumentsOf checks how records tell equal arguments from others.
func TestArgumentsOf(t *testing.T) {
	last := &lastRecord{}
	s := newSpeaker(last)
	call := func(arguments string) uint64 {
		s.say(record.ToServer, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"a"`+arguments+`}}`, 1)
		got := last.op.ArgumentsOf
		s.say(record.ToClient, response, 1)
		return got
	}
	for i, test := range []struct {
		arguments string
		want      uint64
	}{
		{`,"arguments":{"a":1}`, 1}, {`,"arguments":{"a":2}`, 2}, {`,"arguments":{"a":1}`, 1}, {``, 0}, {`,"arguments":{}`, 5}, {`,"arguments":{"a":2}`, 2},
	} {
		if got := call(test.arguments); got != test.want {
			t.Errorf("operation %d has the arguments of %d, want %d", i+1, got, test.want)
		}
	}
	for n := range session.MaxArguments {
		call(fmt.Sprintf(`,"arguments":{"n":%d}`, n))
	}
	if got := call(`,"arguments":{"a":1}`); got != last.op.Number {
		t.Errorf("after many others the arguments of operation %d are remembered", got)
	}
	if got := s.p.tracker.RememberedArguments(); got > session.MaxArguments {
		t.Errorf("%d arguments are remembered", got)
	}
}

// TestTools checks the record of a response to tools/list.
func TestTools(t *testing.T) {
	last := &lastRecord{}
	s := newSpeaker(last)
	s.say(record.ToServer, `{"jsonrpc":"2.0","id":%d,"method":"tools/list"}`, 1)
	s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,"result":{"tools":[{"name":"a"},{"name":"b"},7]}}`, 1)
	if op := last.op; !slices.Equal(op.ToolNames(), []string{"a", "b"}) || op.ToolCount != 3 || op.DefinitionSize != int64(len(`[{"name":"a"},{"name":"b"},7]`)) {
		t.Errorf("%v, %d tools, %d bytes", op.Definitions, op.ToolCount, op.DefinitionSize)
	}
}

// TestRecordsNeverChange plays all conversations and checks that no record has changed by the end.
func TestRecordsNeverChange(t *testing.T) {
	for name, c := range conversations(t) {
		t.Run(name, func(t *testing.T) {
			f := &freezer{t: t}
			c.Play(newPlayer(config(c), f), 0)
			for i, r := range f.records {
				if now := f.text(r); now != f.frozen[i] {
					t.Errorf("a record has changed from %s to %s", f.frozen[i], now)
				}
			}
		})
	}
}

// freezer keeps records and what they were when they came.
type freezer struct {
	t       *testing.T
	records []any
	frozen  []string
}

func (f *freezer) text(r any) string {
	b, err := json.Marshal(r)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

func (f *freezer) keep(r any) {
	f.records = append(f.records, r)
	f.frozen = append(f.frozen, f.text(r))
}

func (f *freezer) Opened(op *record.Operation)  { f.keep(op) }
func (f *freezer) Changed(op *record.Operation) { f.keep(op) }
func (f *freezer) Noted(n record.Note)          { f.keep(n) }

// TestDefinitions checks what is recorded of each element of a list, and of instructions: a name and a size, if the method asks
// for that kind.
func TestDefinitions(t *testing.T) {
	def := func(kind record.DefinitionKind, name, raw string) record.Definition {
		var c estimate.Counter
		c.Write([]byte(strings.Trim(raw, `"`)))
		return record.Definition{Kind: kind, Name: name, Size: int64(len(raw)), Tokens: c.Tokens()}
	}
	long := strings.Repeat("n", 129)
	for _, test := range []struct {
		method, result string
		want           []record.Definition
	}{
		{"tools/list", `{"tools":[{"name":"a","inputSchema":{"type":"object"}},7,{"title":"no name"},{"x":{},"name":"b"}]}`, []record.Definition{
			{Kind: record.ToolDefinition, Name: "a", Size: 44, Tokens: 15}, {Kind: record.ToolDefinition, Size: 1},
			{Kind: record.ToolDefinition, Size: 19, Tokens: 9}, {Kind: record.ToolDefinition, Name: "b", Size: 19, Tokens: 10},
		}},
		{"tools/list", `{"tools":[{"name":"` + long + `"}],"prompts":[{"name":"p"}]}`, []record.Definition{
			{Kind: record.ToolDefinition, Size: 140, Tokens: 18},
		}},
		{"tools/list", `{"tools":{"name":"a"}}`, nil},
		{"prompts/list", `{"prompts":[{"name":"greet"}],"tools":[{"name":"a"}]}`, []record.Definition{def(record.PromptDefinition, "greet", `{"name":"greet"}`)}},
		{"resources/list", `{"resources":[{"uri":"file:///x","name":"x"}]}`, []record.Definition{
			def(record.ResourceDefinition, "", `{"uri":"file:///x","name":"x"}`),
		}},
		{"resources/templates/list", `{"resourceTemplates":[{"uriTemplate":"note:{id}"}]}`, []record.Definition{
			def(record.TemplateDefinition, "note:{id}", `{"uriTemplate":"note:{id}"}`),
		}},
		{"initialize", `{"protocolVersion":"2025-11-25","instructions":"Be brief."}`, []record.Definition{
			{Kind: record.InstructionsDefinition, Size: 11, Tokens: 2, Description: 9},
		}},
		{"initialize", `{"instructions":7}`, nil},
		{"tools/call", `{"tools":[{"name":"a"}],"instructions":"x"}`, nil},
	} {
		t.Run(test.method, func(t *testing.T) {
			last := &lastRecord{}
			s := newSpeaker(last)
			s.say(record.ToServer, `{"jsonrpc":"2.0","id":%d,"method":"`+test.method+`"}`, 1)
			s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,"result":`+test.result+`}`, 1)
			if got := last.op.Definitions; !slices.Equal(got, test.want) {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}
