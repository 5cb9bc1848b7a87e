package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// patience is how long anything may take before it counts as hanging.
const patience = 2 * time.Minute

// session is a session under way, seen from the client and the host.
type session struct {
	*plan
	talk      talk
	mark      string // a variable in the environment of all its processes
	collector *collector

	cmd    *exec.Cmd
	in     *os.File // what the client writes to
	out    *os.File // what the client reads from
	stderr mcptest.Buffer
	ended  chan struct{} // closed when the wrapper has ended

	wrote    atomic.Int64 // bytes
	read     hash.Hash
	readSize int64
}

func newSession(seed uint64, number int64) *session {
	p := newPlan(seed, number)
	return &session{
		plan: p, talk: talk{p, seed, number}, mark: fmt.Sprintf("SOAK_SESSION=%d-%d-%d", os.Getpid(), seed, number),
		ended: make(chan struct{}), read: sha256.New(),
	}
}

// session runs the session of a number to its end, and returns what was wrong with it.
func (o *options) session(number int64, done *totals) error {
	s := newSession(o.seed, number)
	err := s.run(o, number, done)
	if s.collector != nil {
		s.collector.close()
	}
	if err != nil {
		return fmt.Errorf("%w\n%v\nstderr: %.2000s", err, s.plan, s.warnings())
	}
	done.sessions.Add(1)
	return nil
}

func (s *session) run(o *options, number int64, done *totals) (err error) {
	switch {
	case s.mode != overGRPC && s.mode != overHTTP:
	case s.healthy:
		s.collector, err = newCollector(otlptest.Config{})
	default:
		s.collector, err = newFaultyCollector(otlptest.Config{}, s.random)
	}
	if err != nil {
		return err
	}
	if err := s.start(o.binary, o.seed, number); err != nil {
		return err
	}
	return s.play(done)
}

func (s *session) start(binary string, seed uint64, number int64) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s.cmd = exec.Command(binary, "--", self, serverRole, fmt.Sprint(seed), fmt.Sprint(number))
	s.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), s.mark}, s.variables()...)
	stdin, in, err1 := os.Pipe()
	out, stdout, err2 := os.Pipe()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	s.in, s.out = in, out
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = stdin, stdout, &s.stderr
	s.cmd.WaitDelay = patience
	err = s.cmd.Start()
	stdin.Close()
	stdout.Close()
	return err
}

// variables returns the wrapper's settings. Batches are sent far more often than by default, so that a short session meets
// many of its collector's faults.
func (s *session) variables() []string {
	switch s.mode {
	case off:
		return nil
	case console:
		return []string{"SPANPIPE_TELEMETRY=console"}
	}
	protocol := otlptest.GRPC
	if s.mode == overHTTP {
		protocol = otlptest.HTTP
	}
	bound, timeout, queue := "60s", "60000", fmt.Sprint(2*mostCalls) // a healthy collector gets everything, at any rate
	if !s.healthy {
		bound, timeout, queue = "300ms", fmt.Sprint(50+s.random.IntN(2000)), "2048"
	}
	return append(s.collector.Env(protocol), "SPANPIPE_TELEMETRY=otlp", "SPANPIPE_FLUSH_TIMEOUT="+bound,
		"OTEL_EXPORTER_OTLP_TIMEOUT="+timeout, "OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_BLRP_SCHEDULE_DELAY=50",
		"OTEL_METRIC_EXPORT_INTERVAL=100", "OTEL_BSP_MAX_QUEUE_SIZE="+queue,
		"SPANPIPE_LOG_LEVEL=info", "SPANPIPE_LOG_FORMAT=json")
}

// play plays the client until the end, and checks the session.
func (s *session) play(done *totals) error {
	var all sync.WaitGroup
	all.Go(s.writeCalls)    // ends with the calls, or when the pipe breaks
	all.Go(s.readResponses) // ends with the pipe, or when the client stops reading
	if s.ending == hostTerms || s.ending == hostKills {
		all.Go(s.signal) // ends half way, or with the process
	}
	waited := make(chan error, 1)
	go func() { waited <- s.cmd.Wait() }() // ends with the process, which watch kills if need be
	err := s.watch(waited)
	close(s.ended)
	_ = s.in.Close() // ends writeCalls, if it still runs
	all.Wait()
	_ = s.out.Close()
	done.calls.Add(int64(s.calls))
	done.bytes.Add(s.wrote.Load() + s.readSize)
	if s.ending == hostKills {
		done.killed.Add(1)
	}
	return errors.Join(err, s.checkStatus(), s.checkClientRead(), s.checkServerRead(), s.checkSpans(done), s.checkLeftovers())
}

// writeCalls writes all calls, or as many as it can before the session ends.
func (s *session) writeCalls() {
	defer s.in.Close()
	w := chunked{s.in, s.talk.random(0, clientWrites), s.chunk}
	for i := range s.calls {
		n, err := w.Write(s.talk.call(i))
		s.wrote.Add(int64(n))
		if err != nil {
			return
		}
	}
	if s.ending == hostTerms || s.ending == hostKills { // the signal, not the end of the input, must end the session
		<-s.ended
	}
}

// readResponses reads until the end or, if the client is to stop reading, until it has read enough.
func (s *session) readResponses() {
	r := s.talk.random(0, clientReads)
	b := make([]byte, 1+r.IntN(128<<10))
	enough := int64(-1)
	if s.ending == readerLeaves {
		enough = int64(len(s.talk.response(0)) * s.after)
	}
	for enough < 0 || s.readSize < enough {
		n, err := s.out.Read(b)
		s.read.Write(b[:n])
		s.readSize += int64(n)
		if err != nil {
			return
		}
		if s.lazy && r.IntN(16) == 0 {
			time.Sleep(randomDelay(r, 5*time.Millisecond))
		}
	}
	_ = s.out.Close()
}

// signal sends the host's signal a random time after the server is half way.
func (s *session) signal() {
	for !strings.Contains(s.stderr.String(), halfWay+"\n") {
		select {
		case <-s.ended:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
	time.Sleep(randomDelay(s.talk.random(0, signalTime), 20*time.Millisecond))
	_ = s.cmd.Process.Signal(map[ending]os.Signal{hostTerms: syscall.SIGTERM, hostKills: syscall.SIGKILL}[s.ending]) // it may have ended
}

// warnings returns stderr without the lines that every session and every call has.
func (s *session) warnings() string {
	var b strings.Builder
	for line := range strings.Lines(s.stderr.String()) {
		if !strings.Contains(line, `"level":"INFO"`) && !strings.Contains(line, "tools/call") {
			b.WriteString(line)
		}
	}
	return b.String()
}
