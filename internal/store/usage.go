package store

import (
	"bytes"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Usage is what a server's processes use at a time.
type Usage struct {
	Time   time.Time
	CPU    time.Duration // since they were started
	Memory int64         // bytes; 0: not known
}

// recentUsage is how many bytes of metrics have some of the last samples in them.
const recentUsage = 1 << 18

// Usage returns what the server's processes used over time, as far as it was measured.
func (s *Session) Usage() ([]Usage, error) { return s.usage(maxFile) }

// RecentUsage returns the last samples alone, which takes less time.
func (s *Session) RecentUsage() ([]Usage, error) { return s.usage(recentUsage) }

func (s *Session) usage(last int64) (all []Usage, err error) {
	cpu, memory := semconv.ProcessCPUTime.Name, semconv.ProcessMemoryUsage.Name
	some, reader := []byte(cpu), otlpfile.Reader{}
	_, err = s.lastLines(fileNames[metricsFile], last, func(line []byte) error {
		if !bytes.Contains(line, some) {
			return nil
		}
		metrics, _ := reader.Metrics(line, cpu, memory) // what is damaged is left out
		var one Usage
		for i := range metrics {
			for _, p := range metrics[i].Points {
				if one.Time = p.Time; metrics[i].Name == memory {
					one.Memory = p.Value.AsInt64()
				} else {
					one.CPU += seconds(p.Value) // of the user, and of the system
				}
			}
		}
		if !one.Time.IsZero() {
			all = append(all, one)
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b Usage) int { return a.Time.Compare(b.Time) })
	return all, err
}
