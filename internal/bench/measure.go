//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// bench is a run.
type bench struct {
	short     bool
	progress  io.Writer
	dir       string    // temporary
	builds    []program // the first one is the current one
	server    []string  // command line
	collector *collector
	all       []subject
	result    Result
}

// plan returns how much is measured: enough that repeated runs agree on a busy machine, or enough to see that it works.
func (b *bench) plan(rounds int, lasting time.Duration) (int, time.Duration) {
	if b.short {
		return 2, lasting / 10
	}
	return rounds, lasting
}

// interleave calls f for all subjects in turns. The first one changes from round to round, so that no subject always
// follows the same neighbor.
func interleave[S any](subjects []S, rounds int, f func(S) error) error {
	for round := range rounds {
		for i := range subjects {
			if err := f(subjects[(round+i)%len(subjects)]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) names() (names []string) {
	for _, s := range b.all {
		names = append(names, s.name)
	}
	return names
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.progress, format+"\n", args...) }

// run makes the measurements, or the parts of them that only names.
func (b *bench) run(ctx context.Context, only string) error {
	for _, part := range []struct {
		name string
		f    func(context.Context) error
	}{
		{"conversations", b.conversations}, {"cpu", b.processorTime}, {"memory", b.memory},
		{"session", b.sessions}, {"rest", b.rest}, {"start", b.starts}, {"exit", b.exits}, {"losses", b.losses},
	} {
		if only != "" && !slices.Contains(strings.Split(only, ","), part.name) {
			continue
		}
		if err := part.f(ctx); err != nil {
			return err
		}
	}
	return nil
}

// conversations measures what a client feels. All subjects live through all of it.
func (b *bench) conversations(ctx context.Context) error {
	return b.withFresh(ctx, func(lives []*live) error {
		for _, m := range b.measures() {
			b.say("%s", m.name)
			all := samples{}
			err := interleave(lives, m.rounds, func(l *live) error {
				round, err := m.block(l)
				if err != nil {
					return fmt.Errorf("measuring %s of %s: %w", m.name, l.name, err)
				}
				all.add(l.name, round...)
				return nil
			})
			if err != nil {
				return err
			}
			b.summarize(m.name, m.unit, m.statistics, b.names(), all)
		}
		return nil
	})
}

// measure is one thing to measure in a session, in rounds of one block per subject.
type measure struct {
	name, unit string
	statistics []statistic
	rounds     int
	block      func(*live) ([]float64, error)
}

func (b *bench) measures() []measure {
	rounds, lasting := b.plan(20, 300*time.Millisecond)
	all := []measure{{"small call", "µs", latency, rounds, func(l *live) ([]float64, error) {
		return l.calls(smallRequest, smallResponse, lasting, 0)
	}}}
	// Calls back to back compete for the cores with the recording and export of earlier calls. A busy agent, or a few of
	// them, call at this rate: the machine has time in between.
	pacedRounds, pacedLasting := b.plan(10, time.Second)
	all = append(all, measure{"small call, 200 a second", "µs", latency, pacedRounds, func(l *live) ([]float64, error) {
		return l.calls(smallRequest, smallResponse, pacedLasting, 5*time.Millisecond)
	}})
	rounds, lasting = b.plan(10, 150*time.Millisecond)
	for _, size := range []struct {
		name  string
		bytes int
	}{{"1 KiB", 1 << 10}, {"64 KiB", 64 << 10}, {"1 MiB", 1 << 20}} {
		all = append(all,
			measure{size.name + " response", "µs", latency, rounds, func(l *live) ([]float64, error) {
				return l.calls(smallRequest, size.bytes, lasting, 0)
			}},
			measure{size.name + " request", "µs", latency, rounds, func(l *live) ([]float64, error) {
				return l.calls(size.bytes, smallResponse, lasting, 0)
			}})
	}
	rounds, lasting = b.plan(10, 400*time.Millisecond)
	all = append(all, measure{"pipelined", "calls/s", median, rounds, func(l *live) ([]float64, error) {
		started := time.Now()
		n, err := l.pipeline(lasting, 0)
		return []float64{float64(n) / time.Since(started).Seconds()}, err
	}})
	const big = 64 << 20
	rate := func(took time.Duration) []float64 { return []float64{big / 1e6 / took.Seconds()} }
	rounds, _ = b.plan(9, 0)
	return append(all,
		measure{"64 MiB response", "MB/s", median, rounds, func(l *live) ([]float64, error) {
			took, err := l.call(l.compose(smallRequest, big))
			return rate(took), err
		}},
		measure{"64 MiB request", "MB/s", median, rounds, func(l *live) ([]float64, error) {
			started := time.Now()
			err := l.huge(big)
			return rate(time.Since(started)), err
		}})
}

// processorTime measures what a call costs in the subject's own processes, including the export of its telemetry.
func (b *bench) processorTime(ctx context.Context) error {
	b.say("CPU per call")
	rounds, calls := 7, 20000
	if b.short {
		rounds, calls = 2, 1000
	}
	const rate = 2000.0
	lasting := time.Duration(float64(calls) / 10 / rate * float64(time.Second))
	for _, m := range []struct {
		name string
		f    func(*live) (int, error)
	}{
		{"CPU per call", func(l *live) (int, error) { return calls, l.count(calls) }},
		{"CPU per call, 2000 a second", func(l *live) (int, error) { return l.pipeline(lasting, rate) }},
		{"CPU per call, 200 a second", func(l *live) (int, error) { return l.pipeline(2*lasting, rate/10) }},
	} {
		all := samples{}
		err := b.withFresh(ctx, func(lives []*live) error {
			for range rounds {
				if err := cpuRound(lives, m.f, all); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, p := range b.builds { // has replaced itself with the server, so it has no process to measure; nor has direct
			delete(all, p.subject(off))
		}
		delete(all, direct)
		b.summarize(m.name, "µs", median, b.names(), all)
	}
	return nil
}

// cpuRound lets every subject make its calls, waits until the last batch of each has been sent, and then reads the clocks.
func cpuRound(lives []*live, f func(*live) (int, error), all samples) error {
	before, calls := map[*live]float64{}, map[*live]int{}
	for _, l := range lives {
		used, ok := l.cpu()
		if !ok {
			return nil
		}
		n, err := f(l)
		if err != nil {
			return err
		}
		before[l], calls[l] = used, n
	}
	time.Sleep(1500 * time.Millisecond) // batches leave after one second
	for _, l := range lives {
		used, _ := l.cpu()
		all.add(l.name, (used-before[l])/float64(calls[l]))
	}
	return nil
}

// memoryRows are the names of live.memory in the order of the report.
var memoryRows = []string{"peak memory", "resident memory", "private memory", "dirty memory"}

// memory measures the memory of each subject's processes after calls, after a flood of them, and after enormous messages.
func (b *bench) memory(ctx context.Context) error {
	b.say("memory")
	rounds, size, name := 3, 1<<30, "1 GiB lines"
	if b.short {
		rounds, size, name = 1, 64<<20, "64 MiB lines"
	}
	for _, step := range []struct { // each with fresh processes, so that none hides behind the peak of the one before
		name string
		f    func(*live) error
	}{
		{"10000 calls", func(l *live) error { return l.count(10000) }},
		{"flood", func(l *live) error { _, err := l.pipeline(time.Second, 0); return err }},
		{name, func(l *live) error {
			if err := l.huge(size); err != nil {
				return err
			}
			_, err := l.call(l.compose(smallRequest, size))
			return err
		}},
	} {
		all := map[string]samples{}
		for _, row := range memoryRows {
			all[row] = samples{}
		}
		err := interleave(b.all, rounds, func(s subject) error {
			l, err := start(ctx, s)
			if err != nil {
				return err
			}
			if err := step.f(l); err != nil {
				return err
			}
			time.Sleep(1200 * time.Millisecond) // until the last batch has left
			if sizes, ok := l.memory(); ok {
				for row, size := range sizes {
					all[row].add(s.name, size)
				}
			}
			_, err = l.end()
			return err
		})
		if err != nil {
			return err
		}
		for _, row := range memoryRows {
			b.summarize(row+", "+step.name, "MiB", median, b.names(), all[row])
		}
	}
	return nil
}

// starts measures from the start of the subject's processes to the first response.
func (b *bench) starts(ctx context.Context) error {
	b.say("start")
	rounds, _ := b.plan(25, 0)
	all := samples{}
	err := interleave(b.all, rounds, func(s subject) error {
		l, err := start(ctx, s)
		if err != nil {
			return err
		}
		all.add(s.name, float64(l.answered)/1e6)
		_, err = l.end()
		return err
	})
	b.summarize("start to first response", "ms", median, b.names(), all)
	return err
}

// exits measures from the end of the client's input to the end of the last process, with telemetry left to send. It does so
// also with a collector that refuses connections, and with one that accepts them and never answers.
func (b *bench) exits(ctx context.Context) error {
	b.say("exit")
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer silent.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	gone.Close()
	rounds, _ := b.plan(15, 0)
	for _, m := range []struct {
		name     string
		subjects []subject
	}{
		{"end to exit", b.all},
		{"end to exit, collector refuses", b.exporting(gone.Addr().String())},
		{"end to exit, collector hangs", b.exporting(silent.Addr().String())},
	} {
		all := samples{}
		err := interleave(m.subjects, rounds, func(s subject) error {
			l, err := start(ctx, s)
			if err != nil {
				return err
			}
			if err := l.count(100); err != nil {
				return err
			}
			took, err := l.end()
			all.add(s.name, float64(took)/1e6)
			return err
		})
		if err != nil {
			return err
		}
		b.summarize(m.name, "ms", []statistic{{"p50", 0.5}, {"p90", 0.9}}, b.names(), all)
	}
	return nil
}
