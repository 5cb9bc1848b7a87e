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
	product   string // the path of spanpipe
	built     bool   // from this checkout
	server    []string
	collector *collector
	all       []subject
	result    Result
}

// plan is how much is measured: enough that repeated runs agree on a busy machine, or enough to see that it works.
func (b *bench) plan(rounds int, lasting time.Duration) (int, time.Duration) {
	if b.short {
		return 2, lasting / 10
	}
	return rounds, lasting
}

// interleave measures all subjects in turns. The one that begins changes from round to round, so that nobody always follows
// the same neighbour.
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

func (b *bench) add(rows []Row) { b.result.Rows = append(b.result.Rows, rows...) }

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.progress, format+"\n", args...) }

// run makes the measurements, or those parts of them that were named.
func (b *bench) run(ctx context.Context, only string) error {
	for _, part := range []struct {
		name string
		f    func(context.Context) error
	}{
		{"conversations", b.conversations}, {"cpu", b.processorTime}, {"memory", b.memory}, {"start", b.starts}, {"exit", b.exits}, {"losses", b.losses},
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

// conversations measures what a client feels: all subjects live through all of it.
func (b *bench) conversations(ctx context.Context) error {
	var lives []*live
	for _, s := range b.all {
		l, err := start(ctx, s)
		if err != nil {
			return err
		}
		if err := l.count(1000); err != nil { // let everything be allocated, faulted in and connected
			return err
		}
		lives = append(lives, l)
	}
	for _, m := range b.measures() {
		b.say("%s", m.name)
		samples := map[string][][]float64{}
		err := interleave(lives, m.rounds, func(l *live) error {
			s, err := m.block(l)
			samples[l.name] = append(samples[l.name], s)
			if err != nil {
				return fmt.Errorf("measuring %s of %s: %w: %s", m.name, l.name, err, l.said())
			}
			return nil
		})
		if err != nil {
			return err
		}
		b.add(summarize(m.name, m.unit, m.statistics, b.names(), samples))
	}
	for _, l := range lives {
		if _, err := l.end(); err != nil {
			return err
		}
	}
	return nil
}

// measure is one thing to measure in a conversation.
type measure struct {
	name, unit string
	statistics []statistic
	rounds     int
	block      func(*live) ([]float64, error)
}

func (b *bench) measures() []measure {
	rounds, lasting := b.plan(20, 300*time.Millisecond)
	all := []measure{{"small call", "µs", latency, rounds, func(l *live) ([]float64, error) {
		return l.calls(smallRequest, smallAnswer, lasting, 0)
	}}}
	// Back to back, a call competes for the cores with what is recorded and sent of those before it. This is what an agent
	// in a hurry makes, or a few of them: the machine has time between.
	pacedRounds, pacedLasting := b.plan(10, time.Second)
	all = append(all, measure{"small call, 200 a second", "µs", latency, pacedRounds, func(l *live) ([]float64, error) {
		return l.calls(smallRequest, smallAnswer, pacedLasting, 5*time.Millisecond)
	}})
	rounds, lasting = b.plan(10, 150*time.Millisecond)
	for _, size := range []struct {
		name  string
		bytes int
	}{{"1 KiB", 1 << 10}, {"64 KiB", 64 << 10}, {"1 MiB", 1 << 20}} {
		all = append(all,
			measure{size.name + " answer", "µs", latency, rounds, func(l *live) ([]float64, error) { return l.calls(smallRequest, size.bytes, lasting, 0) }},
			measure{size.name + " request", "µs", latency, rounds, func(l *live) ([]float64, error) { return l.calls(size.bytes, smallAnswer, lasting, 0) }})
	}
	rounds, lasting = b.plan(10, 400*time.Millisecond)
	all = append(all, measure{"pipelined", "calls/s", median, rounds, func(l *live) ([]float64, error) {
		begun := time.Now()
		n, err := l.pipeline(lasting, 0)
		return []float64{float64(n) / time.Since(begun).Seconds()}, err
	}})
	const big = 64 << 20
	rate := func(took time.Duration) []float64 { return []float64{big / 1e6 / took.Seconds()} }
	rounds, _ = b.plan(9, 0)
	return append(all,
		measure{"64 MiB answer", "MB/s", median, rounds, func(l *live) ([]float64, error) {
			took, err := l.call(l.compose(smallRequest, big))
			return rate(took), err
		}},
		measure{"64 MiB request", "MB/s", median, rounds, func(l *live) ([]float64, error) {
			begun := time.Now()
			err := l.huge(big)
			return rate(time.Since(begun)), err
		}})
}

// processorTime measures what a call costs in the subject's own processes, until what is exported of it has left.
func (b *bench) processorTime(ctx context.Context) error {
	b.say("CPU per call")
	rounds, calls := 7, 20000
	if b.short {
		rounds, calls = 2, 1000
	}
	paced := 2000.0
	for _, m := range []struct {
		name string
		f    func(*live) (int, error)
	}{
		{"CPU per call", func(l *live) (int, error) { return calls, l.count(calls) }},
		{"CPU per call, 2000 a second", func(l *live) (int, error) {
			return l.pipeline(time.Duration(float64(calls)/10/paced*float64(time.Second)), paced)
		}},
	} {
		samples := map[string][][]float64{}
		err := b.withFresh(ctx, func(lives []*live) error {
			for range rounds {
				if err := b.cpuRound(lives, m.f, samples); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		delete(samples, direct) // has no process of its own, and so has
		delete(samples, off)
		b.add(summarize(m.name, "µs", median, b.names(), samples))
	}
	return nil
}

// cpuRound lets every subject have its calls, waits for the last batch of each to be sent, and then looks.
func (b *bench) cpuRound(lives []*live, f func(*live) (int, error), samples map[string][][]float64) error {
	before, made := map[*live]float64{}, map[*live]int{}
	for _, l := range lives {
		used, ok := l.cpu()
		if !ok {
			return nil
		}
		n, err := f(l)
		if err != nil {
			return err
		}
		before[l], made[l] = used, n
	}
	time.Sleep(1500 * time.Millisecond) // the batches' delay is one second
	for _, l := range lives {
		used, _ := l.cpu()
		samples[l.name] = append(samples[l.name], []float64{(used - before[l]) / float64(made[l])})
	}
	return nil
}

// withFresh runs f with all subjects newly started, and ends them.
func (b *bench) withFresh(ctx context.Context, f func([]*live) error) error {
	var lives []*live
	for _, s := range b.all {
		l, err := start(ctx, s)
		if err != nil {
			return err
		}
		if err := l.count(1000); err != nil {
			return err
		}
		lives = append(lives, l)
	}
	if err := f(lives); err != nil {
		return err
	}
	for _, l := range lives {
		if _, err := l.end(); err != nil {
			return err
		}
	}
	return nil
}

// memory measures the peak of each subject's processes, after calls, after a flood of them, and after enormous messages.
func (b *bench) memory(ctx context.Context) error {
	b.say("memory")
	rounds, huge, name := 3, 1<<30, "1 GiB lines"
	if b.short {
		rounds, huge, name = 1, 64<<20, "64 MiB lines"
	}
	steps := []struct {
		name string
		f    func(*live) error
	}{
		{"10000 calls", func(l *live) error { return l.count(10000) }},
		{"flood", func(l *live) error { _, err := l.pipeline(time.Second, 0); return err }},
		{name, func(l *live) error {
			if err := l.huge(huge); err != nil {
				return err
			}
			_, err := l.call(l.compose(smallRequest, huge))
			return err
		}},
	}
	for _, step := range steps { // each on its own, lest it hide behind the one before
		samples, private := map[string][][]float64{}, map[string][][]float64{}
		err := interleave(b.all, rounds, func(s subject) error {
			l, err := start(ctx, s)
			if err != nil {
				return err
			}
			if err := step.f(l); err != nil {
				return err
			}
			time.Sleep(1200 * time.Millisecond) // until the last batch has left
			if peak, anonymous, ok := l.memory(); ok && peak > 0 {
				samples[s.name] = append(samples[s.name], []float64{peak})
				private[s.name] = append(private[s.name], []float64{anonymous})
			}
			_, err = l.end()
			return err
		})
		if err != nil {
			return err
		}
		b.add(summarize("peak memory, "+step.name, "MiB", median, b.names(), samples))
		b.add(summarize("private memory in the end, "+step.name, "MiB", median, b.names(), private))
	}
	return nil
}

// starts measures from the start of the subject's processes to the first answer.
func (b *bench) starts(ctx context.Context) error {
	b.say("start")
	rounds, _ := b.plan(25, 0)
	samples := map[string][][]float64{}
	err := interleave(b.all, rounds, func(s subject) error {
		l, err := start(ctx, s)
		if err != nil {
			return err
		}
		samples[s.name] = append(samples[s.name], []float64{float64(l.answered) / 1e6})
		_, err = l.end()
		return err
	})
	b.add(summarize("start to first answer", "ms", median, b.names(), samples))
	return err
}

// exits measures from the end of the client's input to the end of the last process, with something left to send: also where
// the collector refuses, and where it takes the connection and never answers.
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
	product := append([]string{b.product, "--"}, b.server...)
	subjects := append(b.all[:len(b.all):len(b.all)],
		subject{name: "collector refuses", chain: [][]string{product}, env: endpoint(gone.Addr().String(), "grpc")},
		subject{name: "collector hangs", chain: [][]string{product}, env: endpoint(silent.Addr().String(), "grpc")})
	rounds, _ := b.plan(15, 0)
	samples := map[string][][]float64{}
	err = interleave(subjects, rounds, func(s subject) error {
		l, err := start(ctx, s)
		if err != nil {
			return err
		}
		if err := l.count(100); err != nil {
			return err
		}
		took, err := l.end()
		samples[s.name] = append(samples[s.name], []float64{float64(took) / 1e6})
		return err
	})
	names := append(b.names(), "collector refuses", "collector hangs")
	b.add(summarize("end to exit", "ms", []statistic{{"p50", 0.5}, {"p90", 0.9}}, names, samples))
	return err
}
