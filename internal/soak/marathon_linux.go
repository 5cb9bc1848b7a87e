package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// collectorLife is how long the long session's collector lives. Then another one replaces it at the same address, so that
// this process need not keep all spans of the soak either.
const collectorLife = 30 * time.Second

// growth is how much more the wrapper may use in the last third of the long session than in the first.
var growth = usage{memory: 8 << 20, descriptors: 8, threads: 8}

// marathon runs one session until the context ends, one call after another, with a collector that misbehaves.
func (o *options) marathon(ctx context.Context, done *totals) (err error) {
	s := newSession(o.seed, marathonNumber)
	s.random = s.talk.random(0, marathonTimes)
	if s.collector, err = newFaultyCollector(otlptest.Config{}, s.talk.random(0, collectorFaults)); err != nil {
		return err
	}
	defer func() { s.collector.close() }() // the last one
	if err := s.start(o.binary, o.seed, marathonNumber); err != nil {
		return err
	}
	defer s.cmd.Process.Kill() // fails if all went well: the process has ended
	start := time.Now()
	calls, spans, samples, err := s.exchanges(ctx)
	s.in.Close()
	rest, _ := io.ReadAll(s.out)
	err = errors.Join(err, s.cmd.Wait(), s.checkServerRead())
	spans += s.collector.callSpans()
	lost := parseLosses(s.stderr.String())
	done.calls.Add(int64(calls))
	done.spans.Add(int64(spans))
	done.lost.Add(int64(lost.Spans))
	if len(rest) > 0 {
		err = errors.Join(err, fmt.Errorf("stdout continues with %.200q", rest))
	}
	if got := spans + lost.Spans + lost.Messages; got < calls {
		err = errors.Join(err, fmt.Errorf("of %d calls, %d are accounted for", calls, got))
	}
	return errors.Join(err, checkGrowth(samples, time.Since(start)))
}

// exchanges makes calls until the context ends or one fails. It returns their number, how many of their spans earlier
// collectors have received, and the wrapper's usage twice a second.
func (s *session) exchanges(ctx context.Context) (calls, spans int, samples []usage, err error) {
	addresses := otlptest.Config{GRPCAddr: s.collector.Addr(otlptest.GRPC), HTTPAddr: s.collector.Addr(otlptest.HTTP)}
	sampled, replaced := time.Now(), time.Now()
	for ; ctx.Err() == nil && err == nil; calls++ {
		err = s.exchange(calls)
		if time.Since(sampled) > 500*time.Millisecond {
			sampled = time.Now()
			samples = append(samples, usageOf(s.cmd.Process.Pid))
		}
		if time.Since(replaced) > collectorLife {
			replaced = time.Now()
			spans += s.collector.callSpans()
			s.collector.close()
			next, listenErr := newFaultyCollector(addresses, s.talk.random(calls, collectorFaults))
			if listenErr != nil {
				s.collector, _ = newCollector(otlptest.Config{}) // for close
				return calls, spans, samples, errors.Join(err, listenErr)
			}
			s.collector = next
		}
		time.Sleep(randomDelay(s.random, 4*time.Millisecond))
	}
	return calls, spans, samples, err
}

// exchange makes one call and reads its response.
func (s *session) exchange(i int) error {
	if _, err := (chunked{s.in, s.random, s.chunk}).Write(s.talk.call(i)); err != nil {
		return err
	}
	want := s.talk.response(i)
	got := make([]byte, len(want))
	if err := s.out.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.ReadFull(s.out, got); err != nil {
		return fmt.Errorf("waiting for the response to call %d: %w; stderr: %.2000s", i, err, s.warnings())
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("the response to call %d arrives with other bytes", i)
	}
	return nil
}

// checkGrowth compares the usage in the last third with that in the first, without its start.
func checkGrowth(samples []usage, lasted time.Duration) error {
	if len(samples) < 30 {
		return nil // too short to compare
	}
	var early, late usage
	for _, u := range samples[len(samples)/10 : len(samples)/3] {
		early = early.max(u)
	}
	for _, u := range samples[2*len(samples)/3:] {
		late = late.max(u)
	}
	fmt.Printf("the long session: %v early, %v late, after %v\n", early, late, lasted.Round(time.Second))
	limit := usage{early.memory + growth.memory, early.descriptors + growth.descriptors, early.threads + growth.threads}
	if late.exceeds(limit) {
		return fmt.Errorf("the wrapper grows: %v early, %v late", early, late)
	}
	return nil
}
