package web_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// measured writes what the processes of a session used: one sample a minute, of CPU time so far and memory.
func measured(t *testing.T, session string, cpu []float64) {
	t.Helper()
	before, after := otlpfile.Metrics(&otlpfile.Origin{ScopeName: "test"})
	var text []byte
	for n, used := range cpu {
		at := web.Began.Add(time.Duration(n+1) * time.Minute)
		text = otlpfile.AppendMetric(append(text, before...), &otlpfile.Metric{
			Name: semconv.ProcessCPUTime.Name, Form: otlpfile.Sum, Points: []otlpfile.Point{{Time: at, Value: attribute.Float64Value(used)}},
		})
		text = otlpfile.AppendMetric(append(text, ','), &otlpfile.Metric{
			Name: semconv.ProcessMemoryUsage.Name, Form: otlpfile.Sum, Points: []otlpfile.Point{{Time: at, Value: attribute.Int64Value(int64(n+1) * 1e6)}},
		})
		text = append(text, after...)
	}
	if err := os.WriteFile(filepath.Join(session, "metrics.jsonl"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestResources: what servers used is a share of the time from one sample to the next; a server of which nothing was measured is
// absent.
func TestResources(t *testing.T) {
	dir := t.TempDir()
	run := story(t, dir)
	measured(t, web.SessionDirs(t, dir)[0], []float64{30, 30, 90, 150, 149})
	s := serving(t, dir)
	got := get[api.Resources](t, s, "runs/"+run+"/resources")
	if len(got.Sessions) != 1 || !got.Base.Equal(web.Began) {
		t.Fatalf("%+v", got)
	}
	one := got.Sessions[0]
	want := []float64{0.5, 0, 1, 1, 0}
	for i := range want {
		if d := one.CPU[i] - want[i]; d < -0.001 || d > 0.001 || one.Memory[i] != int64(i+1)*1e6 || one.At[i] != float64(60*(i+1)) {
			t.Errorf("sample %d: %+v", i, one)
		}
	}
	if one.Text != "5.0 MB, idle" {
		t.Errorf("%q", one.Text)
	}
}

// TestSamplesInWords says how busy a server is, and makes few samples of many without losing what was used.
func TestSamplesInWords(t *testing.T) {
	const memory = 61_000_000
	for want, all := range map[string]web.Samples{
		"61 MB, idle": web.NewSamples(memory, 1, 0.001), "61 MB": web.NewSamples(memory, 0.1),
		"61 MB, busy for 2m00s": web.NewSamples(memory, 1, 0, 0.9, 1.5), "memory not known, idle": web.NewSamples(0, 0),
		"61 MB, busy for 60.0s": append(web.NewSamples(memory, 1), web.NewSamples(0, 1)...),
	} {
		if got := all.InWords(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	many := make([]float64, 1801)
	many[700] = 0.8
	if n, used := web.NewSamples(memory, many...).Fewer(); n > 600 || n < 300 || used < 0.799 || used > 0.801 {
		t.Errorf("%d samples that used %v", n, used)
	}
}

// TestUsedNow is the last sample of a session, and nothing if there is none.
func TestUsedNow(t *testing.T) {
	dir := t.TempDir()
	story(t, dir)
	for i, one := range web.SessionDirs(t, dir) {
		if i == 0 {
			measured(t, one, []float64{6, 36})
		}
	}
	all, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range all {
		if cpu, memory := web.UsedNow(&all[i]); cpu != nil {
			if n++; *cpu != 0.5 || *memory != 2e6 {
				t.Errorf("%v processors, %d bytes", *cpu, *memory)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d sessions have samples", n)
	}
}
