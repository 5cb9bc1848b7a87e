package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// checkStatus checks that the wrapper ended as the server did.
func (s *session) checkStatus() error {
	got := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	code, signal := 0, syscall.Signal(-1)
	switch s.ending {
	case serverExits:
		code = s.code
	case serverDies, hostKills:
		signal = syscall.SIGKILL
	case hostTerms:
		signal = syscall.SIGTERM
	case readerLeaves: // the server has either written everything, or died of the broken pipe
		if got.Signaled() && got.Signal() == syscall.SIGPIPE {
			return nil
		}
	}
	if got.Exited() && got.ExitStatus() == code && signal < 0 || got.Signaled() && got.Signal() == signal {
		return nil
	}
	return fmt.Errorf("the wrapper ended with %v", s.cmd.ProcessState)
}

// checkClientRead checks that the client read what the server wrote: everything, or a prefix if the session was killed or
// the client stopped reading.
func (s *session) checkClientRead() error {
	var total, atLeast, atMost int64
	want := sha256.New()
	for i := range s.calls {
		text := s.talk.response(i)
		if i == s.after {
			atLeast, atMost = total, total
		}
		if rest := s.readSize - total; rest > 0 {
			want.Write(text[:min(int64(len(text)), rest)])
		}
		total += int64(len(text))
	}
	if s.after == s.calls {
		atLeast, atMost = total, total
	}
	switch s.ending {
	case clientLeaves:
		atLeast, atMost = total, total
	case serverExits, serverDies:
	case hostTerms:
		atMost = total
	default:
		atLeast, atMost = 0, total
	}
	if s.readSize < atLeast || s.readSize > atMost {
		return fmt.Errorf("the client read %d bytes, want %d to %d of %d", s.readSize, atLeast, atMost, total)
	}
	if !bytes.Equal(want.Sum(nil), s.read.Sum(nil)) {
		return fmt.Errorf("the %d bytes that the client read are not what the server wrote", s.readSize)
	}
	return nil
}

// checkServerRead checks that the server did not report other bytes than the client wrote. That it read all of them shows in
// its exit code.
func (s *session) checkServerRead() error {
	if _, text, found := strings.Cut(s.stderr.String(), mcptest.ErrMismatch.Error()); found {
		return fmt.Errorf("%w%.500s", mcptest.ErrMismatch, text)
	}
	return nil
}

// checkSpans checks that every call has a span that arrived, or is counted as lost.
func (s *session) checkSpans(done *totals) error {
	if s.collector == nil {
		return nil
	}
	arrived, lost := s.collector.callSpans(), parseLosses(s.stderr.String())
	done.spans.Add(int64(arrived))
	done.lost.Add(int64(lost.Spans))
	atLeast := s.calls
	if s.ending != clientLeaves {
		atLeast = s.responsesRead() // the wrapper need not have seen more
	}
	switch {
	case arrived > s.calls:
		return fmt.Errorf("%d spans of %d calls", arrived, s.calls)
	case s.ending == hostKills:
		return nil
	case arrived+lost.Spans+lost.Messages < atLeast:
		return fmt.Errorf("of %d calls, %d spans arrived; counted as lost are %d spans and %d messages",
			atLeast, arrived, lost.Spans, lost.Messages)
	case s.healthy && lost.Spans > 0:
		return fmt.Errorf("%d spans lost with a healthy collector", lost.Spans)
	}
	return nil
}

// responsesRead returns how many responses the client has read completely.
func (s *session) responsesRead() int {
	var total int64
	n := 0
	for i := range s.calls {
		if total += int64(len(s.talk.response(i))); total > s.readSize {
			break
		}
		if !s.talk.unanswered(i) {
			n++
		}
	}
	return n
}

// losses are what the wrapper reports at the end.
type losses struct{ Spans, Messages int }

func parseLosses(stderr string) losses {
	var l losses
	for line := range strings.Lines(stderr) {
		if strings.Contains(line, `"spans":`) && strings.Contains(line, `"messages":`) {
			_ = json.Unmarshal([]byte(line), &l) // another line in that form would fail the check of spans
		}
	}
	return l
}

// checkLeftovers checks that no process of the session is left. The wrapper ends a child that the server left behind, unless
// the wrapper itself was killed.
func (s *session) checkLeftovers() error {
	var left []string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		left = nil
		environs, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, path := range environs {
			environ, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(environ, []byte(s.mark+"\x00")) {
				continue
			}
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "comm"))
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path))) // the pattern has only digits
			if s.ending == hostKills && string(name) == "sleep\n" {
				_ = syscall.Kill(pid, syscall.SIGKILL) // no wrapper is left to do it
			}
			left = append(left, fmt.Sprintf("%d %s", pid, bytes.TrimSpace(name)))
		}
		if len(left) == 0 {
			return nil
		}
	}
	return errors.New("processes are left: " + strings.Join(left, ", "))
}
