package cmd_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestDoctorCollector asks collectors that do not accept telemetry, and wants the cause by each, with what to do. The address and
// the headers have secrets, which are never shown.
func TestDoctorCollector(t *testing.T) {
	const secret = "sk-live-51Hk0a9cQ7bWmZt8"
	answer := func(code int, date string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if date != "" {
				w.Header().Set("Date", date)
			}
			w.WriteHeader(code)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = refusing.Close() // its port is free now
	encrypted := otlptest.Start(t, otlptest.Config{TLS: true})
	yesterday := time.Now().Add(-24 * time.Hour).UTC().Format(http.TimeFormat)
	for _, test := range []struct {
		name, endpoint string
		code           int
		want           string // parts, one a line
	}{
		{"another key", answer(http.StatusUnauthorized, ""), 1, "  fail  traces, metrics and logs: the collector at \n does not accept the key: 401 Unauthorized\ncheck OTEL_EXPORTER_OTLP_HEADERS"},
		{"another path", answer(http.StatusNotFound, ""), 1, "  fail  traces, metrics and logs: there is no OTLP receiver at \n/v1/{traces,metrics,logs}: 404 Not Found\nbase URL"},
		{"no empty request", answer(http.StatusBadRequest, ""), 0, "  warn  traces, metrics and logs: the collector at \n refuses the telemetry: 400 Bad Request\nrequests without data"},
		{"no TLS", strings.Replace(answer(http.StatusOK, ""), "http:", "https:", 1), 1, "  fail  traces, metrics and logs: \n does not use TLS\nwrite http:// in OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"an unknown certificate", encrypted.Endpoint(otlptest.HTTP), 1, "  fail  traces, metrics and logs: the certificate of \n is signed by an unknown authority\nOTEL_EXPORTER_OTLP_CERTIFICATE"},
		{"no name", "http://collector.invalid:4318", 1, "  fail  traces, metrics and logs: \n: its host name cannot be resolved\nDNS"},
		{"not running", "http://" + refusing.Addr().String(), 1, "  fail  traces, metrics and logs: \n: connection refused\nstart the collector"},
		{"another clock", answer(http.StatusOK, yesterday), 0, "  ok    traces, metrics and logs: \n/v1/{traces,metrics,logs} (http/protobuf) accepts an empty request\n  warn  this machine's clock and that of \n(NTP)"},
		{"well", answer(http.StatusOK, ""), 0, "  ok    traces, metrics and logs: \n  ok    the clock agrees with the collector's"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			endpoint := strings.Replace(test.endpoint, "://", "://kim:"+secret+"@", 1)
			stdout, stderr, code := newHome(t).spanpipe(t, []string{
				"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint,
				"OTEL_EXPORTER_OTLP_HEADERS=x-key=" + secret,
			}, "doctor")
			_, telemetry, _ := strings.Cut(stdout, "Telemetry\n")
			telemetry, _, _ = strings.Cut(telemetry, "This machine\n")
			for want := range strings.SplitSeq(test.want, "\n") {
				if !strings.Contains(telemetry, want) {
					t.Errorf("%q is missing in\n%s", want, telemetry)
				}
			}
			if n := strings.Count(telemetry, ") accepts") + strings.Count(telemetry, "  fail  ") + strings.Count(telemetry, " 400 "); n != 1 {
				t.Errorf("%d answers, want what all signals share once:\n%s", n, telemetry)
			}
			if code != test.code {
				t.Errorf("exit code %d, want %d: %s%s", code, test.code, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, secret) {
				t.Errorf("shows a secret:\n%s%s", stdout, stderr)
			}
		})
	}
}
