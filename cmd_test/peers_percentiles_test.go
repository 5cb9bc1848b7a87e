package cmd_test

import (
	"context"
	"log/slog"
	"math"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// percentileTools are tools by the median of their durations.
var percentileTools = map[string]time.Duration{
	"cache": 300 * time.Microsecond, "read": 1500 * time.Microsecond, "list": 7 * time.Millisecond,
	"search": 80 * time.Millisecond, "fetch": 900 * time.Millisecond, "build": 4 * time.Second, "research": 30 * time.Second,
}

// callsOfEach is how many calls each of them has.
const callsOfEach = 1000

// longTail returns a tool's durations in order: from a third of the median to six times as much, as a tool's are spread.
func longTail(median time.Duration) (all []time.Duration) {
	for i := range callsOfEach {
		share := (float64(i) + 0.5) / callsOfEach
		all = append(all, time.Duration(float64(median)*math.Exp(0.6*math.Log(share/(1-share)))))
	}
	return all
}

// TestPeersPrometheusPercentiles sends calls of known durations, and a session of eight hours, to a real Prometheus. What the
// dashboards read is within 5 % of the truth with exponential histograms, and in the same bucket with explicit ones.
func TestPeersPrometheusPercentiles(t *testing.T) {
	for _, aggregation := range aggregations {
		t.Run(aggregation.name, func(t *testing.T) {
			p := startPrometheus(t, nil)
			recordPercentiles(t, p, aggregation.name)
			exact := aggregation.name != "explicit_bucket_histogram"
			for title, share := range map[string]float64{
				"Durations: half of the calls": 0.5, "Durations: 95 % of the calls": 0.95, "Durations: 99 % of the calls": 0.99,
			} {
				read := p.panel(t, title, "gen_ai_tool_name")
				for tool, median := range percentileTools {
					truth := longTail(median)[int(share*callsOfEach)].Seconds()
					checkPercentile(t, title+" of "+tool, read[0][tool], truth, exact, semconv.DurationBuckets())
				}
			}
			for _, read := range p.panel(t, "Length of sessions", "") {
				checkPercentile(t, "a session of eight hours", read[""], 8*3600, exact, semconv.SessionBuckets())
				if read[""] < 7.4*3600 || read[""] > 8.6*3600 {
					t.Errorf("a session of eight hours reads as %v", time.Duration(read[""]*1e9))
				}
			}
		})
	}
}

// recordPercentiles exports the calls as a session does.
func recordPercentiles(t *testing.T, p prometheus, aggregation string) {
	t.Helper()
	for _, variable := range append(p.otlpVariables(), aggregateBy(aggregation)) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	otlp.TakeOver(logger)
	exports := otlp.New(otlp.Config{Lookup: os.LookupEnv, Logger: logger})
	now := time.Now()
	sink := otel.New(otel.Config{
		Resource: otel.NewResource("known", "test", logger), Metrics: []sdkmetric.Reader{exports.Metrics},
		Session: record.Session{ID: "known", Launched: now},
	})
	number := uint64(0)
	for tool, median := range percentileTools {
		for _, duration := range longTail(median) {
			number++
			op := &record.Operation{
				Number: number, Direction: record.ToServer, Method: semconv.ToolsCall, Target: tool, RoundTrips: 1,
				Start: now, End: now.Add(duration), Duration: duration, Answered: true,
			}
			sink.Opened(op)
			op.Change = record.Ended
			sink.Changed(op)
		}
	}
	sink.Noted(record.Exit{Time: now, EndedBy: record.ByClient, Lifetime: 8 * time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if !sink.Shutdown(ctx) {
		t.Fatal("the metrics were not sent")
	}
}

// checkPercentile compares what is read with the truth.
func checkPercentile(t *testing.T, what string, read, truth float64, exact bool, buckets []float64) {
	t.Helper()
	if exact {
		if math.Abs(read-truth) > 0.05*truth {
			t.Errorf("%s: %v s, want %v s within 5 %%", what, read, truth)
		}
		return
	}
	i, _ := slices.BinarySearch(buckets, truth)
	lower, upper := 0.0, buckets[len(buckets)-1]
	if i > 0 {
		lower = buckets[i-1]
	}
	if i < len(buckets) {
		upper = buckets[i]
	}
	if read < lower || read > upper {
		t.Errorf("%s: %v s, want %v s within its bucket, from %v s to %v s", what, read, truth, lower, upper)
	}
}

// panel evaluates the expressions of a panel, and returns what each reads by the value of a label.
func (p prometheus) panel(t *testing.T, title, label string) (all []map[string]float64) {
	t.Helper()
	for _, target := range findPanel(t, title).Targets {
		expr := grafanaVariables.Replace(target.Expr)
		waitFor(t, title, func() bool { return len(p.query(expr)) > 0 }) // until the rules have recorded it
		all = append(all, p.byLabel(t, expr, label))
	}
	return all
}

// byLabel evaluates an expression and returns its values by that of a label.
func (p prometheus) byLabel(t *testing.T, expression, label string) map[string]float64 {
	t.Helper()
	var decoded struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := p.get("/api/v1/query?query="+url.QueryEscape(expression), &decoded); err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, sample := range decoded.Data.Result {
		text, _ := sample.Value[1].(string)
		values[sample.Metric[label]], _ = strconv.ParseFloat(text, 64)
	}
	return values
}
