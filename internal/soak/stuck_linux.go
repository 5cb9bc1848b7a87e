package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// stuckRole is this binary as a server that gets stuck in a known way.
const stuckRole = "stuck"

const initializeResult = `{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},` +
	`"serverInfo":{"name":"stuck","version":"1"}}}`

// stuck is a server that gets stuck with its first call.
type stuck struct {
	dir   string // for the files that tell the client how far it is
	n     int    // the random part of the case: milliseconds, or bytes
	lines *bufio.Reader
}

// playStuck plays the server: a case, a directory and the random part of the case. It is ended by the client.
func playStuck(args []string) int {
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return 2
	}
	s := &stuck{dir: args[1], n: n, lines: bufio.NewReader(os.Stdin)}
	name := args[0]
	s.lines.ReadString('\n') // initialize
	switch name {
	case "spins at its start":
		s.reached("stuck")
		spin(time.Hour)
	case "never starts":
		s.reached("stuck")
		time.Sleep(time.Hour)
	}
	fmt.Println(initializeResult)
	s.lines.ReadString('\n') // notifications/initialized
	if name == "sleeps beside a worker" {
		s.child()
		time.Sleep(time.Duration(s.n) * time.Millisecond)
	}
	s.reached("ready")
	if name == "reads no more" {
		s.reached("stuck")
		time.Sleep(time.Hour)
	}
	s.lines.ReadString('\n') // the call
	s.call(name)
	return 0
}

// call gets stuck with a call.
func (s *stuck) call(name string) {
	took := time.Duration(s.n) * time.Millisecond
	switch name {
	case "works, then sleeps":
		spin(took)
	case "answers by half":
		fmt.Printf(`{"jsonrpc":"2.0","id":1,"result":{"x":"%s`, bytes.Repeat([]byte("a"), s.n))
	case "asks its client":
		fmt.Println(`{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{"messages":[],"maxTokens":9}}`)
	case "waits for a child":
		s.child()
	case "is not read":
		s.reached("stuck")
		fmt.Printf(`{"jsonrpc":"2.0","id":1,"result":{"x":"%s"}}`+"\n", bytes.Repeat([]byte("a"), 400000+s.n))
	}
	s.reached("stuck")
	switch name {
	case "works":
		spin(time.Hour)
	case "works a third of the time":
		for {
			spin(5 * time.Millisecond)
			time.Sleep(10 * time.Millisecond)
		}
	case "looks at a clock":
		for {
			time.Sleep(10 * time.Millisecond)
		}
	case "is stopped":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case "works until it is cancelled":
		var over atomic.Bool
		go func() { // ends with the process
			s.lines.ReadString('\n')
			over.Store(true)
		}()
		for !over.Load() {
			spin(100 * time.Microsecond)
		}
	case "works when it is cancelled":
		s.lines.ReadString('\n')
		spin(took)
	case "sleeps, and answers others":
		for {
			line, err := s.lines.ReadString('\n')
			if _, id, ok := bytes.Cut([]byte(line), []byte(`"id":`)); ok && err == nil {
				spin(200 * time.Microsecond)
				fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":{}}`+"\n", id[:bytes.IndexByte(id, ',')])
			} else if err != nil {
				break
			}
		}
	}
	time.Sleep(time.Hour)
}

// child starts a process that does nothing until the server ends.
func (s *stuck) child() {
	cmd := exec.Command("sleep", "3600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if cmd.Start() != nil {
		os.Exit(2)
	}
}

// reached tells the client that something is so.
func (s *stuck) reached(what string) {
	if os.WriteFile(s.dir+"/"+what, []byte(strconv.Itoa(os.Getpid())), 0o600) != nil {
		os.Exit(2)
	}
}

// spin uses a processor for so long.
func spin(d time.Duration) {
	for begin := time.Now(); time.Since(begin) < d; {
		fmt.Fprint(io.Discard, d)
	}
}
