package script_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/demo"
	"github.com/spanpipe/spanpipe/internal/player"
	"github.com/spanpipe/spanpipe/internal/script"
)

func valid(text json.RawMessage) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(text, &object) == nil
}

// play plays a file with the server of the demo, and returns what was done and the steps.
func play(t *testing.T, text string, serve func(in io.Reader, out io.Writer) error) (script.Played, []string, error) {
	t.Helper()
	s, err := script.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	served := make(chan struct{})
	go func() { // ends when the client closes its end
		defer close(served)
		_ = serve(fromClient, toClient)
		_ = toClient.Close()
	}()
	var steps []string
	played, err := s.Play(t.Context(), player.Config{In: fromServer, Out: toServer, Name: "test", Timeout: time.Minute},
		func(what string) { steps = append(steps, what) })
	_ = fromClient.Close() // of a server that does not read
	<-served
	return played, steps, err
}

func demoServer(in io.Reader, out io.Writer) error { return demo.Serve(in, out, time.Millisecond) }

// TestPlay: all lists and calls are made, and failures among them do not end the session.
func TestPlay(t *testing.T) {
	played, steps, err := play(t, `calls:
- {call: get_forecast, arguments: {city: Lisbon}, repeat: 2}
- call: no_such_tool
- prompt: weekend_trip
- resource: memo://notes/travel
- {call: watch_prices, timeout: 10ms}
- call: get_forecast
`, demoServer)
	want := script.Played{Lists: 4, Calls: 7, Failed: 1, Unanswered: 1}
	if err != nil || played != want {
		t.Errorf("played %+v, %v; want %+v", played, err, want)
	}
	if got := strings.Join(steps, "\n"); !strings.HasSuffix(got, "tools/list\nresources/list\nresources/templates/list\nprompts/list\n"+
		"call 1 of 7: get_forecast\ncall 2 of 7: get_forecast\ncall 3 of 7: no_such_tool\ncall 4 of 7: weekend_trip\n"+
		"call 5 of 7: memo://notes/travel\ncall 6 of 7: watch_prices\ncall 7 of 7: get_forecast") {
		t.Errorf("steps:\n%s", got)
	}
}

// TestNoSession: a server that does not open a session, or ends in the middle, is an error.
func TestNoSession(t *testing.T) {
	_, _, err := play(t, "calls: []", func(io.Reader, io.Writer) error { return nil })
	if err == nil || err.Error() != "opening the session: the server ended before it answered initialize" {
		t.Errorf("a server that ends: %v", err)
	}
	played, _, err := play(t, "calls: [{call: a}, {call: b}, {call: c}]", func(in io.Reader, out io.Writer) error {
		for d := json.NewDecoder(in); ; {
			var m struct {
				ID     json.RawMessage
				Method string
				Params struct{ Name string }
			}
			if err := d.Decode(&m); err != nil || m.Params.Name == "b" {
				return err
			}
			if m.ID != nil {
				_, _ = io.WriteString(out, `{"jsonrpc":"2.0","id":`+string(m.ID)+
					`,"result":{"protocolVersion":"2025-11-25","capabilities":{},"isError":true}}`+"\n")
			}
		}
	})
	if err == nil || err.Error() != "the server ended before it answered tools/call (call 2 of 3)" || played != (script.Played{Calls: 2, Failed: 1}) {
		t.Errorf("a server that ends at a call: %+v, %v", played, err)
	}
}
