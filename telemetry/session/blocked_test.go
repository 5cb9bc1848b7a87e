package session_test

import (
	"slices"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// part is what is known of a request of which a part has been read.
func part(size int64) *session.Message {
	return &session.Message{
		Kind: framing.Request, Dir: record.ToServer, Cut: true, Method: semconv.ToolsCall, Target: "save",
		ID: session.ID{Ref: session.NewRef(framing.ID{Type: framing.NumberID, Text: []byte("7"), Hash: 7}), Text: "7"}, First: time.Second,
		Last: time.Second, Size: size,
	}
}

// TestBlocked checks what is reported of a server that does not read its stdin, and when.
func TestBlocked(t *testing.T) {
	whole := part(2000)
	whole.Cut, whole.Facts, whole.Last = false, session.HasName, 9*time.Second
	asTask := *whole
	asTask.Extra = &session.Extra{WantsTask: true}
	text := func(id string) session.Ref {
		return session.NewRef(framing.ID{Type: framing.StringID, Text: []byte(id), Hash: 9})
	}
	task := &session.Message{
		Kind: framing.Response, Dir: record.ToClient, ID: whole.ID, First: 9 * time.Second, Last: 9 * time.Second,
		Extra: &session.Extra{MakesTask: true, Task: session.ID{Ref: text("t1"), Text: "t1"}},
	}
	late := part(1500)
	late.Last = 9 * time.Second
	for _, test := range []struct {
		name string
		m    *session.Message
		then func(*session.Tracker)
		want []string
	}{
		{"a call that the server reads in the end", part(1000), func(tr *session.Tracker) { tr.Observe(whole) }, []string{
			"opened 1 tools/call 0s input=0s", "hanging 1 tools/call 2s input=0s", "open 1 tools/call 3s input=0s", "hanging 1 tools/call 4s input=0s",
			"message to_server request tools/call", "ended 1 tools/call 9s input=0s", "exit 10s client open=1 lifetime=10s",
		}},
		{"a call that the server never reads", part(1000), func(tr *session.Tracker) { tr.Observe(part(1500)) }, []string{
			"opened 1 tools/call 0s input=0s", "hanging 1 tools/call 2s input=0s", "open 1 tools/call 3s input=0s", "hanging 1 tools/call 4s input=0s",
			"message to_server request tools/call", "ended 1 tools/call 9s input=0s", "exit 10s client open=1 lifetime=10s",
		}},
		{"a call that asks for a task behind its arguments", part(1000), func(tr *session.Tracker) {
			tr.Observe(&asTask)
			tr.Observe(task)
		}, []string{
			"opened 1 tools/call 0s input=0s", "hanging 1 tools/call 2s input=0s", "open 1 tools/call 3s input=0s", "hanging 1 tools/call 4s input=0s",
			"message to_server request tools/call", "task 1 tools/call 8s input=0s", "message to_client response tools/call",
			"ended 1 tools/call 9s input=0s", "exit 10s client open=1 lifetime=10s",
		}},
		{"a call that is known at the end only", nil, func(tr *session.Tracker) { tr.Observe(late) }, []string{
			"blocked to_server 2s", "blocked to_server 4s", "opened 1 tools/call 0s input=0s",
			"message to_server request tools/call", "ended 1 tools/call 9s input=0s", "exit 10s client open=1 lifetime=10s",
		}},
		{"something unknown", nil, func(*session.Tracker) {}, []string{
			"blocked to_server 2s", "blocked to_server 4s", "exit 10s client open=0 lifetime=10s",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := &journal{}
			tracker := session.New(session.Config{HangAfter: 2 * time.Second, Session: record.Session{Launched: epoch, Ready: true, Silent: true}}, j)
			for at := time.Second; at <= 8*time.Second; at += time.Second {
				tracker.Advance(at)
				tracker.Blocked(record.ToServer, test.m, time.Second, at)
			}
			test.then(tracker)
			tracker.Close(10*time.Second, record.Exit{EndedBy: record.ByClient})
			if got := j.lines[1:]; !slices.Equal(got, test.want) {
				t.Errorf("got\n%q\nwant\n%q", got, test.want)
			}
		})
	}
}
