package cmd_test

import (
	"net"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// ear listens and notes who connects.
type ear struct {
	listener net.Listener
	heard    chan net.Addr
}

func newEar(t *testing.T) *ear {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	e := &ear{listener, make(chan net.Addr, 1000)}
	go func() { // ends with the listener
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			e.heard <- conn.RemoteAddr()
			_ = conn.Close()
		}
	}()
	return e
}

// connections is how many have connected. Connections are accepted in order, so one of ours tells when all before have been.
func (e *ear) connections(t *testing.T) int {
	t.Helper()
	conn, err := net.Dial("tcp", e.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for n := 0; ; n++ {
		if addr := <-e.heard; addr.String() == conn.LocalAddr().String() {
			return n
		}
	}
}

// TestNoConsentNoConnection has sessions with every endpoint set, and a listener that must hear nothing.
func TestNoConsentNoConnection(t *testing.T) {
	for _, test := range []struct {
		name      string
		flags     []string
		variables []string
		want      bool
	}{
		{name: "an endpoint is no consent"},
		{name: "off", variables: []string{"SPANPIPE_TELEMETRY=off"}},
		{name: "console", variables: []string{"SPANPIPE_TELEMETRY=console"}},
		{name: "a word that nobody understands", variables: []string{"SPANPIPE_TELEMETRY=true"}},
		{name: "off among others", variables: []string{"SPANPIPE_TELEMETRY=otlp,off"}},
		{name: "the flag wins", flags: []string{"--telemetry=console"}, variables: []string{"SPANPIPE_TELEMETRY=otlp"}},
		{name: "DO_NOT_TRACK", variables: []string{"SPANPIPE_TELEMETRY=otlp", "DO_NOT_TRACK=1"}},
		{name: "DO_NOT_TRACK with the console", variables: []string{"SPANPIPE_TELEMETRY=console,otlp", "DO_NOT_TRACK=true"}},
		{name: "DO_NOT_TRACK wins over a flag", flags: []string{"--telemetry=otlp"}, variables: []string{"DO_NOT_TRACK=1"}},
		{name: "DO_NOT_TRACK over HTTP", variables: []string{"SPANPIPE_TELEMETRY=otlp", "DO_NOT_TRACK=1", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"}},
		{name: "OTEL_SDK_DISABLED", variables: []string{"SPANPIPE_TELEMETRY=otlp", "OTEL_SDK_DISABLED=true"}},
		{name: "OTEL_SDK_DISABLED for us alone", variables: []string{"SPANPIPE_TELEMETRY=otlp", "SPANPIPE_OTEL_SDK_DISABLED=true"}},
		{name: "every signal switched off", variables: []string{"SPANPIPE_TELEMETRY=otlp",
			"OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none"}},
		// Without these the ones above would pass with a telemetry that never sends.
		{name: "consent", variables: []string{"SPANPIPE_TELEMETRY=otlp"}, want: true},
		{name: "consent by flag", flags: []string{"--telemetry", "otlp"}, want: true},
		{name: "consent, not disabled", variables: []string{"SPANPIPE_TELEMETRY=otlp", "DO_NOT_TRACK=0", "OTEL_SDK_DISABLED=false"}, want: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := newEar(t)
			url := "http://" + e.listener.Addr().String()
			variables := append([]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + url, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + url,
				"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT=" + url, "OTEL_EXPORTER_OTLP_INSECURE=true", "SPANPIPE_FLUSH_TIMEOUT=200ms",
			}, test.variables...)
			h := mcptest.Open(t, wrapped(t, cast.As(t, "server"), test.flags...), newHome(t).in(variables...))
			mcptest.Connect(h).Tool("echo", nil)
			h.CloseInput()
			if code := h.Wait().ExitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if n := e.connections(t); n > 0 != test.want {
				t.Errorf("%d connections; stderr: %s", n, h.Stderr)
			}
		})
	}
}
