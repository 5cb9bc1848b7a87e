package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// patience is how long anything may take before it counts as hanging.
const patience = 2 * time.Minute

// session is one session under way.
type session struct {
	*plan
	talk      talk
	mark      string // in the environment of all its processes
	report    string // where the server says what it has heard
	collector *collector

	cmd    *exec.Cmd
	in     *os.File
	out    *os.File
	stderr notes

	saidBytes atomic.Int64
	heard     hash.Hash
	heardSize int64
}

// session runs the session of a number to its end, and says what was wrong with it.
func (o *options) session(dir string, number int64, done *totals) error {
	p := newPlan(o.seed, number)
	s := &session{
		plan: p, talk: talk{p, o.seed, number}, mark: fmt.Sprintf("SOAK_SESSION=%d-%d-%d", os.Getpid(), o.seed, number),
		report: filepath.Join(dir, fmt.Sprintf("report%d", number)), heard: sha256.New(),
	}
	s.stderr.halfWay, s.stderr.ended = make(chan struct{}), make(chan struct{})
	defer os.Remove(s.report)
	if p.mode == overGRPC || p.mode == overHTTP {
		s.collector = newCollector(p.random, p.healthy)
	}
	err := s.start(o.binary, o.seed, number)
	if err == nil {
		err = s.play(done)
	}
	if s.collector != nil {
		err = errors.Join(err, s.collector.close())
	}
	if err != nil {
		return fmt.Errorf("%w\n%v\nstderr: %.2000s", err, p, s.stderr.warnings())
	}
	done.sessions.Add(1)
	return nil
}

func (s *session) start(binary string, seed uint64, number int64) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s.cmd = exec.Command(binary, "--", self, serverRole, fmt.Sprint(seed), fmt.Sprint(number), s.report)
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

func (s *session) variables() []string {
	switch s.mode {
	case off:
		return nil
	case console:
		return []string{"SPANPIPE_TELEMETRY=console"}
	}
	protocol, bound, timeout := otlptest.GRPC, "60s", "60000"
	if s.mode == overHTTP {
		protocol = otlptest.HTTP
	}
	if !s.healthy {
		bound, timeout = "300ms", fmt.Sprint(50+s.random.IntN(2000))
	}
	queue := "2048"
	if s.healthy { // nothing is to be lost, however fast the calls are
		queue = fmt.Sprint(2 * mostCalls)
	}
	return append(s.collector.Env(protocol), "SPANPIPE_TELEMETRY=otlp", "SPANPIPE_FLUSH_TIMEOUT="+bound, "OTEL_EXPORTER_OTLP_TIMEOUT="+timeout,
		"OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_BLRP_SCHEDULE_DELAY=50", "OTEL_METRIC_EXPORT_INTERVAL=100",
		"OTEL_BSP_MAX_QUEUE_SIZE="+queue,
		"SPANPIPE_LOG_LEVEL=info", "SPANPIPE_LOG_FORMAT=json")
}

// play talks until the end, and checks what came of it.
func (s *session) play(done *totals) error {
	var both sync.WaitGroup
	both.Go(s.say)  // ends with the calls, or with the pipe
	both.Go(s.hear) // ends with the pipe, or when the client stops reading
	if s.ending == hostTerms || s.ending == hostKills {
		both.Go(s.signal) // ends half way, or with the process
	}
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }() // waited for below; KILL makes it end
	wrong := s.watch(ended)
	close(s.stderr.ended)
	_ = s.in.Close() // the other goroutines end, if they have not
	both.Wait()
	_ = s.out.Close()
	done.calls.Add(int64(s.calls))
	done.bytes.Add(s.saidBytes.Load() + s.heardSize)
	if s.ending == hostKills {
		done.killed.Add(1)
	}
	return errors.Join(wrong, s.status(), s.clientHeard(), s.serverHeard(), s.counted(done), s.leftovers())
}

// say says all calls. What cannot be said any more, because the session has ended, is not.
func (s *session) say() {
	defer s.in.Close()
	r := s.talk.of(0, 4)
	w := written{s.in, &s.saidBytes}
	for i := range s.calls {
		if write(w, s.talk.said(i), r, s.chunk) != nil {
			return
		}
	}
	if s.ending == hostTerms || s.ending == hostKills { // the signal is to be what ends it
		<-s.stderr.ended
	}
}

// written counts what has got through.
type written struct {
	w     io.Writer
	count *atomic.Int64
}

// Write implements io.Writer.
func (w written) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	w.count.Add(int64(n))
	return n, err
}

// hear reads until the end, or, where the client is to stop reading, until there has been enough.
func (s *session) hear() {
	r := s.talk.of(0, 5)
	b := make([]byte, 1+r.IntN(128<<10))
	enough := int64(-1)
	if s.ending == readerLeaves {
		enough = int64(len(s.talk.answered(0)) * s.after)
	}
	for enough < 0 || s.heardSize < enough {
		n, err := s.out.Read(b)
		s.heard.Write(b[:n])
		s.heardSize += int64(n)
		if err != nil {
			return
		}
		if s.lazy && r.IntN(16) == 0 {
			time.Sleep(soon(r, 5*time.Millisecond))
		}
	}
	_ = s.out.Close()
}

// signal sends the host's signal, some time after the server is half way.
func (s *session) signal() {
	r := s.talk.of(0, 6)
	select {
	case <-s.stderr.halfWay:
	case <-s.stderr.ended:
		return
	}
	time.Sleep(soon(r, 20*time.Millisecond))
	_ = s.cmd.Process.Signal(map[ending]os.Signal{hostTerms: syscall.SIGTERM, hostKills: syscall.SIGKILL}[s.ending]) // it may have ended
}

// notes is what the wrapper and the server have written to stderr.
type notes struct {
	mu      sync.Mutex
	text    strings.Builder
	seen    bool
	halfWay chan struct{} // closed when the server says so
	ended   chan struct{} // closed when the process has ended
}

// Write implements io.Writer.
func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.text.Write(p)
	if !n.seen && strings.Contains(n.text.String(), "half way\n") {
		n.seen = true
		close(n.halfWay)
	}
	return len(p), nil
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// warnings leaves out what is said of every call.
func (n *notes) warnings() string {
	var b strings.Builder
	for line := range strings.Lines(n.String()) {
		if !strings.Contains(line, `"level":"INFO"`) && !strings.Contains(line, "tools/call") {
			b.WriteString(line)
		}
	}
	return b.String()
}
