package otlp_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

var protocols = []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP}

// TestDelivery sends all signals, over either protocol.
func TestDelivery(t *testing.T) {
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			setenv(t, r, p)
			s := open(t, nil)
			s.record(3)
			if log := s.end(); log != "" {
				t.Errorf("log:\n%s", log)
			}
			if len(r.Spans()) != 3 || len(r.Records()) != 3 || r.Value("things", nil) != 3 {
				t.Errorf("received:\n%s", r.Summary())
			}
			want := map[otlptest.Protocol]string{otlptest.GRPC: "application/grpc", otlptest.HTTP: "application/x-protobuf"}[p]
			for _, request := range r.Requests() {
				if got := request.Get("content-type"); got != want {
					t.Errorf("the content type of %s is %q, want %q", request.Signal, got, want)
				}
			}
		})
	}
}

// TestRequestsInMemory: a request over gRPC takes the memory of its bytes, and not the megabyte of gRPC's pool of buffers.
func TestRequestsInMemory(t *testing.T) {
	message := &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{SchemaUrl: strings.Repeat("x", 100_000)}}}
	encoded, err := otlp.Encode(message)
	if err != nil || len(encoded) != 1 {
		t.Fatalf("%d buffers, %v", len(encoded), err)
	}
	data, decoded := encoded[0].ReadOnlyData(), &tracepb.TracesData{}
	if err := proto.Unmarshal(data, decoded); err != nil || !proto.Equal(decoded, message) {
		t.Errorf("the message differs after encoding, %v", err)
	}
	if cap(data) > 2*len(data) {
		t.Errorf("%d bytes are in a buffer of %d", len(data), cap(data))
	}
}

// TestBatchingVariables sets variables at which the SDK would panic, spin or run out of memory. None loses a span; each
// invalid one is reported once.
func TestBatchingVariables(t *testing.T) {
	for _, prefix := range []string{"OTEL_BSP_", "OTEL_BLRP_"} {
		for _, name := range []string{"MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE", "SCHEDULE_DELAY"} {
			for value, reported := range map[string]int{"-1": 1, "0": 1, "many": 1, "9223372036854775807": 0, "1000": 0} {
				t.Run(prefix+name+"="+value, func(t *testing.T) {
					r := otlptest.Start(t, otlptest.Config{})
					setenv(t, r, otlptest.GRPC)
					t.Setenv(prefix+name, value)
					s := open(t, nil)
					s.record(2)
					log := s.end()
					if len(r.Spans()) != 2 || len(r.Records()) != 2 {
						t.Errorf("received:\n%s", r.Summary())
					}
					warning := `msg="ignoring invalid OpenTelemetry environment variable" error="` + prefix + name
					if got := strings.Count(log, warning); got != reported || strings.Count(log, "\n") != reported {
						t.Errorf("reported %d times, want %d:\n%s", got, reported, log)
					}
				})
			}
		}
	}
}

// TestInvalidVariables has variables that the SDK rejects. Each is reported on one line for all signals: its name, its
// value where that cannot be a secret, and what was wanted.
func TestInvalidVariables(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "secret", "OTEL_EXPORTER_OTLP_TIMEOUT: want milliseconds, such as 5000"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s", `OTEL_EXPORTER_OTLP_TIMEOUT=\"10s\": want milliseconds, such as 5000`},
		{"OTEL_EXPORTER_OTLP_HEADERS", "Bearer secret",
			"OTEL_EXPORTER_OTLP_HEADERS: want name=value pairs, separated by commas"},
		{"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=b,,secret", "OTEL_EXPORTER_OTLP_TRACES_HEADERS: want name=value"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret%ZZ", "OTEL_EXPORTER_OTLP_HEADERS: want name=value"},
		{"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", `OTEL_EXPORTER_OTLP_COMPRESSION=\"zstd\": want gzip or none`},
		{"OTEL_METRIC_EXPORT_INTERVAL", "5s", `OTEL_METRIC_EXPORT_INTERVAL=\"5s\": want milliseconds`},
		{"OTEL_BSP_MAX_QUEUE_SIZE", "-1", `OTEL_BSP_MAX_QUEUE_SIZE=\"-1\": want a positive number`},
		{"OTEL_TRACES_SAMPLER", "always_onn", `OTEL_TRACES_SAMPLER=\"always_onn\": want one of always_on, always_off, `},
		{"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "exponential",
			`_HISTOGRAM_AGGREGATION=\"exponential\": want one of explicit_bucket_histogram, base2_exponential_bucket_histogram`},
		{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "sometimes",
			`_TEMPORALITY_PREFERENCE=\"sometimes\": want one of cumulative, delta, lowmemory`},
	} {
		for _, p := range protocols {
			t.Run(fmt.Sprint(test.name, "=", test.value, p), func(t *testing.T) {
				r := otlptest.Start(t, otlptest.Config{})
				setenv(t, r, p)
				t.Setenv(test.name, test.value)
				s := open(t, nil)
				s.record(1)
				log := s.end()
				if !strings.Contains(log, test.want) || strings.Count(log, "\n") != 1 || strings.Contains(log, "secret") {
					t.Errorf("want one line with %s:\n%s", test.want, log)
				}
				if len(r.Spans()) != 1 {
					t.Errorf("received:\n%s", r.Summary())
				}
			})
		}
	}
}

// TestValidVariables: none of these is reported.
func TestValidVariables(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_TIMEOUT": "10000", "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
		"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20eHg=, x-key = abc", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
		"OTEL_TRACES_SAMPLER_ARG": "secret", // without a sampler that has one
	} {
		t.Run(name, func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			setenv(t, r, otlptest.GRPC)
			t.Setenv(name, value)
			s := open(t, nil)
			s.record(1)
			if log := s.end(); log != "" {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}

// TestBackendOfTracesAlone has a backend such as Jaeger, without metrics and logs. That is no reason for a warning.
func TestBackendOfTracesAlone(t *testing.T) {
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			r.SetFault(otlptest.Fail(codes.Unimplemented, 404), otlptest.Metrics, otlptest.Logs)
			setenv(t, r, p)
			t.Setenv("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "1")
			s := open(t, nil)
			s.record(3)
			log := s.end()
			if len(r.Spans()) != 3 {
				t.Errorf("received:\n%s", r.Summary())
			}
			if n := len(r.Requests(otlptest.Logs)); n != 1 {
				t.Errorf("logs were sent %d times", n)
			}
			if strings.Contains(log, "WARN") || strings.Count(log, "are not sent: the backend does not support them") != 2 {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}

// TestUnimplementedTraces has a backend without traces. There would be nothing to look at.
func TestUnimplementedTraces(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	r.SetFault(otlptest.Fail(codes.Unimplemented, 404), otlptest.Traces)
	setenv(t, r, otlptest.GRPC)
	s := open(t, nil)
	s.record(1)
	if log := s.end(); strings.Count(log, "telemetry cannot be delivered") != 1 {
		t.Errorf("log:\n%s", log)
	}
}

// TestPartialSuccess has a collector that rejects some items. The rest has arrived.
func TestPartialSuccess(t *testing.T) {
	for _, p := range protocols {
		for rejected, want := range map[int64]string{0: "", 2: "spans=2 log_records=2", 1000: "spans=4 log_records=4"} {
			t.Run(fmt.Sprint(p, rejected), func(t *testing.T) {
				r := otlptest.Start(t, otlptest.Config{})
				r.SetFault(otlptest.Partial(rejected, "too (9 spans rejected)\nmany"))
				setenv(t, r, p)
				s := open(t, nil)
				s.record(4)
				log := s.end()
				if rejected == 0 && (strings.Count(log, "accepted the telemetry with a warning") != 1 || strings.Count(log, "\n") != 1) {
					t.Errorf("want one warning and nothing else:\n%s", log)
				}
				if rejected > 0 && strings.Count(log, "cannot be delivered") != 1 || !strings.Contains(log, want) {
					t.Errorf("want %s:\n%s", want, log)
				}
			})
		}
	}
}

// TestLosses counts every span and record that did not arrive, whatever happened to it.
func TestLosses(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault otlptest.Fault
		queue string
		open  int64 // spans that are never ended
		want  string
	}{
		{"failed exports", otlptest.Internal(), "10", 0, "spans=30 log_records=30"},
		{"hanging exports", otlptest.Hang(), "10", 0, "spans=30 log_records=30"},
		{"spans that are not ended", otlptest.Accept(), "100", 5, "spans=5 log_records=0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			r.SetFault(test.fault)
			setenv(t, r, otlptest.GRPC)
			for _, prefix := range []string{"OTEL_BSP_", "OTEL_BLRP_"} {
				t.Setenv(prefix+"MAX_QUEUE_SIZE", test.queue)
			}
			t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "500")
			s := open(t, nil)
			s.record(30)
			s.exports.LoseSpans(test.open)
			log := s.end()
			if !strings.Contains(log, "lost "+test.want) {
				t.Errorf("want %s:\n%s", test.want, log)
			}
		})
	}
}

// TestFullQueue drops what exceeds the queue, and only that.
func TestFullQueue(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	setenv(t, r, otlptest.GRPC)
	for _, prefix := range []string{"OTEL_BSP_", "OTEL_BLRP_"} {
		t.Setenv(prefix+"MAX_QUEUE_SIZE", "10")
	}
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "500")
	r.SetFault(otlptest.Hang()) // until the queue has overflowed
	s := open(t, nil)
	s.record(30)
	if spans, records := s.exports.Lost(); spans != 20 || records != 20 {
		t.Errorf("%d spans and %d records were dropped, want 20 each", spans, records)
	}
	s.end()
}

// TestCredentials has a collector that quotes in its refusal what it has been sent.
func TestCredentials(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "refused: "+r.Header.Get("Authorization"), http.StatusBadRequest)
	}))
	defer echo.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", echo.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret-token")
	s := open(t, nil)
	s.record(1)
	log := s.end()
	if strings.Contains(log, "secret-token") || !strings.Contains(log, "Bearer [redacted:header]") {
		t.Errorf("log:\n%s", log)
	}
}

// TestPanic has an exporter that panics, which must not end the process. That of metrics is not tested: the SDK's keeps
// its mutex locked after a panic, so that its shutdown would take all of its time.
func TestPanic(t *testing.T) {
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	s := open(t, func(cfg *otlp.Config) { cfg.Preview = panickingWriter{} })
	s.record(1)
	log := s.end()
	if !strings.Contains(log, "broken: a defect") || strings.Contains(log, "cannot be delivered") {
		t.Errorf("log:\n%s", log)
	}
}

type panickingWriter struct{}

func (panickingWriter) Write([]byte) (int, error) { panic("a defect") }

// TestPreview writes what would be sent as lines of OTLP JSON, and sends nothing.
func TestPreview(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	setenv(t, r, otlptest.GRPC)
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	var out syncBuffer
	s := open(t, func(cfg *otlp.Config) { cfg.Preview = &out })
	s.record(2)
	if log := s.end(); log != "" {
		t.Errorf("log:\n%s", log)
	}
	if n := len(r.Requests()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
	signals := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		var request map[string]any
		if err := json.Unmarshal([]byte(line), &request); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		for key := range request {
			signals[key] = true
		}
	}
	if !signals["resourceSpans"] || !signals["resourceMetrics"] || !signals["resourceLogs"] {
		t.Errorf("previewed: %v", signals)
	}
	for _, id := range []string{`"traceId":"[0-9a-f]{32}"`, `"spanId":"[0-9a-f]{16}"`} {
		if n := len(regexp.MustCompile(id).FindAllString(out.String(), -1)); n != 2 {
			t.Errorf("%s is there %d times, want 2:\n%s", id, n, out.String())
		}
	}
}

// TestPreviewOfText has a text that looks like a member of OTLP's JSON. Only members hold ids.
func TestPreviewOfText(t *testing.T) {
	var out syncBuffer
	s := open(t, func(cfg *otlp.Config) { cfg.Preview = &out })
	_, span := s.traces.Tracer("test").Start(t.Context(), `{"traceId":"AAAA"}`)
	span.End()
	if log := s.end(); log != "" {
		t.Errorf("log:\n%s", log)
	}
	if want := `"name":"{\"traceId\":\"AAAA\"}"`; !strings.Contains(out.String(), want) {
		t.Errorf("there is no %s in\n%s", want, out.String())
	}
}

// TestPreviewOfSwitchedOffSignal leaves out what would not be sent.
func TestPreviewOfSwitchedOffSignal(t *testing.T) {
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	var out syncBuffer
	s := open(t, func(cfg *otlp.Config) { cfg.Preview = &out })
	s.record(1)
	s.end()
	if strings.Contains(out.String(), "resourceMetrics") || !strings.Contains(out.String(), "resourceSpans") {
		t.Errorf("previewed:\n%s", out.String())
	}
}

// TestSignalsThatAreNotSent leaves out a signal that is switched off, and one whose variables are invalid with a
// warning.
func TestSignalsThatAreNotSent(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "none")
	t.Setenv("OTEL_METRICS_EXPORTER", "console")
	t.Setenv("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "secret")
	s := open(t, nil)
	s.exports.LoseSpans(3) // they would not have been sent
	log := s.end()
	if s.exports.Spans != nil || s.exports.Metrics != nil || s.exports.Logs != nil {
		t.Errorf("exports: %+v", s.exports)
	}
	if strings.Count(log, "level=WARN") != 2 || !strings.Contains(log, `"metrics are not sent"`) ||
		!strings.Contains(log, `"logs are not sent"`) || strings.Contains(log, "secret") {
		t.Errorf("log:\n%s", log)
	}
}

func TestOwnVariables(t *testing.T) {
	environ := []string{
		"OTEL_A=server", "SPANPIPE_OTEL_A=own", "SPANPIPE_OTEL_TEST_B=x=y", "SPANPIPE_TELEMETRY=otlp", "XSPANPIPE_OTEL_C=1",
	}
	if got := otlp.OwnVariables(environ); !reflect.DeepEqual(got, []string{"OTEL_A=own", "OTEL_TEST_B=x=y"}) {
		t.Errorf("got %q", got)
	}
	t.Setenv("OTEL_A", "server")
	t.Setenv("OTEL_TEST_B", "")
	otlp.SetOwnVariables(environ)
	if a, b := os.Getenv("OTEL_A"), os.Getenv("OTEL_TEST_B"); a != "own" || b != "x=y" {
		t.Errorf("set are %q and %q", a, b)
	}
}

// TestCutVariable compares names without case where the system does. Values are never compared.
func TestCutVariable(t *testing.T) {
	for _, test := range []struct {
		entry, beginning string
		fold             bool
		want             string // the rest, or "-"
	}{
		{"SPANPIPE_TELEMETRY=otlp", "SPANPIPE_TELEMETRY=", false, "otlp"},
		{"Spanpipe_Telemetry=otlp", "SPANPIPE_TELEMETRY=", false, "-"},
		{"Spanpipe_Telemetry=OTLP", "SPANPIPE_TELEMETRY=", true, "OTLP"},
		{"spanpipe_otel_exporter_otlp_headers=K", "SPANPIPE_OTEL_", true, "exporter_otlp_headers=K"},
		{"spanpipe", "SPANPIPE_", true, "-"},
		{"XSPANPIPE_A=1", "SPANPIPE_", true, "-"},
		{"do_not_track=1", "DO_NOT_TRACK=", true, "1"},
	} {
		rest, ok := otlp.CutVariableOn(test.entry, test.beginning, test.fold)
		if !ok {
			rest = "-"
		}
		if rest != test.want {
			t.Errorf("%s without %s, fold %v: %q, want %q", test.entry, test.beginning, test.fold, rest, test.want)
		}
	}
}
