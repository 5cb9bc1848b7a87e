package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// serverRole is the argument that makes this binary the server of a session.
const serverRole = "@server"

// Exit codes of a server for which something went wrong. Those of plans are below 100.
const (
	codeUsage = 120 + iota
	codeOrphan
	codeMismatch
	codeEarlyEOF
)

// halfWay is what the server writes to stderr when the host may send its signal.
const halfWay = "half way"

// serve plays the server of a session: it compares each call with what the client was to write, answers as planned, and
// ends as planned. The arguments are the session's seed and number.
func serve(args []string) int {
	seed, err1 := strconv.ParseUint(args[0], 10, 64)
	number, err2 := strconv.ParseInt(args[1], 10, 64)
	if err1 != nil || err2 != nil {
		return codeUsage
	}
	p := newPlan(seed, number)
	t := talk{p, seed, number}
	if p.orphan && p.mode != off { // with telemetry off, orphans are left alone
		if err := exec.Command("/bin/sleep", "1000").Start(); err != nil { // not waited for: the wrapper is to end it
			return codeOrphan
		}
	}
	err := mcptest.PlayServer(t.serverSteps(), os.Stdin, chunked{os.Stdout, t.random(0, serverWrites), p.chunk}, os.Stderr)
	if err == nil {
		err = mcptest.AtEOF(os.Stdin)
	}
	switch {
	case errors.Is(err, mcptest.ErrMismatch):
		fmt.Fprintln(os.Stderr, err) // session.serverRead looks for it
		return codeMismatch
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		if p.ending == clientLeaves && number != marathonNumber { // a client that only leaves has written everything
			return codeEarlyEOF
		}
	}
	return 0 // also if the client has stopped reading
}

// serverSteps are the calls and their responses. They end the process where the plan says so.
func (t talk) serverSteps() iter.Seq[mcptest.Step] {
	return func(yield func(mcptest.Step) bool) {
		for i := 0; i <= t.p.calls; i++ {
			if i == t.p.after {
				t.p.ending.reached(t.p.code)
			}
			if i == t.p.calls {
				return
			}
			if !yield(mcptest.Step{From: mcptest.FromClient, Text: string(t.call(i))}) ||
				!yield(mcptest.Step{From: mcptest.FromServer, Text: string(t.response(i))}) {
				return
			}
		}
	}
}

// reached is called in the server when the number of calls is reached after which a session is to end.
func (e ending) reached(code int) {
	switch e {
	case serverExits:
		os.Exit(code)
	case serverDies:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // cannot fail: it is this process
		time.Sleep(time.Minute)
	case hostTerms, hostKills:
		fmt.Fprintln(os.Stderr, halfWay)
	}
}

// chunked writes in chunks of random size.
type chunked struct {
	w   io.Writer
	r   *rand.Rand
	max int
}

// Write implements io.Writer.
func (c chunked) Write(text []byte) (written int, err error) {
	for len(text) > 0 {
		n, err := c.w.Write(text[:min(len(text), 1+c.r.IntN(c.max))])
		written += n
		if err != nil {
			return written, err
		}
		text = text[n:]
	}
	return written, nil
}
