package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stuckCase is a way of getting stuck, and the verdict that is true of it.
type stuckCase struct {
	name, truth string
	most        int  // of the random part
	leaves      bool // the call cannot be cancelled: its client leaves
}

var stuckCases = []stuckCase{
	{name: "sleeps", truth: "server_idle"},
	{name: "looks at a clock", truth: "server_idle"},
	{name: "sleeps beside a worker", truth: "server_idle", most: 300},
	{name: "sleeps, and answers others", truth: "server_idle"},
	{name: "works, then sleeps", truth: "server_idle", most: 1500},
	{name: "works when it is cancelled", truth: "server_idle", most: 100},
	{name: "never starts", truth: "server_idle", leaves: true},
	{name: "works", truth: "server_busy"},
	{name: "works a third of the time", truth: "server_busy"},
	{name: "works until it is cancelled", truth: "server_busy"},
	{name: "spins at its start", truth: "starting", leaves: true},
	{name: "waits for a child", truth: "waiting_for_child"},
	{name: "is stopped", truth: "server_stopped"},
	{name: "reads no more", truth: "server_not_reading"},
	{name: "answers by half", truth: "answer_incomplete", most: 300000},
	{name: "asks its client", truth: "server_waiting_for_client"},
	{name: "is elsewhere", truth: "bridge_remote"},
	{name: "is not read", truth: "client_not_reading", most: 1000000},
}

// tooShort stands for no verdict about a call that was stuck for less than a second.
const tooShort = "too short"

// stuckRun is a session whose server gets stuck.
type stuckRun struct {
	stuckCase
	dir     string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	began   time.Time // the call
	stuck   time.Time // the server has been stuck since then
	ended   time.Time
	cancels bool
}

// judge runs so many sessions and prints how often the verdict about their call was true. One that says nothing is no
// false one.
func (o *options) judge(count int) error {
	dir, err := os.MkdirTemp("", "spanpipe-verdicts")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("seed %d\n", o.seed)
	var mu sync.Mutex
	var failures []error
	got := map[string]map[string]int{} // by case and verdict
	runs := make(chan int)
	var all sync.WaitGroup
	for range o.parallel {
		all.Go(func() { // ends when runs is closed, below
			for i := range runs {
				r := rand.New(rand.NewPCG(o.seed, uint64(i)))
				c := stuckCases[i%len(stuckCases)]
				verdict, err := o.stuckSession(c, filepath.Join(dir, fmt.Sprint(i)), r)
				mu.Lock()
				if err != nil {
					failures = append(failures, fmt.Errorf("%s, run %d: %w", c.name, i, err))
				} else {
					if got[c.name] == nil {
						got[c.name] = map[string]int{}
					}
					got[c.name][verdict]++
				}
				mu.Unlock()
			}
		})
	}
	for i := range count {
		runs <- i
	}
	close(runs)
	all.Wait()
	if wrong := report(os.Stdout, got); wrong*100 > count {
		failures = append(failures, fmt.Errorf("%d of %d verdicts are false", wrong, count))
	}
	return errors.Join(failures...)
}

// report prints a row for each case and returns how many verdicts were false.
func report(w io.Writer, got map[string]map[string]int) (wrong int) {
	fmt.Fprint(w, "| the server | true is | runs | found | not said, stuck for < 1 s | not said | false |\n|---|---|--:|--:|--:|--:|---|\n")
	for _, c := range stuckCases {
		runs, none, short := 0, 0, 0
		var others []string
		for _, verdict := range slices.Sorted(maps.Keys(got[c.name])) {
			n := got[c.name][verdict]
			runs += n
			switch {
			case verdict == c.truth:
			case verdict == tooShort:
				short += n
			case silent(verdict):
				none += n
			default: // false
				others = append(others, fmt.Sprintf("%d %s", n, verdict))
				wrong += n
			}
		}
		fmt.Fprintf(w, "| %s | `%s` | %d | %d | %d | %d | %s |\n", c.name, c.truth, runs, got[c.name][c.truth], short, none, strings.Join(others, ", "))
	}
	return wrong
}

// silent reports whether a verdict says nothing about the server.
func silent(verdict string) bool {
	return verdict == "" || verdict == "unknown" || verdict == "client_gave_up"
}

// stuckSession runs a session and returns the verdict about its call.
func (o *options) stuckSession(c stuckCase, dir string, r *rand.Rand) (string, error) {
	s := &stuckRun{stuckCase: c, dir: dir, cancels: !c.leaves && r.IntN(3) > 0}
	random := 0
	if c.most > 0 {
		random = r.IntN(c.most)
	}
	hangAfter := []string{"500ms", "1s", "2s", "30s"}[r.IntN(4)]
	if err := s.start(o.binary, fmt.Sprint(random), hangAfter); err != nil {
		return "", err
	}
	err := s.play(r)
	s.end()
	if err != nil {
		return "", err
	}
	return s.verdict(o.binary)
}

func (s *stuckRun) start(binary, random, hangAfter string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if s.name == "is elsewhere" {
		docker := filepath.Join(s.dir, "docker")
		if err := os.Link(self, docker); err != nil {
			return err
		}
		self = docker
	}
	s.cmd = exec.Command(binary, "--", self, stuckRole, s.name, s.dir, random)
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SPANPIPE_TELEMETRY=local", "SPANPIPE_DIR=" + s.dir + "/store", "SPANPIPE_HANG_AFTER=" + hangAfter}
	s.cmd.WaitDelay = patience
	in, err1 := s.cmd.StdinPipe()
	out, err2 := s.cmd.StdoutPipe()
	if err := errors.Join(err1, err2, s.cmd.Start()); err != nil {
		return err
	}
	s.in, s.out = in, bufio.NewReader(out)
	return nil
}

// play plays the client until it has cancelled the call, or wants to leave.
func (s *stuckRun) play(r *rand.Rand) error {
	s.say(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"sampling":{}},` +
		`"clientInfo":{"name":"soak","version":"1"}}}`)
	s.began = time.Now()
	if !s.leaves {
		if _, err := s.out.ReadString('\n'); err != nil {
			return err
		}
		s.say(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
		if err := s.await("ready"); err != nil {
			return err
		}
		s.began = time.Now()
		s.say(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{}}}`)
		if s.name != "is not read" {
			go io.Copy(io.Discard, s.out) // ends with the wrapper
		}
	}
	if err := s.await("stuck"); err != nil {
		return err
	}
	s.stuck = time.Now()
	// From a moment to some seconds, each order of magnitude alike.
	wait := time.Duration(100*math.Exp(r.Float64()*math.Log(60))) * time.Millisecond
	for i := 0; time.Since(s.stuck) < wait; i++ {
		time.Sleep(min(50*time.Millisecond, wait))
		if s.name == "sleeps, and answers others" {
			s.say(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"ping"}`, 100+i))
		}
	}
	if s.ended = time.Now(); s.cancels {
		s.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"timed out"}}`)
		if r.IntN(2) == 0 {
			time.Sleep(200 * time.Millisecond) // else it leaves at once
		}
	}
	return nil
}

func (s *stuckRun) say(line string) { _, _ = io.WriteString(s.in, line+"\n") } // a session that has ended has no verdict

// await waits until the server has said that something is so.
func (s *stuckRun) await(what string) error {
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(2 * time.Millisecond) {
		if pid := s.server(what); pid > 0 && (s.name != "is stopped" || what != "stuck" || stopped(pid)) {
			return nil
		}
	}
	return fmt.Errorf("the server is not %s", what)
}

// server returns the id that the server has left with something, or 0.
func (s *stuckRun) server(what string) (pid int) {
	text, _ := os.ReadFile(filepath.Join(s.dir, what))
	_, _ = fmt.Sscan(string(text), &pid)
	return pid
}

func stopped(pid int) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.Contains(string(text), ") T ")
}

// end ends the session as a client does that leaves.
func (s *stuckRun) end() {
	_ = s.in.Close()
	time.Sleep(50 * time.Millisecond) // the wrapper notices
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if pid := s.server("stuck"); pid > 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	go io.Copy(io.Discard, s.out) // ends with the wrapper
	_ = s.cmd.Wait()
}

// verdict returns what the store has. Of a server that got stuck after work, both are true until it was stuck for longer than
// it had worked.
func (s *stuckRun) verdict(binary string) (string, error) {
	cmd := exec.Command(binary, "show", "--json", "1")
	cmd.Env = []string{"SPANPIPE_DIR=" + s.dir + "/store"}
	out, err := cmd.Output()
	var shown struct {
		Operations []struct{ Stall, Method string }
	}
	if err = errors.Join(err, json.Unmarshal(out, &shown)); err != nil {
		return "", err
	}
	method := "tools/call"
	if s.leaves {
		method = "initialize"
	}
	for _, op := range shown.Operations {
		if op.Method == method {
			slept, worked := s.ended.Sub(s.stuck), s.stuck.Sub(s.began)
			if !s.cancels {
				slept -= time.Second // the session's end shows nothing, and a look was a second ago at most
			}
			if s.name == "works, then sleeps" && op.Stall == "server_busy" && slept < worked {
				return s.truth, nil
			}
			if slept < 0 || silent(op.Stall) && slept < time.Second {
				return tooShort, nil
			}
			if op.Stall != s.truth {
				fmt.Printf("%s, %s: %q when stuck for %v, after %v; cancelled: %v\n", s.name, s.truth, op.Stall, slept, worked, s.cancels)
			}
			return op.Stall, nil
		}
	}
	return "", fmt.Errorf("the call is not in the store: %.500s", out)
}
