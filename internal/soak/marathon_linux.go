package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// A session that lasts: its collector misbehaves, and is another one each half minute, at the same address. So nothing has to
// be kept here, either.
const shift = 30 * time.Second

// growth is how much more the wrapper may use in the last third of the long session than in the first.
var growth = usage{memory: 8 << 20, descriptors: 8, threads: 8}

// marathon runs the long session until the context ends, one call after another.
func (o *options) marathon(ctx context.Context, dir string, done *totals) error {
	p := newPlan(o.seed, marathonNumber)
	s := &session{
		plan: p, talk: talk{p, o.seed, marathonNumber}, mark: "SOAK_SESSION=long", report: filepath.Join(dir, "long"),
	}
	s.stderr.halfWay, s.stderr.ended = make(chan struct{}), make(chan struct{})
	c := newCollector(s.talk.of(0, 7), false)
	s.collector, s.random = c, s.talk.of(0, 8)
	addresses := otlptest.Config{GRPCAddr: c.Addr(otlptest.GRPC), HTTPAddr: c.Addr(otlptest.HTTP)}
	if err := s.start(o.binary, o.seed, marathonNumber); err != nil {
		return errors.Join(err, c.close())
	}
	defer s.cmd.Process.Kill() // it has ended, if all went well
	var seen []usage
	var wrong error
	spans, calls := 0, 0
	began, changed := time.Now(), time.Now()
	for looked := began; ctx.Err() == nil && wrong == nil; calls++ {
		wrong = s.exchange(calls)
		if time.Since(looked) > 500*time.Millisecond {
			looked = time.Now()
			seen = append(seen, usageOf(s.cmd.Process.Pid))
		}
		if time.Since(changed) > shift {
			changed = time.Now()
			spans += callSpans(c)
			wrong = errors.Join(wrong, c.close())
			c = newCollectorAt(addresses, s.talk.of(calls, 7))
		}
		time.Sleep(soon(s.random, 4*time.Millisecond))
	}
	s.in.Close()
	rest, _ := io.ReadAll(s.out)
	err := s.cmd.Wait()
	spans += callSpans(c)
	wrong = errors.Join(wrong, err, c.close())
	lost := lostOf(s.stderr.String())
	done.calls.Add(int64(calls))
	done.spans.Add(int64(spans))
	done.lost.Add(int64(lost.Spans))
	if len(rest) > 0 {
		wrong = errors.Join(wrong, fmt.Errorf("stdout goes on with %.200q", rest))
	}
	if got := spans + lost.Spans + lost.Messages; got < calls {
		wrong = errors.Join(wrong, fmt.Errorf("of %d calls %d are accounted for", calls, got))
	}
	return errors.Join(wrong, grown(seen, time.Since(began)))
}

// exchange is one call and its answer, in lockstep.
func (s *session) exchange(i int) error {
	if err := write(s.in, s.talk.said(i), s.random, s.chunk); err != nil {
		return err
	}
	want := s.talk.answered(i)
	got := make([]byte, len(want))
	if err := s.out.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.ReadFull(s.out, got); err != nil {
		return fmt.Errorf("waiting for the answer to call %d: %w; stderr: %.2000s", i, err, s.stderr.warnings())
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("the answer to call %d arrives with other bytes", i)
	}
	return nil
}

func callSpans(c *collector) int {
	n := 0
	for _, span := range c.Spans() {
		if span.Attrs.String("mcp.method.name") == "tools/call" {
			n++
		}
	}
	return n
}

// grown compares what was used in the last third of the time with the first, less its beginning.
func grown(seen []usage, lasted time.Duration) error {
	if len(seen) < 30 {
		return nil // too short to tell
	}
	var early, late usage
	for _, u := range seen[len(seen)/10 : len(seen)/3] {
		early = early.max(u)
	}
	for _, u := range seen[2*len(seen)/3:] {
		late = late.max(u)
	}
	fmt.Printf("the long session: %v early, %v late, after %v\n", early, late, lasted.Round(time.Second))
	if late.beyond(usage{early.memory + growth.memory, early.descriptors + growth.descriptors, early.threads + growth.threads}) {
		return fmt.Errorf("the wrapper grows: %v early, %v late", early, late)
	}
	return nil
}
