package otel_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// lineWriter keeps lines, one for each call of Write.
type lineWriter struct {
	mu    sync.Mutex
	lines [][]byte
}

// count returns how many lines there are, also while others are written.
func (w *lineWriter) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.lines)
}

func (w *lineWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, bytes.Clone(line))
	return len(line), nil
}

// TestManySeries: the metrics of a server with many tools are in lines that the Collector's receiver reads, of at most 1 MiB.
func TestManySeries(t *testing.T) {
	w := &lineWriter{}
	s := otel.New(otel.Config{Resource: resource.Default(), MetricLines: w, Session: record.Session{ID: "id"}})
	now := time.Now()
	for i := range 2000 {
		op := &record.Operation{
			Number: uint64(i + 1), Direction: record.ToServer, Method: semconv.ToolsCall, Target: fmt.Sprint("tool ", i%200), RoundTrips: 1,
			Start: now, ErrorType: fmt.Sprint(-32000 - i/200), Code: fmt.Sprint(-32000 - i/200),
		}
		s.Opened(op)
		op.Change, op.End, op.Duration, op.Answered, op.ResponseSize = record.Ended, now.Add(1), 1, true, 100
		s.Changed(op)
	}
	s.EndLines()
	total := 0
	for _, line := range w.lines {
		if total += len(line); len(line) > 1<<20 {
			t.Errorf("a line of %d bytes", len(line))
		}
		if err := otlptest.ReadLine(line, &metricspb.MetricsData{}); err != nil {
			t.Error(err)
		}
	}
	if total <= 1<<20 {
		t.Errorf("all of it takes only %d bytes", total)
	}
}

// TestMetricLines compares a line with what OpenTelemetry's exporter sends of the same metrics.
func TestMetricLines(t *testing.T) {
	for _, filter := range []string{"", "always_on", "always_off"} {
		t.Run(filter, func(t *testing.T) {
			t.Setenv("OTEL_METRICS_EXEMPLAR_FILTER", filter)
			t.Setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta") // concerns exports alone
			t.Setenv("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram")
			t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "1")
			w := &lineWriter{}
			s := everything(t, func(c *otel.Config) {
				c.MetricLines, c.Resource = w, resource.Default()
			})
			s.EndLines()
			s.EndLines()
			if len(w.lines) != 1 || bytes.Count(w.lines[0], []byte("\n")) != 1 || !bytes.HasSuffix(w.lines[0], []byte("\n")) {
				t.Fatalf("%d lines: %.200q", len(w.lines), w.lines)
			}
			got := &metricspb.MetricsData{}
			if err := otlptest.ReadLine(w.lines[0], got); err != nil {
				t.Fatalf("%v in %s", err, w.lines[0])
			}
			want := &metricspb.MetricsData{ResourceMetrics: exportedMetrics(t, s)}
			for _, data := range []*metricspb.MetricsData{got, want} {
				withoutTimes(data)
			}
			if !proto.Equal(got, want) {
				t.Errorf("got:\n%.3000s\nwant:\n%.3000s", prototext.Format(got), prototext.Format(want))
			}
			if hasExemplars := bytes.Contains(w.lines[0], []byte(`"exemplars"`)); hasExemplars != (filter != "always_off") {
				t.Errorf("exemplars: %v", hasExemplars)
			}
		})
	}
}

// exportedMetrics returns what OpenTelemetry's exporter sends of the metrics of a stage.
func exportedMetrics(t *testing.T, s *stage) (sent []*metricspb.ResourceMetrics) {
	t.Helper()
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		request := &colmetrics.ExportMetricsServiceRequest{}
		if err != nil || proto.Unmarshal(body, request) != nil {
			t.Errorf("a request that cannot be read: %v", err)
		}
		sent = request.GetResourceMetrics()
	}))
	defer collector.Close()
	exporter, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpointURL(collector.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = exporter.Shutdown(t.Context()) }()
	var all metricdata.ResourceMetrics
	if err := s.meter.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	if err := exporter.Export(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	return sent
}

// withoutTimes sorts metrics and points, whose order is random, and removes what differs from one collection to the next:
// times, exemplars, which are a random sample, and the use of the process.
func withoutTimes(data *metricspb.MetricsData) {
	points := func(all []*metricspb.NumberDataPoint) {
		for _, p := range all {
			p.StartTimeUnixNano, p.TimeUnixNano, p.Exemplars = 0, 0, nil
		}
		slices.SortFunc(all, byText)
	}
	for _, scope := range data.GetResourceMetrics()[0].GetScopeMetrics() {
		for _, m := range scope.GetMetrics() {
			switch d := m.GetData().(type) {
			case *metricspb.Metric_Gauge:
				points(d.Gauge.GetDataPoints())
			case *metricspb.Metric_Sum:
				points(d.Sum.GetDataPoints())
			case *metricspb.Metric_Histogram:
				for _, p := range d.Histogram.GetDataPoints() {
					p.StartTimeUnixNano, p.TimeUnixNano, p.Exemplars = 0, 0, nil
				}
				slices.SortFunc(d.Histogram.GetDataPoints(), byText)
			}
		}
		scope.Metrics = slices.DeleteFunc(scope.GetMetrics(), func(m *metricspb.Metric) bool {
			return strings.HasPrefix(m.GetName(), "process.") || m.GetName() == semconv.MemoryLimit.Name
		})
		slices.SortFunc(scope.GetMetrics(), byText)
	}
}

func byText[M proto.Message](a, b M) int {
	text := func(m proto.Message) []byte {
		b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		return b
	}
	return bytes.Compare(text(a), text(b))
}

// TestPaceOfLines: there is a line a minute after something was measured and while operations are open, fewer in a long
// session, and none while nothing happens.
func TestPaceOfLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &lineWriter{}
		s := otel.New(otel.Config{MetricLines: w, Session: record.Session{ID: "x", Launched: time.Now()}})
		defer s.Shutdown(t.Context())
		// after sleeps and returns how many lines were written since it was called last.
		seen := 0
		after := func(d time.Duration) int {
			time.Sleep(d)
			synctest.Wait()
			n := w.count() - seen
			seen += n
			return n
		}
		want := func(what string, got, want int) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %d lines, want %d", what, got, want)
			}
		}
		op := &record.Operation{Number: 1, Change: record.Opened, Direction: record.ToServer, Method: semconv.ToolsCall, Start: time.Now()}
		s.Opened(op)
		want("soon", after(50*time.Second), 0)
		s.Noted(record.Message{Direction: record.ToServer, Kind: record.RequestMessage})
		want("a minute after the first", after(11*time.Second), 1)
		want("an operation that is open for ten minutes", after(10*time.Minute), 10)
		ended := *op
		ended.Change, ended.End = record.Ended, time.Now()
		s.Changed(&ended)
		want("its end", after(time.Hour), 1)
		lasting := &record.Operation{Number: 2, Change: record.Opened, Method: semconv.SubscriptionsListen, Start: time.Now()}
		s.Opened(lasting)
		want("a subscription, which stays open", after(24*time.Hour), 1)
		op.Number = 3
		s.Opened(op)
		want("soon, in a session that is a day old", after(time.Hour), 0)
		if n := after(24 * time.Hour); n < 8 || n > 16 {
			t.Errorf("an operation that is open for another day: %d lines, want one in a sixteenth of the session's age", n)
		}
		s.SampleLines()
		want("a sample of the process, which has not started", after(time.Second), 0)
		s.EndLines()
		s.Noted(record.Message{Direction: record.ToServer, Kind: record.RequestMessage})
		want("the end, and nothing after it", after(time.Hour), 1)
	})
}

// TestSampleLines: a line of what the server's processes use, and of nothing else.
func TestSampleLines(t *testing.T) {
	w := &lineWriter{}
	s := launch(t, func(c *otel.Config) { c.MetricLines = w })
	n := s.session(record.Session{Time: s.at(10)})
	n.PID = os.Getpid()
	s.Noted(n)
	s.SampleLines()
	if len(w.lines) != 1 {
		t.Fatalf("%d lines", len(w.lines))
	}
	got := &metricspb.MetricsData{}
	if err := otlptest.ReadLine(w.lines[0], got); err != nil {
		t.Fatal(err)
	}
	metrics := got.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics()
	for _, m := range metrics {
		if !strings.HasPrefix(m.GetName(), "process.") {
			t.Errorf("%s is in the line", m.GetName())
		}
	}
	if len(metrics) < 2 {
		t.Errorf("%d metrics", len(metrics))
	}
}

// TestPanicInLines: a panic while metrics are collected is reported, and the process goes on.
func TestPanicInLines(t *testing.T) {
	broken := make(chan any, 1)
	s := otel.New(otel.Config{MetricLines: &lineWriter{}, Metrics: []sdkmetric.Reader{}, Broken: func(r any) { broken <- r },
		Lost: func() map[string]int64 { panic("a defect") }})
	defer s.Shutdown(t.Context())
	s.EndLines()
	if got := <-broken; got != "a defect" {
		t.Errorf("%v", got)
	}
}
