package cmd_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestCanaryPreview has the session shown instead of sent, in a file and on stderr.
func TestCanaryPreview(t *testing.T) {
	s := newScript(t)
	for _, levels := range [][]string{nil, everyLevel} {
		t.Run(fmt.Sprintf("%d levels", len(levels)), func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "records")
			h, place := s.run(t, []string{binary(t), "preview", "--out", out}, "SPANPIPE_FLUSH_TIMEOUT=20s", "SPANPIPE_CAPTURE="+strings.Join(levels, ","))
			s.end(t, h)
			text, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			secrets := newSearch(append(s.machine(place), s.canaries...))
			secrets.in(t, "the file", text)
			secrets.in(t, "stderr", s.ours(t, h))
			s.arrived(t, "the file", text, levels, true)

			h, place = s.run(t, []string{binary(t), "preview"}, "SPANPIPE_FLUSH_TIMEOUT=20s", "SPANPIPE_CAPTURE="+strings.Join(levels, ","))
			s.end(t, h)
			shown := s.ours(t, h)
			newSearch(append(s.machine(place), s.canaries...)).in(t, "stderr", shown)
			s.arrived(t, "stderr", shown, levels, true)
		})
	}
}

// TestCanaryTrouble has the session while things go wrong that are told on stderr: the telling must not quote secrets, be
// they of the session or of the configuration.
func TestCanaryTrouble(t *testing.T) {
	s := newScript(t)
	// echo is a collector that quotes in its refusal all it has been told.
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, fmt.Sprint("refused: ", r.Header.Get("Authorization"), " at ", r.URL), http.StatusBadRequest)
	}))
	t.Cleanup(echo.Close)
	at := func(endpoint string, protocol otlptest.Protocol) []string {
		return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=" + string(protocol)}
	}
	fault := func(p otlptest.Protocol, f otlptest.Fault) []string { return at(collector(t, p, f), p) }
	partial := otlptest.Partial(1, "the key "+s.around["BEARER"]+" may send no more")
	plain, user := s.around["PLAIN"], s.around["option"]
	for _, test := range []struct {
		name      string
		variables []string
		told      string // proof that it went wrong: the test would find nothing in silence
	}{
		{"a collector that is not there", at("http://bot:"+user+"@"+otlptest.RefusedAddr(t)+"/?key="+plain, otlptest.GRPC), "cannot be delivered"},
		{"the same over http", at("http://bot:"+user+"@"+otlptest.RefusedAddr(t)+"/?key="+plain, otlptest.HTTP), "cannot be delivered"},
		{"one that quotes the credentials", at(echo.URL, otlptest.HTTP), "cannot be delivered"},
		{"one that quotes them in success", append(fault(otlptest.GRPC, partial), "OTEL_EXPORTER_OTLP_TIMEOUT=10000"), "may send no more"},
		{"one that fails", fault(otlptest.HTTP, otlptest.Internal()), "cannot be delivered"},
		{"an endpoint that is no URL", at("http://bot:"+user+"@[::1:4318/"+plain, otlptest.HTTP), "not a URL"},
		{"an endpoint of one signal", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + echo.URL + "/%zz" + plain, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
			"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + echo.URL, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=" + echo.URL, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=" + echo.URL}, "OpenTelemetry"},
		{"a header without a name", append(fault(otlptest.GRPC, otlptest.Accept()), "SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS=Bearer "+plain), "OpenTelemetry"},
		{"a header that is not encoded", append(fault(otlptest.HTTP, otlptest.Accept()), "SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS=authorization=%zz"+plain), "OpenTelemetry"},
		{"a header with a wrong name", append(fault(otlptest.HTTP, otlptest.Accept()), "OTEL_EXPORTER_OTLP_LOGS_HEADERS=a "+plain+"=x"), "OpenTelemetry"},
		{"wrong resource attributes", append(fault(otlptest.GRPC, otlptest.Accept()), "OTEL_RESOURCE_ATTRIBUTES=team=a,"+plain), "OTEL_RESOURCE_ATTRIBUTES"},
		{"a timeout that is none", append(fault(otlptest.GRPC, otlptest.Accept()), "OTEL_EXPORTER_OTLP_TIMEOUT="+plain), "OTEL"},
		{"a rule that is none", append(fault(otlptest.GRPC, otlptest.Accept()), "SPANPIPE_REDACT="+plain+"("), "SPANPIPE_REDACT"},
		{"a rule that does not compile", append(fault(otlptest.GRPC, otlptest.Accept()), "SPANPIPE_REDACT=own="+plain+"("), "SPANPIPE_REDACT"},
		{"a page whose address is taken", append(fault(otlptest.GRPC, otlptest.Accept()), "SPANPIPE_ADMIN_ADDR="+strings.TrimPrefix(echo.URL, "http://")), "metrics are not served"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, place := s.run(t, []string{binary(t), "--log-level=debug"}, append([]string{
				"SPANPIPE_TELEMETRY=otlp,console", "SPANPIPE_CAPTURE=" + strings.Join(everyLevel, ","),
				"OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_BLRP_SCHEDULE_DELAY=100", "OTEL_EXPORTER_OTLP_TIMEOUT=1000", shortFlush,
			}, test.variables...)...)
			mcptest.Eventually(t, "stderr says "+test.told, func() bool { return strings.Contains(h.Stderr.String(), test.told) })
			s.end(t, h)
			ours := s.ours(t, h)
			newSearch(append(s.machine(place), s.canaries...)).in(t, "stderr", ours)
			if left := place.left(t); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// TestCanarySearch says that the search would find: the secrets themselves, halves of them, and those in other letters.
func TestCanarySearch(t *testing.T) {
	s := newScript(t)
	find := newSearch(s.canaries)
	for _, c := range s.canaries {
		for _, text := range []string{c.needles[0], strings.ToUpper(c.needles[len(c.needles)-1])} {
			if len(find.found([]byte("before "+text+" behind"))) == 0 {
				t.Errorf("%q (%s) is not found", text, c.kind)
			}
		}
	}
	if got := find.found([]byte("Nothing to see here: 1763724468123456789, 4bf92f3577b34da6a3ce929d0e0e4736")); len(got) > 0 {
		t.Errorf("found %q", got[0].of.kind)
	}
	said, _, _ := strings.Cut(s.text, "\nAWS_")
	if !bytes.Contains([]byte(said), []byte(s.canaries[0].needles[0])) || len(s.canaries) < 400 || len(s.markers) < 80 {
		t.Errorf("%d secrets and %d markers are planted", len(s.canaries), len(s.markers))
	}
}
