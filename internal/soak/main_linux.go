package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// options are the command line.
type options struct {
	seed     uint64
	only     int64
	last     time.Duration
	parallel int
	binary   string
	verdicts int
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == serverRole {
		os.Exit(serve(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == stuckRole {
		os.Exit(playStuck(os.Args[2:]))
	}
	if err := soak(); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func soak() error {
	var o options
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "derive the sessions from this `number`; by default a new one")
	f.Int64Var(&o.only, "only", -1, "run only the session of this `number`, once")
	f.DurationVar(&o.last, "for", 2*time.Minute, "start sessions for this `duration`")
	f.IntVar(&o.parallel, "parallel", 3, "run this `number` of sessions at once")
	f.StringVar(&o.binary, "spanpipe", "", "test this `binary`; by default spanpipe is built")
	f.IntVar(&o.verdicts, "verdicts", 0, "run this `number` of sessions with servers that are stuck, and print which verdicts are true")
	if err := f.Parse(os.Args[1:]); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "spanpipe-soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.binary == "" {
		o.binary = filepath.Join(dir, "spanpipe")
		if out, err := exec.Command("go", "build", "-o", o.binary, "github.com/spanpipe/spanpipe").CombinedOutput(); err != nil {
			return fmt.Errorf("building spanpipe: %w\n%s", err, out)
		}
	}
	if o.verdicts > 0 {
		return o.judge(o.verdicts)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return o.run(ctx)
}

// totals are the sums over all sessions.
type totals struct {
	sessions, calls, bytes, spans, lost, killed atomic.Int64
}

func (t *totals) String() string {
	return fmt.Sprintf("%d sessions (%d ended by KILL to the wrapper), %d calls, %d MiB, %d spans received, %d counted as lost",
		t.sessions.Load(), t.killed.Load(), t.calls.Load(), t.bytes.Load()>>20, t.spans.Load(), t.lost.Load())
}

func (o *options) run(ctx context.Context) error {
	fmt.Printf("seed %d\n", o.seed)
	var done totals
	if o.only >= 0 {
		err := o.session(o.only, &done)
		fmt.Println(&done)
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.last, errTime)
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	var all sync.WaitGroup
	var next atomic.Int64
	for range o.parallel {
		all.Go(func() { // ends when the time is up, or at the first failure; waited for below
			for ctx.Err() == nil {
				n := next.Add(1)
				if err := o.session(n, &done); err != nil {
					fail(fmt.Errorf("session %d: %w\nrepeat with: go run ./internal/soak -seed %d -only %d", n, err, o.seed, n))
				}
			}
		})
	}
	all.Go(func() { // ends likewise
		if err := o.marathon(ctx, &done); err != nil {
			fail(fmt.Errorf("the long session: %w", err))
		}
	})
	go func() { // ends with the process
		for range time.Tick(time.Minute) {
			fmt.Println(time.Now().Format(time.TimeOnly), &done)
		}
	}()
	all.Wait()
	fmt.Println(&done)
	if err := context.Cause(ctx); !errors.Is(err, errTime) && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

var errTime = errors.New("the time is up")
