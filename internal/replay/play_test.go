package replay_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
	"github.com/spanpipe/spanpipe/internal/replay"
)

// started is when recordings of tests were made, and now is when they are replayed.
var (
	started = time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)
	now     = time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
)

// recorded returns a recording of lines, of which those of the client begin with > and those of the server with <, a second apart.
// A line "exit N" is the exit; "close" is the client's end.
func recorded(t *testing.T, text string) *recording.Recording {
	t.Helper()
	r := &recording.Recording{Header: recording.Header{Started: started}}
	at := time.Duration(0)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		at += time.Second
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "":
			at -= time.Second
		case ">":
			r.Events = append(r.Events, recording.Event{At: at, From: recording.Client, Data: []byte(rest + "\n")})
		case "<":
			r.Events = append(r.Events, recording.Event{At: at, From: recording.Server, Data: []byte(rest + "\n")})
		case "close":
			r.Events = append(r.Events, recording.Event{At: at, From: recording.Client, End: recording.Whole})
		case "ends":
			r.Events = append(r.Events, recording.Event{At: at, From: recording.Server, End: recording.Whole})
		case "exit":
			e := &recording.Exit{}
			_, _ = fmt.Sscan(rest, &e.Code)
			r.Events = append(r.Events, recording.Event{At: at, Exit: e})
		default:
			t.Fatalf("not understood: %s", line)
		}
	}
	return r
}

// fresh is a server: what it writes when it has read a line that has a text. The lines are written in their order, "wait" waits for a
// second and "end" closes the output. {id} is the id of what it has read.
type fresh []struct{ when, then string }

// serve serves until the end of its input, and returns what it has read, each line with the seconds since the start.
func (f fresh) serve(in io.Reader, out io.WriteCloser) (read []string) {
	defer out.Close()
	begin := time.Now()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			lines <- s.Text()
		}
	}()
	for line := range lines {
		read = append(read, fmt.Sprintf("%.0f %s", time.Since(begin).Seconds(), line))
		var m struct{ ID json.RawMessage }
		_ = json.Unmarshal([]byte(line), &m)
		for _, rule := range f {
			if !strings.Contains(line, rule.when) {
				continue
			}
			for then := range strings.Lines(rule.then) {
				switch then = strings.TrimSpace(then); then {
				case "":
				case "wait":
					time.Sleep(time.Second)
				case "end":
					_ = out.Close()
				default:
					_, _ = io.WriteString(out, strings.ReplaceAll(then, "{id}", string(m.ID))+"\n")
				}
			}
			break
		}
	}
	return read
}

// replayed replays a recording to a server, and returns the report and what the server has read.
func replayed(t *testing.T, rec *recording.Recording, server fresh, cfg replay.Config, o replay.Options) (report *replay.Report, read []string, p *replay.Played) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		time.Sleep(time.Until(now)) // in the bubble
		toServer, fromClient := io.Pipe()
		fromServer, toClient := io.Pipe()
		cfg.In, cfg.Out = fromServer, fromClient
		if cfg.Timeout == 0 {
			cfg.Timeout = 30 * time.Second
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			read = server.serve(toServer, toClient)
		}()
		p = replay.NewPlan(rec).Play(cfg)
		_ = fromServer.Close()
		<-done
	})
	return replay.Compare(p, o), read, p
}

// differences returns a report's differences, each on a line.
func differences(r *replay.Report) (all []string) {
	for _, e := range r.Entries {
		for _, d := range e.Differences {
			all = append(all, strings.Join(strings.Fields(e.Title()+" | "+d.String()), " "))
		}
	}
	return all
}

const initialize = `> {"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}
< {"jsonrpc":"2.0","id":0,"result":{"serverInfo":{"name":"s","version":"1"}}}
> {"jsonrpc":"2.0","method":"notifications/initialized"}
`

// answers initialize as it was recorded.
var initialized = fresh{{`"initialize"`, `{"jsonrpc":"2.0","id":{id},"result":{"serverInfo":{"version":"1","name":"s"}}}`}}

func TestPlay(t *testing.T) {
	for _, test := range []struct {
		name      string
		recording string
		server    fresh
		read      string // what the server reads, less its times; empty: as it was recorded
		want      string // the differences
	}{
		{"an answer is awaited before what followed it", `
			> {"id":1,"method":"ping"}
			< {"id":1,"result":{}}
			> {"id":2,"method":"tools/list"}
			< {"id":2,"result":{"tools":[]}}
			close`,
			fresh{{"ping", "wait\n" + `{"id":1,"result":{}}`}, {"list", `{"id":2,"result":{"tools":[]}}`}}, "", ""},
		{"concurrent calls may be answered in another order", `
			> {"id":1,"method":"tools/call","params":{"name":"a"}}
			> {"id":2,"method":"tools/call","params":{"name":"b"}}
			< {"id":1,"result":{"a":1}}
			< {"id":2,"result":{"b":1}}
			close`,
			fresh{{`"b"`, `{"id":2,"result":{"b":1}}` + "\n" + `{"id":1,"result":{"a":1}}`}}, "", ""},
		{"requests of the server's are answered by what they ask, whatever their ids", `
			> {"id":1,"method":"tools/call","params":{"name":"a"}}
			< {"id":1,"method":"sampling/createMessage","params":{"messages":["one"],"_meta":{"progressToken":7}}}
			< {"id":2,"method":"sampling/createMessage","params":{"messages":["two"]}}
			> {"method":"notifications/progress","params":{"progressToken":7,"progress":1}}
			> {"id":1,"result":{"text":"first"}}
			> {"id":2,"result":{"text":"second"}}
			< {"id":1,"result":{"ok":true}}
			close`,
			fresh{{`"tools/call"`, `{"id":"x2","method":"sampling/createMessage","params":{"messages":["two"]}}
				{"id":"x1","method":"sampling/createMessage","params":{"messages":["one"],"_meta":{"progressToken":"p"}}}`},
				{`first`, `{"id":1,"result":{"ok":true}}`}},
			`{"id":1,"method":"tools/call","params":{"name":"a"}}
			{"id":"x2","result":{"text":"second"}}
			{"method":"notifications/progress","params":{"progressToken":"p","progress":1}}
			{"id":"x1","result":{"text":"first"}}`, ""},
		{"a request that the server does not make any more, and one that it did not make", `
			> {"id":1,"method":"tools/call","params":{"name":"a"}}
			< {"id":9,"method":"roots/list"}
			> {"id":9,"result":{"roots":[]}}
			< {"id":1,"result":{}}
			close`,
			fresh{{`"tools/call"`, `{"id":5,"method":"elicitation/create","params":{}}`}, {`-32601`, `{"id":1,"result":{}}`}},
			`{"id":1,"method":"tools/call","params":{"name":"a"}}
			{"jsonrpc":"2.0","id":5,"error":{"code":-32601,"message":"the recorded client was not asked for this"}}`,
			`server: roots/list | request: the server did not send it - {"method":"roots/list"}
			server: elicitation/create | request: the server did not send it before + {"method":"elicitation/create"}`},
		{"a cancelled call may be answered or not", `
			> {"id":1,"method":"tools/call","params":{"name":"slow"}}
			> {"method":"notifications/cancelled","params":{"requestId":1}}
			> {"id":2,"method":"ping"}
			< {"id":2,"result":{}}
			close`,
			fresh{{"cancelled", `{"id":1,"result":{}}`}, {"ping", `{"id":2,"result":{}}`}}, "", ""},
		{"a batch is one line", `
			> [{"id":1,"method":"ping"},{"id":2,"method":"tools/list"}]
			< [{"id":2,"result":{"tools":[]}},{"id":1,"result":{}}]
			close`,
			fresh{{"ping", `{"id":1,"result":{}}` + "\n" + `{"id":2,"result":{"tools":[]}}`}}, "", ""},
		{"what is no message is sent as it was", `
			> hello	{"id":
			> {"id":1,"method":"ping"}
			< {"id":1,"result":{}}
			close`,
			fresh{{"ping", `{"id":1,"result":{}}`}}, "", ""},
		{"a notification is awaited by what followed it", `
			> {"id":1,"method":"ping"}
			< {"id":1,"result":{}}
			< {"method":"notifications/tools/list_changed"}
			> {"id":2,"method":"tools/list"}
			< {"id":2,"result":{"tools":[]}}
			close`,
			fresh{{"ping", `{"id":1,"result":{}}
				wait
				{"method":"notifications/tools/list_changed"}`}, {"list", `{"id":2,"result":{"tools":[]}}`}}, "", ""},
		{"notifications of the session may come in another order, and progress may not", `
			> {"id":1,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":"t"}}}
			< {"method":"notifications/message","params":{"data":"one"}}
			< {"method":"notifications/message","params":{"data":"two"}}
			< {"method":"notifications/progress","params":{"progressToken":"t","progress":1}}
			< {"method":"notifications/progress","params":{"progressToken":"t","progress":2}}
			< {"id":1,"result":{}}
			close`,
			fresh{{"call", `{"method":"notifications/progress","params":{"progressToken":"t","progress":2}}
				{"method":"notifications/progress","params":{"progressToken":"t","progress":1}}
				{"method":"notifications/message","params":{"data":"two"}}
				{"method":"notifications/message","params":{"data":"one"}}
				{"id":1,"result":{}}`}}, "",
			`1 tools/call a | notifications/progress 1 progress: - 1 + 2
			1 tools/call a | notifications/progress 2 progress: - 2 + 1`},
		{"a notification that does not come, and one that did not", `
			> {"id":1,"method":"ping"}
			< {"method":"notifications/message","params":{"data":"one"}}
			< {"id":1,"result":{}}
			close`,
			fresh{{"ping", `{"method":"notifications/tools/list_changed"}
				{"id":1,"result":{}}`}}, "",
			`notifications/message | params: - {"data":"one"}
			notifications/tools/list_changed | params:`},
		{"a server that hangs", `
			> {"id":1,"method":"ping"}
			< {"id":1,"result":{}}
			> {"id":2,"method":"ping"}
			< {"id":2,"result":{}}
			> {"id":3,"method":"ping"}
			< {"id":3,"result":{}}
			close`,
			fresh{}, `{"id":1,"method":"ping"}
			{"id":2,"method":"ping"}`,
			`1 ping | answer: there was no answer in time - {"result":{}}
			2 ping | answer: there was no answer in time - {"result":{}}
			3 ping | answer: the request was not sent: the server answers nothing any more - {"result":{}}`},
		{"one call that hangs", `
			> {"id":1,"method":"ping"}
			< {"id":1,"result":{}}
			> {"id":2,"method":"tools/list"}
			< {"id":2,"result":{}}
			close`,
			fresh{{"list", `{"id":2,"result":{}}`}}, "", `1 ping | answer: there was no answer in time - {"result":{}}`},
		{"a server that ends early", `
			> {"id":1,"method":"ping"}
			< {"id":1,"result":{}}
			> {"id":2,"method":"ping"}
			< {"id":2,"result":{}}
			close`,
			fresh{{"ping", "end"}}, `{"id":1,"method":"ping"}`,
			`1 ping | answer: the server ended before it answered - {"result":{}}
			2 ping | answer: the request was not sent: the server has closed its output - {"result":{}}`},
		{"a server that answers with no message, and writes to stdout", `
			> {"id":1,"method":"ping"}
			< {"id":1,"result":{}}
			close`,
			fresh{{"ping", "PONG"}}, "",
			`1 ping | answer: there was no answer in time - {"result":{}}
			stdout | line: + "PONG"`},
		{"an answer where there was none, and an error where there was a result", `
			> {"id":1,"method":"ping"}
			> {"id":2,"method":"ping"}
			< {"id":2,"result":{}}
			close`,
			fresh{{`"id":1`, `{"id":1,"result":{}}`}, {"ping", `{"id":2,"error":{"code":-32601,"message":"no"}}`}}, "",
			`1 ping | answer: it was not answered before + {"result":{}}
			2 ping | answer: - {"result":{}} + {"error":{"code":-32601,"message":"no"}}`},
		{"an id of another type, and an answer to nothing", `
			> {"id":1,"method":"ping"}
			< {"id":1,"result":{}}
			close`,
			fresh{{"ping", `{"id":77,"result":{}}` + "\n" + `{"id":"1","result":{}}`}}, "",
			`1 ping | id: the id of the answer - 1 + "1"
			an answer to no request | result: + {}`},
		{"the server ended first", `
			> {"id":1,"method":"ping"}
			ends
			close`,
			fresh{{"ping", "wait\nend"}}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := recorded(t, test.recording)
			report, read, _ := replayed(t, rec, test.server, replay.Config{}, replay.Options{})
			if want := trimmed(test.want); strings.Join(differences(report), "\n") != want {
				t.Errorf("the differences are\n%s\nwant\n%s", strings.Join(differences(report), "\n"), want)
			}
			want := trimmed(test.read)
			if want == "" {
				for _, e := range rec.Events {
					if e.From == recording.Client {
						want += string(e.Data)
					}
				}
			}
			var got []string
			for _, line := range read {
				_, line, _ = strings.Cut(line, " ")
				got = append(got, line)
			}
			if strings.Join(got, "\n") != strings.TrimSpace(want) {
				t.Errorf("the server reads\n%s\nwant\n%s", strings.Join(got, "\n"), want)
			}
		})
	}
}

// trimmed returns lines without what indents them.
func trimmed(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// TestSpeed: the client's pauses are those of the recording, divided, or none.
func TestSpeed(t *testing.T) {
	const text = `
		> {"id":1,"method":"ping"}
		< {"id":1,"result":{}}
		> {"id":2,"method":"ping"}
		> {"id":3,"method":"ping"}
		< {"id":2,"result":{}}
		< {"id":3,"result":{}}
		close`
	server := fresh{{"ping", `{"id":{id},"result":{}}`}}
	for speed, want := range map[float64]string{0: "0 0 0", 1: "1 2 3", 0.5: "2 4 6"} {
		_, read, _ := replayed(t, recorded(t, text), server, replay.Config{Speed: speed}, replay.Options{})
		var got []string
		for _, line := range read {
			got = append(got, strings.Fields(line)[0])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("with --speed %v the requests are sent at %v, want %s", speed, got, want)
		}
	}
}

// TestCarried: what the server makes up is sent back as the fresh server has made it up, and is no difference.
func TestCarried(t *testing.T) {
	const text = `
		> {"id":1,"method":"tools/list"}
		< {"id":1,"result":{"tools":[{"name":"first_tool_1"},{"name":"second_tool_2"}],"nextCursor":"c"}}
		> {"id":2,"method":"tools/list","params":{"cursor":"c"}}
		< {"id":2,"result":{"tools":[{"name":"third"}]}}
		> {"id":3,"method":"tools/call","params":{"name":"first_tool_1","arguments":{"word":"client-made-1"}}}
		< {"id":3,"result":{"content":[{"text":"Opened session 5f3c-1 for client-made-1."}],"task":{"taskId":"7"}}}
		> {"id":4,"method":"tasks/get","params":{"taskId":"7","text":"7"}}
		< {"id":4,"result":{"taskId":"7"}}
		> {"id":5,"method":"tools/call","params":{"name":"second_tool_2","arguments":{"uri":"x://5f3c-1/a","list":["5f3c-1"],"n":"15f3c-12"}}}
		< {"id":5,"result":{"inputRequests":{"k1":{"method":"elicitation/create"}},"requestState":"opaque=="}}
		> {"id":6,"method":"tools/call","params":{"inputResponses":{"k1":{"action":"accept"}},"requestState":"opaque=="}}
		< {"id":6,"result":{"content":[{"text":"closed 5f3c-1, client-made-1"}]}}
		close`
	server := fresh{
		{`"id":1`, `{"id":1,"result":{"tools":[{"name":"second_tool_2"},{"name":"first_tool_1"}],"nextCursor":"d"}}`},
		{`"id":2`, `{"id":2,"result":{"tools":[{"name":"third"}]}}`},
		{`"id":3`, `{"id":3,"result":{"content":[{"text":"Opened session 99ab-2 for client-made-1."}],"task":{"taskId":"8"}}}`},
		{`"id":4`, `{"id":4,"result":{"taskId":"8"}}`},
		{`"id":5`, `{"id":5,"result":{"inputRequests":{"k2":{"method":"elicitation/create"}},"requestState":"other"}}`},
		{`"id":6`, `{"id":6,"result":{"content":[{"text":"closed 99ab-2, client-made-1"}]}}`},
	}
	report, read, _ := replayed(t, recorded(t, text), server, replay.Config{}, replay.Options{})
	if got := differences(report); len(got) > 0 {
		t.Errorf("the differences are\n%s", strings.Join(got, "\n"))
	}
	want := `0 {"id":1,"method":"tools/list"}
0 {"id":2,"method":"tools/list","params":{"cursor":"d"}}
0 {"id":3,"method":"tools/call","params":{"name":"first_tool_1","arguments":{"word":"client-made-1"}}}
0 {"id":4,"method":"tasks/get","params":{"taskId":"8","text":"7"}}
0 {"id":5,"method":"tools/call","params":{"name":"second_tool_2","arguments":{"uri":"x://99ab-2/a","list":["99ab-2"],"n":"15f3c-12"}}}
0 {"id":6,"method":"tools/call","params":{"inputResponses":{"k2":{"action":"accept"}},"requestState":"other"}}`
	if got := strings.Join(read, "\n"); got != want {
		t.Errorf("the server reads\n%s\nwant\n%s", got, want)
	}
	// A server that mixes up two of its values is another one.
	server[5].then = `{"id":6,"result":{"content":[{"text":"closed 5f3c-1, client-made-1"}]}}`
	report, _, _ = replayed(t, recorded(t, text), server, replay.Config{}, replay.Options{})
	if got := differences(report); len(got) != 1 || !strings.Contains(got[0], "closed ⟨made up 1⟩") {
		t.Errorf("the differences are %q, want one", got)
	}
}

// TestUpdate: the fresh conversation is a recording that replays clean, unless the server has left something unanswered.
func TestUpdate(t *testing.T) {
	const text = initialize + `
		> {"id":1,"method":"tools/call","params":{"name":"a"}}
		< {"id":1,"result":{"n":1}}
		close
		exit 0`
	server := append(slices.Clone(initialized), fresh{{"call", `{"id":1,"result":{"n":2}}`}}...)
	exit := &recording.Exit{}
	report, _, p := replayed(t, recorded(t, text), server, replay.Config{}, replay.Options{Exit: exit})
	if got := differences(report); len(got) != 1 || got[0] != "2 tools/call a | result n: - 1 + 2" {
		t.Errorf("the differences are %q", got)
	}
	if err := p.Whole(); err != nil {
		t.Fatal(err)
	}
	report, _, _ = replayed(t, p.Recording("test", exit), server, replay.Config{}, replay.Options{Exit: exit})
	if got := differences(report); len(got) > 0 {
		t.Errorf("the updated recording differs: %q", got)
	}
	_, _, p = replayed(t, recorded(t, text), initialized, replay.Config{}, replay.Options{})
	if err := p.Whole(); err == nil || err.Error() != "the server did not answer request 2, tools/call a" {
		t.Errorf("the error is %v", err)
	}
}
