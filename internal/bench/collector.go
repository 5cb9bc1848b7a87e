//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// collectorRole is the argument that makes this binary the collector.
const collectorRole = "bench-collector"

// tally is what the collector has received since its start.
type tally struct {
	otlptest.Totals
	Dropped map[string]int64 // spanpipe.telemetry.dropped, by reason, summed over sessions
}

// reasons are those of spanpipe.telemetry.dropped that the benchmark reports.
var reasons = []string{"message", "span"}

// since returns what was received after an earlier tally.
func (t tally) since(earlier tally) tally {
	t.Spans -= earlier.Spans
	t.Calls -= earlier.Calls
	for signal := range t.Requests {
		t.Requests[signal] -= earlier.Requests[signal]
		t.Wire[signal] -= earlier.Wire[signal]
		t.Raw[signal] -= earlier.Raw[signal]
	}
	for reason := range t.Dropped {
		t.Dropped[reason] -= earlier.Dropped[reason]
	}
	return t
}

// collector is the process that the subjects send to, seen from the client. It answers each line on its stdin with a tally.
type collector struct {
	GRPC, HTTP string // addresses

	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startCollector starts this binary in the collector's role: its CPU time must not count as the client's.
func startCollector(ctx context.Context) (*collector, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &collector{cmd: exec.CommandContext(ctx, self, collectorRole)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the collector: %w", err)
	}
	return c, c.receive(c)
}

func (c *collector) receive(into any) error {
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("asking the collector: %w", err)
	}
	return json.Unmarshal(line, into)
}

func (c *collector) tally() (t tally, err error) {
	if _, err := io.WriteString(c.in, "\n"); err != nil {
		return t, fmt.Errorf("asking the collector: %w", err)
	}
	return t, c.receive(&t)
}

func (c *collector) stop() {
	c.in.Close()
	_ = c.cmd.Wait() // it has nothing more to report
}

// collect is the collector itself. It runs until its input ends.
func collect(in io.Reader, out io.Writer) error {
	r, err := otlptest.Listen(otlptest.Config{CountOnly: true})
	if err != nil {
		return err
	}
	defer r.Stop()
	encoder := json.NewEncoder(out)
	addresses := struct{ GRPC, HTTP string }{r.Addr(otlptest.GRPC), r.Addr(otlptest.HTTP)}
	if err := encoder.Encode(addresses); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		t := tally{Totals: r.Totals(), Dropped: map[string]int64{}}
		for _, reason := range reasons {
			t.Dropped[reason] = int64(r.Value("spanpipe.telemetry.dropped", otlptest.Attrs{"spanpipe.reason": reason}))
		}
		if err := encoder.Encode(t); err != nil {
			return err
		}
	}
	return nil
}
