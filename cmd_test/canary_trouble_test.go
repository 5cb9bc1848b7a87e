package cmd_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestCanaryPreview runs the session with preview, which writes to a file or to stderr instead of sending.
func TestCanaryPreview(t *testing.T) {
	s := newScript(t)
	for _, levels := range [][]string{nil, everyLevel} {
		t.Run(fmt.Sprintf("%d levels", len(levels)), func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "records")
			capture := "SPANPIPE_CAPTURE=" + strings.Join(levels, ",")
			h, place := s.run(t, []string{binary(t), "preview", "--out", out}, longFlush, capture)
			s.end(t, h)
			text, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			secrets := newSearch(append(s.machine(place), s.canaries...))
			secrets.in(t, "the file", text)
			secrets.in(t, "stderr", s.ours(t, h))
			s.arrived(t, "the file", text, levels, true)

			h, place = s.run(t, []string{binary(t), "preview"}, longFlush, capture)
			s.end(t, h)
			shown := s.ours(t, h)
			newSearch(append(s.machine(place), s.canaries...)).in(t, "stderr", shown)
			s.arrived(t, "stderr", shown, levels, true)
		})
	}
}

// TestCanaryTrouble runs the session with faults that spanpipe reports on stderr. No message may quote a secret,
// neither the session's nor the configuration's.
func TestCanaryTrouble(t *testing.T) {
	s := newScript(t)
	// echo is a collector that quotes the request in its refusal.
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, fmt.Sprint("refused: ", r.Header.Get("Authorization"), " at ", r.URL), http.StatusBadRequest)
	}))
	t.Cleanup(echo.Close)
	plain := s.around["PLAIN"]
	userinfo := "http://bot:" + s.around["option"] + "@"
	const undelivered, headers = "cannot be delivered", "SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS="
	const headersFile = "SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS_FILE="
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	at := func(endpoint string, protocol otlptest.Protocol) []string {
		return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=" + string(protocol)}
	}
	fault := func(p otlptest.Protocol, f otlptest.Fault) []string { return at(collector(t, p, f), p) }
	accepted := func(p otlptest.Protocol, variable string) []string {
		return append(fault(p, otlptest.Accept()), variable)
	}
	refused := userinfo + otlptest.RefusedAddr(t) + "/?key=" + plain
	partial := append(fault(otlptest.GRPC, otlptest.Partial(1, "the key "+s.around["BEARER"]+" may send no more")),
		"OTEL_EXPORTER_OTLP_TIMEOUT=10000")
	for _, test := range []struct {
		name      string
		variables []string
		want      string // proof that the fault occurred: without it the test would search an empty stderr
	}{
		{"a collector that is down, over gRPC", at(refused, otlptest.GRPC), undelivered},
		{"a collector that is down, over HTTP", at(refused, otlptest.HTTP), undelivered},
		{"a collector that quotes the credentials", at(echo.URL, otlptest.HTTP), undelivered},
		{"a collector that quotes the key in a file", append(at(echo.URL, otlptest.HTTP),
			headersFile+file("key", "authorization=Bearer "+plain)), undelivered},
		{"a file of headers with a line that is none", append(at(echo.URL, otlptest.HTTP), headersFile+file("broken", plain)),
			"want name=value"},
		{"a collector that quotes them in a success", partial, "may send no more"},
		{"a collector that fails", fault(otlptest.HTTP, otlptest.Internal()), undelivered},
		{"an endpoint that is not a URL", at(userinfo+"[::1:4318/"+plain, otlptest.HTTP), "not a URL"},
		{"an endpoint that no signal uses", []string{
			"OTEL_EXPORTER_OTLP_ENDPOINT=" + echo.URL + "/%zz" + plain, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
			"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + echo.URL, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=" + echo.URL,
			"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=" + echo.URL,
		}, "OpenTelemetry"},
		{"a header without a name", accepted(otlptest.GRPC, headers+"Bearer "+plain), "OpenTelemetry"},
		{"a header that is not encoded", accepted(otlptest.HTTP, headers+"authorization=%zz"+plain), "OpenTelemetry"},
		{"a header with an invalid name",
			accepted(otlptest.HTTP, "OTEL_EXPORTER_OTLP_LOGS_HEADERS=a "+plain+"=x"), "OpenTelemetry"},
		{"invalid resource attributes",
			accepted(otlptest.GRPC, "OTEL_RESOURCE_ATTRIBUTES=team=a,"+plain), "OTEL_RESOURCE_ATTRIBUTES"},
		{"resource attributes that are not encoded, on the console",
			[]string{"SPANPIPE_TELEMETRY=console", "OTEL_RESOURCE_ATTRIBUTES=team=%zz" + plain}, "OpenTelemetry"},
		{"a sampler that does not exist, with metrics alone", []string{
			"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0", "OTEL_TRACES_SAMPLER=" + plain,
			"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT=" + plain,
		}, "serving metrics"},
		{"an invalid timeout", accepted(otlptest.GRPC, "OTEL_EXPORTER_OTLP_TIMEOUT="+plain), "OTEL"},
		{"a rule without a name", accepted(otlptest.GRPC, "SPANPIPE_REDACT="+plain+"("), "SPANPIPE_REDACT"},
		{"a rule that does not compile", accepted(otlptest.GRPC, "SPANPIPE_REDACT=own="+plain+"("), "SPANPIPE_REDACT"},
		{"an admin page whose address is in use",
			accepted(otlptest.GRPC, "SPANPIPE_ADMIN_ADDR="+echo.Listener.Addr().String()), "on a free port instead"},
		{"an admin page whose address is invalid",
			accepted(otlptest.GRPC, "SPANPIPE_ADMIN_ADDR=nowhere"), "metrics are not served"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, place := s.run(t, []string{binary(t), "--log-level=debug"}, append([]string{
				"SPANPIPE_TELEMETRY=otlp,console", "SPANPIPE_CAPTURE=" + strings.Join(everyLevel, ","),
				"OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_BLRP_SCHEDULE_DELAY=100",
				"OTEL_EXPORTER_OTLP_TIMEOUT=1000", shortFlush,
			}, test.variables...)...)
			mcptest.Eventually(t, "stderr contains "+test.want, func() bool {
				return strings.Contains(h.Stderr.String(), test.want)
			})
			s.end(t, h)
			ours := s.ours(t, h)
			newSearch(append(s.machine(place), s.canaries...)).in(t, "stderr", ours)
			state := []string{"/home/.local", "/home/.local/state", "/home/.local/state/spanpipe"}
			if left := place.left(t); !slices.Equal(left, append(state, "/home/.local/state/spanpipe/key")) { // for SPANPIPE_USER
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// TestCanarySearch checks the search itself: it finds secrets, parts of secrets, and secrets in upper case.
func TestCanarySearch(t *testing.T) {
	s := newScript(t)
	find := newSearch(s.canaries)
	for _, c := range s.canaries {
		for _, text := range []string{c.needles[0], strings.ToUpper(c.needles[len(c.needles)-1])} {
			if len(find.found([]byte("before "+text+" behind"))) == 0 {
				t.Errorf("%q (%s) was not found", text, c.kind)
			}
		}
	}
	harmless := "Nothing to see here: 1763724468123456789, 4bf92f3577b34da6a3ce929d0e0e4736"
	for _, c := range s.canaries { // as a measured value or a time may have it
		if number := c.needles[0]; c.kind == "phone" {
			harmless += fmt.Sprintf(", 0.%[1]s, 1.0%[1]s, 1%[1]s, %[1]s4", number)
		}
	}
	if got := find.found([]byte(harmless)); len(got) > 0 {
		t.Errorf("found a secret of kind %q in a text without one", got[0].of.kind)
	}
	for _, leak := range []string{"+44%s", "%s.", `{"n":%s}`, "no.%s"} {
		for _, c := range s.canaries {
			if c.kind == "phone" && len(find.found(fmt.Appendf(nil, leak, c.needles[0]))) == 0 {
				t.Errorf("a phone number in the form %q was not found", leak)
			}
		}
	}
	session, _, _ := strings.Cut(s.text, "\nAWS_")
	if !strings.Contains(session, s.canaries[0].needles[0]) || len(s.canaries) < 400 || len(s.markers) < 80 {
		t.Errorf("%d secrets and %d markers are planted, want at least 400 and 80", len(s.canaries), len(s.markers))
	}
}
