package web

import (
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
)

// mostSamples is how many samples a session has at most: a screen has no more columns for them.
const mostSamples = 600

// sample is what a server's processes used until a time.
type sample struct {
	from, at time.Time
	cpu      float64 // processors
	memory   int64
}

// atLeast is the shortest time that says something of how busy a server is.
const atLeast = time.Second

// samplesOf returns what was used from one measurement to the next. The first counts from the start of the server. One that
// found no process has nothing to say.
func samplesOf(s *store.Session, all []store.Usage) []sample {
	all = slices.DeleteFunc(all, func(u store.Usage) bool { return u.Memory == 0 && u.CPU == 0 })
	if len(all) == 0 {
		return nil
	}
	before := store.Usage{Time: s.Started}
	if before.Time.IsZero() || !before.Time.Before(all[0].Time) {
		before = all[0]
	}
	samples := make([]sample, 0, len(all))
	for _, u := range all {
		one := sample{from: before.Time, at: u.Time, memory: u.Memory}
		if u.Time.Sub(before.Time) < atLeast && len(samples) > 0 {
			continue
		}
		if over := u.Time.Sub(before.Time); over > 0 { // a process that has ended takes its time along
			one.cpu = max(0, float64(u.CPU-before.CPU)/float64(over))
		}
		samples, before = append(samples, one), u
	}
	return samples
}

// fewer returns samples over longer times, at most as many as given: with what was used on average, and the most memory.
func fewer(all []sample, most int) []sample {
	each := (len(all) + most - 1) / most
	if each <= 1 {
		return all
	}
	var out []sample
	for len(all) > 0 {
		n := min(each, len(all))
		one := sample{from: all[0].from, at: all[n-1].at}
		for _, s := range all[:n] {
			one.memory = max(one.memory, s.memory)
			if over := one.at.Sub(one.from); over > 0 {
				one.cpu += s.cpu * float64(s.at.Sub(s.from)) / float64(over)
			}
		}
		out, all = append(out, one), all[n:]
	}
	return out
}

// Shares of a processor from which on a server counts as busy, and below which it counts as idle.
const (
	busyFrom  = 0.5
	idleUntil = 0.005
)

// inWords says what was used last. A server that has just ended has no memory any more, but had some before.
func inWords(all []sample) string {
	last := len(all) - 1
	text := "memory not known"
	for _, s := range slices.Backward(all) {
		if s.memory > 0 {
			text = view.Size(s.memory)
			break
		}
	}
	switch cpu := all[last].cpu; {
	case cpu < idleUntil:
		return text + ", idle"
	case cpu < busyFrom:
		return text
	}
	first := last
	for first > 0 && all[first-1].cpu >= busyFrom {
		first--
	}
	return text + ", busy for " + view.Duration(all[last].at.Sub(all[first].from))
}

// usedNow returns the processors and the memory that a live session's server used last; nil if that was not measured. It
// reads a file.
func usedNow(s *store.Session) (cpu *float64, memory *int64) {
	all, err := s.RecentUsage()
	samples := samplesOf(s, all)
	if err != nil || len(samples) == 0 {
		return nil, nil
	}
	last := samples[len(samples)-1]
	if last.memory > 0 {
		memory = &last.memory
	}
	return &last.cpu, memory
}
