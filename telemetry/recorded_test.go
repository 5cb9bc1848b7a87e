package telemetry_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// told is a sink that keeps what is known of a session as text, with times since its start.
type told struct {
	start      time.Time
	operations []string // that were answered
	notes      []string
	hung       int
	places     []telemetry.Place // of the answers
	recorded   *telemetry.Recorded
}

func (k *told) Opened(*record.Operation) {}

func (k *told) Changed(op *record.Operation) {
	if op.Change == record.Hanging {
		k.hung++
	}
	if op.Change != record.Ended || !op.Answered {
		return
	}
	copied := *op
	at := []time.Duration{copied.Start.Sub(k.start), copied.FirstByte.Sub(k.start), copied.End.Sub(k.start)}
	copied.Start, copied.FirstByte, copied.End, copied.Definitions = time.Time{}, time.Time{}, time.Time{}, nil
	for i := range copied.Events {
		copied.Events[i].Time = time.Time{}
	}
	text, _ := json.Marshal(copied)
	k.operations = append(k.operations, fmt.Sprint(at, string(text)))
	if k.recorded != nil {
		k.places = append(k.places, k.recorded.Place())
	}
}

func (k *told) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Violation:
		k.notes = append(k.notes, fmt.Sprint(n.Time.Sub(k.start), n.Kind, n.Reason, n.Size))
	case record.Notification:
		k.notes = append(k.notes, fmt.Sprint(n.Time.Sub(k.start), n.Method, n.Operation))
	}
}

// playback plays a conversation as one that was recorded.
type playback struct{ *telemetry.Recorded }

// Say implements mcptest.Player.
func (p playback) Say(from mcptest.Source, text []byte, at time.Duration) {
	dir := record.ToServer
	if from == mcptest.FromServer {
		dir = record.ToClient
	}
	p.Read(dir, text, at)
}

// End implements mcptest.Player.
func (p playback) End(mcptest.Source, time.Duration) {}

func playRecorded(t *testing.T, lines string, chunk int) *told {
	t.Helper()
	conversation, err := mcptest.ParseConversation(lines)
	if err != nil {
		t.Fatal(err)
	}
	k := &told{start: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)}
	r := telemetry.NewRecorded(telemetry.RecordedConfig{
		Session: record.Session{Launched: k.start, Started: k.start}, Sinks: []session.Sink{k},
	})
	k.recorded = r
	conversation.Play(playback{r}, chunk)
	end := conversation.Steps[len(conversation.Steps)-1].At
	r.Ended(record.ToServer, end, true)
	r.Ended(record.ToClient, end, true)
	r.Close(end, left)
	return k
}

// TestRecordedIsLive: a conversation that was recorded makes the records that the session had.
func TestRecordedIsLive(t *testing.T) {
	for name, lines := range map[string]string{"everything": everything, "more": moreRecords, "refusals": refusals} {
		t.Run(name, func(t *testing.T) {
			live := &told{}
			s := openTo(t, consent.Request{Telemetry: "console"}, func(c *telemetry.Config) { c.Sinks = []session.Sink{live} })
			live.start = s.start
			s.say(lines)
			s.end(left)
			for _, chunk := range []int{0, 7} {
				recorded := playRecorded(t, lines, chunk)
				if len(live.operations) == 0 || !slices.Equal(recorded.operations, live.operations) {
					t.Errorf("operations of pieces of %d bytes:\n%q\nlive:\n%q", chunk, recorded.operations, live.operations)
				}
				if !slices.Equal(recorded.notes, live.notes) {
					t.Errorf("notes of pieces of %d bytes:\n%q\nlive:\n%q", chunk, recorded.notes, live.notes)
				}
			}
		})
	}
}

// TestRecordedTime: time passes between the messages, and what is not answered hangs at the default time and when that has doubled.
func TestRecordedTime(t *testing.T) {
	k := playRecorded(t, `
0ms > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}
70s < {"jsonrpc":"2.0","id":1,"result":{"content":[]}}
`, 0)
	if k.hung != 2 || len(k.operations) != 1 {
		t.Errorf("it hung %d times, %q", k.hung, k.operations)
	}
}

// TestRecordedPlace: the place of an answer is that of its line, and in a batch that of its message.
func TestRecordedPlace(t *testing.T) {
	k := playRecorded(t, `
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms > {"jsonrpc":"2.0","id":2,"method":"ping"}
3ms > {"jsonrpc":"2.0","id":3,"method":"ping"}
4ms < starting
5ms < {"jsonrpc":"2.0","id":2,"result":{}}
6ms < [{"jsonrpc":"2.0","id":3,"result":{}},{"jsonrpc":"2.0","id":1,"result":{}}]
`, 5)
	want := []telemetry.Place{{record.ToClient, 1, 0}, {record.ToClient, 2, 0}, {record.ToClient, 2, 1}}
	if !slices.Equal(k.places, want) {
		t.Errorf("%+v", k.places)
	}
}

// TestRecordedLost: where bytes are missing, the line is no message, no violation either, and the next line is read.
func TestRecordedLost(t *testing.T) {
	k := &told{}
	r := telemetry.NewRecorded(telemetry.RecordedConfig{Sinks: []session.Sink{k}})
	k.recorded = r
	for id := range 3 {
		r.Read(record.ToServer, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":"ping"}`+"\n", id), 0)
	}
	r.Read(record.ToClient, []byte(`{"jsonrpc":"2.0","id":0,"resu`), 1)
	r.Lost(record.ToClient, 1)
	r.Read(record.ToClient, []byte(`xt":"}`), 2)
	r.Read(record.ToClient, []byte("}\n"), 3)
	r.Read(record.ToClient, []byte(`{"jsonrpc":"2.0","id":2,"result":{}}`+"\n"), 4)
	r.Close(5, left)
	if len(k.operations) != 1 || len(k.notes) != 0 || k.places[0].Line != 1 {
		t.Errorf("%q, %q, %v", k.operations, k.notes, k.places)
	}
}
