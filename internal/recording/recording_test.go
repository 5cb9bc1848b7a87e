package recording_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
)

var started = time.Date(2026, 11, 28, 10, 15, 2, 500_000_000, time.UTC)

// write writes a recording.
func write(t testing.TB, h recording.Header, events []recording.Event) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := recording.NewWriter(&out, h)
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		before := out.Len()
		if err := w.Write(&events[i]); err != nil {
			t.Fatal(err)
		}
		if line := out.Bytes()[before:]; bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Fatalf("an event is not one line: %q", line)
		}
	}
	return out.Bytes()
}

// said joins what each side has said.
func said(events []recording.Event) map[recording.Side]string {
	all := map[recording.Side]string{}
	for i := range events {
		all[events[i].From] += string(events[i].Data)
	}
	return all
}

// TestEveryKind: each kind of event is read as it was written, and stands in the file as the documentation shows.
func TestEveryKind(t *testing.T) {
	events := []recording.Event{
		{At: 2100 * time.Microsecond, From: recording.Client, Data: []byte(`{"jsonrpc":"2.0", "id":1,"method":"ping"}` + "\n")},
		{At: 3400 * time.Microsecond, From: recording.Server, Data: []byte("ready <é>\n")},
		{At: 3400 * time.Microsecond, From: recording.Server, Data: []byte(`{"jsonrpc":"2.0"}` + "\r\n")},
		{At: 3400 * time.Microsecond, From: recording.Server, Data: []byte("\xff\x00\n")},
		{At: 4 * time.Second, From: recording.Server, Lost: 70000},
		{At: 5 * time.Second, From: recording.Server, Data: []byte("half a li")},
		{At: 5 * time.Second, From: recording.Server, End: recording.Cut},
		{At: 5 * time.Second, From: recording.Client, End: recording.Whole},
		{At: 5000001 * time.Microsecond, Exit: &recording.Exit{Code: 3}},
	}
	header := recording.Header{Started: started, By: "spanpipe 0.1.0", Redacted: true}
	file := write(t, header, events)
	want := `{"spanpipe":"recording","version":1,"started":"2026-11-28T10:15:02.5Z","by":"spanpipe 0.1.0","redacted":true}
{"at":0.0021,"from":"client","message":{"jsonrpc":"2.0", "id":1,"method":"ping"}}
{"at":0.0034,"from":"server","text":"ready <é>\n"}
{"at":0.0034,"from":"server","text":"{\"jsonrpc\":\"2.0\"}\r\n"}
{"at":0.0034,"from":"server","base64":"/wAK"}
{"at":4,"from":"server","lost":70000}
{"at":5,"from":"server","text":"half a li"}
{"at":5,"from":"server","end":"cut"}
{"at":5,"from":"client","end":"whole"}
{"at":5.000001,"exit":{"code":3}}
`
	if string(file) != want {
		t.Errorf("the file is\n%s\nwant\n%s", file, want)
	}
	got, err := recording.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Events, events) || !got.Started.Equal(started) || got.By != header.By || !got.Redacted {
		t.Errorf("read %+v", got)
	}
	if got.Lost() != 70000 || got.Exit().Code != 3 {
		t.Errorf("lost %d, exit %+v", got.Lost(), got.Exit())
	}
}

// TestLines: lines are put together from their parts, in the order of their last bytes.
func TestLines(t *testing.T) {
	r := &recording.Recording{Events: []recording.Event{
		{At: 1, From: recording.Server, Data: []byte("one ")},
		{At: 2, From: recording.Client, Data: []byte("ask\n")},
		{At: 3, From: recording.Server, Data: []byte("line\n")},
		{At: 4, From: recording.Server, Data: []byte("rest")},
		{At: 5, From: recording.Server, End: recording.Cut},
		{At: 6, From: recording.Client, Data: []byte("broken off")},
	}}
	want := []recording.Line{
		{2, recording.Client, []byte("ask\n")}, {3, recording.Server, []byte("one line\n")},
		{5, recording.Server, []byte("rest")}, {6, recording.Client, []byte("broken off")},
	}
	if got := r.Lines(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

const header = `{"spanpipe":"recording","version":1,"started":"2026-11-28T10:15:02.5Z"}` + "\n"

// TestUnreadable: what is wrong with a file is said with its line.
func TestUnreadable(t *testing.T) {
	ping := `{"at":0.1,"from":"client","message":{"id":1}}` + "\n"
	for file, want := range map[string]string{
		"":                                "it is not a recording of spanpipe's",
		"hello\n":                         "it is not a recording of spanpipe's",
		`{"spanpipe":"session"}` + "\n":   "it is not a recording of spanpipe's",
		`{"resourceSpans":[]}` + "\n":     "it is not a recording of spanpipe's",
		`{"spanpipe":"recording"}` + "\n": "line 1: version 0 of the format is not known",
		`{"spanpipe":"recording","version":2}` + "\n":                           "line 1: version 2 of the format is not known to this version of spanpipe",
		header + ping + "{\n":                                                   "line 3: unexpected end of JSON input",
		header + ping + ping[:20] + "\n" + ping:                                 "line 3: invalid character",
		header + "\n" + `{"from":"client","text":"x"}` + "\n":                   `line 3: "at" must be a number of seconds from 0`,
		header + `{"at":-1,"from":"client","text":"x"}` + "\n":                  `line 2: "at" must be a number of seconds from 0`,
		header + `{"at":1e300,"from":"client","text":"x"}` + "\n":               `line 2: "at" must be a number of seconds from 0`,
		header + `{"at":1,"from":"client"}` + "\n":                              `line 2: want one of "message", "text", "base64", "end", "lost" and "exit"`,
		header + `{"at":1,"from":"client","text":"x","end":"whole"}` + "\n":     `line 2: want one of "message", `,
		header + `{"at":1,"text":"x"}` + "\n":                                   `line 2: "from" is "": want "client" or "server"`,
		header + `{"at":1,"from":"clients","text":"x"}` + "\n":                  `line 2: "from" is "clients": want "client" or "server"`,
		header + `{"at":1,"from":"client","end":"half"}` + "\n":                 `line 2: "end" is "half": want "whole" or "cut"`,
		header + `{"at":1,"from":"client","lost":-4}` + "\n":                    `line 2: "lost" must be a number of bytes`,
		header + `{"at":1,"from":"client","text":"a\nb\n"}` + "\n":              "line 2: an event holds more than one line of the conversation",
		header + `{"at":1,"from":"client","base64":"?"}` + "\n":                 "line 2: illegal base64 data",
		header + `{"at":1,"from":"client","text":"x","exit":{"code":1}}` + "\n": `line 2: want one of "message", `,
	} {
		_, err := recording.Read(strings.NewReader(file))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", file, err, want)
		}
		if syntax, ok := errors.AsType[*recording.SyntaxError](err); strings.HasPrefix(want, "line ") && (!ok || syntax.Line == 0) {
			t.Errorf("%q: the error is a %T", file, err)
		}
	}
}

// TestTorn: wherever a writer was killed, what it had written before can be read.
func TestTorn(t *testing.T) {
	whole := header + `{"at":0.1,"from":"client","message":{"id":1}}` + "\n" + `{"at":0.2,"from":"server","text":"x\n"}` + "\n"
	for n := len(header); n <= len(whole); n++ {
		r, err := recording.Read(strings.NewReader(whole[:n]))
		if want := strings.Count(whole[:n], "\n") - 1; err != nil || len(r.Events) != want {
			t.Fatalf("%q: %v, want %d events", whole[:n], err, want)
		}
	}
}

// TestLaterMembers: what a later version of spanpipe adds to the format is no obstacle.
func TestLaterMembers(t *testing.T) {
	r, err := recording.Read(strings.NewReader(strings.Replace(header, "}", `,"host":"x"}`, 1) +
		`{"at":0.1,"from":"client","note":{"a":1},"message":{"id":1}}` + "\n"))
	if err != nil || len(r.Events) != 1 || string(r.Events[0].Data) != `{"id":1}`+"\n" {
		t.Errorf("got %+v, %v", r, err)
	}
}

// TestDeep: a message that is nested as deeply as encoding/json allows is read again.
func TestDeep(t *testing.T) {
	for _, depth := range []int{9_998, 9_999, 10_000, 10_001} {
		data := []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth) + "\n")
		file := write(t, recording.Header{Started: started}, []recording.Event{{From: recording.Client, Data: data}})
		r, err := recording.Read(bytes.NewReader(file))
		if err != nil || !bytes.Equal(r.Events[0].Data, data) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}

// FuzzRoundTrip: any bytes, in any pieces, at any time, are read as they were written.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("{\"id\":1}\n[1]\n\"x\"\n\n \n{}\r\n\xff\n{\"a\":\"\xff\"}\n\x00"), uint64(1))
	f.Add([]byte("{\"id\":1},{\"id\":2}\n{}}\n{\"\u2028\":\"<&>\"}\n[]"), uint64(7))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		var events []recording.Event
		at := time.Duration(0)
		for line := range bytes.Lines(data) {
			from := []recording.Side{recording.Client, recording.Server}[random.IntN(2)]
			for len(line) > 0 {
				n := len(line)
				if random.IntN(4) == 0 {
					n = 1 + random.IntN(n)
				}
				at += time.Duration(random.Int64N(int64(1000*time.Hour))) / time.Duration(1+random.IntN(1e9))
				events = append(events, recording.Event{At: at, From: from, Data: line[:n]})
				line = line[n:]
			}
		}
		r, err := recording.Read(bytes.NewReader(write(t, recording.Header{Started: started}, events)))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Events) != len(events) {
			t.Fatalf("%d events, want %d", len(r.Events), len(events))
		}
		for i := range events {
			got, want := &r.Events[i], &events[i]
			if got.From != want.From || !bytes.Equal(got.Data, want.Data) || got.At != want.At.Truncate(time.Microsecond) {
				t.Fatalf("event %d: got %v %s %q, want %v %s %q", i, got.At, got.From, got.Data, want.At, want.From, want.Data)
			}
		}
	})
}

// FuzzRead: no file makes the reader fail in another way than by its errors, and what it has read it can read again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(header + `{"at":0.1,"from":"client","message":{"id":1}}` + "\n" + `{"at":1,"exit":{"code":1,"signal":"SIGKILL"}}` + "\n"))
	f.Add([]byte(header + `{"at":1e-9,"from":"server","base64":""}` + "\n" + `{"at":2,"from":"server","lost":4}` + "\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		first, err := recording.Read(bytes.NewReader(file))
		if err != nil {
			return
		}
		again, err := recording.Read(bytes.NewReader(write(t, first.Header, first.Events)))
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(said(again.Events)) != fmt.Sprint(said(first.Events)) || len(again.Events) != len(first.Events) {
			t.Fatalf("got %+v, want %+v", again, first)
		}
	})
}
