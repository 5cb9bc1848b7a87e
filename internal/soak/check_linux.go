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
)

// status checks how the wrapper has ended: as the server has.
func (s *session) status() error {
	got := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	code, signal := 0, syscall.Signal(-1)
	switch s.ending {
	case serverExits:
		code = s.code
	case serverDies, hostKills:
		signal = syscall.SIGKILL
	case hostTerms:
		signal = syscall.SIGTERM
	case readerLeaves: // the server has either said all, or the pipe's breaking has ended it
		if got.Signaled() && got.Signal() == syscall.SIGPIPE {
			return nil
		}
	}
	if got.Exited() && got.ExitStatus() == code && signal < 0 || got.Signaled() && got.Signal() == signal {
		return nil
	}
	return fmt.Errorf("the end is %v", s.cmd.ProcessState)
}

// clientHeard checks that what the client heard is what the server said: all of it, or where bytes may have been under way
// when a process was killed, or were not wanted any more, its beginning.
func (s *session) clientHeard() error {
	var total, atLeast, atMost int64
	want := sha256.New()
	for i := range s.calls {
		text := s.talk.answered(i)
		if i == s.after {
			atLeast, atMost = total, total
		}
		if rest := s.heardSize - total; rest > 0 {
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
	if s.heardSize < atLeast || s.heardSize > atMost {
		return fmt.Errorf("the client heard %d bytes, want %d to %d of %d", s.heardSize, atLeast, atMost, total)
	}
	if !bytes.Equal(want.Sum(nil), s.heard.Sum(nil)) {
		return fmt.Errorf("what the client heard, %d bytes, is not what the server said", s.heardSize)
	}
	return nil
}

// serverHeard checks the report of a server that could leave one.
func (s *session) serverHeard() error {
	text, err := os.ReadFile(s.report)
	if err != nil && s.ending != clientLeaves {
		return nil // it was not asked to the end
	}
	if err != nil {
		return fmt.Errorf("the server has not reported: %w", err)
	}
	count, sum, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		return err
	}
	if n > s.saidBytes.Load() || s.ending == clientLeaves && n != s.saidBytes.Load() {
		return fmt.Errorf("the server heard %d bytes of %d", n, s.saidBytes.Load())
	}
	want := sha256.New()
	for i, rest := 0, n; i < s.calls && rest > 0; i++ {
		said := s.talk.said(i)
		said = said[:min(int64(len(said)), rest)]
		want.Write(said)
		rest -= int64(len(said))
	}
	if fmt.Sprintf("%x", want.Sum(nil)) != sum {
		return fmt.Errorf("what the server heard, %d bytes, is not what the client said", n)
	}
	return nil
}

// counted checks the calls against the spans that have arrived and what is told as lost.
func (s *session) counted(done *totals) error {
	if s.collector == nil {
		return nil
	}
	arrived := map[string]bool{}
	for _, span := range s.collector.Spans() {
		if span.Attrs.String("mcp.method.name") == "tools/call" {
			arrived[span.SpanID] = true
		}
	}
	lost := lostOf(s.stderr.String())
	done.spans.Add(int64(len(arrived)))
	done.lost.Add(int64(lost.Spans))
	atLeast := s.calls
	if s.ending != clientLeaves {
		atLeast = s.answersHeard() // the wrapper need not have seen more
	}
	switch {
	case len(arrived) > s.calls:
		return fmt.Errorf("%d spans of %d calls", len(arrived), s.calls)
	case s.ending == hostKills:
		return nil
	case len(arrived)+lost.Spans+lost.Messages < atLeast:
		return fmt.Errorf("of %d calls %d spans have arrived, and told as lost are %d spans and %d messages", atLeast, len(arrived), lost.Spans, lost.Messages)
	case s.healthy && lost.Spans > 0:
		return fmt.Errorf("%d spans lost with a healthy collector", lost.Spans)
	}
	return nil
}

// answersHeard is how many calls the client has the whole answer to.
func (s *session) answersHeard() int {
	var total int64
	n := 0
	for i := range s.calls {
		if total += int64(len(s.talk.answered(i))); total > s.heardSize {
			break
		}
		if !s.talk.unanswered(i) {
			n++
		}
	}
	return n
}

// loss is what the wrapper tells at the end.
type loss struct{ Spans, Messages int }

func lostOf(stderr string) loss {
	var l loss
	for line := range strings.Lines(stderr) {
		if strings.Contains(line, "some telemetry of this session is lost") {
			_ = json.Unmarshal([]byte(line), &l) // a line that is none tells of nothing, and is missed above
		}
	}
	return l
}

// leftovers checks that no process of the session is left. A child that the server has left behind is ended by the wrapper,
// unless that was killed itself.
func (s *session) leftovers() error {
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
				_ = syscall.Kill(pid, syscall.SIGKILL) // nobody else does
			}
			left = append(left, fmt.Sprintf("%d %s", pid, bytes.TrimSpace(name)))
		}
		if len(left) == 0 {
			return nil
		}
	}
	return errors.New("left are the processes " + strings.Join(left, ", "))
}
