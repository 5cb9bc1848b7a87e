package telemetry

import (
	"strconv"
	"time"
)

// batching is how spans or log records are put together before they are sent: what OpenTelemetry's variables say, read by us. The
// SDK takes them at their word: of a size below zero it panics, of one beyond the memory it lets the process die, and of a
// delay of zero it makes a loop that never rests.
type batching struct {
	queue int           // how many may wait; all others are lost
	batch int           // how many are sent at once
	delay time.Duration // how long the first waits for others
}

const (
	maxQueue = 1 << 16 // spans of a kilobyte each
	maxDelay = 24 * time.Hour
)

// newBatching reads the variables that begin with the prefix.
func newBatching(cfg Config, prefix string) batching {
	number := func(name string, standard, most int) int {
		if !given(cfg.Lookup, prefix+name) {
			return standard
		}
		v, _ := cfg.Lookup(prefix + name)
		n, err := strconv.Atoi(v)
		if err != nil || n <= 0 {
			tellMisread(cfg.Logger, prefix+name)
			return standard
		}
		return min(n, most)
	}
	b := batching{queue: number("MAX_QUEUE_SIZE", 2048, maxQueue)}
	b.batch = number("MAX_EXPORT_BATCH_SIZE", min(512, b.queue), b.queue)
	b.delay = time.Duration(number("SCHEDULE_DELAY", int(batchDelay.Milliseconds()), int(maxDelay.Milliseconds()))) * time.Millisecond
	return b
}
