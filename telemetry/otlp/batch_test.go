package otlp_test

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// quiet opens a session in a bubble with a clock of its own, and returns it with what it sends.
func quiet(t *testing.T, test func(s *session, sent func(signal string) int)) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		s := open(t, func(cfg *otlp.Config) { cfg.Preview = &out })
		test(s, func(signal string) int {
			synctest.Wait()
			return strings.Count(out.String(), `{"resource`+signal+`":`)
		})
		s.end()
	})
}

// TestBatches sends the first items after a delay, and those of which there are many at once.
func TestBatches(t *testing.T) {
	quiet(t, func(s *session, sent func(string) int) {
		s.spans(1)
		if time.Sleep(999 * time.Millisecond); sent("Spans") != 0 {
			t.Error("a span was sent before its delay")
		}
		if time.Sleep(time.Millisecond); sent("Spans") != 1 {
			t.Errorf("after the delay there were %d requests, want 1", sent("Spans"))
		}
		if s.spans(100); sent("Spans") != 3 {
			t.Errorf("100 spans are sent in %d requests, want 2 at once", sent("Spans")-1)
		}
		if time.Sleep(time.Second); sent("Spans") != 4 {
			t.Errorf("the rest of 100 spans is sent in %d requests, want 1 after the delay", sent("Spans")-3)
		}
	})
}

// TestLargeBatches has spans that have piled up. They are sent in the largest batches that are allowed, and none is lost.
func TestLargeBatches(t *testing.T) {
	t.Setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "200")
	quiet(t, func(s *session, sent func(string) int) {
		s.exports.Hold(func() { s.spans(400) })
		if sent("Spans") != 2 {
			t.Errorf("400 spans are sent in %d requests, want 2", sent("Spans"))
		}
	})
}

// TestSteadyFlood has a batch waiting at the end of every export. One goroutine sends them all.
func TestSteadyFlood(t *testing.T) {
	const rounds = 50
	round, before := 0, 0
	over := make(chan struct{})
	var s *session
	s = open(t, func(cfg *otlp.Config) {
		cfg.Preview = writerFunc(func(b []byte) (int, error) {
			if round++; round == 1 {
				before = runtime.NumGoroutine()
			}
			switch n := runtime.NumGoroutine(); {
			case round < rounds:
				s.spans(48)
			case round == rounds:
				if n > before+rounds/2 {
					t.Errorf("%d goroutines while the first batch is sent, %d during the last", before, n)
				}
				close(over)
			}
			return len(b), nil
		})
	})
	s.spans(48)
	<-over
	s.end()
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestQuietMetrics sends metrics at their interval while some are recorded, and less often in a session in which nothing
// happens.
func TestQuietMetrics(t *testing.T) {
	quiet(t, func(s *session, sent func(string) int) {
		for _, step := range []struct {
			record bool
			pass   time.Duration
			want   int
		}{
			{true, 9 * time.Second, 0}, {false, time.Second, 1}, // its interval after the start
			{false, 59 * time.Second, 1}, {false, time.Second, 2}, {false, time.Minute, 3}, // nothing happens
			{true, 10 * time.Second, 4}, {true, 5 * time.Second, 4}, {true, 5 * time.Second, 5},
		} {
			if step.record {
				s.record(1)
			}
			if time.Sleep(step.pass); sent("Metrics") != step.want {
				t.Errorf("%+v: %d exports of metrics", step, sent("Metrics"))
			}
		}
	})
}

// TestMetricInterval sends metrics at the interval that the user has set, whatever happens.
func TestMetricInterval(t *testing.T) {
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "5000")
	quiet(t, func(s *session, sent func(string) int) {
		s.record(1)
		if time.Sleep(time.Minute); sent("Metrics") != 12 {
			t.Errorf("%d exports of metrics, want 12", sent("Metrics"))
		}
	})
}

// TestShortInterval has the interval of the metrics be over before the SDK knows their reader, as on a slow machine: nothing is
// said, and they are sent once it does.
func TestShortInterval(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	setenv(t, r, otlptest.HTTP)
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "1")
	var said syncBuffer
	exports := otlp.New(otlp.Config{Lookup: os.LookupEnv, Logger: slog.New(slog.NewTextHandler(&said, nil)), Broken: func(any) {}})
	time.Sleep(20 * time.Millisecond)
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exports.Metrics))
	exports.Started()
	r.WaitRequests(t, otlptest.Metrics, 2)
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if said.String() != "" {
		t.Error(said.String())
	}
}

// TestMetricsAfterTheEnd has the timer of the metrics fire while the session ends: nothing was lost, and nothing is said.
func TestMetricsAfterTheEnd(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	setenv(t, r, otlptest.GRPC)
	s := open(t, nil)
	s.record(1)
	log := s.end()
	if err := s.exports.FlushMetrics(t.Context()); err != nil || strings.Contains(log+s.log.String(), "cannot be delivered") {
		t.Errorf("%v:\n%s", err, s.log.String())
	}
}

// TestAttributesOfRecords has records of more attributes than a record holds without a slice of its own, which the sink
// reuses for the next one.
func TestAttributesOfRecords(t *testing.T) {
	var out syncBuffer
	s := open(t, func(cfg *otlp.Config) { cfg.Preview = &out })
	var scratch []attribute.KeyValue
	for _, value := range []string{"first", "second"} {
		scratch = scratch[:0]
		for _, key := range strings.Fields("a b c d e f g h i j") {
			scratch = append(scratch, attribute.String(key, value))
		}
		var r log.Record
		r.AddAttributes(scratch...)
		s.logs.Logger("test").Emit(context.Background(), r)
	}
	s.end()
	for _, value := range []string{"first", "second"} {
		if n := strings.Count(out.String(), `"`+value+`"`); n != 10 {
			t.Errorf("%s is there %d times, want 10:\n%s", value, n, out.String())
		}
	}
}

// spans makes n spans.
func (s *session) spans(n int) {
	for range n {
		_, span := s.traces.Tracer("test").Start(context.Background(), "span")
		span.End()
	}
}
