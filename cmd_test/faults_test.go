package cmd_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// eager makes failures come ten times a second, so that a short session has as many as a long one.
var eager = []string{
	"SPANPIPE_TELEMETRY=otlp", "OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_METRIC_EXPORT_INTERVAL=100", "OTEL_BLRP_SCHEDULE_DELAY=100",
	"OTEL_EXPORTER_OTLP_TIMEOUT=100", "SPANPIPE_FLUSH_TIMEOUT=500ms",
}

// TestBrokenCollector has sessions with collectors that do all that collectors do. The calls must not notice, and the user is
// told once.
func TestBrokenCollector(t *testing.T) {
	for _, test := range []struct {
		name     string
		endpoint func(t *testing.T, protocol otlptest.Protocol) string
		silent   bool // nothing is wrong for the user to know
	}{
		{"healthy", func(t *testing.T, p otlptest.Protocol) string { t.Helper(); return collector(t, p, otlptest.Accept()) }, true},
		{"absent", func(t *testing.T, _ otlptest.Protocol) string { t.Helper(); return "http://" + otlptest.RefusedAddr(t) }, false},
		{"hanging", func(t *testing.T, p otlptest.Protocol) string { t.Helper(); return collector(t, p, otlptest.Hang()) }, false},
		{"failing", func(t *testing.T, p otlptest.Protocol) string {
			t.Helper()
			return collector(t, p, otlptest.Internal())
		}, false},
		{"overloaded", func(t *testing.T, p otlptest.Protocol) string {
			t.Helper()
			return collector(t, p, otlptest.Unavailable())
		}, false},
		{"cutting off", func(t *testing.T, p otlptest.Protocol) string { t.Helper(); return collector(t, p, otlptest.Cut()) }, false},
		{"mute", func(t *testing.T, p otlptest.Protocol) string {
			t.Helper()
			return otlptest.Start(t, otlptest.Config{Conn: otlptest.Mute}).Endpoint(p)
		}, false},
	} {
		for _, protocol := range []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP} {
			t.Run(test.name+" over "+string(protocol), func(t *testing.T) {
				t.Parallel()
				h := open(t, cast.As(t, "server"), append(eager, "OTEL_EXPORTER_OTLP_ENDPOINT="+test.endpoint(t, protocol),
					"OTEL_EXPORTER_OTLP_PROTOCOL="+string(protocol))...)
				c := mcptest.Connect(h)
				for i := range 32 { // most of a second, no two calls alike
					text := fmt.Sprint("slept ", i)
					if got := c.Tool("sleep", mcptest.Object{"ms": 25, "text": text}).Text(); got != text {
						t.Fatalf("the tool answers %q", got)
					}
				}
				h.CloseInput()
				if rest := h.Rest(); rest != "" {
					t.Errorf("stdout goes on with %q", rest)
				}
				if code := h.Wait().ExitCode(); code != 0 {
					t.Errorf("exit code %d", code)
				}
				told := strings.Count(h.Stderr.String(), "spanpipe: warning: ")
				if lines := strings.Count(h.Stderr.String(), "\n"); told > 1 || lines > 2 || (told == 0) != test.silent {
					t.Errorf("stderr, of which there should be one warning at most: %s", h.Stderr)
				}
			})
		}
	}
}

// collector starts a receiver that does the same to every request.
func collector(t *testing.T, protocol otlptest.Protocol, fault otlptest.Fault) string {
	t.Helper()
	r := otlptest.Start(t, otlptest.Config{})
	r.SetFault(fault)
	return r.Endpoint(protocol)
}

// hungSession has a session whose collector never answers, and returns after the end of its output.
func hungSession(t *testing.T, flushTimeout string) *mcptest.Host {
	t.Helper()
	h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=otlp", "SPANPIPE_FLUSH_TIMEOUT="+flushTimeout,
		"OTEL_EXPORTER_OTLP_ENDPOINT="+collector(t, otlptest.GRPC, otlptest.Hang()), "OTEL_EXPORTER_OTLP_TIMEOUT=60000")
	mcptest.Connect(h).Tool("echo", nil)
	h.CloseInput()
	h.Rest() // does not wait for the flush: the test after this one sees the product go on after it
	return h
}

// TestFlushIsBounded expects the exit to wait for the time given at most. Wait is patient, but not for the exporters' minute.
func TestFlushIsBounded(t *testing.T) {
	if code := hungSession(t, "300ms").Wait().ExitCode(); code != 0 {
		t.Errorf("exit code %d; want the server's", code)
	}
}
