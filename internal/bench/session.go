//go:build unix

package main

import (
	"context"
	"time"
)

const (
	sessionCalls = 3200
	// sampleEvery is how many calls lie between two readings of a session's memory, none of which is timed.
	sampleEvery = 100
)

// cost is what a whole session has cost: from the start of its processes to the end of the last one, the server
// included, which is the same for every subject.
type cost struct {
	cpu           float64 // of all processes, in microseconds
	peak, private float64 // the largest sizes of the subject's own, in MiB; not available on every system
	latency       []float64
}

// sessions measures sessions of many small calls one after the other, with all that an ordinary session has: its start,
// the first connection to the collector, and its end. Each subject's time is compared with that of two cats in the same
// round.
func (b *bench) sessions(ctx context.Context) error {
	calls, rounds := sessionCalls, 9
	if b.short {
		calls, rounds = 200, 2
	}
	b.say("sessions of %d calls", calls)
	latencies, cpu, beyond, peak, private := samples{}, samples{}, samples{}, samples{}, samples{}
	err := interleave(b.all, rounds, func(s subject) error {
		c, err := wholeSession(ctx, s, calls)
		if err != nil {
			return err
		}
		latencies.add(s.name, c.latency...)
		cpu.add(s.name, c.cpu/float64(calls))
		if c.peak > 0 {
			peak.add(s.name, c.peak)
			private.add(s.name, c.private)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, s := range b.all {
		if s.name == direct || s.name == floor {
			continue
		}
		for round, used := range cpu[s.name] {
			beyond.add(s.name, used[0]-cpu[floor][round][0])
		}
	}
	b.summarize("short session, call", "µs", latency, b.names(), latencies)
	b.summarize("short session, CPU per call, all processes", "µs", median, b.names(), cpu)
	b.summarize("short session, CPU per call beyond cat", "µs", median, b.names(), beyond)
	b.summarize("short session, peak memory", "MiB", median, b.names(), peak)
	b.summarize("short session, peak private memory", "MiB", median, b.names(), private)
	return nil
}

func wholeSession(ctx context.Context, s subject, calls int) (c cost, err error) {
	l, err := start(ctx, s)
	if err != nil {
		return c, err
	}
	for i := range calls {
		took, err := l.call(l.compose(smallRequest, smallResponse))
		if err != nil {
			return c, err
		}
		c.latency = append(c.latency, float64(took)/1e3)
		if i%sampleEvery == sampleEvery-1 {
			peak, _ := l.sizes("VmHWM")
			private, _ := l.sizes("RssAnon")
			c.peak, c.private = max(c.peak, peak), max(c.private, private)
		}
	}
	_, err = l.end()
	for _, cmd := range l.commands { // that of spanpipe includes the server, for which it has waited
		c.cpu += float64((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Microseconds())
	}
	return c, err
}

// rest measures sessions in which nothing happens: how often their threads wake up, and their private memory.
func (b *bench) rest(ctx context.Context) error {
	settle, lasting := 12*time.Second, time.Minute // the first export of metrics is over; the next one falls into it
	if b.short {
		settle, lasting = time.Second, time.Second
	}
	b.say("at rest")
	var lives []*live
	var names []string
	for _, s := range b.idle() {
		l, err := start(ctx, s)
		if err != nil {
			return err
		}
		if err := l.count(3); err != nil {
			return err
		}
		lives, names = append(lives, l), append(names, s.name)
	}
	time.Sleep(settle)
	wakeups, private, before := samples{}, samples{}, map[*live]float64{}
	for _, l := range lives {
		before[l], _ = l.switches()
	}
	time.Sleep(lasting)
	for _, l := range lives {
		if now, ok := l.switches(); ok {
			wakeups.add(l.name, (now-before[l])/lasting.Seconds())
		}
		if size, ok := l.sizes("RssAnon"); ok {
			private.add(l.name, size)
		}
	}
	for _, l := range lives {
		if _, err := l.end(); err != nil {
			return err
		}
	}
	b.summarize("at rest, wakeups", "1/s", median, names, wakeups)
	b.summarize("at rest, private memory", "MiB", median, names, private)
	return nil
}

// idle returns each build of spanpipe with a collector, with the console alone, and with the store alone.
func (b *bench) idle() []subject {
	subjects := b.exporting(b.collector.GRPC)
	for i, p := range b.builds {
		console := subjects[i]
		console.name, console.env = p.subject("console"), []string{"SPANPIPE_TELEMETRY=console"}
		subjects = append(subjects, console)
		if p.stores() {
			storing := subjects[i]
			storing.name, storing.env = p.subject(local), b.storing()
			subjects = append(subjects, storing)
		}
	}
	return subjects
}
