package session_test

import (
	"fmt"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// printer is a sink that prints what it receives.
type printer struct{}

func (printer) Opened(op *record.Operation) { fmt.Println(op.Change, op.Method, op.Target) }

func (printer) Changed(op *record.Operation) {
	fmt.Println(op.Change, op.Method, op.Target, op.Duration, op.ErrorType)
}

func (printer) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Violation:
		fmt.Println("violation:", n.Kind)
	case record.Exit:
		fmt.Println("ended by the", n.EndedBy)
	}
}

// The bytes of each direction go through a scanner and a decoder to the tracker, which reports to a sink.
func Example() {
	start := time.Now()
	tracker := session.New(session.Config{Session: record.Session{Launched: start}}, printer{})
	reader := session.NewReader(session.Contents{}) // no content

	scanner := func(dir record.Direction) *framing.Scanner {
		decoder := session.Decoder{Reader: reader, Dir: dir, Epoch: start}
		return framing.NewScanner(reader.Table, func(m *framing.Message) {
			var raw session.Raw
			decoder.Decode(m, &raw)
			// Content would be redacted here, from raw into raw.Message.Extra.
			tracker.Observe(&raw.Message)
		})
	}
	client, server := scanner(record.ToServer), scanner(record.ToClient)

	const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search"}}`
	client.Write([]byte(call+"\n"), start.Add(time.Second))
	server.Write([]byte("connecting to the database\n"), start.Add(2*time.Second))
	server.Write([]byte(`{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}`+"\n"), start.Add(3*time.Second))
	tracker.Close(4*time.Second, record.Exit{EndedBy: record.ByClient})
	// Output:
	// opened tools/call search
	// violation: noise
	// ended tools/call search 2s tool_error
	// ended by the client
}
