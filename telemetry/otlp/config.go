package otlp

import (
	"io"
	"log/slog"
	"strconv"
	"time"
)

// Config configures the exports of one process. All fields but Preview and Supplier are required.
type Config struct {
	Lookup  func(string) (string, bool) // looks up an environment variable
	Logger  *slog.Logger                // receives problems with the export
	Preview io.Writer                   // if not nil, receives the records as OTLP JSON, and nothing is sent
	Broken  func(recovered any)         // receives a panic of an exporter; called from goroutines of the SDK

	// Supplier has set variables of the destination in Lookup; messages name its keys instead. It may be zero, as in most sessions.
	Supplier Supplier
}

// maxDelay keeps a delay in milliseconds from overflowing a duration.
const maxDelay = 24 * time.Hour

// number returns the value of a variable, cut to a limit. An invalid one is reported and ignored.
func (cfg Config) number(name, want string, standard, limit int) int {
	v, _ := cfg.Lookup(name)
	if v == "" {
		return standard
	}
	n, err := strconv.Atoi(v)
	if err != nil || n <= 0 {
		reportInvalid(cfg.Logger, name+number(v)+": "+want)
		return standard
	}
	return min(n, limit)
}

func (cfg Config) milliseconds(name string, standard time.Duration) time.Duration {
	n := cfg.number(name, wantMilliseconds, int(standard.Milliseconds()), int(maxDelay.Milliseconds()))
	return time.Duration(n) * time.Millisecond
}
