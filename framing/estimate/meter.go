package estimate

import "time"

// Meter counts the tokens of chosen values in a stream of messages, and bounds what that costs. It counts
//
//   - every byte of the first 64 KiB of a message, and beyond that 1 KiB in 16 up to 1 MiB, as long as it has a budget: 2 MiB/s,
//     with 1 MiB saved up. That is more than a conversation needs, and half a hundredth of a processor;
//   - 1 KiB in 256 of what is beyond 1 MiB, and of all that comes when the budget is used up.
//
// What it does not count it takes to be like the last KiB that it has counted. Which messages are within the budget depends on
// the times passed in, and on nothing else: the clock is not read. The zero value is ready.
type Meter struct {
	counter Counter
	skipped uint64 // units of what was not counted, times window

	budget  int64
	last    time.Time // up to when it was refilled
	saving  bool      // it is used up: samples are counted, up to the end of the message
	message int64     // bytes of the message so far
	stream  int64     // bytes that have come while saving

	rate  uint64 // units of the last window that was counted
	from  uint64 // units of the counter when the current window began
	bytes int64  // of the current window
}

const (
	window      = 1 << 10 // bytes of a sample
	whole       = 64 << 10
	large       = 1 << 20
	largePeriod = 16 * window
	floodPeriod = 256 * window

	budgetRate  = 2 << 20 // bytes a second
	budgetSaved = 1 << 20

	usualRate = window * unit / 4 // before anything has been counted: four bytes a token
)

// Begin starts a message that was read at the given time.
func (m *Meter) Begin(at time.Time) {
	if m.last.IsZero() {
		m.budget, m.last, m.rate = budgetSaved, at, usualRate
	}
	if elapsed := min(at.Sub(m.last), time.Second); elapsed > 0 {
		m.budget = min(m.budget+int64(elapsed)*budgetRate/int64(time.Second), budgetSaved)
		m.last = at
	}
	m.saving, m.message = m.budget == 0, 0
}

// Value starts a value: what came before it has no effect on it.
func (m *Meter) Value() { m.counter.at = 0 }

// Write counts the bytes of a value that follow.
func (m *Meter) Write(b []byte) {
	for len(b) > 0 {
		n, counted := m.next()
		n = min(n, int64(len(b)))
		if counted && !m.saving {
			n = min(n, m.budget)
			m.budget -= n
		}
		if counted {
			m.count(b[:n])
		} else {
			m.skipped += uint64(n) * m.rate
			m.counter.at = 0
		}
		if m.saving {
			m.stream += n
		}
		m.message += n
		m.saving = m.saving || m.budget == 0
		b = b[n:]
	}
}

// next returns how many bytes are to be treated alike, and whether they are counted.
func (m *Meter) next() (n int64, counted bool) {
	at, period := m.message-whole, int64(largePeriod)
	switch {
	case m.saving:
		at, period = m.stream, floodPeriod
	case m.message >= large:
		period = floodPeriod
	}
	if at < 0 {
		return -at, true
	}
	switch at %= period; {
	case at < window:
		return window - at, true
	default:
		return period - at, false
	}
}

func (m *Meter) count(b []byte) {
	for len(b) > 0 {
		n := min(len(b), int(window-m.bytes))
		m.counter.Write(b[:n])
		if m.bytes += int64(n); m.bytes == window {
			m.rate, m.from, m.bytes = m.counter.units-m.from, m.counter.units, 0
		}
		b = b[n:]
	}
}

// Reading is what a meter shows at one moment, in parts of a token.
type Reading uint64

// Read returns what the meter shows now.
func (m *Meter) Read() Reading { return Reading(m.counter.units + m.skipped/window) }

// Since returns how many tokens have come since an earlier reading, rounded.
func (r Reading) Since(earlier Reading) int64 { return tokens(uint64(r - earlier)) }
