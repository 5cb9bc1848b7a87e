package wrap_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/wrap"
)

var _ = addRoles(map[string]role{"wrapper": playWrapper, "exec": playExec, "cat": playCat, "exit": playExit})

// playWrapper is a minimal wrapper.
func playWrapper(args []string) int {
	s, code := start(args)
	if s == nil {
		return code
	}
	status := s.Wait()
	saveCoverage() // Die may be the end
	return status.Die()
}

// start starts the server of a wrapper's command line: options, --, command.
func start(args []string) (*wrap.Server, int) {
	cut := slices.Index(args, "--")
	options, line := args[:cut], args[cut+1:]
	cfg := wrap.Config{
		Command: line, Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		KeepOrphans: slices.Contains(options, "keep"),
	}
	if slices.Contains(options, "debug") {
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if slices.Contains(options, "taps") {
		cfg.StdinTap, cfg.StdoutTap, cfg.StderrTap = countingTap(), countingTap(), countingTap()
	}
	if slices.Contains(options, "count") {
		cfg.StdinTap, cfg.StdoutTap = &sizing{}, &sizing{}
	}
	if slices.Contains(options, "panics") {
		cfg.StdinTap, cfg.StdoutTap = panicking{}, panicking{}
		cfg.TapFailed = func(r any) { fmt.Fprintln(os.Stderr, "tap failed:", r) }
	}
	s, err := wrap.Start(cfg)
	if err != nil {
		return nil, reportStart(err)
	}
	return s, 0
}

// playExec is the wrapper with telemetry off.
func playExec(args []string) int {
	status, err := wrap.Exec(args, os.Environ())
	if err != nil {
		return reportStart(err)
	}
	return status.Die()
}

// reportStart prints why a server did not start, and the hint.
func reportStart(err error) int {
	var refused *wrap.StartError
	if !errors.As(err, &refused) {
		fmt.Fprintln(os.Stderr, "not a StartError:", err)
		return 99
	}
	fmt.Fprintf(os.Stderr, "%v\n%s\n", err, refused.Hint)
	return refused.Code
}

// playCat is a server that writes what it reads.
func playCat([]string) int {
	if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
		return 1
	}
	return 0
}

// playExit ends at once with the code given.
func playExit(args []string) int {
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return 99
	}
	return code
}

// tap records what it sees.
type tap struct {
	mu    sync.Mutex
	hash  hash.Hash
	bytes int64
	calls int
	ended int
	last  time.Time
	early bool // a call came after the end or was not announced, or a time went backwards

	announced time.Time // zero once bytes have been seen
}

func countingTap() *tap { return &tap{hash: sha256.New()} }

func (t *tap) Arriving() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.announced = time.Now()
}

func (t *tap) Forwarded(b []byte, read time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.early = t.early || t.ended > 0 || read.Before(t.last) || t.announced.IsZero() || read.Before(t.announced)
	t.last, t.announced = read, time.Time{}
	t.hash.Write(b)
	t.bytes += int64(len(b))
	t.calls++
}

func (t *tap) Ended(at time.Time, _ bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.early = t.early || at.Before(t.last) || t.announced.IsZero() || at.Before(t.announced)
	t.ended++
}

func (t *tap) sum() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return hex.EncodeToString(t.hash.Sum(nil))
}

// panicking is a tap that fails at once.
type panicking struct{}

func (panicking) Arriving()                   {}
func (panicking) Forwarded([]byte, time.Time) { panic("in the tap") }
func (panicking) Ended(time.Time, bool)       { panic("at the end") }

// sizing is a tap that costs almost nothing.
type sizing struct{ bytes int }

func (s *sizing) Arriving()                       {}
func (s *sizing) Forwarded(b []byte, _ time.Time) { s.bytes += len(b) }
func (s *sizing) Ended(time.Time, bool)           {}
