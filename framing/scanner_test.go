package framing_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/framing"
)

// TestAbort checks what is reported of a line that breaks off because its reader has gone.
func TestAbort(t *testing.T) {
	for line, want := range map[string]string{
		`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"save","arguments":{"a":"x`: "request tools/call 7 save cut",
		`{"jsonrpc":"2.0","id":7,"method":"ping","params":{"na`:                                     "request ping 7  cut",
		`{"jsonrpc":"2.0","id":7,"method":"ping"}`:                                                  "request ping 7 ",
		`{"jsonrpc":"2.0","id":7,"method":"pi`:                                                      "",
		`{"params":{"name":"save","arguments":{"a":"x`:                                              "",
		`{"jsonrpc":"2.0","id":7,"result":{"a":"x`:                                                  "",
		`[{"jsonrpc":"2.0","id":7,"method":"ping","params":{`:                                       "",
		``: "",
	} {
		got := ""
		table := framing.Compile(framing.Path{Keys: []string{"params", "name"}, Want: framing.Text, Max: 64})
		s := framing.NewScanner(table, func(m *framing.Message) {
			if m.Kind != framing.Request {
				t.Errorf("%s: reported as kind %d", line, m.Kind)
			}
			name := ""
			for _, v := range m.Values {
				name = string(v.Text)
			}
			got = fmt.Sprintf("request %s %s %s", m.Method, m.ID.Text, name)
			if m.Cut {
				got += " cut"
			}
		})
		for i := range len(line) {
			s.Write([]byte(line[i:i+1]), time.Time{})
		}
		s.Abort(time.Time{})
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
		s.Write([]byte(`{"jsonrpc":"2.0","id":8,"method":"ping"}`+"\n"), time.Time{})
		if got != "request ping 8 " {
			t.Errorf("%s, then another line: %q", line, got)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"request", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "request"},
		{"request with a space behind the version's comma", `{"jsonrpc":"2.0", "id":1,"method":"ping"}`, "request"},
		{"request with a space before it", `{"jsonrpc":"2.0" ,"id":1,"method":"ping"}`, "request"},
		{"request with a null id", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, "request"},
		{"request with an id of no legal type", `{"jsonrpc":"2.0","id":[],"method":"ping"}`, "request"},
		{"request with params of the wrong type", `{"jsonrpc":"2.0","id":1,"method":"ping","params":7}`, "request"},
		{"request of JSON-RPC 1.0", `{"id":1,"method":"ping","params":[]}`, "request"},
		{"request with an escaped key", `{"jsonrpc":"2.0","id":1,"m\u0065thod":"ping"}`, "request"},
		{"request with a result", `{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}`, "request"},
		{"notification", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, "notification"},
		{"notification with an empty method", `{"jsonrpc":"2.0","method":""}`, "notification"},
		{"version as a number", `{"jsonrpc":2.0,"method":"ping"}`, "notification"},
		{"response", `{"result":{},"jsonrpc":"2.0","id":"a"}`, "response"},
		{"response with a null result", `{"jsonrpc":"2.0","id":1,"result":null}`, "response"},
		{"response with a null error", `{"jsonrpc":"2.0","id":1,"result":{},"error":null}`, "response"},
		{"response with nothing but nulls", `{"jsonrpc":"2.0","id":1,"method":null,"result":null,"error":null}`, "response"},
		{"response without id", `{"jsonrpc":"2.0","result":1}`, "response"},
		{"error", `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}`, "error"},
		{"error without id", `{"jsonrpc":"2.0","error":{"code":1,"message":"m"}}`, "error"},
		{"error with a null result", `{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":1}}`, "error"},
		{"error with a result", `{"jsonrpc":"2.0","id":1,"error":"no","result":{}}`, "error"},
		{"the last of two errors is null", `{"jsonrpc":"2.0","id":1,"error":{},"error":null}`, "response"},
		{"empty object", `{}`, "not-rpc"},
		{"log line", `{"level":"info","msg":"ready"}`, "not-rpc"},
		{"log line with an error", `{"level":"error","error":"no route"}`, "not-rpc"},
		{"log line with a method", `{"method":"GET","path":"/"}`, "not-rpc"},
		{"null version and no id", `{"jsonrpc":null,"method":"a"}`, "not-rpc"},
		{"method of another type", `{"jsonrpc":"2.0","id":1,"method":5}`, "not-rpc"},
		{"keys of another case", `{"jsonrpc":"2.0","ID":1,"Method":"ping"}`, "not-rpc"},
		{"nothing but version and id", `{"jsonrpc":"2.0","id":1}`, "not-rpc"},
		{"empty batch", `[]`, "not-rpc"},
		{"array of scalars", ` [1, "a", null, [{}]] `, "not-rpc"},
		{"number", `12`, "noise"},
		{"string", `"{}"`, "noise"},
		{"banner", `Server running on stdio`, "noise"},
		{"emoji", "\U0001f680 ready", "noise"},
		{"level in brackets", `[INFO] {"a":1}`, "noise"},
		{"time in brackets", `[2026-01-02 10:00:00] ready`, "noise"},
		{"level in brackets before a header", `[INFO] Content-Length: 12`, "noise"},
		{"mark cut short", "\xef\xbb{}", "noise"},
		{"nothing but half a mark", "\xef\xbb", "noise"},
		{"two marks", "\ufeff\ufeff{}", "noise"},
		{"content length", "Content-Length: 12\r", "foreign"},
		{"content type", "content-type: application/vscode-jsonrpc", "foreign"},
		{"content length behind a message", `{"jsonrpc":"2.0","method":"a"}Content-Length: 12`, "foreign"},
		{"status line", "HTTP/1.1 200 OK\r", "foreign"},
		{"request line", "POST /a/path/that/is/long HTTP/1.1\r", "foreign"},
		{"short request line", "GET / HTTP/1.0", "foreign"},
		{"access log", "GET / 200", "noise"},
		{"talk of content length", "content-lengths vary", "noise"},
		{"header after white space", " Content-Length: 12", "foreign"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for size := 1; size <= len(test.line); size++ {
				var got []string
				for _, m := range scan(telemetryTable, pieces([]byte(test.line), size)...) {
					got = append(got, kindNames[m.Kind])
				}
				if got := strings.Join(got, " "); got != test.want {
					t.Errorf("%s in pieces of %d is %s, want %s", test.line, size, got, test.want)
				}
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	for reason, lines := range map[string][]string{
		"there is data after the message":                {`{}{}`, `{} x`, `[{}],`, `[{}]]`, `{}}`},
		"the line breaks off inside a value":             {`{`, `[`, `[1`, `{"a`, `{"params":{"name":"x`, `{"a":1`, `{"a":{"b":[`, `{"id":tr`, `{"id":-`, `{"a\`, `{"a\:1}`},
		"an object has something other than a key":       {`{1:2}`, `{a}`, `{"jsonrpc":"2.0",x"id":1}`, `{"params":{,"name":1}}`, `{"params":{"name":1},x"id":1}`, "{\x01\"a\":1}", `{"a":1,}`, `{,}`, `{]`},
		"a key has no colon":                             {`{"a" 1}`, `{"a","b"}`, `{"a"}`},
		"there is no value where one must be":            {`{"a":}`, `{"a":,`, `[{},]`, `[{},,{}]`, `{"a":+1}`, `{"result":{"tools":[}}`, `{"a":NaN}`, `{"a":'b'}`},
		"members or elements have no comma between them": {`{"a":1 "b":2}`, `{"a":"b"x}`, `[{} {}]`, `{"a":1:2}`, `{"jsonrpc":"2.0"x"id":1}`, `{"method":"a"x"id":1}`, `{"id":01}`, `{"id":1-2}`, `{"id":1+2}`, `{"id":1-}`},
		"a bracket does not match":                       {`{"a":1]`, `[{}}`, `{"a":[1,2}`, `{"params":{"x":1]}`, `{"a":{]}`, `{"a":{"b":1]}`},
		"a number is malformed":                          {`{"id":-}`, `{"id":1.}`, `{"id":1.e2}`, `{"id":1e}`, `{"id":1e+}`, `{"id":-a}`},
		"a literal is not true, false or null":           {`{"a":truE}`, `{"a":nil}`, `{"a":folse}`, `{"id":tr ue}`},
		"a string has an escape that JSON does not have": {`{"id":"\x"}`, `{"method":"a\u12g4"}`, "{\"id\":\"\\u004\x11\"}", `{"\q":1}`, `{"method":"\u12"}`, `{"\u1":1}`, `{"id":"\ud83d\'"}`, `{"a\:":1}`},
	} {
		t.Run(reason, func(t *testing.T) {
			for _, line := range lines {
				for size := 1; size <= len(line); size++ {
					got := scan(telemetryTable, pieces([]byte(line), size)...)
					last := got[len(got)-1]
					if last.Kind != framing.Malformed || last.Reason != reason || last.Size != int64(len(line)) || last.Batch {
						t.Errorf("%s in pieces of %d: %s", line, size, showAll(got))
					}
				}
			}
		})
	}
}

// A key that ends in a colon must have another one after it.
func TestKeyEndsInColon(t *testing.T) {
	for _, line := range []string{`{"a:"1}`, `{"a:"}`, `{"a:",1}`} {
		var got []framing.Message
		s := framing.NewScanner(framing.Compile(text(9, "a:")), func(m *framing.Message) { got = append(got, keep(m)) })
		s.Write([]byte(`{"a:":1}`+"\n"+line+`          `+"\n"), epoch)
		if last := got[len(got)-1]; last.Kind != framing.Malformed || last.Reason != "a key has no colon" {
			t.Errorf("%s: %s", line, show(last))
		}
	}
}

// Errors inside a skipped container are not looked for, as the package comment states.
func TestNotChecked(t *testing.T) {
	for _, line := range []string{
		`{"jsonrpc":"2.0","method":"a","x":[1 2,,{]{:}]}`,
		"{\"jsonrpc\":\"2.0\",\"method\":\"a\tb\"}",
		`{"jsonrpc":"2.0","method":"a","x":"\x"}`,
		`{"jsonrpc":"2.0","method":"a","result":"\x"}`,
	} {
		for size := 1; size <= len(line); size++ {
			if got := scan(telemetryTable, pieces([]byte(line), size)...); len(got) != 1 || got[0].Kind != framing.Notification {
				t.Errorf("%s in pieces of %d: %s", line, size, showAll(got))
			}
		}
	}
}

func TestLines(t *testing.T) {
	const ping = `{"jsonrpc":"2.0","method":"ping"}` // 33 bytes
	for _, test := range []struct {
		name, stream string
		want         []string
	}{
		{"nothing", "", nil},
		{"blank lines", "\n\r\n  \n\t\r\n\ufeff\n\ufeff \n", nil},
		{"newline", ping + "\n" + ping + "\n", []string{"notification size=33", "notification size=33"}},
		{"no newline at the end", ping + "\n" + ping, []string{"notification size=33", "notification size=33"}},
		{"carriage return", ping + "\r\n" + ping + "\r", []string{"notification size=33", "notification size=33"}},
		{"white space", " \t" + ping + " \n", []string{"notification size=36"}},
		{"byte order mark", "\ufeff" + ping + "\n\ufeff " + ping, []string{"notification size=36", "notification size=37"}},
		{"separators of lines that are none", strings.Replace(ping, "ping", "a\u2028b\u2029", 1), []string{"notification size=37"}},
		{"after what is broken", "{\"a\n" + ping + "\nhello\n" + ping, []string{"malformed size=3", "notification size=33",
			"noise size=5", "notification size=33"}},
		{"pretty-printed", "{\n  \"jsonrpc\": \"2.0\"\n}\n" + ping, []string{"malformed size=1", "noise size=18", "noise size=1", "notification size=33"}},
		{"two on a line", ping + ping + "\n" + ping, []string{"malformed size=66", "notification size=33"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for size := 1; size <= len(test.stream)+1; size++ {
				var got []string
				for _, m := range scan(telemetryTable, pieces([]byte(test.stream), size)...) {
					got = append(got, strings.Join(strings.Fields(show(m))[:2], " "))
				}
				if got, want := strings.Join(got, ", "), strings.Join(test.want, ", "); got != want {
					t.Errorf("in pieces of %d: %s, want %s", size, got, want)
				}
			}
		})
	}
}

// The caller may reuse a chunk when Write has returned. The race detector reports if the scanner reads it later.
func TestChunkIsGivenBack(t *testing.T) {
	var got []string
	s := framing.NewScanner(telemetryTable, func(m *framing.Message) { got = append(got, kindNames[m.Kind]+" "+string(m.Method)) })
	for _, text := range []string{`[{"jsonrpc":"2.0","id":"a","method":"b","params":{"name":"c"}}`, ` , `, `{"id":"a","met`, `hod":"b"}`, "]\n"} {
		chunk := []byte(text)
		s.Write(chunk, epoch)
		done := make(chan struct{})
		go func() { // until the test ends, which waits for it
			clear(chunk)
			close(done)
		}()
		defer func() { <-done }()
	}
	if got := strings.Join(got, ", "); got != "request b, request b" {
		t.Errorf("got %s", got)
	}
}

func TestBatch(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"messages", ` [{"jsonrpc":"2.0","id":1,"method":"a"} , {"jsonrpc":"2.0","id":1,"result":{"x":[]}}]`,
			"request size=37 batch, response size=42 batch"},
		{"one with something else", `[7,{"jsonrpc":"2.0","method":"a"},[{"jsonrpc":"2.0","method":"b"}]]`,
			"notification size=30 batch, not-rpc size=67 method=\"\""},
		{"one that is no message", `[{}]`, "not-rpc size=2 batch"},
		{"broken after a message", `[{"jsonrpc":"2.0","method":"a"},}`, "notification size=30 batch, malformed size=33 method=\"\""},
		{"broken before the first", `[1,x{"jsonrpc":"2.0","method":"a"}]`, "noise size=35 method=\"\""},
		{"broken off", `[{"jsonrpc":"2.0","method":"a"}`, "notification size=30 batch, malformed size=31 method=\"\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for size := 1; size <= len(test.line); size++ {
				var got []string
				for _, m := range scan(telemetryTable, pieces([]byte(test.line), size)...) {
					got = append(got, strings.Join(strings.Fields(show(m))[:3], " "))
				}
				// The third word is "batch", an id or the method, whichever comes first.
				if got := strings.Join(got, ", "); got != test.want {
					t.Errorf("in pieces of %d:\n%s, want\n%s", size, got, test.want)
				}
			}
		})
	}
}

func TestTimes(t *testing.T) {
	at := func(s int) time.Time { return epoch.Add(time.Duration(s) * time.Second) }
	type span struct{ first, last time.Time }
	for _, test := range []struct {
		name   string
		chunks []string
		want   []span
	}{
		{"in one chunk", []string{`{"id":1}` + "\n" + `{"id":2}` + "\n"}, []span{{at(0), at(0)}, {at(0), at(0)}}},
		{"across chunks", []string{`{"id"`, `:1`, "}\n{", "}\n"}, []span{{at(0), at(2)}, {at(2), at(3)}}},
		{"newline on its own", []string{`{"id":1}`, "", "\n", `x`, "\n"}, []span{{at(0), at(2)}, {at(3), at(4)}}},
		{"blank lines before", []string{"\n", "\r\n", `{}` + "\n"}, []span{{at(2), at(2)}}},
		{"end of the stream", []string{`{}`, ""}, []span{{at(0), at(2)}}},
		{"batch", []string{`[{"id"`, `:1},`, `{"id":`, `2}`, "]\n"}, []span{{at(0), at(1)}, {at(2), at(3)}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var chunks [][]byte
			for _, c := range test.chunks {
				chunks = append(chunks, []byte(c))
			}
			got := scan(telemetryTable, chunks...)
			if len(got) != len(test.want) {
				t.Fatalf("%d messages, want %d", len(got), len(test.want))
			}
			for i, m := range got {
				if !m.First.Equal(test.want[i].first) || !m.Last.Equal(test.want[i].last) {
					t.Errorf("message %d from %v to %v, want %v", i, m.First, m.Last, test.want[i])
				}
			}
		})
	}
}
