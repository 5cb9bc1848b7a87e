package otlp

import (
	"strconv"
	"time"
)

// batching is how spans or log records are collected before they are sent.
type batching struct {
	queue int           // how many may wait; more are dropped
	batch int           // how many are sent at once
	delay time.Duration // how long the first waits for others
}

const (
	maxQueue = 1 << 16 // spans of about a kilobyte each
	// maxDelay keeps a delay in milliseconds from overflowing a duration.
	maxDelay = 24 * time.Hour
)

// newBatching reads OpenTelemetry's variables that begin with the prefix. The SDK would read them too, but it panics
// at a negative size, allocates a queue of any size, and spins at a delay of zero. The defaults are OpenTelemetry's,
// except for the delay: it is 5 s there, and a host may kill the process without notice.
//
// An invalid value is reported by the variable's name and ignored.
func newBatching(cfg Config, prefix string) batching {
	number := func(name string, standard, limit int) int {
		v, _ := cfg.Lookup(prefix + name)
		if v == "" {
			return standard
		}
		n, err := strconv.Atoi(v)
		if err != nil || n <= 0 {
			reportInvalid(cfg.Logger, prefix+name)
			return standard
		}
		return min(n, limit)
	}
	b := batching{queue: number("MAX_QUEUE_SIZE", 2048, maxQueue)}
	b.batch = number("MAX_EXPORT_BATCH_SIZE", min(512, b.queue), b.queue)
	b.delay = time.Duration(number("SCHEDULE_DELAY", 1000, int(maxDelay.Milliseconds()))) * time.Millisecond
	return b
}
